import itertools
import math

import numpy as np
import pytest

from rlrecovery.predictive.dataset import Dataset
from rlrecovery.predictive.statistics import statistics
from unit.predictive.examples import random_data


def by_loop(data, neutral, n_arms, history=None):
    """The definitions of the statistics, response by response, of one data set."""
    choices, blocks = data.choices, data.blocks
    participants, trials = choices.shape
    history = data if history is None else history
    position = np.zeros((participants, trials), dtype=int)
    for i, t in itertools.product(range(participants), range(1, trials)):
        position[i, t] = position[i, t - 1] + 1 if blocks[i, t] == blocks[i, t - 1] else 0
    length = position.max() + 1
    bins = min(15, length)
    edges = [k for k in range(length) if k == 0 or k * bins // length != (k - 1) * bins // length]
    edges.append(length)
    assert max(np.diff(edges)) - min(np.diff(edges)) <= 1
    assert len(edges) == bins + 1
    curve = "learning" if data.means is not None else "first_arm"
    keys = [(curve, (a + 1 + b) / 2) for a, b in itertools.pairwise(edges)]
    counts = {}

    def count(key, hit):
        hits, total = counts.get(key, (0, 0))
        counts[key] = hits + bool(hit), total + 1

    for i in range(participants):
        last, block = None, None
        for t in range(trials):
            choice = choices[i, t]
            if blocks[i, t] != block:
                last, block = None, blocks[i, t]
            if choice >= 0:
                k = sum(position[i, t] >= edge for edge in edges[1:-1])
                means = None if data.means is None else data.means[i % len(data.means), t]
                count(keys[k], choice == 0 if means is None else means[choice] == max(means))
                for arm in range(n_arms):
                    count((f"side_{arm}", None), choice == arm)
                if last is not None and history.rewards[i, last] > neutral:
                    count(("win_stay", None), choice == history.choices[i, last])
                elif last is not None:
                    count(("lose_shift", None), choice != history.choices[i, last])
            if history.choices[i, t] >= 0:
                last = t
    keys += [(name, None) for name in ("win_stay", "lose_shift")]
    keys += [(f"side_{arm}", None) for arm in range(n_arms)]
    return {k: counts[k][0] / counts[k][1] if k in counts else np.nan for k in keys}


def assert_equal(actual, expected, draw=...):
    assert list(actual) == list(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(np.asarray(actual[key])[draw], value, err_msg=str(key))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (5, 33), (3, 200), (7, 15)])
@pytest.mark.parametrize("n_arms", [2, 3, 5])
def test_statistics_equal_a_loop_over_responses(shape, n_arms):
    rng = np.random.default_rng([*shape, n_arms])
    for _ in range(5):
        arrays = random_data(rng, *shape, n_arms)
        means = rng.integers(3, size=(*shape, n_arms)).astype(float)  # with ties
        for known in (None, means, means[:1]):
            data = Dataset(*arrays, known)
            assert_equal(statistics(data, 0.5, n_arms), by_loop(data, 0.5, n_arms))


def test_draws_are_described_together_each_with_its_own_means():
    rng, draws = np.random.default_rng(1), 6
    arrays = [random_data(rng, 4, 25, 3) for _ in range(draws)]
    choices, rewards = (np.stack([array[k] for array in arrays]) for k in (0, 1))
    blocks, means = arrays[0][2], rng.integers(3, size=(draws, 4, 25, 3)).astype(float)
    for known in (means, means[0], None):
        together = statistics(Dataset(choices, rewards, blocks, known), 0.5, 3)
        for d in range(draws):
            own = known if known is None or known.ndim == 3 else known[d]
            assert_equal(together, by_loop(Dataset(choices[d], rewards[d], blocks, own), 0.5, 3), d)


def test_previous_responses_may_come_from_another_data_set():
    rng = np.random.default_rng(2)
    choices, rewards, blocks = random_data(rng, 4, 40, 2)
    history = Dataset(choices, rewards, blocks)
    drawn = np.where(choices < 0, -1, rng.integers(2, size=(5, 4, 40)))
    together = statistics(Dataset(drawn, rewards, blocks), 0.5, 2, history)
    for d in range(5):
        expected = by_loop(Dataset(drawn[d], rewards, blocks), 0.5, 2, history)
        assert_equal(together, expected, d)


def described(choices, rewards):
    choices, rewards = np.array(choices), np.array(rewards, dtype=float)
    return statistics(Dataset(choices, rewards, np.zeros_like(choices)), 0.5, 2)


def test_a_statistic_without_trials_to_count_is_missing():
    no_response = described(np.full((2, 4), -1), np.full((2, 4), np.nan))
    assert all(np.isnan(value) for value in no_response.values())
    never_lost = described(np.zeros((2, 4), int), np.ones((2, 4)))
    assert math.isnan(never_lost.pop(("lose_shift", None)))
    assert {float(value) for value in never_lost.values()} == {0, 1}
    assert never_lost["win_stay", None] == 1
    one_trial = described([[1]], [[1]])
    assert math.isnan(one_trial["win_stay", None])
    assert one_trial["first_arm", 1.0] == 0


def test_the_neutral_outcome_is_a_loss():
    shares = described(np.zeros((1, 3), int), np.full((1, 3), 0.5))
    assert math.isnan(shares["win_stay", None])
    assert shares["lose_shift", None] == 0
