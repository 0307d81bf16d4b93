"""Measures of one cell, from tables of estimates and truth with hand-worked results."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlrecovery.score.cell import score_cell, score_grid
from rlrecovery.score.correlation import correlations
from rlrecovery.score.rows import join
from rlrecovery.storage.schemas import SCORES
from unit.score.examples import (
    CORRELATIONS,
    LEVELS,
    assert_score,
    clustered,
    failed,
    pick,
    ratios,
    slow_jackknife,
    tables,
)

pytestmark = pytest.mark.filterwarnings("error")

ERRORS = [1.0, 2, 3, 6]
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
SHARES = {"share_failed", "share_at_bound", "share_not_converged", "share_no_interval"}


def test_the_table_has_every_measure_once_and_the_right_types():
    rows = [(r, p, 0.1 * (r + p)) for r in range(3) for p in range(2)]
    table = score_cell(join(*tables(rows)), LEVELS)
    assert {name: str(kind) for name, kind in table.dtypes.items()} == SCORES
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
    table = score_cell(join(*tables(rows, level="group")), LEVELS)
    assert set(table["level"]) == {"group"}
    assert_score(pick(table, "bias"), 3, (14 / 12) ** 0.5, 4, 4)
    assert_score(pick(table, "median_bias"), 2.5, pick(table, "median_bias").mcse, 4, 4)
    assert_score(pick(table, "mse"), 12.5, (769 / 12) ** 0.5, 4, 4)
    assert_score(pick(table, "model_se"), 0.1, 0, 4, 4)
    ratio = 0.1 / (14 / 3) ** 0.5
    assert_score(pick(table, "relative_error_model_se"), ratio - 1, ratio / 6**0.5, 4, 4)
    assert_score(pick(table, "coverage", interval=0.95), 0, 0, 4, 4)
    # Mean error 3: only the third interval holds it.
    bias_eliminated = pick(table, "bias_eliminated_coverage", interval=0.95)
    assert_score(bias_eliminated, 0.25, (0.1875 / 4) ** 0.5, 4, 4)
    assert pick(table, "width", interval=0.5).value == pytest.approx(1)
    assert pick(table, "width", interval=0.5).mcse == pytest.approx(0, abs=1e-12)


def test_interval_ends_belong_to_the_interval():
    rows = [
        {"replicate": 0, "participant": 0, "estimate": 0.6, "lower_95": 0.5, "upper_95": 0.7},
        {"replicate": 1, "participant": 0, "estimate": 0.4, "lower_95": 0.3, "upper_95": 0.5},
        {"replicate": 2, "participant": 0, "estimate": 0.4, "lower_95": 0.3, "upper_95": 0.49},
        {"replicate": 3, "participant": 0, "estimate": 0.6, "lower_95": 0.51, "upper_95": 0.7},
    ]
    table = score_cell(join(*tables(rows)), LEVELS)
    assert_score(pick(table, "coverage", interval=0.95), 0.5, 0.25, 4, 4)


def test_scattered_truths_are_compared_row_by_row():
    # Estimates are truth + 0.1 in replicate 0 and truth - 0.1 in replicate 1.
    rows = [
        {"replicate": r, "participant": p, "truth": t, "estimate": t + (0.1 if r == 0 else -0.1)}
        for r in range(2)
        for p, t in enumerate([0.2, 0.5, 0.9])
    ]
    table = score_cell(join(*tables(rows)), LEVELS)
    assert_score(pick(table, "rmse"), 0.1, pick(table, "rmse").mcse, 2, 6)
    assert pick(table, "bias").value == pytest.approx(0, abs=1e-15)
    # SD of six errors +-0.1, not of estimates: sqrt(6 * 0.01 / 5).
    assert pick(table, "empirical_se").value == pytest.approx((0.06 / 5) ** 0.5)
    x, y = [0.2, 0.5, 0.9] * 2, [0.3, 0.6, 1.0, 0.1, 0.4, 0.8]
    assert pick(table, "pearson").value == pytest.approx(stats.pearsonr(x, y).statistic)
    assert pick(table, "spearman").value == pytest.approx(stats.spearmanr(x, y).statistic)
    # Each replicate alone has Pearson 1 and, shifted by 0.1, the same concordance.
    assert_score(pick(table, "concordance"), pick(table, "concordance").value, 0, 2, 6)
    for name in CORRELATIONS:
        np.testing.assert_array_equal(pick(table, name, rows="ok"), pick(table, name))


def test_truths_that_differ_by_rounding_only_are_constant():
    rows = [{"replicate": r, "participant": 0, "estimate": 0.1 * r} for r in range(4)]
    rows[0]["truth"] = 0.5 + 1e-16
    rows[1]["truth"] = 0.5 - 1e-12
    table = score_cell(join(*tables(rows)), LEVELS)
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
    table = score_cell(join(*tables(rows)), LEVELS)
    assert_score(pick(table, "bias"), 0.2, np.std([0.1, 0.3, 0.5, -0.1], ddof=1) / 2, 4, 4)
    assert_score(pick(table, "bias", rows="ok"), 0.2, 0.1, 2, 2)
    assert_score(pick(table, "share_failed"), 0.2, (0.16 / 5) ** 0.5, 5, 5)
    assert_score(pick(table, "share_at_bound"), 0.2, (0.16 / 5) ** 0.5, 5, 5)
    assert_score(pick(table, "share_not_converged"), 0.4, (0.24 / 5) ** 0.5, 5, 5)


def test_a_failed_row_that_carries_a_number_does_not_enter():
    rows = [(0, 0, 0.6), (1, 0, 0.8), failed(2, estimate=99.0)]
    assert pick(score_cell(join(*tables(rows)), LEVELS), "bias").value == pytest.approx(0.2)


def test_all_failed():
    rows = [failed(r, p, seconds=np.nan) for r in range(3) for p in range(2)]
    table = score_cell(join(*tables(rows)), LEVELS)
    error_based = table[table["measure"].isin(ERROR_BASED)]
    assert len(error_based) == 2 * (7 + 5 * len(LEVELS))
    assert error_based[["value", "mcse"]].isna().all(axis=None)
    assert (error_based[["n", "n_rows"]] == 0).all(axis=None)
    assert_score(pick(table, "share_failed"), 1, 0, 3, 6)
    seconds = pick(table, "seconds")
    assert np.isnan(seconds.value)
    assert (seconds.n, seconds.n_rows) == (0, 0)


def test_all_failed_where_truth_varies():
    rows = [failed(r, p, truth=0.1 * p) for r in range(3) for p in range(2)]
    table = score_cell(join(*tables(rows)), LEVELS)
    for name in CORRELATIONS:
        score = pick(table, name)
        assert np.isnan([score.value, score.mcse]).all()
        assert (score.n, score.n_rows) == (0, 0)


def test_one_replicate_has_values_without_mcse():
    rows = [
        {"replicate": 0, "participant": p, "truth": 0.1 * p, "estimate": 0.1 * p**2}
        for p in range(5)
    ]
    table = score_cell(join(*tables(rows)), LEVELS)
    assert table["value"].notna().all()
    assert table["mcse"].isna().all()
    assert (table["n"] == 1).all()
    assert (table["n_rows"] == 5).all()


def test_one_row():
    table = score_cell(join(*tables([(0, -1, 0.7)], level="group")), LEVELS)
    assert table["mcse"].isna().all()
    missing = set(table.loc[table["value"].isna(), "measure"])
    assert missing == {"empirical_se", "relative_error_model_se"}


@pytest.mark.parametrize("participants", [1, 3])
def test_constant_estimate(participants):
    rows = [(r, p, 0.7) for r in range(5) for p in range(participants)]
    table = score_cell(join(*tables(rows)), LEVELS)
    n_rows = 5 * participants
    assert_score(pick(table, "median_bias"), 0.2, 0, 5, n_rows)
    assert_score(pick(table, "empirical_se"), 0, 0, 5, n_rows)
    assert pick(table, "bias").mcse == pytest.approx(0, abs=1e-15)
    assert pick(table, "rmse").mcse == pytest.approx(0, abs=1e-15)
    relative = pick(table, "relative_error_model_se")
    assert np.isnan([relative.value, relative.mcse]).all()


def test_perfect_estimates():
    table = score_cell(join(*tables([(r, 0, 0.5) for r in range(5)])), LEVELS)
    assert pick(table, "rmse").value == 0
    assert np.isnan(pick(table, "rmse").mcse)
    assert_score(pick(table, "coverage", interval=0.5), 1, 0, 5, 5)


def test_missing_intervals_and_ses_leave_the_other_measures_alone():
    gap = {"replicate": 2, "participant": 0, "estimate": -9.0, "se": np.nan, "upper_95": np.nan}
    rows = [(0, 0, 0.4), (1, 0, 0.7), gap, (3, 0, 3.0)]
    table = score_cell(join(*tables(rows)), LEVELS)
    assert pick(table, "bias").n_rows == 4
    assert pick(table, "coverage", interval=0.5).n_rows == 4
    assert_score(pick(table, "coverage", interval=0.95), 2 / 3, (2 / 27) ** 0.5, 3, 3)
    assert pick(table, "width", interval=0.95).n_rows == 3
    assert pick(table, "model_se").n_rows == 3
    # Model SE 0.1 against the errors -0.1, 0.2 and 2.5 that come with it, not against -9.5.
    ratio = 0.1 / np.std([-0.1, 0.2, 2.5], ddof=1)
    assert_score(pick(table, "relative_error_model_se"), ratio - 1, ratio / 2, 3, 3)
    # The mean of these errors is 2.6/3 = 0.87: +- 0.95 round -0.1 misses it, round 0.2 not.
    assert pick(table, "bias_eliminated_coverage", interval=0.95).value == pytest.approx(1 / 3)


def test_truths_that_are_missed_are_told_apart_by_side():
    ends = [(-1.0, 1.0), (0.5, 1.0), (0.6, 1.0), (-1.0, -0.5), (0.0, 0.0)]  # the truth is 0
    rows = [
        {"replicate": r, "participant": 0, "estimate": 0.1, "lower_95": low, "upper_95": high}
        for r, (low, high) in enumerate(ends)
    ]
    table = score_cell(join(*tables(rows, truth=0.0)), LEVELS)
    shares = [
        pick(table, name, interval=0.95).value
        for name in ("truth_below", "coverage", "truth_above")
    ]
    assert shares == pytest.approx([2 / 5, 2 / 5, 1 / 5])


def test_no_interval_at_all():
    nothing = {"lower_95": np.nan, "upper_95": np.nan}
    rows = [{"replicate": r, "participant": 0, "estimate": 0.1 * r} | nothing for r in range(3)]
    table = score_cell(join(*tables(rows)), LEVELS)
    for name in ("coverage", "bias_eliminated_coverage", "width"):
        score = pick(table, name, interval=0.95)
        assert np.isnan(score.value)
        assert (score.n, score.n_rows) == (0, 0)


def test_an_infinite_interval_covers():
    wide = {"lower_95": 0.0, "upper_95": np.inf, "se": np.inf}
    rows = [(0, 0, 0.4), {"replicate": 1, "participant": 0, "estimate": 9.0} | wide, (2, 0, 0.6)]
    table = score_cell(join(*tables(rows)), LEVELS)
    assert_score(pick(table, "coverage", interval=0.95), 1, 0, 3, 3)
    assert pick(table, "width", interval=0.95).value == np.inf
    assert np.isnan(pick(table, "width", interval=0.95).mcse)
    assert pick(table, "model_se").value == np.inf


def test_replicates_that_lost_different_numbers_of_participants():
    estimates = {0: [1.0], 1: [2.0, 6.0], 2: [3.0]}
    rows = [(r, p, e) for r, values in estimates.items() for p, e in enumerate(values)]
    rows += [failed(0, 1), failed(2, 1), failed(3, 0), failed(3, 1)]
    table = score_cell(join(*tables(rows, truth=0.0)), LEVELS)
    assert_score(pick(table, "bias"), 3, 76**0.5 / 9, 3, 4)
    # Shares failed 1/2, 0, 1/2, 1 of four replicates.
    assert_score(pick(table, "share_failed"), 0.5, np.std([0.5, 0, 0.5, 1], ddof=1) / 2, 4, 8)


def test_seconds_are_means_over_fits_with_the_error_of_replicates():
    rows = [
        {"replicate": r, "participant": p, "estimate": 0.5, "parameter": name, "seconds": s}
        for r, times in enumerate([(1.0, 3.0), (2.0, 6.0), (3.0, 9.0)])
        for p, s in enumerate(times)
        for name in ("alpha", "beta")
    ]
    table = score_cell(join(*tables(rows)), LEVELS)
    for name in ("alpha", "beta"):
        assert_score(pick(table, "seconds", parameter=name), 4, 2 / 3**0.5, 3, 6)


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
    table = score_cell(join(*tables(rows)), LEVELS)
    assert_score(pick(table, "max_rhat"), 1.2, np.nan, 2, 2)
    assert_score(pick(table, "min_ess_bulk"), 40, np.nan, 2, 2)
    assert_score(pick(table, "max_grid_error"), 0.03, np.nan, 2, 2)
    without = score_cell(join(*tables([(0, 0, 0.4), (1, 0, 0.5)])), LEVELS)
    assert not set(without["measure"]) & {"max_rhat", "min_ess_bulk", "max_grid_error"}


def test_a_parameter_that_the_generating_model_lacks():
    rows = [(r, p, 0.1 * r) for r in range(3) for p in range(2)]
    estimates, truth = tables(rows)
    other = estimates.assign(parameter="alpha_negative", rhat=1.5)
    both = pd.concat([estimates, other], ignore_index=True)
    joined = join(both, truth)
    assert joined.loc[joined["parameter"] == "alpha_negative", "truth"].isna().all()
    table = score_cell(joined, LEVELS)
    measures_without_truth = set(table.loc[table["parameter"] == "alpha_negative", "measure"])
    assert measures_without_truth == SHARES | {"seconds", "max_rhat"}
    with_truth = table[table["parameter"] == "alpha"].reset_index(drop=True)
    pd.testing.assert_frame_equal(with_truth, score_cell(join(estimates, truth), LEVELS))


def test_a_cell_without_any_truth():
    estimates, truth = tables([(r, 0, 0.1 * r) for r in range(3)])
    table = score_cell(join(estimates, truth.iloc[:0]), LEVELS)
    assert set(table["measure"]) == SHARES | {"seconds"}


def test_no_estimates_give_an_empty_table():
    estimates, truth = tables([(0, 0, 0.5)])
    table = score_cell(join(estimates.iloc[:0], truth), LEVELS)
    assert table.empty
    assert list(table) == list(SCORES)


def test_the_order_of_rows_changes_no_digit():
    errors, ses, truth, replicates = clustered(np.random.default_rng(9), 10, 3)
    participants = np.tile(np.arange(3), 10)
    rows = [
        {"replicate": r, "participant": p, "truth": t, "estimate": t + e, "se": s}
        for r, p, t, e, s in zip(replicates, participants, truth, errors, ses, strict=True)
    ]
    estimates, truth = tables(rows)
    shuffled = estimates.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        score_cell(join(shuffled, truth.sample(frac=1, random_state=2)), LEVELS),
        score_cell(join(estimates, truth), LEVELS),
        check_exact=True,
    )


def joined_cells(cells=2, replicates=4, participants=2) -> pd.DataFrame:
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
    joined = joined_cells()
    table = score_grid(joined)
    assert list(table) == list(SCORES)
    assert set(table["measure"]) == CORRELATIONS
    expected = slow_jackknife(
        lambda x, y: stats.pearsonr(x, y).statistic,
        joined["replicate"].tolist(),
        joined["truth"],
        joined["estimate"],
    )
    value = stats.pearsonr(joined["truth"], joined["estimate"]).statistic
    score = pick(table, "pearson")
    assert score.value == pytest.approx(value)
    assert score.mcse == pytest.approx(expected, rel=1e-9)
    # Two cells of four data sets of two participants.
    assert (score.n, score.n_rows) == (8, 16)


def test_grid_omits_constant_truth_and_absent_truth():
    joined = joined_cells()
    group = joined.assign(level="group", truth=0.5)
    without_truth = joined.assign(parameter="alpha_negative", truth=np.nan)
    table = score_grid(pd.concat([joined, group, without_truth], ignore_index=True))
    assert set(zip(table["level"], table["parameter"], strict=True)) == {("participant", "alpha")}


def test_grid_leaves_out_failed_and_counts_ok():
    joined = joined_cells()
    joined.loc[0, ["status", "estimate"]] = ["failed", np.nan]
    joined.loc[[2, 3], "status"] = "at_bound"
    table = score_grid(joined)
    assert pick(table, "spearman")[2:] == (8, 15)
    assert pick(table, "spearman", rows="ok")[2:] == (7, 13)


def test_grid_refuses_two_methods_at_once():
    with pytest.raises(ValueError, match="estimates: 16 duplicate"):
        score_grid(pd.concat([joined_cells(), joined_cells()]))


def test_grid_of_one_replicate_has_no_mcse():
    table = score_grid(joined_cells(cells=4, replicates=1))
    assert table["value"].notna().all()
    assert table["mcse"].isna().all()


@pytest.mark.slow
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
        studies.append(correlations(truth, estimate, replicate))
        single.append(correlations(truth, estimate, cell * replicates + replicate))
    for name, ratio in ratios(studies).items():
        assert 0.87 < ratio < 1.13, name
    # Why the unit is the replicate's number in all cells at once: taking data sets of different
    # cells as alike counts the design as noise.
    assert ratios(single)["concordance"] > 1.13


def test_truths_that_differ_between_replicates_are_scored_row_by_row():
    """As with draws of a population: a replicate has a location and an SD of its own."""
    rng = np.random.default_rng(4)
    n = 40
    truth = rng.normal(0, 5, n)  # far more variable than the errors
    errors = rng.normal(0.3, 1, n)
    keys = {"participant": -1, "level": "group", "parameter": "alpha"}
    true = pd.DataFrame({"replicate": range(n), **keys, "truth": truth})
    estimates = true.drop(columns="truth").assign(
        estimate=truth + errors, se=1.0, status="ok", reason="", at_bound=False, converged=True
    )
    estimates["lower_95"], estimates["upper_95"] = (
        estimates["estimate"] - 1.2,
        estimates["estimate"] + 1.2,
    )
    for column in ("rhat", "ess_bulk", "grid_error", "seconds"):
        estimates[column] = np.nan
    scores = score_cell(join(estimates, true), [0.95])
    value = scores[scores["rows"] == "all"].set_index("measure")["value"]
    assert value["bias"] == pytest.approx(errors.mean())
    assert value["empirical_se"] == pytest.approx(errors.std(ddof=1))
    assert value["rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert value["relative_error_model_se"] == pytest.approx(1 / errors.std(ddof=1) - 1)
    assert value["coverage"] == (np.abs(errors) <= 1.2).mean()
    moved = np.abs(errors - errors.mean()) <= 1.2
    assert value["bias_eliminated_coverage"] == pytest.approx(moved.mean())
    assert value["pearson"] == pytest.approx(np.corrcoef(truth, truth + errors)[0, 1])
    guessing = np.sqrt(((truth - truth.mean()) ** 2).mean())
    assert value["relative_rmse"] == pytest.approx(value["rmse"] / guessing, rel=0.05)
