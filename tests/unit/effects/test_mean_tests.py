"""t tests and Pearson's correlation against scipy.stats, and their errors of type I."""

import numpy as np
import pytest
from scipy import stats

from rlrecovery.effects.mean_tests import (
    NotTestable,
    correlation_of,
    paired_t,
    pearson_within,
    welch,
)

RNG = np.random.default_rng(7)
#: Sleep data of Student (1908): additional hours of sleep with two drugs.
SLEEP = np.array(
    [
        [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    ]
)


def test_published_results_of_the_sleep_data():
    """t.test in R: p = 0.07939, (-3.3654832, 0.2054832); paired p = 0.002833."""
    result = welch(SLEEP[0], SLEEP[1], 0.05)
    assert result.p == pytest.approx(0.07939, abs=5e-6)
    assert (result.lower, result.upper) == pytest.approx((-3.3654832, 0.2054832), abs=5e-8)
    result = paired_t(SLEEP[0] - SLEEP[1], 0.05)
    assert result.p == pytest.approx(0.002833, abs=5e-7)
    assert (result.lower, result.upper) == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)


@pytest.mark.parametrize(("n", "m"), [(2, 9), (20, 31), (300, 4)])
@pytest.mark.parametrize("significance", [0.05, 0.2])
def test_t_tests_are_those_of_scipy(n, m, significance):
    x, y = RNG.normal(0.4, 1, n), RNG.normal(0, 2, m)
    result, expected = welch(x, y, significance), stats.ttest_ind(x, y, equal_var=False)
    ends = expected.confidence_interval(1 - significance)
    assert result.p == pytest.approx(expected.pvalue)
    assert (result.lower, result.upper) == pytest.approx(tuple(ends))
    assert result.estimate / result.se == pytest.approx(expected.statistic)
    result, expected = paired_t(x, significance), stats.ttest_rel(x, np.zeros(n))
    ends = expected.confidence_interval(1 - significance)
    assert result.p == pytest.approx(expected.pvalue)
    assert (result.lower, result.upper) == pytest.approx(tuple(ends))
    assert result.estimate / result.se == pytest.approx(expected.statistic)


def test_pearson_in_one_group_is_that_of_scipy():
    x, y = RNG.normal(size=(2, 25))
    result, expected = pearson_within(x, y, np.zeros(25, int), 0.1), stats.pearsonr(x, y)
    ends = expected.confidence_interval(0.9)
    assert (result.estimate, result.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert (result.lower, result.upper) == pytest.approx(tuple(ends))


def test_pearson_within_groups_is_the_partial_correlation():
    """The p-value is that of the covariate in a linear model with the groups."""
    group = np.repeat([0, 1, 2], [9, 6, 12])
    q = RNG.normal(size=27) + 0.5 * group
    x = 0.4 * q + 3 * group + RNG.normal(size=27)
    design = np.column_stack([group == g for g in range(3)] + [q]).astype(float)
    weights, squares, *_ = np.linalg.lstsq(design, x)
    df = 27 - 4
    se = np.sqrt(squares[0] / df * np.linalg.inv(design.T @ design)[3, 3])
    result = pearson_within(x, q, group, 0.05)
    assert result.p == pytest.approx(2 * stats.t.sf(abs(weights[3] / se), df))
    # A single group of df + 2 participants has the same distribution.
    z = np.arctanh(result.estimate) + np.array([-1, 1]) * stats.norm.ppf(0.975) / np.sqrt(df - 1)
    assert (result.lower, result.upper) == pytest.approx(tuple(np.tanh(z)))


def test_standard_error_and_coverage_of_correlations():
    covered, estimates, ses = [], [], []
    rng, group = np.random.default_rng(3), np.repeat([0, 1], 15)
    for _ in range(1500):
        q, z = rng.normal(size=(2, 30))
        result = pearson_within(0.5 * q + np.sqrt(0.75) * z + group, q, group, 0.05)
        covered.append(result.lower <= 0.5 <= result.upper)
        estimates.append(result.estimate)
        ses.append(result.se)
    assert np.mean(covered) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 1500))
    assert np.mean(ses) == pytest.approx(np.std(estimates), rel=0.08)


def test_perfect_correlations():
    x = np.arange(6.0)
    result = pearson_within(x, -2 * x, np.zeros(6, int), 0.05)
    assert result.estimate == pytest.approx(-1)
    assert result.p == pytest.approx(0, abs=1e-12)
    assert -1 <= result.lower <= result.upper <= 0


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (lambda: welch(np.ones(1), np.arange(3.0), 0.05), "fewer than 2"),
        (lambda: welch(np.full(3, 0.1), np.full(3, 0.3), 0.05), "do not vary"),
        (lambda: paired_t(np.ones(1), 0.05), "fewer than 2"),
        (lambda: paired_t(np.full(5, 0.3), 0.05), "equal"),
        (lambda: pearson_within(np.arange(3.0), np.ones(3), np.zeros(3, int), 0.05), "too few"),
        (lambda: pearson_within(np.arange(9.0), np.ones(9), np.zeros(9, int), 0.05), "vary"),
        (lambda: correlation_of(np.zeros(9), np.zeros(9), 7, 0.05), "vary"),
    ],
)
def test_what_cannot_be_tested_is_said(test, problem):
    with pytest.raises(NotTestable, match=problem):
        test()


def test_one_group_that_does_not_vary_can_be_compared():
    assert welch(np.full(4, 1.0), np.array([0.0, 0.1, 0.2]), 0.05).p < 0.01
