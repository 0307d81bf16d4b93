"""Arms turn uniform numbers into rewards; trials fall into equal blocks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rlrecovery.tasks import BernoulliArms, GaussianArms, Task, task_from_config


class TestBernoulliArms:
    def test_below_the_probability_pays(self):
        arms = BernoulliArms((0.4, 0.6))
        choice = np.array([0, 0, 0, 1, 1, 1])
        uniform = np.array([0.0, np.nextafter(0.4, 0), 0.4, 0.5, 0.6, 0.99])
        assert arms.reward(choice, uniform).tolist() == [1, 1, 0, 1, 0, 0]
        assert arms.reward(choice, uniform).dtype == np.float64

    def test_ends(self):
        uniform = np.array([0.0, np.nextafter(1, 0)])
        assert BernoulliArms((0.0, 1.0)).reward(np.array([0, 0]), uniform).tolist() == [0, 0]
        assert BernoulliArms((0.0, 1.0)).reward(np.array([1, 1]), uniform).tolist() == [1, 1]

    def test_frequencies(self):
        rng, probabilities, n = np.random.default_rng(0), (0.1, 0.5, 0.85), 20_000
        arms = BernoulliArms(probabilities)
        assert arms.n_arms == 3
        for k, probability in enumerate(probabilities):
            wins = arms.reward(np.full(n, k), rng.random(n)).sum()
            assert stats.binomtest(int(wins), n, probability).pvalue > 1e-3

    def test_shape_is_that_of_the_choices(self):
        choice = np.array([[0, 1, 0], [1, 1, 0]])
        assert BernoulliArms((0.4, 0.6)).reward(choice, np.full((2, 3), 0.5)).tolist() == [
            [0, 1, 0],
            [1, 1, 0],
        ]


class TestGaussianArms:
    def test_it_is_the_normal_quantile(self):
        arms = GaussianArms((-1.0, 0.0, 10.0), 2.0)
        uniform = np.array([0.5, 0.975, 0.025])
        expected = np.array([-1.0, 2 * 1.959963984540054, 10 - 2 * 1.959963984540054])
        np.testing.assert_allclose(arms.reward(np.arange(3), uniform), expected, rtol=1e-12)
        assert arms.n_arms == 3

    def test_distribution(self):
        arms, rng = GaussianArms((1.0, -3.0), 0.5), np.random.default_rng(1)
        for k, mean in enumerate(arms.means):
            rewards = arms.reward(np.full(5000, k), rng.random(5000))
            assert stats.kstest(rewards, stats.norm(mean, 0.5).cdf).pvalue > 1e-3

    def test_a_uniform_number_of_exactly_zero_is_no_infinity(self):
        reward = GaussianArms((0.0, 1.0), 1.0).reward(np.array([0]), np.array([0.0]))
        assert np.isfinite(reward).all()
        assert reward[0] < -30


class TestBlocks:
    @pytest.mark.parametrize(
        ("blocks", "trials", "expected"),
        [(1, 3, [0, 0, 0]), (2, 6, [0, 0, 0, 1, 1, 1]), (3, 3, [0, 1, 2]), (1, 1, [0])],
    )
    def test_equal_lengths(self, blocks, trials, expected):
        task = Task(BernoulliArms((0.4, 0.6)), blocks, 0.5)
        assert task.block_of_trial(trials).tolist() == expected

    @pytest.mark.parametrize(("blocks", "trials"), [(2, 5), (4, 3), (3, 10)])
    def test_unequal_lengths_are_refused(self, blocks, trials):
        task = Task(BernoulliArms((0.4, 0.6)), blocks, 0.5)
        sentence = f"{trials} trials do not divide into {blocks} equal blocks"
        with pytest.raises(ValueError, match=sentence):
            task.block_of_trial(trials)


def test_from_config():
    task = task_from_config({"arms": [0.1, 0.2, 0.7], "blocks": 4, "start_value": 0.25})
    assert task == Task(BernoulliArms((0.1, 0.2, 0.7)), 4, 0.25)
