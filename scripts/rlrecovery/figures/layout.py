"""Where the cells of a design stand in a panel: over the truths, or in strips per method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, symbol

#: More cells than this in one place are drawn without a bar each.
MOST_BARS = 24
#: Names of methods with more letters leave no room for two panels in one column of a journal.
LONG_NAME = 14
#: Letters of a name in one line beside a strip, by whether the page is narrow.
NAME_LETTERS = {False: 28, True: 22}


@dataclass(frozen=True)
class TruthAxis:
    """Truths along an axis, grouped by one parameter.

    Attributes
    ----------
    columns : tuple of str
        Truth columns, the grouping one first.
    positions : dict
        From a truth (values in the order of `columns`) to its place; a value is None where the
        model of a cell does not have the parameter, or draws it.
    ticks, labels : list
        One per value of the grouping parameter.
    label : str
        What the axis shows.
    step : float
        Room of one truth.
    """

    columns: tuple[str, ...]
    positions: dict[tuple[float | None, ...], float]
    ticks: list[float]
    labels: list[str]
    label: str
    step: float

    def place(self, table: pd.DataFrame) -> np.ndarray:
        """Positions of the rows of a table with truth columns."""
        if not self.columns:
            return np.zeros(len(table))
        return np.array([self.positions[key] for key in _keys(table, self.columns)], dtype=float)


def truth_axis(summary: Summary, parameter: str) -> TruthAxis:
    """Truths grouped by a parameter; inside a group the others rise from left to right.

    Only the cells in which the parameter is estimated count, and of their truths those that any of
    them has on the grid.
    """
    cells = summary.recovery[summary.recovery["scope"] == "cell"]
    mine = cells[cells["parameter"] == parameter]
    cells = mine if len(mine) else cells
    names = [name for name in summary.truths if cells[name].notna().any()]
    if parameter in names:
        names.remove(parameter)
        names.insert(0, parameter)
    if not names:
        return TruthAxis((), {}, [0.0], ["drawn from the population"], "true values", 0.8)
    truths = sorted(set(_keys(cells, names)), key=lambda key: [_rank(value) for value in key])
    inner = sorted({key[1:] for key in truths}, key=lambda key: [_rank(value) for value in key])
    outer = list(dict.fromkeys(key[0] for key in truths))
    step = 0.84 / len(inner)
    positions = {
        (value, *rest): k + (j - (len(inner) - 1) / 2) * step
        for k, value in enumerate(outer)
        for j, rest in enumerate(inner)
    }
    rising = [name for name in names[1:] if cells[name].max() > cells[name].min()]
    label = f"true {symbol(names[0])}"
    if rising:
        label += f"; inside: {', '.join(symbol(n) for n in rising)} rising"
    ticks = [float(k) for k in range(len(outer))]
    labels = ["\ndrawn" if value is None else f"{value:g}" for value in outer]
    return TruthAxis(tuple(names), positions, ticks, labels, label, step)


def _keys(table: pd.DataFrame, names: Sequence[str]) -> list[tuple[float | None, ...]]:
    """Truths of the rows; None where a parameter is not on the grid of a cell's model."""
    columns = [table[name].astype("object").where(table[name].notna(), None) for name in names]
    return list(zip(*columns, strict=True))


def _rank(value: float | None) -> float:
    """What has no value on the grid is last."""
    return np.inf if value is None else value


def positive_bars(values: np.ndarray, bars: np.ndarray) -> np.ndarray:
    """Bars for a logarithmic axis, shape (2, n): one that reaches zero ends just above it."""
    below = np.minimum(bars, 0.999 * np.maximum(values, 0))
    return np.nan_to_num(np.stack([below, bars]), posinf=0.0)


def long_names(methods: Sequence[str]) -> bool:
    """Whether a name beside a panel takes the room of a panel."""
    return max(map(len, methods), default=0) > LONG_NAME


def strips(
    axes: Axes,
    rows: pd.DataFrame,
    summary: Summary,
    methods: Sequence[str],
    first: Sequence[str] = (),
    names: bool = True,
) -> np.ndarray:
    """One strip per method, in it one mark per cell, cells with few trials on top and lighter.

    Parameters
    ----------
    axes : Axes
        Its horizontal scale must be set before, because bars on a logarithmic one are cut.
    rows : DataFrame
        Cells with ``method``, ``value`` and ``mcse``.
    summary : Summary
        What the cells are of.
    methods : sequence of str
        One strip each, from above.
    first : sequence of str
        Truths by which cells of the same trials and participants are sorted first.
    names : bool
        Whether the methods' names stand beside their strips.

    Returns
    -------
    ndarray, shape (rows,)
        Where each row stands on the vertical axis.
    """
    trials, place = summary.trials, pd.Series(np.nan, index=rows.index)
    order = list(dict.fromkeys(["trials", "participants", *first, *summary.truths]))
    for k, method in enumerate(methods):
        mine = rows[rows["method"] == method].sort_values(order, kind="stable")
        y = k + (np.arange(len(mine)) - (len(mine) - 1) / 2) * 0.75 / max(1, len(mine))
        place[mine.index] = y
        many, ink = len(mine) > MOST_BARS, style.colour(summary.methods, method)
        values = mine["value"].to_numpy(dtype=float)
        bars = mine["mcse"].fillna(0).to_numpy(dtype=float)
        bars = positive_bars(values, bars) if axes.get_xscale() == "log" else np.stack([bars] * 2)
        for rank, count in enumerate(trials):
            at = (mine["trials"] == count).to_numpy()
            axes.errorbar(
                values[at], y[at], xerr=None if many else bars[:, at], ls="",
                marker=style.marker(summary.methods, method), ms=1.6 if many else 2.4, mew=0,
                elinewidth=0.6, color=style.shade(ink, rank, len(trials)),
            )  # fmt: skip
    axes.set(yticks=range(len(methods)), ylim=(len(methods) - 0.5, -0.5))
    _write_names(axes, methods if names else ())
    return place.to_numpy()


def _write_names(axes: Axes, methods: Sequence[str]) -> None:
    """Names beside strips."""
    lines = _strip_names(methods, axes.get_figure(root=True).get_figwidth())
    axes.set_yticklabels(lines, **({"linespacing": 1.0} if "\n" in "".join(lines) else {}))


def _strip_names(methods: Sequence[str], width: float) -> list[str]:
    """Names of methods beside their strips, broken where they would take the room of those."""
    letters = NAME_LETTERS[style.narrow(width)]
    return [
        name if len(name) <= letters else "\n".join(style.wrapped(name, letters))
        for name in methods
    ]


def strip_height(methods: Sequence[str], width: float, usual: float) -> float:
    """Height of a strip in inches, with room for the lines of its name."""
    lines = max(name.count("\n") + 1 for name in _strip_names(methods, width))
    return max(usual, 0.04 + 0.11 * lines)


def cell_handles(summary: Summary, cells: int) -> list[Line2D]:
    """Legend entries of the marks of `strips`, of which there are so many per method."""
    trials, bars = summary.trials, "" if cells > MOST_BARS else " ± MCSE"
    return [
        Line2D([], [], marker="o", ls="", ms=3, color=style.shade("#333333", k, len(trials)),
               label=f"one cell, {count} trials{bars}")
        for k, count in enumerate(trials)
    ]  # fmt: skip
