"""The section ``figures`` of a config: every key changes the files, and nothing else."""

import itertools
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image
from settings import ROOT

from rlrecovery.config.figures import FigureSettings
from rlrecovery.figures import style
from rlrecovery.figures.catalogue import FIGURES, draw, files, write_figure

FONT = "DejaVu Serif"


def written(summary, folder, name="bias", **keys):
    """Write a figure with these settings and return its files."""
    settings = FigureSettings.of(keys)
    write_figure(name, summary, folder, settings)
    return files(folder, name, settings.formats)


def svg(summary, folder, **keys):
    """A figure with these settings as text."""
    (path, _) = written(summary, folder, formats=["svg"], **keys)
    return Path(path).read_text(encoding="utf-8")


def test_without_settings_files_are_those_of_the_drawing_function(tiny, runs, tmp_path):
    from rlrecovery.score.results import load_summary

    write_figure("coverage", tiny, tmp_path / "a")
    alone = FIGURES["coverage"].draw(load_summary(tiny), style.TWO_COLUMNS)
    paths = [tmp_path / f"b/coverage.{kind}" for kind in ("svg", "pdf", "png")]
    style.save(alone, paths)
    for path in paths:
        assert path.read_bytes() == (tmp_path / "a" / path.name).read_bytes()


def test_a_font_is_in_the_files(tiny, tmp_path):
    assert FONT not in svg(tiny, tmp_path / "default")
    assert FONT in svg(tiny, tmp_path / "serif", font=FONT.lower())
    (pdf, _) = written(tiny, tmp_path / "pdf", formats=["pdf", "png"], font=FONT)[::2]
    assert b"DejaVuSerif" in Path(pdf).read_bytes()


def test_a_font_that_is_not_installed_is_replaced_by_the_default(tiny, tmp_path):
    default = svg(tiny, tmp_path / "default")
    assert svg(tiny, tmp_path / "unknown", font="No Such Font") == default


def test_texts_are_in_proportion_to_their_size(runs):
    default, large = (
        draw("bias", runs["small"], FigureSettings.of(keys)) for keys in ({}, {"size": 12})
    )
    sizes = [
        (axes.xaxis.label.get_size(), axes.get_xticklabels()[0].get_size(), axes.title.get_size())
        for axes in (default.axes[0], large.axes[0])
    ]
    assert sizes[0] == (8, 7, 8)
    assert sizes[1] == (12, 10.5, 12)
    assert default.get_figwidth() == large.get_figwidth() == 7


@pytest.mark.parametrize(
    ("keys", "first", "second"),
    [
        ({"colours": ["#123456"]}, "#123456", "#0072b2"),
        ({"colours": ["#0072B2", "red"]}, "#0072b2", "#ff0000"),
        ({"colours": {"hierarchical": "#654321"}}, "#0072b2", "#654321"),
        (
            {"style": {"file": "x", "values": {"axes.prop_cycle": "cycler(color=['#abcdef'])"}}},
            "#abcdef",
            "#0072b2",
        ),
    ],
)
def test_methods_have_the_colours_of_the_settings(tiny, tmp_path, keys, first, second):
    text = svg(tiny, tmp_path, **keys)
    assert first in text
    assert second in text
    assert "#e69f00" not in text  # the default colour of the second method


def test_a_method_under_several_names_has_shades_of_its_colour():
    names = ("mle, a", "mle, b", "bayes, a")
    method_of = {name: name.partition(",")[0] for name in names}
    settings = FigureSettings.of({"colours": {"mle": "#800000"}})
    with style.applied(settings, method_of):
        colours = [style.colour(names, name) for name in names]
    assert colours[0] == "#800000"
    assert len({*colours, style.COLOURS[1]}) == 4
    assert colours[2] == style.COLOURS[0]


def test_only_the_kinds_of_files_of_the_settings_are_written(tiny, tmp_path):
    paths = written(tiny, tmp_path, formats=["png", "eps", "tiff"])
    found = {path.as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == set(paths)
    assert len(paths) == 6


def test_widths_and_resolution(tiny, tmp_path):
    widths = {"two_columns": 127, "one_column": 76.2}
    paths = written(tiny, tmp_path, formats=["svg", "png", "tiff"], widths=widths, dpi=100)
    assert 'width="360pt"' in Path(paths[0]).read_text()
    assert 'width="216pt"' in Path(paths[3]).read_text()
    for path in (paths[1], paths[2]):
        with Image.open(path) as picture:
            assert picture.width == 500
            assert picture.info["dpi"][0] == pytest.approx(100, abs=0.1)


def test_a_style_file_is_applied_after_the_other_keys(runs):
    values = {"axes.spines.top": "True", "font.size": "10", "savefig.bbox": "tight"}
    settings = FigureSettings.of({"style": {"file": "x", "values": values}})
    figure = draw("bias", runs["small"], settings)
    assert figure.axes[0].spines["top"].get_visible()
    assert figure.axes[0].xaxis.label.get_size() == 10
    assert figure.axes[0].get_xticklabels()[0].get_size() == 8.75
    # The size of the page stays that of the widths.
    assert style.settings_rc(settings)["savefig.bbox"] is None


def test_settings_leave_those_of_matplotlib_as_they_are(tiny, tmp_path):
    before = dict(mpl.rcParams)
    values = {"axes.spines.top": "True", "font.size": "10"}
    written(
        tiny, tmp_path, formats=["svg"], font=FONT, size=9, style={"file": "x", "values": values}
    )
    assert dict(mpl.rcParams) == before
    assert style.points(8) == 8
    assert style.colour(("a",), "a") == style.COLOURS[0]


@pytest.mark.parametrize(
    ("name", "size"), list(itertools.product(["recovery", "precision", "nested"], [6, 8.5, 9, 11]))
)
def test_nothing_is_cut_off_with_other_sizes_of_text(runs, name, size):
    figure = draw(name, runs["small"], FigureSettings.of({"size": size}))
    figure.draw_without_rendering()
    width = figure.get_figwidth() * figure.get_dpi()
    for axes in figure.axes:
        for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
            if axes.axison and text.get_text():
                box = text.get_window_extent()
                assert box.x0 > -1
                assert box.x1 < width + 1, (text.get_text(), size)


def test_the_command_takes_the_settings_of_a_config(tiny, tmp_path):
    text = (ROOT / "tests/config/mock.yaml").read_text()
    path = tmp_path / "my.yaml"
    path.write_text(text + "figures: {formats: [svg], compose: {figure2: {panels: [bias]}}}\n")
    command = [sys.executable, "-m", "rlrecovery.figures", "figure2", str(tiny)]
    command += ["--folder", str(tmp_path / "out"), "--config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == files(tmp_path / "out", "figure2", ["svg"])
    assert 'id="letter' in (tmp_path / "out/figure2.svg").read_text()
