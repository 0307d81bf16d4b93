"""Differences between participants, against loops over data sets and SciPy."""

import numpy as np
import pytest
from scipy import stats

from rlrecovery.score.individual import INDIVIDUAL, individual_measures, relative_rmse
from unit.score.examples import slow_jackknife

pytestmark = pytest.mark.filterwarnings("error")


def example(seed=1, replicates=12, participants=6):
    """Truths, estimates and replicates; the estimates of a data set share an error."""
    rng = np.random.default_rng(seed)
    replicate = np.repeat(np.arange(replicates), participants)
    truth = 0.5 + 0.1 * rng.standard_normal(replicate.size)
    shared = 0.2 * rng.standard_normal(replicates)[replicate]
    estimate = 0.3 + 0.5 * truth + shared + 0.08 * rng.standard_normal(replicate.size)
    return truth, estimate, replicate


def data_sets(truth, estimate, replicate):
    return [(truth[replicate == r], estimate[replicate == r]) for r in np.unique(replicate)]


def slow(name, truth, estimate, replicate):
    """The measures by loops over data sets."""
    sets = data_sets(truth, estimate, replicate)
    if name == "spearman_within":
        return np.mean([stats.spearmanr(x, y).statistic for x, y in sets])
    xx, yy = (sum(len(s[0]) * np.var(s[k]) for s in sets) for k in (0, 1))
    xy = sum(len(x) * np.cov(x, y, ddof=0)[0, 1] for x, y in sets)
    if name == "reliability":
        return xy**2 / (xx * yy)
    if name == "concordance_within":
        return 2 * xy / (xx + yy + sum(len(x) * (x.mean() - y.mean()) ** 2 for x, y in sets))
    return np.sqrt(np.mean((estimate - truth) ** 2)) / truth.std()


@pytest.mark.parametrize("name", INDIVIDUAL)
def test_measures_and_their_mcse_agree_with_loops(name):
    arrays = example()
    score = individual_measures(*arrays)[name]
    assert score.value == pytest.approx(slow(name, *arrays), rel=1e-9)
    expected = slow_jackknife(lambda *a: slow(name, *a), arrays[2], *arrays)
    assert score.mcse == pytest.approx(expected, rel=1e-9)
    assert (score.n, score.n_rows) == (12, 72)


def test_differences_between_data_sets_do_not_count():
    truth, estimate, replicate = example()
    moved = estimate + 10 * replicate
    before, after = (individual_measures(truth, y, replicate) for y in (estimate, moved))
    for name in ("spearman_within", "reliability"):
        assert after[name].value == pytest.approx(before[name].value)
    assert after["concordance_within"].value < 0.1 < before["concordance_within"].value


def test_equal_estimates_order_nobody():
    truth, _, replicate = example()
    measures = individual_measures(truth, np.full_like(truth, 0.1), replicate)
    for name in ("spearman_within", "reliability", "concordance_within"):
        assert measures[name].value == 0


def test_guessing_the_mean_has_relative_rmse_one_and_the_truth_zero():
    truth, _, replicate = example()
    guess = np.full_like(truth, truth.mean())
    assert relative_rmse(truth, guess, replicate).value == pytest.approx(1)
    perfect = individual_measures(truth, truth, replicate)
    expected = {"spearman_within": 1, "reliability": 1, "concordance_within": 1, "relative_rmse": 0}
    assert {name: perfect[name].value for name in INDIVIDUAL} == pytest.approx(expected)


def test_data_sets_of_one_participant_are_not_compared():
    truth, estimate, replicate = example(participants=1)
    measures = individual_measures(truth, estimate, replicate)
    for name in ("spearman_within", "reliability", "concordance_within"):
        assert np.isnan(measures[name].value)
        assert measures[name].n == 0
    assert np.isfinite(measures["relative_rmse"].value)


def test_no_estimates_give_no_value():
    none = np.zeros(0)
    measures = individual_measures(none, none, none)
    assert all(np.isnan(score.value) and score.n == 0 for score in measures.values())


def test_reliability_is_that_of_classical_test_theory():
    # Estimate = truth + error: the reliability is the variance of truths over that of estimates.
    rng = np.random.default_rng(3)
    replicate = np.repeat(np.arange(4000), 10)
    truth = rng.standard_normal(replicate.size)
    estimate = truth + 0.5 * rng.standard_normal(replicate.size)
    score = individual_measures(truth, estimate, replicate)["reliability"]
    assert score.value == pytest.approx(1 / 1.25, abs=4 * score.mcse)


@pytest.mark.parametrize("participants", [2, 5, 20])
def test_the_rank_correlation_of_few_participants_is_lower(participants):
    rng = np.random.default_rng(4)
    replicate = np.repeat(np.arange(20_000 // participants), participants)
    truth = rng.standard_normal(replicate.size)
    estimate = truth + 0.75 * rng.standard_normal(replicate.size)  # a correlation of 0.8
    rho, tau = 6 / np.pi * np.arcsin(0.8 / 2), 2 / np.pi * np.arcsin(0.8)
    expected = ((participants - 2) * rho + 3 * tau) / (participants + 1)
    score = individual_measures(truth, estimate, replicate)["spearman_within"]
    assert score.value == pytest.approx(expected, abs=4 * score.mcse)
