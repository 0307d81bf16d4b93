"""Error and interval width against the number of trials."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator

from rlrecovery.figures import style
from rlrecovery.figures.data import Summary, symbol

#: More truths than this are shown by their range.
MOST_LINES = 8
LINES = {0: "-", 1: (0, (4, 1.5))}


@style.styled
def draw_precision(summary: Summary) -> Figure:
    """RMSE and interval width per method over trials, per parameter and level."""
    nominal = summary.headline_interval
    kinds = ["rmse"] if nominal is None else ["rmse", "width"]
    columns = list(itertools.product(kinds, summary.levels))
    rows = summary.parameters
    figure, grid = style.facets(len(rows), len(columns), height=1.75)
    for (i, parameter), (j, (kind, level)) in itertools.product(
        enumerate(rows), enumerate(columns)
    ):
        axes, where = grid[i, j], {"parameter": parameter, "level": level}
        cells = summary.measure(kind, **where, **({"interval": nominal} if kind == "width" else {}))
        _panel(axes, summary, kind, cells, where)
        of = "RMSE" if kind == "rmse" else f"{100 * (nominal or 0):g} % width"
        axes.set_ylabel(f"{of} of {symbol(parameter)}")
        style.title(axes, f"{of}, {level}")
        axes.set_xlabel("trials per participant")
    style.legend(figure, _handles(summary))
    return figure


def _panel(axes: Axes, summary: Summary, kind: str, cells: pd.DataFrame, where: dict) -> None:
    names, people = summary.methods, summary.participants
    infinite = np.isinf(cells["value"].to_numpy(dtype=float))
    style.note_beyond(axes, int(infinite.sum()), len(cells), " cells")
    cells = cells[~infinite]
    ends = people if len(people) == 1 else (people[-1], people[0])
    for (k, method), (line, count) in itertools.product(enumerate(names), enumerate(ends)):
        mine = cells[(cells["method"] == method) & (cells["participants"] == count)]
        if mine.empty:
            continue
        ink, dodge = style.colour(names, method), 1.025 ** (k - (len(names) - 1) / 2)
        if line == 0:
            _each_truth(axes, summary, mine, ink, dodge)
        pooled = pool(summary, kind, mine, where)
        axes.errorbar(
            pooled["trials"] * dodge, pooled["value"], yerr=pooled["mcse"].fillna(0), color=ink,
            ls=LINES[line], marker=style.marker(names, method), ms=3.5, elinewidth=0.8, capsize=1.5,
        )  # fmt: skip
    if (cells["value"] > 0).any():
        _log_axes(axes, summary.trials)
    else:
        axes.text(0.5, 0.5, "no estimates", transform=axes.transAxes, ha="center")


def _each_truth(axes: Axes, summary: Summary, cells: pd.DataFrame, ink: str, dodge: float) -> None:
    """A thin line per truth or, where there are many, the range over truths."""
    if len(cells) <= MOST_LINES * len(summary.trials):
        for _, one in cells.groupby(list(summary.truths) or ["participants"]):
            line = one.sort_values("trials")
            axes.plot(line["trials"] * dodge, line["value"], "-", color=ink, lw=0.4, alpha=0.35)
    else:
        ends = cells.groupby("trials")["value"].agg(["min", "max"])
        x = ends.index.to_numpy() * dodge
        axes.fill_between(x, ends["min"], ends["max"], color=ink, alpha=0.12, lw=0)


def pool(summary: Summary, kind: str, cells: pd.DataFrame, where: dict) -> pd.DataFrame:
    """Error or width over all truths, with its MCSE.

    The pooled RMSE is the root of the mean of the cells' mean squared errors and the pooled width
    the mean of the cells' mean widths; cells are independent, so that their MCSE add in squares.
    """
    rows = []
    squares = summary.measure("mse", **where) if kind == "rmse" else cells
    squares = squares[squares["method"].isin(cells["method"])]
    squares = squares[squares["participants"].isin(cells["participants"])]
    for trials, part in squares.groupby("trials"):
        mean = float(part["value"].mean())
        mcse = float(np.sqrt((part["mcse"] ** 2).sum(skipna=False)) / len(part))
        if kind == "rmse":
            root = np.sqrt(mean)
            mean, mcse = root, mcse / (2 * root) if root > 0 else np.nan
        rows.append({"trials": trials, "value": mean, "mcse": mcse})
    return pd.DataFrame(rows, columns=["trials", "value", "mcse"])


def _with_room(trials: tuple[int, ...]) -> list[int]:
    """Numbers of trials whose labels do not run into each other; first and last always."""
    shown = [trials[0]]
    room = 0.28 * np.log(trials[-1] / trials[0])
    for count in trials[1:-1]:
        if min(np.log(count / shown[-1]), np.log(trials[-1] / count)) > room:
            shown.append(count)
    return [*shown, trials[-1]]


def _log_axes(axes: Axes, trials: tuple[int, ...]) -> None:
    axes.set(xscale="log", yscale="log", xlim=(trials[0] / 1.25, trials[-1] * 1.25))
    axes.xaxis.set_major_locator(FixedLocator(list(trials)))
    shown = _with_room(trials)
    labels = FuncFormatter(lambda value, _: f"{value:g}" if round(value) in shown else "")
    axes.xaxis.set_major_formatter(labels)
    axes.xaxis.set_minor_locator(FixedLocator([]))
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.1, high * 1.1)
    decades = np.log10(high / low)
    subs = (1.0,) if decades > 2 else (1.0, 3.0) if decades > 1.2 else (1.0, 2.0, 5.0)
    if decades < 0.7:
        subs = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
    axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(FixedLocator([]))


def _handles(summary: Summary) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = list(style.method_handles(summary.methods))
    truths = summary.recovery.loc[summary.recovery["scope"] == "cell", list(summary.truths)]
    truths = truths.drop_duplicates()
    if not summary.truths:
        pass
    elif len(truths) > MOST_LINES:
        handles.append(Patch(color=style.FAINT, alpha=0.2, label="range over truths"))
    else:
        handles.append(Line2D([], [], color=style.FAINT, lw=0.4, label="each truth"))
    people, over = summary.participants, "all truths, " if summary.truths else ""
    ends = people if len(people) == 1 else (people[-1], people[0])
    return handles + [
        Line2D([], [], color="0.3", lw=1.4, ls=LINES[k], label=f"{over}{n} participants ± MCSE")
        for k, n in enumerate(ends)
    ]
