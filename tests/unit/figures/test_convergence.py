"""Shares of flagged estimates, and run time."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures import convergence, style
from unit.figures.pages import WIDTHS, check_page, draw, legend_labels

TWO = WIDTHS[0]


def test_strips_are_those_of_the_methods_that_estimate_the_parameter(drawn):
    figure = drawn["models", "convergence", TWO]
    shares = {axes.get_xlabel(): axes for axes in figure.axes}
    labels = shares["β at a bound (% of rows)"].get_yticklabels()
    assert [text.get_text().replace("\n", "") for text in labels] == [
        f"{method}_rescorla_wagner{kind}"
        for kind in ("", "_sticky", "_forgetting")
        for method in ("mle", "bayes")
    ]


def with_shares(summary, values):
    """The same summary with these shares in every cell, by measure and parameter, and else zero."""
    recovery = summary.recovery.astype({"measure": "object", "parameter": "object"})
    is_share = recovery["measure"].isin(list(convergence.SHARES))
    recovery.loc[is_share, ["value", "mcse"]] = 0.0
    if "share_no_interval" not in set(recovery["measure"]):
        rows = recovery[recovery["measure"] == "share_failed"]
        recovery = pd.concat([recovery, rows.assign(measure="share_no_interval")])
    for (measure, parameter), value in values.items():
        rows = (recovery["measure"] == measure) & (recovery["parameter"] == parameter)
        recovery.loc[rows, "value"] = value
    return dataclasses.replace(summary, recovery=recovery)


@pytest.mark.parametrize("width", WIDTHS)
def test_shares_that_are_zero_have_no_panel_but_are_named(runs, width):
    values = {("share_failed", "alpha"): 0.1, ("share_at_bound", "beta"): 0.2}
    figure = draw("convergence", with_shares(runs["small"], values), width)
    check_page(figure, width)
    labels = [axes.get_xlabel().split(" (")[0] for axes in figure.axes]
    assert sorted(labels[:-1]) == ["α failed", "β at a bound"]
    note = legend_labels(figure)[-1].replace("\n", " ")
    assert note == "zero in every cell: α at a bound, not converged, β failed, not identified"


@pytest.mark.parametrize("width", WIDTHS)
def test_where_nothing_failed_only_the_run_time_is_drawn(runs, width):
    figure = draw("convergence", with_shares(runs["small"], {}), width)
    check_page(figure, width)
    assert [axes.get_xlabel() for axes in figure.axes] == ["run time of one fit (s, logarithmic)"]
    note = legend_labels(figure)[-1].replace("\n", " ")
    assert note == "zero in every cell: at a bound, not converged, failed, not identified"


def test_bars_of_shares_are_inside_the_axis(drawn):
    for axes in drawn["models", "convergence", TWO].axes[:-1]:
        segments = [s for bars in axes.collections for s in bars.get_segments()]
        assert max(segment[:, 0].max() for segment in segments) < axes.get_xlim()[1]


def test_run_times_of_all_cells_and_their_bars_are_inside_the_axis(drawn):
    axes = drawn["models", "convergence", TWO].axes[-1]
    marks = [line for line in axes.lines if line.get_marker() in style.MARKERS]
    assert sum(len(line.get_xdata()) for line in marks) == 2 * (2 + 2 + 1 + 1), "every cell, once"
    ends = np.concatenate([s for bars in axes.collections for s in bars.get_segments()])[:, 0]
    assert ends.max() < axes.get_xlim()[1]
