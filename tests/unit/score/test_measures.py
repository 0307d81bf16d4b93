"""Measures and their Monte Carlo errors: worked by hand, against loops, and against simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlrecovery.score import measures as scores
from rlrecovery.storage import files as tables

pytestmark = pytest.mark.filterwarnings("error")

LEVELS = (0.5, 0.95)
ERROR_BASED = {
    "bias",
    "median_bias",
    "empirical_se",
    "model_se",
    "relative_error_model_se",
    "mse",
    "rmse",
    "coverage",
    "truth_below",
    "truth_above",
    "bias_eliminated_coverage",
    "width",
}
CORRELATIONS = {"pearson", "spearman", "concordance"}
SHARES = {"share_failed", "share_at_bound", "share_not_converged", "share_no_interval"}


# --- the formulas, worked by hand -------------------------------------------------------------

ERRORS = [1.0, 2, 3, 6]
# Mean 3; squared deviations 4, 1, 0, 9, so S^2 = 14/3. Squares 1, 4, 9, 36, mean 12.5, whose
# squared deviations 132.25, 72.25, 12.25, 552.25 sum to 769.
SES = [1, 2**0.5, 3**0.5, 2]
# Variances 1, 2, 3, 4: mean 2.5, variance 5/3.
ONE_EACH = [0, 1, 2, 3]


def near(score, value, mcse, n, n_rows):
    assert score.value == pytest.approx(value, rel=1e-12)
    assert score.mcse == pytest.approx(mcse, rel=1e-12, nan_ok=True)
    assert (score.n, score.n_rows) == (n, n_rows)


def test_bias_with_one_row_per_replicate():
    near(scores.mean(ERRORS, ONE_EACH), 3, (14 / 3 / 4) ** 0.5, 4, 4)


def test_empirical_se_with_one_row_per_replicate():
    root = (14 / 3) ** 0.5
    near(scores.empirical_se(ERRORS, ONE_EACH), root, root / 6**0.5, 4, 4)


def test_mse_and_rmse_with_one_row_per_replicate():
    of_mse = (769 / (4 * 3)) ** 0.5
    near(scores.mean(np.square(ERRORS), ONE_EACH), 12.5, of_mse, 4, 4)
    near(scores.rmse(ERRORS, ONE_EACH), 12.5**0.5, of_mse / (2 * 12.5**0.5), 4, 4)


def test_model_se_with_one_row_per_replicate():
    # (5/3) / (4 * 4 * 2.5) = 1/24
    near(scores.model_se(SES, ONE_EACH), 2.5**0.5, (1 / 24) ** 0.5, 4, 4)


def test_relative_error_with_one_row_per_replicate():
    # Ratio sqrt(2.5 / (14/3)) = sqrt(15/28); (5/3) / (4 * 4 * 6.25) + 1/6 = 1/60 + 10/60.
    ratio = (15 / 28) ** 0.5
    found = scores.relative_error_model_se(SES, ERRORS, ONE_EACH)
    near(found, ratio - 1, ratio * (11 / 60) ** 0.5, 4, 4)


def test_proportion_with_one_row_per_replicate():
    near(scores.proportion([True, True, False, True], ONE_EACH), 0.75, (0.1875 / 4) ** 0.5, 4, 4)


def test_median_with_one_row_per_replicate():
    # Of 1..9 the shares below and up to the median are 4/9 and 5/9, each with MCSE
    # s = sqrt(20/81/9). Quantile p is 9 p + 1/2, so the interval is 2 * 1.96 * 9 s long.
    values = np.random.default_rng(1).permutation(np.arange(1.0, 10))
    near(scores.median(values, np.arange(9)), 5, 9 * (20 / 81 / 9) ** 0.5, 9, 9)


def test_mean_of_equal_replicates_is_the_mean_of_their_means():
    # Means 2, 4, 6: SD 2.
    near(scores.mean([1.0, 3, 2, 6, 3, 9], [0, 0, 1, 1, 2, 2]), 4, 2 / 3**0.5, 3, 6)


def test_mean_of_unequal_replicates():
    # 12/4 = 3. Without each replicate 11/3, 4/2, 9/3, whose mean is 26/9 and whose squared
    # deviations are 49/81, 64/81, 1/81; times 2/3: 76/81.
    near(scores.mean([1.0, 2, 6, 3], [7, 8, 8, 9]), 3, 76**0.5 / 9, 3, 4)


def test_clustered_proportion():
    # Shares 1, 0, 1/2: SD 1/2; rows taken as independent would give sqrt(0.25/6) = 0.20.
    hits = [True, True, False, False, True, False]
    near(scores.proportion(hits, [0, 0, 1, 1, 2, 2]), 0.5, 0.5 / 3**0.5, 3, 6)


# --- against independent code -----------------------------------------------------------------


def slow_jackknife(statistic, replicates, *columns) -> float:
    left_out = []
    for one in sorted(set(replicates)):
        keep = [i for i, other in enumerate(replicates) if other != one]
        left_out.append(statistic(*[np.asarray(column)[keep] for column in columns]))
    n, centre = len(left_out), sum(left_out) / len(left_out)
    return ((n - 1) / n * sum((value - centre) ** 2 for value in left_out)) ** 0.5


def clustered(rng, replicates=40, participants=4, unequal=False):
    """Errors, SEs, truths and replicates; errors of a replicate correlate at 0.5."""
    replicate = np.repeat(np.arange(replicates), participants)
    shared = rng.standard_normal(replicates)[replicate]
    errors = 0.2 + np.sqrt(0.5) * (shared + rng.standard_normal(replicate.size))
    ses = np.exp(0.2 * shared + 0.3 * rng.standard_normal(replicate.size))
    truth = 1.2 * rng.standard_normal(replicate.size)
    keep = rng.random(replicate.size) < (0.6 + 0.3 * np.tanh(shared) if unequal else 2)
    return errors[keep], ses[keep], truth[keep], replicate[keep]


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


def sd(values):
    return np.std(values, ddof=1)


@pytest.mark.parametrize("unequal", [False, True])
@pytest.mark.parametrize(
    ("function", "slow", "uses"),
    [
        (scores.mean, np.mean, ["errors"]),
        (scores.empirical_se, sd, ["errors"]),
        (scores.rmse, rms, ["errors"]),
        (scores.model_se, rms, ["ses"]),
        (scores.relative_error_model_se, lambda s, e: rms(s) / sd(e) - 1, ["ses", "errors"]),
        (lambda e, r: scores.proportion(e > 0, r), lambda e: np.mean(e > 0), ["errors"]),
    ],
    ids=["mean", "empirical_se", "rmse", "model_se", "relative_error", "proportion"],
)
def test_several_rows_per_replicate_against_explicit_loops(function, slow, uses, unequal):
    errors, ses, _, replicates = clustered(np.random.default_rng(3), 12, 3, unequal)
    columns = [{"errors": errors, "ses": ses}[name] for name in uses]
    expected = slow_jackknife(slow, replicates, *columns)
    near(function(*columns, replicates), slow(*columns), expected, 12, errors.size)


def test_mean_of_equal_replicates_has_the_standard_error_of_their_means():
    errors, _, _, replicates = clustered(np.random.default_rng(4), 15, 6)
    of_means = stats.sem(errors.reshape(15, 6).mean(axis=1))
    assert scores.mean(errors, replicates).mcse == pytest.approx(of_means, rel=1e-12)


def test_a_large_bias_costs_the_empirical_se_no_digits():
    errors, _, _, replicates = clustered(np.random.default_rng(11), 12, 3)
    close, far = (scores.empirical_se(errors + shift, replicates) for shift in (0, 1e6))
    near(close, sd(errors), slow_jackknife(sd, replicates, errors), 12, 36)
    assert far == pytest.approx(close, rel=1e-6)


def test_rounding_error_is_not_a_spread():
    # Errors are constant inside each replicate, so that leaving one out leaves no spread at all,
    # and a relative error divides by it.
    replicates = np.repeat([0, 1], 7)
    for shift in np.random.default_rng(12).random(50):
        errors = np.repeat([0.1, 0.3 + shift], 7)
        near(scores.empirical_se(errors, replicates), sd(errors), 0, 2, 14)
        relative = scores.relative_error_model_se(np.ones(14), errors, replicates)
        assert relative.value == pytest.approx(1 / sd(errors) - 1)
        assert np.isnan(relative.mcse)


def test_clustered_median_against_the_definition():
    errors, _, _, replicates = clustered(np.random.default_rng(5), 30, 4)
    middle = np.median(errors)
    share = stats.sem((errors <= middle).reshape(30, 4).mean(axis=1))
    ends = np.quantile(errors, [0.5 - 1.96 * share, 0.5 + 1.96 * share], method="hazen")
    found = scores.median(errors, replicates)
    assert found.value == middle
    assert found.mcse == pytest.approx(np.diff(ends)[0] / (2 * 1.96), rel=1e-3)


# --- simulation: the mean MCSE is the SD over studies -----------------------------------------


def measures(errors, ses, truth, replicates) -> dict[str, tuple[float, float]]:
    covered = np.abs(errors) < 1.5 * ses
    recentred = np.abs(errors - errors.mean()) < 1.5 * ses
    found = {
        "bias": scores.mean(errors, replicates),
        "median_bias": scores.median(errors, replicates),
        "mse": scores.mean(errors**2, replicates),
        "rmse": scores.rmse(errors, replicates),
        "empirical_se": scores.empirical_se(errors, replicates),
        "model_se": scores.model_se(ses, replicates),
        "relative_error": scores.relative_error_model_se(ses, errors, replicates),
        "coverage": scores.proportion(covered, replicates),
        "bias_eliminated_coverage": scores.proportion(recentred, replicates),
    }
    pairs = {name: (score.value, score.mcse) for name, score in found.items()}
    return pairs | scores.correlations(truth, truth + errors, replicates)


def ratios(studies) -> dict[str, float]:
    """Mean reported MCSE over the SD of the measure, over studies."""
    return {
        name: np.mean([study[name][1] for study in studies])
        / np.std([study[name][0] for study in studies], ddof=1)
        for name in studies[0]
    }


# Over 500 studies the SD of a measure is itself known to about 3 %. Rows taken as independent
# would give 0.63 instead of 1 for the bias of four participants that correlate at 0.5.
@pytest.mark.parametrize(("participants", "unequal"), [(1, False), (4, False), (4, True)])
def test_mcse_is_calibrated(participants, unequal):
    rng = np.random.default_rng(6)
    studies = [measures(*clustered(rng, 40, participants, unequal)) for _ in range(500)]
    for name, ratio in ratios(studies).items():
        assert 0.87 < ratio < 1.13, name


def test_grid_mcse_is_calibrated_for_cells_that_differ():
    rng = np.random.default_rng(7)
    cells, replicates, participants = 5, 20, 3
    cell, replicate, _ = (a.ravel() for a in np.indices((cells, replicates, participants)))
    truth = cell.astype(float)
    studies, single = [], []
    for _ in range(400):
        shared = 0.5 * rng.standard_normal((cells, replicates))[cell, replicate]
        noise = (0.2 + 0.3 * cell) * rng.standard_normal(cell.size)
        estimate = truth + 0.4 * (cell % 2) + shared + noise
        studies.append(scores.correlations(truth, estimate, replicate))
        single.append(scores.correlations(truth, estimate, cell * replicates + replicate))
    for name, ratio in ratios(studies).items():
        assert 0.87 < ratio < 1.13, name
    # Why the unit is the replicate's number in all cells at once: taking data sets of different
    # cells as alike counts the design as noise.
    assert ratios(single)["concordance"] > 1.13


# --- tables -----------------------------------------------------------------------------------


def made(rows, truth=0.5, **defaults) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Estimates and truth from (replicate, participant, estimate) or dicts of columns."""
    base = {
        "level": "participant",
        "parameter": "alpha",
        "se": 0.1,
        "status": "ok",
        "reason": "",
        "at_bound": False,
        "converged": True,
        "grid_error": np.nan,
        "rhat": np.nan,
        "ess_bulk": np.nan,
        "ess_tail": np.nan,
        "divergences": np.nan,
        "choices": 30.0,
        "log_likelihood": -10.0,
        "log_evidence": np.nan,
        "elpd_loo": np.nan,
        "pareto_k": np.nan,
        "seconds": 0.5,
        "truth": truth,
    } | defaults
    full = []
    for row in rows:
        if not isinstance(row, dict):
            row = dict(zip(("replicate", "participant", "estimate"), row, strict=True))
        row = base | row
        for level in LEVELS:
            lower, upper = tables.interval_columns(level)
            row = {lower: row["estimate"] - level, upper: row["estimate"] + level} | row
        full.append(row)
    table = pd.DataFrame(full)
    return (
        tables.conform(table.drop(columns="truth"), tables.estimates_columns(LEVELS)),
        tables.conform(table[list(tables.TRUTH)], tables.TRUTH),
    )


def failed(replicate, participant=0, **more):
    return {
        "replicate": replicate,
        "participant": participant,
        "estimate": np.nan,
        "se": np.nan,
        "status": "failed",
        "converged": False,
    } | more


def pick(table, measure, rows="all", interval=None, **keys):
    for name, value in ({"measure": measure, "rows": rows} | keys).items():
        table = table[table[name] == value]
    table = table[table["interval"].isna() if interval is None else table["interval"] == interval]
    assert len(table) == 1
    row = table.iloc[0]
    return scores.Score(row["value"], row["mcse"], row["n"], row["n_rows"])


def test_the_table_has_every_measure_once_and_the_right_types():
    rows = [(r, p, 0.1 * (r + p)) for r in range(3) for p in range(2)]
    table = scores.score_cell(*made(rows), LEVELS)
    assert {name: str(kind) for name, kind in table.dtypes.items()} == scores.SCORES
    assert not table.duplicated(["level", "parameter", "rows", "measure", "interval"]).any()
    assert set(table.loc[table["rows"] == "ok", "measure"]) == ERROR_BASED
    assert set(table.loc[table["rows"] == "all", "measure"]) == ERROR_BASED | SHARES | {"seconds"}
    sides = {"truth_below", "truth_above"}
    with_interval = {"coverage", "bias_eliminated_coverage", "width"} | sides
    assert set(table.loc[table["interval"].notna(), "measure"]) == with_interval
    assert (table.loc[table["interval"].isna(), "measure"].isin(with_interval)).sum() == 0


def test_cell_by_hand():
    # Errors 1, 2, 3, 6 at the group level, intervals +- 0.5 and +- 0.95 around the estimate.
    rows = [(r, -1, 0.5 + e) for r, e in enumerate(ERRORS)]
    table = scores.score_cell(*made(rows, level="group"), LEVELS)
    assert set(table["level"]) == {"group"}
    near(pick(table, "bias"), 3, (14 / 12) ** 0.5, 4, 4)
    near(pick(table, "median_bias"), 2.5, pick(table, "median_bias").mcse, 4, 4)
    near(pick(table, "mse"), 12.5, (769 / 12) ** 0.5, 4, 4)
    near(pick(table, "model_se"), 0.1, 0, 4, 4)
    ratio = 0.1 / (14 / 3) ** 0.5
    near(pick(table, "relative_error_model_se"), ratio - 1, ratio / 6**0.5, 4, 4)
    near(pick(table, "coverage", interval=0.95), 0, 0, 4, 4)
    # Mean error 3: only the third interval holds it.
    bias_eliminated = pick(table, "bias_eliminated_coverage", interval=0.95)
    near(bias_eliminated, 0.25, (0.1875 / 4) ** 0.5, 4, 4)
    assert pick(table, "width", interval=0.5).value == pytest.approx(1)
    assert pick(table, "width", interval=0.5).mcse == pytest.approx(0, abs=1e-12)


def test_interval_ends_belong_to_the_interval():
    rows = [
        {"replicate": 0, "participant": 0, "estimate": 0.6, "lower_95": 0.5, "upper_95": 0.7},
        {"replicate": 1, "participant": 0, "estimate": 0.4, "lower_95": 0.3, "upper_95": 0.5},
        {"replicate": 2, "participant": 0, "estimate": 0.4, "lower_95": 0.3, "upper_95": 0.49},
        {"replicate": 3, "participant": 0, "estimate": 0.6, "lower_95": 0.51, "upper_95": 0.7},
    ]
    table = scores.score_cell(*made(rows), LEVELS)
    near(pick(table, "coverage", interval=0.95), 0.5, 0.25, 4, 4)


def test_scattered_truths_are_compared_row_by_row():
    # Estimates are truth + 0.1 in replicate 0 and truth - 0.1 in replicate 1.
    rows = [
        {"replicate": r, "participant": p, "truth": t, "estimate": t + (0.1 if r == 0 else -0.1)}
        for r in range(2)
        for p, t in enumerate([0.2, 0.5, 0.9])
    ]
    table = scores.score_cell(*made(rows), LEVELS)
    near(pick(table, "rmse"), 0.1, pick(table, "rmse").mcse, 2, 6)
    assert pick(table, "bias").value == pytest.approx(0, abs=1e-15)
    # SD of six errors +-0.1, not of estimates: sqrt(6 * 0.01 / 5).
    assert pick(table, "empirical_se").value == pytest.approx((0.06 / 5) ** 0.5)
    x, y = [0.2, 0.5, 0.9] * 2, [0.3, 0.6, 1.0, 0.1, 0.4, 0.8]
    assert pick(table, "pearson").value == pytest.approx(stats.pearsonr(x, y).statistic)
    assert pick(table, "spearman").value == pytest.approx(stats.spearmanr(x, y).statistic)
    # Each replicate alone has Pearson 1 and, shifted by 0.1, the same concordance.
    near(pick(table, "concordance"), pick(table, "concordance").value, 0, 2, 6)
    for name in CORRELATIONS:
        np.testing.assert_array_equal(pick(table, name, rows="ok"), pick(table, name))


def test_truths_that_differ_by_rounding_only_are_constant():
    rows = [{"replicate": r, "participant": 0, "estimate": 0.1 * r} for r in range(4)]
    rows[0]["truth"] = 0.5 + 1e-16
    rows[1]["truth"] = 0.5 - 1e-12
    table = scores.score_cell(*made(rows), LEVELS)
    assert not set(table["measure"]) & CORRELATIONS


def test_flagged_rows_enter_all_but_not_ok():
    rows = [
        (0, 0, 0.6),
        (1, 0, 0.8),
        {"replicate": 2, "participant": 0, "estimate": 1.0, "status": "at_bound", "at_bound": True},
        {
            "replicate": 3,
            "participant": 0,
            "estimate": 0.4,
            "status": "not_converged",
            "converged": False,
        },
        failed(4),
    ]
    table = scores.score_cell(*made(rows), LEVELS)
    near(pick(table, "bias"), 0.2, np.std([0.1, 0.3, 0.5, -0.1], ddof=1) / 2, 4, 4)
    near(pick(table, "bias", rows="ok"), 0.2, 0.1, 2, 2)
    near(pick(table, "share_failed"), 0.2, (0.16 / 5) ** 0.5, 5, 5)
    near(pick(table, "share_at_bound"), 0.2, (0.16 / 5) ** 0.5, 5, 5)
    near(pick(table, "share_not_converged"), 0.4, (0.24 / 5) ** 0.5, 5, 5)


def test_a_failed_row_that_carries_a_number_does_not_enter():
    rows = [(0, 0, 0.6), (1, 0, 0.8), failed(2, estimate=99.0)]
    assert pick(scores.score_cell(*made(rows), LEVELS), "bias").value == pytest.approx(0.2)


def test_all_failed():
    rows = [failed(r, p, seconds=np.nan) for r in range(3) for p in range(2)]
    table = scores.score_cell(*made(rows), LEVELS)
    error_based = table[table["measure"].isin(ERROR_BASED)]
    assert len(error_based) == 2 * (7 + 5 * len(LEVELS))
    assert error_based[["value", "mcse"]].isna().all(axis=None)
    assert (error_based[["n", "n_rows"]] == 0).all(axis=None)
    near(pick(table, "share_failed"), 1, 0, 3, 6)
    seconds = pick(table, "seconds")
    assert np.isnan(seconds.value)
    assert (seconds.n, seconds.n_rows) == (0, 0)


def test_all_failed_where_truth_varies():
    rows = [failed(r, p, truth=0.1 * p) for r in range(3) for p in range(2)]
    table = scores.score_cell(*made(rows), LEVELS)
    for name in CORRELATIONS:
        score = pick(table, name)
        assert np.isnan([score.value, score.mcse]).all()
        assert (score.n, score.n_rows) == (0, 0)


def test_one_replicate_has_values_without_mcse():
    rows = [
        {"replicate": 0, "participant": p, "truth": 0.1 * p, "estimate": 0.1 * p**2}
        for p in range(5)
    ]
    table = scores.score_cell(*made(rows), LEVELS)
    assert table["value"].notna().all()
    assert table["mcse"].isna().all()
    assert (table["n"] == 1).all()
    assert (table["n_rows"] == 5).all()


def test_one_row():
    table = scores.score_cell(*made([(0, -1, 0.7)], level="group"), LEVELS)
    assert table["mcse"].isna().all()
    missing = set(table.loc[table["value"].isna(), "measure"])
    assert missing == {"empirical_se", "relative_error_model_se"}


@pytest.mark.parametrize("participants", [1, 3])
def test_constant_estimate(participants):
    rows = [(r, p, 0.7) for r in range(5) for p in range(participants)]
    table = scores.score_cell(*made(rows), LEVELS)
    n_rows = 5 * participants
    near(pick(table, "median_bias"), 0.2, 0, 5, n_rows)
    near(pick(table, "empirical_se"), 0, 0, 5, n_rows)
    assert pick(table, "bias").mcse == pytest.approx(0, abs=1e-15)
    assert pick(table, "rmse").mcse == pytest.approx(0, abs=1e-15)
    relative = pick(table, "relative_error_model_se")
    assert np.isnan([relative.value, relative.mcse]).all()


def test_perfect_estimates():
    table = scores.score_cell(*made([(r, 0, 0.5) for r in range(5)]), LEVELS)
    assert pick(table, "rmse").value == 0
    assert np.isnan(pick(table, "rmse").mcse)
    near(pick(table, "coverage", interval=0.5), 1, 0, 5, 5)


def test_missing_intervals_and_ses_leave_the_other_measures_alone():
    gap = {"replicate": 2, "participant": 0, "estimate": -9.0, "se": np.nan, "upper_95": np.nan}
    rows = [(0, 0, 0.4), (1, 0, 0.7), gap, (3, 0, 3.0)]
    table = scores.score_cell(*made(rows), LEVELS)
    assert pick(table, "bias").n_rows == 4
    assert pick(table, "coverage", interval=0.5).n_rows == 4
    near(pick(table, "coverage", interval=0.95), 2 / 3, (2 / 27) ** 0.5, 3, 3)
    assert pick(table, "width", interval=0.95).n_rows == 3
    assert pick(table, "model_se").n_rows == 3
    # Model SE 0.1 against the errors -0.1, 0.2 and 2.5 that come with it, not against -9.5.
    ratio = 0.1 / np.std([-0.1, 0.2, 2.5], ddof=1)
    near(pick(table, "relative_error_model_se"), ratio - 1, ratio / 2, 3, 3)
    # The mean of these errors is 2.6/3 = 0.87: +- 0.95 round -0.1 misses it, round 0.2 not.
    assert pick(table, "bias_eliminated_coverage", interval=0.95).value == pytest.approx(1 / 3)


def test_truths_that_are_missed_are_told_apart_by_side():
    ends = [(-1.0, 1.0), (0.5, 1.0), (0.6, 1.0), (-1.0, -0.5), (0.0, 0.0)]  # the truth is 0
    rows = [
        {"replicate": r, "participant": 0, "estimate": 0.1, "lower_95": low, "upper_95": high}
        for r, (low, high) in enumerate(ends)
    ]
    table = scores.score_cell(*made(rows, truth=0.0), LEVELS)
    shares = [
        pick(table, name, interval=0.95).value
        for name in ("truth_below", "coverage", "truth_above")
    ]
    assert shares == pytest.approx([2 / 5, 2 / 5, 1 / 5])


def test_no_interval_at_all():
    nothing = {"lower_95": np.nan, "upper_95": np.nan}
    rows = [{"replicate": r, "participant": 0, "estimate": 0.1 * r} | nothing for r in range(3)]
    table = scores.score_cell(*made(rows), LEVELS)
    for name in ("coverage", "bias_eliminated_coverage", "width"):
        score = pick(table, name, interval=0.95)
        assert np.isnan(score.value)
        assert (score.n, score.n_rows) == (0, 0)


def test_an_infinite_interval_covers():
    wide = {"lower_95": 0.0, "upper_95": np.inf, "se": np.inf}
    rows = [(0, 0, 0.4), {"replicate": 1, "participant": 0, "estimate": 9.0} | wide, (2, 0, 0.6)]
    table = scores.score_cell(*made(rows), LEVELS)
    near(pick(table, "coverage", interval=0.95), 1, 0, 3, 3)
    assert pick(table, "width", interval=0.95).value == np.inf
    assert np.isnan(pick(table, "width", interval=0.95).mcse)
    assert pick(table, "model_se").value == np.inf


def test_replicates_that_lost_different_numbers_of_participants():
    estimates = {0: [1.0], 1: [2.0, 6.0], 2: [3.0]}
    rows = [(r, p, e) for r, values in estimates.items() for p, e in enumerate(values)]
    rows += [failed(0, 1), failed(2, 1), failed(3, 0), failed(3, 1)]
    table = scores.score_cell(*made(rows, truth=0.0), LEVELS)
    near(pick(table, "bias"), 3, 76**0.5 / 9, 3, 4)
    # Shares failed 1/2, 0, 1/2, 1 of four replicates.
    near(pick(table, "share_failed"), 0.5, np.std([0.5, 0, 0.5, 1], ddof=1) / 2, 4, 8)


def test_ties_at_a_bound():
    # 60 % of the estimates sit at 1 and so does the median. Shares below and up to it are 0.4
    # and 1, with MCSEs sqrt(0.24/100) and 0; the larger one counts.
    rng = np.random.default_rng(8)
    values = np.where(np.arange(100) < 60, 1.0, rng.random(100))
    found = scores.median(values, np.arange(100))
    assert found.value == 1
    lower = np.quantile(values, 0.5 - 1.959963984540054 * 0.0024**0.5, method="hazen")
    assert found.mcse == pytest.approx((1 - lower) / (2 * 1.959963984540054))


@pytest.mark.parametrize("n", [2, 3])
def test_median_of_too_few_replicates_has_no_mcse(n):
    assert np.isnan(scores.median(np.arange(float(n)), np.arange(n)).mcse)


def test_median_whose_clusters_are_all_balanced_has_no_mcse():
    # Every replicate has one row below and one above the median: that is no evidence of a
    # certain median.
    assert np.isnan(scores.median([-1.0, 1, -2, 2, -3, 3], [0, 0, 1, 1, 2, 2]).mcse)


def test_seconds_are_means_over_fits_with_the_error_of_replicates():
    rows = [
        {"replicate": r, "participant": p, "estimate": 0.5, "parameter": name, "seconds": s}
        for r, times in enumerate([(1.0, 3.0), (2.0, 6.0), (3.0, 9.0)])
        for p, s in enumerate(times)
        for name in ("alpha", "beta")
    ]
    table = scores.score_cell(*made(rows), LEVELS)
    for name in ("alpha", "beta"):
        near(pick(table, "seconds", parameter=name), 4, 2 / 3**0.5, 3, 6)


def test_worst_convergence_and_none_for_maximum_likelihood():
    rows = [
        {
            "replicate": 0,
            "participant": 0,
            "estimate": 0.4,
            "rhat": 1.01,
            "ess_bulk": 900.0,
            "grid_error": 0.01,
        },
        {
            "replicate": 1,
            "participant": 0,
            "estimate": 0.4,
            "rhat": 1.2,
            "ess_bulk": 40.0,
            "grid_error": 0.03,
        },
        failed(2),
    ]
    table = scores.score_cell(*made(rows), LEVELS)
    near(pick(table, "max_rhat"), 1.2, np.nan, 2, 2)
    near(pick(table, "min_ess_bulk"), 40, np.nan, 2, 2)
    near(pick(table, "max_grid_error"), 0.03, np.nan, 2, 2)
    without = scores.score_cell(*made([(0, 0, 0.4), (1, 0, 0.5)]), LEVELS)
    assert not set(without["measure"]) & {"max_rhat", "min_ess_bulk", "max_grid_error"}


def test_a_parameter_that_the_generating_model_lacks():
    rows = [(r, p, 0.1 * r) for r in range(3) for p in range(2)]
    estimates, truth = made(rows)
    other = estimates.assign(parameter="alpha_negative", rhat=1.5)
    both = pd.concat([estimates, other], ignore_index=True)
    joined = scores.join(both, truth)
    assert joined.loc[joined["parameter"] == "alpha_negative", "truth"].isna().all()
    table = scores.score_cell(both, truth, LEVELS)
    lacking = set(table.loc[table["parameter"] == "alpha_negative", "measure"])
    assert lacking == SHARES | {"seconds", "max_rhat"}
    known = table[table["parameter"] == "alpha"].reset_index(drop=True)
    pd.testing.assert_frame_equal(known, scores.score_cell(estimates, truth, LEVELS))


def test_a_cell_without_any_truth():
    estimates, truth = made([(r, 0, 0.1 * r) for r in range(3)])
    table = scores.score_cell(estimates, truth.iloc[:0], LEVELS)
    assert set(table["measure"]) == SHARES | {"seconds"}


def test_no_estimates_give_an_empty_table():
    estimates, truth = made([(0, 0, 0.5)])
    table = scores.score_cell(estimates.iloc[:0], truth, LEVELS)
    assert table.empty
    assert list(table) == list(scores.SCORES)


def test_an_estimate_without_its_truth_is_an_error():
    estimates, truth = made([(0, 0, 0.5), (1, 0, 0.5), (1, 1, 0.5)])
    with pytest.raises(ValueError, match=r"2 estimates have no truth.*replicate 1, participant 0"):
        scores.join(estimates, truth.iloc[:1])


def test_duplicates_are_an_error():
    estimates, truth = made([(0, 0, 0.5), (1, 0, 0.5)])
    with pytest.raises(ValueError, match=r"1 rows of estimate are there twice.*replicate 1"):
        scores.join(pd.concat([estimates, estimates.iloc[1:]]), truth)
    with pytest.raises(ValueError, match=r"1 rows of truth are there twice.*parameter alpha"):
        scores.join(estimates, pd.concat([truth, truth.iloc[:1]]))


def test_the_order_of_rows_changes_no_digit():
    errors, ses, truth, replicates = clustered(np.random.default_rng(9), 10, 3)
    participants = np.tile(np.arange(3), 10)
    rows = [
        {"replicate": r, "participant": p, "truth": t, "estimate": t + e, "se": s}
        for r, p, t, e, s in zip(replicates, participants, truth, errors, ses, strict=True)
    ]
    estimates, truth = made(rows)
    shuffled = estimates.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        scores.score_cell(shuffled, truth.sample(frac=1, random_state=2), LEVELS),
        scores.score_cell(estimates, truth, LEVELS),
        check_exact=True,
    )


# --- grid -------------------------------------------------------------------------------------


def grid(cells=2, replicates=4, participants=2) -> pd.DataFrame:
    rng = np.random.default_rng(10)
    rows = []
    for cell in range(cells):
        for replicate in range(replicates):
            for participant in range(participants):
                truth = 0.2 + 0.3 * cell
                rows.append(
                    {
                        "cell": f"alpha-{truth:.2f}",
                        "replicate": replicate,
                        "participant": participant,
                        "level": "participant",
                        "parameter": "alpha",
                        "truth": truth,
                        "estimate": truth + 0.2 * rng.standard_normal(),
                        "status": "ok",
                    }
                )
    return pd.DataFrame(rows)


def test_grid_pools_cells_and_leaves_out_a_replicate_everywhere():
    joined = grid()
    table = scores.score_grid(joined)
    assert list(table) == list(scores.SCORES)
    assert set(table["measure"]) == CORRELATIONS
    expected = slow_jackknife(
        lambda x, y: stats.pearsonr(x, y).statistic,
        joined["replicate"].tolist(),
        joined["truth"],
        joined["estimate"],
    )
    value = stats.pearsonr(joined["truth"], joined["estimate"]).statistic
    found = pick(table, "pearson")
    assert found.value == pytest.approx(value)
    assert found.mcse == pytest.approx(expected, rel=1e-9)
    # Two cells of four data sets of two participants.
    assert (found.n, found.n_rows) == (8, 16)


def test_grid_omits_constant_truth_and_absent_truth():
    joined = grid()
    group = joined.assign(level="group", truth=0.5)
    lacking = joined.assign(parameter="alpha_negative", truth=np.nan)
    table = scores.score_grid(pd.concat([joined, group, lacking], ignore_index=True))
    assert set(zip(table["level"], table["parameter"], strict=True)) == {("participant", "alpha")}


def test_grid_leaves_out_failed_and_counts_ok():
    joined = grid()
    joined.loc[0, ["status", "estimate"]] = ["failed", np.nan]
    joined.loc[[2, 3], "status"] = "at_bound"
    table = scores.score_grid(joined)
    assert pick(table, "spearman")[2:] == (8, 15)
    assert pick(table, "spearman", rows="ok")[2:] == (7, 13)


def test_grid_refuses_two_methods_at_once():
    with pytest.raises(ValueError, match="16 rows of estimate are there twice"):
        scores.score_grid(pd.concat([grid(), grid()]))


def test_grid_of_one_replicate_has_no_mcse():
    table = scores.score_grid(grid(cells=4, replicates=1))
    assert table["value"].notna().all()
    assert table["mcse"].isna().all()
