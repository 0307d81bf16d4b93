"""The fit of pilot data against draws from the same posterior and against the fitter itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.fitting.registry import make_fitter
from rlrecovery.models.variants import ModelSpec, VariantSettings
from rlrecovery.pilot.fit import NoFit, contractions, identity_of, pilot_method, population_draws
from unit.pilot.examples import changed, experiment, fit, pilot

DRAWS = 6_000


def test_estimates_are_those_of_the_method():
    done = fit()
    fitter = make_fitter(done.method.settings, done.fitter.setting)
    data = pilot().data.observations(pilot().task)
    rows = pd.DataFrame(fitter.fit(data, np.random.SeedSequence(1)))
    own = rows[rows["level"] == "participant"]
    np.testing.assert_array_equal(done.participants["estimate"], own["estimate"])
    assert done.participants["participant"].tolist() == [n for n in pilot().names for _ in range(2)]
    responses = pilot().data.responded.sum(axis=1)
    assert done.participants["responses"].tolist() == [r for r in responses for _ in range(2)]
    assert done.population["level"].tolist() == ["group", "group", "spread", "spread"]
    assert done.from_config
    assert done.method.name == "exact"


def test_unpooled_estimates_are_those_of_each_participant_alone():
    done = fit()
    third = {name: getattr(pilot().data, name)[2:3] for name in ("choices", "rewards", "blocks")}
    one = dataclasses.replace(pilot().data, **third)
    plain = {"estimator": "quadrature"}
    priors = {p.name: QuadratureSettings.of(plain).default_prior(p) for p in done.model.parameters}
    setting = dataclasses.replace(done.fitter.setting, participants=1)
    fitter = make_fitter(QuadratureSettings.of(plain | {"priors": priors}), setting)
    rows = fitter.fit(one.observations(pilot().task), np.random.SeedSequence(0))
    expected = [row["estimate"] for row in rows]
    of_third = done.participants["participant"] == pilot().names[2]
    np.testing.assert_allclose(done.participants[of_third]["unpooled_estimate"], expected)


def test_contraction_is_that_of_draws():
    """Variances by Monte Carlo: 6,000 draws have an error of 2 % in a variance."""
    done, rng = fit(), np.random.default_rng(2)
    locations, spreads = population_draws(done, DRAWS, rng)
    participants, _, _ = done.posterior.joint_draws(DRAWS, rng)
    found = contractions(done.posterior, done.method.settings, done.fitter.setting)
    for j, (name, to_real) in enumerate((("alpha", logit), ("beta", np.log))):
        location, scale = done.method.settings.population_prior(name)
        prior = location.frozen().var(), scale.frozen().var()
        new = location.frozen().rvs(200_000, random_state=rng)
        new = new + scale.frozen().rvs(200_000, random_state=rng) * rng.standard_normal(200_000)
        assert 1 - found["group"][j] == pytest.approx(locations[:, j].var() / prior[0], rel=0.08)
        assert 1 - found["spread"][j] == pytest.approx(spreads[:, j].var() / prior[1], rel=0.08)
        own = to_real(participants[:, :, j]).var(axis=0) / new.var()
        np.testing.assert_allclose(1 - found["participant"][:, j], own, rtol=0.08)


def test_draws_of_the_population_have_the_moments_of_the_fit():
    done = fit()
    locations, spreads = population_draws(done, DRAWS, np.random.default_rng(3))
    table = done.population.set_index(["level", "parameter"])
    for j, parameter in enumerate(done.model.parameters):
        natural = parameter.to_natural(locations[:, j])
        for level, draws in (("group", natural), ("spread", spreads[:, j])):
            row = table.loc[(level, parameter.name)]
            assert draws.mean() == pytest.approx(row["estimate"], abs=0.05 * row["sd"])
            assert draws.std() == pytest.approx(row["sd"], rel=0.06)
            inside = (row["lower_95"] <= draws) & (draws <= row["upper_95"])
            assert inside.mean() == pytest.approx(0.95, abs=0.01)


def test_draws_are_joint():
    """The posterior of a location is wider where its SD is larger."""
    locations, spreads = population_draws(fit(), DRAWS, np.random.default_rng(4))
    distance = np.abs(locations - np.median(locations, axis=0))
    for j in range(2):
        high = spreads[:, j] > np.median(spreads[:, j])
        assert distance[high, j].mean() > 1.2 * distance[~high, j].mean()


def test_without_an_exact_hierarchical_method_the_model_has_its_default_priors():
    methods = {"mle": {"estimator": "mle"}}
    method, from_config = pilot_method(changed(methods=methods))
    assert not from_config
    assert method.pooling == "partial"
    alpha = method.fitted_model().parameter("alpha")
    assert method.settings.prior_of("alpha", "group") == alpha.location
    assert method.settings.prior_of("alpha", "spread") == alpha.scale


def test_several_tasks_or_too_many_parameters_are_one_sentence():
    task = experiment().resolved()["task"]
    with pytest.raises(NoFit, match="one task"):
        pilot_method(changed(task=None, tasks={"one": task, "two": task}))
    variants = {"wide": {"model": "rescorla_wagner_sticky", "lapse": True}}
    config = changed(
        variants=variants,
        model="wide",
        truth={},
        population={
            n: {"distribution": "Uniform", "lower": 0.1, "upper": 0.2} for n in _names(variants)
        },
        methods={"mle": {"estimator": "mle"}},
    )
    with pytest.raises(NoFit, match="up to 3 free parameters, but model wide has 4"):
        pilot_method(config)


def _names(variants):
    ((name, plain),) = variants.items()
    return ModelSpec(name, VariantSettings.of(plain)).model().names


def test_random_numbers_depend_on_the_data_and_the_method():
    same, done = identity_of(pilot(), fit()), fit()
    choices = pilot().data.choices.copy()
    choices[0, 0] = 1 - choices[0, 0]
    other = dataclasses.replace(pilot(), data=dataclasses.replace(pilot().data, choices=choices))
    elsewhere = dataclasses.replace(pilot(), path="other.csv")
    assert identity_of(elsewhere, done) == same
    assert identity_of(other, done) != same
