"""One simulated participant."""

import dataclasses

import numpy as np
import pytest

from rlrecovery.figures.participant import COLOURS
from unit.figures.pages import WIDTHS, draw, legend_labels

TWO, ONE = WIDTHS


def with_means(summary, means, rewards=None):
    """The same summary with these mean rewards of the two arms of its example participant."""
    trials = summary.participant.iloc[np.arange(len(means)) % len(summary.participant)]
    trials = trials.reset_index(drop=True).assign(trial=np.arange(len(means)))
    trials = trials.assign(block=0, mean_0=means, mean_1=1 - np.asarray(means))
    if rewards is not None:
        trials["reward"] = rewards
    return dataclasses.replace(summary, participant=trials)


def mean_lines(figure):
    return [line for line in figure.axes[1].lines if line.get_linewidth() > 2]


def test_mean_rewards_that_jump_are_drawn_as_steps(runs):
    jumps = np.repeat([0.2, 0.8, 0.2], 40)
    lines = mean_lines(draw("participant", with_means(runs["small"], jumps)))
    expected = [jumps.tolist(), (1 - jumps).tolist()]
    assert [line.get_ydata().tolist() for line in lines] == expected
    assert {line.get_drawstyle() for line in lines} == {"steps-mid"}


def test_mean_rewards_that_drift_are_drawn_as_lines(runs):
    walk = np.linspace(0.2, 0.8, 120)
    lines = mean_lines(draw("participant", with_means(runs["small"], walk)))
    assert {line.get_drawstyle() for line in lines} == {"default"}


def test_a_reversal_after_the_trials_shown_still_counts_as_change(runs):
    late = with_means(runs["small"], np.repeat([0.2, 0.8], [110, 10]))
    assert len(mean_lines(draw("participant", late, ONE))) == 2


@pytest.mark.parametrize(
    "means", [np.full(120, 0.3), (np.arange(120) % 3 == 0).astype(float)], ids=["constant", "0/1"]
)
def test_mean_rewards_that_are_constant_or_the_rewards_themselves_are_not_drawn(runs, means):
    figure = draw("participant", with_means(runs["small"], means))
    assert mean_lines(figure) == []
    assert "mean reward of the arm" not in legend_labels(figure)


@pytest.mark.parametrize(("width", "shown"), [(TWO, 200), (ONE, 80)])
def test_a_long_session_shows_its_first_trials(runs, width, shown):
    figure = draw("participant", with_means(runs["small"], np.full(1000, 0.3)), width)
    assert figure.axes[2].get_xlabel() == f"trial (the first {shown} of 1000)"
    assert figure.axes[0].get_xlim() == (0, shown + 1)


@pytest.mark.parametrize("width", WIDTHS)
def test_marks_are_filled_above_the_median_of_the_whole_session(runs, width):
    rewards = np.r_[np.linspace(0, 1, 80), np.full(120, 5.0)]
    summary = with_means(runs["small"], np.full(200, 0.3), rewards)
    marks = draw("participant", summary, width).axes[0].lines
    filled = [mark for mark in marks if mark.get_markerfacecolor() in COLOURS]
    # None of the first 80 rewards is above the median of all, 5.
    assert [x for mark in filled for x in mark.get_xdata() if x <= 80] == []
