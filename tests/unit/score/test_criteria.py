"""Criteria and verdicts, from measures with known values."""

import numpy as np
import pytest

from rlrecovery.config.limits import Limits
from rlrecovery.score.correlation import correlations
from rlrecovery.score.criteria import Criterion, criteria, verdict
from rlrecovery.score.jackknife import Score

#: Measures of a parameter that is recovered.
FINE = {
    "rmse": (0.05, 0.001),
    "spearman_within": (0.9, 0.01),
    "relative_rmse": (0.4, 0.01),
    "coverage": (0.95, 0.005),
    "share_failed": (0.0, 0.0),
}


def judged(level="participant", unflagged=4000, baseline=np.nan, limits=None, **changes):
    values = {name: pair for name, pair in (FINE | changes).items() if pair is not None}
    measured = {name: Score(*pair, n=400, n_rows=4000) for name, pair in values.items()}
    found = criteria(level, measured, unflagged, limits or Limits(), 0.95, baseline)
    return verdict(found, measured)


def test_a_parameter_is_recovered_if_every_criterion_is_met():
    assert judged() == ("yes", "")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"spearman_within": (0.4, 0.01)}, ("no", "rank_correlation")),
        ({"spearman_within": (0.6, 0.01)}, ("partly", "rank_correlation")),
        ({"spearman_within": (0.74, 0.01)}, ("undecided", "rank_correlation")),
        # Certainly not recovered in full, and perhaps not at all.
        ({"spearman_within": (0.51, 0.02)}, ("partly", "rank_correlation")),
        ({"relative_rmse": (1.2, 0.05)}, ("no", "relative_rmse")),
        ({"relative_rmse": (0.85, 0.05)}, ("partly", "relative_rmse")),
        ({"coverage": (0.7, 0.01)}, ("no", "undercoverage")),
        ({"coverage": (0.85, 0.01)}, ("partly", "undercoverage")),
        ({"coverage": (0.9, 0.01)}, ("undecided", "undercoverage")),
        ({"spearman_within": (0.4, 0.01), "coverage": (0.85, 0.01)}, ("no", "rank_correlation")),
        ({"spearman_within": (0.4, np.nan)}, ("undecided", "rank_correlation")),
    ],
)
def test_the_criteria_that_decide_are_named(changes, expected):
    assert judged(**changes) == expected


def test_flagged_estimates_count_and_never_fail_a_group():
    assert judged(unflagged=3999) == ("yes", "")
    assert judged(unflagged=3600) == ("partly", "flagged")
    assert judged(unflagged=2000) == ("no", "flagged")
    group = {"spearman": (0.95, 0.01), "spearman_within": None}
    assert judged("group", unflagged=2000, **group) == ("partly", "flagged")


def test_dependent_flags_have_a_larger_error():
    # 6 % of rows are flagged. Independent rows would decide it; whole data sets do not.
    assert judged(unflagged=3740, share_at_bound=(0.065, 0.004))[0] == "partly"
    assert judged(unflagged=3740, share_at_bound=(0.065, 0.02))[0] == "undecided"


def test_a_coverage_of_one_has_the_error_of_independent_rows():
    few = {"coverage": (0.85, 0.0)}
    assert judged(**few)[0] == "partly"
    measured = {name: Score(*pair, n=5, n_rows=5) for name, pair in (FINE | few).items()}
    found = criteria("participant", measured, 5, Limits(), 0.95)
    coverage = next(c for c in found if c.name == "undercoverage")
    assert coverage.mcse == pytest.approx(np.sqrt(0.95 * 0.05 / 5))


def test_without_differences_the_question_is_not_asked():
    assert judged(spearman_within=None, relative_rmse=None) == ("not asked", "")


def test_a_missing_estimate_is_not_recovered():
    assert judged(rmse=(np.nan, np.nan)) == ("no", "estimate")
    assert judged(rmse=None) == ("no", "estimate")


def test_a_group_in_one_cell_is_compared_with_the_baseline_of_the_grid():
    group = {"spearman_within": None, "relative_rmse": None}
    assert judged("group", baseline=0.2, **group) == ("yes", "")
    assert judged("group", baseline=0.04, **group) == ("no", "relative_rmse")


def group(spearman, rows=150):
    """Verdict on groups from their rank correlation alone."""
    measured = {name: Score(*pair, n=400, n_rows=4000) for name, pair in FINE.items()}
    measured["spearman"] = Score(*spearman, n=rows, n_rows=rows)
    return verdict(criteria("group", measured, 4000, Limits(), 0.95), measured)


def test_groups_whose_order_never_changes_are_told_apart():
    # Three true values, far apart: leaving out a replicate changes no rank, so there is no MCSE.
    truth, replicates = np.repeat([0.2, 0.5, 0.8], 50), np.tile(np.arange(50), 3)
    estimate = truth + 0.01 * np.random.default_rng(1).standard_normal(truth.size)
    rank = correlations(truth, estimate, replicates)["spearman"]
    assert np.isnan(rank.mcse)
    assert group((rank.value, rank.mcse)) == ("yes", "")
    assert group((0.8, np.nan), rows=9) == ("undecided", "rank_correlation")


def test_equal_estimates_tell_no_groups_apart():
    assert group((np.nan, np.nan)) == ("no", "rank_correlation")


def test_an_unknown_value_decides_nothing():
    assert judged(spearman_within=(np.nan, np.nan)) == ("undecided", "rank_correlation")


def test_limits_come_from_the_config():
    strict = Limits(rank_correlation=[0.95, 0.93])
    assert judged(limits=strict) == ("no", "rank_correlation")


@pytest.mark.parametrize(("mcse", "possible"), [(0.0, {"yes"}), (1.0, {"yes", "partly", "no"})])
def test_between_yes_and_no_partly_is_possible_too(mcse, possible):
    assert Criterion("relative_rmse", 0.5, mcse, (0.7, 1.0)).possible == possible
