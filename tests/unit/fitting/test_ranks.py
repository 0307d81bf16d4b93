"""Ranks of values among draws."""

import numpy as np
import pytest
from scipy import stats

from rlrecovery.fitting.ranks import relative_rank


def test_a_rank_is_between_the_shares_of_smaller_draws():
    draws = np.arange(9.0)
    ranks = [relative_rank(draws, 3.5, np.random.default_rng(seed)) for seed in range(100)]
    assert 0.4 < min(ranks) < 0.41 < 0.49 < max(ranks) < 0.5


def test_ties_are_broken_at_random():
    rng = np.random.default_rng(1)
    ranks = [relative_rank(np.zeros(4), 0.0, rng) for _ in range(2000)]
    assert stats.kstest(ranks, stats.uniform.cdf).pvalue > 0.01


@pytest.mark.parametrize("size", [1, 9])
def test_few_draws_give_uniform_ranks(size):
    rng = np.random.default_rng(2)
    ranks = [relative_rank(rng.normal(size=size), rng.normal(), rng) for _ in range(3000)]
    assert stats.kstest(ranks, stats.uniform.cdf).pvalue > 0.01
