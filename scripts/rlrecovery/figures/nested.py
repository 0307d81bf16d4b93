"""Bias and RMSE over the whole design, cell by cell (nested-loop plot)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.figures.data import Summary, counted, row_level, symbol

WORDS = {"bias": "bias", "rmse": "RMSE"}
#: More values of a factor than fit beside its name are shortened.
LETTERS = {True: 50, False: 110}


@style.styled
def draw_nested(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Bias and RMSE of every cell in nested order, above the design's factors.

    One column has room for the cells with the most participants only.
    """
    cells = nested_order(summary)
    if style.narrow(width):
        most = cells["participants"] == summary.participants[-1]
        cells = cells[most].reset_index(drop=True)
    factors = [name for name in factors_of(summary) if len(cells[name].unique()) > 1]
    panels = [(parameter, measure) for parameter in summary.parameters for measure in WORDS]
    room = style.TALLEST - 0.8 - 0.3 * len(factors)
    tall = min(1.0 if style.narrow(width) else 1.15, room / len(panels))
    heights = [*[tall] * len(panels), *([0.3 * len(factors)] if factors else [])]
    figure = style.page(width, 0.7 + sum(heights))
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    made = [figure.add_subplot(grid[k]) for k in range(len(heights))]
    for axes, (parameter, measure) in zip(made, panels, strict=False):
        _steps(axes, summary, cells, parameter, measure)
        _outer(axes, cells, factors)
    if factors:
        _lanes(made[-1], cells, factors, LETTERS[style.narrow(width)])
    for axes in made:
        axes.set_xlim(-0.5, len(cells) - 0.5)
        axes.set_xticks([])
    made[-1].set_xlabel(_below(summary, cells, factors))
    figure.align_ylabels()
    style.legend(figure, _handles(summary))
    return figure


def factors_of(summary: Summary) -> list[str]:
    """Factors of the design, from the one that changes least often along the axis."""
    return ["participants", "trials", *summary.truths]


def nested_order(summary: Summary) -> pd.DataFrame:
    """Every cell once, with its factors, the last truth changing from cell to cell."""
    rows = summary.recovery[summary.recovery["scope"] == "cell"]
    cells = rows[["cell", *factors_of(summary)]].drop_duplicates()
    return cells.sort_values(factors_of(summary), kind="stable").reset_index(drop=True)


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
        ink, bar = style.colour(summary.methods, method), np.nan_to_num(mcse)
        bottom = np.maximum(value - bar, limits[0]) if log else value - bar
        axes.fill_between(edges, np.repeat(bottom, 2), np.repeat(value + bar, 2), color=ink,
                          alpha=0.2, lw=0)  # fmt: skip
        axes.plot(edges, np.repeat(value, 2), color=ink, lw=0.9, solid_joinstyle="miter")
        count += style.beyond(axes, np.arange(len(cells)), value, limits, ink)
    if not np.isfinite(values).any():
        style.say(axes, "no estimates")
    if log:
        style.log_ticks(axes.yaxis, *limits)
    else:
        axes.axhline(0, color=style.TRUTH, lw=0.6, zorder=1)
        style.few_ticks(axes, y=4)
    style.note_beyond(axes, count, int(np.isfinite(values).sum()), " values")
    axes.set_ylabel(f"{WORDS[measure]}\nof {symbol(parameter)}")


def _outer(axes: Axes, cells: pd.DataFrame, factors: Sequence[str]) -> None:
    """Faint lines where the outermost factor changes."""
    if factors:
        changes = np.flatnonzero(np.diff(cells[factors[0]].to_numpy(dtype=float)))
        for at in changes:
            axes.axvline(at + 0.5, color="#cccccc", lw=0.6, zorder=0)


def _lanes(axes: Axes, cells: pd.DataFrame, factors: Sequence[str], letters: int) -> None:
    """Step functions of the factors, one lane each, with their values written above."""
    edges = np.repeat(np.arange(len(cells) + 1) - 0.5, 2)[1:-1]
    for lane, name in enumerate(factors):
        known = sorted(cells[name].unique())
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


def _handles(summary: Summary) -> list[Line2D | Patch]:
    return [
        *(
            Line2D([], [], color=style.colour(summary.methods, m), lw=1.2, label=m)
            for m in summary.methods
        ),
        Patch(color=style.FAINT, alpha=0.3, lw=0, label="± MCSE"),
    ]
