"""Agreement of estimates with a second session and with the truth, against trials."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from rlrecovery.figures import style
from rlrecovery.figures.effects import method_colour
from rlrecovery.figures.labels import counted, symbol
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import bar_entry, entry, legend, legend_height
from rlrecovery.figures.panels import message
from rlrecovery.figures.precision import LINES
from rlrecovery.figures.subsets import spaced
from rlrecovery.figures.uncertainty import half_width
from rlrecovery.score.analyses import with_series
from rlrecovery.score.pooling import mean_over_cells
from rlrecovery.score.results import Summary

#: Measures with their labels.
MEASURES = {
    "icc": "retest ICC",
    "truth_correlation": "correlation\nwith the truth",
}
#: Most numbers of trials whose labels have room.
MOST_TICKS = 4


@style.styled
def draw_reliability(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the ceilings of correlations, per parameter, against the number of trials."""
    table = with_series(summary.reliability)
    table = table[table["measure"].isin(list(MEASURES))] if len(table) else table
    if table.empty:
        return style.blank(width, "No second session was simulated.")
    parameters = list(dict.fromkeys(table["parameter"]))
    entries = _entries(summary, table)
    extra = legend_height([str(handle.get_label()) for handle in entries], width)
    page = facets(width, len(MEASURES), len(parameters), PanelSize(legend_height=extra))
    for (i, j), axes in page.panels.items():
        measure, label = list(MEASURES.items())[i]
        is_shown = (table["measure"] == measure) & (table["parameter"] == parameters[j])
        _panel(axes, summary, table, is_shown)
        axes.set_xlabel("trials per session")
        page.row_label((i, j), label)
        page.column_title((i, j), symbol(parameters[j]))
    page.note_left_out("of the first parameters", "summary/reliability.csv")
    legend(page.figure, entries)
    return page.figure


def _sizes(table: pd.DataFrame) -> list[int]:
    """Largest and smallest number of participants, or the only one."""
    sizes = sorted({int(n) for n in table["participants"]})
    return sizes if len(sizes) == 1 else [sizes[-1], sizes[0]]


def _methods(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(map(str, table["method"])))


def _panel(axes: Axes, summary: Summary, table: pd.DataFrame, is_shown: pd.Series) -> None:
    """Draw a line per method and number of participants, over all true values."""
    methods, trials = _methods(table), sorted({int(t) for t in table["trials"]})
    lowest, has_values = 0.0, False
    for (k, method), (line, n) in itertools.product(enumerate(methods), enumerate(_sizes(table))):
        rows = table[is_shown & (table["method"] == method) & (table["participants"] == n)]
        pooled = [(t, *mean_over_cells(part)) for t, part in rows.groupby("trials")]
        if not pooled:
            continue
        x, y, mcse = np.array(pooled, dtype=float).T
        has_values |= bool(np.isfinite(y).any())
        lowest = min(lowest, float(np.nanmin(y, initial=0.0)))
        dodge = 1.03 ** (k - (len(methods) - 1) / 2)
        ink = method_colour(summary, method, methods)
        axes.errorbar(
            x * dodge, y, yerr=half_width(mcse), color=ink, ls=LINES[line],
            marker=style.marker(methods, method), ms=3.5, elinewidth=0.8, capsize=1.5,
        )  # fmt: skip
    axes.set(xscale="log", xlim=(trials[0] / 1.25, trials[-1] * 1.25), ylim=(lowest - 0.02, 1.02))
    labelled = spaced(trials, MOST_TICKS)
    axes.xaxis.set_major_locator(FixedLocator(list(labelled)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    if not has_values:
        message(axes, "no estimates")


def _entries(summary: Summary, table: pd.DataFrame) -> list[Artist]:
    """Legend entries of the methods, the numbers of participants and the error bars."""
    methods = _methods(table)
    lines: list[Artist] = [
        entry(
            method, color=method_colour(summary, method, methods), ls="",
            marker=style.marker(methods, method),
        )
        for method in methods
    ]  # fmt: skip
    sizes = [
        entry(counted(n, "participants"), color="0.3", lw=1.4, ls=LINES[k])
        for k, n in enumerate(_sizes(table))
    ]
    return [*lines, *(sizes if len(sizes) > 1 else ()), bar_entry()]
