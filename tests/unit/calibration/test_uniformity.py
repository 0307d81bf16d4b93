"""Tests of uniformity and simultaneous bands: known values, and what they say of known samples."""

import numpy as np
import pytest
from arviz_stats.ecdf_utils import simulate_confidence_bands
from scipy import stats

from rlrecovery.calibration.uniformity import (
    band,
    holm,
    in_central_interval,
    inside_unit,
    is_inside,
    p_uniform,
    shares_below,
)


def pointwise_level(n, k, simulations):
    points = np.arange(1, k) / k
    rng = np.random.default_rng(1)
    return 1 - simulate_confidence_bands(n, 1, points, 0.95, simulations, rng)


@pytest.mark.parametrize(("n", "k", "gamma"), [(100, 20, 0.00855), (100, 100, 0.00411)])
def test_the_band_has_the_published_pointwise_level(n, k, gamma):
    """Säilynoja et al. (2022), adjusted levels for alpha = 0.05.

    Counts are discrete, so that a level may be larger by one of their steps without any effect.
    """
    assert pointwise_level(n, k, 3000) == pytest.approx(gamma, rel=0.2)


@pytest.mark.slow
def test_the_band_of_many_values_has_the_published_pointwise_level():
    assert pointwise_level(1000, 100, 40_000) == pytest.approx(0.00267, rel=0.08)


def test_the_band_is_made_of_binomial_quantiles_of_one_pointwise_level():
    n = 100
    limits = band(n)
    assert limits.points == pytest.approx(np.arange(n + 1) / n)
    inner = slice(1, -1)
    lower, upper = (np.round(n * x[inner]) for x in (limits.lower, limits.upper))
    binomial = stats.binom(n, limits.points[inner])
    assert (binomial.cdf(lower - 1) < 0.00411).all()
    assert (binomial.cdf(lower) > 0.0015).all()
    assert (binomial.sf(upper) < 0.00411).all()


def test_uniform_samples_stay_within_their_band_as_often_as_they_should():
    rng = np.random.default_rng(3)
    shares = np.mean([is_inside(rng.random(50)) for _ in range(600)])
    assert 0.92 <= shares <= 0.975


def test_uniform_samples_have_a_small_p_as_rarely_as_they_should():
    rng = np.random.default_rng(3)
    small = np.mean([p_uniform(rng.random(100)) < 0.05 for _ in range(600)])
    assert 0.02 <= small <= 0.08


def test_what_is_not_uniform_is_found():
    rng = np.random.default_rng(4)
    for values in (rng.beta(0.7, 0.7, 500), rng.beta(1.5, 1.5, 500), rng.beta(1, 1.4, 500)):
        assert p_uniform(values) < 1e-4
        assert not is_inside(values)


def test_values_of_exactly_0_and_1_are_no_evidence_by_themselves():
    values = np.random.default_rng(5).random(500)
    values[:2] = 0, 1
    assert (np.sort(inside_unit(values))[[0, -1]] == [1e-5, 1 - 1e-5]).all()
    assert p_uniform(values) > 0.05 / 7, "after Holm's adjustment for seven quantities"
    values[2:10] = 0
    assert p_uniform(values) < 1e-6


def test_without_values_there_is_no_p():
    assert np.isnan(p_uniform(np.array([])))


def test_coverage_is_the_distribution_function_of_the_smallest_central_interval():
    pit = np.random.default_rng(6).beta(0.5, 0.5, 2000)
    levels = np.array([0.5, 0.8, 0.95])
    covered = [((pit > (1 - p) / 2) & (pit < (1 + p) / 2)).mean() for p in levels]
    assert shares_below(in_central_interval(pit), levels) == pytest.approx(covered)


def test_holm_of_hand_worked_numbers():
    p = np.array([0.04, 0.01, np.nan, 0.03])
    assert holm(p) == pytest.approx([0.06, 0.03, np.nan, 0.06], nan_ok=True)
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1, 1])
