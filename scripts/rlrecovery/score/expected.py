"""Rows and values that the files of true values and of estimates must have.

A row too few, a row too many or a value that cannot be makes a file broken, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlrecovery.design.cells import Cell
from rlrecovery.models.base import Model
from rlrecovery.models.variants import ModelSpec
from rlrecovery.storage.expected import row_problem
from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.schemas import STATUSES, interval_columns

#: Level and parameter of a row.
_Pair = tuple[str, str]


@dataclass(frozen=True)
class Expected:
    """What the files of some cells must hold.

    Attributes
    ----------
    cells : mapping
        The cells by key.
    ranges : mapping
        Half-open range of the replicates of each batch.
    models : mapping
        Generating models by their names in the cells.
    methods : mapping
        Fitted model and levels of each method.
    nominal_levels : sequence of float
        Nominal levels of the intervals.
    """

    cells: Mapping[str, Cell]
    ranges: Mapping[str, Sequence[int]]
    models: Mapping[str, Model]
    methods: Mapping[str, tuple[Model, Sequence[str]]]
    nominal_levels: Sequence[float]

    @classmethod
    def of(
        cls,
        cells: Mapping[str, Cell],
        ranges: Mapping[str, Sequence[int]],
        models: Mapping[str, Any],
        methods: Mapping[str, Mapping[str, Any]],
        nominal_levels: Sequence[float],
    ) -> Self:
        """From plain values of models, and of methods with the keys ``model`` and ``levels``."""
        return cls(
            cells,
            ranges,
            {name: ModelSpec.of(plain).model() for name, plain in models.items()},
            {n: (ModelSpec.of(m["model"]).model(), m["levels"]) for n, m in methods.items()},
            nominal_levels,
        )

    def check_truth(self, table: pd.DataFrame, path: str, cell: str, batch: str) -> None:
        """Raise `BrokenFile` unless a file has the true values of a batch."""
        design = self.cells[cell]
        model, given = self.models[design.model], dict(design.truth)
        pairs = [(level, name) for name in model.names for level in ("group", "spread")]
        pairs += [("participant", name) for name in model.names]
        pairs += [(level, name) for name, _ in model.fixed for level in ("group", "participant")]
        replicates = range(*self.ranges[batch])
        target = _check_rows(table, path, pairs, replicates, design.participants)
        fixed = given | dict(model.fixed)
        groups = [fixed.get(name, np.nan) if level == "group" else np.nan for level, name in pairs]
        known, truth = np.array(groups)[target], table["truth"].to_numpy()
        other = ~np.isnan(known) & (truth != known)
        _refuse(other, table, path, "truth", "is not the true value of the cell")
        outside = _outside(truth, target, pairs, model)
        _refuse(outside, table, path, "truth", "is outside the support")

    def check_estimates(
        self, table: pd.DataFrame, path: str, cell: str, method: str, replicates: Sequence[int]
    ) -> None:
        """Raise `BrokenFile` unless a file has the estimates of a method in some replicates."""
        model, levels = self.methods[method]
        pairs = [(level, name) for level in levels for name in model.names]
        participants = self.cells[cell].participants
        target = _check_rows(table, path, pairs, range(*replicates), participants)
        numbers, statuses = pd.factorize(table["status"])
        unknown = ~np.isin([*statuses, ""], STATUSES)  # the last one is of a missing status
        failed = np.array([*statuses, ""]) == "failed"
        _refuse(unknown[numbers], table, path, "status", "is not a status")
        failed = failed[numbers]
        estimate, se = table["estimate"].to_numpy(), table["se"].to_numpy()
        known = np.isfinite(estimate)
        _refuse(known == failed, table, path, "estimate", "does not go with the status")
        outside = _outside(estimate, target, pairs, model)
        _refuse(outside, table, path, "estimate", "is outside the support")
        _refuse(se < 0, table, path, "se", "is negative")
        for nominal_level in self.nominal_levels:
            lower, upper = interval_columns(nominal_level)
            below = table[lower].to_numpy() > table[upper].to_numpy()
            _refuse(below, table, path, lower, "is above the upper end")


def _check_rows(
    table: pd.DataFrame,
    path: str,
    pairs: Sequence[_Pair],
    replicates: range,
    participants: int,
) -> NDArray[np.int64]:
    """Raise `BrokenFile` unless each target has exactly one row in each replicate.

    The result is the number of the level and parameter of each row among `pairs`.
    """
    parts = [
        (np.arange(participants) if level == "participant" else np.array([-1]), i)
        for i, (level, _) in enumerate(pairs)
    ]
    participant = np.concatenate([index for index, _ in parts])
    pair = np.repeat([i for _, i in parts], [len(index) for index, _ in parts])
    expected = [
        np.repeat(replicates, len(participant)),
        np.tile(participant, len(replicates)),
        np.tile(pair, len(replicates)),
    ]
    target = _numbers_of(table, pairs)
    unknown = np.flatnonzero(target < 0)
    if len(unknown):
        row = table.iloc[unknown[0]]
        raise BrokenFile.of(path, f"{row['parameter']} at level {row['level']} is not expected")
    rows = [table["replicate"], table["participant"], target]
    problem = row_problem(rows, expected, ("replicate", "participant", "number of the target"))
    if problem is not None:
        raise BrokenFile.of(path, problem)
    return target


def _numbers_of(table: pd.DataFrame, pairs: Iterable[_Pair]) -> NDArray[np.int64]:
    """Number of the level and parameter of each row among `pairs`; -1 for others."""
    numbers = {pair: i for i, pair in enumerate(pairs)}
    level, levels = pd.factorize(table["level"])
    parameter, parameters = pd.factorize(table["parameter"])
    known = [[numbers.get((one, other), -1) for other in parameters] for one in levels]
    if not len(table):
        return np.zeros(0, dtype=np.int64)
    return np.where(
        (level < 0) | (parameter < 0), -1, np.array(known, dtype=np.int64)[level, parameter]
    )


def _outside(
    values: NDArray[np.float64],
    target: NDArray[np.int64],
    pairs: Iterable[_Pair],
    model: Model,
) -> NDArray[np.bool_]:
    """Whether values are outside the support of their parameters, or SDs below 0; NaN is not."""
    support = {p.name: p.support for p in model.parameters}
    support |= {name: (value, value) for name, value in model.fixed}
    ends = [(0.0, np.inf) if level == "spread" else support[name] for level, name in pairs]
    lower, upper = np.array(ends)[target].T
    outside: NDArray[np.bool_] = (values < lower) | (values > upper)
    return outside


def _refuse(wrong: Any, table: pd.DataFrame, path: str, column: str, problem: str) -> None:
    """Raise `BrokenFile` that names the first of the wrong rows, if there are any."""
    rows = np.flatnonzero(np.asarray(wrong))
    if len(rows):
        row = table.iloc[rows[0]]
        where = f"replicate {row['replicate']}, {row['parameter']} at level {row['level']}"
        raise BrokenFile.of(path, f"{column} {row[column]} {problem}, at {where}")
