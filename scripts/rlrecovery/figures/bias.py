"""Bias over the cells of the design."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.data import Summary, combinations, describe, estimated, symbol
from rlrecovery.figures.layout import TruthAxis, truth_axis

#: More marks than this in one panel leave room for two panels beside each other only.
CROWDED = 30


@style.styled
def draw_bias(summary: Summary) -> Figure:
    """Bias with Monte Carlo error per method, parameter and level, over the truths."""
    bias = summary.measure("bias")
    rows = estimated(summary, bias)
    marks = bias["cell"].nunique() * len(summary.methods)
    marks /= len(summary.participants) * len(summary.trials)
    columns = combinations(summary, 3 if marks <= CROWDED else 2)
    figure, grid = style.facets(len(rows), len(columns), height=1.35, sharey="row")
    for (i, (parameter, level)), (j, (people, trials)) in itertools.product(
        enumerate(rows), enumerate(columns)
    ):
        mine = bias[(bias["parameter"] == parameter) & (bias["level"] == level)]
        limits = _limits(mine, columns)
        here = mine[(mine["participants"] == people) & (mine["trials"] == trials)]
        _panel(grid[i, j], here, limits, truth_axis(summary, parameter), summary)
        if i == 0 or len(columns) == 1:
            style.title(grid[i, j], describe(people, trials))
        if j == 0 or len(columns) == 1:
            grid[i, j].set_ylabel(f"bias of {symbol(parameter)}\n({level})")
    style.legend(figure, style.method_handles(summary.methods))
    return figure


def _limits(bias: pd.DataFrame, columns: list[tuple[int, int]]) -> tuple[float, float]:
    """Range of the shown columns; generous, so that only runaways are cut."""
    designs = zip(bias["participants"], bias["trials"], strict=True)
    shown = bias[[pair in columns for pair in designs]]
    value, mcse = shown["value"], shown["mcse"].fillna(0)
    return style.fence(pd.concat([value - mcse, value + mcse]), [0], factor=8)


def _panel(
    axes: Axes, rows: pd.DataFrame, limits: tuple[float, float], truths: TruthAxis, summary: Summary
) -> None:
    names, count = summary.methods, 0
    slot = truths.step / (len(names) + 0.5)
    axes.axhline(0, color=style.TRUTH, lw=0.8, zorder=1)
    small = 2.2 if len(truths.positions) * len(names) > CROWDED else 3.2
    for k, method in enumerate(names):
        mine = rows[rows["method"] == method]
        x = truths.place(mine) + (k - (len(names) - 1) / 2) * slot
        y, ink = mine["value"].to_numpy(dtype=float), style.colour(names, method)
        axes.errorbar(
            x, y, yerr=np.nan_to_num(mine["mcse"].to_numpy(dtype=float)), ls="", color=ink,
            marker=style.marker(names, method), ms=small, elinewidth=0.8, mew=0,
        )  # fmt: skip
        count += style.beyond(axes, x, y, limits, ink)
    for edge in truths.ticks[:-1]:
        axes.axvline(edge + 0.5, color="#dddddd", lw=0.6, zorder=0)
    axes.set(ylim=limits, xticks=truths.ticks, xticklabels=truths.labels, xlabel=truths.label)
    axes.set_xlim(truths.ticks[0] - 0.5, truths.ticks[-1] + 0.5)
    style.few_ticks(axes, y=5)
    style.note_beyond(axes, count, len(rows), " cells")
