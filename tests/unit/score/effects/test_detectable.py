"""The size that is found with a power of 80 %: exact curves, coverage, and what it cannot say."""

import numpy as np
import pytest
from scipy import optimize, stats

from rlrecovery.score.effects.detectable import POWER, detectable, power_at

RNG = np.random.default_rng(4)
MANY = 10**7


def power(size, s, z):
    return stats.norm.cdf(size / s - z) + stats.norm.cdf(-size / s - z)


def wanted(s, z):
    """The size with a power of 80 %, by root finding."""
    return optimize.brentq(lambda size: power(size, s, z) - POWER, 0, 20 * s)


@pytest.mark.parametrize(("s", "z"), [(0.28, 1.96), (0.1, 1.2), (0.4, 2.6), (0.2, 0.3)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_size_of_an_exact_curve_is_found(s, z, sign):
    sizes = np.array([0.0, 0.3, 0.6])
    shares = power(sizes, s, z)
    assert power_at(sizes, np.float64(s), np.float64(z)) == pytest.approx(shares)
    result = detectable(sign * sizes, np.round(MANY * shares), [MANY] * 3)
    assert result.size == pytest.approx(sign * wanted(s, z), rel=2e-3)
    assert abs(result.lower) < abs(result.size) < abs(result.upper)
    assert abs(result.upper - result.lower) < 0.02


@pytest.mark.parametrize("sizes", [[0, 0.8], [0, 0.4, 0.8], [0, 0.3, 0.6, 0.9]])
def test_intervals_cover(sizes):
    """200 studies with 100 data sets per size, and a type I error of 7 %."""
    true, truth = np.array(sizes), wanted(0.3, 1.8)
    covered = []
    for found in RNG.binomial(100, power(true, 0.3, 1.8), (200, len(true))):
        result = detectable(true, found, [100] * len(true))
        covered.append(result.lower <= truth <= result.upper)
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 200))


def test_the_interval_is_that_of_the_profile_likelihood():
    sizes, found, n = np.array([0, 0.5, 1.0]), np.array([11, 90, 185]), np.full(3, 200)

    def profile(size):
        """Largest log-likelihood of all z, by a search."""

        def negative(z):
            ratio = optimize.brentq(lambda c: power(c, 1.0, z) - POWER, 0, 20)
            share = power(sizes, size / ratio, z)
            return -stats.binom.logpmf(found, n, share).sum()

        return -optimize.minimize_scalar(negative, bounds=(0.5, 4), method="bounded").fun

    result = detectable(sizes, found, n)
    best = optimize.minimize_scalar(lambda d: -profile(d), bounds=(0.4, 2), method="bounded")
    assert result.size == pytest.approx(best.x, rel=1e-3)
    for end in (result.lower, result.upper):
        fall = 2 * (profile(best.x) - profile(end))
        assert fall == pytest.approx(stats.chi2.ppf(0.95, 1), abs=0.03)


def test_correlations_are_transformed():
    """Power of Pearson's correlation of 40 participants, which Fisher's transform describes."""
    sizes = np.array([0.0, 0.2, 0.4])
    shares = power(np.arctanh(sizes), 1 / np.sqrt(37), 1.96)
    result = detectable(sizes, np.round(MANY * shares), [MANY] * 3, correlation=True)
    assert result.size == pytest.approx(np.tanh(wanted(1 / np.sqrt(37), 1.96)), rel=2e-3)
    # The table of Cohen (1988) has 42 participants for r = .42 at a power of 80 %.
    assert result.size == pytest.approx(0.43, abs=0.01)
    certain = detectable([0, 1.0], [10, 199], [200, 200], correlation=True)
    assert 0 < certain.size < 1


@pytest.mark.parametrize(
    ("found", "note", "known"),
    [
        ([10, 0, 0], "the effect is never found", False),
        ([10, 12, 15], "the effect is found too rarely", False),
        ([10, 60, 120], "extrapolated beyond the largest simulated size", True),
        ([10, 92, 180], "", True),
        ([10, 180, 198], "smaller than the smallest simulated size", True),
        ([10, 200, 200], "the effect is always found", False),
        ([10, 150, 120], "the curve does not describe the power well", None),
    ],
)
def test_notes(found, note, known):
    result = detectable([0, 0.4, 0.8], found, [200] * 3)
    assert note in result.note
    assert (result.note == "") is (note == "")
    if known is not None:
        assert np.isfinite(result.size) is np.bool_(known)


def test_ends_are_open_where_the_likelihood_does_not_fall():
    assert detectable([0, -0.4, -0.8], [10, 12, 15], [200] * 3).upper == -np.inf
    assert detectable([0, 0.4, 0.8], [10, 200, 200], [200] * 3).lower == 0
    assert detectable([0, 0.4], [10, 12], [200] * 2, correlation=True).upper == 1


def test_without_data_sets_there_is_no_size():
    result = detectable([0, 0.4], [5, 0], [100, 0])
    assert np.isnan(result.size)
    assert result.note == "no data set could be analysed"
