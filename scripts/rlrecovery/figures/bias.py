"""A measure over the cells of the design."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.layout import TruthAxis, positive_bars, truth_axis
from rlrecovery.score.results import Summary, combinations, describe, described, estimated, symbol

#: More marks than this in one panel leave room for two panels beside each other only.
CROWDED = 30
#: What tells panels apart.
PANEL = ["parameter", "level", "participants", "trials"]
#: Which panels are shown where not all have room, by whether the measure is positive.
TELLING = {False: "with the most certain bias", True: "where it differs most"}
#: Height of a panel in inches, and of one that stands alone or holds many methods.
USUAL, LONE = 1.35, 1.7


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
    table, names = summary.measure(measure), summary.methods
    rows = estimated(summary, table, width)
    if not rows:
        return style.blank(width, "There are no estimates.")
    groups = dict(list(table.groupby(PANEL, observed=True)))
    wide = max(map(len, groups.values())) <= CROWDED and not style.narrow(width)
    columns = combinations(summary, 3 if wide else 2)

    def of(i: int, j: int) -> pd.DataFrame:
        """Marks of a panel."""
        return groups.get((*rows[i], *columns[j]), table.iloc[:0])

    # Many panels of one size say it once, in the legend.
    lone = len(columns) == 1 and (summary.mixed or len(rows) > style.MOST_BESIDE)
    size = [describe(*columns[0])] if lone else []
    grid = style.facets(
        width, len(rows), len(columns), share_rows=True,
        height=LONE if lone or len(names) > len(style.COLOURS) else USUAL,
        telling=lambda place: _telling(of(*place), log),
        below=style.below([*names, *size], width),
    )  # fmt: skip
    for i, j in grid.places:
        axes, (parameter, level), truths = grid[i, j], rows[i], truth_axis(summary, rows[i][0])
        limits = _limits(pd.concat([of(i, k) for k in range(len(columns))]), log)
        _axis(axes, limits, truths, log, beside=0.25 if len(columns) > 1 else 0.6)
        _marks(axes, of(i, j), limits, truths, summary)
        if grid.headed(i, j) and not lone:
            style.title(axes, *described(*columns[j]), labelled=grid.flowing)
        if grid.begins(i, j):
            axes.set_ylabel(f"{word} of {symbol(parameter)}\n({level})")
    grid.say_left_out(TELLING[log], "summary/recovery.csv")
    handles = [*style.method_handles(names), *(Line2D([], [], ls="", label=s) for s in size)]
    style.legend(grid.figure, handles, style.few_lines(names))
    return grid.figure


def _telling(rows: pd.DataFrame, log: bool) -> float:
    """How far a positive measure differs in a panel, or how far another is from zero in MCSE."""
    value = rows["value"]
    if log:
        return float(value.max() / value[value > 0].min())
    return float((value.abs() / rows["mcse"]).max())


def _limits(shown: pd.DataFrame, log: bool) -> tuple[float, float]:
    """Range of the shown columns; generous, so that only runaways are cut."""
    value, mcse = shown["value"], shown["mcse"].fillna(0)
    ends = pd.concat([value - mcse, value + mcse])
    if log:
        # A bar that reaches down to zero has no end on the axis; the mark itself has.
        return style.log_fence(pd.concat([ends, value]), factor=8)
    return style.fence(ends, [0], factor=8)


def _axis(
    axes: Axes, limits: tuple[float, float], truths: TruthAxis, log: bool, beside: float
) -> None:
    """Truths across, the measure upwards; labels of that take so many inches beside a panel."""
    if log:
        axes.set_yscale("log")
        style.log_ticks(axes.yaxis, *limits)
    else:
        axes.axhline(0, color=style.TRUTH, lw=0.8, zorder=1)
        style.few_ticks(axes, y=5)
    for edge in truths.ticks[:-1]:
        axes.axvline(edge + 0.5, color="#dddddd", lw=0.6, zorder=0)
    labels = truths.labels
    if not truths.columns and 0.05 * len(labels[0]) > style.room(axes) - beside:
        labels = [label.replace(" the ", "\nthe ") for label in labels]
    axes.set(ylim=limits, xticks=truths.ticks, xticklabels=labels)
    style.xlabel(axes, truths.label, beside)
    axes.set_xlim(truths.ticks[0] - 0.5, truths.ticks[-1] + 0.5)


def _marks(
    axes: Axes, rows: pd.DataFrame, limits: tuple[float, float], truths: TruthAxis, summary: Summary
) -> None:
    """One mark with its bar per method and truth."""
    every, count = summary.methods, 0
    names = [name for name in every if name in set(rows["method"])] if summary.mixed else every
    slot = truths.step / (len(names) + 0.5)
    small = 2.2 if len(truths.positions) * len(names) > CROWDED else 3.2
    for k, method in enumerate(names):
        mine = rows[rows["method"] == method]
        x = truths.place(mine) + (k - (len(names) - 1) / 2) * slot
        y, ink = mine["value"].to_numpy(dtype=float), style.colour(every, method)
        bars = np.nan_to_num(mine["mcse"].to_numpy(dtype=float))
        axes.errorbar(
            x, y, yerr=positive_bars(y, bars) if axes.get_yscale() == "log" else bars, ls="",
            color=ink, marker=style.marker(every, method), ms=small, elinewidth=0.8, mew=0,
        )  # fmt: skip
        count += style.beyond(axes, x, y, limits, ink)
    style.note_beyond(axes, count, len(rows), " marks")
