"""Methods compared with the first method on the same data, cell by cell."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from rlrecovery.figures import style
from rlrecovery.figures.axes import Limits, log_fence, panel_width
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.layout import MIN_HEIGHT, Facets, PanelSize, facets
from rlrecovery.figures.legends import legend
from rlrecovery.figures.panels import (
    cell_entries,
    mark_beyond,
    message,
    note_beyond,
    strip_height,
    strips,
)
from rlrecovery.figures.subsets import levels_for
from rlrecovery.figures.uncertainty import half_width
from rlrecovery.score.results import Summary, against_first

#: Ratios at which ticks may stand, from fine to coarse. All include 1; the first whose labels have
#: room is used.
TICKS: tuple[tuple[float, ...], ...] = (
    (0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6),
    (0.5, 0.6, 0.7, 0.85, 1, 1.2, 1.5, 2),
    (0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5),
    tuple(x * 10.0**k for k in range(-3, 3) for x in (1, 2, 5)),
    tuple(x * 10.0**k for k in range(-3, 3) for x in (1, 3)),
    tuple(10.0**k for k in range(-12, 13)),
    tuple(10.0**k for k in range(-12, 13, 2)),
    tuple(10.0**k for k in range(-12, 13, 4)),
)
#: Every axis includes these ratios, so that a difference of a few per cent does not look large.
LEAST = (0.8, 1.25)
#: Inches: distance of ticks whose labels do not touch, and what is beside the axes of a panel.
TICK_DISTANCE, BESIDE = 0.27, 0.55
#: Height in inches of what is above and below the axes of a panel, and error bars per inch.
AROUND, BARS_PER_INCH = 0.62, 70


@style.styled
def draw_comparison(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the ratio of the RMSEs of every method and the first one, cell by cell."""
    table = marks(summary)
    levels = [level for level in levels_for(summary, width) if level in set(table["level"])]
    if len(summary.methods) < 2 or not levels:
        return style.blank(width, "No two methods estimate the same\nparameter on the same data.")
    groups = dict(list(table.groupby(["parameter", "level"], observed=True)))
    parameters = [name for name in summary.parameters if name in {name for name, _ in groups}]
    cells = {
        (i, j): groups[parameter, level]
        for (i, parameter), (j, level) in itertools.product(
            enumerate(parameters), enumerate(levels)
        )
        if (parameter, level) in groups
    }
    page = _page(summary, width, len(parameters), len(levels), cells)
    max_bars = _max_bars(page, cells)
    for i, j in page.positions:
        axes, compared = page[i, j], cells[i, j]
        methods = [name for name in summary.methods if name in set(compared["method"])]
        same_names = [set(cells[i, k]["method"]) for k in range(j) if (i, k) in cells]
        has_names = page.needs_ylabel(i, j) or set(methods) not in same_names
        limits = _limits([cells[key] for key in cells if key[0] == i], max_bars)
        axes.set(xscale="log", xlim=limits)
        first = [name for name in summary.truths if name == parameters[i]]
        y = strips(axes, compared, summary, methods, first, has_names, max_bars)
        _reference(axes, compared, y, limits)
        axes.set_xlabel(f"RMSE ratio of {symbol(parameters[i])}")
        page.row_label((i, j), symbol(parameters[i]))
        references = table.loc[table["level"] == levels[j], "reference"].unique()
        page.column_title((i, j), levels[j], against(references))
    page.note_left_out("with the clearest differences", "summary/comparison.csv")
    legend(page.figure, cell_entries(summary, _cells_per_method(table), "x", max_bars))
    return page.figure


def _page(
    summary: Summary,
    width: float,
    rows: int,
    columns: int,
    cells: dict[tuple[int, int], pd.DataFrame],
) -> Facets:
    """Lay out the panels with room for the strips of all methods."""
    methods = summary.methods
    most = max(compared["method"].nunique() for compared in cells.values())
    size = PanelSize(
        height=AROUND + strip_height(methods, width, 0.26) * most,
        min_height=max(MIN_HEIGHT, AROUND + most * strip_height(methods, width, 0.12)),
        per_line=(2, 1),
        per_row=2,
    )
    return facets(
        width, rows, columns, size, existing=cells, priority=lambda key: _priority(cells[key])
    )


def _max_bars(page: Facets, cells: dict[tuple[int, int], pd.DataFrame]) -> int:
    """Cells of a method whose error bars have room one above the other."""
    rows = 1 + max(row for row, _ in page.positions.values())
    methods = max(cells[position]["method"].nunique() for position in page.positions)
    return int(
        BARS_PER_INCH * (style.design_inches(page.figure.get_figheight()) / rows - AROUND) / methods
    )


def against(references: Sequence[str]) -> str:
    """Title that names the method compared with, or the beginning that several names share."""
    if len(references) == 1:
        return f"against {references[0]}"
    pieces = zip(*(re.split(r"(?<=[_ ])", name) for name in references), strict=False)
    shared = [names[0] for names in itertools.takewhile(lambda names: len(set(names)) == 1, pieces)]
    return f"against {''.join(shared)}…" if shared else "against the first method"


def _priority(rows: pd.DataFrame) -> float:
    """Largest distance of a ratio from 1 in MCSE."""
    return float(((rows["value"] - 1).abs() / rows["mcse"]).max())


def marks(summary: Summary) -> pd.DataFrame:
    """Rows of the comparison that are drawn: ratios of the RMSEs of a method and the reference."""
    table = against_first(summary)
    if table.empty:
        return pd.DataFrame(columns=["method", "level", "parameter", "measure", "value", "cell"])
    return table[(table["measure"] == "rmse_ratio") & table["level"].isin(summary.levels)]


def _cells_per_method(table: pd.DataFrame) -> int:
    """Most cells that a method has in a panel."""
    return int(table.groupby(["method", "level", "parameter"], observed=True).size().max())


def _limits(compared: Sequence[pd.DataFrame], max_bars: int) -> Limits:
    """Limits of the panels of a parameter, which outliers do not stretch."""
    rows = pd.concat(compared)
    value, bar = rows["value"], half_width(rows["mcse"])
    if _cells_per_method(rows) > max_bars:
        return log_fence(value, LEAST)
    # A bar that reaches towards zero would stretch a logarithmic axis.
    return log_fence(pd.concat([value, value + bar, (value - bar).clip(lower=value / 2)]), LEAST)


def _reference(axes: Axes, rows: pd.DataFrame, y: np.ndarray, limits: Limits) -> None:
    """Draw the line of equal RMSEs and mark the ratios beyond the axis; ``y`` are their heights."""
    axes.axvline(1, color=style.TRUTH, lw=0.8, zorder=1)
    ratio_ticks(axes)
    value = rows["value"].to_numpy(dtype=float)
    if not np.isfinite(value).any():
        message(axes, "not defined")
    outside = mark_beyond(axes, value, y, style.FLAG, xlim=limits)
    note_beyond(axes, outside, len(value), " marks")


def ratio_ticks(axes: Axes) -> None:
    """Set ticks at round ratios on a logarithmic horizontal axis; 1 is always one of them."""
    low, high = axes.get_xlim()
    per_inch = np.log(high / low) / max(1.0, panel_width(axes) - BESIDE)
    for ladder in TICKS:
        ticks = [tick for tick in ladder if low <= tick <= high]
        reaches = ladder[0] ** 2 / ladder[1] <= low and high <= ladder[-1] ** 2 / ladder[-2]
        if reaches and np.diff(np.log(ticks)).min(initial=np.inf) > TICK_DISTANCE * per_inch:
            break
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
