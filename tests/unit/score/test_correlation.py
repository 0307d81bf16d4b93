"""Pearson, Spearman and Lin's concordance against hand-worked cases, SciPy and explicit loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from rlrecovery.score import correlation
from rlrecovery.score.correlation import correlations

pytestmark = pytest.mark.filterwarnings("error")


def of_all(truth, estimate) -> dict[str, float]:
    truth, estimate = np.asarray(truth, float), np.asarray(estimate, float)
    sums = np.array([len(truth), *np.sum(correlation.moments(truth, estimate), axis=1)])
    return {
        "pearson": float(correlation.pearson(sums)),
        "spearman": correlation.spearman(truth, estimate),
        "concordance": float(correlation.concordance(sums)),
    }


def lin(truth, estimate) -> float:
    """Lin (1989), equation 2, with np.var and np.cov."""
    covariance = np.cov(truth, estimate, ddof=0)[0, 1]
    scale = np.var(truth) + np.var(estimate) + (np.mean(truth) - np.mean(estimate)) ** 2
    return 2 * covariance / scale


BY_HAND = {
    "pearson": lambda x, y: stats.pearsonr(x, y).statistic,
    "spearman": lambda x, y: stats.spearmanr(x, y).statistic,
    "concordance": lin,
}


def slow_jackknife(statistic, x, y, blocks) -> float:
    left_out = [statistic(x[blocks != b], y[blocks != b]) for b in sorted(set(blocks))]
    n, centre = len(left_out), sum(left_out) / len(left_out)
    return ((n - 1) / n * sum((value - centre) ** 2 for value in left_out)) ** 0.5


def sample(seed, rows=90, ties=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 1, rows)
    y = 0.5 * x + rng.normal(2, 0.7, rows)
    if ties:
        x, y = np.round(x), np.round(2 * y) / 2
    blocks = rng.integers(0, 7, rows) * 10
    return x, y, blocks


def test_shifted_estimates_agree_in_order_but_not_in_value():
    # Variances 2/3, covariance 2/3 (divisor n), mean difference 1: Lin (4/3) / (4/3 + 1) = 4/7.
    # With divisor n - 1 it would be 2 / (2 + 1) = 2/3.
    coefficients = of_all([1, 2, 3], [2, 3, 4])
    assert coefficients == pytest.approx({"pearson": 1, "spearman": 1, "concordance": 4 / 7})


def test_ties_share_their_average_rank():
    # Ranks minus 2.5: -1.5, 0, 0, 1.5 and -1.5, 0.5, -0.5, 1.5; 4.5 / sqrt(4.5 * 5).
    assert of_all([1, 2, 2, 3], [1, 3, 2, 4])["spearman"] == pytest.approx(4.5 / 22.5**0.5)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", BY_HAND)
def test_values_are_those_of_independent_code(name, ties):
    x, y, _ = sample(1, ties=ties)
    assert of_all(x, y)[name] == pytest.approx(BY_HAND[name](x, y), rel=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", BY_HAND)
def test_mcse_is_the_jackknife_of_explicit_loops(name, ties):
    x, y, blocks = sample(2, ties=ties)
    assert correlations(x, y, blocks)[name].mcse == pytest.approx(
        slow_jackknife(BY_HAND[name], x, y, blocks), rel=1e-9
    )


@pytest.mark.parametrize("ties", [False, True])
def test_leave_one_out_ranks_are_ranks_anew(ties):
    x, y, blocks = sample(3, ties=ties)
    codes = np.unique(blocks, return_inverse=True)[1]
    anew = [stats.spearmanr(x[codes != b], y[codes != b]).statistic for b in range(7)]
    np.testing.assert_allclose(correlation.spearman_without_each(x, y, codes), anew, rtol=1e-12)


def test_a_large_offset_costs_no_digits():
    x, y, blocks = sample(4)
    near, far = correlations(x, y, blocks), correlations(x + 1e6, y + 1e6, blocks)
    for name in near:
        assert far[name] == pytest.approx(near[name], rel=1e-6)


def test_constant_estimate():
    by_name = correlations([1.0, 2, 3, 4], [0.1] * 4, [0, 0, 1, 1])
    assert np.isnan([*by_name["pearson"][:2], *by_name["spearman"][:2]]).all()
    assert by_name["concordance"] == (0.0, 0.0, 2, 4)


def test_estimates_that_vary_in_one_block_only():
    # Without block 2 the estimates are constant: Pearson and Spearman have no jackknife, and the
    # rounding error of a difference of sums must not pass for a correlation.
    truth, estimate = [1.0, 2, 3, 4, 5, 6], [0.1, 0.1, 0.1, 0.1, 0.3, 0.7]
    by_name = correlations(truth, estimate, [0, 0, 1, 1, 2, 2])
    for name in ("pearson", "spearman"):
        value, mcse = by_name[name][:2]
        assert value == pytest.approx(BY_HAND[name](truth, estimate))
        assert np.isnan(mcse)
    assert np.isfinite(by_name["concordance"]).all()


@pytest.mark.parametrize("swap", [False, True])
def test_rounding_error_is_not_a_correlation(swap):
    # Constant inside each of two blocks, on one side: nothing varies once a block is left out.
    rng = np.random.default_rng(7)
    blocks = np.repeat([0, 1], 7)
    for shift in rng.random(50):
        pair = [rng.random(14), np.repeat([0.1, 0.3 + shift], 7)]
        by_name = correlations(*(pair[::-1] if swap else pair), blocks)
        for name in ("pearson", "spearman"):
            assert by_name[name][0] == pytest.approx(BY_HAND[name](*pair))
            assert np.isnan(by_name[name][1])
        assert np.isfinite(by_name["concordance"]).all()


def test_perfect_recovery_is_exactly_one():
    x, _, blocks = sample(5)
    for name, (value, mcse, *_) in correlations(x, x, blocks).items():
        assert value == pytest.approx(1, abs=1e-14)
        # Ranks that no block moves say nothing about the Monte Carlo error.
        assert np.isnan(mcse) if name == "spearman" else mcse == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_give_nan(rows):
    by_name = correlations(np.arange(rows, dtype=float), np.ones(rows) * 3, np.zeros(rows, int))
    assert list(by_name) == ["pearson", "spearman", "concordance"]
    assert np.isnan([by_name["pearson"][:2], by_name["spearman"][:2]]).all()
    assert np.isnan([score.mcse for score in by_name.values()]).all()


def test_one_replicate_gives_a_value_without_mcse():
    x, y, _ = sample(6)
    for name, (value, mcse, *_) in correlations(x, y, np.zeros(x.size, int)).items():
        assert value == pytest.approx(BY_HAND[name](x, y))
        assert np.isnan(mcse)
