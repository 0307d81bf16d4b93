"""Flagged rows and run time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.figures import style
from rlrecovery.figures.layout import MOST_BARS, cell_handles, long_names, strip_height, strips
from rlrecovery.score.results import Summary, row_level, symbol

SHARES = {
    "share_at_bound": "at a bound",
    "share_not_converged": "not converged",
    "share_failed": "failed",
}
#: Shown only where there are such rows.
RARE = {"share_no_interval": "no interval"}
#: More panels than this stand beside each other also where there is one column of a journal only.
MOST_PANELS = 4


#: A share of a parameter: its name, the measure, and what that is in words.
Panel = tuple[str, str, str]


@style.styled
def draw_convergence(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Shares of flagged rows per method and cell, and run time per fit."""
    made = _layout(summary, width)
    lines = [made.panels[k : k + made.across] for k in range(0, len(made.panels), made.across)]
    counts = [max(len(made.methods[panel[0]]) for panel in line) for line in lines]
    counts.append(len(summary.methods))
    strip = min(made.strip, (style.TALLEST - 0.7 - made.base * len(counts)) / sum(counts))
    tall = [made.base + strip * count for count in counts]
    figure = style.page(width, min(0.7 + sum(tall), style.TALLEST))
    grid = figure.add_gridspec(len(tall), made.across, height_ratios=tall)
    for k, (parameter, share, words) in enumerate(made.panels):
        axes, rows = figure.add_subplot(grid[divmod(k, made.across)]), _rows(summary, share)
        rows = rows[rows["parameter"] == parameter]
        named = k % made.across == 0 or (made.flowing and summary.mixed)
        _shares(axes, rows, summary, made.methods[parameter], named)
        unit = "(% of rows)" if made.across in (1, len(SHARES)) else "(%)"
        axes.set_xlabel(f"{symbol(parameter)} {words} {unit}")
    _times(figure.add_subplot(grid[-1, :]), summary)
    made.say_left_out(figure)
    handles = cell_handles(summary, summary.measure("seconds")["cell"].nunique())
    others = [Line2D([], [], ls="", label="other shares: all zero")] if made.hidden else []
    style.legend(figure, [*handles, *others])
    return figure


@dataclass(frozen=True)
class Layout:
    """What is on the page.

    Attributes
    ----------
    panels : list of Panel
        Shares that are shown, in their order.
    methods : dict
        Methods that estimate a parameter, by its name.
    across : int
        Panels beside each other.
    flowing : bool
        Whether a line may hold several parameters.
    hidden : bool
        Whether shares that are zero in every cell are left out.
    left_out : int
        Other shares that the page has no room for.
    base, strip : float
        Inches that a line takes, and that each of its methods adds.
    """

    panels: list[Panel]
    methods: dict[str, list[str]]
    across: int
    flowing: bool
    hidden: bool
    left_out: int
    base: float
    strip: float

    def say_left_out(self, figure: Figure) -> None:
        """Write above the page what has no room."""
        if self.left_out:
            count = len(self.panels) + self.left_out
            number = f"{len(self.panels)} " if len(self.panels) > 1 else ""
            text = f"the {number}largest of {count} shares that are not zero"
            style.aside(figure, f"{text}; all are in summary/recovery.csv")


def _layout(summary: Summary, width: float) -> Layout:
    """What has room: every share in two columns; in one column those that are not all zero."""
    tight, pairs = style.narrow(width), summary.estimates
    methods = {p: [m for m in summary.methods if (m, p) in pairs] for p in summary.parameters}
    rare = {k: v for k, v in RARE.items() if (summary.measure(k)["value"] > 0).any()}
    shares, base = list((SHARES | rare).items()), 0.4 if tight else 0.45
    panels: list[Panel] = [(p, *share) for p in summary.parameters for share in shares]
    across, hidden, every = len(shares), False, panels
    thin = strip_height(summary.methods, width, 0.13)
    room = style.TALLEST - 0.7 - base - thin * len(summary.methods)
    flowing = tight or sum(base + thin * len(names) for names in methods.values()) > room
    if flowing:
        panels = [(p, *share) for share in shares for p in summary.parameters]
        largest = {panel: _largest(summary, panel) for panel in panels}
        seen = [panel for panel in panels if largest[panel] > 0]
        hidden, panels = len(seen) < len(panels), seen or panels[:1]
        beside = 1 if long_names(summary.methods) else 2
        across = (beside if len(panels) > MOST_PANELS else 1) if tight else beside + 1
        every = panels
        lines = max(1, int(room / (base + thin * max(map(len, methods.values())))))
        panels = style.most_telling(panels, lines * across, largest.get)
    usual = 0.22 if -(-len(panels) // across) > 6 else 0.3
    strip = strip_height(summary.methods, width, usual)
    return Layout(
        panels, methods, across, flowing, hidden, len(every) - len(panels), base, strip
    )  # fmt: skip


def _largest(summary: Summary, panel: Panel) -> float:
    """Largest share of a panel."""
    rows = _rows(summary, panel[1])
    return float(rows.loc[rows["parameter"] == panel[0], "value"].max())


def _times(axes: Axes, summary: Summary) -> None:
    """Run time of one fit; a fit has it for each of its parameters."""
    rows = _rows(summary, "seconds")
    first = rows.groupby("method", observed=True)["parameter"].transform("first")
    strips(axes, rows[rows["parameter"] == first], summary, summary.methods)
    _decades(axes, summary.measure("seconds"))
    axes.set_xlabel("run time of one fit (s, logarithmic)")


def _shares(
    axes: Axes, rows: pd.DataFrame, summary: Summary, methods: Sequence[str], names: bool
) -> None:
    """Shares in per cent, on an axis that begins at zero."""
    rows = rows.assign(value=100 * rows["value"], mcse=100 * rows["mcse"])
    strips(axes, rows, summary, methods, names=names)
    bars = 0 if rows["cell"].nunique() > MOST_BARS else rows["mcse"].fillna(0)
    top = float((rows["value"] + bars).max()) if len(rows) else 0.0
    top = top if np.isfinite(top) else 0.0
    axes.set_xlim(-0.03 * max(top, 1), max(1.05 * top, 1))
    style.few_ticks(axes, x=5)


def _decades(axes: Axes, seconds: pd.DataFrame) -> None:
    """A logarithmic axis over whole decades, with the bars inside."""
    known = seconds.loc[seconds["value"] > 0, "value"]
    ends = seconds["value"] + seconds["mcse"].fillna(0)
    low, high = (known.min(), max(known.max(), ends.max())) if len(known) else (0.1, 1.0)
    low, high = np.floor(np.log10(low)), np.ceil(np.log10(high) + 1e-9)
    axes.set(xscale="log", xlim=(10**low, 10 ** max(high, low + 1)))


def _rows(summary: Summary, measure: str) -> pd.DataFrame:
    """A measure at the finest level of each method."""
    rows = summary.measure(measure)
    level = {method: row_level(summary, method) for method in summary.methods}
    return rows[rows["level"].astype("object") == rows["method"].astype("object").map(level)]
