"""Where each parameter is recovered: a map over the true values, beside the estimates."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from rlrecovery.figures import style
from rlrecovery.figures.axes import panel_width, wrap
from rlrecovery.figures.labels import describe, symbol
from rlrecovery.figures.legends import legend
from rlrecovery.figures.panels import message
from rlrecovery.figures.recovery import draw_estimates, estimate_entries, estimate_limits
from rlrecovery.score.results import Summary

#: Most panels of the figure: one per parameter, and per task or generating model.
MOST_PANELS = 6

#: True values of one cell.
Truth = tuple[float, ...]


class Look(NamedTuple):
    """How a verdict is drawn: a sign to read without colours, its colour, fill and legend entry."""

    sign: str
    ink: str
    fill: str
    label: str


#: Look of each verdict, from the best to the worst and then what is not known. The fills differ in
#: lightness, and differ for any form of colour vision.
LOOKS = {
    "yes": Look("✓", "white", "#08519c", "recovered"),
    "partly": Look("◐", "black", "#9ecae1", "partly"),
    "no": Look("✗", "black", "#e98b4a", "not recovered"),
    "undecided": Look("?", "black", "#e6e6e6", "undecided"),
    "not asked": Look("–", "black", "#ffffff", "not asked"),
}
EDGE = "#999999"
#: Inches: height of the panels of a row with their labels, and of the legend; height and width of
#: the labels around a map.
ROW_HEIGHT, LEGEND_HEIGHT, LABELS_HEIGHT, LABELS_WIDTH = 2.2, 0.55, 0.75, 0.55
#: Inches: distance of lines of tick labels; width of a letter of a tick label, and gap beside it.
LINE, LETTER, GAP = 0.14, 0.058, 0.05
#: Sizes of signs in points, and largest ratio of height to width of a square.
SIGN_SIZES, TALLEST = (4.0, 14.0), 1.7


@dataclass(frozen=True, eq=False)
class AnswerPanel:
    """The answer for one parameter.

    Attributes
    ----------
    parameter : str
        Name of the parameter.
    method, design : str
        Method and design that the verdicts are of, such as ``8 participants, 150 trials``.
    truths : tuple of str
        Parameters whose true values are the keys of `verdicts`, in this order.
    verdicts : mapping
        Verdict, a key of `LOOKS`, by true values. The only key is ``()`` if truths are drawn.
    points : DataFrame
        Rows of the table ``points`` of this parameter, method and design, at one level.
    colour : str
        Colour of the method.
    """

    parameter: str
    method: str
    design: str
    truths: tuple[str, ...]
    verdicts: Mapping[Truth, str]
    points: pd.DataFrame = field(repr=False)
    colour: str = style.COLOURS[0]


def draw_answer(summary: Summary, width: float) -> Figure:
    """Draw where each parameter is recovered, by the method that the report recommends for it."""
    return answer_page(width, answer_panels(summary))


def answer_panels(summary: Summary) -> list[AnswerPanel]:
    """Answers in the largest design: on participants or, if these do not differ, on groups."""
    if not summary.levels:
        return []
    table = summary.verdicts
    asked = set(table.loc[table["verdict"] != "not asked", "level"])
    level = next((level for level in summary.levels if level in asked), summary.levels[0])
    table = table[(table["level"] == level) & table["parameter"].isin(summary.parameters)]
    trials = table[table["participants"] == table["participants"].max()]["trials"].max()
    table = table[
        (table["participants"] == table["participants"].max()) & (table["trials"] == trials)
    ]
    chosen = table[table["recommended"]]
    panels = []
    for parameter, (_, row) in itertools.product(summary.parameters, chosen.iterrows()):
        if row["parameter"] != parameter:
            continue
        own = (table["method"] == row["method"]) & (table["parameter"] == parameter)
        cells = table[own & (table["scope"] == "cell")]
        truths = tuple(name for name in summary.truths if cells[name].notna().any())
        points = summary.points[summary.points["cell"].isin(cells["cell"])]
        for name in ("method", "parameter", "level"):
            points = points[points[name] == row[name]]
        keys = cells[list(truths)].itertuples(index=False, name=None)
        panels.append(
            AnswerPanel(
                parameter,
                str(row["method"]),
                describe(int(row["participants"]), int(row["trials"])),
                truths,
                dict(zip(map(tuple, keys), cells["verdict"].astype(str), strict=True)),
                points,
                style.colour(summary.methods, str(row["method"])),
            )
        )
    return panels[:MOST_PANELS]


@style.styled
def answer_page(width: float, panels: Sequence[AnswerPanel]) -> Figure:
    """Draw a map and the estimates of every parameter, of two parameters side by side."""
    if not panels:
        return style.blank(width, "There are no verdicts.")
    per_row = 1 if style.narrow(width) else 2
    row_count = -(-len(panels) // per_row)
    figure = style.page(width, min(LEGEND_HEIGHT + ROW_HEIGHT * row_count, style.max_height()))
    grid = figure.add_gridspec(row_count, 2 * per_row)
    flags, maps = set[str](), []
    for k, panel in enumerate(panels):
        row, column = divmod(k, per_row)
        answer_map = figure.add_subplot(grid[row, 2 * column])
        scatter = figure.add_subplot(grid[row, 2 * column + 1])
        draw_answer_map(answer_map, *truth_grid(panel.truths, panel.verdicts))
        flags |= draw_recovery_scatter(scatter, panel.points, panel.parameter, panel.colour)
        text = f"{symbol(panel.parameter)}: {panel.method}, {panel.design}"
        maps.append((answer_map, wrap(text, int((width / per_row - LABELS_WIDTH) / 0.057))))
    # Titles reach over both panels and are above the notes.
    has_notes = any(text.get_gid() == "note" for axes in figure.axes for text in axes.texts)
    for answer_map, lines in maps:
        pad = style.points(12.5 if has_notes else 4)
        answer_map.set_title("\n".join(lines), loc="left", pad=pad, fontsize=style.points(7.5))
    shown = {verdict for panel in panels for verdict in panel.verdicts.values()}
    legend(figure, [*verdict_entries(shown), *estimate_entries(flags)])
    return figure


def truth_grid(
    names: Sequence[str], verdicts: Mapping[Truth, str]
) -> tuple[dict[Truth, str], list[Truth], list[Truth], str, str]:
    """Arrange verdicts in columns and rows; the result is for `draw_answer_map`.

    Columns are the values of the first parameter that varies, rows those of the others. A parameter
    with a single value is only shown if it does not need a row or column of its own.
    """
    varies = [len({truth[k] for truth in verdicts}) > 1 for k in range(len(names))]
    order = sorted(range(len(names)), key=lambda k: not varies[k])
    order = order[: max(2, sum(varies))]
    arranged = {tuple(truth[k] for k in order): verdict for truth, verdict in verdicts.items()}
    x_values = sorted({truth[:1] for truth in arranged})
    y_values = sorted({truth[1:] for truth in arranged})
    labels = [symbol(names[k]) for k in order]
    x_label = f"true {labels[0]}" if labels else "true values drawn"
    return arranged, x_values, y_values, x_label, f"true {', '.join(labels[1:])}".strip()


def draw_answer_map(
    axes: Axes,
    verdicts: Mapping[Truth, str],
    x_values: Sequence[Truth],
    y_values: Sequence[Truth],
    x_label: str,
    y_label: str,
) -> None:
    """Draw a square with the verdict's colour and sign per combination of true values.

    The key of a square in ``verdicts`` are the true values of its column, then those of its row;
    either may be ``()``. A combination without a verdict is left empty.
    """
    columns, rows = len(x_values), len(y_values)
    square = _square(axes, columns, rows)
    size = float(np.clip(0.55 * 72 * min(square), *SIGN_SIZES))
    for (i, x), (j, y) in ((a, b) for a in enumerate(x_values) for b in enumerate(y_values)):
        if (*x, *y) not in verdicts:
            continue
        look = LOOKS[verdicts[(*x, *y)]]
        axes.add_patch(Rectangle((i - 0.46, j - 0.46), 0.92, 0.92, fc=look.fill, ec=EDGE, lw=0.4))
        axes.text(
            i, j, look.sign, ha="center", va="center_baseline", fontsize=style.points(size),
            color=look.ink, gid="verdict",
        )  # fmt: skip
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(-0.5, rows - 0.5), xlabel=x_label)
    axes.set_ylabel("" if y_label == "true" else y_label)
    _ticks(axes, x_values, y_values, square)
    if square[1] > TALLEST * square[0]:
        axes.set_box_aspect(TALLEST * rows / columns)
        axes.set_anchor("N")


def _square(axes: Axes, columns: int, rows: int) -> tuple[float, float]:
    """Width and height in inches of a square."""
    figure, grid = axes.get_figure(root=True), axes.get_gridspec()
    lines = grid.nrows if grid is not None else 1
    height = ROW_HEIGHT if figure is None else style.design_inches(figure.get_figheight())
    height -= LEGEND_HEIGHT
    across = max(0.3, panel_width(axes) - LABELS_WIDTH) / columns
    return across, max(0.3, height / lines - LABELS_HEIGHT) / rows


def _ticks(
    axes: Axes, x_values: Sequence[Truth], y_values: Sequence[Truth], square: tuple[float, float]
) -> None:
    """Label columns and rows with their true values, as many of them as have room."""
    x_labels, y_labels = ([_label(value) for value in values] for values in (x_values, y_values))
    longest = LETTER * max(map(len, x_labels)) + GAP
    x_step = max(1, int(np.ceil(longest / square[0])))
    y_step = max(1, int(np.ceil(LINE / square[1])))
    axes.set_xticks(range(0, len(x_labels), x_step), x_labels[::x_step])
    axes.set_yticks(range(0, len(y_labels), y_step), y_labels[::y_step])
    axes.tick_params(length=0, pad=2)
    axes.spines[:].set_visible(False)


def _label(truth: Truth) -> str:
    return ", ".join(f"{value:g}" for value in truth)


def draw_recovery_scatter(
    axes: Axes, points: pd.DataFrame, parameter: str, ink: str = style.COLOURS[0]
) -> set[str]:
    """Draw estimates over truths as in figure ``recovery``; return the flags that it shows."""
    axes.set(xlabel=f"true {symbol(parameter)}", ylabel=f"estimate of {symbol(parameter)}")
    if points.dropna(subset=["truth", "estimate"]).empty:
        message(axes, "no estimates")
        return set()
    return draw_estimates(axes, points, estimate_limits(points, parameter), ink)


def verdict_entries(verdicts: set[str]) -> list[Artist]:
    """Legend entries of these verdicts."""
    return [
        Patch(fc=look.fill, ec=EDGE, lw=0.4, label=f"{look.sign} {look.label}")
        for verdict, look in LOOKS.items()
        if verdict in verdicts
    ]
