"""Estimation errors of two parameters of the same fit against each other."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.axes import Limits, fence, few_ticks
from rlrecovery.figures.labels import counted, symbol
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.panels import mark_beyond, note_beyond
from rlrecovery.figures.subsets import method_panels, shown_trials, thinned
from rlrecovery.figures.uncertainty import correlation_text
from rlrecovery.score.correlation import correlations
from rlrecovery.score.results import Summary, finest_level

#: Fits drawn per panel; the correlation uses every stored one.
MAX_POINTS = 300
#: Blocks of data sets that the jackknife leaves out in turn.
BLOCKS = 20
#: Default and smallest height of a panel in inches; its title has up to four lines.
HEIGHT, MIN_HEIGHT = 1.9, 1.55

#: Names of two parameters.
Pair = tuple[str, str]


@style.styled
def draw_tradeoff(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the errors of every pair of parameters, per method and number of trials."""
    errors = {method: wide_errors(summary, method) for method in summary.methods}
    every_pair = list(itertools.combinations(summary.parameters, 2))
    estimated = {
        (method, pair)
        for method, pair in itertools.product(errors, every_pair)
        if {(method, name) for name in pair} <= summary.method_parameters
    }
    pairs = [pair for pair in every_pair if any((method, pair) in estimated for method in errors)]
    if not pairs:
        return style.blank(width, "No two parameters are estimated together.")
    trials = shown_trials(summary, width)
    panels = method_panels(pairs, summary.methods, trials)
    rows, columns = (1 + max(numbers) for numbers in zip(*panels, strict=True))
    fits = {key: _with_trials(errors[method], n) for key, (_, method, n) in panels.items()}
    titles = [(method, f"{trials[-1]} trials\nρ\n(−0.657 to −0.611)") for method in summary.methods]
    page = facets(
        width,
        rows,
        columns,
        PanelSize(HEIGHT, MIN_HEIGHT, titles=titles),
        existing=[key for key, (pair, method, _) in panels.items() if (method, pair) in estimated],
        priority=lambda position: _strength(fits[position], panels[position][0]),
    )
    for position in page.positions:
        axes, (pair, method, count) = page[position], panels[position]
        limits = _limits(pd.concat([_with_trials(e, count) for e in errors.values()]), pair)
        correlation = _panel(
            axes, fits[position], pair, limits, style.colour(summary.methods, method)
        )
        page.title(position, method, f"{count} trials\n{correlation}")
        axes.set_xlabel(f"error of {symbol(pair[0])}")
        page.row_label(position, f"error of {symbol(pair[1])}")
    page.note_left_out("with the strongest correlations", "summary/points.csv")
    legend(page.figure, _entries(summary))
    return page.figure


def _with_trials(errors: pd.DataFrame, trials: int) -> pd.DataFrame:
    return errors[errors["trials"] == trials]


def _limits(errors: pd.DataFrame, pair: Pair) -> list[Limits]:
    """Limits of both errors, for the fits of all methods."""
    return [fence(errors[name], [0]) if name in errors else (-1, 1) for name in pair]


def _strength(errors: pd.DataFrame, pair: Pair) -> float:
    """Absolute rank correlation of two errors; NaN where it is not defined."""
    ranks = errors.dropna(subset=list(pair))[list(pair)].rank()
    return abs(float(ranks[pair[0]].corr(ranks[pair[1]])))


def wide_errors(summary: Summary, method: str) -> pd.DataFrame:
    """Errors of a method's fits: one row per fit, one column per parameter.

    Only fits with the largest number of participants are included. The column ``flagged`` says
    whether an estimate of the fit is at a bound.
    """
    points = summary.points
    level = finest_level(summary, method)
    points = points[(points["method"] == method) & (points["level"] == level)]
    points = points[points["participants"] == summary.participants[-1]]
    keys = ["cell", "trials", "replicate", "participant"]
    errors = points.assign(error=points["estimate"] - points["truth"])
    errors = errors.pivot_table(index=keys, columns="parameter", values="error").reset_index()
    flagged = points[points["status"] == "at_bound"][keys].drop_duplicates().assign(flagged=True)
    errors = errors.merge(flagged, how="left", on=keys)
    return errors.assign(flagged=errors["flagged"].notna())


def rank_correlation(errors: pd.DataFrame, pair: Pair) -> tuple[float, float]:
    """Spearman correlation of two errors and its Monte Carlo standard error (MCSE).

    The MCSE is a jackknife over blocks of whole data sets, because participants of one data set are
    not independent. Both are NaN where they are not defined.
    """
    errors = errors.dropna(subset=list(pair))
    a, b = (errors[name].to_numpy(dtype=float) for name in pair)
    if len(errors) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.nan, np.nan
    blocks = errors.groupby(["cell", "replicate"]).ngroup().to_numpy() % BLOCKS
    rank = correlations(a, b, blocks)["spearman"]
    return rank.value, rank.mcse


def _panel(axes: Axes, errors: pd.DataFrame, pair: Pair, limits: list[Limits], ink: str) -> str:
    """Draw the errors of a panel; return their correlation as text for the title."""
    xlim, ylim = limits
    axes.set(xlim=xlim, ylim=ylim)
    axes.axhline(0, color=style.FAINT, lw=0.6, zorder=1)
    axes.axvline(0, color=style.FAINT, lw=0.6, zorder=1)
    if errors.empty or not set(pair) <= set(errors.columns):
        return "no estimates"
    shown = thinned(errors, MAX_POINTS)
    looks = ((~shown["flagged"], "o", ink, 0.4), (shown["flagged"], "^", style.FLAG, 0.8))
    for rows, mark, tone, alpha in looks:
        x, y = (shown.loc[rows, name] for name in pair)
        axes.plot(x, y, mark, color=tone, ms=2.5, mew=0, alpha=alpha)
    x, y = errors[pair[0]], errors[pair[1]]
    outside = (x < xlim[0]) | (x > xlim[1]) | (y < ylim[0]) | (y > ylim[1])
    note_beyond(axes, int(outside.sum()), len(errors))
    mark_beyond(axes, shown[pair[0]], shown[pair[1]], style.FLAG, xlim, ylim)
    few_ticks(axes, x=4, y=5)
    rho, mcse = rank_correlation(errors, pair)
    if np.isnan(rho):
        return "correlation not defined".replace(" ", "\N{NO-BREAK SPACE}")
    return f"ρ = {correlation_text(rho, mcse)}".replace(" (", "\n(")


def _entries(summary: Summary) -> list[Line2D]:
    """Legend entries of the marks, the correlation and the number of participants."""
    return [
        entry("one fit", marker="o", ls="", ms=3, color=style.FAINT),
        entry("at a bound", marker="^", ls="", ms=3, color=style.FLAG),
        entry("beyond axis", marker=">", ls="", ms=3, mfc="none", mew=0.7, color=style.FLAG),
        entry("ρ (95 % Monte Carlo interval)", ls=""),
        entry(counted(summary.participants[-1], "participants"), ls=""),
    ]
