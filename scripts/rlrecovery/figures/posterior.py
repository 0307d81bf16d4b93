"""One posterior with its true values."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.axes import few_ticks
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.subsets import highest, thinned
from rlrecovery.figures.uncertainty import correlation_text
from rlrecovery.score.correlation import correlations, spearman
from rlrecovery.score.results import Summary
from rlrecovery.storage.schemas import POSTERIOR

#: Draws per chain in a trace, and draws in a panel of a pair of parameters.
MAX_TRACE_DRAWS, MAX_PAIR_DRAWS = 300, 1000
#: Blocks of draws that the jackknife of a correlation leaves out in turn.
BLOCKS = 20
#: Heights in inches on one journal column: of a trace, and of a panel of a pair of parameters.
TRACE_HEIGHT, PAIR_HEIGHT = 1.2, 1.6

#: Trace and density of a parameter.
ParameterPanels = tuple[Axes, Axes]


@style.styled
def draw_posterior(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw trace and density of every parameter with its truth, and pairs of parameters."""
    draws, example = summary.posterior, summary.example
    names = [name for name in draws.columns if name not in POSTERIOR]
    if draws.empty or not names:
        method = example.get("method") or "no Bayesian method"
        return style.blank(width, f"The example fit ({method})\nhas no draws.")
    candidates = list(itertools.combinations(names, 2))
    most = _most_pairs(len(names), width)
    pairs = highest(candidates, most, lambda pair: abs(_correlation(draws, pair)))
    figure, panels, pair_panels = _page(len(names), len(pairs), width)
    for name, (trace, density) in zip(names, panels, strict=True):
        _trace(trace, draws, name, example["truth"].get(name))
        _density(density, draws, name, example["truth"].get(name))
    panels[-1][0].set_xlabel("draw after warm-up")
    for pair, axes in zip(pairs, pair_panels, strict=True):
        _pair(axes, draws, pair, example["truth"])
    title = f"{example['method']}: one participant, {example['trials']} trials"
    if len(pairs) < len(candidates):
        title += f"\n{len(pairs)} of {len(candidates)} pairs, those with the strongest correlations"
    figure.suptitle(title, fontsize=style.points(8))
    legend(figure, _entries(draws))
    return figure


def _most_pairs(parameters: int, width: float) -> int:
    """Number of pairs of parameters that a page has room for."""
    if style.narrow(width):
        return 2 * max(1, int((style.max_height() - 0.8 - TRACE_HEIGHT * parameters) / PAIR_HEIGHT))
    return max(6, int(min(1.5 * parameters, style.max_height() - 0.6) / 1.1))


def _correlation(draws: pd.DataFrame, pair: tuple[str, str]) -> float:
    """Rank correlation of two parameters."""
    return spearman(*(draws[name].to_numpy(dtype=float) for name in pair))


def correlation(draws: pd.DataFrame, pair: tuple[str, str]) -> tuple[float, float]:
    """Rank correlation of two parameters and its MCSE.

    The MCSE is a jackknife over blocks of consecutive draws of a chain, because neighbouring draws
    are not independent.
    """
    ordered = draws.sort_values(["chain", "draw"], kind="stable")
    blocks = np.arange(len(ordered)) * BLOCKS // max(1, len(ordered))
    x, y = (ordered[name].to_numpy(dtype=float) for name in pair)
    rank = correlations(x, y, blocks)["spearman"]
    return rank.value, rank.mcse


def _page(
    parameters: int, pairs: int, width: float
) -> tuple[Figure, list[ParameterPanels], list[Axes]]:
    """Return the page, trace and density of each parameter, and a panel per pair.

    Pairs are at the right; on a page of one journal column they are below.
    """
    if style.narrow(width):
        rows = -(-pairs // 2)
        height = 0.8 + TRACE_HEIGHT * parameters + PAIR_HEIGHT * rows
        figure = style.page(width, min(height, style.max_height()))
        heights = [TRACE_HEIGHT] * parameters + [PAIR_HEIGHT] * rows
        grid = figure.add_gridspec(parameters + rows, 2, height_ratios=heights)
        # Trace and density alternate, and the pairs follow them.
        cells = [figure.add_subplot(grid[divmod(k, 2)]) for k in range(2 * parameters + pairs)]
        traces, densities = cells[: 2 * parameters : 2], cells[1 : 2 * parameters : 2]
        return figure, list(zip(traces, densities, strict=True)), cells[2 * parameters :]
    figure = style.page(width, min(0.6 + 1.5 * parameters, style.max_height()))
    ratios = [1.25, 1, 1.1] if pairs else [1.25, 1]
    outer = figure.add_gridspec(1, len(ratios), width_ratios=ratios)
    left, middle = (outer[column].subgridspec(parameters, 1) for column in (0, 1))
    panels = [
        (figure.add_subplot(left[k]), figure.add_subplot(middle[k])) for k in range(parameters)
    ]
    if not pairs:
        return figure, panels, []
    right = outer[2].subgridspec(pairs, 1)
    return figure, panels, [figure.add_subplot(right[k]) for k in range(pairs)]


def _chains(draws: pd.DataFrame) -> list[tuple[int, pd.DataFrame, str]]:
    """Number, draws and colour of each chain."""
    parts = list(draws.groupby("chain"))
    return [(int(chain), part, style.COLOURS[k % 5]) for k, (chain, part) in enumerate(parts)]


def _trace(axes: Axes, draws: pd.DataFrame, name: str, truth: float | None) -> None:
    """Draw the chains of a parameter."""
    for _, part, ink in _chains(draws):
        shown = thinned(part, MAX_TRACE_DRAWS)
        axes.plot(shown["draw"], shown[name], color=ink, lw=0.4, alpha=0.8)
    if truth is not None:
        axes.axhline(truth, color=style.TRUTH, lw=1.0, ls="--")
    axes.set_ylabel(symbol(name))
    few_ticks(axes, y=4)


def _density(axes: Axes, draws: pd.DataFrame, name: str, truth: float | None) -> None:
    """Draw the density per chain, and below it the central 95 % of all draws as a bar."""
    low, high = np.quantile(draws[name], [0.001, 0.999])
    ends = [low, high] if truth is None else [min(low, truth), max(high, truth)]
    for _, part, ink in _chains(draws):
        if part[name].std() > 0:
            sns.kdeplot(part[name], ax=axes, color=ink, lw=0.9, clip=ends)
    interval = np.quantile(draws[name], [0.025, 0.975])
    bottom = -0.06 * axes.get_ylim()[1]
    axes.plot(interval, [bottom, bottom], color=style.FAINT, lw=3, solid_capstyle="butt")
    if truth is not None:
        axes.axvline(truth, color=style.TRUTH, lw=1.0, ls="--")
    axes.set(xlabel=symbol(name), ylabel="density")
    few_ticks(axes, x=5, y=3)


def _pair(
    axes: Axes, draws: pd.DataFrame, pair: tuple[str, str], truth: Mapping[str, float]
) -> None:
    """Draw two parameters against each other, with their rank correlation in the title."""
    shown, (x, y) = thinned(draws, MAX_PAIR_DRAWS), pair
    axes.plot(shown[x], shown[y], "o", ms=1.6, mew=0, color=style.FAINT, alpha=0.4)
    if x in truth and y in truth:
        axes.axvline(truth[x], color=style.TRUTH, lw=0.8, ls="--")
        axes.axhline(truth[y], color=style.TRUTH, lw=0.8, ls="--")
    text = f"ρ = {correlation_text(*correlation(draws, pair))}"
    text = text.replace(" (", "\n(") if style.narrow(style.figure_width(axes)) else text
    axes.set_title(text, loc="left", fontsize=style.points(7))
    axes.set(xlabel=symbol(x), ylabel=symbol(y))
    few_ticks(axes, x=5, y=5)


def _entries(draws: pd.DataFrame) -> list[Line2D]:
    """Legend entries of the chains, the truth and the interval."""
    chains = [entry(f"chain {chain + 1}", color=ink, lw=1) for chain, _, ink in _chains(draws)]
    return [
        *chains,
        entry("truth", color=style.TRUTH, ls="--", lw=1),
        entry("central 95 % interval", color=style.FAINT, lw=3),
        entry("ρ (95 % Monte Carlo interval)", ls=""),
    ]
