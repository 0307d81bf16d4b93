"""Values and gradients of the scan, stored so that daily tests need not compute them.

``PYTHONPATH=scripts:tests python -m unit.likelihood.stored`` computes them again, after a change of
the models or of the cases. A slow test compares the file with the scan.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unit.forms import STORED, Shape, extreme, ordinary, rounding

FILE = Path(__file__).with_name("scan_values.npz")


@dataclass(frozen=True)
class Stored:
    """The scan of an ordinary or an extreme case.

    Attributes
    ----------
    value : float array, shape (participants,)
        Log-likelihood.
    rounding : float array, shape (participants,)
        `unit.forms.rounding`.
    gradient : float array, shape (participants, parameters)
        With respect to the natural parameters.
    """

    value: np.ndarray
    rounding: np.ndarray
    gradient: np.ndarray


def computed(shape: Shape) -> np.ndarray:
    """Value, rounding and gradient in columns, the participants of both cases in rows."""
    rows = []
    for case in (ordinary(shape), extreme(shape)):
        scanned = case.scanned
        columns = [scanned.totals, rounding(case, scanned.states), scanned.gradient]
        rows.append(np.column_stack(columns))
    return np.concatenate(rows)


@functools.cache
def _file() -> dict[str, np.ndarray]:
    with np.load(FILE) as arrays:
        return dict(arrays)


def stored(shape: Shape) -> tuple[Stored, Stored]:
    """The stored scan of the ordinary and of the extreme case of a shape."""
    rows = _file()[str(shape)]
    return tuple(
        Stored(part[:, 0], part[:, 1], part[:, 2:])
        for part in np.split(rows, [len(ordinary(shape).theta)])
    )


if __name__ == "__main__":
    np.savez_compressed(FILE, **{str(shape): computed(shape) for shape in STORED})
