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
from rlrecovery.figures.axes import Limits, log_fence, log_ticks, panel_width, title
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.layout import MIN_HEIGHT, Facets, PanelSize, facets
from rlrecovery.figures.legends import legend
from rlrecovery.figures.panels import (
    cell_entries,
    has_long_names,
    message,
    note_beyond,
    strip_height,
    strips,
)
from rlrecovery.score.results import Summary, against_first

#: Measures with their labels. Both are ratios and so have a logarithmic axis.
MEASURES = {"relative_precision": "gain in precision (%)", "rmse_ratio": "RMSE ratio"}
#: Gains in per cent at which a tick may stand, most important first; 0 marks the line of no gain.
GAINS: tuple[float, ...] = (0, 900, -90, 9900, -99, 99900, 100, -50)
#: The same for an axis that spans less than a factor of 4, and ticks to add if only 0 fits.
SMALL_GAINS: tuple[float, ...] = (0, 100, -50, 50, -33, 25, -20)
TINY_GAINS = (10, -10, 5, -5, 2, -2, 1, -1, 0.5, -0.5, 0.2, -0.2, 0.1, -0.1)
#: With at most this many marks in a panel, the axis includes their error bars.
FEW = 12


@style.styled
def draw_comparison(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw relative precision and RMSE ratio of every method against the first, cell by cell."""
    table = marks(summary)
    levels = [level for level in summary.levels if level in set(table["level"])]
    levels = levels[:1] if style.narrow(width) else levels
    pairs = set(zip(table["parameter"], table["level"], strict=True))
    rows = [row for row in itertools.product(summary.parameters, levels) if row in pairs]
    if len(summary.methods) < 2 or not rows:
        return style.blank(width, "No two methods estimate the same\nparameter on the same data.")
    cells = {
        (i, j): compared[compared["measure"] == measure]
        for i, compared in enumerate(_select(table, row) for row in rows)
        for j, measure in enumerate(MEASURES)
    }
    page = _page(summary, width, rows, cells, [len(_methods(summary, table, row)) for row in rows])
    for i, j in page.positions:
        axes, (parameter, level), measure = page[i, j], rows[i], list(MEASURES)[j]
        methods = _methods(summary, table, rows[i])
        _panel(axes, cells[i, j], summary, methods, parameter, page.needs_ylabel(i, j))
        if measure == "relative_precision":
            gain_ticks(axes)
        axes.set_xlabel(MEASURES[measure])
        page.row_label((i, j), f"{symbol(parameter)}\n({level})")
        if page.needs_title(i, j):
            title(axes, against(table.loc[table["level"] == level, "reference"].unique()))
    page.note_left_out("of the RMSE with the clearest differences", "summary/comparison.csv")
    legend(page.figure, cell_entries(summary, table["cell"].nunique()))
    return page.figure


def _page(
    summary: Summary,
    width: float,
    rows: Sequence[tuple[str, str]],
    cells: dict[tuple[int, int], pd.DataFrame],
    strip_counts: Sequence[int],
) -> Facets:
    """Lay out the panels with room for the strips of all methods."""
    most, methods = max(strip_counts), summary.methods
    size = PanelSize(
        height=0.62 + strip_height(methods, width, 0.26) * most,
        min_height=max(MIN_HEIGHT, 0.62 + most * strip_height(methods, width, 0.12)),
        per_line=(2, 1 if has_long_names(methods[1:]) else 2),
    )
    return facets(width, len(rows), len(MEASURES), size, priority=lambda key: _priority(cells[key]))


def against(references: Sequence[str]) -> str:
    """Title that names the method compared with, or the beginning that several names share."""
    if len(references) == 1:
        return f"against {references[0]}"
    pieces = zip(*(re.split(r"(?<=[_ ])", name) for name in references), strict=False)
    shared = [names[0] for names in itertools.takewhile(lambda names: len(set(names)) == 1, pieces)]
    return f"against {''.join(shared)}…" if shared else "against the first method"


def _priority(rows: pd.DataFrame) -> float:
    """Largest distance of a ratio from 1 in MCSE; RMSE ratios come before relative precision."""
    distance = float(((rows["value"] - 1).abs() / rows["mcse"]).max())
    return distance + (1e9 if (rows["measure"] == "rmse_ratio").any() else 0)


def marks(summary: Summary) -> pd.DataFrame:
    """Rows of the comparison that are drawn, as ratios around 1.

    The gain in precision is (SE of the reference / SE of the method)^2 - 1. Adding 1 makes it a
    ratio, so that on a logarithmic axis a gain and the same loss are equally far from the line.
    """
    table = against_first(summary)
    if table.empty:
        return pd.DataFrame(columns=["method", "level", "parameter", "measure", "value", "cell"])
    table = table[table["measure"].isin(list(MEASURES))]
    gain = table["measure"] == "relative_precision"
    return table.assign(value=table["value"] + gain.astype(float))


def _select(table: pd.DataFrame, row: tuple[str, str]) -> pd.DataFrame:
    """Rows of a parameter and level."""
    return table[(table["parameter"] == row[0]) & (table["level"] == row[1])]


def _methods(summary: Summary, table: pd.DataFrame, row: tuple[str, str]) -> list[str]:
    """Methods that are compared for a parameter and level."""
    compared = set(_select(table, row)["method"])
    return [method for method in summary.methods if method in compared]


def _panel(
    axes: Axes, rows: pd.DataFrame, summary: Summary, methods: list[str], parameter: str,
    names: bool,
) -> None:  # fmt: skip
    """Draw a strip per method around the line of no difference."""
    limits = log_fence(_extent(rows), [1], factor=8)
    axes.set(xscale="log", xlim=limits)
    axes.axvline(1, color=style.TRUTH, lw=0.8, zorder=1)
    first = [parameter] if parameter in summary.truths else []
    y = strips(axes, rows, summary, methods, first, names)
    log_ticks(axes.xaxis, *limits, most=3 if _is_small(axes) else 6)
    value = rows["value"].to_numpy(dtype=float)
    if not np.isfinite(value).any():
        message(axes, "not defined")
    _mark_beyond(axes, value, y, limits)


def _mark_beyond(axes: Axes, value: np.ndarray, y: np.ndarray, limits: Limits) -> None:
    """Mark and count the ratios to the left and right of the axis."""
    high, low = value > limits[1], value < limits[0]
    for outside, edge, head in ((high, 1.0, ">"), (low, 0.0, "<")):
        if outside.any():
            axes.plot(
                np.full(outside.sum(), edge), y[outside], head, ms=3, mfc="none", mec=style.FLAG,
                transform=axes.get_yaxis_transform(), mew=0.7, clip_on=False,
            )  # fmt: skip
    note_beyond(axes, int(high.sum() + low.sum()), len(value), " marks")


def _extent(rows: pd.DataFrame) -> pd.Series:
    """Values that the axis includes: marks and, if they are few, the ends of their error bars."""
    value, mcse = rows["value"], rows["mcse"].fillna(0)
    if len(rows) > FEW:
        return value
    # A bar that reaches towards zero would stretch a logarithmic axis.
    return pd.concat([value, value + mcse, (value - mcse).clip(lower=value / 4)])


def _is_small(axes: Axes) -> bool:
    """Whether a panel has room for few ticks only."""
    return panel_width(axes) < 1.9


def gain_ticks(axes: Axes) -> None:
    """Set ticks in per cent of gain on a horizontal axis of ratios."""
    low, high = axes.get_xlim()
    distance = np.log(high / low) * (0.3 if _is_small(axes) else 0.14)
    ticks: list[float] = []

    def add(gain: float) -> None:
        """Add a tick if it is on the axis and its label is clear of the others."""
        ratio = 1 + gain / 100
        if low <= ratio <= high and all(abs(np.log(ratio / tick)) > distance for tick in ticks):
            ticks.append(ratio)

    for gain in GAINS if high / low > 4 else SMALL_GAINS:
        add(gain)
    for gain in () if high / low > 4 else TINY_GAINS:
        if len(ticks) < 2:
            add(gain)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: gain_label(ratio)))


def gain_label(ratio: float) -> str:
    """Ratio of variances as a gain in per cent: ``+100`` for 2, ``−50`` for 0.5."""
    gain = 100 * (ratio - 1)
    gain = round(gain, 0 if abs(gain) > 0.95 else 1)
    return f"{gain:+g}".replace("-", "−") if gain else "0"
