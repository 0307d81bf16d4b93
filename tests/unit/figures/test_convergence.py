"""Shares of flagged estimates, and run time."""

import numpy as np

from rlrecovery.figures import style
from unit.figures.pages import WIDTHS

TWO = WIDTHS[0]


def test_strips_are_those_of_the_methods_that_estimate_the_parameter(drawn):
    figure = drawn["models", "convergence", TWO]
    shares = {axes.get_xlabel(): axes for axes in figure.axes}
    labels = shares["β at a bound (%)"].get_yticklabels()
    assert [text.get_text().replace("\n", "") for text in labels] == [
        f"{method}_rescorla_wagner{kind}"
        for kind in ("", "_sticky", "_forgetting")
        for method in ("mle", "bayes")
    ]


def test_run_times_of_all_cells_and_their_bars_are_inside_the_axis(drawn):
    axes = drawn["models", "convergence", TWO].axes[-1]
    marks = [line for line in axes.lines if line.get_marker() in style.MARKERS]
    assert sum(len(line.get_xdata()) for line in marks) == 2 * (2 + 2 + 1 + 1), "every cell, once"
    ends = np.concatenate([s for bars in axes.collections for s in bars.get_segments()])[:, 0]
    assert ends.max() < axes.get_xlim()[1]
