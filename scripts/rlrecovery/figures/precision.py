"""RMSE and interval width against the number of trials or of participants."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter

from rlrecovery.figures import style
from rlrecovery.figures.axes import log_ticks
from rlrecovery.figures.labels import counted, symbol
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import (
    bar_entry,
    entry,
    free_rows,
    legend,
    legend_height,
    method_entries,
)
from rlrecovery.figures.panels import message, note_beyond
from rlrecovery.figures.subsets import levels_for, shown_methods
from rlrecovery.figures.uncertainty import half_width
from rlrecovery.score.pooling import pool_over_truths
from rlrecovery.score.results import Summary

#: With more truths than this, their range is drawn instead of a line for each.
MAX_LINES = 8
#: Line styles of the largest and of the smallest value of the other sample size.
LINES: tuple[Any, ...] = ("-", (0, (4, 1.5)))


@dataclass(frozen=True)
class SampleSize:
    """The sample size on the horizontal axis: number of trials or of participants.

    Attributes
    ----------
    column, label : str
        Its column in the table, and the label of the axis.
    other : str
        Column of the other sample size; its largest value has solid lines, its smallest dashed.
    """

    column: str
    label: str
    other: str

    def values(self, summary: Summary) -> tuple[int, ...]:
        """Values on the axis, ascending."""
        return getattr(summary, self.column)

    def line_values(self, summary: Summary) -> tuple[int, ...]:
        """Largest and smallest value of the other sample size, or its only value."""
        values = getattr(summary, self.other)
        return values if len(values) == 1 else (values[-1], values[0])


TRIALS = SampleSize("trials", "trials per participant", "participants")
PARTICIPANTS = SampleSize("participants", "participants", "trials")


@style.styled
def draw_precision(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw RMSE and interval width over trials, per parameter and level."""
    columns = list(itertools.product(_measures(summary), levels_for(summary, width)))
    return _over_sizes(summary, width, TRIALS, columns)


@style.styled
def draw_samplesize(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw RMSE and interval width over participants, per parameter and level.

    A figure of one journal column shows the RMSE at every level, because the number of participants
    matters most for the group, and the width only if there is a single level.
    """
    measures = _measures(summary)
    if style.narrow(width) and len(summary.levels) > 1:
        measures = ["rmse"]
    columns = list(itertools.product(measures, summary.levels))
    return _over_sizes(summary, width, PARTICIPANTS, columns)


def _measures(summary: Summary) -> list[str]:
    return ["rmse"] if summary.headline_interval is None else ["rmse", "width"]


def _over_sizes(
    summary: Summary, width: float, size: SampleSize, columns: list[tuple[str, str]]
) -> Figure:
    """Draw a row of panels per parameter; columns are pairs of a measure and a level."""
    parameters, nominal = summary.parameters, summary.headline_interval
    tables = {measure: summary.measure(measure) for measure, _ in columns}
    if "width" in tables:
        tables["width"] = tables["width"][tables["width"]["interval"] == nominal]
    if summary.mixed:
        columns = [column for column in columns if _has_values(tables, *column)] or columns
    entries = _entries(summary, size)
    labels = [str(handle.get_label()) for handle in entries]
    size_of_panels = PanelSize(legend_height=legend_height(labels, width))
    page = facets(
        width, len(parameters), len(columns), size_of_panels, priority=lambda key: -key[1]
    )
    for i, j in page.positions:
        axes, parameter, (measure, level) = page[i, j], parameters[i], columns[j]
        table = tables[measure]
        cells = table[(table["parameter"] == parameter) & (table["level"] == level)]
        _panel(axes, summary, cells, size)
        name = "RMSE" if measure == "rmse" else f"{100 * (nominal or 0):g} % width"
        axes.set_ylabel(f"{name} of {symbol(parameter)}")
        page.column_title((i, j), name, level)
        axes.set_xlabel(size.label)
    page.note_left_out("of individual participants, RMSE first", "summary/recovery.csv")
    legend(page.figure, entries, free_rows(summary.methods))
    return page.figure


def _has_values(tables: dict[str, pd.DataFrame], measure: str, level: str) -> bool:
    """Whether a measure has a value at a level."""
    table = tables[measure]
    return bool(table.loc[table["level"] == level, "value"].notna().any())


def _panel(axes: Axes, summary: Summary, cells: pd.DataFrame, size: SampleSize) -> None:
    """Draw the lines of all methods for one measure, parameter and level."""
    methods = summary.methods
    infinite = np.isinf(cells["value"].to_numpy(dtype=float))
    note_beyond(axes, int(infinite.sum()), len(cells), " values")
    cells = cells[~infinite]
    shown = shown_methods(summary, cells)
    for (k, method), (line, count) in itertools.product(
        enumerate(shown), enumerate(size.line_values(summary))
    ):
        rows = cells[(cells["method"] == method) & (cells[size.other] == count)]
        if rows.empty:
            continue
        ink, dodge = style.colour(methods, method), 1.025 ** (k - (len(shown) - 1) / 2)
        if line == 0:
            _truths(axes, summary, rows, ink, dodge, size)
        pooled = pool_over_truths(summary, rows, by=size.column)
        axes.errorbar(
            pooled[size.column] * dodge, pooled["value"], yerr=half_width(pooled["mcse"]),
            color=ink, ls=LINES[line], marker=style.marker(methods, method), ms=3.5,
            elinewidth=0.8, capsize=1.5,
        )  # fmt: skip
    if (cells["value"] > 0).any():
        _log_axes(axes, size.values(summary))
    else:
        message(axes, "no estimates")


def _truths(
    axes: Axes, summary: Summary, cells: pd.DataFrame, ink: str, dodge: float, size: SampleSize
) -> None:
    """Draw a thin line per truth or, if there are more than `MAX_LINES`, their range."""
    if len(cells) <= MAX_LINES * len(size.values(summary)):
        for _, truth in cells.groupby(list(summary.truths) or [size.other], dropna=False):
            line = truth.sort_values(size.column)
            axes.plot(line[size.column] * dodge, line["value"], "-", color=ink, lw=0.4, alpha=0.35)
    else:
        ends = cells.groupby(size.column)["value"].agg(["min", "max"])
        x = ends.index.to_numpy() * dodge
        axes.fill_between(x, ends["min"], ends["max"], color=ink, alpha=0.12, lw=0)


def _spread_out(sizes: tuple[int, ...]) -> list[int]:
    """Sizes whose tick labels do not overlap, including the first and the last."""
    labelled = [sizes[0]]
    distance = 0.28 * np.log(sizes[-1] / sizes[0])
    for size in sizes[1:-1]:
        if min(np.log(size / labelled[-1]), np.log(sizes[-1] / size)) > distance:
            labelled.append(size)
    return [*labelled, sizes[-1]]


def _log_axes(axes: Axes, sizes: tuple[int, ...]) -> None:
    """Make both axes logarithmic, with a tick at every size and labels where there is room."""
    axes.set(xscale="log", yscale="log", xlim=(sizes[0] / 1.25, sizes[-1] * 1.25))
    axes.xaxis.set_major_locator(FixedLocator(list(sizes)))
    labelled = _spread_out(sizes)
    labels = FuncFormatter(lambda value, _: f"{value:g}" if round(value) in labelled else "")
    axes.xaxis.set_major_formatter(labels)
    axes.xaxis.set_minor_locator(FixedLocator([]))
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.1, high * 1.1)
    log_ticks(axes.yaxis, low / 1.1, high * 1.1)


def _entries(summary: Summary, size: SampleSize) -> list[Artist]:
    """Legend entries of the methods, the truths and the other sample size."""
    entries: list[Artist] = list(method_entries(summary.methods))
    truths = summary.recovery.loc[summary.recovery["scope"] == "cell", list(summary.truths)]
    if summary.truths and len(truths.drop_duplicates()) > MAX_LINES:
        entries.append(Patch(color=style.FAINT, alpha=0.2, label="range over truths"))
    elif summary.truths:
        entries.append(entry("one truth", color=style.FAINT, lw=0.4))
    sizes = [
        entry(counted(value, size.other), color="0.3", lw=1.4, ls=LINES[k])
        for k, value in enumerate(size.line_values(summary))
    ]
    return [*entries, *sizes, bar_entry()]
