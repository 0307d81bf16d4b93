"""Calibration over the prior: PIT values, and coverage at all levels, within their bands."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rlrecovery.calibration.batch import DATA_SET, LOG_LIKELIHOOD
from rlrecovery.calibration.uniformity import (
    band,
    in_central_interval,
    inside_unit,
    shares_below,
)
from rlrecovery.figures import style
from rlrecovery.figures.axes import few_ticks
from rlrecovery.figures.labels import symbol
from rlrecovery.figures.layout import Facets, PanelSize, facets
from rlrecovery.figures.legends import entry, legend
from rlrecovery.figures.panels import message
from rlrecovery.score.results import Summary
from rlrecovery.simulation.task import Floats

#: Colour of the band.
BAND = "#dddddd"
#: Lines of the parameters of a panel, in their order.
LINES = ("-", "--", ":", "-.")
#: Levels in the order of the rows.
LEVELS = ("participant", "group", "spread", DATA_SET)
#: Fewest values that are drawn.
FEWEST = 2


class Quantity(NamedTuple):
    """What is computed from PIT values and compared with the uniform distribution.

    Attributes
    ----------
    of : callable
        From PIT values to values that are uniform if the method is calibrated.
    unit : float
        Factor of both axes: 100 for per cent.
    x, y : str
        Labels of the axes.
    """

    of: Callable[[Floats], Floats]
    unit: float
    x: str
    y: str


PIT = Quantity(inside_unit, 1.0, "PIT value", "ECDF − uniform")
COVERAGE = Quantity(in_central_interval, 100.0, "nominal level (%)", "coverage − nominal")


@style.styled
def draw_calibration(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the difference of the distribution of PIT values from the uniform distribution."""
    return _draw(summary, width, PIT)


@style.styled
def draw_calibrated_coverage(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw coverage minus nominal level, for the central intervals of all levels."""
    return _draw(summary, width, COVERAGE)


def calibrated_methods(summary: Summary) -> list[str]:
    """Methods in the order of the calibration."""
    table = summary.calibration
    return [str(name) for name in table["method"].unique()] if len(table) else []


def ink_of(summary: Summary, method: str) -> str:
    """Colour of a method, as in other figures if it is shown there under the same name."""
    shown = summary.methods if len(summary.recovery) else ()
    names = shown if method in shown else calibrated_methods(summary)
    return style.colour(list(names), method)


def label_of_level(level: str) -> str:
    """Name of a level beside a row of panels."""
    return "log-likelihood" if level == DATA_SET else level


def _draw(summary: Summary, width: float, quantity: Quantity) -> Figure:
    """Draw a page with a row of panels per level and a column per method."""
    table, methods = summary.calibration, calibrated_methods(summary)
    if not methods:
        return style.blank(width, "There is no calibration over the prior.")
    present = set(table["level"])
    levels = [level for level in LEVELS if level in present]
    groups = {
        (i, j): part
        for i, level in enumerate(levels)
        for j, method in enumerate(methods)
        if len(part := table[(table["level"] == level) & (table["method"] == method)])
    }
    size = PanelSize(1.4, titles=[(method,) for method in methods])
    page = facets(width, len(levels), len(methods), size, existing=groups, share_rows=True)
    for position in page.positions:
        _panel(page, position, groups[position], summary, methods[position[1]], quantity)
        label = f"{quantity.y}\n({label_of_level(levels[position[0]])})"
        page.row_label(position, label)
    page.note_left_out("of the first methods", "summary/calibration.csv")
    legend(page.figure, _entries(table))
    return page.figure


def _panel(
    page: Facets,
    position: tuple[int, int],
    places: pd.DataFrame,
    summary: Summary,
    method: str,
    quantity: Quantity,
) -> None:
    """Draw the parameters of a level and method on the band for their number of data sets."""
    axes, ink, unit = page[position], ink_of(summary, method), quantity.unit
    page.column_title(position, method)
    axes.set(xlim=(0, unit), xlabel=quantity.x)
    few_ticks(axes, x=5, y=5)
    parameters = parameters_of(summary.calibration)
    values = {
        str(name): part["pit"].dropna().to_numpy(float)
        for name, part in places.groupby("parameter", sort=False)
    }
    values = {name: pit for name, pit in values.items() if len(pit) >= FEWEST}
    if not values:
        message(axes, "no fit succeeded")
        return
    _band(axes, min(map(len, values.values())), unit)
    for name, pit in values.items():
        points = band(len(pit)).points
        difference = shares_below(quantity.of(pit), points) - points
        line = LINES[parameters.index(name) % len(LINES)] if name in parameters else "-"
        axes.plot(unit * points, unit * difference, color=ink, ls=line, lw=1.1, zorder=3)
    _write_p(axes, summary.uniformity, places)


def _band(axes: Axes, n: int, unit: float) -> None:
    limits = band(n)
    x, low, high = limits.points, limits.lower - limits.points, limits.upper - limits.points
    axes.fill_between(unit * x, unit * low, unit * high, color=BAND, lw=0, zorder=1)
    axes.axhline(0, color=style.TRUTH, lw=0.8, zorder=2)
    lowest, highest = axes.get_ylim()
    reach = 1.6 * unit * float(np.abs(np.concatenate([low, high])).max())
    axes.set_ylim(min(lowest, -reach), max(highest, reach))


def _write_p(axes: Axes, uniformity: pd.DataFrame, places: pd.DataFrame) -> None:
    """Write the smallest adjusted p-value of the parameters, and the number of data sets."""
    if uniformity.empty:
        return
    first = places.iloc[0]
    rows = uniformity[
        (uniformity["method"] == first["method"]) & (uniformity["level"] == first["level"])
    ]
    p, n = rows["p_holm"].astype(float).min(), int(rows["n"].max())
    text = f"p = {p:.2g}, n = {n}" if p >= 0.001 else f"p < 0.001, n = {n}"
    axes.text(
        0.98, 0.96, text, transform=axes.transAxes, ha="right", va="top",
        fontsize=style.points(6.5), color=style.TRUTH,
    )  # fmt: skip


def parameters_of(table: pd.DataFrame) -> list[str]:
    """Parameters in their order; the log-likelihood is none."""
    return [str(name) for name in table["parameter"].unique() if name != LOG_LIKELIHOOD]


def _entries(table: pd.DataFrame) -> list[Artist]:
    """Legend entries of the lines and the band."""
    lines = [
        entry(symbol(name), color="#333333", ls=LINES[i % len(LINES)], lw=1.1)
        for i, name in enumerate(parameters_of(table))
    ]
    return [*lines, Patch(color=BAND, label="95 % simultaneous band")]
