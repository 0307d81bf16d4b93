"""Zip plot: every interval of a method, sorted by the standardised error of its estimate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.figures.axes import Limits, fence, few_ticks
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.panels import message, method_label, note
from rlrecovery.figures.subsets import parameter_panels, thinned
from rlrecovery.figures.uncertainty import Z, decimals
from rlrecovery.score.pooling import mean_over_data_sets
from rlrecovery.score.results import Summary, finest_level
from rlrecovery.storage.schemas import interval_columns

#: Intervals drawn per panel; coverage and ranks use every one.
MAX_INTERVALS = 500
#: If the coverage is at least this (per cent) in all panels, the axis begins at 50 %.
HALF_FROM = 60
#: Observed coverage: colour and style of the line, properties of the band.
OBSERVED, OBSERVED_LINE = "#444444", (0, (4, 1.5))
BAND: dict[str, Any] = {"color": "#999999", "alpha": 0.45, "lw": 0}


class Share(NamedTuple):
    """A proportion.

    Attributes
    ----------
    value : float
        NaN without observations.
    low, high : float
        Ends of its 95 % Monte Carlo interval; NaN where this cannot be estimated.
    """

    value: float
    low: float
    high: float


@style.styled
def draw_zip(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the intervals of the highest nominal level, per parameter and method."""
    nominal = summary.intervals[-1] if summary.intervals else None
    if nominal is None or not set(interval_columns(nominal)) <= set(summary.points.columns):
        return style.blank(width, "There are no intervals to draw.")
    parameters, methods = summary.parameters, summary.methods
    panels = parameter_panels(summary, parameters, methods)
    intervals = {key: ranked(summary, *panel, nominal) for key, panel in panels.items()}
    coverages = {key: coverage(table) for key, (table, _) in intervals.items()}
    bottom = _bottom(coverages.values())
    page = facets(
        width,
        len(parameters),
        len(methods),
        PanelSize(1.75, titles=[(f"{method}\n95.12 % (94.12–96.12)",) for method in methods]),
        existing=panels,
        priority=lambda position: abs(coverages[position].value - nominal),
        share_rows=True,
    )
    for position in page.positions:
        axes, (parameter, method) = page[position], panels[position]
        limits = _limits(table for (i, _), (table, _) in intervals.items() if i == position[0])
        _panel(axes, *intervals[position], limits, style.colour(methods, method))
        _coverage_lines(axes, coverages[position], nominal, bottom)
        label = method_label(method, finest_level(summary, method))
        page.title(position, f"{label}\n{_percent(coverages[position])}")
        axes.set_xlabel(f"interval − true {symbol(parameter)}")
        page.row_label(position, "centile of\n|error| / SE (%)")
    page.note_left_out("whose coverage is furthest from nominal", "summary/points.csv")
    legend(page.figure, _entries(nominal))
    return page.figure


def _bottom(coverages: Iterable[Share]) -> int:
    """Lower end of the vertical axes in per cent."""
    values = [100 * share.value for share in coverages if np.isfinite(share.value)]
    return 50 if all(value >= HALF_FROM for value in values) else 0


def _limits(tables: Iterable[pd.DataFrame]) -> Limits:
    """Horizontal limits for the intervals of a row of panels."""
    ends = [table[["low", "high"]].to_numpy().ravel() for table in tables]
    return fence(np.concatenate(ends), [0])


def ranked(
    summary: Summary, parameter: str, method: str, nominal: float
) -> tuple[pd.DataFrame, int]:
    """Intervals of a method minus the truth, in all cells, and the number of rows in all.

    Rows with estimate, SE and interval are sorted by |estimate - truth| / SE, with ``low`` and
    ``high`` (ends minus truth), ``covers``, ``centile`` (0 to 100, of the middle of a rank),
    ``cell`` and ``replicate``.
    """
    points = summary.points
    points = points[(points["method"] == method) & (points["parameter"] == parameter)]
    points = points[points["level"] == finest_level(summary, method)]
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
    columns = ["cell", "replicate", "z", "low", "high", "covers"]
    return table[columns].assign(centile=centile), len(points)


def coverage(table: pd.DataFrame) -> Share:
    """Share of intervals that contain the truth, with data sets as the independent unit.

    The Monte Carlo interval is Wilson's, for the number of independent rows that would have the
    same standard error (see `mean_over_data_sets`), so that it lies between 0 and 1.
    """
    p, se = mean_over_data_sets(table["covers"].astype(float), table)
    if not np.isfinite(se):
        return Share(p, np.nan, np.nan)
    data_sets = len(table[["cell", "replicate"]].drop_duplicates())
    n = p * (1 - p) / se**2 if se > 0 else data_sets
    return Share(p, *_wilson(p, float(np.clip(n, 1, len(table)))))


def _wilson(p: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion of n independent rows."""
    centre = p + Z**2 / (2 * n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    low, high = ((centre + side * half) / (1 + Z**2 / n) for side in (-1, 1))
    return max(0.0, float(low)), min(1.0, float(high))


def _panel(axes: Axes, table: pd.DataFrame, total: int, limits: Limits, ink: str) -> None:
    """Draw the intervals, those that miss the truth in orange, and note what is not drawn."""
    axes.set_xlim(limits)
    shown = thinned(table, MAX_INTERVALS)
    for covers, tone, zorder in ((True, style.shade(ink, 0, 2), 2), (False, style.FLAG, 3)):
        rows = shown[shown["covers"] == covers]
        low, high = (np.clip(rows[end], *limits) for end in ("low", "high"))
        lines = [[(a, y), (b, y)] for a, b, y in zip(low, high, rows["centile"], strict=True)]
        axes.add_collection(LineCollection(lines, colors=[tone], lw=0.5, zorder=zorder))
    axes.axvline(0, color=style.TRUTH, lw=0.8, zorder=4)
    cut = int(((table["low"] < limits[0]) | (table["high"] > limits[1])).sum())
    left_out = total - len(table)
    note(axes, f"{cut} cut" if cut else "", f"{left_out} of {total} left out" if left_out else "")
    few_ticks(axes, x=5)


def _coverage_lines(axes: Axes, observed: Share, nominal: float, bottom: float) -> None:
    """Draw nominal and observed coverage as lines across the panel."""
    axes.set_ylim(bottom, 100)
    axes.set_yticks([*np.linspace(bottom, 100, 3)])
    if np.isfinite(observed.low):
        axes.axhspan(100 * observed.low, 100 * observed.high, zorder=5, **BAND)
    if np.isfinite(observed.value):
        axes.axhline(100 * observed.value, color=OBSERVED, lw=0.8, ls=OBSERVED_LINE, zorder=6)
    else:
        message(axes, "no intervals")
    axes.axhline(100 * nominal, color=style.TRUTH, lw=0.8, zorder=6)


def _percent(observed: Share) -> str:
    """Observed coverage with its Monte Carlo interval, in per cent."""
    if not np.isfinite(observed.value):
        return ""
    low, high = 100 * observed.low, 100 * observed.high
    places = decimals((high - low) / (2 * Z), unknown=1)
    ends = f" ({low:.{places}f}–{high:.{places}f})" if np.isfinite(observed.low) else ""
    return f"{100 * observed.value:.{places}f}\N{NO-BREAK SPACE}%{ends}"


def _entries(nominal: float) -> list[Artist]:
    """Legend entries of the intervals and the lines of coverage."""
    grey = style.shade(style.FAINT, 0, 2)
    return [
        entry(f"{100 * nominal:g} % interval, contains the truth", color=grey, lw=2),
        entry("misses it", color=style.FLAG, lw=2),
        entry("nominal level", color=style.TRUTH, lw=0.8),
        entry("observed coverage", color=OBSERVED, lw=0.8, ls=OBSERVED_LINE),
        Patch(label="its 95 % Monte Carlo interval", **BAND),
    ]
