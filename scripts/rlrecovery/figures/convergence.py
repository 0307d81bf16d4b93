"""Flagged rows and run time."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.data import Summary, row_level, symbol
from rlrecovery.figures.layout import MOST_BARS, cell_handles, long_names, strips

SHARES = {
    "share_at_bound": "at a bound",
    "share_not_converged": "not converged",
    "share_failed": "failed",
}
#: Shown only where there are such rows.
RARE = {"share_no_interval": "no interval"}
#: More panels than this stand beside each other also where there is one column of a journal only.
MOST_PANELS = 4


@style.styled
def draw_convergence(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Shares of flagged rows per method and cell, and run time per fit."""
    rare = {k: v for k, v in RARE.items() if (summary.measure(k)["value"] > 0).any()}
    shares = list((SHARES | rare).items())
    panels = list(itertools.product(summary.parameters, shares))
    across, hidden = len(shares), False
    if style.narrow(width):
        panels = [(p, share) for share in shares for p in summary.parameters]
        seen = [p for p in panels if (_rows(summary, p[1][0], p[0])["value"] > 0).any()]
        hidden, panels = len(seen) < len(panels), seen or panels[:1]
        across = 2 if len(panels) > MOST_PANELS and not long_names(summary.methods) else 1
    deep = -(-len(panels) // across)
    row = (0.4 if style.narrow(width) else 0.45) + (0.22 if deep > 6 else 0.3) * len(
        summary.methods
    )
    figure = style.page(width, min(0.7 + row * (deep + 1), style.TALLEST))
    grid = figure.add_gridspec(deep + 1, across)
    for k, (parameter, (share, words)) in enumerate(panels):
        axes = figure.add_subplot(grid[divmod(k, across)])
        unit = "(% of rows)" if across in (1, len(SHARES)) else "(%)"
        _shares(axes, _rows(summary, share, parameter), summary, names=k % across == 0)
        axes.set_xlabel(f"{symbol(parameter)} {words} {unit}")
    time = figure.add_subplot(grid[-1, :])
    strips(time, _rows(summary, "seconds", summary.parameters[0]), summary, summary.methods)
    _decades(time, summary.measure("seconds")["value"])
    time.set_xlabel("run time of one fit (s, logarithmic)")
    handles = cell_handles(summary, summary.measure("seconds")["cell"].nunique())
    others = [Line2D([], [], ls="", label="other shares: all zero")] if hidden else []
    style.legend(figure, [*handles, *others])
    return figure


def _shares(axes: Axes, rows: pd.DataFrame, summary: Summary, names: bool) -> None:
    """Shares in per cent, on an axis that begins at zero."""
    rows = rows.assign(value=100 * rows["value"], mcse=100 * rows["mcse"])
    strips(axes, rows, summary, summary.methods, names=names)
    bars = 0 if rows["cell"].nunique() > MOST_BARS else rows["mcse"].fillna(0)
    top = float((rows["value"] + bars).max()) if len(rows) else 0.0
    top = top if np.isfinite(top) else 0.0
    axes.set_xlim(-0.03 * max(top, 1), max(1.05 * top, 1))
    style.few_ticks(axes, x=5)


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
