"""A measure over the cells of the design."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.data import Summary, combinations, describe, estimated, symbol
from rlrecovery.figures.layout import TruthAxis, positive_bars, truth_axis

#: More marks than this in one panel leave room for two panels beside each other only.
CROWDED = 30


@style.styled
def draw_bias(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Bias with Monte Carlo error per method, parameter and level, over the truths."""
    return over_truths(summary, width, "bias", "bias")


def over_truths(
    summary: Summary, width: float, measure: str, word: str, log: bool = False
) -> Figure:
    """A measure with Monte Carlo error per method, parameter and level, over the truths.

    Parameters
    ----------
    summary : Summary
        Its ``recovery`` is read.
    width : float
        Of the page, in inches.
    measure, word : str
        Name of the measure in the table, and in labels.
    log : bool
        A logarithmic vertical axis, for a positive measure; otherwise there is a line at zero.
    """
    table = summary.measure(measure)
    rows = estimated(summary, table, width)
    marks = table["cell"].nunique() * len(summary.methods)
    marks /= len(summary.participants) * len(summary.trials)
    columns = combinations(summary, 3 if marks <= CROWDED and not style.narrow(width) else 2)
    grid = style.facets(width, len(rows), len(columns), height=1.35, share_rows=True)
    for (i, (parameter, level)), (j, (people, trials)) in itertools.product(
        enumerate(rows), enumerate(columns)
    ):
        mine = table[(table["parameter"] == parameter) & (table["level"] == level)]
        limits = _limits(mine, columns, log)
        here = mine[(mine["participants"] == people) & (mine["trials"] == trials)]
        _axis(grid[i, j], limits, truth_axis(summary, parameter), log)
        _marks(grid[i, j], here, limits, truth_axis(summary, parameter), summary)
        if grid.headed(i, j):
            style.title(grid[i, j], describe(people, trials))
        if grid.begins(i, j):
            grid[i, j].set_ylabel(f"{word} of {symbol(parameter)}\n({level})")
    style.legend(grid.figure, style.method_handles(summary.methods))
    return grid.figure


def _limits(table: pd.DataFrame, columns: list[tuple[int, int]], log: bool) -> tuple[float, float]:
    """Range of the shown columns; generous, so that only runaways are cut."""
    designs = zip(table["participants"], table["trials"], strict=True)
    shown = table[[pair in columns for pair in designs]]
    value, mcse = shown["value"], shown["mcse"].fillna(0)
    ends = pd.concat([value - mcse, value + mcse])
    if log:
        # A bar that reaches down to zero has no end on the axis; the mark itself has.
        return style.log_fence(pd.concat([ends, value]), factor=8)
    return style.fence(ends, [0], factor=8)


def _axis(axes: Axes, limits: tuple[float, float], truths: TruthAxis, log: bool) -> None:
    """Truths across, the measure upwards."""
    if log:
        axes.set_yscale("log")
        style.log_ticks(axes.yaxis, *limits)
    else:
        axes.axhline(0, color=style.TRUTH, lw=0.8, zorder=1)
        style.few_ticks(axes, y=5)
    for edge in truths.ticks[:-1]:
        axes.axvline(edge + 0.5, color="#dddddd", lw=0.6, zorder=0)
    axes.set(ylim=limits, xticks=truths.ticks, xticklabels=truths.labels)
    style.xlabel(axes, truths.label)
    axes.set_xlim(truths.ticks[0] - 0.5, truths.ticks[-1] + 0.5)


def _marks(
    axes: Axes, rows: pd.DataFrame, limits: tuple[float, float], truths: TruthAxis, summary: Summary
) -> None:
    """One mark with its bar per method and truth."""
    names, count = summary.methods, 0
    slot = truths.step / (len(names) + 0.5)
    small = 2.2 if len(truths.positions) * len(names) > CROWDED else 3.2
    for k, method in enumerate(names):
        mine = rows[rows["method"] == method]
        x = truths.place(mine) + (k - (len(names) - 1) / 2) * slot
        y, ink = mine["value"].to_numpy(dtype=float), style.colour(names, method)
        bars = np.nan_to_num(mine["mcse"].to_numpy(dtype=float))
        axes.errorbar(
            x, y, yerr=positive_bars(y, bars) if axes.get_yscale() == "log" else bars, ls="",
            color=ink, marker=style.marker(names, method), ms=small, elinewidth=0.8, mew=0,
        )  # fmt: skip
        count += style.beyond(axes, x, y, limits, ink)
    style.note_beyond(axes, count, len(rows), " marks")
