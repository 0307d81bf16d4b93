"""Measures and their Monte Carlo errors: worked by hand, against loops, and against simulation."""

import numpy as np
import pytest
from scipy import stats

from rlrecovery.score import measures
from rlrecovery.score.correlation import correlations
from unit.score.examples import assert_score, clustered, ratios, slow_jackknife

pytestmark = pytest.mark.filterwarnings("error")

ERRORS = [1.0, 2, 3, 6]
# Mean 3; squared deviations 4, 1, 0, 9, so S^2 = 14/3. Squares 1, 4, 9, 36, mean 12.5, whose
# squared deviations 132.25, 72.25, 12.25, 552.25 sum to 769.
SES = [1, 2**0.5, 3**0.5, 2]
# Variances 1, 2, 3, 4: mean 2.5, variance 5/3.
ONE_EACH = [0, 1, 2, 3]


def test_bias_with_one_row_per_replicate():
    assert_score(measures.mean(ERRORS, ONE_EACH), 3, (14 / 3 / 4) ** 0.5, 4, 4)


def test_empirical_se_with_one_row_per_replicate():
    root = (14 / 3) ** 0.5
    assert_score(measures.empirical_se(ERRORS, ONE_EACH), root, root / 6**0.5, 4, 4)


def test_mse_and_rmse_with_one_row_per_replicate():
    of_mse = (769 / (4 * 3)) ** 0.5
    assert_score(measures.mean(np.square(ERRORS), ONE_EACH), 12.5, of_mse, 4, 4)
    assert_score(measures.rmse(ERRORS, ONE_EACH), 12.5**0.5, of_mse / (2 * 12.5**0.5), 4, 4)


def test_model_se_with_one_row_per_replicate():
    # (5/3) / (4 * 4 * 2.5) = 1/24
    assert_score(measures.model_se(SES, ONE_EACH), 2.5**0.5, (1 / 24) ** 0.5, 4, 4)


def test_relative_error_with_one_row_per_replicate():
    # Ratio sqrt(2.5 / (14/3)) = sqrt(15/28); (5/3) / (4 * 4 * 6.25) + 1/6 = 1/60 + 10/60.
    ratio = (15 / 28) ** 0.5
    score = measures.relative_error_model_se(SES, ERRORS, ONE_EACH)
    assert_score(score, ratio - 1, ratio * (11 / 60) ** 0.5, 4, 4)


def test_proportion_with_one_row_per_replicate():
    assert_score(
        measures.proportion([True, True, False, True], ONE_EACH), 0.75, (0.1875 / 4) ** 0.5, 4, 4
    )


def test_median_with_one_row_per_replicate():
    # Of 1..9 the shares below and up to the median are 4/9 and 5/9, each with MCSE
    # s = sqrt(20/81/9). Quantile p is 9 p + 1/2, so the interval is 2 * 1.96 * 9 s long.
    values = np.random.default_rng(1).permutation(np.arange(1.0, 10))
    assert_score(measures.median(values, np.arange(9)), 5, 9 * (20 / 81 / 9) ** 0.5, 9, 9)


def test_mean_of_equal_replicates_is_the_mean_of_their_means():
    # Means 2, 4, 6: SD 2.
    assert_score(measures.mean([1.0, 3, 2, 6, 3, 9], [0, 0, 1, 1, 2, 2]), 4, 2 / 3**0.5, 3, 6)


def test_mean_of_unequal_replicates():
    # 12/4 = 3. Without each replicate 11/3, 4/2, 9/3, whose mean is 26/9 and whose squared
    # deviations are 49/81, 64/81, 1/81; times 2/3: 76/81.
    assert_score(measures.mean([1.0, 2, 6, 3], [7, 8, 8, 9]), 3, 76**0.5 / 9, 3, 4)


def test_clustered_proportion():
    # Shares 1, 0, 1/2: SD 1/2; rows taken as independent would give sqrt(0.25/6) = 0.20.
    hits = [True, True, False, False, True, False]
    assert_score(measures.proportion(hits, [0, 0, 1, 1, 2, 2]), 0.5, 0.5 / 3**0.5, 3, 6)


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def sd(values):
    return np.std(values, ddof=1)


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize(
    ("function", "slow", "uses"),
    [
        (measures.mean, np.mean, ["errors"]),
        (measures.empirical_se, sd, ["errors"]),
        (measures.rmse, rms, ["errors"]),
        (measures.model_se, rms, ["ses"]),
        (measures.relative_error_model_se, lambda s, e: rms(s) / sd(e) - 1, ["ses", "errors"]),
        (lambda e, r: measures.proportion(e > 0, r), lambda e: np.mean(e > 0), ["errors"]),
    ],
    ids=["mean", "empirical_se", "rmse", "model_se", "relative_error", "proportion"],
)
def test_several_rows_per_replicate_against_explicit_loops(function, slow, uses, unequal):
    errors, ses, _, replicates = clustered(np.random.default_rng(3), 12, 3, unequal)
    columns = [{"errors": errors, "ses": ses}[name] for name in uses]
    expected = slow_jackknife(slow, replicates, *columns)
    assert_score(function(*columns, replicates), slow(*columns), expected, 12, errors.size)


def test_mean_of_equal_replicates_has_the_standard_error_of_their_means():
    errors, _, _, replicates = clustered(np.random.default_rng(4), 15, 6)
    of_means = stats.sem(errors.reshape(15, 6).mean(axis=1))
    assert measures.mean(errors, replicates).mcse == pytest.approx(of_means, rel=1e-12)


def test_a_large_bias_costs_the_empirical_se_no_digits():
    errors, _, _, replicates = clustered(np.random.default_rng(11), 12, 3)
    close, far = (measures.empirical_se(errors + shift, replicates) for shift in (0, 1e6))
    assert_score(close, sd(errors), slow_jackknife(sd, replicates, errors), 12, 36)
    assert far == pytest.approx(close, rel=1e-6)


def test_rounding_error_is_not_a_spread():
    # Errors are constant inside each replicate, so that leaving one out leaves no spread at all,
    # and a relative error divides by it.
    replicates = np.repeat([0, 1], 7)
    for shift in np.random.default_rng(12).random(50):
        errors = np.repeat([0.1, 0.3 + shift], 7)
        assert_score(measures.empirical_se(errors, replicates), sd(errors), 0, 2, 14)
        relative = measures.relative_error_model_se(np.ones(14), errors, replicates)
        assert relative.value == pytest.approx(1 / sd(errors) - 1)
        assert np.isnan(relative.mcse)


def test_clustered_median_against_the_definition():
    errors, _, _, replicates = clustered(np.random.default_rng(5), 30, 4)
    middle = np.median(errors)
    share = stats.sem((errors <= middle).reshape(30, 4).mean(axis=1))
    ends = np.quantile(errors, [0.5 - 1.96 * share, 0.5 + 1.96 * share], method="hazen")
    score = measures.median(errors, replicates)
    assert score.value == middle
    assert score.mcse == pytest.approx(np.diff(ends)[0] / (2 * 1.96), rel=1e-3)


def measure_all(errors, ses, truth, replicates) -> dict[str, tuple[float, float]]:
    covered = np.abs(errors) < 1.5 * ses
    recentred = np.abs(errors - errors.mean()) < 1.5 * ses
    scores = {
        "bias": measures.mean(errors, replicates),
        "median_bias": measures.median(errors, replicates),
        "mse": measures.mean(errors**2, replicates),
        "rmse": measures.rmse(errors, replicates),
        "empirical_se": measures.empirical_se(errors, replicates),
        "model_se": measures.model_se(ses, replicates),
        "relative_error": measures.relative_error_model_se(ses, errors, replicates),
        "coverage": measures.proportion(covered, replicates),
        "bias_eliminated_coverage": measures.proportion(recentred, replicates),
    }
    pairs = {name: (score.value, score.mcse) for name, score in scores.items()}
    return pairs | correlations(truth, truth + errors, replicates)


# Over 500 studies the SD of a measure is itself known to about 3 %. Rows taken as independent
# would give 0.63 instead of 1 for the bias of four participants that correlate at 0.5.
@pytest.mark.parametrize(
    ("participants", "unequal"),
    [
        pytest.param(1, False, marks=pytest.mark.slow),
        pytest.param(4, False, marks=pytest.mark.slow),
        (4, True),
    ],
)
def test_mcse_is_calibrated(participants, unequal):
    rng = np.random.default_rng(6)
    studies = [measure_all(*clustered(rng, 40, participants, unequal)) for _ in range(500)]
    for name, ratio in ratios(studies).items():
        assert 0.87 < ratio < 1.13, name


def test_ties_at_a_bound():
    # 60 % of the estimates sit at 1 and so does the median. Shares below and up to it are 0.4
    # and 1, with MCSEs sqrt(0.24/100) and 0; the larger one counts.
    rng = np.random.default_rng(8)
    values = np.where(np.arange(100) < 60, 1.0, rng.random(100))
    score = measures.median(values, np.arange(100))
    assert score.value == 1
    lower = np.quantile(values, 0.5 - 1.959963984540054 * 0.0024**0.5, method="hazen")
    assert score.mcse == pytest.approx((1 - lower) / (2 * 1.959963984540054))


@pytest.mark.parametrize("n", [2, 3])
def test_median_of_too_few_replicates_has_no_mcse(n):
    assert np.isnan(measures.median(np.arange(float(n)), np.arange(n)).mcse)


def test_median_whose_clusters_are_all_balanced_has_no_mcse():
    # Every replicate has one row below and one above the median: that is no evidence of a
    # certain median.
    assert np.isnan(measures.median([-1.0, 1, -2, 2, -3, 3], [0, 0, 1, 1, 2, 2]).mcse)
