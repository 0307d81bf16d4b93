"""Measures of analyses of effects against their definitions and exact probabilities."""

import numpy as np
import pytest
from scipy import stats

from rlrecovery.score.effects.measures import (
    agreement_measures,
    disattenuated,
    effect_measures,
    reliability_of_mean,
    score_rows,
)
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import RETEST_BATCH
from unit.score.effects.examples import rows


def test_measures_are_those_of_the_definitions():
    table = rows(n=300)
    scores = effect_measures(table, 0.5, 0.05)
    error = table["estimate"] - 0.5
    found = table[table["p"] < 0.05]
    expected = {
        "bias": error.mean(),
        "empirical_se": error.std(),
        "rmse": np.sqrt((error**2).mean()),
        "coverage": ((table["lower"] <= 0.5) & (table["upper"] >= 0.5)).mean(),
        "width": (table["upper"] - table["lower"]).mean(),
        "power": len(found) / 300,
        "type_s": (found["estimate"] < 0).mean(),
        "type_m": found["estimate"].abs().mean() / 0.5,
        "share_failed": 0,
        "share_flagged": 0,
    }
    assert {name: score.value for name, score in scores.items()} == pytest.approx(expected)
    assert scores["bias"].mcse == pytest.approx(error.std() / np.sqrt(300))
    share = expected["power"]
    assert scores["power"].mcse == pytest.approx(np.sqrt(share * (1 - share) / 300))
    assert scores["type_s"].n == scores["type_m"].n == len(found)
    spread = (found["estimate"].abs() / 0.5).std()
    assert scores["type_m"].mcse == pytest.approx(spread / np.sqrt(len(found)))


@pytest.mark.parametrize("size", [0.3, -0.3])
def test_errors_of_sign_and_size_are_those_of_a_normal_estimate(size):
    """Gelman & Carlin (2014): exact for a z test, whatever the sign of the effect."""
    se, z = 0.25, stats.norm.ppf(0.975)
    scores = effect_measures(rows(size, 40_000, se), size, 0.05)
    ratio = abs(size) / se
    right, wrong = stats.norm.sf(z - ratio), stats.norm.sf(z + ratio)
    power = right + wrong
    large = (ratio * (right - wrong) + stats.norm.pdf(z - ratio) + stats.norm.pdf(z + ratio)) * se
    expected = {"power": power, "type_s": wrong / power, "type_m": large / power / abs(size)}
    for name, value in expected.items():
        assert scores[name].value == pytest.approx(value, abs=4 * scores[name].mcse)
        assert scores[name].mcse < 0.01 * max(1, value)


def test_without_an_effect_there_is_a_type_one_error_only():
    scores = effect_measures(rows(0.0, 4000), 0.0, 0.1)
    assert not {"power", "type_s", "type_m", "bf_for"} & set(scores)
    assert scores["type_1"].value == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / 4000))


def test_bayes_factors_above_ten_and_below_a_tenth():
    table = rows(n=4, factors=True, log_bayes_factor=np.log([11, 9, 1 / 9, 1 / 11]))
    scores = effect_measures(table, 0.5, 0.05)
    assert (scores["bf_for"].value, scores["bf_against"].value) == (0.25, 0.25)


def test_failed_rows_count_for_the_share_of_failures_only():
    table = rows(n=50)
    whole = effect_measures(table[10:], 0.5, 0.05)
    numbers = ["estimate", "lower", "upper", "p"]
    table.loc[:9, [*numbers, "status"]] = [np.nan] * 4 + ["failed"]
    table.loc[10:14, "status"] = "at_bound"
    scores = effect_measures(table, 0.5, 0.05)
    assert scores["share_failed"][:3] == pytest.approx((0.2, np.sqrt(0.2 * 0.8 / 50), 50))
    assert scores["share_flagged"].value == 0.1
    for name in ("bias", "coverage", "power", "type_m"):
        assert scores[name] == pytest.approx(whole[name])


def test_rows_without_an_interval_count_for_power():
    table = rows(n=20)
    table.loc[:4, ["lower", "upper", "status"]] = [np.nan, np.nan, "no_interval"]
    scores = effect_measures(table, 0.5, 0.05)
    assert scores["coverage"].n == scores["width"].n == 15
    assert scores["power"].n == 20


def test_an_effect_that_is_never_found_has_no_errors_of_sign_and_size():
    scores = effect_measures(rows(n=30, p=1.0), 0.5, 0.05)
    assert scores["power"].value == 0
    assert np.isnan(scores["type_s"].value)
    assert scores["type_m"].n == 0


def test_disattenuated_correlations():
    table = rows(0.2, n=30)
    result = disattenuated(table, 0.25)
    for name in ("estimate", "se", "lower", "upper"):
        assert result[name].to_numpy() == pytest.approx(2 * table[name])
    assert result["p"].equals(table["p"])
    assert set(result["analysis"]) == {"disattenuated"}


@pytest.mark.parametrize("sessions", [1, 2, 3])
def test_means_over_sessions_are_disattenuated_by_their_own_reliability(sessions):
    rng = np.random.default_rng(1)
    z, q = rng.standard_normal((2, 200_000))
    truth, reliability = 0.5 * q + np.sqrt(1 - 0.5**2) * z, 0.4
    errors = rng.normal(0, np.sqrt(1 / reliability - 1), (sessions, len(q)))
    r = np.corrcoef((truth + errors).mean(axis=0), q)[0, 1]
    table = rows(0.5, n=1).assign(estimate=r)
    corrected = disattenuated(table, reliability_of_mean(reliability, sessions))
    assert corrected["estimate"].iloc[0] == pytest.approx(0.5, abs=0.015)


@pytest.mark.parametrize("reliability", [0.0, -0.1, np.nan])
def test_without_reliability_nothing_is_disattenuated(reliability):
    result = disattenuated(rows(0.2, n=5), reliability)
    assert set(result["status"]) == {"failed"}
    assert result[["estimate", "p"]].isna().all(axis=None)
    scores = effect_measures(result, 0.2, 0.05)
    assert scores["share_failed"].value == 1
    assert scores["power"].n == 0


def test_disattenuation_finds_the_true_correlation():
    """A covariate with r = .5 and measurements with a reliability of .4."""
    rng, n = np.random.default_rng(1), 4000
    q, z, e = rng.normal(size=(3, n))
    measured = np.sqrt(0.4) * (0.5 * q + np.sqrt(0.75) * z) + np.sqrt(0.6) * e
    r = np.corrcoef(measured, q)[0, 1]
    table = rows(0.5, n=1, estimate=r)
    assert r == pytest.approx(0.5 * np.sqrt(0.4), abs=0.05)
    assert disattenuated(table, 0.4)["estimate"].iloc[0] == pytest.approx(0.5, abs=0.07)


def retests(icc, **changes):
    n = len(icc)
    columns = {"replicate": np.arange(n), "parameter": "alpha", "icc": icc}
    columns |= dict.fromkeys(("retest_correlation", "truth_correlation"), np.linspace(0, 1, n))
    columns |= {"participants_used": 20, "status": "ok", "reason": ""}
    return conform(columns | changes, RETEST_BATCH)


def test_measures_of_agreement():
    icc = np.array([0.3, 0.5, 0.4, 0.6, np.nan])
    table = retests(icc, status=["ok"] * 4 + ["failed"], truth_correlation=[0.8] * 4 + [np.nan])
    scores = agreement_measures(table)
    assert scores["icc"][:3] == pytest.approx((0.45, np.std(icc[:4], ddof=1) / 2, 4))
    assert scores["truth_correlation"].value == pytest.approx(0.8)
    factor = scores["participants_factor"]
    assert factor[:2] == pytest.approx((1 / 0.45, scores["icc"].mcse / 0.45**2))
    assert scores["share_failed"].value == 0.2
    assert [row["measure"] for row in score_rows(scores)] == list(scores)


def test_without_reliability_no_number_of_participants_is_enough():
    assert np.isnan(agreement_measures(retests(np.array([-0.1, 0.05])))["participants_factor"][0])
