"""Bias and RMSE over the true values."""

import numpy as np
import pytest

from rlrecovery.figures import style
from rlrecovery.figures.uncertainty import BARS
from unit.figures.pages import WIDTHS, legend_labels, notes, panels

TWO, ONE = WIDTHS


def marks(axes):
    return [line for line in axes.lines if line.get_marker() in style.MARKERS]


def test_rmse_is_on_a_logarithmic_axis_with_every_mark_inside_or_counted(drawn):
    for axes in panels(drawn["large", "rmse", TWO]):
        assert axes.get_yscale() == "log"
        low, high = axes.get_ylim()
        values = np.concatenate([line.get_ydata() for line in marks(axes)])
        outside = ((values < low) | (values > high)).sum()
        assert notes(axes) == ([f"{outside} of {len(values)} marks beyond axis"] if outside else [])
        assert len(axes.get_yticks()) >= 2


@pytest.mark.parametrize("name", ["bias", "rmse"])
def test_every_cell_has_its_mark_where_truths_are_missing(runs, drawn, name):
    summary, count = runs["models"], 0
    assert summary.recovery["stickiness"].isna().any()
    for axes in drawn["models", name, TWO].axes:
        low, high = axes.get_xlim()
        for line in marks(axes):
            count += len(line.get_xdata())
            assert all((low < line.get_xdata()) & (line.get_xdata() < high))
    rows = summary.measure(name)
    assert count == rows["level"].isin(["participant", "group"]).sum()


def test_marks_and_bars_are_the_numbers_of_the_table(runs, drawn):
    rows = runs["large"].measure("bias", parameter="beta", level="participant", participants=4)
    axes = next(
        axes
        for axes in drawn["large", "bias", TWO].axes
        if axes.get_ylabel().startswith("bias of β\n(participant")
    )
    values = np.concatenate([line.get_ydata() for line in marks(axes)])
    assert np.sort(values) == pytest.approx(np.sort(rows["value"]))
    segments = [s for bars in axes.collections for s in bars.get_segments()]
    halves = np.sort([np.ptp(segment[:, 1]) / 2 for segment in segments])
    assert halves == pytest.approx(1.96 * np.sort(rows["mcse"]), rel=1e-4)
    assert BARS in legend_labels(drawn["large", "bias", TWO])


@pytest.mark.parametrize(("width", "most"), [(TWO, 4), (ONE, 2)])
def test_panels_of_one_design_are_in_lines_and_the_legend_names_the_design(drawn, width, most):
    figure = drawn["models", "bias", width]
    assert figure.axes[0].get_gridspec().ncols <= most
    assert legend_labels(figure)[-1] == "2 participants, 40 trials"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_legend_names_all_of_ten_series(runs, drawn, width):
    labels = legend_labels(drawn["ten series", "bias", width])
    assert set(runs["ten series"].methods) <= {label.replace("\n", " ") for label in labels}
