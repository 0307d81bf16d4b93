"""Estimates against true values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.axes import Limits, fence, few_ticks
from rlrecovery.figures.labels import counted, support, symbol
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.panels import mark_beyond, method_label, note_beyond
from rlrecovery.figures.subsets import method_panels, shown_trials, thinned
from rlrecovery.score.correlation import spearman
from rlrecovery.score.results import Summary, finest_level

#: Points drawn per panel; medians and quantiles use every point of the table.
MAX_POINTS = 250
#: Number of points in a bin of truths that gives meaningful 10 and 90 % quantiles.
POINTS_PER_BIN = 25
#: Statuses of estimates that are kept although their interval is missing or uninformative.
NO_INTERVAL = ("no_interval", "not_identified")

_FLAGGED = {"mfc": "none", "mec": style.FLAG, "mew": 0.7}
#: Marker and look of flagged estimates by status, and what the legend calls them.
FLAGS: dict[str, tuple[str, dict[str, Any], str]] = {
    "at_bound": ("^", _FLAGGED | {"ms": 3.5}, "at bound or beyond axis"),
    "not_converged": ("x", {"ms": 3, "mec": style.FLAG, "mew": 0.7}, "not converged"),
    "no_interval": ("D", _FLAGGED | {"ms": 3}, "no interval or not identified"),
}


@style.styled
def draw_recovery(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw estimates over truths with the identity line, per parameter, method and trials."""
    trials = shown_trials(summary, width)
    panels = method_panels(summary.parameters, summary.methods, trials)
    by_panel, nothing = _by_panel(summary), summary.points.iloc[:0]
    points = {position: by_panel.get(panel, nothing) for position, panel in panels.items()}
    limits = {
        (name, count): estimate_limits(
            pd.concat([by_panel.get((name, method, count), nothing) for method in summary.methods]),
            name,
        )
        for name, count in {(name, count) for name, _, count in panels.values()}
    }
    rows, columns = (1 + max(numbers) for numbers in zip(*panels, strict=True))
    estimates = summary.method_parameters
    titles = [(method, f"{trials[-1]} trials") for method in summary.methods]
    page = facets(
        width,
        rows,
        columns,
        PanelSize(1.65, titles=titles),
        existing=[key for key, (name, method, _) in panels.items() if (method, name) in estimates],
        priority=lambda position: -_correlation(points[position]),
    )
    for position in page.positions:
        axes, (parameter, method, count) = page[position], panels[position]
        ink = style.colour(summary.methods, method)
        draw_estimates(axes, points[position], limits[parameter, count], ink)
        label = method_label(method, finest_level(summary, method))
        page.title(position, label, f"{count} trials")
        axes.set_xlabel(f"true {symbol(parameter)}")
        page.row_label(position, f"estimate of {symbol(parameter)}")
    page.note_left_out("with the lowest correlations", "summary/points.csv")
    legend(page.figure, _entries(summary))
    return page.figure


def _by_panel(summary: Summary) -> dict[tuple[str, str, int], pd.DataFrame]:
    """Points by parameter, method and trials, at the finest level of the method.

    They are those with the largest number of participants.
    """
    points = summary.points[summary.points["participants"] == summary.participants[-1]]
    level = {method: finest_level(summary, method) for method in summary.methods}
    points = points[
        points["level"].astype("object") == points["method"].map(level).astype("object")
    ]
    return dict(list(points.groupby(["parameter", "method", "trials"], observed=True)))


def _correlation(points: pd.DataFrame) -> float:
    """Rank correlation of truth and estimate; NaN where it is not defined."""
    points = points.dropna(subset=["truth", "estimate"])
    if points["truth"].nunique() < 2 or points["estimate"].nunique() < 2:
        return np.nan
    return spearman(*(points[name].to_numpy(dtype=float) for name in ("truth", "estimate")))


def estimate_limits(points: pd.DataFrame, parameter: str) -> tuple[Limits, Limits]:
    """Limits of truth and estimate; for a bounded parameter both are its whole support."""
    bounds = [x for x in support(parameter) if np.isfinite(x)]
    if len(bounds) == 2:
        both = fence(points["truth"], bounds)
        return both, both
    across = fence(points["truth"], bounds, factor=1e9)
    return across, fence(points["estimate"], [*bounds, across[1]])


def draw_estimates(
    axes: Axes, points: pd.DataFrame, limits: tuple[Limits, Limits], ink: str
) -> set[str]:
    """Draw estimates over truths by status, the identity line and the medians.

    ``points`` has the columns ``truth``, ``estimate`` and ``status``. Returns the keys of `FLAGS`
    that are in the panel.
    """
    x, y = limits
    axes.set(xlim=x, ylim=y)
    axes.axline((0, 0), slope=1, color=style.TRUTH, lw=0.8, zorder=1)
    points = points.dropna(subset=["truth", "estimate"])
    shown = thinned(points, MAX_POINTS)
    statuses = shown["status"].astype("object").replace(dict.fromkeys(NO_INTERVAL, "no_interval"))
    unflagged: dict[str, Any] = {"ms": 2, "mew": 0, "color": ink, "alpha": 0.35}
    for status, (mark, look, _) in ({"ok": ("o", unflagged, "")} | FLAGS).items():
        rows = shown[statuses == status]
        axes.plot(rows["truth"], rows["estimate"], mark, zorder=3, **look)
    mark_beyond(axes, shown["truth"], shown["estimate"], style.FLAG, ylim=y)
    outside = (points["estimate"] < y[0]) | (points["estimate"] > y[1])
    note_beyond(axes, int(outside.sum()), len(points))
    _medians(axes, points)
    few_ticks(axes, x=5, y=5)
    return (set(statuses) & set(FLAGS)) | ({"at_bound"} if outside.any() else set())


def _medians(axes: Axes, points: pd.DataFrame) -> None:
    """Draw median and 10 to 90 % quantiles of the estimates, per truth or bin of truths."""
    if points.empty:
        return
    groups = points["truth"].round(9)
    if groups.nunique() > 20:
        bins = int(np.clip(len(points) // POINTS_PER_BIN, 1, 8))
        groups = pd.qcut(points["truth"], bins, duplicates="drop")
    parts = points.groupby(groups, observed=True)
    low, middle, high = (parts["estimate"].quantile(q).to_numpy() for q in (0.1, 0.5, 0.9))
    axes.errorbar(
        parts["truth"].median().to_numpy(), middle,
        yerr=np.maximum([middle - low, high - middle], 0), fmt="o", ms=3.5, mfc="white",
        mec=style.TRUTH, ecolor=style.TRUTH, elinewidth=0.8, capsize=1.5, mew=0.8, zorder=4,
    )  # fmt: skip


def estimate_entries(flags: Iterable[str]) -> list[Line2D]:
    """Legend entries of `draw_estimates`, with these keys of `FLAGS`."""
    looks = [FLAGS[flag] for flag in FLAGS if flag in set(flags)]
    return [
        entry("estimate = truth", color=style.TRUTH, lw=0.8),
        entry("one estimate", marker="o", ls="", ms=2.5, color=style.FAINT),
        entry(
            "median, 10–90 %", marker="o", ls="-", lw=0.8, ms=3.5, mfc="white", color=style.TRUTH
        ),
        *(entry(label, marker=mark, ls="", **look) for mark, look, label in looks),
    ]


def _entries(summary: Summary) -> list[Line2D]:
    """Legend entries of the line, the points and their statuses, and the participants."""
    has_no_interval = summary.points["status"].isin(NO_INTERVAL).any()
    flags = ("at_bound", "not_converged", *(("no_interval",) if has_no_interval else ()))
    entries = estimate_entries(flags)
    entries.insert(3, entry(counted(summary.participants[-1], "participants"), ls=""))
    return entries
