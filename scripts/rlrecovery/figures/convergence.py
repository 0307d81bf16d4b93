"""Flagged rows and run time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.data import Summary, row_level, symbol

SHARES = {
    "share_at_bound": "at a bound",
    "share_not_converged": "not converged",
    "share_failed": "failed",
}
#: Shown only where there are such rows.
RARE = {"share_no_interval": "no interval"}
MOST_BARS = 24


@style.styled
def draw_convergence(summary: Summary) -> Figure:
    """Shares of flagged rows per method and cell, and run time per fit."""
    parameters, methods = summary.parameters, summary.methods
    row = 0.45 + 0.3 * len(methods)
    shares = SHARES | {k: v for k, v in RARE.items() if (summary.measure(k)["value"] > 0).any()}
    figure = style.page(0.7 + row * (len(parameters) + 1))
    grid = figure.add_gridspec(len(parameters) + 1, len(shares))
    for i, parameter in enumerate(parameters):
        for j, (share, words) in enumerate(shares.items()):
            axes = figure.add_subplot(grid[i, j])
            rows = _rows(summary, share, parameter)
            rows = rows.assign(value=100 * rows["value"], mcse=100 * rows["mcse"])
            _strips(axes, rows, summary, names=j == 0)
            top = float((rows["value"] + rows["mcse"].fillna(0)).max()) if len(rows) else 0.0
            axes.set_xlim(-0.03 * max(top, 1), max(1.05 * top, 1))
            unit = "(% of rows)" if len(shares) == len(SHARES) else "(%)"
            axes.set_xlabel(f"{symbol(parameter)} {words} {unit}")
            style.few_ticks(axes, x=5)
    time = figure.add_subplot(grid[-1, :])
    _strips(time, _rows(summary, "seconds", parameters[0]), summary, names=True)
    _decades(time, summary.measure("seconds")["value"])
    time.set_xlabel("run time of one fit (s, logarithmic)")
    style.legend(figure, _handles(summary))
    return figure


def _decades(axes: Axes, seconds: pd.Series) -> None:
    """A logarithmic axis over whole decades."""
    known = seconds[seconds > 0]
    low, high = (known.min(), known.max()) if len(known) else (0.1, 1.0)
    low, high = np.floor(np.log10(low)), np.ceil(np.log10(high) + 1e-9)
    axes.set(xscale="log", xlim=(10**low, 10 ** max(high, low + 1)))


def _rows(summary: Summary, measure: str, parameter: str) -> pd.DataFrame:
    """A measure at the finest level of each method."""
    rows = summary.measure(measure, parameter=parameter)
    level = {method: row_level(summary, method) for method in summary.methods}
    return rows[rows["level"].astype("object") == rows["method"].astype("object").map(level)]


def _strips(axes: Axes, rows: pd.DataFrame, summary: Summary, names: bool) -> None:
    """One strip per method, in it one mark per cell, cells with few trials on top."""
    methods, trials = summary.methods, summary.trials
    order = ["trials", "participants", *summary.truths]
    for k, method in enumerate(methods):
        mine = rows[rows["method"] == method].sort_values(order).reset_index(drop=True)
        y = k + (np.arange(len(mine)) - (len(mine) - 1) / 2) * 0.75 / max(1, len(mine))
        many, ink = len(mine) > MOST_BARS, style.colour(methods, method)
        for rank, count in enumerate(trials):
            at = (mine["trials"] == count).to_numpy()
            bars = mine.loc[at, "mcse"].fillna(0).to_numpy(dtype=float)
            axes.errorbar(
                mine.loc[at, "value"], y[at], xerr=None if many else bars, ls="",
                marker=style.marker(methods, method), ms=1.6 if many else 2.4, mew=0,
                elinewidth=0.6, color=style.shade(ink, rank, len(trials)),
            )  # fmt: skip
    axes.set(yticks=range(len(methods)), ylim=(len(methods) - 0.5, -0.5))
    axes.set_yticklabels(methods if names else [])


def _handles(summary: Summary) -> list[Line2D]:
    trials, many = summary.trials, len(summary.recovery["cell"].unique()) > MOST_BARS
    bars = "" if many else " ± MCSE"
    return [
        Line2D([], [], marker="o", ls="", ms=3, color=style.shade("#333333", k, len(trials)),
               label=f"one cell, {count} trials{bars}")
        for k, count in enumerate(trials)
    ]  # fmt: skip
