"""Horizontal axis of true parameter values, grouped by one of the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rlrecovery.figures.labels import symbol
from rlrecovery.score.results import Summary

#: Values of the parameters of a truth; None where a cell's model lacks the parameter or draws it.
Truth = tuple[float | None, ...]


@dataclass(frozen=True)
class TruthAxis:
    """Positions of truths along an axis.

    Attributes
    ----------
    columns : tuple of str
        Columns of true values, the grouping parameter first.
    positions : dict
        Position by truth, whose values are in the order of `columns`.
    ticks, labels : list
        Position and label of each value of the grouping parameter.
    label : str
        Label of the axis.
    step : float
        Distance between neighbouring truths.
    """

    columns: tuple[str, ...]
    positions: dict[Truth, float]
    ticks: list[float]
    labels: list[str]
    label: str
    step: float

    def locate(self, table: pd.DataFrame) -> np.ndarray:
        """Positions of the rows of a table with columns of true values."""
        if not self.columns:
            return np.zeros(len(table))
        return np.array([self.positions[key] for key in _truths(table, self.columns)], dtype=float)


def truth_axis(summary: Summary, parameter: str) -> TruthAxis:
    """Axis of the truths of all cells in which a parameter is estimated.

    Truths are grouped by the parameter; within a group they are sorted by the other parameters.
    """
    rows = summary.recovery[summary.recovery["scope"] == "cell"]
    all_cells = rows[["parameter", *summary.truths]].drop_duplicates()
    cells = all_cells[all_cells["parameter"] == parameter]
    cells = cells if len(cells) else all_cells
    names = [name for name in summary.truths if cells[name].notna().any()]
    if parameter in names:
        names.remove(parameter)
        names.insert(0, parameter)
    if not names:
        return TruthAxis((), {}, [0.0], ["drawn from the population"], "true values", 0.8)
    truths = sorted(set(_truths(cells, names)), key=_rank)
    inner = sorted({truth[1:] for truth in truths}, key=_rank)
    outer = list(dict.fromkeys(truth[0] for truth in truths))
    step = 0.84 / len(inner)
    positions = {
        (value, *rest): k + (j - (len(inner) - 1) / 2) * step
        for k, value in enumerate(outer)
        for j, rest in enumerate(inner)
    }
    varying = [name for name in names[1:] if cells[name].max() > cells[name].min()]
    label = f"true {symbol(names[0])}"
    if varying:
        label += f"; within: {', '.join(map(symbol, varying))} rising"
    ticks = [float(k) for k in range(len(outer))]
    labels = ["\ndrawn" if value is None else f"{value:g}" for value in outer]
    return TruthAxis(tuple(names), positions, ticks, labels, label, step)


def _truths(table: pd.DataFrame, names: Sequence[str]) -> list[Truth]:
    """Truths of the rows of a table."""
    columns = [table[name].astype("object").where(table[name].notna(), None) for name in names]
    return list(zip(*columns, strict=True))


def _rank(truth: Truth) -> list[float]:
    """Sort key of a truth: what has no value comes last."""
    return [np.inf if value is None else value for value in truth]
