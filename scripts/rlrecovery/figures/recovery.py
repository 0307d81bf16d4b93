"""Truth against estimate."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, counted, row_level, shown_trials, support, symbol

#: Points drawn per panel; medians and quantiles use every point of the table.
MOST_POINTS = 250
#: Points that a bin of truths should hold, so that its 10 and 90 % quantiles mean something.
PER_BIN = 25
#: Estimates that are kept although their interval is missing or says nothing.
VAGUE = ("no_interval", "not_identified")


@style.styled
def draw_recovery(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Estimates over truths with the identity line, per parameter, method and trials."""
    trials, people = shown_trials(summary, width), summary.participants[-1]
    if len(summary.methods) * len(trials) <= 4:
        rows = [(p, None) for p in summary.parameters]
        columns = list(itertools.product(summary.methods, trials))
    else:
        rows = list(itertools.product(summary.parameters, trials))
        columns = [(m, None) for m in summary.methods]

    def of(i: int, j: int) -> tuple[str, str, int]:
        """Parameter, method and trials of a panel."""
        return rows[i][0], columns[j][0], rows[i][1] or columns[j][1]

    places, pairs = itertools.product(range(len(rows)), range(len(columns))), summary.estimates
    there = [(i, j) for i, j in places if (columns[j][0], rows[i][0]) in pairs]
    grid = style.facets(
        width, len(rows), len(columns), height=1.65, there=there,
        telling=lambda place: -_correlation(_mine(summary, *of(*place), people)),
        titles=[(method, f"{trials[-1]} trials") for method in summary.methods],
    )  # fmt: skip
    for i, j in grid.places:
        parameter, method, count = of(i, j)
        limits = _limits(_chosen(summary, parameter, people, count), parameter)
        mine = _mine(summary, parameter, method, count, people)
        _panel(grid[i, j], mine, limits, style.colour(summary.methods, method))
        level = row_level(summary, method)
        of_group = "" if level == "participant" else " (group)"
        style.title(grid[i, j], f"{method}{of_group}", f"{count} trials", labelled=grid.flowing)
        grid[i, j].set_xlabel(f"true {symbol(parameter)}")
        if grid.begins(i, j):
            grid[i, j].set_ylabel(f"estimate of {symbol(parameter)}")
    grid.say_left_out("with the lowest correlations", "summary/points.csv")
    style.legend(grid.figure, _handles(people, summary.points["status"].isin(VAGUE).any()))
    return grid.figure


def _mine(summary: Summary, parameter: str, method: str, trials: int, people: int) -> pd.DataFrame:
    """Points of a method at its finest level."""
    chosen = _chosen(summary, parameter, people, trials)
    return chosen[(chosen["method"] == method) & (chosen["level"] == row_level(summary, method))]


def _correlation(points: pd.DataFrame) -> float:
    """Rank correlation of truth and estimate; NaN where it is not defined."""
    points = points.dropna(subset=["truth", "estimate"])
    if points["truth"].nunique() < 2 or points["estimate"].nunique() < 2:
        return np.nan
    return float(stats.spearmanr(points["truth"], points["estimate"]).statistic)


def _chosen(summary: Summary, parameter: str, people: int, trials: int) -> pd.DataFrame:
    points = summary.points
    return points[
        (points["parameter"] == parameter)
        & (points["participants"] == people)
        & (points["trials"] == trials)
        & points["level"].isin(summary.levels)
    ]


def _limits(points: pd.DataFrame, parameter: str) -> tuple[tuple[float, float], ...]:
    """Ranges of truth and estimate; a bounded parameter shows its whole support."""
    ends = [x for x in support(parameter) if np.isfinite(x)]
    if len(ends) == 2:
        both = style.fence(points["truth"], ends)
        return both, both
    across = style.fence(points["truth"], ends, factor=1e9)
    return across, style.fence(points["estimate"], [*ends, across[1]])


def _panel(
    axes: Axes, points: pd.DataFrame, limits: tuple[tuple[float, float], ...], ink: str
) -> None:
    x, y = limits
    axes.set(xlim=x, ylim=y)
    axes.axline((0, 0), slope=1, color=style.TRUTH, lw=0.8, zorder=1)
    points = points.dropna(subset=["truth", "estimate"])
    thin = points.iloc[:: max(1, -(-len(points) // MOST_POINTS))]
    looks = {
        "ok": ("o", {"ms": 2, "mew": 0, "color": ink, "alpha": 0.35}),
        "at_bound": ("^", {"ms": 3.5, "mfc": "none", "mec": style.FLAG, "mew": 0.7}),
        "not_converged": ("x", {"ms": 3, "mec": style.FLAG, "mew": 0.7}),
        "no_interval": ("D", {"ms": 3, "mfc": "none", "mec": style.FLAG, "mew": 0.7}),
    }
    kinds = thin["status"].astype("object").replace(dict.fromkeys(VAGUE, "no_interval"))
    for status, (mark, look) in looks.items():
        mine = thin[kinds == status]
        axes.plot(mine["truth"], mine["estimate"], mark, zorder=3, **look)
    style.beyond(axes, thin["truth"], thin["estimate"], y, style.FLAG)
    outside = (points["estimate"] < y[0]) | (points["estimate"] > y[1])
    style.note_beyond(axes, int(outside.sum()), len(points))
    _medians(axes, points)
    style.few_ticks(axes, x=5, y=5)


def _medians(axes: Axes, points: pd.DataFrame) -> None:
    """Median and 10 to 90 % quantiles of the estimates, per truth or per bin of truths."""
    if points.empty:
        return
    groups = points["truth"].round(9)
    if groups.nunique() > 20:
        bins = int(np.clip(len(points) // PER_BIN, 1, 8))
        groups = pd.qcut(points["truth"], bins, duplicates="drop")
    parts = points.groupby(groups, observed=True)
    low, middle, high = (parts["estimate"].quantile(q).to_numpy() for q in (0.1, 0.5, 0.9))
    axes.errorbar(
        parts["truth"].median().to_numpy(),
        middle,
        yerr=np.maximum([middle - low, high - middle], 0),
        fmt="o",
        ms=3.5,
        mfc="white",
        mec=style.TRUTH,
        ecolor=style.TRUTH,
        elinewidth=0.8,
        capsize=1.5,
        mew=0.8,
        zorder=4,
    )


def _handles(people: int, vague: bool) -> list[Line2D]:
    flag = style.FLAG
    handles = [
        Line2D([], [], color=style.TRUTH, lw=0.8, label="estimate = truth"),
        Line2D([], [], marker="o", ls="", ms=2.5, color=style.FAINT, label="one estimate"),
        Line2D([], [], marker="o", ls="-", lw=0.8, ms=3.5, mfc="white", color=style.TRUTH,
               label="median, 10–90 %"),
        Line2D([], [], ls="", label=counted(people, "participants")),
        Line2D([], [], marker="^", ls="", ms=3.5, mfc="none", color=flag,
               label="at bound or beyond axis"),
        Line2D([], [], marker="x", ls="", ms=3, color=flag, label="not converged"),
    ]  # fmt: skip
    label = "no interval or not identified"
    vaguely = Line2D([], [], marker="D", ls="", ms=3, mfc="none", color=flag, label=label)
    return [*handles, vaguely] if vague else handles
