"""Which points an analysis uses, and what it says about points that it cannot use."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit

from rlrecovery.effects.two_step import Points, points_of, two_step
from rlrecovery.fitting.effects import Effect
from rlrecovery.models.library import RESCORLA_WAGNER
from unit.effects.examples import CONDITION, CORRELATION, GROUP

RNG = np.random.default_rng(2)
#: Points of 12 participants in two conditions, and three groups of four.
REAL = RNG.normal(size=(2, 12)) + np.repeat([0.0, 1.0, 2.0], 4)
GROUPS = np.repeat([0, 1, 2], 4)
COVARIATE = RNG.normal(size=12)
POINTS = Points(REAL, np.full((2, 12), "ok"))


def analysed(effect, points=POINTS, test="t_test"):
    return two_step(test, effect, points, GROUPS, COVARIATE, 0.05)


def changed(value, *sessions, status="ok"):
    """The points with another value and status in some sessions (condition, participant)."""
    real, statuses = REAL.copy(), np.full((2, 12), "ok", dtype="<U20")
    for session in sessions:
        real[session], statuses[session] = value, status
    return Points(real, statuses)


def test_a_group_is_compared_with_the_reference_by_means_over_conditions():
    means = REAL.mean(axis=0)
    for level in (1, 2):
        row = analysed(Effect("group", "other", level, "alpha"))
        expected = stats.ttest_ind(means[level == GROUPS], means[:4], equal_var=False)
        assert row["p"] == pytest.approx(expected.pvalue)
        assert row["estimate"] == pytest.approx(means[level == GROUPS].mean() - means[:4].mean())
        assert (row["status"], row["reason"]) == ("ok", "")
    row = analysed(GROUP, test="rank_test")
    assert row["p"] == pytest.approx(stats.mannwhitneyu(means[4:8], means[:4]).pvalue)
    assert np.isnan(row["se"])


def test_a_condition_is_compared_with_the_first_one_in_all_participants():
    row = analysed(CONDITION)
    assert row["p"] == pytest.approx(stats.ttest_rel(REAL[1], REAL[0]).pvalue)
    assert row["estimate"] == pytest.approx((REAL[1] - REAL[0]).mean())
    row = analysed(CONDITION, test="rank_test")
    assert row["p"] == pytest.approx(stats.wilcoxon(REAL[1] - REAL[0]).pvalue)


def test_a_covariate_is_correlated_within_groups():
    def rest(values):
        return values - np.array([values[g == GROUPS].mean() for g in GROUPS])

    row = analysed(CORRELATION)
    expected = stats.pearsonr(rest(REAL.mean(axis=0)), rest(COVARIATE)).statistic
    assert row["estimate"] == pytest.approx(expected)
    t = abs(expected) * np.sqrt(8 / (1 - expected**2))
    assert row["p"] == pytest.approx(2 * stats.t.sf(t, 12 - 3 - 1))
    assert -1 < analysed(CORRELATION, test="rank_test")["estimate"] < 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_participants_without_a_finite_point_are_left_out(value):
    points = changed(value, (0, 5), (1, 9))
    row = analysed(GROUP, points)
    means = REAL.mean(axis=0)
    expected = stats.ttest_ind(means[[4, 6, 7]], means[:4], equal_var=False)
    assert row["p"] == pytest.approx(expected.pvalue)
    assert row["status"] == "not_converged"
    assert row["reason"] == "participants without a finite estimate: 1 of 8"
    row = analysed(CONDITION, points)
    kept = [i for i in range(12) if i not in (5, 9)]
    assert row["p"] == pytest.approx(stats.ttest_rel(REAL[1, kept], REAL[0, kept]).pvalue)
    assert row["reason"] == "participants without a finite estimate: 2 of 12"


def test_a_third_condition_is_not_needed_for_the_second():
    points = Points(np.vstack([REAL, np.full(12, np.nan)]), np.full((3, 12), "ok"))
    assert analysed(CONDITION, points)["status"] == "ok"
    assert analysed(GROUP, points)["status"] == "failed"


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        ("at_bound", "at_bound", "beta is at a bound in 2 of 24 fits"),
        ("not_converged", "not_converged", "2 of 24 fits did not converge"),
        ("not_identified", "ok", ""),
        ("no_interval", "ok", ""),
    ],
)
def test_flagged_points_are_used_and_flag_the_analysis(status, expected, reason):
    row = analysed(CONDITION, changed(9.0, (0, 1), (1, 2), status=status))
    assert (row["status"], row["reason"]) == (expected, reason)
    assert np.isfinite(row["p"])


def test_too_few_participants_fail():
    row = analysed(GROUP, changed(np.nan, (0, 5), (0, 6), (1, 7)))
    assert row["status"] == "failed"
    assert row["reason"] == (
        "a group has estimates of fewer than 2 participants; "
        "participants without a finite estimate: 3"
    )
    assert np.isnan([row[name] for name in ("estimate", "se", "lower", "upper", "p")]).all()


def test_a_rank_test_of_few_participants_has_no_interval():
    own = two_step("rank_test", GROUP, POINTS, np.repeat([0, 1, 2], [2, 2, 8]), COVARIATE, 0.05)
    assert own["status"] == "no_interval"
    assert np.isfinite(own["p"])


def test_points_are_the_unconstrained_estimates_of_all_sessions():
    rows = [
        {"level": "participant", "participant": i, "parameter": name, "estimate": x, "status": "ok"}
        for i in (3, 0, 1, 2)
        for name, x in (("alpha", expit(0.1 * i)), ("beta", np.exp(i - 1)))
    ]
    rows += [{**rows[0], "level": "group", "participant": -1}]
    rows[0] |= {"estimate": 1.0, "status": "at_bound"}
    points = points_of(rows, RESCORLA_WAGNER, conditions=2)
    assert points["alpha"].real == pytest.approx(np.array([[0.0, 0.1], [0.2, np.inf]]))
    assert points["beta"].real == pytest.approx(np.array([[-1.0, 0], [1, 2]]))
    assert points["alpha"].status.tolist() == [["ok", "ok"], ["ok", "at_bound"]]


def test_the_effect_of_a_covariate_needs_it():
    with pytest.raises(ValueError, match="needs the covariate"):
        two_step("t_test", CORRELATION, POINTS, GROUPS, None, 0.05)


@pytest.mark.parametrize("test", ["t_test", "rank_test"])
def test_equal_estimates_with_rounding_errors_are_equal(test):
    """Participants without a response, whose learning rate is the middle of its prior."""
    rounding = np.random.default_rng(1).integers(-3, 4, 12) * 1e-16
    rows = [
        {"level": "participant", "parameter": name, "participant": k, "estimate": middle + error}
        | {"status": "ok"}
        for name, middle in (("alpha", 0.5), ("beta", 3.0))
        for k, error in enumerate(rounding)
    ]
    points = points_of(rows, RESCORLA_WAGNER, conditions=1)["alpha"]
    row = two_step(test, GROUP, points, GROUPS, None, 0.05)
    assert row["status"] == "failed"
    assert row["reason"] in (
        "the estimates do not vary within groups", "all estimates are equal",
    )  # fmt: skip
