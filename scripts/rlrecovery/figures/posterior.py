"""One posterior with its truth."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, symbol

MOST_DRAWS = 300
MOST_PAIRS = 1000
#: Heights in one column, in inches: of a trace, and of a pair of parameters.
TRACE, PAIR = 1.2, 1.6


@style.styled
def draw_posterior(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Trace and density of every parameter with its truth, and every pair of parameters."""
    draws, example = summary.posterior, summary.example
    names = [name for name in draws.columns if name not in ("chain", "draw")]
    if draws.empty or not names:
        return _nothing(example, width)
    every = list(itertools.combinations(names, 2))
    pairs = style.most_telling(every, _most_pairs(len(names), width), lambda p: _tied(draws, p))
    figure, panels, pair_panels = _panels(names, pairs, width)
    for k, (name, (trace, density)) in enumerate(zip(names, panels, strict=True)):
        _trace(trace, draws, name, example["truth"].get(name))
        _density(density, draws, name, example["truth"].get(name))
        if k == len(names) - 1:
            trace.set_xlabel("draw after warm-up")
    for pair, axes in zip(pairs, pair_panels, strict=True):
        _pair(axes, draws, pair, example["truth"])
    title = f"{example['method']}: one participant, {example['trials']} trials"
    if len(pairs) < len(every):
        title += f"\n{len(pairs)} of {len(every)} pairs, those with the strongest correlations"
    figure.suptitle(title, fontsize=8)
    style.legend(figure, _handles(draws))
    return figure


def _most_pairs(parameters: int, width: float) -> int:
    """Pairs of so many parameters that a page has room for."""
    if style.narrow(width):
        return 2 * max(1, int((style.TALLEST - 0.8 - TRACE * parameters) / PAIR))
    return max(6, int(min(1.5 * parameters, style.TALLEST - 0.6) / 1.1))


def _tied(draws: pd.DataFrame, pair: tuple[str, str]) -> float:
    """Size of the rank correlation of two parameters."""
    return abs(float(stats.spearmanr(draws[pair[0]], draws[pair[1]]).statistic))


def _panels(
    names: list[str], pairs: list[tuple[str, str]], width: float
) -> tuple[Figure, Any, Any]:
    """The page, a trace and a density per parameter, and a panel per pair.

    Pairs stand at the right, or below where there is one column only.
    """
    if style.narrow(width):
        below = -(-len(pairs) // 2)
        figure = style.page(width, min(0.8 + TRACE * len(names) + PAIR * below, style.TALLEST))
        heights = [TRACE] * len(names) + [PAIR] * below
        grid = figure.add_gridspec(len(names) + below, 2, height_ratios=heights)
        panels = [[figure.add_subplot(grid[k, c]) for c in (0, 1)] for k in range(len(names))]
        places = [divmod(k, 2) for k in range(len(pairs))]
        joint = [figure.add_subplot(grid[len(names) + r, c]) for r, c in places]
        return figure, panels, joint
    figure = style.page(width, min(0.6 + 1.5 * len(names), style.TALLEST))
    ratios = [1.25, 1, 1.1] if pairs else [1.25, 1]
    outer = figure.add_gridspec(1, len(ratios), width_ratios=ratios)
    columns = [outer[c].subgridspec(len(names), 1) for c in (0, 1)]
    panels = [[figure.add_subplot(column[k]) for column in columns] for k in range(len(names))]
    right = outer[2].subgridspec(len(pairs), 1) if pairs else None
    return figure, panels, [figure.add_subplot(right[k]) for k in range(len(pairs))]


def _nothing(example: dict[str, Any], width: float) -> Figure:
    """A fit may fail; the figure then says so."""
    figure = style.page(width, 1.2)
    text = f"The example fit ({example.get('method') or 'no Bayesian method'})\ngave no draws."
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def _chains(draws: pd.DataFrame) -> list[tuple[int, pd.DataFrame, str]]:
    parts = list(draws.groupby("chain"))
    return [(int(c), part, style.COLOURS[k % 5]) for k, (c, part) in enumerate(parts)]


def _trace(axes: Axes, draws: pd.DataFrame, name: str, truth: float | None) -> None:
    for _, part, ink in _chains(draws):
        step = max(1, -(-len(part) // MOST_DRAWS))
        thin = part.iloc[::step]
        axes.plot(thin["draw"], thin[name], color=ink, lw=0.4, alpha=0.8)
    if truth is not None:
        axes.axhline(truth, color=style.TRUTH, lw=1.0, ls="--")
    axes.set_ylabel(symbol(name))
    style.few_ticks(axes, y=4)


def _density(axes: Axes, draws: pd.DataFrame, name: str, truth: float | None) -> None:
    """Density per chain, and the central 95 % of all draws as a bar below."""
    low, high = np.quantile(draws[name], [0.001, 0.999])
    reach = [low, high] if truth is None else [min(low, truth), max(high, truth)]
    for _, part, ink in _chains(draws):
        if part[name].std() > 0:
            sns.kdeplot(part[name], ax=axes, color=ink, lw=0.9, clip=reach)
    lower, upper = np.quantile(draws[name], [0.025, 0.975])
    bottom = -0.06 * axes.get_ylim()[1]
    axes.plot([lower, upper], [bottom, bottom], color=style.FAINT, lw=3, solid_capstyle="butt")
    if truth is not None:
        axes.axvline(truth, color=style.TRUTH, lw=1.0, ls="--")
    axes.set(xlabel=symbol(name), ylabel="density")
    style.few_ticks(axes, x=5, y=3)


def _pair(axes: Axes, draws: pd.DataFrame, pair: tuple[str, str], truth: dict) -> None:
    thin = draws.iloc[:: max(1, -(-len(draws) // MOST_PAIRS))]
    axes.plot(thin[pair[0]], thin[pair[1]], "o", ms=1.6, mew=0, color=style.FAINT, alpha=0.4)
    if pair[0] in truth and pair[1] in truth:
        axes.axvline(truth[pair[0]], color=style.TRUTH, lw=0.8, ls="--")
        axes.axhline(truth[pair[1]], color=style.TRUTH, lw=0.8, ls="--")
    rho = stats.spearmanr(draws[pair[0]], draws[pair[1]]).statistic
    axes.set_title(f"rank correlation {rho:.2f}".replace("-", "−"), loc="left", fontsize=7)
    axes.set(xlabel=symbol(pair[0]), ylabel=symbol(pair[1]))
    style.few_ticks(axes, x=5, y=5)


def _handles(draws: pd.DataFrame) -> list[Line2D]:
    handles = [
        Line2D([], [], color=ink, lw=1, label=f"chain {chain + 1}")
        for chain, _, ink in _chains(draws)
    ]
    return [
        *handles,
        Line2D([], [], color=style.TRUTH, ls="--", lw=1, label="truth"),
        Line2D([], [], color=style.FAINT, lw=3, label="central 95 % interval"),
    ]
