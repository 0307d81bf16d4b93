"""Estimates against true values."""

import dataclasses

import pandas as pd
import pytest

from rlrecovery.figures.labels import symbol
from unit.figures.pages import WIDTHS, draw, legend_labels, notes, panel_keys, panels

TWO, ONE = WIDTHS


def with_unidentified(summary):
    """The same summary with estimates that the data do not identify."""
    status = summary.points["status"].astype("object")
    status = status.where(summary.points.index % 7 > 0, "not_identified")
    recovery = summary.recovery.astype({"measure": "object"})
    share = recovery[recovery["measure"] == "share_failed"]
    share = share.assign(measure="share_no_interval", value=0.14)
    points = summary.points.assign(status=status)
    return dataclasses.replace(summary, points=points, recovery=pd.concat([recovery, share]))


@pytest.mark.parametrize("exists", [True, False])
def test_estimates_that_are_not_identified_have_a_mark_and_a_share_of_their_own(runs, exists):
    summary = with_unidentified(runs["small"]) if exists else runs["small"]
    figure = draw("recovery", summary)
    assert ("no interval or not identified" in legend_labels(figure)) == exists
    marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "D"]
    assert any(len(line.get_xdata()) for line in marks) == exists
    labels = [axes.get_xlabel() for axes in draw("convergence", summary).axes]
    assert ("α not identified (%)" in labels) == exists


def test_estimates_beyond_the_axis_are_counted(runs, drawn):
    rows = runs["small"].points
    rows = rows[(rows["method"] == "mle") & (rows["parameter"] == "beta") & (rows["trials"] == 50)]
    rows = rows[(rows["level"] == "participant") & rows["estimate"].notna()]
    axes = next(
        axes
        for axes in drawn["small", "recovery", TWO].axes
        if axes.get_xlabel() == "true β" and axes.get_title(loc="left") == "mle, 50 trials"
    )
    low, high = axes.get_ylim()
    outside = ((rows["estimate"] < low) | (rows["estimate"] > high)).sum()
    assert outside > 0
    assert notes(axes) == [f"{outside} of {len(rows)} beyond axis"]


def test_panels_are_those_of_the_parameters_that_a_method_estimates(runs, drawn):
    summary = runs["models"]
    assert summary.mixed
    pairs = summary.method_parameters
    assert len(pairs) == 2 * (2 + 3 + 3 + 1)
    expected = [
        (f"{method}, 40 trials", f"true {symbol(name)}", f"estimate of {symbol(name)}")
        for method, name in pairs
    ]
    assert sorted(panel_keys(drawn["models", "recovery", TWO])) == sorted(expected)
    for width, most in ((TWO, 4), (ONE, 2)):
        assert panels(drawn["models", "recovery", width])[0].get_gridspec().ncols <= most


def test_rows_of_many_methods_are_broken_and_what_does_not_fit_is_counted(drawn):
    figure = drawn["tasks", "recovery", TWO]
    assert figure.axes[0].get_gridspec().ncols == 4
    assert len(figure.axes) == 16
    assert figure.get_suptitle() == ""
    figure = drawn["tasks", "recovery", ONE]
    note = figure.get_suptitle().replace("\n", " ")
    assert note.startswith(f"{len(figure.axes)} of 16 panels")
    assert note.endswith("summary/points.csv")
    assert {key[1] for key in panel_keys(figure)} == {"true α", "true β"}
