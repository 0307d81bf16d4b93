"""Coverage at every nominal level."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, estimated, symbol

#: More cells than this are drawn without a bar each; the band shows their Monte Carlo error.
MOST_BARS = 24


@style.styled
def draw_coverage(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Coverage of every cell at every nominal level, per parameter, level and method."""
    coverage = summary.measure("coverage")
    rows, methods = estimated(summary, coverage, width), summary.methods
    groups = dict(list(coverage.groupby(["parameter", "level", "method"], observed=True)))

    def of(i: int, j: int) -> pd.DataFrame:
        """Cells of a panel."""
        return groups.get((*rows[i], methods[j]), coverage.iloc[:0])

    places = list(itertools.product(range(len(rows)), range(len(methods))))
    there = [place for place in places if not summary.mixed or of(*place)["value"].notna().any()]
    if not there:
        return style.blank(width, "There are no intervals.")
    grid = style.facets(
        width, len(rows), len(methods), height=1.4, share_rows=True, there=there,
        telling=lambda place: _astray(of(*place)), titles=[(method,) for method in methods],
    )  # fmt: skip
    for i, j in grid.places:
        axes, here, (parameter, level) = grid[i, j], of(i, j), rows[i]
        if grid.headed(i, j):
            style.title(axes, methods[j], labelled=grid.flowing)
        if here.empty:
            style.say(axes, f"no {level} estimate")
            axes.set_axis_off()
            continue
        _panel(axes, here, summary, methods[j])
        _limits(axes, coverage[(coverage["parameter"] == parameter) & (coverage["level"] == level)])
        if grid.begins(i, j):
            axes.set_ylabel(f"coverage of {symbol(parameter)}\n({level}, %)")
        axes.set_xlabel("nominal level (%)")
    grid.say_left_out("furthest from the nominal levels", "summary/recovery.csv")
    style.legend(grid.figure, _handles(summary))
    return grid.figure


def _astray(rows: pd.DataFrame) -> float:
    """Largest distance of the mean coverage over cells from a nominal level."""
    means = rows.groupby("interval")["value"].mean()
    return float((means - means.index).abs().max())


def _panel(axes: Axes, rows: pd.DataFrame, summary: Summary, method: str) -> None:
    levels, trials = summary.intervals, summary.trials
    order = [*("trials", "participants"), *summary.truths]
    ink = style.colour(summary.methods, method)
    for k, nominal in enumerate(levels):
        mine = rows[np.isclose(rows["interval"].astype(float), nominal)].sort_values(order)
        half = 100 * 1.96 * band(nominal, mine)
        axes.fill_between([k - 0.45, k + 0.45], 100 * nominal - half,
                          np.minimum(100 * nominal + half, 100), color="#dddddd", lw=0)  # fmt: skip
        axes.plot([k - 0.45, k + 0.45], [100 * nominal] * 2, color=style.TRUTH, lw=0.8, zorder=5)
        x = k + (np.arange(len(mine)) - (len(mine) - 1) / 2) * 0.8 / max(1, len(mine))
        bars = 100 * mine["mcse"].fillna(0).to_numpy(dtype=float)
        for rank, count in enumerate(trials):
            at = (mine["trials"] == count).to_numpy()
            many = len(mine) > MOST_BARS
            axes.errorbar(
                x[at], 100 * mine["value"].to_numpy(dtype=float)[at],
                yerr=None if many else bars[at], ls="", ms=1.6 if many else 2.4, mew=0,
                marker=style.marker(summary.methods, method), elinewidth=0.6,
                color=style.shade(ink, rank, len(trials)),
            )  # fmt: skip
    ticks = [f"{100 * level:g}" for level in levels]
    axes.set(xticks=range(len(levels)), xticklabels=ticks)


def _limits(axes: Axes, rows: pd.DataFrame) -> None:
    """The same range for all methods of a row, with every bar and band inside."""
    low = float((rows["value"] - rows["mcse"].fillna(0)).min())
    for (_, nominal), part in rows.groupby(["method", "interval"]):
        low = min(low, float(nominal) - 1.96 * band(float(nominal), part))
    axes.set_ylim(max(-3, 100 * low - 3), 103)


def band(nominal: float, rows: pd.DataFrame) -> float:
    """Monte Carlo SE that an honest method would have in one cell.

    Binomial over the rows of a cell, but never less than the median reported MCSE, which knows
    that rows of one data set belong together.
    """
    if rows.empty:
        return 0.0
    binomial = np.sqrt(nominal * (1 - nominal) / max(1.0, float(rows["n_rows"].median())))
    return float(np.nanmax([binomial, rows["mcse"].median()]))


def _handles(summary: Summary) -> list[Line2D | Patch]:
    trials = summary.trials
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=style.TRUTH, lw=0.8, label="nominal"),
        Patch(color="#dddddd", label="95 % Monte Carlo band"),
    ]
    grey = "#333333"
    return handles + [
        Line2D([], [], marker="o", ls="", ms=3, color=style.shade(grey, k, len(trials)),
               label=f"one cell, {count} trials")
        for k, count in enumerate(trials)
    ]  # fmt: skip
