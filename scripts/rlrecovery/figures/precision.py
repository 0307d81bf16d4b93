"""Error and interval width against the number of trials."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter

from rlrecovery.figures import style
from rlrecovery.score.results import Summary, counted, levels_for, symbol

#: More truths than this are shown by their range.
MOST_LINES = 8
LINES = {0: "-", 1: (0, (4, 1.5))}


@dataclass(frozen=True)
class Sizes:
    """Which of the two sizes of a study stands on the horizontal axis.

    Attributes
    ----------
    x, label : str
        Column of the axis, and what the axis is called.
    lines : str
        Column of the other size: solid lines for its largest value, dashed for its smallest.
    """

    x: str
    label: str
    lines: str

    def along(self, summary: Summary) -> tuple[int, ...]:
        """Values on the axis."""
        return getattr(summary, self.x)

    def ends(self, summary: Summary) -> tuple[int, ...]:
        """Largest and smallest value of the other size, or its only one."""
        values = getattr(summary, self.lines)
        return values if len(values) == 1 else (values[-1], values[0])


TRIALS = Sizes("trials", "trials per participant", "participants")


@style.styled
def draw_precision(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """RMSE and interval width per method over trials, per parameter and level."""
    kinds = ["rmse"] if summary.headline_interval is None else ["rmse", "width"]
    columns = list(itertools.product(kinds, levels_for(summary, width)))
    return over_sizes(summary, width, TRIALS, columns)


def over_sizes(
    summary: Summary, width: float, sizes: Sizes, columns: list[tuple[str, str]]
) -> Figure:
    """Measures per method over one of the two sizes of a study, per parameter.

    Parameters
    ----------
    summary : Summary
        Its ``recovery`` is read.
    width : float
        Of the page, in inches.
    sizes : Sizes
        The axis and the lines.
    columns : list of (str, str)
        ``rmse`` or ``width``, and a level.
    """
    rows, nominal = summary.parameters, summary.headline_interval
    measures = {kind: summary.measure(kind) for kind, _ in columns}
    if "width" in measures:
        measures["width"] = measures["width"][measures["width"]["interval"] == nominal]

    def of(i: int, j: int) -> pd.DataFrame:
        """Cells of a panel."""
        table, level = measures[columns[j][0]], columns[j][1]
        return table[(table["parameter"] == rows[i]) & (table["level"] == level)]

    if summary.mixed:
        columns = [c for c in columns if _any(measures[c[0]], c[1])] or columns
    # Single participants and their error come first, and tell most.
    handles = _handles(summary, sizes)
    grid = style.facets(
        width, len(rows), len(columns), telling=lambda place: -place[1],
        below=style.below([handle.get_label() for handle in handles], width),
    )  # fmt: skip
    for i, j in grid.places:
        axes, (kind, level) = grid[i, j], columns[j]
        _panel(axes, summary, kind, of(i, j), {"parameter": rows[i], "level": level}, sizes)
        name = "RMSE" if kind == "rmse" else f"{100 * (nominal or 0):g} % width"
        axes.set_ylabel(f"{name} of {symbol(rows[i])}")
        if grid.headed(i, j):
            style.title(axes, name, level, labelled=grid.flowing)
        axes.set_xlabel(sizes.label)
    grid.say_left_out("of single participants, the error first", "summary/recovery.csv")
    style.legend(grid.figure, handles, style.few_lines(summary.methods))
    return grid.figure


def _any(table: pd.DataFrame, level: str) -> bool:
    """Whether a measure was found for any estimate of a level."""
    return bool(table.loc[table["level"] == level, "value"].notna().any())


def _panel(
    axes: Axes, summary: Summary, kind: str, cells: pd.DataFrame, where: dict, sizes: Sizes
) -> None:
    names = summary.methods
    infinite = np.isinf(cells["value"].to_numpy(dtype=float))
    style.note_beyond(axes, int(infinite.sum()), len(cells), " values")
    cells = cells[~infinite]
    shown = [name for name in names if name in set(cells["method"])] if summary.mixed else names
    for (k, method), (line, count) in itertools.product(
        enumerate(shown), enumerate(sizes.ends(summary))
    ):
        mine = cells[(cells["method"] == method) & (cells[sizes.lines] == count)]
        if mine.empty:
            continue
        ink, dodge = style.colour(names, method), 1.025 ** (k - (len(shown) - 1) / 2)
        if line == 0:
            _each_truth(axes, summary, mine, ink, dodge, sizes)
        pooled = pool(summary, kind, mine, where, over=sizes.x)
        axes.errorbar(
            pooled[sizes.x] * dodge, pooled["value"], yerr=pooled["mcse"].fillna(0), color=ink,
            ls=LINES[line], marker=style.marker(names, method), ms=3.5, elinewidth=0.8, capsize=1.5,
        )  # fmt: skip
    if (cells["value"] > 0).any():
        _log_axes(axes, sizes.along(summary))
    else:
        style.say(axes, "no estimates")


def _each_truth(
    axes: Axes, summary: Summary, cells: pd.DataFrame, ink: str, dodge: float, sizes: Sizes
) -> None:
    """A thin line per truth or, where there are many, the range over truths."""
    if len(cells) <= MOST_LINES * len(sizes.along(summary)):
        for _, one in cells.groupby(list(summary.truths) or [sizes.lines], dropna=False):
            line = one.sort_values(sizes.x)
            axes.plot(line[sizes.x] * dodge, line["value"], "-", color=ink, lw=0.4, alpha=0.35)
    else:
        ends = cells.groupby(sizes.x)["value"].agg(["min", "max"])
        x = ends.index.to_numpy() * dodge
        axes.fill_between(x, ends["min"], ends["max"], color=ink, alpha=0.12, lw=0)


def pool(
    summary: Summary, kind: str, cells: pd.DataFrame, where: dict, over: str = "trials"
) -> pd.DataFrame:
    """Error or width over all truths, with its MCSE.

    The pooled RMSE is the root of the mean of the cells' mean squared errors and the pooled width
    the mean of the cells' mean widths; cells are independent, so that their MCSE add in squares.
    ``over`` is the column whose values stay apart. A number over all truths needs all of them: it
    is missing where a cell has no estimate.
    """
    rows, every = [], summary.recovery[summary.recovery["scope"] == "cell"]
    # A method in one variant of the design is in the cells of that variant only.
    mine = every[every["method"].isin(cells["method"])]
    truths = mine.groupby("method", observed=True)["cell"].nunique().sum()
    truths = max(1, truths // (len(summary.participants) * len(summary.trials)))
    squares = summary.measure("mse", **where) if kind == "rmse" else cells
    for column in ("method", "participants", "trials"):
        squares = squares[squares[column].isin(cells[column])]
    for size, part in squares.groupby(over):
        complete = len(part) % truths == 0
        mean = float(part["value"].mean(skipna=False)) if complete else np.nan
        mcse = float(np.sqrt((part["mcse"] ** 2).sum(skipna=False)) / len(part))
        if kind == "rmse":
            root = np.sqrt(mean)
            mean, mcse = root, mcse / (2 * root) if root > 0 else np.nan
        rows.append({over: size, "value": mean, "mcse": mcse})
    return pd.DataFrame(rows, columns=[over, "value", "mcse"])


def _with_room(sizes: tuple[int, ...]) -> list[int]:
    """Numbers whose labels do not run into each other; first and last always."""
    shown = [sizes[0]]
    room = 0.28 * np.log(sizes[-1] / sizes[0])
    for count in sizes[1:-1]:
        if min(np.log(count / shown[-1]), np.log(sizes[-1] / count)) > room:
            shown.append(count)
    return [*shown, sizes[-1]]


def _log_axes(axes: Axes, sizes: tuple[int, ...]) -> None:
    axes.set(xscale="log", yscale="log", xlim=(sizes[0] / 1.25, sizes[-1] * 1.25))
    axes.xaxis.set_major_locator(FixedLocator(list(sizes)))
    shown = _with_room(sizes)
    labels = FuncFormatter(lambda value, _: f"{value:g}" if round(value) in shown else "")
    axes.xaxis.set_major_formatter(labels)
    axes.xaxis.set_minor_locator(FixedLocator([]))
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.1, high * 1.1)
    style.log_ticks(axes.yaxis, low / 1.1, high * 1.1)


def _handles(summary: Summary, sizes: Sizes) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = list(style.method_handles(summary.methods))
    truths = summary.recovery.loc[summary.recovery["scope"] == "cell", list(summary.truths)]
    truths = truths.drop_duplicates()
    if not summary.truths:
        pass
    elif len(truths) > MOST_LINES:
        handles.append(Patch(color=style.FAINT, alpha=0.2, label="range over truths"))
    else:
        handles.append(Line2D([], [], color=style.FAINT, lw=0.4, label="each truth"))
    return handles + [
        Line2D([], [], color="0.3", lw=1.4, ls=LINES[k], label=f"{counted(n, sizes.lines)} ± MCSE")
        for k, n in enumerate(sizes.ends(summary))
    ]
