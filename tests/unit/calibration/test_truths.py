"""Truths drawn from priors: their distributions, and SDs on the unconstrained scale."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logit

from rlrecovery.calibration.truths import draw_truths, prior_sd
from unit.calibration.examples import generator

N = 2000


def drawn(pooling, participants=3, count=N):
    """Settings and truths of many data sets."""
    made = generator(pooling, participants)
    settings, model = made.method.settings, made.setting().model
    rng = np.random.default_rng(1)
    return settings, model, [draw_truths(settings, model, participants, rng) for _ in range(count)]


def test_a_population_is_drawn_first_and_its_participants_around_it():
    _, _, truths = drawn("partial")
    location, spread, real = (
        np.array([t.whole["group", "alpha"] for t in truths]),
        np.array([t.whole["spread", "alpha"] for t in truths]),
        np.array([t.real["alpha"] for t in truths]),
    )
    assert stats.kstest(location, stats.norm(0, 1.5).cdf).pvalue > 0.01
    assert stats.kstest(spread, stats.halfnorm(scale=1).cdf).pvalue > 0.01
    standardised = (real - location[:, None]) / spread[:, None]
    assert stats.kstest(standardised.ravel(), stats.norm.cdf).pvalue > 0.01
    assert logit(truths[0].natural["alpha"]) == pytest.approx(real[0])


def test_without_pooling_every_participant_is_drawn_from_the_prior():
    _, _, truths = drawn("none")
    alpha = np.array([t.natural["alpha"] for t in truths])
    assert stats.kstest(alpha.ravel(), stats.uniform.cdf).pvalue > 0.01
    assert abs(np.corrcoef(alpha.T)[0, 1]) < 0.05
    beta = np.array([t.natural["beta"] for t in truths])
    assert stats.kstest(beta.ravel(), stats.halfnorm(scale=10).cdf).pvalue > 0.01


def test_with_complete_pooling_all_participants_have_one_value():
    _, _, truths = drawn("complete")
    assert all(np.ptp(t.natural["beta"]) == 0 for t in truths)
    beta = [t.natural["beta"][0] for t in truths]
    assert stats.kstest(beta, stats.halfnorm(scale=10).cdf).pvalue > 0.01


@pytest.mark.parametrize("pooling", ["none", "partial"])
def test_prior_sds_are_those_of_truths(pooling):
    settings, model, truths = drawn(pooling, participants=1, count=2 * N)
    for parameter in model.parameters:
        real = [t.real[parameter.name][0] for t in truths]
        sd = prior_sd(settings, parameter, "participant")
        assert np.std(real) == pytest.approx(sd, rel=0.07)
        for level in ("group", "spread") if pooling == "partial" else ():
            values = [t.whole[level, parameter.name] for t in truths]
            assert np.std(values) == pytest.approx(prior_sd(settings, parameter, level), rel=0.05)
