"""The figure of retest reliability and of correlations with the truth."""

import dataclasses

import effect_tables
import numpy as np
import pytest

from rlrecovery.figures import style
from unit.figures.pages import WIDTHS, check_page, draw, legend_labels, panels


@pytest.fixture(scope="module")
def summary(runs):
    table = effect_tables.reliability(truths=(0.3, 0.5))
    return dataclasses.replace(runs["small"], reliability=table)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_fits(summary, width):
    figure = draw("reliability", summary, width)
    check_page(figure, width, ticks=True)
    assert len(panels(figure)) == 4


def test_lines_are_means_over_true_values_per_method_and_size(summary):
    table = summary.reliability
    changed = (table["alpha"] == 0.5) & (table["measure"] == "icc") & (table["participants"] == 60)
    table = table.assign(value=table["value"].where(~changed, table["value"] - 0.2))
    axes = panels(draw("reliability", dataclasses.replace(summary, reliability=table)))[0]
    ink = style.colour(list(summary.methods), "mle")
    lines = [line for line in axes.lines if line.get_color() == ink and len(line.get_xdata()) == 2]
    solid = next(line for line in lines if line.get_linestyle() == "-")
    icc = np.array([60 / 110, 120 / 170])
    assert solid.get_ydata() == pytest.approx(icc - 0.1)
    dashed = next(line for line in lines if line.get_linestyle() == "--")
    assert dashed.get_ydata() == pytest.approx(icc)
    assert axes.get_ylim()[1] > 1


def test_the_legend_has_methods_and_numbers_of_participants(summary):
    assert legend_labels(draw("reliability", summary)) == [
        "mle", "exact", "hierarchical", "60 participants", "30 participants", "±1.96 MCSE (95 %)",
    ]  # fmt: skip
    one = effect_tables.reliability(participants=(30,), trials=(60,))
    labels = legend_labels(draw("reliability", dataclasses.replace(summary, reliability=one)))
    assert "30 participants" not in labels


def test_what_is_missing_is_said(summary, runs):
    assert draw("reliability", runs["small"]).texts[0].get_text() == (
        "No second session was simulated."
    )
    empty = summary.reliability.assign(value=np.nan, mcse=np.nan)
    axes = panels(draw("reliability", dataclasses.replace(summary, reliability=empty)))[0]
    assert [text.get_text() for text in axes.texts] == ["no estimates"]
