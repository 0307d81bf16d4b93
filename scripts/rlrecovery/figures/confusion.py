"""Which model is selected when each generated the data: confusion and inversion matrices."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rlrecovery.figures import style
from rlrecovery.score.results import Summary

#: Columns of the table by what they are, which is also the order of the panels.
MATRICES = {"confusion": "p(best fit | simulated)", "inversion": "p(simulated | best fit)"}
#: From white for 0 to dark blue for 1; lightness falls all the way, for any colour vision.
PROBABILITY = LinearSegmentedColormap.from_list(
    "probability", ["#ffffff", "#7fb8d8", style.COLOURS[0], "#002f4a"]
).with_extremes(bad="#e8e8e8")
#: Initials that the field knows, and names of people.
KNOWN = {
    "rescorla wagner": "RW",
    "win stay lose shift": "WSLS",
    "pearce hall": "Pearce-Hall",
    "kalman": "Kalman",
}
#: In inches, of a square: the least width with an interval, the least height without and with one,
#: and the most.
INTERVAL_WIDTH, FLATTEST, FLATTEST_WITH, HIGHEST = 0.43, 0.175, 0.28, 0.55
#: In inches: names beside a panel, what else stands above and below it, a line, and a letter.
BESIDE, AROUND, LINE, LETTER = 1.25, 0.62, 0.125, 0.062
#: Letters of a name in one line, beside a panel and upright below it.
LETTERS, LETTERS_UPRIGHT = 18, 14


@dataclass(frozen=True, eq=False)
class Matrix:
    """The squares of one contest and criterion.

    Attributes
    ----------
    name : str
        Criterion; with the contest where there are several, and with the unit if not participants.
    unit : str
        What is counted: ``participant`` or ``data set``.
    rows : DataFrame
        One row per square.
    simulated, fitted : tuple of str
        Labels of models, the same ones first and in the same order.
    """

    name: str
    unit: str
    rows: pd.DataFrame
    simulated: tuple[str, ...]
    fitted: tuple[str, ...]

    def values(self, column: str) -> np.ndarray:
        """A column, shape (simulated, fitted); NaN where it is missing."""
        found = np.full((len(self.simulated), len(self.fitted)), np.nan)
        squares = zip(self.rows["simulated"], self.rows["fitted"], self.rows[column], strict=True)
        for simulated, fitted, value in squares:
            found[self.simulated.index(simulated), self.fitted.index(fitted)] = value
        return found

    @property
    def units(self) -> tuple[int, int]:
        """Units that were compared, and that were left out."""
        each = self.rows.drop_duplicates("simulated")
        return int(each["n"].sum()), int(each["left_out"].sum())


@style.styled
def draw_confusion(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Confusion and inversion matrices of all contests and criteria, all cells together.

    One column has room for the confusion matrices only.
    """
    every = matrices(summary.selection)
    found = [matrix for matrix in every if matrix.units[0]]
    if not found:
        return style.blank(width, "No two models were compared\non the same data.")
    kinds = list(MATRICES)[: 1 if style.narrow(width) else 2]
    square = (width - BESIDE) / len(kinds) / max(len(matrix.fitted) for matrix in found)
    while len(found) > 1 and sum(_heights(found, square)) > style.TALLEST:
        found = found[:-1]
    figure = style.page(width, sum(_heights(found, square)))
    tall = [len(matrix.simulated) for matrix in found]
    grid = figure.subplots(len(found), len(kinds), squeeze=False, height_ratios=tall)
    for i, matrix in enumerate(found):
        for j, kind in enumerate(kinds):
            _squares(grid[i, j], matrix, kind, square >= INTERVAL_WIDTH)
            _names(grid[i, j], matrix, square, _has_names(found, i), j == 0)
        if matrix.units[1]:
            of = f"{sum(matrix.units)} {matrix.unit}s"
            style.note(grid[i, 0], f"{matrix.units[1]} of {of} left out")
        for axes, kind in zip(grid[i], kinds, strict=True):
            style.title(axes, f"{matrix.name}: {MATRICES[kind]}")
    figure.align_ylabels()
    rest = [matrix.name for matrix in every if matrix not in found]
    if rest:
        style.aside(figure, f"not shown: {', '.join(rest)}")
    return figure


def matrices(selection: pd.DataFrame) -> list[Matrix]:
    """Matrices over all cells with two models or more, by participant where that is a unit.

    Parameters
    ----------
    selection : DataFrame
        Columns of `rlrecovery.score.model_selection.SELECTION`; or empty, without any.
    """
    if selection.empty:
        return []
    names = ["scope", "contest", "criterion", "unit", "simulated", "fitted"]
    table = selection.assign(**{name: selection[name].astype("str") for name in names})
    table = table[table["scope"] == "all"]
    several, found = len(table["contest"].unique()) > 1, []
    for (contest, criterion), group in table.groupby(["contest", "criterion"], sort=False):
        unit = "participant" if "participant" in set(group["unit"]) else "data set"
        rows = group[group["unit"] == unit]
        fitted, generated = tuple(rows["fitted"].unique()), set(rows["simulated"])
        simulated = [label for label in fitted if label in generated]
        simulated += [label for label in rows["simulated"].unique() if label not in fitted]
        name = f"{contest}, {criterion}" if several else criterion
        name += "" if unit == "participant" else ", data sets"
        if len(fitted) > 1:
            found.append(Matrix(name, unit, rows, tuple(simulated), fitted))
    return found


def _has_names(found: Sequence[Matrix], i: int) -> bool:
    """Whether names stand below a row of panels: not where the row below has the same ones."""
    return i + 1 == len(found) or found[i].fitted != found[i + 1].fitted


def _heights(found: Sequence[Matrix], square: float) -> list[float]:
    """Height of every row of panels with what stands around it, if possible on one page."""
    around = [
        AROUND + (names_height(matrix.fitted, square) if _has_names(found, i) else 0)
        for i, matrix in enumerate(found)
    ]
    flattest = FLATTEST_WITH if square >= INTERVAL_WIDTH else FLATTEST
    there = (style.TALLEST - sum(around)) / sum(len(matrix.simulated) for matrix in found)
    height = min(max(there, flattest), HIGHEST)
    return [height * len(m.simulated) + a for m, a in zip(found, around, strict=True)]


def model_names(labels: Iterable[str], slot: float) -> tuple[list[str], bool]:
    """Names for the ticks below a panel, and whether they must stand upright.

    Parameters
    ----------
    labels : iterable of str
        Labels of models.
    slot : float
        Inches between two ticks.
    """
    names, letters = [short_name(label) for label in labels], int(slot / LETTER)
    turned = max(len(word) for name in names for word in name.split()) > letters
    most = letters if not turned else LETTERS_UPRIGHT if slot > 2 * LINE else 99
    return ["\n".join(textwrap.wrap(name, most)) for name in names], turned


def names_height(labels: Iterable[str], slot: float) -> float:
    """Inches that `model_names` take below a panel."""
    names, turned = model_names(labels, slot)
    lines = [name.split("\n") for name in names]
    if turned:
        return LETTER * max(len(line) for name in lines for line in name)
    return LINE * max(len(name) for name in lines)


def name_ticks(axes: Axes, labels: Sequence[str], slot: float, first: float = 0) -> None:
    """Put `model_names` below a panel, one apart from ``first`` on."""
    names, turned = model_names(labels, slot)
    axes.set_xticks(np.arange(len(names)) + first, names, linespacing=1.0)
    if turned:
        # The ends of upright lines are at the axis.
        axes.tick_params(axis="x", labelrotation=90)
        for tick in axes.get_xticklabels():
            tick.set_multialignment("right")


def short_name(label: str) -> str:
    """A model's label for a figure, in words, and short where the field has initials."""
    text = label.replace("_", " ")
    for words, name in KNOWN.items():
        text = text.replace(words, name)
    return text


def _squares(axes: Axes, matrix: Matrix, kind: str, intervals: bool) -> None:
    """Coloured squares with their probabilities; the right model's are framed."""
    value, lower, upper = (matrix.values(kind + end) for end in ("", "_lower", "_upper"))
    axes.pcolormesh(
        np.ma.masked_invalid(value), cmap=PROBABILITY, vmin=0, vmax=1, edgecolors="#dddddd", lw=0.5
    )
    for (i, j), p in np.ndenumerate(value):
        ink = contrasting(PROBABILITY(p)) if np.isfinite(p) else style.FAINT
        there = intervals and np.isfinite(lower[i, j])
        middle = i + (0.38 if there else 0.5)
        axes.text(j + 0.5, middle, written(p), ha="center", va="center", color=ink, fontsize=7,
                  gid="probability")  # fmt: skip
        if there:
            text = f"{written(lower[i, j])}–{written(upper[i, j])}"
            axes.text(j + 0.5, i + 0.73, text, ha="center", va="center", color=ink, fontsize=5.2,
                      gid="interval")  # fmt: skip
    for i, label in enumerate(matrix.simulated):
        if label in matrix.fitted:
            corner = matrix.fitted.index(label), i
            axes.add_patch(Rectangle(corner, 1, 1, fill=False, ec=style.TRUTH, clip_on=False))
    axes.set(xlim=(0, len(matrix.fitted)), ylim=(len(matrix.simulated), 0), xlabel="best fit")
    axes.spines[:].set_visible(False)


def _names(axes: Axes, matrix: Matrix, square: float, below: bool, beside: bool) -> None:
    """Names of models on the axes."""
    axes.tick_params(length=0, pad=2)
    axes.set_xticks([])
    if below:
        name_ticks(axes, matrix.fitted, square, 0.5)
    axes.set_yticks(np.arange(len(matrix.simulated)) + 0.5)
    names = ["\n".join(textwrap.wrap(short_name(label), LETTERS)) for label in matrix.simulated]
    axes.set_yticklabels(names if beside else [], linespacing=1.0)
    if beside:
        axes.set_ylabel("simulated")


def written(probability: float) -> str:
    """A probability with two decimals and no leading zero: ``.93``; a dash where it is missing."""
    return f"{probability:.2f}".removeprefix("0") if np.isfinite(probability) else "–"


def luminance(colour: Sequence[float]) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.1), from 0 for black to 1 for white."""
    rgb = np.asarray(colour[:3], dtype=float)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrasting(colour: Sequence[float]) -> str:
    """Black or white, whichever contrasts more with a colour."""
    # The two contrast ratios, (L + 0.05) / 0.05 and 1.05 / (L + 0.05), are equal at this L.
    return "black" if luminance(colour) + 0.05 > np.sqrt(1.05 * 0.05) else "white"
