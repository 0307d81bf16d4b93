"""Figures of PIT values and of coverage over the prior."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.calibration.summary import uniformity
from rlrecovery.calibration.uniformity import band
from rlrecovery.figures import style
from unit.calibration.examples import places
from unit.figures.pages import WIDTHS, draw


def calibrated(summary, table):
    return dataclasses.replace(summary, calibration=table, uniformity=uniformity(table))


@pytest.fixture(scope="module")
def summary(runs):
    return calibrated(runs["small"], places(data_sets=60, power=1.5))


def lines(axes):
    """Lines other than that at zero."""
    return [line for line in axes.lines if len(line.get_xdata()) > 2]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["calibration", "calibrated_coverage", "calibrated_contraction"])
def test_a_page_fits_and_names_methods_and_levels(summary, name, width):
    figure = draw(name, summary, width)
    assert len(figure.axes) == (6 if name != "calibrated_contraction" else 4)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert any("exact" in title for title in titles)
    assert any("nuts" in title for title in titles)


def test_lines_are_differences_of_the_distribution_function(summary):
    figure = draw("calibration", summary)
    first = figure.axes[0]
    pit = summary.calibration.query("method == 'exact' and level == 'participant'")["pit"]
    (line,) = lines(first)
    x, y = line.get_xdata(), line.get_ydata()
    assert x == pytest.approx(np.arange(61) / 60)
    assert y[30] == pytest.approx((pit <= 0.5).mean() - 0.5)
    area = first.collections[0].get_paths()[0].vertices
    limits = band(60)
    assert area[:, 1].max() == pytest.approx((limits.upper - limits.points).max())
    (text,) = (t.get_text() for t in first.texts)
    assert text.endswith("n = 60")
    low, high = first.get_ylim()
    assert low < min(y) < max(y) < high


def test_coverage_is_that_of_central_intervals(summary):
    axes = draw("calibrated_coverage", summary).axes[0]
    pit = summary.calibration.query("method == 'exact' and level == 'participant'")["pit"]
    covered = pit.between(0.25, 0.75).mean()
    assert lines(axes)[0].get_ydata()[30] == pytest.approx(100 * (covered - 0.5))


def test_parameters_have_lines_of_their_own(runs):
    table = places(("exact",), 30)
    both = pd.concat([table, table[table["parameter"] == "alpha"].assign(parameter="beta")])
    axes = draw("calibration", calibrated(runs["small"], both)).axes[0]
    assert [line.get_linestyle() for line in lines(axes)] == ["-", "--"]


def test_failed_fits_are_said_and_a_study_without_calibration_has_a_blank_page(runs):
    failed = places(("exact",), 30).assign(pit=np.nan)
    figure = draw("calibration", calibrated(runs["small"], failed))
    assert "no fit succeeded" in figure.axes[0].texts[0].get_text()
    for name in ("calibration", "calibrated_coverage", "calibrated_contraction"):
        text = draw(name, runs["small"]).texts[0].get_text()
        assert text == "There is no calibration over the prior."


def test_a_method_has_the_colour_that_it_has_in_other_figures(runs):
    table = places(("hierarchical",), 30)
    summary = calibrated(runs["small"], table)
    (line,) = lines(draw("calibration", summary).axes[0])
    assert line.get_color() == style.colour(list(summary.methods), "hierarchical")
