"""Limits, ticks and labels of the axes of a panel."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from rlrecovery.figures import style

#: Limits of an axis, lowest first.
Limits = tuple[float, float]

#: With at most this many values the limits include all of them: there are too few to say which
#: are outliers.
_FEW = 12
#: Quantiles that the limits of an axis of many values include.
CENTRAL = (0.01, 0.99)


def fence(values: Any, keep: Sequence[float] = (), factor: float = 3.0) -> Limits:
    """Limits of an axis, with a margin of 5 %, that a few outliers cannot stretch.

    They include all of ``keep`` and are at most ``factor`` interquartile ranges from the quartiles
    of the values.
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    kept = [float(x) for x in keep if np.isfinite(x)]
    if finite.size:
        low, high = np.quantile(finite, [0.25, 0.75])
        reach = factor * (high - low) if finite.size > _FEW else np.inf
        low, high = max(finite.min(), low - reach), min(finite.max(), high + reach)
        kept += [float(low), float(high)]
    low, high = (min(kept), max(kept)) if kept else (0.0, 1.0)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def quantile_fence(values: Any, keep: Sequence[float] = ()) -> Limits:
    """Limits of an axis, with a margin of 5 %, that show all values but the most extreme ones.

    They include all of ``keep`` and the central 98 % of the values, and of the others those that
    are not further away than a quarter of the range of the central ones.
    """
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if finite.size > _FEW:
        # Neither end is between two values, so that a single outlier has no influence.
        low = np.quantile(finite, CENTRAL[0], method="higher")
        high = np.quantile(finite, CENTRAL[1], method="lower")
        reach = 0.25 * (high - low)
        finite = finite[(finite >= low - reach) & (finite <= high + reach)]
    return fence([], [*finite, *keep])


def log_fence(values: Any, keep: Sequence[float] = (), factor: float = 3.0) -> Limits:
    """Limits as in `fence`, for a logarithmic axis; values that are not positive are ignored."""
    values = np.asarray(values, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = fence(np.log10(values[values > 0]), np.log10(keep).tolist(), factor)
    return 10**low, 10**high


def panel_width(axes: Axes) -> float:
    """Width in inches that a panel has, including its labels."""
    grid = axes.get_gridspec()
    return style.figure_width(axes) / (grid.ncols if grid is not None else 1)


def few_ticks(axes: Axes, x: int | None = None, y: int | None = None) -> None:
    """Limit the number of ticks; a narrow panel gets at most three along the horizontal axis."""
    if x:
        axes.xaxis.set_major_locator(MaxNLocator(x if panel_width(axes) > 1.9 else min(x, 3)))
    if y:
        axes.yaxis.set_major_locator(MaxNLocator(y))


def log_ticks(axis: Axis, low: float, high: float, most: int = 5) -> None:
    """Set at most ``most`` ticks at round numbers on a logarithmic axis from low to high."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(FixedLocator([]))
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    ticks: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**decade for decade in decades for step in steps]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= most:
            break
    ticks = ticks[:: -(-len(ticks) // most)] if ticks else ticks
    axis.set_major_locator(FixedLocator(ticks) if len(ticks) > 1 else MaxNLocator(min(most, 3)))


def xlabel(axes: Axes, text: str, margin: float = 0.25) -> None:
    """Label the horizontal axis, breaking the text at ``;`` where the panel is narrow.

    ``margin`` is the width in inches of the panel's vertical labels.
    """
    if 0.06 * len(text) > panel_width(axes) - margin:
        text = text.replace("; ", ";\n")
    axes.set_xlabel(text)


def title(axes: Axes, *parts: str, ylabel_everywhere: bool = False) -> None:
    """Set the title of a panel at its left end, above the line of its `panels.note`.

    In a narrow panel every part has its own line. There is less room if the vertical axis of every
    panel has a label (``ylabel_everywhere``).
    """
    one_column = style.narrow(style.figure_width(axes))
    lines = title_lines(parts, panel_width(axes), one_column, ylabel_everywhere)
    notes = [text.get_text() for text in axes.texts if text.get_gid() == "note"]
    extra = sum(text.count("\n") for text in notes)
    axes.set_title(
        "\n".join(lines), loc="left", pad=style.points(12.5 + 7 * extra), fontsize=style.points(7.5)
    )


def title_lines(
    parts: Sequence[str], width: float, one_column: bool, ylabel_everywhere: bool
) -> list[str]:
    """Split a title into lines for a panel of the given width in inches."""
    margin = 0.7 if one_column else 0.65 if ylabel_everywhere else 0.5
    text = (",\n" if width < 1.9 else ", ").join(parts)
    letters = int((width - margin) / 0.057)
    return [line for part in text.split("\n") for line in wrap(part, letters)]


def wrap(text: str, letters: int) -> list[str]:
    """Lines of at most ``letters`` letters, broken after a comma where possible."""
    lines = [""]
    pieces = [piece + "," for piece in text.split(", ")]
    pieces[-1] = pieces[-1][:-1]
    for piece in pieces:
        if len(lines[-1]) + 1 + len(piece) <= letters and lines[-1]:
            lines[-1] += " " + piece
            continue
        # Names of methods may be long and contain no space, so that they are broken after "_".
        broken = textwrap.wrap(piece.replace("_", "_ "), letters)
        lines += [line.replace("_ ", "_") for line in broken]
    return lines[1:] or [""]
