"""Every method against the first, on the same data."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from rlrecovery.figures import style
from rlrecovery.figures.layout import cell_handles, long_names, strip_height, strips
from rlrecovery.score.results import Summary, against_first, symbol

#: Measures, in words. Both are ratios and so have a logarithmic axis.
MEASURES = {"relative_precision": "gain in precision (%)", "rmse_ratio": "RMSE ratio"}
#: Gains in per cent that may have a tick, by rank: no line may be without the tick of "no gain".
GAINS = (0, 900, -90, 9900, -99, 99900, 100, -50)
SMALL_GAINS = (0, 100, -50, 50, -33, 25, -20)
#: For where none of these but "no gain" is on the axis.
TINY_GAINS = (10, -10, 5, -5, 2, -2, 1, -1, 0.5, -0.5, 0.2, -0.2, 0.1, -0.1)
#: Of so few marks the bars are on the axis in whole.
FEW = 12


@style.styled
def draw_comparison(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Relative precision and RMSE ratio of every method against the first, cell by cell."""
    table = marks(summary)
    there = [level for level in summary.levels if level in set(table["level"])]
    shown = there[:1] if style.narrow(width) else there
    pairs = set(zip(table["parameter"], table["level"], strict=True))
    rows = [row for row in itertools.product(summary.parameters, shown) if row in pairs]
    if len(summary.methods) < 2 or not rows:
        return style.blank(width, "No two methods estimate the same\nparameter on the same data.")
    others = {row: _methods(summary, table, row) for row in rows}
    most, strip = max(map(len, others.values())), strip_height(summary.methods, width, 0.26)

    def of(i: int, j: int) -> pd.DataFrame:
        """Marks of a panel."""
        mine = (table["parameter"] == rows[i][0]) & (table["level"] == rows[i][1])
        return table[mine & (table["measure"] == list(MEASURES)[j])]

    grid = style.facets(
        width, len(rows), len(MEASURES), height=0.62 + strip * most,
        beside=(2, 1 if long_names(summary.methods[1:]) else 2),
        telling=lambda place: _telling(of(*place)),
        least=max(style.LEAST, 0.62 + most * strip_height(summary.methods, width, 0.12)),
    )  # fmt: skip
    for i, j in grid.places:
        axes, (parameter, level), measure = grid[i, j], rows[i], list(MEASURES)[j]
        _panel(axes, of(i, j), summary, others[rows[i]], parameter, grid.begins(i, j))
        if measure == "relative_precision":
            _gain_ticks(axes)
        axes.set_xlabel(MEASURES[measure])
        if grid.begins(i, j):
            axes.set_ylabel(f"{symbol(parameter)}\n({level})")
        if grid.headed(i, j):
            style.title(axes, against(table.loc[table["level"] == level, "reference"].unique()))
    grid.say_left_out("of the RMSE with the most certain differences", "summary/comparison.csv")
    style.legend(grid.figure, cell_handles(summary, table["cell"].nunique()))
    return grid.figure


def against(references: Sequence[str]) -> str:
    """What methods are compared with; of several series the beginning that they share."""
    if len(references) == 1:
        return f"against {references[0]}"
    pieces = zip(*(re.split(r"(?<=[_ ])", name) for name in references), strict=False)
    shared = [each[0] for each in itertools.takewhile(lambda each: len(set(each)) == 1, pieces)]
    return f"against {''.join(shared)}…" if shared else "against the first method"


def _telling(rows: pd.DataFrame) -> float:
    """Largest distance of a ratio from 1, in MCSE; the RMSE tells more than scatter alone."""
    certain = float(((rows["value"] - 1).abs() / rows["mcse"]).max())
    return certain + (1e9 if (rows["measure"] == "rmse_ratio").any() else 0)


def marks(summary: Summary) -> pd.DataFrame:
    """Rows of the comparison that are drawn, as ratios around 1.

    The gain in precision is (SE of the reference / SE of the method)^2 - 1; 1 is added, so that
    a gain and the same loss are as far from the line.
    """
    table = against_first(summary)
    if table.empty:
        return pd.DataFrame(columns=["method", "level", "parameter", "measure", "value", "cell"])
    table = table[table["measure"].isin(list(MEASURES))]
    gain = table["measure"] == "relative_precision"
    return table.assign(value=table["value"] + gain.astype(float))


def _methods(summary: Summary, table: pd.DataFrame, row: tuple[str, str]) -> list[str]:
    """Methods that are compared for a parameter and level."""
    there = set(table.loc[(table["parameter"] == row[0]) & (table["level"] == row[1]), "method"])
    return [method for method in summary.methods if method in there]


def _panel(
    axes: Axes, rows: pd.DataFrame, summary: Summary, methods: list[str], parameter: str,
    names: bool,
) -> None:  # fmt: skip
    limits = style.log_fence(_ends(rows), [1], factor=8)
    axes.set(xscale="log", xlim=limits)
    axes.axvline(1, color=style.TRUTH, lw=0.8, zorder=1)
    first = [parameter] if parameter in summary.truths else []
    y = strips(axes, rows, summary, methods, first, names)
    style.log_ticks(axes.xaxis, *limits, most=3 if _flat(axes) else 6)
    value = rows["value"].to_numpy(dtype=float)
    if not np.isfinite(value).any():
        style.say(axes, "not defined")
    high, low = value > limits[1], value < limits[0]
    for out, edge, head in ((high, 1.0, ">"), (low, 0.0, "<")):
        if out.any():
            axes.plot(np.full(out.sum(), edge), y[out], head, ms=3, mfc="none", mec=style.FLAG,
                      transform=axes.get_yaxis_transform(), mew=0.7, clip_on=False)  # fmt: skip
    style.note_beyond(axes, int(high.sum() + low.sum()), len(rows), " marks")


def _ends(rows: pd.DataFrame) -> pd.Series:
    """What must be inside the axis: marks and, of a few, their bars, if not down to zero."""
    value, mcse = rows["value"], rows["mcse"].fillna(0)
    if len(rows) > FEW:
        return value
    return pd.concat([value, value + mcse, (value - mcse).clip(lower=value / 4)])


def _flat(axes: Axes) -> bool:
    """Whether a panel has room for few ticks."""
    return style.room(axes) < 1.9


def _gain_ticks(axes: Axes) -> None:
    """Per cent of gain on an axis of ratios."""
    low, high = axes.get_xlim()
    apart = np.log(high / low) * (0.3 if _flat(axes) else 0.14)
    shown: list[float] = []
    for gains in (GAINS,) if high / low > 4 else (SMALL_GAINS, TINY_GAINS):
        for ratio in (
            1 + gain / 100 for gain in gains if len(shown) < 2 or gains is not TINY_GAINS
        ):
            if low <= ratio <= high and all(abs(np.log(ratio / other)) > apart for other in shown):
                shown.append(ratio)
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: gain_label(ratio)))


def gain_label(ratio: float) -> str:
    """A ratio of variances as a gain in per cent: ``+100`` for 2, ``−50`` for 0.5."""
    gain = 100 * (ratio - 1)
    gain = round(gain) if abs(gain) > 0.95 else round(gain, 1)
    return f"{gain:+g}".replace("-", "−") if gain else "0"
