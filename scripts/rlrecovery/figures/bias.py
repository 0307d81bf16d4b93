"""Bias and RMSE over the true parameter values."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.axes import (
    Limits,
    fence,
    few_ticks,
    log_fence,
    log_ticks,
    panel_width,
    xlabel,
)
from rlrecovery.figures.labels import describe, described, symbol
from rlrecovery.figures.layout import MAX_PER_ROW, PanelSize, facets
from rlrecovery.figures.legends import (
    bar_entry,
    entry,
    free_rows,
    legend,
    legend_height,
    method_entries,
)
from rlrecovery.figures.panels import mark_beyond, note_beyond, positive_bars
from rlrecovery.figures.subsets import combinations, estimated_pairs, shown_methods
from rlrecovery.figures.truth_axis import TruthAxis, truth_axis
from rlrecovery.figures.uncertainty import BARS, half_width
from rlrecovery.score.results import Summary

#: With more marks than this in a panel, marks are smaller and two panels are side by side.
CROWDED = 30
#: Columns of the table that identify a panel.
PANEL = ["parameter", "level", "participants", "trials"]
#: Panels that are shown if not all fit, by whether the vertical axis is logarithmic.
PRIORITY = {False: "with the largest bias in MCSE", True: "where it varies most"}
#: Height of a panel in inches; of panels that all have the same design, or hold many methods.
HEIGHT, SINGLE_HEIGHT = 1.35, 1.7


@style.styled
def draw_bias(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the bias of every method over the truths, per parameter, level and design."""
    return _over_truths(summary, width, "bias", "bias", log=False)


@style.styled
def draw_rmse(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the RMSE of every method over the truths, per parameter, level and design."""
    return _over_truths(summary, width, "rmse", "RMSE", log=True)


def _over_truths(summary: Summary, width: float, measure: str, word: str, log: bool) -> Figure:
    """Draw a measure over the truths; a signed one, on a linear axis, has a line at zero."""
    table, methods = summary.measure(measure), summary.methods
    rows = estimated_pairs(summary, table, width)
    if not rows:
        return style.blank(width, "There are no estimates.")
    groups = dict(list(table.groupby(PANEL, observed=True)))
    roomy = max(map(len, groups.values())) <= CROWDED and not style.narrow(width)
    columns = combinations(summary, 3 if roomy else 2)
    cells = {
        (i, j): groups.get((*row, *column), table.iloc[:0])
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
    }
    # Where many panels have the same design, the legend names it once.
    single = len(columns) == 1 and (summary.mixed or len(rows) > MAX_PER_ROW)
    design = [describe(*columns[0])] if single else []
    height = SINGLE_HEIGHT if single or len(methods) > style.colour_count() else HEIGHT
    page = facets(
        width,
        len(rows),
        len(columns),
        PanelSize(height, legend_height=legend_height([*methods, BARS, *design], width)),
        priority=lambda position: _priority(cells[position], log),
        share_rows=True,
    )
    truths = {name: truth_axis(summary, name) for name in {name for name, _ in rows}}
    for i, j in page.positions:
        parameter, level = rows[i]
        row_cells = pd.concat([cells[i, k] for k in range(len(columns))])
        margin = 0.25 if len(columns) > 1 else 0.6
        _panel(page[i, j], cells[i, j], row_cells, summary, truths[parameter], log, margin)
        if not single:
            page.column_title((i, j), *described(*columns[j]))
        page.row_label((i, j), f"{word} of {symbol(parameter)}\n({level})")
    page.note_left_out(PRIORITY[log], "summary/recovery.csv")
    entries = [*method_entries(methods), bar_entry(), *(entry(text, ls="") for text in design)]
    legend(page.figure, entries, free_rows(methods))
    return page.figure


def _priority(cells: pd.DataFrame, log: bool) -> float:
    """Ratio of the largest to the smallest RMSE in a panel, or largest bias in MCSE."""
    value = cells["value"]
    if log:
        return float(value.max() / value[value > 0].min())
    return float((value.abs() / cells["mcse"]).max())


def _panel(
    axes: Axes, cells: pd.DataFrame, row_cells: pd.DataFrame, summary: Summary, truths: TruthAxis,
    log: bool, margin: float,
) -> None:  # fmt: skip
    """Draw the cells of a panel, on the vertical axis of its row."""
    limits = _limits(row_cells, log)
    _set_axes(axes, limits, truths, log, margin)
    _marks(axes, cells, limits, truths, summary)


def _limits(cells: pd.DataFrame, log: bool) -> Limits:
    """Vertical limits that cut off outliers only."""
    value, bar = cells["value"], half_width(cells["mcse"])
    ends = pd.concat([value - bar, value + bar])
    if log:
        # The lower end of a bar that reaches zero is not on the axis, but its mark is.
        return log_fence(pd.concat([ends, value]), factor=8)
    return fence(ends, [0], factor=8)


def _set_axes(axes: Axes, limits: Limits, truths: TruthAxis, log: bool, margin: float) -> None:
    """Set scales, ticks and labels; ``margin`` is the width of the vertical labels in inches."""
    if log:
        axes.set_yscale("log")
        log_ticks(axes.yaxis, *limits)
    else:
        axes.axhline(0, color=style.TRUTH, lw=0.8, zorder=1)
        few_ticks(axes, y=5)
    for tick in truths.ticks[:-1]:
        axes.axvline(tick + 0.5, color="#dddddd", lw=0.6, zorder=0)
    labels = truths.labels
    if not truths.columns and 0.05 * len(labels[0]) > panel_width(axes) - margin:
        labels = [label.replace(" the ", "\nthe ") for label in labels]
    axes.set(ylim=limits, xticks=truths.ticks, xticklabels=labels)
    xlabel(axes, truths.label, margin)
    axes.set_xlim(truths.ticks[0] - 0.5, truths.ticks[-1] + 0.5)


def _marks(
    axes: Axes, cells: pd.DataFrame, limits: Limits, truths: TruthAxis, summary: Summary
) -> None:
    """Draw a mark with its 95 % Monte Carlo interval per method and truth."""
    methods, outside = summary.methods, 0
    shown = shown_methods(summary, cells)
    slot = truths.step / (len(shown) + 0.5)
    size = 2.2 if len(truths.positions) * len(shown) > CROWDED else 3.2
    for k, method in enumerate(shown):
        rows = cells[cells["method"] == method]
        x = truths.locate(rows) + (k - (len(shown) - 1) / 2) * slot
        y, ink = rows["value"].to_numpy(dtype=float), style.colour(methods, method)
        bars = half_width(rows["mcse"])
        axes.errorbar(
            x, y, yerr=positive_bars(y, bars) if axes.get_yscale() == "log" else bars, ls="",
            color=ink, marker=style.marker(methods, method), ms=size, elinewidth=0.8, mew=0,
        )  # fmt: skip
        outside += mark_beyond(axes, x, y, ink, ylim=limits)
    note_beyond(axes, outside, len(cells), " marks")
