"""RMSE and width against trials and participants."""

import numpy as np
import pytest

from unit.figures.pages import WIDTHS, panels

TWO = WIDTHS[0]


@pytest.mark.parametrize(
    ("name", "size", "other"),
    [("samplesize", "participants", {"trials": 50}), ("precision", "trials", {"participants": 8})],
)
def test_thick_lines_are_the_rmse_over_all_truths(runs, drawn, name, size, other):
    summary = runs["large"]
    where = {"parameter": "alpha", "level": "participant", "method": "mle"} | other
    squares = summary.measure("mse", **where)
    expected = np.sqrt(squares.groupby(size)["value"].mean())
    axes = panels(drawn["large", name, TWO])[0]
    assert axes.get_title(loc="left").replace("\n", " ") == "RMSE, participant"
    lines = [line for line in axes.lines if line.get_marker() == "o"]
    assert lines[0].get_ydata() == pytest.approx(expected)
    # Methods stand side by side, at most 2 % from the size itself.
    assert lines[0].get_xdata() == pytest.approx(expected.index, rel=0.02)


@pytest.mark.parametrize("name", ["samplesize", "precision"])
def test_axes_are_logarithmic_with_a_tick_at_every_size(runs, drawn, name):
    summary = runs["large"]
    sizes = summary.participants if name == "samplesize" else summary.trials
    for axes in panels(drawn["large", name, TWO]):
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert axes.get_xticks().tolist() == list(sizes)
