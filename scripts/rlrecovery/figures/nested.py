"""Bias and RMSE over the whole design, cell by cell (nested-loop plot)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, counted, row_level, symbol

WORDS = {"bias": "bias", "rmse": "RMSE"}
#: More values of a factor than fit beside its name are shortened.
LETTERS = {True: 50, False: 110}
#: Least height of a panel in inches, and one at which it has room for few ticks.
LEAST, FLAT = 0.6, 0.75
#: Lines of methods, solid first; only with more methods than colours are there others.
LINES = ("-", (0, (3, 1)), (0, (1, 1)))


@style.styled
def draw_nested(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Bias and RMSE of every cell in nested order, above the design's factors.

    One column has room for the cells with the most participants only.
    """
    cells = nested_order(summary)
    if style.narrow(width):
        most = cells["participants"] == summary.participants[-1]
        cells = cells[most].reset_index(drop=True)
    factors = [name for name in factors_of(summary) if cells[name].max() > cells[name].min()]
    room = style.TALLEST - 0.8 - 0.3 * len(factors)
    room -= style.below([*summary.methods, "± MCSE"], width)
    most = max(1, int(room / LEAST / len(WORDS)))
    shown = style.most_telling(summary.parameters, most, lambda name: _certain(summary, name))
    panels = [(parameter, measure) for parameter in shown for measure in WORDS]
    tall = min(1.0 if style.narrow(width) else 1.15, room / len(panels))
    heights = [*[tall] * len(panels), *([0.3 * len(factors)] if factors else [])]
    figure = style.page(width, 0.7 + sum(heights))
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    made = [figure.add_subplot(grid[k]) for k in range(len(heights))]
    for axes, (parameter, measure) in zip(made, panels, strict=False):
        _steps(axes, summary, cells, parameter, measure)
        if measure == "rmse":
            style.log_ticks(axes.yaxis, *axes.get_ylim(), most=5 if tall > FLAT else 3)
        _outer(axes, cells, factors)
    if factors:
        _lanes(made[-1], cells, factors, LETTERS[style.narrow(width)])
    for axes in made:
        axes.set_xlim(-0.5, len(cells) - 0.5)
        axes.set_xticks([])
    made[-1].set_xlabel(_below(summary, cells, factors))
    figure.align_ylabels()
    if rest := [symbol(name) for name in summary.parameters if name not in shown]:
        style.aside(figure, f"not shown: {', '.join(rest)}; all are in summary/recovery.csv")
    style.legend(figure, _handles(summary), style.few_lines(summary.methods))
    return figure


def _certain(summary: Summary, parameter: str) -> float:
    """Largest bias of a parameter in MCSE."""
    rows = summary.measure("bias", parameter=parameter)
    return float((rows["value"].abs() / rows["mcse"]).max())


def factors_of(summary: Summary) -> list[str]:
    """Factors of the design, from the one that changes least often along the axis."""
    return ["participants", "trials", *summary.truths]


def nested_order(summary: Summary) -> pd.DataFrame:
    """Every cell once, with its factors, the last truth changing from cell to cell.

    Cells of one variant or generating model, which have methods of their own, stay together
    (``group``, in the order of the methods), so that every method is one line.
    """
    rows = summary.recovery[summary.recovery["scope"] == "cell"]
    cells = rows[["cell", *factors_of(summary)]].drop_duplicates()
    pairs = rows[["cell", "method"]].drop_duplicates().astype("object")
    pairs["method"] = pairs["method"].map(summary.methods.index)
    methods = pairs.groupby("cell")["method"].agg(lambda ranks: tuple(sorted(ranks)))
    of_cell = cells["cell"].astype("object").map(methods)
    ranks = {group: k for k, group in enumerate(sorted(of_cell.unique()))}
    cells = cells.assign(group=of_cell.map(ranks))
    order = ["group", *factors_of(summary)]
    return cells.sort_values(order, kind="stable").reset_index(drop=True)


def along(rows: pd.DataFrame, cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Value and MCSE of every cell in the given order; NaN where there is none."""
    found = rows.assign(cell=rows["cell"].astype("object")).set_index("cell")
    found = found.reindex(cells["cell"].astype("object"))
    return found["value"].to_numpy(dtype=float), found["mcse"].to_numpy(dtype=float)


def _steps(axes: Axes, summary: Summary, cells: pd.DataFrame, parameter: str, measure: str) -> None:
    """One step line per method at its finest level, with a band of one MCSE either way."""
    table, log, lines = summary.measure(measure, parameter=parameter), measure == "rmse", {}
    for method in summary.methods:
        mine = table[(table["method"] == method) & (table["level"] == row_level(summary, method))]
        lines[method] = along(mine, cells)
    values = np.concatenate([value for value, _ in lines.values()])
    bars = np.nan_to_num(np.concatenate([mcse for _, mcse in lines.values()]))
    ends = np.concatenate([values - bars, values, values + bars])
    limits = style.log_fence(ends, factor=8) if log else style.fence(ends, [0], factor=8)
    axes.set(ylim=limits, yscale="log" if log else "linear")
    # Each cell is one step wide, from half before its number to half behind it.
    edges, count = np.repeat(np.arange(len(cells) + 1) - 0.5, 2)[1:-1], 0
    for method, (value, mcse) in lines.items():
        (ink, line), bar = _look(summary, method), np.nan_to_num(mcse)
        bottom = np.maximum(value - bar, limits[0]) if log else value - bar
        axes.fill_between(edges, np.repeat(bottom, 2), np.repeat(value + bar, 2), color=ink,
                          alpha=0.2, lw=0)  # fmt: skip
        axes.plot(edges, np.repeat(value, 2), ls=line, color=ink, lw=0.9, solid_joinstyle="miter")
        count += style.beyond(axes, np.arange(len(cells)), value, limits, ink)
    if not np.isfinite(values).any():
        style.say(axes, "no estimates")
    if not log:
        axes.axhline(0, color=style.TRUTH, lw=0.6, zorder=1)
        style.few_ticks(axes, y=4)
    style.note_beyond(axes, count, int(np.isfinite(values).sum()), " values")
    axes.set_ylabel(f"{WORDS[measure]}\nof {symbol(parameter)}")


def _outer(axes: Axes, cells: pd.DataFrame, factors: Sequence[str]) -> None:
    """Faint lines where the outermost factor changes, and others where a variant begins."""
    if factors:
        changes = np.diff(cells[factors[0]].to_numpy(dtype=float))
        for at in np.flatnonzero(np.nan_to_num(changes)):
            axes.axvline(at + 0.5, color="#cccccc", lw=0.6, zorder=0)
    for at in np.flatnonzero(np.diff(cells["group"])):
        axes.axvline(at + 0.5, color=style.FAINT, lw=0.8, ls=":", zorder=0)


def _lanes(axes: Axes, cells: pd.DataFrame, factors: Sequence[str], letters: int) -> None:
    """Step functions of the factors, one lane each, with their values written above."""
    edges = np.repeat(np.arange(len(cells) + 1) - 0.5, 2)[1:-1]
    for lane, name in enumerate(factors):
        known = sorted(cells[name].dropna().unique())
        rank = cells[name].map({value: k for k, value in enumerate(known)}).to_numpy(dtype=float)
        height = len(factors) - 1 - lane + 0.06 + 0.4 * rank / max(1, len(known) - 1)
        axes.plot(edges, np.repeat(height, 2), color=style.TRUTH, lw=0.7)
        axes.text(0, len(factors) - lane - 0.1, _values(name, known, letters), fontsize=6.5,
                  transform=axes.get_yaxis_transform(), ha="left", va="top")  # fmt: skip
    axes.set(ylim=(0, len(factors)), yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)


def _values(name: str, known: Sequence[float], letters: int) -> str:
    """``true β: 1, 3, 5, 10``, from the lowest step to the highest."""
    head = name if name in ("participants", "trials") else f"true {symbol(name)}"
    text = f"{head}: " + ", ".join(f"{value:g}" for value in known)
    if len(text) > letters:
        text = f"{head}: {known[0]:g}, {known[1]:g}, …, {known[-1]:g} ({len(known)} values)"
    return text


def _below(summary: Summary, cells: pd.DataFrame, factors: Sequence[str]) -> str:
    """What the axis is, and the sizes that do not change along it."""
    fixed = [
        counted(cells[name].iloc[0], name)
        for name in ("participants", "trials")
        if name not in factors and len(cells)
    ]
    count = f"{len(cells)} cells in nested order" if len(cells) > 1 else "one cell"
    return "; ".join([count, *fixed])


def _look(summary: Summary, method: str) -> tuple[str, Any]:
    """Colour of a method, and style of its line, which tells methods of one colour apart."""
    cycle = summary.methods.index(method) // len(style.COLOURS)
    return style.colour(summary.methods, method), LINES[cycle % len(LINES)]


def _handles(summary: Summary) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = []
    for method in summary.methods:
        ink, line = _look(summary, method)
        handles.append(Line2D([], [], color=ink, ls=line, lw=1.2, label=method))
    return [*handles, Patch(color=style.FAINT, alpha=0.3, lw=0, label="± MCSE")]
