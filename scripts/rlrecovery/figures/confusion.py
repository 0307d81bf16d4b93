"""Confusion and inversion matrices: best-fitting model versus generating model."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rlrecovery.figures import style
from rlrecovery.figures.axes import title
from rlrecovery.figures.layout import page_note
from rlrecovery.figures.model_names import name_ticks, names_height, short_name
from rlrecovery.figures.panels import note
from rlrecovery.figures.uncertainty import Z, decimals
from rlrecovery.score.results import Summary

#: Columns of the table with the formulas in the titles, in the order of the panels.
MATRICES = {
    "confusion": "p(best fit | generating model)",
    "inversion": "p(generating model | best fit)",
}
#: From white for 0 to dark blue for 1, with decreasing lightness for any form of colour vision.
PROBABILITY = LinearSegmentedColormap.from_list(
    "probability", ["#ffffff", "#7fb8d8", style.COLOURS[0], "#002f4a"]
).with_extremes(bad="#e8e8e8")
#: Inches, of a square: least width with an interval; least height without and with an interval;
#: greatest height.
INTERVAL_WIDTH, MIN_HEIGHT, MIN_HEIGHT_INTERVAL, MAX_HEIGHT = 0.43, 0.175, 0.28, 0.55
#: Decimals for which an interval has room.
MAX_DECIMALS = 3
#: Inches: width of the names beside a panel; height of what else is above and below it.
NAMES_WIDTH, MARGIN = 1.25, 0.62
#: Letters per line of a name beside a panel.
LETTERS = 18


@dataclass(frozen=True, eq=False)
class Matrix:
    """The squares of one contest and criterion.

    Attributes
    ----------
    name : str
        The criterion, with the contest if there are several, and the unit if not participants.
    unit : str
        What is counted: ``participant`` or ``data set``.
    rows : DataFrame
        One row per square.
    simulated, fitted : tuple of str
        Labels of models; models that are in both come first and in the same order.
    """

    name: str
    unit: str
    rows: pd.DataFrame
    simulated: tuple[str, ...]
    fitted: tuple[str, ...]

    def values(self, column: str) -> np.ndarray:
        """Return a column as a matrix, shape (simulated, fitted); NaN where it is missing."""
        matrix = self.rows.pivot_table(index="simulated", columns="fitted", values=column)
        return matrix.reindex(index=self.simulated, columns=self.fitted).to_numpy(dtype=float)

    @property
    def units(self) -> tuple[int, int]:
        """Number of units that were compared, and number that were left out."""
        rows = self.rows.drop_duplicates("simulated")
        return int(rows["n"].sum()), int(rows["left_out"].sum())


@style.styled
def draw_confusion(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the matrices of all contests and criteria, over all cells.

    A figure of one journal column shows the confusion matrices only.
    """
    available = matrices(summary.selection)
    shown = [matrix for matrix in available if matrix.units[0]]
    if not shown:
        return style.blank(width, "No two models were compared\non the same data.")
    kinds = list(MATRICES)[: 1 if style.narrow(width) else 2]
    square = (width - NAMES_WIDTH) / len(kinds) / max(len(matrix.fitted) for matrix in shown)
    while len(shown) > 1 and sum(_heights(shown, square)) > style.max_height():
        shown = shown[:-1]
    figure = style.page(width, sum(_heights(shown, square)))
    ratios = [len(matrix.simulated) for matrix in shown]
    grid = figure.subplots(len(shown), len(kinds), squeeze=False, height_ratios=ratios)
    for i, matrix in enumerate(shown):
        for j, kind in enumerate(kinds):
            _squares(grid[i, j], matrix, kind, square >= INTERVAL_WIDTH)
            _names(grid[i, j], matrix, square, below=_has_names(shown, i), beside=j == 0)
        if matrix.units[1]:
            note(grid[i, 0], f"{matrix.units[1]} of {sum(matrix.units)} {matrix.unit}s left out")
        for axes, kind in zip(grid[i], kinds, strict=True):
            title(axes, f"{matrix.name}: {MATRICES[kind]}")
    figure.align_ylabels()
    if hidden := [matrix.name for matrix in available if matrix not in shown]:
        page_note(figure, f"not shown: {', '.join(hidden)}")
    return figure


def matrices(selection: pd.DataFrame) -> list[Matrix]:
    """Matrices over all cells with at least two models, by participant where possible."""
    if selection.empty:
        return []
    names = ["scope", "contest", "criterion", "unit", "simulated", "fitted"]
    table = selection.assign(**{name: selection[name].astype("str") for name in names})
    table = table[table["scope"] == "all"]
    several_contests = len(table["contest"].unique()) > 1
    result = []
    for (contest, criterion), group in table.groupby(["contest", "criterion"], sort=False):
        unit = "participant" if "participant" in set(group["unit"]) else "data set"
        rows = group[group["unit"] == unit]
        fitted, generated = tuple(rows["fitted"].unique()), set(rows["simulated"])
        simulated = [label for label in fitted if label in generated]
        simulated += [label for label in rows["simulated"].unique() if label not in fitted]
        name = f"{contest}, {criterion}" if several_contests else criterion
        name += "" if unit == "participant" else ", data sets"
        if len(fitted) > 1:
            result.append(Matrix(name, unit, rows, tuple(simulated), fitted))
    return result


def _has_names(shown: Sequence[Matrix], i: int) -> bool:
    """Whether a row of panels has names below: not if the next row has the same names."""
    return i + 1 == len(shown) or shown[i].fitted != shown[i + 1].fitted


def _heights(shown: Sequence[Matrix], square: float) -> list[float]:
    """Height in inches of each row of panels with its margins, so that all fit if possible."""
    margins = [
        MARGIN + (names_height(matrix.fitted, square) if _has_names(shown, i) else 0)
        for i, matrix in enumerate(shown)
    ]
    lowest = MIN_HEIGHT_INTERVAL if square >= INTERVAL_WIDTH else MIN_HEIGHT
    available = (style.max_height() - sum(margins)) / sum(len(matrix.simulated) for matrix in shown)
    height = min(max(available, lowest), MAX_HEIGHT)
    return [height * len(m.simulated) + margin for m, margin in zip(shown, margins, strict=True)]


def _squares(axes: Axes, matrix: Matrix, kind: str, intervals: bool) -> None:
    """Draw coloured squares with their probabilities, and frames around the correct model."""
    value, lower, upper = (matrix.values(kind + end) for end in ("", "_lower", "_upper"))
    axes.pcolormesh(
        np.ma.masked_invalid(value), cmap=PROBABILITY, vmin=0, vmax=1, edgecolors="#dddddd", lw=0.5
    )
    for (i, j), p in np.ndenumerate(value):
        ink = contrasting(PROBABILITY(p)) if np.isfinite(p) else style.FAINT
        has_interval = intervals and np.isfinite(lower[i, j])
        places = min(MAX_DECIMALS, decimals((upper[i, j] - lower[i, j]) / (2 * Z)))
        middle = i + (0.38 if has_interval else 0.5)
        centred: dict[str, Any] = {"ha": "center", "va": "center", "color": ink}
        axes.text(
            j + 0.5,
            middle,
            _format(float(p), places),
            fontsize=style.points(7),
            gid="probability",
            **centred,
        )
        if has_interval:
            text = "–".join(_format(float(end[i, j]), places) for end in (lower, upper))
            axes.text(
                j + 0.5, i + 0.73, text, fontsize=style.points(5.2), gid="interval", **centred
            )
    for i, label in enumerate(matrix.simulated):
        if label in matrix.fitted:
            corner = matrix.fitted.index(label), i
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, ec=style.TRUTH, clip_on=False))
    axes.set(xlim=(0, len(matrix.fitted)), ylim=(len(matrix.simulated), 0), xlabel="best fit")
    axes.spines[:].set_visible(False)


def _names(axes: Axes, matrix: Matrix, square: float, below: bool, beside: bool) -> None:
    """Write names of models below and beside a panel."""
    axes.tick_params(length=0, pad=2)
    axes.set_xticks([])
    if below:
        name_ticks(axes, matrix.fitted, square, 0.5)
    axes.set_yticks(np.arange(len(matrix.simulated)) + 0.5)
    names = ["\n".join(textwrap.wrap(short_name(label), LETTERS)) for label in matrix.simulated]
    axes.set_yticklabels(names if beside else [], linespacing=1.0)
    if beside:
        axes.set_ylabel("generating model")


def _format(probability: float, places: int) -> str:
    """Probability without a leading zero, such as ``.93``; a dash if it is missing."""
    return f"{probability:.{places}f}".removeprefix("0") if np.isfinite(probability) else "–"


def luminance(colour: Sequence[float]) -> float:
    """Relative luminance of an sRGB colour, from 0 for black to 1 for white (WCAG 2.1)."""
    rgb = np.asarray(colour[:3], dtype=float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrasting(colour: Sequence[float]) -> str:
    """Black or white, whichever contrasts more with a colour (WCAG 2.1)."""
    # The two contrast ratios, (L + 0.05) / 0.05 and 1.05 / (L + 0.05), are equal at this L.
    return "black" if luminance(colour) + 0.05 > np.sqrt(1.05 * 0.05) else "white"
