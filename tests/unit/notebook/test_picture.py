"""A figure that displays itself."""

import io

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from rlrecovery.notebook.picture import SHARP, Picture


@pytest.fixture
def picture():
    figure = Figure(figsize=(4, 2))
    figure.subplots().set_title(r"$\alpha$ and text")
    return Picture("example", figure)


def test_it_is_shown_sharply_at_its_size(picture):
    png, size = picture._repr_png_()
    assert size == {"width": 4 * 96, "height": 2 * 96}
    pixels = mpl.image.imread(io.BytesIO(png), format="png")
    assert pixels.shape[:2] == (2 * SHARP, 4 * SHARP)


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_it_is_saved_in_the_style_of_the_report(picture, tmp_path, kind):
    path = tmp_path / f"figure.{kind}"
    picture.savefig(str(path))
    content = path.read_bytes()
    if kind == "svg":
        assert b"<text" in content  # text stays text
    if kind == "png":
        assert mpl.image.imread(path).shape[:2] == (600, 1200)
    assert len(content) > 1000


def test_options_are_those_of_matplotlib(picture, tmp_path):
    picture.savefig(tmp_path / "small.png", dpi=50)
    assert mpl.image.imread(tmp_path / "small.png").shape[:2] == (100, 200)


def test_global_settings_are_left_alone(picture, tmp_path):
    before = dict(mpl.rcParams)
    picture.savefig(tmp_path / "figure.png")
    assert dict(mpl.rcParams) == before


def test_repr(picture):
    assert repr(picture) == "<figure example, 4 by 2 inches>"
