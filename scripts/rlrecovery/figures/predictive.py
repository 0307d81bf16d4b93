"""Predictive check: statistics of an observed data set against prior and posterior predictions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from rlrecovery.figures import style
from rlrecovery.figures.axes import Limits
from rlrecovery.figures.legends import entry
from rlrecovery.predictive.check import OF, WAYS
from rlrecovery.score.results import Summary

#: Colour, line style and marker by the distribution that draws are from, and its 95 and 50 % band.
COLOURS = {"prior": "#767676", "posterior": "#0072B2"}
LINES: dict[str, Any] = {"prior": (0, (1, 1)), "posterior": (0, (4, 1.5))}
MARKERS = {"prior": "s", "posterior": "o"}
BANDS = {"prior": ("#e4e4e4", "#c4c4c4"), "posterior": ("#b9d9ee", "#6fb1dc")}
#: Horizontal distance of draws from their tick, and half the width of the observed value.
OFFSET, HALF_WIDTH = {"prior": -0.17, "posterior": 0.17}, 0.4
#: Share of a panel's height that is kept free for p values at its top, and the most arms for which
#: they have room, on two columns and on one column.
P_HEIGHT, MAX_P = 0.16, (6, 4)

TITLES = {"forward": "simulated forward", "one_step": "one step ahead"}
CURVES = {"learning": "best arm", "first_arm": "first arm"}
STRATEGIES = {"win_stay": "win-stay", "lose_shift": "lose-shift"}
NOTHING = (
    "There is no predictive check: no Bayesian method\n"
    "was fitted, or its posterior could not be drawn."
)


@style.styled
def draw_predictive(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw learning curve, win-stay, lose-shift and chosen arms, observed and predicted.

    A figure of one journal column shows the forward simulation only.
    """
    table = summary.predictive
    if table.empty or not np.isfinite(table["observed"]).any():
        return style.blank(width, NOTHING)
    names = [name for name in table["statistic"].unique() if name.startswith("side_")]
    arms = {name: f"{1 + int(name.removeprefix('side_'))}" for name in names}
    separator = "-\n" if style.narrow(width) else "-"
    strategies = {name: words.replace("-", separator) for name, words in STRATEGIES.items()}
    limits = [
        _limits(table[table["trial"].notna()]),
        *(_limits(table[table["statistic"].isin(n)], P_HEIGHT) for n in (STRATEGIES, arms)),
    ]
    figure, panels = _page(len(arms), width)
    for way, row in panels.items():
        rows = table[table["way"] == way]
        row[0].set_title(TITLES[way], loc="left", fontsize=style.points(8), pad=style.points(5))
        _curve(row[0], rows[rows["trial"].notna()].sort_values("trial"), 1 / len(arms))
        _statistics(row[1], rows, strategies, "p = ")
        row[1].set(xlabel="strategy", ylabel="share of responses")
        _statistics(row[2], rows, arms, "")
        row[2].set(xlabel="chosen arm")
        row[2].axhline(1 / len(arms), color=style.FAINT, lw=0.6, ls=":", zorder=0)
        for axes, ends in zip(row, limits, strict=True):
            _scale(axes, *ends)
    figure.align_xlabels()
    _legend(figure)
    return figure


def _page(arms: int, width: float) -> tuple[Figure, dict[str, list[Axes]]]:
    """Return the page, and for each way of prediction the panels of curve, strategies and arms."""
    ratios = [2.3, min(max(2, 0.8 * arms), 3.2)]
    if style.narrow(width):
        figure = style.page(width, 4.4)
        grid = figure.add_gridspec(2, 2, width_ratios=ratios)
        positions = {WAYS[0]: [grid[0, :], grid[1, 0], grid[1, 1]]}
    else:
        figure = style.page(width, 4.7)
        grid = figure.add_gridspec(len(WAYS), 3, width_ratios=[3.9, *ratios])
        positions = {way: [grid[k, column] for column in range(3)] for k, way in enumerate(WAYS)}
    return figure, {way: [figure.add_subplot(at) for at in row] for way, row in positions.items()}


def _limits(rows: pd.DataFrame, free: float = 0.0) -> Limits:
    """Limits of shares that include all that is drawn, with part of the height free at the top."""
    drawn = rows[["observed", "lower_95", "upper_95"]].to_numpy(dtype=float)
    drawn = drawn[np.isfinite(drawn)]
    low, high = (drawn.min(), drawn.max()) if drawn.size else (0.0, 1.0)
    margin = max(0.02, 0.06 * (high - low))
    low, high = low - margin, high + margin
    return low, low + (high - low) / (1 - free)


def _scale(axes: Axes, low: float, high: float) -> None:
    """Set an axis of shares, without ticks below 0 and above 1."""
    ticks = np.asarray(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    ticks = ticks[(ticks > max(low, -1e-9)) & (ticks < min(high, 1 + 1e-9))]
    axes.set_yticks(ticks, [f"{abs(tick):.3g}" for tick in ticks])
    axes.set_ylim(low, high)


def _curve(axes: Axes, rows: pd.DataFrame, chance: float) -> None:
    """Draw the observed learning curve on the bands of the draws."""
    for of in OF:
        draws, (wide, tight) = rows[rows["of"] == of], BANDS[of]
        for percent, ink in ((95, wide), (50, tight)):
            ends = (draws[f"{end}_{percent}"] for end in ("lower", "upper"))
            axes.fill_between(
                draws["trial"], *ends, color=ink, lw=0, alpha=0.75, gid=f"{of} {percent}"
            )
        axes.plot(draws["trial"], draws["mean"], color=COLOURS[of], ls=LINES[of], lw=1.0, gid=of)
    data = rows[rows["of"] == OF[0]]  # the observed values are the same for all draws
    axes.plot(
        data["trial"], data["observed"], "-o", color=style.TRUTH, ms=2.6, lw=0.9, zorder=4,
        gid="observed",
    )  # fmt: skip
    axes.axhline(chance, color=style.FAINT, lw=0.6, ls=":")
    margin = 0.4 * float(np.max(np.diff(data["trial"]), initial=1.0))
    axes.set_xlim(data["trial"].min() - margin, data["trial"].max() + margin)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    curve = CURVES[data["statistic"].iloc[0]]
    axes.set(xlabel="trial of the block", ylabel=f"share of responses\nto the {curve}")


def _statistics(axes: Axes, table: pd.DataFrame, names: Mapping[str, str], prefix: str) -> None:
    """Draw statistics side by side: observed, mean and intervals of the draws, posterior p value.

    ``names`` are the tick labels; ``prefix`` is what stands before a p value.
    """
    rows = table[table["statistic"].isin(names)].set_index(["of", "statistic"])
    flat: dict[str, Any] = {"solid_capstyle": "butt"}
    shows_p = len(names) <= MAX_P[style.narrow(style.figure_width(axes))]
    for tick, name in enumerate(names):
        data = rows.loc[("posterior", name)]
        axes.plot(
            [tick - HALF_WIDTH, tick + HALF_WIDTH], [data["observed"]] * 2, color=style.TRUTH,
            lw=1.1, zorder=1, gid="observed", **flat,
        )  # fmt: skip
        for of in OF:
            row, x, ink = rows.loc[(of, name)], tick + OFFSET[of], COLOURS[of]
            for percent, lw in ((95, 1.0), (50, 2.6)):
                ends = [row[f"lower_{percent}"], row[f"upper_{percent}"]]
                axes.plot([x, x], ends, color=ink, lw=lw, gid=f"{of} {percent}", **flat)
            axes.plot(x, row["mean"], MARKERS[of], mfc="white", mec=ink, ms=2.8, mew=0.8, gid=of)
        axes.text(
            tick, 0.99, p_value(data["p"], prefix) if shows_p else "",
            transform=axes.get_xaxis_transform(), ha="center", va="top", fontsize=style.points(6.5),
            color=COLOURS["posterior"], gid="p",
        )  # fmt: skip
    axes.set(xticks=range(len(names)), xlim=(-0.6, len(names) - 0.4))
    axes.set_xticklabels(names.values())


def p_value(p: float, prefix: str) -> str:
    """Write a p value with two decimals: never as exactly 0 or 1, which few draws cannot show."""
    if not math.isfinite(p):
        return "–"
    number = f"{p:.2f}"
    if number not in ("0.00", "1.00"):
        return prefix + number
    sign, number = ("<", "0.01") if p < 0.5 else (">", "0.99")
    return prefix.replace("=", sign) + number if prefix else sign + number


def _legend(figure: Figure) -> None:
    """Add a legend with one entry per kind of draws, which has bands, line and marker together."""
    handles: list[Any] = [entry("", color=style.TRUTH, marker="o", ms=2.6, lw=0.9)]
    labels = ["observed"]
    for of in OF:
        wide, tight = BANDS[of]
        line = entry(
            "", color=COLOURS[of], ls=LINES[of], marker=MARKERS[of], mfc="white", ms=2.8, lw=1.0
        )
        handles.append((line, Patch(color=tight), Patch(color=wide)))
        labels.append(f"{of}: mean, 50 and 95 % of draws")
    figure.legend(
        handles=handles, labels=labels, loc="outside lower center", handlelength=3.2,
        ncols=1 if style.narrow(style.design_inches(figure.get_figwidth())) else 3,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
    )  # fmt: skip
