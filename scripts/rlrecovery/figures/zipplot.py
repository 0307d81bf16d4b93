"""Every interval of a method, the most surprising ones on top (zip plot)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, mean_of_rows, row_level, symbol
from rlrecovery.storage.files import interval_columns

#: Intervals drawn per panel, evenly spaced by rank; coverage and ranks use every one.
MOST_INTERVALS = 500
#: Where every panel covers at least so many per cent, the axis begins at its middle.
HALF = 60
_NORMAL = 1.959963984540054


class Share(NamedTuple):
    """A proportion.

    Attributes
    ----------
    value : float
        NaN where it rests on nothing.
    low, high : float
        Ends of its 95 % Monte Carlo interval; NaN where that cannot be estimated.
    """

    value: float
    low: float
    high: float


@style.styled
def draw_zip(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Widest intervals minus truth, sorted by the standardised error, per parameter and method."""
    nominal = summary.intervals[-1] if summary.intervals else None
    if nominal is None or not set(interval_columns(nominal)) <= set(summary.points.columns):
        return style.blank(width, "There are no intervals to draw.")
    rows, methods = summary.parameters, summary.methods
    known = summary.estimates
    pairs = [(p, m) for p in rows for m in methods if (m, p) in known]
    every = {(p, m): ranked(summary, p, m, nominal) for p, m in pairs}
    seen = {pair: coverage(table) for pair, (table, _) in every.items()}
    bottom = 50 if all(100 * s.value >= HALF for s in seen.values() if s.value == s.value) else 0
    grid = style.facets(
        width, len(rows), len(methods), height=1.75, share_rows=True,
        there=[(rows.index(p), methods.index(m)) for p, m in pairs],
        telling=lambda place: abs(seen[rows[place[0]], methods[place[1]]].value - nominal),
        titles=[(f"{method}\ncoverage",) for method in methods],
    )  # fmt: skip
    for i, j in grid.places:
        parameter, method = rows[i], methods[j]
        axes, (table, total) = grid[i, j], every[parameter, method]
        ends = [each[["low", "high"]].to_numpy() for (p, _), (each, _) in every.items()
                if p == parameter]  # fmt: skip
        limits = style.fence(np.concatenate([e.ravel() for e in ends]), [0])
        _panel(axes, table, total, limits, style.colour(methods, method))
        _levels(axes, seen[parameter, method], nominal, bottom)
        of = "" if row_level(summary, method) == "participant" else " (group)"
        style.title(axes, f"{method}{of}\n{_words(seen[parameter, method])}", labelled=grid.flowing)
        axes.set_xlabel(f"interval − true {symbol(parameter)}")
        if grid.begins(i, j):
            axes.set_ylabel("centile of\n|error| / SE (%)")
    grid.say_left_out("whose coverage is furthest from nominal", "summary/points.csv")
    style.legend(grid.figure, _handles(nominal))
    return grid.figure


def ranked(
    summary: Summary, parameter: str, method: str, nominal: float
) -> tuple[pd.DataFrame, int]:
    """Intervals of a method around the truth, with their rank.

    Parameters
    ----------
    summary : Summary
        Its ``points`` are read, at the finest level of the method and of all cells.
    parameter, method : str
        Whose intervals.
    nominal : float
        Level of the intervals.

    Returns
    -------
    table : DataFrame
        Rows with estimate, SE and interval by rising |estimate - truth| / SE: ``low`` and ``high``
        (ends minus truth), ``covers``, ``centile`` (0 to 100, that of the middle of a rank),
        ``cell`` and ``replicate``.
    total : int
        Rows there are, those that cannot be ranked included.
    """
    points = summary.points
    points = points[(points["method"] == method) & (points["parameter"] == parameter)]
    points = points[points["level"] == row_level(summary, method)]
    lower, upper = interval_columns(nominal)
    se = points["se"].astype(float)
    z = (points["estimate"] - points["truth"]).abs() / se.where(se > 0)
    usable = np.isfinite(z) & points[lower].notna() & points[upper].notna()
    table = points.assign(
        z=z,
        low=points[lower] - points["truth"],
        high=points[upper] - points["truth"],
        covers=(points[lower] <= points["truth"]) & (points["truth"] <= points[upper]),
    )[usable].sort_values("z", kind="stable")
    centile = 100 * (np.arange(len(table)) + 0.5) / max(1, len(table))
    kept = ["cell", "replicate", "z", "low", "high", "covers"]
    return table[kept].assign(centile=centile), len(points)


def coverage(table: pd.DataFrame) -> Share:
    """Share of intervals that hold the truth, with data sets as the independent unit.

    Its interval is Wilson's with the number of independent rows that would have the same standard
    error (see `mean_of_rows`), so that it stays between 0 and 1.
    """
    p, se = mean_of_rows(table["covers"].astype(float), table)
    if not np.isfinite(se):
        return Share(p, np.nan, np.nan)
    sets = len(table[["cell", "replicate"]].drop_duplicates())
    n = p * (1 - p) / se**2 if se > 0 else sets
    return Share(p, *_wilson(p, float(np.clip(n, 1, len(table)))))


def _wilson(p: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion among n independent rows."""
    shrunk = p + _NORMAL**2 / (2 * n)
    half = _NORMAL * np.sqrt(p * (1 - p) / n + _NORMAL**2 / (4 * n**2))
    low, high = ((shrunk + side * half) / (1 + _NORMAL**2 / n) for side in (-1, 1))
    return max(0.0, float(low)), min(1.0, float(high))


def _panel(
    axes: Axes, table: pd.DataFrame, total: int, limits: tuple[float, float], ink: str
) -> None:
    """The intervals, those that miss the truth in another colour."""
    axes.set_xlim(limits)
    thin = table.iloc[:: max(1, -(-len(table) // MOST_INTERVALS))]
    looks = ((True, style.shade(ink, 0, 2), 2), (False, style.FLAG, 3))
    for covers, tone, order in looks:
        mine = thin[thin["covers"] == covers]
        low, high = (np.clip(mine[end], *limits) for end in ("low", "high"))
        lines = [[(a, y), (b, y)] for a, b, y in zip(low, high, mine["centile"], strict=True)]
        axes.add_collection(LineCollection(lines, colors=[tone], lw=0.5, zorder=order))
    axes.axvline(0, color=style.TRUTH, lw=0.8, zorder=4)
    cut = int(((table["low"] < limits[0]) | (table["high"] > limits[1])).sum())
    lost = total - len(table)
    remarks = [f"{cut} cut"] * bool(cut) + [f"{lost} of {total} left out"] * bool(lost)
    if remarks:
        style.note(axes, ", ".join(remarks))
    style.few_ticks(axes, x=5)


def _levels(axes: Axes, seen: Share, nominal: float, bottom: float) -> None:
    """Nominal and observed coverage as lines across the panel."""
    axes.set_ylim(bottom, 100)
    axes.set_yticks([*np.linspace(bottom, 100, 3)])
    if np.isfinite(seen.low):
        axes.axhspan(100 * seen.low, 100 * seen.high, color="#999999", alpha=0.45, lw=0, zorder=5)
    if np.isfinite(seen.value):
        axes.axhline(100 * seen.value, color="#444444", lw=0.8, ls=(0, (4, 1.5)), zorder=6)
    else:
        style.say(axes, "no intervals")
    axes.axhline(100 * nominal, color=style.TRUTH, lw=0.8, zorder=6)


def _words(seen: Share) -> str:
    """Observed coverage with its Monte Carlo interval."""
    if not np.isfinite(seen.value):
        return ""
    ends = f" ({100 * seen.low:.1f}–{100 * seen.high:.1f})" if np.isfinite(seen.low) else ""
    return f"{100 * seen.value:.1f}\N{NO-BREAK SPACE}%{ends}"


def _handles(nominal: float) -> list[Line2D | Patch]:
    grey = style.shade(style.FAINT, 0, 2)
    return [
        Line2D([], [], color=grey, lw=2, label=f"{100 * nominal:g} % interval, holds the truth"),
        Line2D([], [], color=style.FLAG, lw=2, label="misses it"),
        Line2D([], [], color=style.TRUTH, lw=0.8, label="nominal level"),
        Line2D([], [], color="#444444", lw=0.8, ls=(0, (4, 1.5)), label="observed coverage"),
        Patch(color="#999999", alpha=0.45, lw=0, label="its 95 % Monte Carlo interval"),
    ]
