"""A data set against what prior and posterior predict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from rlrecovery.figures import style
from rlrecovery.predictive.check import OF, WAYS
from rlrecovery.score.results import Summary

#: Colour, style of the line and of the mark by whose draws they are; the wider and narrower band.
INK = {"prior": "#767676", "posterior": "#0072B2"}
LINE = {"prior": (0, (1, 1)), "posterior": (0, (4, 1.5))}
HEAD = {"prior": "s", "posterior": "o"}
BANDS = {"prior": ("#e4e4e4", "#c4c4c4"), "posterior": ("#b9d9ee", "#6fb1dc")}
#: How far draws stand from the middle of their place, and half the width of the observed mark.
ASIDE, HALF = {"prior": -0.17, "posterior": 0.17}, 0.4
#: Part of a panel's height that is kept for the p values at its top, and the most arms that have
#: room for one each, by whether the page is narrow.
FOR_P, MOST_P = 0.16, {False: 6, True: 4}

TITLES = {"forward": "simulated forward", "one_step": "one step ahead"}
CURVES = {"learning": "best arm", "first_arm": "first arm"}
STRATEGIES = {"win_stay": "win-stay", "lose_shift": "lose-shift"}
NOTHING = (
    "There is no predictive check: no Bayesian method\n"
    "was fitted, or its posterior could not be drawn."
)


@style.styled
def draw_predictive(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Learning curve, win-stay, lose-shift and chosen arms: observed, and by prior and posterior.

    One column has room for the forward simulation only.
    """
    table = summary.predictive
    if table.empty or not np.isfinite(table["observed"]).any():
        return style.blank(width, NOTHING)
    sides = [name for name in table["statistic"].unique() if name.startswith("side_")]
    arms = {name: f"{1 + int(name.removeprefix('side_'))}" for name in sides}
    broken = "-\n" if style.narrow(width) else "-"
    strategies = {name: words.replace("-", broken) for name, words in STRATEGIES.items()}
    figure, panels = _panels(len(sides), width)
    curved = table["trial"].notna()
    limits = [
        _limits(table[curved]),
        *(_limits(table[table["statistic"].isin(n)], FOR_P) for n in (STRATEGIES, arms)),
    ]
    for way, row in panels.items():
        mine = table[table["way"] == way]
        _curve(row[0], mine[mine["trial"].notna()].sort_values("trial"), 1 / len(sides))
        _marks(row[1], mine, strategies, named=True)
        _marks(row[2], mine, arms, named=False)
        row[1].set(xlabel="strategy", ylabel="share of responses")
        row[2].set(xlabel="chosen arm")
        row[2].axhline(1 / len(sides), color=style.FAINT, lw=0.6, ls=":", zorder=0)
        row[0].set_title(TITLES[way], loc="left", fontsize=8, pad=5)
        for axes, ends in zip(row, limits, strict=True):
            _scale(axes, *ends)
    figure.align_xlabels()
    _legend(figure)
    return figure


def _panels(arms: int, width: float) -> tuple[Figure, dict[str, list[Axes]]]:
    """The page, and by way the panels of the curve, of the strategies and of the arms."""
    parts = [2.3, min(max(2, 0.8 * arms), 3.2)]
    if style.narrow(width):
        figure = style.page(width, 4.4)
        grid = figure.add_gridspec(2, 2, width_ratios=parts)
        places = {WAYS[0]: [grid[0, :], grid[1, 0], grid[1, 1]]}
    else:
        figure = style.page(width, 4.7)
        grid = figure.add_gridspec(len(WAYS), 3, width_ratios=[3.9, *parts])
        places = {way: [grid[k, column] for column in range(3)] for k, way in enumerate(WAYS)}
    return figure, {way: [figure.add_subplot(at) for at in row] for way, row in places.items()}


def _limits(rows: pd.DataFrame, above: float = 0.0) -> tuple[float, float]:
    """Ends of an axis of shares around all that is drawn, with a part of it free at the top."""
    drawn = rows[["observed", "lower_95", "upper_95"]].to_numpy(dtype=float)
    drawn = drawn[np.isfinite(drawn)]
    low, high = (drawn.min(), drawn.max()) if drawn.size else (0.0, 1.0)
    margin = max(0.02, 0.06 * (high - low))
    low, high = low - margin, high + margin
    return low, low + (high - low) / (1 - above)


def _scale(axes: Axes, low: float, high: float) -> None:
    """An axis of shares with its ticks: there are no shares below 0 or above 1."""
    ticks = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    ticks = ticks[(ticks > max(low, -1e-9)) & (ticks < min(high, 1 + 1e-9))]
    axes.set_yticks(ticks, [f"{abs(tick):.3g}" for tick in ticks])
    axes.set_ylim(low, high)


def _curve(axes: Axes, rows: pd.DataFrame, chance: float) -> None:
    """Observed learning curve on the bands of the draws."""
    for of in OF:
        mine, (wide, tight) = rows[rows["of"] == of], BANDS[of]
        for percent, ink in ((95, wide), (50, tight)):
            ends = (mine[f"{end}_{percent}"] for end in ("lower", "upper"))
            axes.fill_between(
                mine["trial"], *ends, color=ink, lw=0, alpha=0.75, gid=f"{of} {percent}"
            )
        axes.plot(mine["trial"], mine["mean"], color=INK[of], ls=LINE[of], lw=1.0, gid=of)
    seen = rows[rows["of"] == OF[0]]
    axes.plot(seen["trial"], seen["observed"], "-o", color=style.TRUTH, ms=2.6, lw=0.9,
              zorder=4, gid="observed")  # fmt: skip
    axes.axhline(chance, color=style.FAINT, lw=0.6, ls=":")
    margin = 0.4 * float(np.max(np.diff(seen["trial"]), initial=1.0))
    axes.set_xlim(seen["trial"].min() - margin, seen["trial"].max() + margin)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    name = CURVES[seen["statistic"].iloc[0]]
    axes.set(xlabel="trial of the block", ylabel=f"share of responses\nto the {name}")


def _marks(axes: Axes, table: pd.DataFrame, names: Mapping[str, str], named: bool) -> None:
    """Per statistic what was observed, means and intervals of the draws, and the posterior's p."""
    rows = table[table["statistic"].isin(names)].set_index(["of", "statistic"])
    for place, name in enumerate(names):
        seen = rows.loc[("posterior", name)]
        axes.plot([place - HALF, place + HALF], [seen["observed"]] * 2, color=style.TRUTH, lw=1.1,
                  zorder=1, solid_capstyle="butt", gid="observed")  # fmt: skip
        for of in OF:
            row, x = rows.loc[(of, name)], place + ASIDE[of]
            for percent, thick in ((95, 1.0), (50, 2.6)):
                ends = [row[f"lower_{percent}"], row[f"upper_{percent}"]]
                axes.plot([x, x], ends, color=INK[of], lw=thick, solid_capstyle="butt",
                          gid=f"{of} {percent}")  # fmt: skip
            axes.plot(x, row["mean"], HEAD[of], mfc="white", mec=INK[of], ms=2.8, mew=0.8, gid=of)
        room = len(names) <= MOST_P[style.narrow(axes.get_figure().get_figwidth())]
        text = _p_value(seen["p"], named) if room else ""
        axes.text(place, 0.99, text, transform=axes.get_xaxis_transform(),
                  ha="center", va="top", fontsize=6.5, color=INK["posterior"], gid="p")  # fmt: skip
    axes.set(xticks=range(len(names)), xlim=(-0.6, len(names) - 0.4))
    axes.set_xticklabels(names.values())


def _p_value(p: float, named: bool) -> str:
    """A p value, behind its name where there is room; of few draws none is exactly 0 or 1."""
    if not math.isfinite(p):
        return "–"
    sign, number = "=", f"{p:.2f}"
    if number in ("0.00", "1.00"):
        sign, number = ("<", "0.01") if p < 0.5 else (">", "0.99")
    if named:
        return f"p {sign} {number}"
    return number if sign == "=" else f"{sign}{number}"


def _legend(figure: Figure) -> None:
    """One entry for each kind of draws: bands, line and mark together."""
    handles: list[Any] = [Line2D([], [], color=style.TRUTH, marker="o", ms=2.6, lw=0.9)]
    words = ["observed"]
    for of in OF:
        wide, tight = BANDS[of]
        line = Line2D(
            [], [], color=INK[of], ls=LINE[of], marker=HEAD[of], mfc="white", ms=2.8, lw=1.0
        )
        handles.append((line, Patch(color=tight), Patch(color=wide)))
        words.append(f"{of}: mean, 50 and 95 % of draws")
    figure.legend(
        handles=handles, labels=words, loc="outside lower center", handlelength=3.2,
        ncols=1 if style.narrow(figure.get_figwidth()) else 3,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0)},
    )  # fmt: skip
