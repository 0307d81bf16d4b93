"""The design: grid to cells, cells to keys, replicates to batches, and everything to seeds."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Cell:
    """One combination of truth, participants and trials.

    Attributes
    ----------
    truth : tuple of (str, float)
        Value of each parameter on the grid, natural scale, in the order of the config.
    participants : int
        People per data set.
    trials : int
        Trials per participant, over all blocks.
    """

    truth: tuple[tuple[str, float], ...]
    participants: int
    trials: int

    @property
    def key(self) -> str:
        """Name of the cell in paths and tables; made here only, and never parsed."""
        parts = [f"{name}-{_plain(value)}" for name, value in self.truth]
        return "_".join([*parts, self.size_key])

    @property
    def size_key(self) -> str:
        """Participants and trials alone: names what all truths of that size have in common."""
        return f"n-{self.participants}_t-{self.trials}"

    def values(self) -> dict[str, Any]:
        """The cell as plain values, for a job's parameters."""
        return {
            "truth": dict(self.truth),
            "participants": self.participants,
            "trials": self.trials,
        }

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Cell:
        """The cell of `values`, the inverse of `Cell.values`."""
        truth = tuple((name, float(value)) for name, value in values["truth"].items())
        return cls(truth, int(values["participants"]), int(values["trials"]))


def _plain(value: float) -> str:
    """Shortest decimal that reads back as the same number, without an exponent."""
    return np.format_float_positional(float(value), trim="0")


def grid(
    truth: Mapping[str, Sequence[float]], participants: Sequence[int], trials: Sequence[int]
) -> dict[str, Cell]:
    """All cells of a design, by key.

    Parameters
    ----------
    truth : mapping
        Values on the grid by parameter; a parameter drawn from a distribution is not in it.
    participants, trials : sequence of int
        Levels of the two size factors.
    """
    names = list(truth)
    combinations = itertools.product(*truth.values(), participants, trials)
    cells = (
        Cell(tuple((n, float(v)) for n, v in zip(names, values, strict=True)), people, length)
        for *values, people, length in combinations
    )
    return {cell.key: cell for cell in cells}


def batches(replicates: int, size: int) -> dict[str, tuple[int, int]]:
    """Half-open ranges of replicates by batch key; the last batch may be shorter.

    The key says which replicates it holds (``00000-00019``), so that more replicates are more
    batches and the ones already done stay.
    """
    starts = range(0, replicates, size)
    ranges = [(start, min(start + size, replicates)) for start in starts]
    return {f"{start:05d}-{stop - 1:05d}": (start, stop) for start, stop in ranges}


def seed_sequence(
    root: int, identity: Mapping[str, Any], replicate: int, purpose: str
) -> np.random.SeedSequence:
    """Seed of one stream of random numbers.

    It depends on values alone: never on the order of cells, methods or jobs, nor on batches.

    Parameters
    ----------
    root : int
        The config's seed.
    identity : mapping
        The cell's values with the model, task and population that generated its data; plain
        values that JSON can write.
    replicate : int
        Number of the data set in its cell.
    purpose : str
        What the numbers are for, for instance ``"trials"``.
    """
    text = json.dumps([identity, replicate, purpose], sort_keys=True, allow_nan=False)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.SeedSequence([root, *np.frombuffer(digest, dtype=np.uint32).tolist()])


def design_table(cells: Mapping[str, Cell], replicates: int) -> pd.DataFrame:
    """One row per cell: key, truth per parameter, participants, trials, replicates."""
    rows = [
        {"cell": key, **dict(cell.truth), "participants": cell.participants, "trials": cell.trials}
        for key, cell in cells.items()
    ]
    return pd.DataFrame(rows).assign(replicates=replicates)
