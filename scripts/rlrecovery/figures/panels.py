"""What several figures draw in their panels: marks of cells, strips of methods, and notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.axes import Limits, panel_width, wrap
from rlrecovery.figures.legends import bar_entry, trial_entries
from rlrecovery.figures.uncertainty import half_width
from rlrecovery.score.results import Summary

#: With more cells than this per method, marks are smaller and by default have no error bars.
MAX_BARS = 24
#: Longest name of a method, in letters, that leaves room for two panels on one journal column.
LONG_NAME = 14
#: Letters of a name on one line beside a strip, on two columns and on one column.
NAME_LETTERS = (28, 22)
#: Limits that include every value, and distance of arrow heads from the edge of a panel (share of
#: its size).
NO_LIMITS: Limits = (-np.inf, np.inf)
EDGE = 0.025


def message(axes: Axes, text: str) -> None:
    """Write text in the middle of a panel that has nothing to show."""
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=style.FAINT,
        fontsize=style.points(7),
    )  # fmt: skip


def note(axes: Axes, *parts: str) -> None:
    """Write a note above a panel at its right end; in a narrow panel each part has its own line."""
    text = ", ".join(part for part in parts if part)
    if not text:
        return
    if 0.05 * len(text) > panel_width(axes) - 0.5:
        text = text.replace(", ", ",\n")
    artist = axes.annotate(
        text, (1, 1), (0, style.points(2)), xycoords="axes fraction",
        textcoords="offset points", ha="right", va="bottom",
        fontsize=style.points(6.5), color=style.FLAG, linespacing=1.0,
    )  # fmt: skip
    artist.set_gid("note")


def note_beyond(axes: Axes, count: int, total: int, what: str = "") -> None:
    """Note above a panel how many values lie beyond its axis, if any do."""
    note(axes, f"{count} of {total}{what} beyond axis" if count else "")


def mark_beyond(
    axes: Axes, x: Any, y: Any, ink: Any, xlim: Limits = NO_LIMITS, ylim: Limits = NO_LIMITS
) -> int:
    """Mark points outside the limits by open arrow heads at the edge; return their number.

    A point beyond both axes is marked above or below.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    high, low = y > ylim[1], y < ylim[0]
    across = ~(high | low)
    right, left = across & (x > xlim[1]), across & (x < xlim[0])
    look = {"ms": 3, "mfc": "none", "mec": ink, "mew": 0.7, "clip_on": False, "zorder": 5}
    for outside, edge, head in ((high, 1 - EDGE, "^"), (low, EDGE, "v")):
        if outside.any():
            at = np.clip(x[outside], *xlim), np.full(outside.sum(), edge)
            axes.plot(*at, head, transform=axes.get_xaxis_transform(), **look)
    for outside, edge, head in ((right, 1 - EDGE, ">"), (left, EDGE, "<")):
        if outside.any():
            at = np.full(outside.sum(), edge), y[outside]
            axes.plot(*at, head, transform=axes.get_yaxis_transform(), **look)
    return int((high | low | right | left).sum())


def positive_bars(values: np.ndarray, bars: np.ndarray) -> np.ndarray:
    """Lengths of error bars on a logarithmic axis, below and above the values: shape (2, n).

    A bar that would reach zero ends just above it.
    """
    below = np.minimum(bars, 0.999 * np.maximum(values, 0))
    return np.nan_to_num(np.stack([below, bars]), posinf=0.0)


def cell_marks(
    axes: Axes,
    cells: pd.DataFrame,
    x: np.ndarray,
    y: np.ndarray,
    bars: np.ndarray,
    summary: Summary,
    method: str,
    bars_along: str,
    max_bars: int = MAX_BARS,
) -> None:
    """Draw one mark per cell of a method at (x, y), lighter where a cell has fewer trials.

    ``bars`` are the lengths of error bars along "x" or "y", shape (cells,) or (2, cells); with more
    than ``max_bars`` cells they are left out.
    """
    many, draws_bars = len(cells) > MAX_BARS, len(cells) <= max_bars
    ink, trials = style.colour(summary.methods, method), summary.trials
    for rank, count in enumerate(trials):
        rows = (cells["trials"] == count).to_numpy()
        errors: dict[str, Any] = {f"{bars_along}err": bars[..., rows]} if draws_bars else {}
        axes.errorbar(
            x[rows], y[rows], ls="", marker=style.marker(summary.methods, method),
            ms=1.6 if many else 2.4, mew=0, elinewidth=0.4 if many else 0.6,
            color=style.shade(ink, rank, len(trials)), **errors,
        )  # fmt: skip


def cell_entries(
    summary: Summary, cells: int, bars_along: str, max_bars: int = MAX_BARS
) -> list[Line2D]:
    """Legend entries of `cell_marks`, given the number of cells per method."""
    bars = [] if cells > max_bars else [bar_entry(bars_along)]
    return [*trial_entries(summary.trials, "one cell, {} trials"), *bars]


def strips(
    axes: Axes,
    rows: pd.DataFrame,
    summary: Summary,
    methods: Sequence[str],
    sort_first: Sequence[str] = (),
    names: bool = True,
    max_bars: int = MAX_BARS,
) -> np.ndarray:
    """Draw a horizontal strip per method with a mark per cell, those with few trials on top.

    Cells with the same trials and participants are sorted by the truths ``sort_first``, then by the
    others. The horizontal scale must be set before, because bars on a logarithmic one are cut.
    Returns the vertical position of each row, shape (rows,).
    """
    positions = pd.Series(np.nan, index=rows.index)
    order = list(dict.fromkeys(["trials", "participants", *sort_first, *summary.truths]))
    for k, method in enumerate(methods):
        cells = rows[rows["method"] == method].sort_values(order, kind="stable")
        y = k + (np.arange(len(cells)) - (len(cells) - 1) / 2) * 0.75 / max(1, len(cells))
        positions[cells.index] = y
        values = cells["value"].to_numpy(dtype=float)
        bars = half_width(cells["mcse"])
        if axes.get_xscale() == "log":
            bars = positive_bars(values, bars)
        cell_marks(axes, cells, values, y, bars, summary, method, "x", max_bars)
    axes.set(yticks=range(len(methods)), ylim=(len(methods) - 0.5, -0.5))
    labels = _strip_labels(methods if names else (), style.figure_width(axes))
    broken: dict[str, Any] = {"linespacing": 1.0} if "\n" in "".join(labels) else {}
    axes.set_yticklabels(labels, **broken)
    return positions.to_numpy()


def _strip_labels(methods: Sequence[str], width: float) -> list[str]:
    """Names of methods beside their strips, broken where they are long."""
    letters = NAME_LETTERS[style.narrow(width)]
    return [name if len(name) <= letters else "\n".join(wrap(name, letters)) for name in methods]


def strip_height(methods: Sequence[str], width: float, default: float) -> float:
    """Height of a strip in inches: the default, or more where a name takes several lines."""
    lines = max(name.count("\n") + 1 for name in _strip_labels(methods, width))
    return max(default, 0.04 + 0.11 * lines)


def has_long_names(methods: Sequence[str]) -> bool:
    """Whether the names beside a panel take as much width as a panel."""
    return max(map(len, methods), default=0) > LONG_NAME


def method_label(method: str, level: str) -> str:
    """Name of a method for a title, with the level unless it is individual participants."""
    return method if level == "participant" else f"{method} (group)"
