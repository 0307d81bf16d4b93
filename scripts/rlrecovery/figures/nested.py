"""Nested-loop plot: bias and RMSE of every cell of the design, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.figures.axes import fence, few_ticks, log_fence, log_ticks
from rlrecovery.figures.labels import counted, symbol
from rlrecovery.figures.layout import page_note
from rlrecovery.figures.legends import entry, free_rows, legend, legend_height
from rlrecovery.figures.panels import mark_beyond, message, note_beyond
from rlrecovery.figures.subsets import highest
from rlrecovery.figures.uncertainty import BARS, half_width
from rlrecovery.score.results import Summary, finest_level

#: Measures with their labels.
MEASURES = {"bias": "bias", "rmse": "RMSE"}
#: Letters for which a factor's name and values have room, on two columns and on one column.
LETTERS = (110, 50)
#: Inches: smallest height of a panel; height up to which it has room for few ticks only; height of
#: a factor's staircase.
MIN_HEIGHT, SMALL, STAIRCASE = 0.6, 0.75, 0.3
#: Line styles of methods; the second and third are used if there are more methods than colours.
LINES: tuple[Any, ...] = ("-", (0, (3, 1)), (0, (1, 1)))


@style.styled
def draw_nested(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw bias and RMSE of every cell in nested order, above the factors of the design.

    A figure of one journal column shows only the cells with the most participants.
    """
    cells, one_column = nested_order(summary), style.narrow(width)
    if one_column:
        largest = cells["participants"] == summary.participants[-1]
        cells = cells[largest].reset_index(drop=True)
    factors = [name for name in factors_of(summary) if cells[name].max() > cells[name].min()]
    room = style.max_height() - 0.8 - STAIRCASE * len(factors)
    room -= legend_height([*summary.methods, BARS], width)
    most = max(1, int(room / MIN_HEIGHT / len(MEASURES)))
    shown = highest(summary.parameters, most, lambda name: _largest_bias(summary, name))
    panels = [(parameter, measure) for parameter in shown for measure in MEASURES]
    height = min(1.0 if one_column else 1.15, room / len(panels))
    heights = [*[height] * len(panels), *([STAIRCASE * len(factors)] if factors else [])]
    figure = style.page(width, 0.7 + sum(heights))
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    rows = [figure.add_subplot(grid[k]) for k in range(len(heights))]
    for axes, (parameter, measure) in zip(rows, panels, strict=False):
        _steps(axes, summary, cells, parameter, measure)
        if measure == "rmse":
            log_ticks(axes.yaxis, *axes.get_ylim(), most=5 if height > SMALL else 3)
        _boundaries(axes, cells, factors)
    if factors:
        _staircases(rows[-1], cells, factors, LETTERS[one_column])
    for axes in rows:
        axes.set_xlim(-0.5, len(cells) - 0.5)
        axes.set_xticks([])
    rows[-1].set_xlabel(_xlabel(cells, factors))
    figure.align_ylabels()
    if hidden := [symbol(name) for name in summary.parameters if name not in shown]:
        page_note(figure, f"not shown: {', '.join(hidden)}; all are in summary/recovery.csv")
    legend(figure, _entries(summary), free_rows(summary.methods))
    return figure


def _largest_bias(summary: Summary, parameter: str) -> float:
    """Largest absolute bias of a parameter in MCSE."""
    rows = summary.measure("bias", parameter=parameter)
    return float((rows["value"].abs() / rows["mcse"]).max())


def factors_of(summary: Summary) -> list[str]:
    """Factors of the design, the one that changes least often along the axis first."""
    return ["participants", "trials", *summary.truths]


def nested_order(summary: Summary) -> pd.DataFrame:
    """Every cell once with its factors, sorted so that the last truth changes fastest.

    Cells of a task, a missing share or a generating model, which have their own methods, stay
    together, so that every method is one line; the column ``group`` numbers these groups of cells
    in the order of their methods.
    """
    rows = summary.recovery[summary.recovery["scope"] == "cell"]
    cells = rows[["cell", *factors_of(summary)]].drop_duplicates()
    pairs = rows[["cell", "method"]].drop_duplicates().astype("object")
    pairs["method"] = pairs["method"].map(summary.methods.index)
    methods = pairs.groupby("cell")["method"].agg(lambda ranks: tuple(sorted(ranks)))
    methods_of_cell = cells["cell"].astype("object").map(methods)
    groups = {ranks: k for k, ranks in enumerate(sorted(methods_of_cell.unique()))}
    cells = cells.assign(group=methods_of_cell.map(groups))
    order = ["group", *factors_of(summary)]
    return cells.sort_values(order, kind="stable").reset_index(drop=True)


def along(rows: pd.DataFrame, cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Value and MCSE of every cell in the order of ``cells``; NaN for cells without a row."""
    by_cell = rows.assign(cell=rows["cell"].astype("object")).set_index("cell")
    by_cell = by_cell.reindex(cells["cell"].astype("object"))
    return by_cell["value"].to_numpy(dtype=float), by_cell["mcse"].to_numpy(dtype=float)


def _steps(axes: Axes, summary: Summary, cells: pd.DataFrame, parameter: str, measure: str) -> None:
    """Draw a step line per method at its finest level, with its 95 % Monte Carlo band."""
    table, log, lines = summary.measure(measure, parameter=parameter), measure == "rmse", {}
    for method in summary.methods:
        level = finest_level(summary, method)
        lines[method] = along(table[(table["method"] == method) & (table["level"] == level)], cells)
    values = np.concatenate([value for value, _ in lines.values()])
    bars = half_width(np.concatenate([mcse for _, mcse in lines.values()]))
    ends = np.concatenate([values - bars, values, values + bars])
    limits = log_fence(ends, factor=8) if log else fence(ends, [0], factor=8)
    axes.set(ylim=limits, yscale="log" if log else "linear")
    edges, outside = _edges(cells), 0
    for method, (value, mcse) in lines.items():
        (ink, line), bar = look(summary, method), half_width(mcse)
        bottom = np.maximum(value - bar, limits[0]) if log else value - bar
        band = np.repeat(bottom, 2), np.repeat(value + bar, 2)
        axes.fill_between(edges, *band, color=ink, alpha=0.2, lw=0)
        axes.plot(edges, np.repeat(value, 2), ls=line, color=ink, lw=0.9, solid_joinstyle="miter")
        outside += mark_beyond(axes, np.arange(len(cells)), value, ink, ylim=limits)
    if not np.isfinite(values).any():
        message(axes, "no estimates")
    if not log:
        axes.axhline(0, color=style.TRUTH, lw=0.6, zorder=1)
        few_ticks(axes, y=4)
    note_beyond(axes, outside, int(np.isfinite(values).sum()), " values")
    axes.set_ylabel(f"{MEASURES[measure]}\nof {symbol(parameter)}")


def _edges(cells: pd.DataFrame) -> np.ndarray:
    """Left and right edge of every cell's step, shape (2 * cells,)."""
    return np.repeat(np.arange(len(cells) + 1) - 0.5, 2)[1:-1]


def _boundaries(axes: Axes, cells: pd.DataFrame, factors: Sequence[str]) -> None:
    """Draw lines where the first factor changes, and dotted ones between groups of cells."""
    if factors:
        changes = np.diff(cells[factors[0]].to_numpy(dtype=float))
        for k in np.flatnonzero(np.nan_to_num(changes)):
            axes.axvline(k + 0.5, color="#cccccc", lw=0.6, zorder=0)
    for k in np.flatnonzero(np.diff(cells["group"])):
        axes.axvline(k + 0.5, color=style.FAINT, lw=0.8, ls=":", zorder=0)


def _staircases(axes: Axes, cells: pd.DataFrame, factors: Sequence[str], letters: int) -> None:
    """Draw a step function per factor, with its values written above it."""
    edges = _edges(cells)
    for k, name in enumerate(factors):
        values = sorted(cells[name].dropna().unique())
        rank = cells[name].map({value: j for j, value in enumerate(values)}).to_numpy(dtype=float)
        height = len(factors) - 1 - k + 0.06 + 0.4 * rank / max(1, len(values) - 1)
        axes.plot(edges, np.repeat(height, 2), color=style.TRUTH, lw=0.7)
        axes.text(
            0, len(factors) - k - 0.1, _factor_label(name, values, letters),
            fontsize=style.points(6.5), transform=axes.get_yaxis_transform(), ha="left", va="top",
        )  # fmt: skip
    axes.set(ylim=(0, len(factors)), yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)


def _factor_label(name: str, values: Sequence[float], letters: int) -> str:
    """Name and values of a factor, such as ``true β: 1, 3, 5, 10``, shortened to fit."""
    head = name if name in ("participants", "trials") else f"true {symbol(name)}"
    text = f"{head}: " + ", ".join(f"{value:g}" for value in values)
    if len(text) > letters:
        text = f"{head}: {values[0]:g}, {values[1]:g}, …, {values[-1]:g} ({len(values)} values)"
    return text


def _xlabel(cells: pd.DataFrame, factors: Sequence[str]) -> str:
    """Number of cells, and the sample sizes that do not change along the axis."""
    fixed = [
        counted(cells[name].iloc[0], name)
        for name in ("participants", "trials")
        if name not in factors and len(cells)
    ]
    count = f"{len(cells)} cells in nested order" if len(cells) > 1 else "one cell"
    return "; ".join([count, *fixed])


def look(summary: Summary, method: str) -> tuple[str, Any]:
    """Colour and line style of a method, a combination that no other method has."""
    cycle = summary.methods.index(method) // style.colour_count()
    return style.colour(summary.methods, method), LINES[cycle % len(LINES)]


def _entries(summary: Summary) -> list[Artist]:
    """Legend entries of the methods and the band."""
    looks = [(method, *look(summary, method)) for method in summary.methods]
    lines = [entry(method, color=ink, ls=line, lw=1.2) for method, ink, line in looks]
    return [*lines, Patch(color=style.FAINT, alpha=0.3, lw=0, label=BARS)]
