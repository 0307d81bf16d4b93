"""Shares of flagged estimates, and run time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.axes import few_ticks
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.layout import page_note
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.panels import MAX_BARS, cell_entries, has_long_names, strip_height, strips
from rlrecovery.figures.subsets import highest
from rlrecovery.figures.uncertainty import half_width
from rlrecovery.score.results import Summary, finest_level

#: Measures with their labels.
SHARES = {
    "share_at_bound": "at a bound",
    "share_not_converged": "not converged",
    "share_failed": "failed",
    "share_no_interval": "not identified",
}
#: Width in inches of a panel whose label has room for the unit in words.
WIDE = 2.2
#: With more panels than this, a figure of one journal column has them side by side.
MAX_STACKED = 4
#: Inches for the legend and the margins of the page.
MARGIN = 0.7

#: A panel: parameter, measure and label of the measure.
Panel = tuple[str, str, str]


@dataclass(frozen=True)
class Layout:
    """What a page shows: panels in order, methods by the parameter that they estimate.

    A reflowed row of panels may belong to several parameters. There is no panel of a share that is
    zero in every cell, and of the others some may be left out. Heights are in inches.
    """

    panels: list[Panel]
    methods: dict[str, list[str]]
    per_row: int
    reflowed: bool
    left_out: int
    row_height: float
    strip_height: float

    def note_left_out(self, figure: Figure) -> None:
        """Note at the top of the page what is not shown."""
        if self.left_out:
            count = len(self.panels) + self.left_out
            number = f"{len(self.panels)} " if len(self.panels) > 1 else ""
            text = f"the {number}largest of {count} shares that are not zero"
            page_note(figure, f"{text}; all are in summary/recovery.csv")


@style.styled
def draw_convergence(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw shares of flagged estimates per method and cell, and the run time of a fit."""
    page = _layout(summary, width)
    figure, heights = _page(page, summary, width)
    grid = figure.add_gridspec(len(heights), page.per_row, height_ratios=heights)
    for k, (parameter, measure, label) in enumerate(page.panels):
        axes = figure.add_subplot(grid[divmod(k, page.per_row)])
        rows = _measure(summary, measure)
        rows = rows[rows["parameter"] == parameter]
        has_names = k % page.per_row == 0 or (page.reflowed and summary.mixed)
        _shares(axes, rows, summary, page.methods[parameter], has_names)
        unit = "(% of rows)" if width / page.per_row > WIDE else "(%)"
        axes.set_xlabel(f"{symbol(parameter)} {label} {unit}")
    _run_times(figure.add_subplot(grid[-1, :]), summary)
    page.note_left_out(figure)
    handles = cell_entries(summary, summary.measure("seconds")["cell"].nunique(), "x")
    zeros = zero_shares(summary)
    hidden = [entry(f"zero in every cell: {', '.join(zeros)}", ls="")] if zeros else []
    legend(figure, [*handles, *hidden])
    return figure


def _page(page: Layout, summary: Summary, width: float) -> tuple[Figure, list[float]]:
    """Return an empty page and the heights of its rows of panels in inches."""
    starts = range(0, len(page.panels), page.per_row)
    lines = [page.panels[k : k + page.per_row] for k in starts]
    counts = [max(len(page.methods[name]) for name, *_ in line) for line in lines]
    counts.append(len(summary.methods))
    room = style.max_height() - MARGIN - page.row_height * len(counts)
    strip = min(page.strip_height, room / sum(counts))
    heights = [page.row_height + strip * count for count in counts]
    return style.page(width, min(MARGIN + sum(heights), style.max_height())), heights


def _layout(summary: Summary, width: float) -> Layout:
    """Shares that are not zero, parameter by parameter; or, if these do not fit, the largest."""
    one_column, names = style.narrow(width), summary.methods
    methods = {
        parameter: [name for name in names if (name, parameter) in summary.method_parameters]
        for parameter in summary.parameters
    }
    row_height = 0.4 if one_column else 0.45
    largest = _largest(summary)
    candidates = [panel for panel, value in largest.items() if value > 0]
    kept = {measure for _, measure, _ in candidates}
    thin = strip_height(names, width, 0.13)
    room = style.max_height() - MARGIN - row_height - thin * len(names)
    heights = [row_height + thin * len(estimating) for estimating in methods.values()]
    complete = len(candidates) == len(kept) * len(summary.parameters)
    if not one_column and sum(heights) <= room and (complete or not summary.mixed):
        per_row = max(1, len(kept))
        strip = _strip(summary, width, len(candidates), per_row)
        return Layout(candidates, methods, per_row, not complete, 0, row_height, strip)
    candidates.sort(key=lambda panel: list(SHARES).index(panel[1]))
    per_row = 1 if has_long_names(names) else 2
    if not one_column:
        per_row += 1
    elif len(candidates) <= MAX_STACKED:
        per_row = 1
    most = per_row * max(1, int(room / max(heights)))
    panels = highest(candidates, most, lambda panel: largest[panel])
    strip = _strip(summary, width, len(panels), per_row)
    left_out = len(candidates) - len(panels)
    return Layout(panels, methods, per_row, True, left_out, row_height, strip)


def _strip(summary: Summary, width: float, panels: int, per_row: int) -> float:
    """Default height of a strip in inches; lower if there are many rows of panels."""
    return strip_height(summary.methods, width, 0.22 if -(-panels // per_row) > 6 else 0.3)


def _largest(summary: Summary) -> dict[Panel, float]:
    """Largest share of every panel; NaN where a share is not defined in any cell."""
    largest = {
        measure: _measure(summary, measure).groupby("parameter", observed=True)["value"].max()
        for measure in SHARES
    }
    return {
        (parameter, measure, label): float(largest[measure].get(parameter, np.nan))
        for parameter in summary.parameters
        for measure, label in SHARES.items()
    }


def zero_shares(summary: Summary) -> list[str]:
    """Labels of the shares that are zero in every cell, with the parameter unless it is so for all.

    There is no panel of these shares, because it would be empty.
    """
    texts, largest = [], _largest(summary)
    for label in SHARES.values():
        values = {parameter: value for (parameter, _, of), value in largest.items() if of == label}
        zero = [symbol(parameter) for parameter, value in values.items() if value == 0]
        texts += [label] if len(zero) == len(values) else [f"{name} {label}" for name in zero]
    return texts


def _run_times(axes: Axes, summary: Summary) -> None:
    """Draw the run time of a fit, which the table repeats for each of its parameters."""
    rows = _measure(summary, "seconds")
    first = rows.groupby("method", observed=True)["parameter"].transform("first")
    strips(axes, rows[rows["parameter"] == first], summary, summary.methods)
    _whole_decades(axes, summary.measure("seconds"))
    axes.set_xlabel("run time of one fit (s, logarithmic)")


def _shares(
    axes: Axes, rows: pd.DataFrame, summary: Summary, methods: Sequence[str], names: bool
) -> None:
    """Draw shares in per cent on an axis that begins at zero."""
    rows = rows.assign(value=100 * rows["value"], mcse=100 * rows["mcse"])
    strips(axes, rows, summary, methods, names=names)
    bars = 0 if rows["cell"].nunique() > MAX_BARS else half_width(rows["mcse"])
    top = float((rows["value"] + bars).max()) if len(rows) else 0.0
    top = top if np.isfinite(top) else 0.0
    axes.set_xlim(-0.03 * max(top, 1), max(1.05 * top, 1))
    few_ticks(axes, x=5)


def _whole_decades(axes: Axes, seconds: pd.DataFrame) -> None:
    """Set a logarithmic axis over whole decades that includes the error bars."""
    values = seconds.loc[seconds["value"] > 0, "value"]
    ends = seconds["value"] + half_width(seconds["mcse"])
    low, high = (values.min(), max(values.max(), ends.max())) if len(values) else (0.1, 1.0)
    low, high = np.floor(np.log10(low)), np.ceil(np.log10(high) + 1e-9)
    axes.set(xscale="log", xlim=(10**low, 10 ** max(high, low + 1)))


def _measure(summary: Summary, measure: str) -> pd.DataFrame:
    """Rows of a measure at the finest level of each method."""
    rows = summary.measure(measure)
    level = {method: finest_level(summary, method) for method in summary.methods}
    return rows[rows["level"].astype("object") == rows["method"].astype("object").map(level)]
