"""Where cells stand on an axis that has room for a whole grid of truths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from rlrecovery.figures.data import Summary, symbol


@dataclass(frozen=True)
class TruthAxis:
    """Truths along an axis, grouped by one parameter.

    Attributes
    ----------
    columns : tuple of str
        Truth columns, the grouping one first.
    positions : dict
        From a truth (values in the order of `columns`) to its place.
    ticks, labels : list
        One per value of the grouping parameter.
    label : str
        What the axis shows.
    step : float
        Room of one truth.
    """

    columns: tuple[str, ...]
    positions: dict[tuple[float, ...], float]
    ticks: list[float]
    labels: list[str]
    label: str
    step: float

    def place(self, table: pd.DataFrame) -> np.ndarray:
        """Positions of the rows of a table with truth columns."""
        if not self.columns:
            return np.zeros(len(table))
        keys = table[list(self.columns)].itertuples(index=False, name=None)
        return np.array([self.positions[key] for key in keys], dtype=float)


def truth_axis(summary: Summary, parameter: str) -> TruthAxis:
    """Truths grouped by a parameter; inside a group the others rise from left to right."""
    names = list(summary.truths)
    if parameter in names:
        names.remove(parameter)
        names.insert(0, parameter)
    cells = summary.recovery[summary.recovery["scope"] == "cell"]
    if not names or cells.empty:
        return TruthAxis((), {}, [0.0], ["drawn from the population"], "true values", 0.8)
    truths = cells[names].drop_duplicates().sort_values(names)
    inner = [tuple(t) for t in truths[names[1:]].drop_duplicates().sort_values(names[1:]).to_numpy()
             ] if len(names) > 1 else [()]  # fmt: skip
    outer = sorted(truths[names[0]].unique())
    step = 0.84 / len(inner)
    positions = {
        (value, *rest): k + (j - (len(inner) - 1) / 2) * step
        for k, value in enumerate(outer)
        for j, rest in enumerate(inner)
    }
    label = f"true {symbol(names[0])}"
    if len(inner) > 1:
        label += f"; inside: {', '.join(symbol(n) for n in names[1:])} rising"
    ticks = [float(k) for k in range(len(outer))]
    return TruthAxis(tuple(names), positions, ticks, [f"{v:g}" for v in outer], label, step)
