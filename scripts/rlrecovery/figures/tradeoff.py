"""Errors of two parameters of the same fit against each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, counted, row_level, shown_trials, symbol

MOST_POINTS = 300
#: Groups of data sets that the jackknife leaves out in turn.
BLOCKS = 20


@style.styled
def draw_tradeoff(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Estimation errors of every pair of parameters, per method and number of trials."""
    errors = {m: wide_errors(summary, m) for m in summary.methods}
    known, pairs = summary.estimates, list(itertools.combinations(summary.parameters, 2))
    together = {m: [p for p in pairs if {(m, p[0]), (m, p[1])} <= known] for m in errors}
    pairs = [pair for pair in pairs if any(pair in mine for mine in together.values())]
    if not pairs:
        return style.blank(width, "No two parameters are estimated together.")
    trials = shown_trials(summary, width)
    if len(summary.methods) * len(trials) <= 4:
        rows = [(pair, None) for pair in pairs]
        columns = list(itertools.product(summary.methods, trials))
    else:
        rows = list(itertools.product(pairs, trials))
        columns = [(m, None) for m in summary.methods]

    def of(i: int, j: int) -> tuple[tuple[str, str], str, int]:
        """Parameters, method and trials of a panel."""
        return rows[i][0], columns[j][0], rows[i][1] or columns[j][1]

    places = itertools.product(range(len(rows)), range(len(columns)))
    there = [place for place in places if of(*place)[0] in together[of(*place)[1]]]
    grid = style.facets(
        width, len(rows), len(columns), height=1.75, there=there,
        telling=lambda place: _strength(errors, *of(*place)),
        titles=[(method, f"{trials[-1]} trials\nρ") for method in summary.methods],
    )  # fmt: skip
    for i, j in grid.places:
        _named_panel(grid, (i, j), summary, errors, *of(i, j))
    grid.say_left_out("with the strongest correlations", "summary/points.csv")
    style.legend(grid.figure, _handles(summary))
    return grid.figure


def _named_panel(
    grid: style.Facets, place: style.Place, summary: Summary, errors: Mapping[str, pd.DataFrame],
    pair: tuple[str, str], method: str, count: int,
) -> None:  # fmt: skip
    """A panel with its labels; its limits are those of all methods."""
    axes = grid[place]
    every = pd.concat([e[e["trials"] == count] for e in errors.values()])
    limits = [style.fence(every[name], [0]) if name in every else (-1, 1) for name in pair]
    here = errors[method]
    here = here[here["trials"] == count]
    _panel(axes, here, pair, limits, style.colour(summary.methods, method))
    style.title(
        axes, method, f"{count} trials\n{axes.get_title(loc='left')}", labelled=grid.flowing
    )
    axes.set_xlabel(f"error of {symbol(pair[0])}")
    if grid.begins(*place):
        axes.set_ylabel(f"error of {symbol(pair[1])}")


def _strength(
    errors: Mapping[str, pd.DataFrame], pair: tuple[str, str], method: str, count: int
) -> float:
    """Size of the rank correlation; NaN where it is not defined."""
    here = errors[method]
    here = here[here["trials"] == count].dropna(subset=list(pair))
    ranks = here[list(pair)].rank()
    return abs(float(ranks[pair[0]].corr(ranks[pair[1]])))


def wide_errors(summary: Summary, method: str) -> pd.DataFrame:
    """Errors of one method's fits: one row per fit, one column per parameter."""
    points = summary.points
    points = points[(points["method"] == method) & (points["level"] == row_level(summary, method))]
    points = points[points["participants"] == summary.participants[-1]]
    keys = ["cell", "trials", "replicate", "participant"]
    errors = points.assign(error=points["estimate"] - points["truth"])
    errors = errors.pivot_table(index=keys, columns="parameter", values="error").reset_index()
    flagged = points[points["status"] == "at_bound"][keys].drop_duplicates().assign(flagged=True)
    errors = errors.merge(flagged, how="left", on=keys)
    return errors.assign(flagged=errors["flagged"].notna())


def rank_correlation(errors: pd.DataFrame, pair: tuple[str, str]) -> tuple[float, float]:
    """Spearman correlation of two errors and its standard error.

    The standard error is a jackknife over blocks of whole data sets, because participants of one
    data set are not independent.
    """
    errors = errors.dropna(subset=list(pair))
    a, b = (errors[name].to_numpy(dtype=float) for name in pair)
    if len(errors) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan, np.nan
    blocks = errors.groupby(["cell", "replicate"]).ngroup().to_numpy() % BLOCKS
    rho = float(stats.spearmanr(a, b).statistic)
    left = [
        stats.spearmanr(a[blocks != k], b[blocks != k]).statistic
        for k in np.unique(blocks)
        if (blocks != k).sum() > 2
    ]
    n = len(left)
    return rho, float(np.sqrt((n - 1) * np.var(left))) if n > 1 else np.nan


def _panel(axes: Axes, errors: pd.DataFrame, pair: tuple[str, str], limits: list, ink: str) -> None:
    (xlim, ylim), total = limits, len(errors)
    axes.set(xlim=xlim, ylim=ylim)
    axes.axhline(0, color=style.FAINT, lw=0.6, zorder=1)
    axes.axvline(0, color=style.FAINT, lw=0.6, zorder=1)
    if errors.empty or not set(pair) <= set(errors.columns):
        axes.set_title("not estimated together", loc="left")
        return
    thin = errors.iloc[:: max(1, -(-total // MOST_POINTS))]
    kinds = ((~thin["flagged"], "o", ink, 0.4), (thin["flagged"], "^", style.FLAG, 0.8))
    for chosen, mark, tone, alpha in kinds:
        axes.plot(
            thin.loc[chosen, pair[0]], thin.loc[chosen, pair[1]], mark, color=tone, ms=2.5, mew=0,
            alpha=alpha,
        )  # fmt: skip
    rho, se = rank_correlation(errors, pair)
    text = "correlation not defined" if np.isnan(rho) else f"ρ = {rho:.2f}"
    text += f" ± {se:.2f}" if np.isfinite(se) else ""
    axes.set_title(text.replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}"), loc="left")
    x, y = errors[pair[0]], errors[pair[1]]
    outside = (x < xlim[0]) | (x > xlim[1]) | (y < ylim[0]) | (y > ylim[1])
    style.note_beyond(axes, int(outside.sum()), total)
    style.few_ticks(axes, x=4, y=5)


def _handles(summary: Summary) -> list[Line2D]:
    return [
        Line2D([], [], marker="o", ls="", ms=3, color=style.FAINT, label="one fit"),
        Line2D([], [], marker="^", ls="", ms=3, color=style.FLAG, label="at a bound"),
        Line2D([], [], ls="", label="ρ: Spearman correlation ± SE, all truths together"),
        Line2D([], [], ls="", label=counted(summary.participants[-1], "participants")),
    ]
