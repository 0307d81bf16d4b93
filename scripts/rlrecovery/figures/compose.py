"""Figures that are composed of other figures, each with a letter.

Every panel is drawn as a figure of its own, as wide as its place, and laid out by itself. The page
draws all of them on the same canvas, so that text and lines remain text and lines.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from rlrecovery.config.figures import INCH, FigureSettings
from rlrecovery.figures import style
from rlrecovery.storage.files import BrokenFile

#: Design inches: between panels; size of a letter, and its distance from the edges.
GAP, LETTER, LETTER_EDGE = 0.12, 0.15, 0.02
#: Size of letters in points of the design.
LETTER_SIZE = 10.0
#: A panel is at most this much higher than it would be alone, to be as high as its row.
MOST_STRETCHED = 1.5
#: Smallest width and height of axes in design inches, unless they are smaller on a figure alone.
SMALLEST = 0.45


@dataclass
class Panel:
    """A figure on a page: its name, its letter, and its left and top edge in inches."""

    name: str
    letter: str
    figure: Figure
    left: float = 0.0
    top: float = 0.0


#: Draws the figure of a name at a width in design inches.
DrawPanel = Callable[[str, float], Figure]


class ComposedFigure(Figure):
    """A page of figures.

    Attributes
    ----------
    panels : list of Panel
        The figures on it.
    """

    def __init__(self, width: float, height: float, panels: Sequence[Panel]) -> None:
        super().__init__(figsize=(width, height))
        self.panels = list(panels)

    def draw(self, renderer: Any) -> None:
        """Draw the page, then every panel in its place."""
        super().draw(renderer)
        for panel in self.panels:
            self._draw_panel(panel, renderer)

    def _draw_panel(self, panel: Panel, renderer: Any) -> None:
        figure = panel.figure
        width, height = figure.get_size_inches()
        figure.set_dpi(self.get_dpi())
        corner = panel.left / self.get_figwidth(), 1 - (panel.top + height) / self.get_figheight()
        left, bottom = self.transFigure.transform(corner) / self.get_dpi()
        # All that a figure draws is relative to this box, whose lower left corner is otherwise 0.
        figure.bbox_inches.set(Bbox.from_bounds(left, bottom, width, height))
        try:
            figure.draw(renderer)
        finally:
            figure.bbox_inches.set(Bbox.from_bounds(0, 0, width, height))

    def get_tightbbox(
        self, renderer: Any = None, *, bbox_extra_artists: Iterable[Artist] | None = None
    ) -> Bbox:
        """The whole page: what is drawn on it are its panels."""
        return Bbox.from_bounds(0, 0, *self.get_size_inches())


@style.styled
def draw_composition(
    name: str, draw_panel: DrawPanel, settings: FigureSettings, width: float | None = None
) -> ComposedFigure:
    """Draw a composed figure, in the style that is applied.

    ``width`` is in inches. At the width of one column, panels stand below each other. A page whose
    height is not given is as high as its panels need, even if that is more than a journal page.

    Raises
    ------
    BrokenFile
        If the page has no room for a panel; the message says what to change.
    """
    composition = settings.compose[name]
    stacked = width is not None and width <= settings.inches(one_column=True)
    if width is None:
        width = settings.inches() if composition.width is None else composition.width / INCH
    names = [(panel,) for panel in composition.panels] if stacked else composition.rows()
    rows = _rows(names, composition.panel_letters(), draw_panel, width)
    height = None if stacked or composition.height is None else composition.height / INCH
    try:
        return _page(rows, width, height)
    except _NoRoomError as error:
        panel, needed = error.args
        across, high = (round(INCH * inches) for inches in panel.figure.get_size_inches())
        raise BrokenFile(
            f"figures.compose.{name}.height: panel {panel.name} does not fit into {across} by "
            f"{high} mm; without height the figure has {round(INCH * needed)} mm"
        ) from None


class _NoRoomError(Exception):
    """The arguments are a panel that is too small, and the height that the page needs."""


def _rows(
    names: Sequence[Sequence[str]], letters: Sequence[str], draw_panel: DrawPanel, width: float
) -> list[list[Panel]]:
    """Draw the panels of each row, as wide as their places and as high as they are alone."""
    remaining, gap = iter(letters), style.points(GAP)
    rows = []
    for row in names:
        place = (width - gap * (len(row) - 1)) / len(row)
        panels = []
        for k, name in enumerate(row):
            figure = draw_panel(name, style.design_inches(place))
            figure.patch.set_visible(False)
            panels.append(Panel(name, next(remaining), figure, left=k * (place + gap)))
        rows.append(panels)
    return rows


def _page(rows: Sequence[Sequence[Panel]], width: float, height: float | None) -> ComposedFigure:
    """Lay out the panels on a page; its height is what they need, unless it is given."""
    alone = [[panel.figure.get_figheight() for panel in row] for row in rows]
    least = {id(panel): _smallest_axes(panel) for row in rows for panel in row}
    if height is None:  # panels are then as large as they are alone
        least = dict.fromkeys(least, 0.0)
    gap, strips = style.points(GAP), [0.0] * len(rows)
    for _ in range(2):  # only a page that is laid out shows whether letters need room of their own
        room = sum(map(max, alone))
        if height is not None:
            room = height - gap * (len(rows) - 1) - sum(strips)
        scale = room / sum(map(max, alone))
        for row, heights in zip(rows, alone, strict=True):
            for panel, own in zip(row, heights, strict=True):
                panel.figure.set_figheight(
                    max(scale * min(max(heights), MOST_STRETCHED * own), 0.1)
                )
                if _smallest_axes(panel) < min(least[id(panel)], style.points(SMALLEST)) - 0.01:
                    needed = sum(map(max, alone)) + gap * (len(rows) - 1)
                    raise _NoRoomError(panel, needed)
        strips = [style.points(LETTER) * any(map(_hides_letter, row)) for row in rows]
    top = 0.0
    for row, heights, strip in zip(rows, alone, strips, strict=True):
        for panel in row:
            panel.top = top + strip
        top += strip + scale * max(heights) + gap
    page = ComposedFigure(width, top - gap, [panel for row in rows for panel in row])
    for row, strip in zip(rows, strips, strict=True):
        for panel in row:
            panel.figure.set_layout_engine("none")
            _write_letter(page, panel, panel.top - strip)
    return page


def _smallest_axes(panel: Panel) -> float:
    """Lay out a panel and return the smallest width or height of its axes in inches."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of axes without room
        panel.figure.draw_without_rendering()
    boxes = [axes.get_window_extent() for axes in panel.figure.axes if axes.axison]
    sizes = [side for box in boxes for side in (box.width, box.height)]
    return min(sizes, default=0.0) / panel.figure.get_dpi()


def _letter_box(panel: Panel) -> Bbox:
    """Place of a letter at the top left of a panel, in pixels of the panel."""
    dpi, size = panel.figure.get_dpi(), style.points(LETTER + LETTER_EDGE)
    top = panel.figure.get_figheight()
    return Bbox([[0, dpi * (top - size)], [dpi * size, dpi * top]])


def _hides_letter(panel: Panel) -> bool:
    """Whether text or axes are where the letter of a panel would be."""
    box = _letter_box(panel)
    texts = [text for text in panel.figure.findobj(Text) if text.get_visible() and text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    boxes += [axes.get_window_extent() for axes in panel.figure.axes if axes.axison]
    return bool(panel.letter) and any(box.overlaps(other) for other in boxes)


def _write_letter(page: Figure, panel: Panel, top: float) -> None:
    """Write the letter of a panel whose place begins at ``top``, in inches."""
    edge = style.points(LETTER_EDGE)
    x = (panel.left + edge) / page.get_figwidth()
    y = 1 - (top + edge) / page.get_figheight()
    if panel.letter:
        page.text(
            x, y, panel.letter, ha="left", va="top", weight="bold", gid="letter",
            fontsize=style.points(LETTER_SIZE),
        )  # fmt: skip
