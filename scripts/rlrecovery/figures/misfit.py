"""Bias of parameters when the fitted model is not the generating model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.figures.axes import fence, few_ticks, title
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.layout import page_note
from rlrecovery.figures.legends import bar_entry, entry, legend, method_entries
from rlrecovery.figures.model_names import name_ticks, names_height, short_name
from rlrecovery.figures.panels import mark_beyond, note_beyond
from rlrecovery.figures.uncertainty import half_width
from rlrecovery.score.pooling import mean_over_cells
from rlrecovery.score.results import LEVELS, Summary

#: Panels on a page and panels side by side, on two columns and on one column.
MAX_PANELS, PER_ROW = (12, 6), (3, 2)
#: Background of the generating model.
CORRECT = "#e6e6e6"
#: Inches: height of the axes of a panel; height of what is around them, except names of models;
#: width of the vertical labels.
AXES_HEIGHT, MARGIN, LABEL_WIDTH = 1.1, 0.62, 0.65
#: Share of a model's width that its marks take.
MARKS_WIDTH = 0.7

_KEYS = ["simulated", "parameter"]


@style.styled
def draw_misfit(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the bias of parameters that models share, by fitted model."""
    table = shared_bias(summary.crossed)
    if table.empty:
        text = "No other model was fitted that shares a\nparameter of the generating model."
        return style.blank(width, text)
    one_column, contests = style.narrow(width), list(table["contest"].unique())
    groups = dict(list(table.groupby(_KEYS, sort=False)))
    shown = list(groups)[: MAX_PANELS[one_column]]
    fitted = {key: fitted_models(groups[key], key[0]) for key in shown}
    per_row = min(len(shown), PER_ROW[one_column])
    row_count = -(-len(shown) // per_row)
    slots = {key: (width / per_row - LABEL_WIDTH) / len(fitted[key]) for key in shown}
    below = max(names_height(fitted[key], slots[key]) for key in shown)
    height = 0.4 + row_count * (AXES_HEIGHT + MARGIN + below)
    figure = style.page(width, min(height, style.max_height()))
    grid = figure.add_gridspec(row_count, per_row)
    for k, key in enumerate(shown):
        axes, (simulated, parameter) = figure.add_subplot(grid[divmod(k, per_row)]), key
        _panel(axes, groups[key], fitted[key], contests)
        name_ticks(axes, fitted[key], slots[key])
        axes.set(xlabel="fitted model", ylabel=f"bias of {symbol(parameter)} (unflagged)")
        title(axes, f"simulated: {short_name(simulated)}")
    legend(figure, _entries(table, contests))
    hidden = [
        f"{symbol(name)} of {short_name(model)}" for model, name in list(groups)[len(shown) :]
    ]
    if hidden:
        page_note(figure, f"not shown: {', '.join(hidden)}; all are in summary/crossed.csv")
    return figure


def shared_bias(crossed: pd.DataFrame) -> pd.DataFrame:
    """Rows of finite bias per cell, for parameters that at least two fitted models share.

    They are of the finest level that a contest estimates. Flagged estimates are left out: one at a
    bound only tells where the bound is.
    """
    if crossed.empty:
        return crossed
    names = ["scope", "contest", *_KEYS, "fitted", "level", "rows", "measure"]
    table = crossed.assign(**{name: crossed[name].astype("str") for name in names})
    chosen = (table["scope"] == "cell") & (table["measure"] == "bias") & (table["rows"] == "ok")
    table = table[chosen & table["level"].isin(LEVELS) & np.isfinite(table["value"])]
    rank = table["level"].map(LEVELS.index)
    table = table[rank == rank.groupby(table["contest"]).transform("min")]
    other = table["simulated"] != table["fitted"]
    return table[other.groupby([table[key] for key in _KEYS]).transform("any")]


def fitted_models(rows: pd.DataFrame, simulated: str) -> list[str]:
    """Fitted models in the order of the table, but the generating model comes first."""
    return sorted(rows["fitted"].unique(), key=lambda label: label != simulated)


def _panel(axes: Axes, rows: pd.DataFrame, fitted: Sequence[str], contests: Sequence[str]) -> None:
    """Draw means with error bars, and the cells that they are of, per fitted model and contest."""
    if rows["simulated"].iloc[0] in fitted:
        axes.axvspan(-0.5, 0.5, color=CORRECT, lw=0, zorder=0)
    axes.axhline(0, color=style.TRUTH, lw=0.8, zorder=1)
    parts = list(rows.groupby(["fitted", "contest"], sort=False))
    means = [mean_over_cells(cells) for _, cells in parts]
    ends = [mean + side * float(half_width(mcse)) for mean, mcse in means for side in (-1, 1)]
    limits = fence(rows["value"], [0, *ends], factor=8)
    shown = [contest for contest in contests if contest in set(rows["contest"])]
    slot, outside = MARKS_WIDTH / len(shown), 0
    for ((label, contest), cells), (mean, mcse) in zip(parts, means, strict=True):
        x = fitted.index(label) + (shown.index(contest) - (len(shown) - 1) / 2) * slot
        ink = style.colour(contests, contest)
        y = cells.sort_values("cell")["value"].to_numpy(dtype=float)
        spread = x + np.linspace(-0.4, 0.4, len(y)) * slot
        if len(y) > 1:
            axes.plot(spread, y, "o", ms=1.8, mew=0, color=style.shade(ink, 0, 2), zorder=2)
        axes.errorbar(
            x, mean, yerr=half_width(mcse), color=ink, ls="", elinewidth=0.9, mew=0,
            marker=style.marker(contests, contest), ms=3.6, zorder=3,
        )  # fmt: skip
        outside += mark_beyond(axes, spread if len(y) > 1 else [x], y, ink, ylim=limits)
    axes.set(ylim=limits, xlim=(-0.5, len(fitted) - 0.5))
    few_ticks(axes, y=5)
    note_beyond(axes, outside, len(rows), " cells")


def _entries(table: pd.DataFrame, contests: Sequence[str]) -> list[Artist]:
    """Legend entries of contests (with the level if it is the group), cells and background."""
    entries: list[Artist] = []
    for contest, handle in zip(contests, method_entries(contests), strict=True):
        level = table.loc[table["contest"] == contest, "level"].iloc[0]
        handle.set_label(f"{contest}, group" if level == "group" else contest)
        entries.append(handle)
    if table.groupby(["contest", *_KEYS, "fitted"]).size().max() > 1:
        entries.append(entry("one cell", marker="o", ls="", ms=1.8, mew=0, color="#888888"))
    return [*entries, bar_entry(), Patch(color=CORRECT, label="the generating model")]
