"""z-score against contraction, for truths drawn from the prior."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rlrecovery.calibration.batch import DATA_SET
from rlrecovery.figures import style
from rlrecovery.figures.axes import few_ticks, quantile_fence
from rlrecovery.figures.calibration import LEVELS, calibrated_methods, ink_of
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.panels import mark_beyond, message, note
from rlrecovery.score.results import Summary

#: Columns on the axes, and what the axes include in any case.
AXES = ["contraction", "z"]
KEEP = ((0, 1), (-3, 3))


@style.styled
def draw_calibrated_contraction(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw z-score over contraction, per method, level and parameter."""
    table, methods = summary.calibration, calibrated_methods(summary)
    if not methods:
        return style.blank(width, "There is no calibration over the prior.")
    table = table[table["level"] != DATA_SET]
    pairs = dict.fromkeys(zip(table["level"], table["parameter"], strict=True))
    rows = sorted(pairs, key=lambda pair: LEVELS.index(pair[0]))
    groups = {
        (rows.index((level, name)), methods.index(method)): part
        for (method, level, name), part in table.groupby(["method", "level", "parameter"])
    }
    page = facets(
        width,
        len(rows),
        len(methods),
        PanelSize(1.4, titles=[(f"{method}, participant",) for method in methods]),
        existing=groups,
        share_rows=True,
    )
    for position in page.positions:
        (level, name), method = rows[position[0]], methods[position[1]]
        axes = page[position]
        _panel(axes, groups[position], ink_of(summary, method))
        page.title(position, f"{method}, {level}")
        axes.set_xlabel(f"contraction of {symbol(name)}")
        page.row_label(position, f"z-score of {symbol(name)}")
    page.note_left_out("of the first methods", "summary/calibration.csv")
    legend(page.figure, _entries())
    return page.figure


def _panel(axes: Axes, places: pd.DataFrame, ink: str) -> None:
    """Draw the posteriors of a method, their mean and SD of z, and mark those beyond the axes."""
    defined = places[np.isfinite(places["z"]) & np.isfinite(places["contraction"])]
    limits = [quantile_fence(defined[c], keep) for c, keep in zip(AXES, KEEP, strict=True)]
    axes.set(xlim=limits[0], ylim=limits[1])
    few_ticks(axes, x=5, y=5)
    for height, line in ((0, "-"), (-2, ":"), (2, ":")):
        axes.axhline(height, color=style.FAINT, lw=0.6, ls=line, zorder=1)
    if defined.empty:
        message(axes, "no posterior with an SD\nto compare with the prior's")
        return
    x, y = (defined[column].to_numpy(float) for column in AXES)
    axes.plot(x, y, "o", color=ink, ms=2, mew=0, alpha=0.5, zorder=2)
    outside = mark_beyond(axes, x, y, style.FLAG, *limits)
    left_out = len(places) - len(defined)
    note(
        axes,
        f"{outside} of {len(places)} beyond axis" if outside else "",
        f"{left_out} left out" if left_out else "",
    )
    axes.errorbar(
        x.mean(), y.mean(), yerr=y.std(ddof=1) if len(y) > 1 else None, fmt="o", ms=4,
        mfc=ink, mec=style.TRUTH, mew=0.7, ecolor=style.TRUTH, elinewidth=0.8, zorder=4,
    )  # fmt: skip


def _entries() -> list[Line2D]:
    """Legend entries of the marks."""
    return [
        entry("one posterior", marker="o", ls="", ms=2, color=style.FAINT),
        entry("beyond axis", marker=">", ls="", ms=3, mfc="none", mew=0.7, color=style.FLAG),
        entry("mean ± SD of z", marker="o", ls="", ms=4, mfc="#bbbbbb", color=style.TRUTH),
        entry("z = ±2", color=style.FAINT, lw=0.6, ls=":"),
    ]
