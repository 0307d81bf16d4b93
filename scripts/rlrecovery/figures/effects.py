"""Measures of effects against their true size: what the figures of effects have in common."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rlrecovery.figures import style
from rlrecovery.figures.axes import Limits, fence, few_ticks
from rlrecovery.figures.effect_axis import label_sizes, smallest_distance
from rlrecovery.figures.labels import counted, described
from rlrecovery.figures.layout import Facets, PanelSize, Position, facets, page_note
from rlrecovery.figures.legends import bar_entry, entry, legend, legend_height
from rlrecovery.figures.panels import message, note_beyond
from rlrecovery.figures.subsets import spaced
from rlrecovery.figures.uncertainty import BARS, half_width
from rlrecovery.score.analyses import (
    Analysis,
    StudiedEffect,
    analyses_of,
    designs_of,
    effects_of,
    over_truths,
    with_series,
)
from rlrecovery.score.results import Summary

#: With more analyses than this, Monte Carlo error is drawn as bars instead of bands.
MAX_BANDS = 3
#: Line and marker of an analysis; its colour is that of the method.
LOOKS: dict[str, dict[str, Any]] = {
    "t_test": {"ls": (0, (4, 1.5)), "marker": "s", "mfc": "white"},
    "rank_test": {"ls": (0, (1, 1.2)), "marker": "^", "mfc": "white"},
    "t_test_by_group": {"ls": (0, (5, 1.2, 1, 1.2)), "marker": "D", "ms": 3},
    "rank_test_by_group": {"ls": (0, (4, 1, 1, 1, 1, 1)), "marker": "v"},
    "disattenuated": {"ls": (0, (2, 1)), "marker": "P"},
    "joint": {"ls": "-", "marker": "o"},
}
#: Share of the distance between two sizes over which the marks at one of them are spread.
DODGE = 0.45
#: Most designs with panels, and most rows with so many, on two columns and on one column; with
#: more rows only the largest design has panels.
MOST_DESIGNS, MOST_ROWS = (4, 2), (6, 4)
#: Height of panels in inches, with two lines of labels below them; smallest height of panels in
#: rows, most of which have no labels, on two columns and on one column, and of others.
HEIGHT, MIN_HEIGHTS, MIN_HEIGHT = 2.0, (1.15, 1.55), 1.7


class Reference(NamedTuple):
    """A horizontal line at a value, in the unit of the axis."""

    value: float
    ls: Any
    label: str

    def entry(self) -> Artist:
        """Its legend entry; none is needed for a line without a label."""
        return entry(self.label, color=style.FAINT, ls=self.ls, lw=0.8)


@dataclass(frozen=True)
class Quantity:
    """What a row of panels shows against the true size of an effect.

    Attributes
    ----------
    measures : tuple of str
        Measures of the table ``effects``.
    label : str
        Label of the vertical axis.
    unit : float
        Factor of the values: 100 for per cent.
    possible : tuple of float
        Smallest and largest possible value, in the unit of the axis.
    references : tuple of Reference
        Horizontal lines.
    whole : bool
        Whether the axis shows all possible values.
    missing : str
        What a panel without values says.
    """

    measures: tuple[str, ...]
    label: str
    unit: float = 1.0
    possible: Limits = (-np.inf, np.inf)
    references: tuple[Reference, ...] = ()
    whole: bool = False
    missing: str = "no estimates"


def significance(table: pd.DataFrame) -> float:
    """Significance level of the tests; missing if there are none."""
    return float(table["significance"].iloc[0]) if len(table) else np.nan


def draw_against_size(summary: Summary, width: float, quantities: Sequence[Quantity]) -> Figure:
    """Draw a row of panels per effect and quantity, and a column per participants and trials."""
    if summary.effects.empty:
        return style.blank(width, "There are no groups, conditions or covariate.")
    table = _with_sizes(summary.effects)
    if table.empty:
        return style.blank(width, "All effects have the size 0.")
    pooled = over_truths(table, {m for quantity in quantities for m in quantity.measures})
    rows = list(itertools.product(effects_of(table), quantities))
    columns = shown_designs(designs_of(table), len(rows), width)
    entries = _entries(summary, quantities)
    page = _page(width, len(rows), columns, [str(handle.get_label()) for handle in entries])
    for i in {row for row, _ in page.panels}:
        effect, quantity = rows[i]
        of_row = _of_effect(pooled[pooled["measure"].isin(quantity.measures)], effect)
        panels = []
        for axes, (n, t) in ((page[i, j], columns[j]) for row, j in page.panels if row == i):
            values = of_row[(of_row["participants"] == n) & (of_row["trials"] == t)]
            _panel(axes, summary, values, quantity)
            panels.append((axes, values))
        _limits(panels, quantity)
    for (i, j), axes in page.panels.items():
        has_own_axis = page.reflowed or len(columns) == 1
        label_sizes(axes, rows[i][0], _of_effect(pooled, rows[i][0]), has_own_axis)
        page.row_label((i, j), rows[i][1].label)
        page.column_title((i, j), *described(*columns[j]))
        _hide_repeated(page, (i, j), is_same=i + 1 < len(rows) and rows[i][0] == rows[i + 1][0])
    _note_left_out(page, len(designs_of(table)) - len(columns))
    legend(page.figure, entries, free_rows=2)
    return page.figure


def _with_sizes(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the effects that have a size other than 0."""
    keys = list(StudiedEffect._fields)
    largest = table["size"].abs().groupby([table[key] for key in keys], sort=False).transform("max")
    return table[largest > 0]


def shown_designs(
    designs: Sequence[tuple[int, int]], rows: int, width: float
) -> list[tuple[int, int]]:
    """Designs with room: all, or those at the corners, or evenly spaced ones, or the largest."""
    most = MOST_DESIGNS[style.narrow(width)]
    if rows > MOST_ROWS[style.narrow(width)]:
        return [designs[-1]]
    if len(designs) <= most:
        return list(designs)
    ends = [(min(sizes), max(sizes)) for sizes in zip(*designs, strict=True)]
    corners = [design for design in itertools.product(*ends) if design in designs]
    if len(set(corners)) == most:
        return corners
    return [designs[k] for k in spaced(range(len(designs)), most)]


def _page(
    width: float, rows: int, columns: Sequence[tuple[int, int]], labels: Sequence[str]
) -> Facets:
    """Lay out the panels; every row has one vertical axis."""
    size = PanelSize(
        HEIGHT,
        MIN_HEIGHTS[style.narrow(width)] if len(columns) > 1 else MIN_HEIGHT,
        titles=[described(*design) for design in columns],
        legend_height=legend_height(labels, width),
    )
    return facets(
        width, rows, len(columns), size, priority=lambda key: float(key[1]), share_rows=True
    )


def _hide_repeated(page: Facets, position: Position, is_same: bool) -> None:
    """Hide the horizontal labels of a panel that has one of the same effect below it."""
    row, column = page.positions[position]
    below = page.positions.get((position[0] + 1, position[1]))
    if is_same and not page.reflowed and below == (row + 1, column):
        page[position].set_xlabel("")
        page[position].tick_params(labelbottom=False)


def _note_left_out(page: Facets, designs: int) -> None:
    """Note how many designs or panels are not shown."""
    if page.left_out:
        page.note_left_out("of the largest designs", "summary/effects.csv")
    elif designs:
        page_note(page.figure, f"{counted(designs, 'further designs')}: summary/effects.csv")


def _of_effect(pooled: pd.DataFrame, effect: StudiedEffect) -> pd.DataFrame:
    for column, value in effect._asdict().items():
        pooled = pooled[pooled[column] == value]
    return pooled


def _panel(axes: Axes, summary: Summary, values: pd.DataFrame, quantity: Quantity) -> None:
    """Draw the line of every analysis, and the references."""
    analyses = analyses_of(with_series(summary.effects))
    shown = [a for a in analyses if len(_of_analysis(values, a))]
    gap = smallest_distance(values["size"])
    for k, analysis in enumerate(shown):
        offset = DODGE * gap * ((k + 0.5) / len(shown) - 0.5)
        line = _of_analysis(values, analysis).sort_values("size")
        _line(axes, line, quantity, offset, look_of(summary, analysis), len(shown) <= MAX_BANDS)
    for reference in quantity.references:
        axes.axhline(reference.value, color=style.FAINT, lw=0.8, ls=reference.ls, zorder=1)
    if not values["value"].notna().any():
        message(axes, quantity.missing)


def _of_analysis(values: pd.DataFrame, analysis: Analysis) -> pd.DataFrame:
    """Rows of an analysis."""
    is_method = values["method"] == analysis.method
    return values[is_method & (values["analysis"] == analysis.analysis)]


def _line(
    axes: Axes, line: pd.DataFrame, quantity: Quantity, offset: float, look: dict[str, Any],
    has_band: bool,
) -> None:  # fmt: skip
    """Draw the values of an analysis with their 95 % Monte Carlo intervals."""
    x = line["size"].to_numpy(float) + offset * (not has_band)
    y = quantity.unit * line["value"].to_numpy(float)
    half = quantity.unit * half_width(line["mcse"])
    low, high = np.clip([y - half, y + half], *quantity.possible)
    if has_band:
        axes.plot(x, y, **look, zorder=3)
        axes.fill_between(x, low, high, color=look["color"], alpha=0.15, lw=0, zorder=2)
    else:
        bars = np.nan_to_num(np.maximum([y - low, high - y], 0))
        axes.errorbar(x, y, yerr=bars, elinewidth=0.7, zorder=3, **look)


def _limits(panels: Sequence[tuple[Axes, pd.DataFrame]], quantity: Quantity) -> None:
    """Give panels the same limits; only values without bounds can be beyond them."""
    values, (low, high) = pd.concat([rows for _, rows in panels]), quantity.possible
    y, half = quantity.unit * values["value"], quantity.unit * half_width(values["mcse"])
    ends = np.clip([y - half, y + half], low, high).ravel()
    lines = [line.value for line in quantity.references]
    if quantity.whole:
        limits = (low - 0.04 * (high - low), high + 0.04 * (high - low))
    else:
        is_bounded = np.isfinite(quantity.possible).any()
        limits = fence([], [*ends, *lines]) if is_bounded else fence(ends, lines)
    for axes, rows in panels:
        axes.set_ylim(limits)
        few_ticks(axes, y=5 if len(panels) > 1 else 4)
        shown = quantity.unit * rows["value"]
        note_beyond(axes, int(((shown < limits[0]) | (shown > limits[1])).sum()), len(rows))


def look_of(summary: Summary, analysis: Analysis) -> dict[str, Any]:
    """Colour of the method as in other figures; line and marker of the analysis."""
    in_table = [a.method for a in analyses_of(with_series(summary.effects))]
    ink = method_colour(summary, analysis.method, in_table)
    look = {"ls": "-", "marker": "x", "ms": 3.5, "lw": 1.1, "mew": 0.8, "mec": ink, "mfc": ink}
    return look | LOOKS.get(analysis.analysis, {}) | {"color": ink}


def method_colour(summary: Summary, method: str, in_table: Sequence[str]) -> str:
    """Colour of a method, as in other figures if it is shown there under the same name."""
    shown = list(summary.methods) if len(summary.recovery) else []
    names = shown if method in shown else list(dict.fromkeys(in_table))
    return style.colour(names, method)


def _entries(summary: Summary, quantities: Sequence[Quantity]) -> list[Artist]:
    """Legend entries of the analyses, the references and the Monte Carlo error."""
    analyses = analyses_of(with_series(summary.effects))
    kinds = list(dict.fromkeys(effect.kind for effect in effects_of(summary.effects)))
    lines: list[Artist] = [entry(a.label(*kinds), **look_of(summary, a)) for a in analyses]
    references = {r.label: r for q in quantities for r in q.references if r.label}
    error = Patch(color="#333333", alpha=0.2, label=BARS)
    bars = error if len(analyses) <= MAX_BANDS else bar_entry()
    return [*lines, *(reference.entry() for reference in references.values()), bars]
