"""Joint analyses by NUTS: the prior without data, Bayes factors, diagnostics."""

import functools
import math

import numpy as np
import pytest
import settings
from effect_cases import EFFECTS, NORMAL, POPULATION, draws_of_the_prior
from fits import bayes_settings, one_block, setting, simulated
from scipy import stats
from scipy.special import expit

from rlrecovery.calibration.uniformity import p_uniform
from rlrecovery.fitting.base import MethodSettings
from rlrecovery.fitting.bayes.effects import (
    BayesEffects,
    Sampled,
    effect_posterior,
    log_bayes_factor,
)
from rlrecovery.fitting.bayes.settings import Convergence
from rlrecovery.fitting.effects import COVARIATE, Effect, EffectModel
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.fitting.registry import make_effect_fitter
from rlrecovery.models.distributions import Distribution

SEED = np.random.SeedSequence(1)
SMALL_EFFECTS = (
    Effect("group", "patient", 1, "alpha"),
    Effect("condition", "drug", 1, "beta"),
    Effect("covariate", COVARIATE, 0, "alpha"),
)
QUESTIONNAIRE = np.array([3.0, 9.0, 4.0, 8.0, 1.0, 5.0])


@functools.cache
def small():
    """An analysis of six participants in two groups and two conditions, compiled once."""
    model = EffectModel(
        np.repeat([0, 1], 3), np.tile(np.arange(6), 2), np.repeat([0, 1], 6), SMALL_EFFECTS, NORMAL
    )
    method = bayes_settings(
        "partial", priors=POPULATION, chains=2, tune=400, draws=1000, target_accept=0.9
    )
    return make_effect_fitter(method, setting(12, 20), model)


def test_without_data_the_posterior_is_the_prior():
    nobody = one_block(np.full((12, 20), -1), np.zeros((12, 20)))
    posteriors = small().fit(nobody, QUESTIONNAIRE, SEED)
    for posterior, prior in zip(
        posteriors, [NORMAL.frozen()] * 2 + [stats.uniform(-1, 2)], strict=True
    ):
        values = np.random.default_rng(0).choice(posterior.values, 300)
        assert stats.kstest(values, prior.cdf).pvalue > 1e-3
        assert posterior.log_bayes_factor == pytest.approx(0.0, abs=0.15)
        assert posterior.mean == pytest.approx(prior.mean(), abs=0.1)
        assert posterior.sd == pytest.approx(prior.std(), rel=0.1)
        assert posterior.quantiles([0.5])[0] == pytest.approx(prior.mean(), abs=0.15)
        assert posterior.probability_below(prior.mean()) == pytest.approx(0.5, abs=0.1)


def test_a_seed_gives_one_result_whatever_the_unit_of_the_covariate():
    data = simulated(np.full(12, 0.3), np.full(12, 4.0), 20, 3)
    one = small().fit(data, QUESTIONNAIRE, SEED)
    other = small().fit(data, 4 * QUESTIONNAIRE, SEED)
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
        assert a.log_bayes_factor == b.log_bayes_factor
    with pytest.raises(ValueError, match="has no covariate"):
        small().fit(data, None, SEED)


def test_draws_of_the_prior_give_bayes_factors_of_1():
    model, draws, covariate = draws_of_the_prior()
    sampled = Sampled(bayes_settings("partial", priors=POPULATION), model, draws, covariate)
    factors = [log_bayes_factor(effect, sampled) for effect in EFFECTS]
    np.testing.assert_allclose(factors, 0, atol=0.15)


def test_a_prior_without_0_has_no_bayes_factor():
    positive = Distribution.of("Uniform", {"lower": 0.1, "upper": 2.0})
    model, draws, covariate = draws_of_the_prior()
    model = EffectModel(model.group, model.participant, model.condition, EFFECTS, positive)
    sampled = Sampled(bayes_settings("partial", priors=POPULATION), model, draws, covariate)
    assert math.isnan(log_bayes_factor(EFFECTS[0], sampled))


def test_an_effect_is_flagged_by_the_criteria_of_estimates():
    draws = np.random.default_rng(0).normal(1, 2, (4, 500))
    good = effect_posterior(draws, 0.5, 0, Convergence())
    assert (good.status, good.reason) == ("ok", "")
    assert good.mean == pytest.approx(draws.mean())
    assert good.probability_below(1.0) == pytest.approx((draws < 1).mean(), abs=1e-3)
    np.testing.assert_allclose(
        good.quantiles([0.1, 0.9]), np.quantile(draws, [0.1, 0.9]), atol=0.02
    )
    apart = effect_posterior(draws + 5 * np.arange(4)[:, None], 0.5, 3, Convergence())
    assert apart.status == "not_converged"
    assert "R-hat" in apart.reason
    assert "divergences" in apart.reason


def test_only_partial_pooling_estimates_effects():
    kinds = {"group", "condition", "covariate"}
    assert bayes_settings("partial").estimates_effects(kinds)
    assert not bayes_settings("none").estimates_effects(kinds)
    assert not bayes_settings("complete").estimates_effects({"group"})
    assert not MethodSettings.model_construct(estimator="x").estimates_effects(kinds)
    assert isinstance(small(), BayesEffects)


#: Populations of data sets that are informative although they are small.
LEARNERS = {
    "alpha": {
        "location": {"distribution": "Normal", "mu": -0.5, "sigma": 0.7},
        "scale": {"distribution": "HalfNormal", "sigma": 0.5},
    },
    "beta": {
        "location": {"distribution": "Normal", "mu": 1.2, "sigma": 0.4},
        "scale": {"distribution": "HalfNormal", "sigma": 0.4},
    },
}


def short(priors=LEARNERS, draws=500, **changes):
    """Settings of fits that are repeated many times."""
    return bayes_settings(
        "partial", priors=priors, chains=2, tune=400, draws=draws, target_accept=0.9, **changes
    )


def two_sessions(participants, effects, prior=NORMAL):
    """Two groups and two conditions."""
    group = np.repeat([0, 1], participants // 2)
    sessions = np.tile(np.arange(participants), 2)
    return EffectModel(group, sessions, np.repeat([0, 1], participants), effects, prior)


@pytest.mark.slow
def test_effects_that_are_drawn_from_the_prior_have_uniform_pit_values():
    """Groups, conditions and a covariate at once; the p-values are above 0.001."""
    participants, trials, effects = 12, 40, EFFECTS[0:1] + EFFECTS[3:4] + EFFECTS[5:7]
    model, rng = two_sessions(participants, effects), np.random.default_rng(21)
    fitter = make_effect_fitter(short(), setting(2 * participants, trials), model)
    pits = []
    for replicate in range(150):
        q = stats.zscore(rng.normal(size=participants))
        d, d_alpha, d_beta = NORMAL.frozen().rvs(3, random_state=rng)
        r, sessions = rng.uniform(-1, 1), {}
        for name, mean, sd, scale in (("alpha", -0.5, 0.7, 0.5), ("beta", 1.2, 0.4, 0.4)):
            mu, s, tau = rng.normal(mean, sd), *np.abs(rng.normal(0, scale, 2))
            z, w = rng.normal(size=(2, participants))
            is_alpha = name == "alpha"
            e = r * q + np.sqrt(1 - r**2) * z if is_alpha else z
            x = mu + is_alpha * d * model.group + s * e
            sessions[name] = np.concatenate([x, x + (d_alpha if is_alpha else d_beta) + tau * w])
        seed = int(rng.integers(2**31))
        data = simulated(expit(sessions["alpha"]), np.exp(sessions["beta"]), trials, seed)
        posteriors = fitter.fit(data, q, np.random.SeedSequence(replicate))
        truths = (d, d_alpha, d_beta, r)
        pits.append([p.probability_below(t) for p, t in zip(posteriors, truths, strict=True)])
    p_values = [p_uniform(column) for column in np.array(pits).T]
    assert min(p_values) > 1e-3, p_values
    coverage = ((np.array(pits) > 0.1) & (np.array(pits) < 0.9)).mean()
    assert coverage == pytest.approx(0.8, abs=0.05)


@pytest.mark.slow
def test_conditions_without_an_effect_are_rarely_told_apart():
    """95 % intervals exclude 0 in about 5 % of 100 data sets, although people differ in response.

    At most 12 of 100 have probability 0.999 under a rate of 0.05.
    """
    participants, trials = 20, 60
    effects = (Effect("condition", "drug", 1, "alpha"), Effect("condition", "drug", 1, "beta"))
    wide = Distribution.of("Normal", {"mu": 0.0, "sigma": 1.0})
    model, rng = two_sessions(participants, effects, wide), np.random.default_rng(5)
    fitter = make_effect_fitter(short(), setting(2 * participants, trials), model)
    excluded = []
    for replicate in range(100):
        x, y = rng.normal(-0.5, 0.5, participants), rng.normal(1.3, 0.3, participants)
        alpha = expit(np.concatenate([x, x + rng.normal(0, 0.4, participants)]))
        beta = np.exp(np.concatenate([y, y + rng.normal(0, 0.2, participants)]))
        data = simulated(alpha, beta, trials, int(rng.integers(2**31)))
        posteriors = fitter.fit(data, None, np.random.SeedSequence(replicate))
        ends = [posterior.quantiles([0.025, 0.975]) for posterior in posteriors]
        excluded.append([lower > 0 or upper < 0 for lower, upper in ends])
    assert np.sum(excluded, axis=0).max() <= 12, np.sum(excluded, axis=0)


@pytest.mark.slow
@pytest.mark.parametrize("own_spreads", [False, True])
def test_two_groups_have_the_posterior_of_quadrature(own_spreads):
    if QuadratureSettings.effect_fitter is None:
        pytest.skip("quadrature has no joint analysis")
    rng, group = np.random.default_rng(3), np.repeat([0, 1], [12, 10])
    data = simulated(
        expit(rng.normal(-0.5, 0.5, 22) + 0.7 * group), np.exp(rng.normal(1.2, 0.3, 22)), 60, 4
    )
    effects = (Effect("group", "patient", 1, "alpha"),)
    alone = np.arange(22), np.zeros(22, dtype=int)
    model = EffectModel(group, *alone, effects, NORMAL, own_spreads)
    exact_settings = QuadratureSettings.of(
        settings.QUADRATURE | {"pooling": "partial", "priors": LEARNERS}
    )
    (exact,) = make_effect_fitter(exact_settings, setting(22, 60), model).fit(data, None, SEED)
    fitter = make_effect_fitter(short(draws=4000), setting(22, 60), model)
    (sampled,) = fitter.fit(data, None, SEED)
    assert sampled.mean == pytest.approx(exact.mean, abs=0.05 * exact.sd)
    assert sampled.sd == pytest.approx(exact.sd, rel=0.05)
    assert sampled.log_bayes_factor == pytest.approx(exact.log_bayes_factor, abs=0.1)
    at = exact.quantiles([0.05, 0.5, 0.95])
    below = [sampled.probability_below(value) for value in at]
    np.testing.assert_allclose(below, [0.05, 0.5, 0.95], atol=0.02)
