"""What a parameter's estimate becomes when another model is fitted than the one that simulated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.figures.confusion import name_ticks, names_height, short_name
from rlrecovery.score.results import LEVELS, Summary, symbol

#: Panels that a page has room for, and panels beside each other, by whether it is narrow.
MOST_PANELS, ACROSS = {False: 12, True: 6}, {False: 3, True: 2}
#: Ground of the model that simulated the data.
RIGHT = "#e6e6e6"
#: In inches: the axes of a panel, what stands around them but for names of models, and beside them.
AXES, AROUND, BESIDE = 1.1, 0.62, 0.65
#: Part of a model's place that marks may take.
PART = 0.7

_KEYS = ["simulated", "parameter"]


@style.styled
def draw_misfit(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Bias of parameters that models share, by the model that was fitted."""
    table = shared_bias(summary.crossed)
    if table.empty:
        return style.blank(width, "No other model was fitted that shares a\nparameter of the model "
                           "that simulated.")  # fmt: skip
    tight, contests = style.narrow(width), list(table["contest"].unique())
    groups = dict(list(table.groupby(_KEYS, sort=False)))
    shown = list(groups)[: MOST_PANELS[tight]]
    names = {key: fitted_first(groups[key], key[0]) for key in shown}
    across = min(len(shown), ACROSS[tight])
    deep = -(-len(shown) // across)
    slots = {key: (width / across - BESIDE) / len(names[key]) for key in shown}
    below = max(names_height(names[key], slots[key]) for key in shown)
    figure = style.page(width, min(0.4 + deep * (AXES + AROUND + below), style.TALLEST))
    grid = figure.add_gridspec(deep, across)
    for k, key in enumerate(shown):
        axes = figure.add_subplot(grid[divmod(k, across)])
        _panel(axes, groups[key], names[key], contests)
        name_ticks(axes, names[key], slots[key])
        axes.set(xlabel="fitted model", ylabel=f"bias of {symbol(key[1])} (unflagged)")
        style.title(axes, f"simulated: {short_name(key[0])}")
    style.legend(figure, _handles(table, contests))
    rest = [f"{symbol(name)} of {short_name(model)}" for model, name in list(groups)[len(shown) :]]
    if rest:
        style.aside(figure, f"not shown: {', '.join(rest)}; all are in summary/crossed.csv")
    return figure


def shared_bias(crossed: pd.DataFrame) -> pd.DataFrame:
    """Bias per cell of the parameters that at least one other model shares.

    Flagged estimates are left out: those at a bound would say where the bound was put.

    Parameters
    ----------
    crossed : DataFrame
        Columns of ``summary/recovery.csv`` with ``contest``, ``simulated`` and ``fitted``; or
        empty, without any.

    Returns
    -------
    DataFrame
        Its rows of the finest level that a contest estimates, a finite bias each; the parameters
        of a generating model for which another model was fitted too.
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


def fitted_first(rows: pd.DataFrame, simulated: str) -> list[str]:
    """Fitted models in the order of the table, the one that simulated first."""
    labels = list(rows["fitted"].unique())
    return sorted(labels, key=lambda label: label != simulated)


def over_cells(rows: pd.DataFrame) -> tuple[float, float]:
    """Mean over cells with its Monte Carlo standard error; cells are independent data sets.

    Parameters
    ----------
    rows : DataFrame
        Columns ``value`` and ``mcse``, one row per cell.
    """
    variance = (rows["mcse"] ** 2).sum(skipna=False)
    return float(rows["value"].mean()), float(np.sqrt(variance) / len(rows))


def _panel(axes: Axes, rows: pd.DataFrame, fitted: Sequence[str], contests: Sequence[str]) -> None:
    """Means with their bars, and the cells that they are of, per fitted model and contest."""
    simulated = rows["simulated"].iloc[0]
    if simulated in fitted:
        axes.axvspan(-0.5, 0.5, color=RIGHT, lw=0, zorder=0)
    axes.axhline(0, color=style.TRUTH, lw=0.8, zorder=1)
    parts = list(rows.groupby(["fitted", "contest"], sort=False))
    means = [over_cells(mine) for _, mine in parts]
    ends = [mean + side * mcse for mean, mcse in np.nan_to_num(means) for side in (-1, 1)]
    limits = style.fence(rows["value"], [0, *ends], factor=8)
    there = [contest for contest in contests if contest in set(rows["contest"])]
    slot, count = PART / len(there), 0
    for ((label, contest), mine), (mean, mcse) in zip(parts, means, strict=True):
        x = fitted.index(label) + (there.index(contest) - (len(there) - 1) / 2) * slot
        ink = style.colour(contests, contest)
        y = mine.sort_values("cell")["value"].to_numpy(dtype=float)
        spread = x + np.linspace(-0.4, 0.4, len(y)) * slot
        if len(y) > 1:
            axes.plot(spread, y, "o", ms=1.8, mew=0, color=style.shade(ink, 0, 2), zorder=2)
        axes.errorbar(x, mean, yerr=np.nan_to_num(mcse), color=ink, ls="", elinewidth=0.9, mew=0,
                      marker=style.marker(contests, contest), ms=3.6, zorder=3)  # fmt: skip
        count += style.beyond(axes, spread if len(y) > 1 else [x], y, limits, ink)
    axes.set(ylim=limits, xlim=(-0.5, len(fitted) - 0.5))
    style.few_ticks(axes, y=5)
    style.note_beyond(axes, count, len(rows), " cells")


def _handles(table: pd.DataFrame, contests: Sequence[str]) -> list[Line2D | Patch]:
    """Legend: contests, with their level if that is the group; cells; the right model."""
    made: list[Line2D | Patch] = []
    for contest, handle in zip(contests, style.method_handles(contests), strict=True):
        level = table.loc[table["contest"] == contest, "level"].iloc[0]
        handle.set_label(f"{contest}, group" if level == "group" else contest)
        made.append(handle)
    if table.groupby(["contest", *_KEYS, "fitted"]).size().max() > 1:
        ink = "#888888"
        made.append(Line2D([], [], marker="o", ls="", ms=1.8, mew=0, color=ink, label="one cell"))
    return [*made, Patch(color=RIGHT, label="the model that simulated")]
