"""Colours and markers of methods, and saving."""

import itertools

from rlrecovery.figures import style
from unit.figures.pages import draw


def test_twelve_methods_differ_in_colour_or_marker():
    names = [f"method {k}" for k in range(12)]
    assert len({(style.colour(names, name), style.marker(names, name)) for name in names}) == 12


def test_shades_become_darker_and_end_with_the_colour_itself():
    shades = [style.shade("#0072B2", rank, 3) for rank in range(3)]
    assert shades[2] == style.shade("#0072B2", 0, 1)
    assert all(lighter > darker for lighter, darker in itertools.pairwise(map(sum, shades)))


def test_files_are_text_with_editable_fonts_and_no_date(runs, tmp_path):
    figure = draw("posterior", runs["small"])
    style.save(figure, [tmp_path / "a.svg", tmp_path / "a.pdf"])
    svg = (tmp_path / "a.svg").read_text()
    assert "<text" in svg
    assert ">density<" in svg
    assert "<dc:date>" not in svg
    assert b"/Type3" not in (tmp_path / "a.pdf").read_bytes()
    # The layout is computed once, and a second call must not compute it again.
    style.save(figure, [tmp_path / "b.svg", tmp_path / "b.pdf"])
    for kind in ("svg", "pdf"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
