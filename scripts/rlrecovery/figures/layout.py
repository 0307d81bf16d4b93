"""Layout of a page of panels: which panels it shows, where they stand and how high they are.

A figure asks for panels in rows and columns. A page is at most `style.MAX_HEIGHT` high, so that
long rows are broken into lines and, where even that does not fit, only the panels with the highest
priority are shown.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.axes import title, title_lines

#: A row is broken into lines if it has more panels than `MAX_PER_ROW`; lines then have at most as
#: many as given by ``per_line`` of `facets`, by default these (two columns, one column).
MAX_PER_ROW, MAX_PER_LINE = 5, (4, 2)
#: Inches: smallest height of a panel with its title and labels; height of all else on the page.
MIN_HEIGHT, MARGIN = 1.35, 0.55

#: Row and column of a panel.
Position = tuple[int, int]


@dataclass(frozen=True)
class Facets:
    """Panels of a page.

    Attributes
    ----------
    figure : Figure
        The page.
    panels : dict
        Axes by the row and column that the figure asked for.
    positions : dict
        Row and column on the page, by the row and column that the figure asked for.
    reflowed : bool
        Whether panels simply follow each other, because the rows and columns did not fit.
    left_out : int
        Number of panels for which the page has no room.
    """

    figure: Figure
    panels: dict[Position, Axes]
    positions: dict[Position, Position]
    reflowed: bool = False
    left_out: int = 0

    def __getitem__(self, position: Position) -> Axes:
        return self.panels[position]

    def needs_title(self, i: int, j: int) -> bool:
        """Whether a panel needs a title: no panel of the same column stands directly above it."""
        row, column = self.positions[i, j]
        return self.reflowed or row == 0 or self.positions.get((i - 1, j)) != (row - 1, column)

    def needs_ylabel(self, i: int, j: int) -> bool:
        """Whether a panel needs a vertical label: no panel of the same row is to its left."""
        row, column = self.positions[i, j]
        return self.reflowed or column == 0 or self.positions.get((i, j - 1)) != (row, column - 1)

    def title(self, position: Position, *parts: str) -> None:
        """Set the title of a panel, see `axes.title`."""
        title(self.panels[position], *parts, ylabel_everywhere=self.reflowed)

    def column_title(self, position: Position, *parts: str) -> None:
        """Set the title shared by a column on its first panel."""
        if self.needs_title(*position):
            self.title(position, *parts)

    def row_label(self, position: Position, text: str) -> None:
        """Set the y label shared by a row on its first panel."""
        if self.needs_ylabel(*position):
            self.panels[position].set_ylabel(text)

    def note_left_out(self, which: str, table: str) -> None:
        """Note at the top of the page which panels are shown, if not all, and where the rest is."""
        if self.left_out:
            count = len(self.panels) + self.left_out
            shown = f"{len(self.panels)} of {count} panels, for every parameter those {which}"
            page_note(self.figure, f"{shown}; all are in {table}")


def page_note(figure: Figure, text: str) -> None:
    """Write a note above all panels about what the page does not show."""
    lines = textwrap.wrap(text, int(18 * style.design_inches(figure.get_figwidth())))
    figure.suptitle(
        "\n".join(lines), x=0.99, ha="right", fontsize=style.points(6.5), color=style.FLAG
    )


@dataclass(frozen=True)
class PanelSize:
    """How much room the panels of a page need.

    Attributes
    ----------
    height, min_height : float
        Default and smallest height of a panel in inches.
    per_line : tuple of int
        Largest number of panels in a line of a broken row, on two columns and on one column.
    per_row : int
        Largest number of panels in a row that is not broken, on two columns.
    titles : iterable of sequence of str
        The longest titles, in parts as `axes.title` takes them; long titles need higher panels.
    legend_height : float
        Height in inches that the legend needs beyond the default.
    """

    height: float = 1.6
    min_height: float = MIN_HEIGHT
    per_line: tuple[int, int] = MAX_PER_LINE
    titles: Iterable[Sequence[str]] = ()
    legend_height: float = 0.0
    per_row: int = MAX_PER_ROW


_DEFAULT_SIZE = PanelSize()


def facets(
    width: float,
    rows: int,
    columns: int,
    size: PanelSize = _DEFAULT_SIZE,
    existing: Collection[Position] | None = None,
    priority: Callable[[Position], float] | None = None,
    share_rows: bool = False,
) -> Facets:
    """Lay out a page of panels that is no higher than a journal page.

    A single column is laid out as a row. Long rows are broken into lines, and on a page of one
    journal column two long rows become two columns. If some panels do not exist, or if the rows do
    not fit on the page, panels follow each other in reading order. Where not all fit, those
    with the highest priority are shown (NaN is lowest; by default the first).
    """
    asked = list(itertools.product(range(rows), range(columns)))
    kept = [position for position in asked if existing is None or position in existing]
    room = style.max_height() - MARGIN - size.legend_height
    per_row = _panels_per_row(columns if columns > 1 else rows, width, size)
    complete = len(kept) == len(asked)
    positions = _in_rows(rows, columns, per_row, style.narrow(width)) if complete else {}
    if reflowed := not positions or _row_count(positions) > int(room / size.min_height):
        per_row = _panels_per_line(len(kept), width, size.per_line)
    extra = _title_height(size.titles, width, per_row, reflowed)
    if reflowed:
        most = per_row * max(1, int(room / (size.min_height + extra)))
        positions = {p: divmod(k, per_row) for k, p in enumerate(_chosen(kept, most, priority))}
    wide = 0.63 * width / per_row
    panel_height = _panel_height(_row_count(positions), size.height, wide, extra, room)
    figure, panels = _draw(width, panel_height, per_row, positions)
    page = Facets(figure, panels, positions, reflowed, len(kept) - len(positions))
    if share_rows:
        _share_rows(page)
    return page


def _draw(
    width: float, panel_height: float, per_row: int, positions: Mapping[Position, Position]
) -> tuple[Figure, dict[Position, Axes]]:
    """Return the page and its empty panels."""
    row_count = _row_count(positions)
    figure = style.page(width, MARGIN + panel_height * row_count)
    grid = figure.add_gridspec(row_count, per_row)
    return figure, {key: figure.add_subplot(grid[position]) for key, position in positions.items()}


def _share_rows(page: Facets) -> None:
    """Give the panels of each row one vertical axis, with tick labels where the row begins."""
    first: dict[int, Axes] = {}
    for (i, j), axes in page.panels.items():
        if i in first:
            axes.sharey(first[i])
        if not page.needs_ylabel(i, j):
            axes.tick_params(labelleft=False)
        first.setdefault(i, axes)


def _title_height(
    titles: Iterable[Sequence[str]], width: float, per_row: int, reflowed: bool
) -> float:
    """Height in inches that titles need beyond the lines for which every panel has room."""
    one_column = style.narrow(width)
    counts = [len(title_lines(parts, width / per_row, one_column, reflowed)) for parts in titles]
    return 0.105 * max(0, max(counts, default=0) - (2 if reflowed else 4))


def _panel_height(rows: int, default: float, wide: float, extra: float, room: float) -> float:
    """Height of a panel: up to 2.6 inches if there are few rows, at most 1.4 if there are many."""
    height = max(default, min(2.6, wide)) if rows < 3 else default
    height = (min(height, 1.4) if rows > 4 else height) + extra
    return min(height, room / rows)


def _panels_per_row(count: int, width: float, size: PanelSize) -> int:
    """Panels side by side, of ``count`` that would form a row."""
    if style.narrow(width):
        return min(count, _across(size.per_line[1], width))
    most = _across(size.per_row, width)
    return count if count <= most else _panels_per_line(count, width, size.per_line)


def _across(most: int, width: float) -> int:
    """Panels side by side on a page of this width, if ``most`` are on one or two columns."""
    design = style.ONE_COLUMN if style.narrow(width) else style.TWO_COLUMNS
    # A little less width is no reason for fewer panels.
    return min(most, max(1, int(most * width / design + 0.15)))


def _panels_per_line(count: int, width: float, per_line: tuple[int, int]) -> int:
    """Panels in each line of a broken row; on two columns all lines are about equally long."""
    most = _across(per_line[style.narrow(width)], width)
    return min(count, most) if style.narrow(width) else -(-count // -(-count // most))


def _in_rows(rows: int, columns: int, per_row: int, one_column: bool) -> dict[Position, Position]:
    """Position of every panel on a page with room for ``per_row`` panels side by side."""
    asked = list(itertools.product(range(rows), range(columns)))
    if one_column and 1 < rows <= per_row < columns:
        return {(i, j): (j, i) for i, j in asked}
    if columns == 1:
        return {(i, j): divmod(i, per_row) for i, j in asked}
    lines = -(-columns // per_row)
    return {(i, j): (i * lines + j // per_row, j % per_row) for i, j in asked}


def _row_count(positions: Mapping[Position, Position]) -> int:
    return 1 + max(row for row, _ in positions.values())


def _chosen(
    kept: Sequence[Position], most: int, priority: Callable[[Position], float] | None
) -> list[Position]:
    """At most ``most`` panels: the best panel of every row, then the second best of every row..."""
    if len(kept) <= most or priority is None:
        return list(kept[:most])
    values = np.nan_to_num([priority(position) for position in kept], nan=-np.inf)
    numbers = dict(zip(kept, values, strict=True))
    ranks: dict[Position, tuple[int, float]] = {}
    for _, row in itertools.groupby(kept, key=lambda position: position[0]):
        best = sorted(row, key=lambda position: -numbers[position])
        ranks |= {position: (rank, -numbers[position]) for rank, position in enumerate(best)}
    return sorted(sorted(kept, key=lambda position: ranks[position])[:most])
