import numpy as np
import pandas as pd

from rlrecovery.likelihood.data import observations, observations_from_table, outcome_columns
from unit.forms import Shape, frame, ordinary


def test_codes_and_fillers():
    data = observations(
        np.array([[1, -5, 0]]), np.array([[2.0, np.nan, 7.0]]), np.array([[3, 3, 4]])
    )
    assert data.choices.tolist() == [[1, -1, 0]]
    assert data.rewards.tolist() == [[2.0, 0.0, 7.0]]
    assert data.starts.tolist() == [[1.0, 0.0, 1.0]]
    assert (data.choices.dtype, data.rewards.dtype) == (np.int64, np.float64)


def test_a_table_may_come_in_any_order():
    case = ordinary(Shape("rescorla_wagner", 3))
    shuffled = case.trials.sample(frac=1, random_state=1)
    expected, found = case.data, observations_from_table(shuffled)
    for name in ("choices", "rewards", "starts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_padding_is_no_response_and_no_new_block():
    trials = pd.concat([frame(4, [0, 1, 1], [1, 0, 1], [0, 1, 1]), frame(9, [1], [0.5])])
    data = observations_from_table(trials)
    assert data.choices.tolist() == [[0, 1, 1], [1, -1, -1]]
    assert data.rewards.tolist() == [[1, 0, 1], [0.5, 0, 0]]
    assert data.starts.tolist() == [[1, 1, 0], [1, 0, 0]]


def test_full_feedback_has_an_outcome_per_arm():
    paid = np.array([[[2.0, 5.0], [np.nan, 9.0], [7.0, 0.0]]])
    data = observations(np.array([[1, -1, 0]]), paid, np.zeros((1, 3)))
    assert data.rewards.tolist() == [[[2.0, 5.0], [0.0, 0.0], [7.0, 0.0]]]
    assert data.choices.tolist() == [[1, -1, 0]]


def test_columns_of_outcomes_are_in_the_order_of_their_numbers():
    outcomes = np.arange(22.0).reshape(2, 11)
    trials = frame(0, [10, 3], outcomes)
    turned = trials[sorted(trials.columns, reverse=True)].assign(reward_again=5.0)
    assert outcome_columns(turned) == [f"reward_{k}" for k in range(11)]
    data = observations_from_table(turned)
    assert data.rewards.tolist() == [outcomes.tolist()]
    partial = trials[["participant", "block", "trial", "choice", "reward"]]
    assert outcome_columns(partial) == []
    assert observations_from_table(partial).rewards.tolist() == [[10.0, 14.0]]


def test_without_a_reset_only_the_first_trial_is_a_start():
    trials = pd.concat([frame(4, [0, 1, 1], [1, 0, 1], [0, 1, 2]), frame(9, [1], [0.5], [2])])
    data = observations_from_table(trials, reset=False)
    assert data.starts.tolist() == [[1, 0, 0], [1, 0, 0]]
    again = observations_from_table(trials)
    assert again.starts.tolist() == [[1, 1, 1], [1, 0, 0]]
    np.testing.assert_array_equal(data.choices, again.choices)


def test_rows():
    whole = ordinary(Shape("rescorla_wagner", 2)).data
    data = whole.rows([2, 0])
    np.testing.assert_array_equal(data.choices, whole.choices[[2, 0]])
    np.testing.assert_array_equal(data.rewards, whole.rewards[[2, 0]])
    np.testing.assert_array_equal(data.starts, whole.starts[[2, 0]])
