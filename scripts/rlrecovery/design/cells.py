"""Cells of a study, their keys and labels, and batches of replicates."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: Name of the model and of the task where a study has only one.
UNNAMED = ""
#: Shares of the trials that participants complete if all complete every trial.
ALL = (1.0,)
#: Factors that can distinguish cells, besides truth, participants and trials.
FACTORS = ("model", "task", "missing", "completed")
#: A list of shares longer than this is written in a cell's key as its length and a hash.
MAX_SHARES_LENGTH = 40


@dataclass(frozen=True)
class Cell:
    """One combination of generating model, truth and design.

    Attributes
    ----------
    truth : tuple of (str, float)
        True value of each parameter on the grid, natural scale, in the order of the config.
    participants : int
        Participants per data set.
    trials : int
        Trials per participant, over all blocks.
    missing : float
        Probability of a trial without a response.
    completed : tuple of float
        Shares of the trials that participants complete, used in turn.
    task, model : str
        Names of the task and of the generating model; empty where a study has only one.
    """

    truth: tuple[tuple[str, float], ...]
    participants: int
    trials: int
    missing: float = 0.0
    completed: tuple[float, ...] = ALL
    task: str = UNNAMED
    model: str = UNNAMED

    @property
    def key(self) -> str:
        """Name of the cell in paths and tables; made here only, and never parsed."""
        parts = [  # "-" is unambiguous because names do not contain it
            ("model", self.model),
            ("task", self.task),
            *((name, plain_number(value)) for name, value in self.truth),
            ("n", self.participants),
            ("t", self.trials),
            ("missing", self.missing and plain_number(self.missing)),
            ("completed", "" if self.completed == ALL else _shares(self.completed)),
        ]
        return "_".join(f"{name}-{value}" for name, value in parts if value)

    @property
    def size_key(self) -> str:
        """The key without the truth: the same for all cells of a model and design."""
        return replace(self, truth=()).key

    @property
    def design_key(self) -> str:
        """The key without truth and model: the same for all cells of a design."""
        return replace(self, truth=(), model=UNNAMED).key

    def values(self) -> dict[str, Any]:
        """The cell as plain values, for the parameters of a job; defaults are omitted."""
        defaults = {field.name: field.default for field in fields(self)}
        values = {name: value for name, value in vars(self).items() if value != defaults[name]}
        if "completed" in values:
            values["completed"] = list(self.completed)
        return values | {"truth": dict(self.truth)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Inverse of `values`."""
        truth = tuple((name, float(value)) for name, value in values["truth"].items())
        completed = tuple(map(float, values.get("completed", ALL)))
        return cls(**{**values, "truth": truth, "completed": completed})


def plain_number(value: float) -> str:
    """Shortest decimal that reads back as the same number, without exponent."""
    return np.format_float_positional(float(value), trim="0")


def _shares(shares: Sequence[float]) -> str:
    """Shares as part of a key; a long list would exceed the length of a file name."""
    text = "-".join(map(plain_number, shares))
    if len(text) <= MAX_SHARES_LENGTH:
        return text
    return f"{len(shares)}-shares-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def grid(
    truth: Mapping[str, Sequence[float]],
    participants: Sequence[int],
    trials: Sequence[int],
    **factors: Any,
) -> list[Cell]:
    """Cross true values by parameter (natural scale) with numbers of participants and of trials.

    `factors` are further values that all these cells have, see `Cell`.
    """
    return [
        Cell(tuple(zip(truth, map(float, values), strict=True)), *sizes, **factors)
        for values in itertools.product(*truth.values())
        for sizes in itertools.product(participants, trials)
    ]


def by_key(cells: Iterable[Cell]) -> dict[str, Cell]:
    """Cells by their keys."""
    return {cell.key: cell for cell in cells}


def by_design(cells: Mapping[str, Cell]) -> dict[str, list[str]]:
    """Keys of the cells of each design, by `Cell.design_key`."""
    designs: dict[str, list[str]] = {}
    for key, cell in cells.items():
        designs.setdefault(cell.design_key, []).append(key)
    return designs


def example_of(cells: Mapping[str, Cell]) -> Cell:
    """The cell of the example data set: the middle one of the list."""
    return list(cells.values())[len(cells) // 2]


def varying(cells: Mapping[str, Cell]) -> list[str]:
    """Those of `FACTORS` that have more than one value in a study."""
    return [f for f in FACTORS if len({getattr(cell, f) for cell in cells.values()}) > 1]


def cell_labels(cells: Mapping[str, Cell]) -> dict[str, str]:
    """Labels of cells by key, which describe the `FACTORS` that vary; empty if none does."""
    factors = varying(cells)
    completed = _shares_in_words({cell.completed for cell in cells.values()})

    def label(cell: Cell) -> str:
        """Describe the factors that vary."""
        words = {
            "model": f"from {cell.model}",
            "task": cell.task,
            "missing": f"{_percent(cell.missing)} % missing" if cell.missing else "none missing",
            "completed": f"{completed[cell.completed]} % completed"
            if cell.completed != ALL
            else "all completed",
        }
        return ", ".join(words[factor] for factor in factors)

    return {key: label(cell) for key, cell in cells.items()}


def _short(share: float) -> str:
    return f"{share:.10g}"


def _percent(share: float) -> str:
    return _short(100 * share)


def _shares_in_words(completed: Collection[tuple[float, ...]]) -> dict[tuple[float, ...], str]:
    """Format lists of shares in per cent; long lists as ranges if these are unambiguous."""
    listed = {shares: "/".join(map(_percent, shares)) for shares in completed}
    short = {
        shares: text if len(shares) <= 4 else f"{_percent(min(shares))} to {_percent(max(shares))}"
        for shares, text in listed.items()
    }
    return short if len(set(short.values())) == len(listed) else listed


def batches(replicates: int, size: int) -> dict[str, tuple[int, int]]:
    """Half-open ranges of replicates by batch key; the last batch may be shorter.

    The key names the replicates (``00000-00019``), so finished batches remain valid when
    replicates are added.
    """
    starts = range(0, replicates, size)
    ranges = [(start, min(start + size, replicates)) for start in starts]
    return {f"{start:05d}-{stop - 1:05d}": (start, stop) for start, stop in ranges}


def first_replicates(
    ranges: Mapping[str, tuple[int, int]], replicates: int
) -> dict[str, tuple[int, int]]:
    """The part of each batch that is among the first replicates; batches without any are omitted.

    ``ranges`` are those of `batches`. A batch keeps its key if only a part of it is left.
    """
    return {
        key: (start, min(stop, replicates))
        for key, (start, stop) in ranges.items()
        if start < replicates
    }


def design_table(cells: Mapping[str, Cell], replicates: Mapping[str, int]) -> pd.DataFrame:
    """One row per cell: key, truth, participants, trials, varying factors and replicates."""
    import pandas as pd  # imported here because the jobs of single cells do not need it

    names = list(dict.fromkeys(name for cell in cells.values() for name, _ in cell.truth))
    factors = varying(cells)
    rows = [
        {"cell": key}
        | {name: dict(cell.truth).get(name, float("nan")) for name in names}
        | {"participants": cell.participants, "trials": cell.trials}
        | {factor: getattr(cell, factor) for factor in factors}
        | ({"completed": ", ".join(map(_short, cell.completed))} if "completed" in factors else {})
        for key, cell in cells.items()
    ]
    return pd.DataFrame(rows).assign(replicates=[replicates[key] for key in cells])
