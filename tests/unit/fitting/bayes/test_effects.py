"""Joint analyses by NUTS: the prior without data, Bayes factors, diagnostics."""

import functools
import math

import numpy as np
import pytest
from effect_cases import (
    EFFECTS,
    NORMAL,
    POPULATION,
    draws_of_the_prior,
)
from fits import bayes_settings, one_block, setting, simulated
from scipy import stats

from rlrecovery.fitting.base import MethodSettings
from rlrecovery.fitting.bayes.effects import (
    BayesEffects,
    Sampled,
    effect_posterior,
    log_bayes_factor,
)
from rlrecovery.fitting.bayes.settings import Convergence
from rlrecovery.fitting.effects import COVARIATE, Effect, EffectModel
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
    with pytest.raises(ValueError, match="needs a covariate"):
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
