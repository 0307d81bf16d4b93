"""Composed figures: letters, panels, sizes, and text that stays text."""

import re
from pathlib import Path

import pytest
from matplotlib.text import Text

from rlrecovery.config.figures import INCH, FigureSettings
from rlrecovery.figures import style
from rlrecovery.figures.catalogue import draw, files, write_figure
from rlrecovery.storage.files import BrokenFile

PANELS = ["bias", "coverage", "convergence"]


def composed(panels=PANELS, size=None, **keys):
    """Settings with one composed figure."""
    given = {"compose": {"figure2": {"panels": panels} | keys}, "formats": ["svg"]}
    return FigureSettings.of(given | ({} if size is None else {"size": size}))


def page(runs, settings, width=None):
    return draw("figure2", runs["small"], settings, width)


def letters(figure):
    return [text.get_text() for text in figure.texts if text.get_gid() == "letter"]


def boxes(figure):
    """Left, top, right and bottom of every panel in inches from the top left of the page."""
    for panel in figure.panels:
        width, height = panel.figure.get_size_inches()
        yield panel.left, panel.top, panel.left + width, panel.top + height


@pytest.mark.parametrize(
    ("given", "expected"), [("A", ["A", "B", "C"]), ("a", ["a", "b", "c"]), ("none", [])]
)
def test_panels_have_letters_in_their_order(runs, given, expected):
    figure = page(runs, composed(letters=given))
    assert letters(figure) == expected
    assert [panel.name for panel in figure.panels] == PANELS


@pytest.mark.parametrize("size", [6, None, 10])
@pytest.mark.parametrize("columns", [1, 2])
def test_panels_are_on_the_page_and_do_not_overlap(runs, size, columns):
    figure = page(runs, composed(size=size, columns=columns))
    width, height = figure.get_size_inches()
    places = list(boxes(figure))
    for k, (left, top, right, bottom) in enumerate(places):
        assert -1e-6 <= left < right <= width + 1e-6
        assert -1e-6 <= top < bottom <= height + 1e-6
        for other in places[:k]:
            assert left >= other[2] or top >= other[3] - 1e-6
    assert len({left for left, *_ in places}) == columns
    # The panels of the last row share its width.
    assert places[-1][2] - places[-1][0] == pytest.approx(width)


@pytest.mark.parametrize("size", [6, None, 10])
def test_no_text_of_a_panel_is_under_a_letter(runs, size):
    figure = page(runs, composed(size=size))
    dpi = figure.get_dpi()
    for panel, letter in zip(figure.panels, figure.texts, strict=True):
        panel.figure.set_dpi(dpi)
        box = letter.get_window_extent()
        x = box.x0 / dpi - panel.left, box.x1 / dpi - panel.left
        top = figure.get_figheight() - panel.top - panel.figure.get_figheight()
        y = box.y0 / dpi - top, box.y1 / dpi - top
        for text in panel.figure.findobj(Text):
            if text.get_visible() and text.get_text():
                other = text.get_window_extent()
                apart = (
                    other.x0 / dpi >= x[1]
                    or other.x1 / dpi <= x[0]
                    or other.y0 / dpi >= y[1]
                    or other.y1 / dpi <= y[0]
                )
                assert apart, (panel.name, text.get_text())


def test_width_and_height_are_those_of_the_config(runs):
    figure = page(runs, composed(panels=["bias", "coverage"], width=178, height=170))
    assert figure.get_size_inches() * INCH == pytest.approx([178, 170])


def test_on_one_column_panels_stand_below_each_other(runs):
    settings = composed()
    figure = page(runs, settings, settings.inches(one_column=True))
    assert {panel.left for panel in figure.panels} == {0.0}
    assert figure.get_figwidth() == 3.5


@pytest.mark.parametrize(("size", "millimetres"), [(8, 50), (16, 88.9)])
def test_panels_on_a_narrow_page_are_as_small_as_they_are_alone(runs, size, millimetres):
    """Heights are what panels need, so that there is nothing that could be made larger."""
    names = ["answer", "nested", "posterior"]
    settings = composed(panels=names, size=size, columns=1)
    figure = page(runs, settings, millimetres / INCH)
    for panel in figure.panels:
        alone = draw(panel.name, runs["small"], settings, millimetres / INCH)
        assert panel.figure.get_figheight() == pytest.approx(alone.get_figheight())


def test_a_page_without_room_is_an_error_that_names_the_panel(runs):
    with pytest.raises(
        BrokenFile, match=r"figures\.compose\.figure2\.height: panel bias does not fit"
    ):
        page(runs, composed(height=60))


def test_files_have_all_panels_as_text_and_are_the_same_twice(tiny, tmp_path):
    settings = composed(panels=["bias", "coverage"])
    for folder in ("first", "second"):
        write_figure("figure2", tiny, tmp_path / folder, settings)
    first, one_column = files(tmp_path / "first", "figure2", ["svg"])
    text = (tmp_path / "first/figure2.svg").read_text()
    assert 'width="504pt"' in text
    assert 'width="252pt"' in Path(one_column).read_text()
    assert "<image" not in text
    for words in ("A", "B", "nominal level (%)", "true α"):
        assert re.search(rf"<text[^>]*>{re.escape(words)}</text>", text), words
    assert text == (tmp_path / "second/figure2.svg").read_text()
    assert first.endswith("figure2.svg")


def test_a_panel_is_drawn_where_its_place_is(runs):
    """The axes of both panels, on the canvas of the page."""
    figure = page(runs, composed(panels=["bias", "coverage"]))
    canvas = {}

    def noted(panel, renderer, original):
        axes = panel.axes[0].get_window_extent()
        canvas[id(panel)] = (axes.x0, axes.y0)
        return original(renderer)

    for panel in figure.panels:
        draw_alone = panel.figure.draw
        panel.figure.draw = lambda r, f=panel.figure, d=draw_alone: noted(f, r, d)
    alone = [panel.figure.axes[0].get_window_extent() for panel in figure.panels]
    figure.draw_without_rendering()
    for panel, box in zip(figure.panels, alone, strict=True):
        dpi = figure.get_dpi()
        x, y = canvas[id(panel.figure)]
        below = figure.get_figheight() - panel.top - panel.figure.get_figheight()
        assert x == pytest.approx(box.x0 + dpi * panel.left, abs=1e-6)
        assert y == pytest.approx(box.y0 + dpi * below, abs=1e-6)
        assert panel.figure.bbox_inches.x0 == 0  # and it is itself again


def test_a_style_of_the_config_applies_to_letters(runs):
    settings = FigureSettings.of(
        {
            "compose": {"figure2": {"panels": ["bias"]}},
            "style": {"file": "x", "values": {"text.color": "red"}},
        }
    )
    with style.applied(settings):
        (letter,) = page(runs, settings).texts
    assert letter.get_color() == "red"
