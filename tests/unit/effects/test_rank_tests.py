"""Rank tests against scipy.stats and brute force; intervals that agree with the tests."""

import itertools

import numpy as np
import pytest
from scipy import stats

from rlrecovery.effects.mean_tests import NotTestable
from rlrecovery.effects.rank_tests import mann_whitney, midranks, signed_rank, spearman_within

RNG = np.random.default_rng(11)
#: Depression scale of nine patients before and after a treatment (Hollander & Wolfe 1973, p. 29).
BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])
#: Permeability of the human chorioamnion at term, and weeks earlier (the same book, p. 69).
TERM = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
EARLIER = np.array([1.15, 0.88, 0.90, 0.74, 1.21])


def test_published_results():
    """The examples of wilcox.test in R: two-sided p-values 0.03906 and 0.2544."""
    assert signed_rank(BEFORE - AFTER, 0.05).p == pytest.approx(0.03906, abs=5e-6)
    assert mann_whitney(TERM, EARLIER, 0.05).p == pytest.approx(0.2544, abs=5e-5)
    # Hollander & Wolfe give the estimate 0.305 for the difference in permeability.
    assert mann_whitney(TERM, EARLIER, 0.05).estimate == pytest.approx(0.305)


@pytest.mark.parametrize(("n", "m"), [(3, 4), (12, 7), (30, 45), (60, 12), (55, 70)])
@pytest.mark.parametrize("tied", [False, True])
def test_p_values_are_those_of_scipy(n, m, tied):
    x, y = RNG.normal(0.5, 1, n), RNG.normal(size=m)
    if tied:
        x, y = x.round(1), y.round(1)
        x[0] = y[0] = y[1]
    exact = not tied and max(n, m) < 50
    how = "exact" if exact else "asymptotic"
    expected = stats.mannwhitneyu(x, y, method=how, use_continuity=True)
    assert mann_whitney(x, y, 0.05).p == pytest.approx(expected.pvalue)
    if tied:
        x[1] = 0.0
    expected = stats.wilcoxon(
        x,
        zero_method="pratt" if tied else "wilcox",
        correction=True,
        method="exact" if not tied and n < 50 else "asymptotic",
    )
    assert signed_rank(x, 0.05).p == pytest.approx(expected.pvalue)


def test_estimates_are_medians_over_all_pairs():
    x, y = RNG.normal(size=9), RNG.normal(size=6)
    differences = [a - b for a in x for b in y]
    assert mann_whitney(x, y, 0.05).estimate == pytest.approx(np.median(differences))
    averages = [(x[i] + x[j]) / 2 for i, j in itertools.combinations_with_replacement(range(9), 2)]
    assert signed_rank(x, 0.05).estimate == pytest.approx(np.median(averages))


@pytest.mark.parametrize("sizes", [(8, 11), (52, 60)])
def test_intervals_consist_of_the_differences_that_are_not_rejected(sizes):
    x, y = RNG.normal(size=sizes[0]), RNG.normal(size=sizes[1])
    for test in (
        lambda shift: mann_whitney(x - shift, y, 0.05),
        lambda shift: signed_rank(x - shift, 0.05),
    ):
        result = test(0.0)
        for end, sign in ((result.lower, 1), (result.upper, -1)):
            assert test(end + sign * 1e-9).p > 0.05
            assert test(end - sign * 1e-9).p <= 0.05


def test_an_interval_without_enough_participants_is_missing():
    assert np.isnan(signed_rank(np.array([0.1, 0.4, 0.5, 0.9]), 0.05).lower)
    assert np.isfinite(signed_rank(np.array([0.1, 0.4, 0.5, 0.9]), 0.2).lower)
    assert np.isnan(mann_whitney(np.arange(3.0), np.arange(3.0) + 0.5, 0.05).upper)


def test_spearman_in_one_group_is_that_of_scipy():
    x, y = RNG.normal(size=(2, 20)).round(1)
    result, expected = spearman_within(x, y, np.zeros(20, int), 0.05), stats.spearmanr(x, y)
    assert (result.estimate, result.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert midranks(x) == pytest.approx(stats.rankdata(x))


def test_spearman_within_groups_ignores_differences_between_groups():
    group = np.repeat([0, 1], [12, 18])
    x, y = RNG.normal(size=(2, 30))
    shifted = spearman_within(x + 10 * group, y - 7 * group, group, 0.05)
    assert shifted == spearman_within(x, y, group, 0.05)


def test_errors_of_type_one_and_coverage():
    rng, n = np.random.default_rng(5), 1500
    group = np.repeat([0, 1], 15)
    rejected, covered = {}, []
    for _ in range(n):
        x, q = rng.normal(size=(2, 30))
        tests = {
            "groups": mann_whitney(x[:15], x[15:], 0.05),
            "pairs": signed_rank(x, 0.05),
            "spearman": spearman_within(x, q, group, 0.05),
        }
        for name, result in tests.items():
            rejected.setdefault(name, []).append(result.p <= 0.05)
        rho = 6 / np.pi * np.arcsin(0.6 / 2)
        own = spearman_within(0.6 * q + 0.8 * x, q, group, 0.05)
        covered.append(own.lower <= rho <= own.upper)
    se = np.sqrt(0.05 * 0.95 / n)
    for values in rejected.values():
        assert np.mean(values) == pytest.approx(0.05, abs=3 * se)
    assert np.mean(covered) == pytest.approx(0.95, abs=4 * se)


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (lambda: mann_whitney(np.ones(1), np.arange(3.0), 0.05), "fewer than 2"),
        (lambda: mann_whitney(np.ones(3), np.ones(3), 0.05), "equal"),
        (lambda: signed_rank(np.ones(1), 0.05), "fewer than 2"),
        (lambda: signed_rank(np.zeros(4), 0.05), "are 0"),
        (lambda: spearman_within(np.ones(9), np.arange(9.0), np.zeros(9, int), 0.05), "vary"),
    ],
)
def test_what_cannot_be_tested_is_said(test, problem):
    with pytest.raises(NotTestable, match=problem):
        test()
