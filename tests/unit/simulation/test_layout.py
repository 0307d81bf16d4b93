"""Existing data sets simulated again; `tests/unit/predictive` compares every task with `behave`."""

import numpy as np
import pytest

from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.layout import Layout, first_trial_of_block
from unit.predictive.examples import BANDIT, SEQUENCE, faced, learner

VALUES = {"alpha": np.array([[0.2, 0.7]]), "beta": np.array([[2.0, 5.0]])}
BLOCKS = np.array([[0, 0, 0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 1, 2, 2]])
RESPONDED = np.array([[1, 1, 0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0, 0, 0]], dtype=bool)


def test_first_trial_of_block():
    blocks = np.array([[0, 0, 1, 1, 2], [3, 3, 3, 4, 4]])
    np.testing.assert_array_equal(first_trial_of_block(blocks), [[0, 0, 2, 2, 4], [0, 0, 0, 3, 3]])


@pytest.mark.parametrize("feedback", ["partial", "full"])
@pytest.mark.parametrize("reset", [True, False])
def test_responses_are_missing_where_they_were(feedback, reset):
    task = BANDIT | {"feedback": feedback, "reset": reset}
    values = {name: np.repeat(value, 50, axis=0) for name, value in VALUES.items()}
    layout = Layout.of(faced(task), BLOCKS, RESPONDED)
    responses, means = layout.simulate(learner(task), values, np.random.default_rng(1))
    assert responses.choices.shape == (50, 2, 8)
    assert ((responses.choices >= 0) == RESPONDED).all()
    assert (np.isfinite(responses.rewards) == RESPONDED).all()
    assert (responses.outcomes is None) == (feedback == "partial")
    assert (means == [0.3, 0.7]).all()


def test_rewards_of_a_schedule_are_those_of_the_trial():
    schedule = {"file": "schedule.csv", "holds": "rewards", "values": SEQUENCE}
    task = {"blocks": 2, "start_value": 0.5, "schedule": schedule}
    layout = Layout.of(faced(task), BLOCKS, RESPONDED)
    responses, _ = layout.simulate(learner(task), VALUES, np.random.default_rng(1))
    for i, t in zip(*np.nonzero(RESPONDED), strict=True):
        assert responses.rewards[0, i, t] == SEQUENCE[t][responses.choices[0, i, t]]


def test_a_session_of_one_block_is_that_of_the_simulator():
    layout = Layout.of(faced(BANDIT), np.zeros((2, 30), dtype=int), np.ones((2, 30), dtype=bool))
    responses, _ = layout.simulate(learner(BANDIT), VALUES, np.random.default_rng(3))
    uniform = np.random.default_rng(3).random((2, 30, 2))
    one_block = faced(BANDIT | {"blocks": 1})
    behaviour = behave(learner(BANDIT), {n: v[0] for n, v in VALUES.items()}, one_block, uniform)
    np.testing.assert_array_equal(responses.choices[0], behaviour.choices)
    np.testing.assert_array_equal(responses.rewards[0], behaviour.rewards)
