"""Coverage of the intervals at every nominal level."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.layout import PanelSize, facets
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.panels import cell_entries, cell_marks, message
from rlrecovery.figures.subsets import estimated_pairs
from rlrecovery.figures.uncertainty import Z, half_width
from rlrecovery.score.results import Summary

#: Colour of the Monte Carlo band.
BAND = "#dddddd"


@style.styled
def draw_coverage(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the coverage of every cell and nominal level, per parameter, level and method."""
    coverage, methods = summary.measure("coverage"), summary.methods
    rows = estimated_pairs(summary, coverage, width)
    groups = dict(list(coverage.groupby(["parameter", "level", "method"], observed=True)))
    cells = {
        (i, j): groups.get((*row, method), coverage.iloc[:0])
        for (i, row), (j, method) in itertools.product(enumerate(rows), enumerate(methods))
    }
    if summary.mixed:
        cells = {key: table for key, table in cells.items() if table["value"].notna().any()}
    if not cells:
        return style.blank(width, "There are no intervals.")
    page = facets(
        width,
        len(rows),
        len(methods),
        PanelSize(1.4, titles=[(method,) for method in methods]),
        existing=cells,
        priority=lambda position: _priority(cells[position]),
        share_rows=True,
    )
    for i, j in page.positions:
        axes, (parameter, level) = page[i, j], rows[i]
        page.column_title((i, j), methods[j])
        if cells[i, j].empty:
            message(axes, f"no {level} estimate")
            axes.set_axis_off()
            continue
        _panel(axes, cells[i, j], summary, methods[j])
        of_row = (coverage["parameter"] == parameter) & (coverage["level"] == level)
        _set_limits(axes, coverage[of_row])
        page.row_label((i, j), f"coverage of {symbol(parameter)}\n({level}, %)")
        axes.set_xlabel("nominal level (%)")
    page.note_left_out("furthest from the nominal levels", "summary/recovery.csv")
    most = max(table["cell"].nunique() for table in cells.values())
    legend(page.figure, _entries(summary, most))
    return page.figure


def _priority(cells: pd.DataFrame) -> float:
    """Largest distance of the mean coverage over cells from a nominal level."""
    means = cells.groupby("interval")["value"].mean()
    return float((means - means.index).abs().max())


def _panel(axes: Axes, coverage: pd.DataFrame, summary: Summary, method: str) -> None:
    """Draw the cells of every nominal level on its Monte Carlo band."""
    levels, order = summary.intervals, ["trials", "participants", *summary.truths]
    for k, nominal in enumerate(levels):
        cells = coverage[np.isclose(coverage["interval"].astype(float), nominal)]
        cells = cells.sort_values(order)
        percent, half = 100 * nominal, 100 * Z * band(nominal, cells)
        ends, top = [k - 0.45, k + 0.45], np.minimum(percent + half, 100)
        axes.fill_between(ends, percent - half, top, color=BAND, lw=0)
        axes.plot(ends, [percent] * 2, color=style.TRUTH, lw=0.8, zorder=5)
        x = k + (np.arange(len(cells)) - (len(cells) - 1) / 2) * 0.8 / max(1, len(cells))
        y = 100 * cells["value"].to_numpy(dtype=float)
        bars = 100 * half_width(cells["mcse"])
        cell_marks(axes, cells, x, y, bars, summary, method, bars_along="y")
    axes.set(xticks=range(len(levels)), xticklabels=[f"{100 * level:g}" for level in levels])


def _set_limits(axes: Axes, cells: pd.DataFrame) -> None:
    """Set the vertical limits of a row of panels, which include every error bar and band."""
    low = float((cells["value"] - half_width(cells["mcse"])).min())
    for (_, nominal), part in cells.groupby(["method", "interval"]):
        low = min(low, float(nominal) - Z * band(float(nominal), part))
    axes.set_ylim(max(-3, 100 * low - 3), 103)


def band(nominal: float, cells: pd.DataFrame) -> float:
    """Monte Carlo SE of the coverage of one cell if the true coverage is nominal.

    Binomial over the rows of a cell, but at least the median reported MCSE, which accounts for the
    dependence of rows from the same data set.
    """
    if cells.empty:
        return 0.0
    binomial = np.sqrt(nominal * (1 - nominal) / max(1.0, float(cells["n_rows"].median())))
    return float(np.nanmax([binomial, cells["mcse"].median()]))


def _entries(summary: Summary, cells: int) -> list[Artist]:
    """Legend entries of the lines, the band and the marks, given the number of cells."""
    return [
        entry("nominal", color=style.TRUTH, lw=0.8),
        Patch(color=BAND, label="95 % Monte Carlo band"),
        *cell_entries(summary, cells, "y"),
    ]
