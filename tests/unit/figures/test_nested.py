"""Nested-loop plot."""

import numpy as np
import pytest

from rlrecovery.figures import nested
from unit.figures.pages import WIDTHS, draw

TWO, ONE = WIDTHS


def test_the_last_truth_changes_from_cell_to_cell(runs):
    cells = nested.nested_order(runs["large"])
    assert len(cells) == 40
    assert cells["participants"].tolist() == [4] * 20 + [8] * 20
    assert cells["alpha"].tolist()[:5] == [0.1, 0.1, 0.1, 0.1, 0.3]
    assert cells["beta"].tolist()[:5] == [1, 3, 5, 10, 1]
    bias = runs["large"].measure("bias", method="mle", parameter="beta", level="participant")
    value, mcse = nested.along(bias.sample(frac=1, random_state=1)[:-1], cells)
    expected = bias.set_index("cell").loc[cells["cell"], ["value", "mcse"]]
    finite = np.isfinite(value)
    assert finite.sum() == 39, "one row was removed"
    assert value[finite].tolist() == expected["value"][finite].tolist()
    assert mcse[finite].tolist() == expected["mcse"][finite].tolist()


def test_steps_stand_at_their_cells_and_factors_are_written(drawn):
    figure = drawn["large", "nested", TWO]
    staircases = figure.axes[-1]
    assert [text.get_text() for text in staircases.texts] == [
        "participants: 4, 8", "true α: 0.1, 0.3, 0.5, 0.7, 0.9", "true β: 1, 3, 5, 10",
    ]  # fmt: skip
    assert staircases.get_xlabel() == "40 cells in nested order; 50 trials"
    step = figure.axes[0].lines[0]
    assert step.get_xdata()[[0, 1, 2, -1]].tolist() == [-0.5, 0.5, 0.5, 39.5]
    xlabel = drawn["large", "nested", ONE].axes[-1].get_xlabel()
    assert xlabel == "20 cells in nested order; 8 participants; 50 trials"


@pytest.mark.parametrize("design", ["ten series", "models"])
def test_a_series_is_one_line(runs, design):
    summary = runs[design]
    cells = nested.nested_order(summary)
    assert cells["cell"].is_unique
    for method in summary.methods:
        rows = summary.recovery.loc[summary.recovery["method"] == method, "cell"]
        positions = np.flatnonzero(cells["cell"].isin(set(rows)))
        assert (np.diff(positions) == 1).all(), method


def test_ten_series_differ_in_colour_or_line(runs):
    summary = runs["ten series"]
    assert len({nested.look(summary, name) for name in summary.methods}) == 10


def test_factors_of_several_models_are_their_union(runs):
    staircases = draw("nested", runs["models"]).axes[-1]
    texts = [text.get_text() for text in staircases.texts]
    assert texts == ["true α: 0.2, 0.6", "true β: 3, 5, 8"]
