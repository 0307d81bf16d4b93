"""The PyMC model: its density in all forms, and predictions of its categorical form."""

import itertools

import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest
import xarray as xr
from fits import (
    FLAT,
    KNOWN_SEED,
    POPULATION,
    bayes_settings,
    learner,
    one_block,
    setting,
    simulated,
)
from quadrature import log_density, log_likelihood
from scipy import stats
from scipy.special import expit, logit

from rlrecovery.fitting.bayes.model import MANY, build_model, data_arrays
from rlrecovery.likelihood.scan import trace
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.variants import ModelSpec
from unit.forms import interpreted, without_machine_code

POOLINGS = ("none", "partial", "complete")
FORMS = tuple(itertools.product(("potential", "categorical"), ("compiled", "scan")))
TRIALS = 20


def ragged():
    """Three participants, one without some responses, one with fewer trials."""
    data = simulated([0.2, 0.5, 0.9], [1, 4, 8], TRIALS, 6)
    choices, rewards = data.choices.copy(), data.rewards.copy()
    choices[1, [3, 4, 11]] = -1
    choices[2, 14:] = -1
    return one_block(choices, rewards)


def ragged_with_all_outcomes():
    """The same, and what the other arm would have paid."""
    data, rng = ragged(), np.random.default_rng(8)
    return one_block(data.choices, rng.integers(2, size=(*data.choices.shape, 2)))


def model_with_data(pooling, likelihood, engine, data):
    participants, trials = data.choices.shape
    method = bayes_settings(pooling, likelihood, engine=engine)
    sizes = setting(participants, trials, full_feedback=data.rewards.ndim == 3)
    model = build_model(method, sizes, participants)
    with model:
        pm.set_data(data_arrays(data, likelihood))
    return model


def several_points(model, count=4):
    rng = np.random.default_rng(0)
    shapes = {name: np.shape(value) for name, value in model.initial_point().items()}
    return [{n: rng.normal(0, 0.8, s) for n, s in shapes.items()} for _ in range(count)]


def evaluator(model, **keys):
    """A model's log posterior density, without machine code."""
    with without_machine_code():
        return model.compile_logp(**keys)


def natural(point, pooling, participants=3):
    """Participants' alpha and beta at a point, by the formulas of the model and nothing of it."""
    if pooling != "partial":
        return [(expit(point["alpha_logodds__"]), np.exp(point["beta_log__"]))] * participants
    real = {}
    for name in ("alpha", "beta"):
        location, spread = population_at(point, name)
        real[name] = location + spread * point[f"{name}_deviation"]
    return list(zip(expit(real["alpha"]), np.exp(real["beta"]), strict=True))


def population_at(point, name):
    """Location and SD of a population: participants' mean and SD stand in their place."""
    deviation = point[f"{name}_deviation"]
    if f"{name}_scatter_log__" in point:
        spread = np.exp(point[f"{name}_scatter_log__"]) / deviation.std()
    else:
        spread = np.exp(point[f"{name}_spread_log__"])
    if f"{name}_centre" in point:
        return point[f"{name}_centre"] - spread * deviation.mean(), spread
    return point[f"{name}_location"], spread


def expected_density(point, pooling, data):
    """Log posterior density on the real line, up to a constant, by hand."""
    participants = zip(natural(point, pooling), data.choices, data.rewards, strict=True)
    total = sum(log_likelihood(c, r, alpha, beta) for (alpha, beta), c, r in participants)
    if pooling != "partial":
        blank = ([], [])
        return total + log_density(*blank, point["alpha_logodds__"], point["beta_log__"])
    return total + expected_prior(point, POPULATION)


def distribution_of(entry):
    arguments = {name: value for name, value in entry.items() if name != "distribution"}
    return Distribution.of(entry["distribution"], arguments)


def expected_prior(point, priors):
    """Log prior density of the populations on the real line, up to a constant, by hand."""
    total = 0.0
    for name in ("alpha", "beta"):
        location, spread = population_at(point, name)
        prior, scale = (distribution_of(priors[name][k]) for k in ("location", "scale"))
        # The change of variables is a shift and a rescaling: only the logarithm has a Jacobian.
        total += prior.frozen().logpdf(location) + scale.frozen().logpdf(spread) + np.log(spread)
        total += stats.norm.logpdf(point[f"{name}_deviation"]).sum()
    return total


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("make", [ragged, ragged_with_all_outcomes])
def test_all_forms_have_the_density_of_the_formulas(pooling, make):
    data = make()
    models = [model_with_data(pooling, *form, data) for form in FORMS]
    points = several_points(models[0])
    expected = np.array([expected_density(point, pooling, data) for point in points])
    assert np.ptp(expected) > 1
    for model in models:
        logp = evaluator(model)
        values = np.array([logp(point) for point in points])
        assert np.isfinite(values).all()
        np.testing.assert_allclose(values - values[0], expected - expected[0], atol=1e-9)


@pytest.mark.parametrize("form", FORMS, ids="-".join)
def test_variants_have_the_density_of_the_formulas(form):
    """A lapse rate, a free start and a fixed beta, for three participants who share them."""
    spec = {
        "name": "mine", "model": "rescorla_wagner", "lapse": True, "start_value": "free",
        "fixed": {"beta": 3.0},
    }  # fmt: skip
    priors = {
        "alpha": FLAT["alpha"],
        "lapse": {"distribution": "Beta", "alpha": 1, "beta": 9},
        "start_value": {"distribution": "Normal", "mu": 0.4, "sigma": 0.3},
    }
    data, (likelihood, engine) = ragged(), form
    method = bayes_settings("complete", likelihood, engine=engine, priors=priors)
    sizes = setting(3, TRIALS, model=ModelSpec.of(spec).model())
    model = build_model(method, sizes, 3)
    with model:
        pm.set_data(data_arrays(data, likelihood))
    logp, densities, expected = evaluator(model, jacobian=False), [], []
    for alpha, lapse, start in ((0.3, 0.1, 0.5), (0.8, 0.6, -0.2), (0.1, 0.02, 1.0)):
        point = {"alpha_logodds__": logit(alpha), "lapse_logodds__": logit(lapse)}
        densities.append(logp(point | {"start_value": start}))
        value = sum(
            log_likelihood(c, r, alpha, 3.0, start, lapse=lapse)
            for c, r in zip(data.choices, data.rewards, strict=True)
        )
        value += stats.beta(1, 9).logpdf(lapse) + stats.norm(0.4, 0.3).logpdf(start)
        expected.append(float(value))
    np.testing.assert_allclose(densities, expected, atol=1e-9)


SCALES = [
    {"distribution": "HalfNormal", "sigma": 0.7},
    {"distribution": "Exponential", "lam": 2.0},
    {"distribution": "Gamma", "alpha": 2.0, "beta": 3.0},
    {"distribution": "LogNormal", "mu": -1.0, "sigma": 0.5},
]


def populations(scale, location):
    priors = {name: {"location": location, "scale": scale} for name in ("alpha", "beta")}
    nobody = one_block(np.full((MANY, 1), -1), np.zeros((MANY, 1)))
    model = build_model(bayes_settings("partial", priors=priors), setting(MANY, 1), MANY)
    with model:
        pm.set_data(data_arrays(nobody, "potential"))
    return model, priors


@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale["distribution"])
@pytest.mark.parametrize(
    "location",
    [
        {"distribution": "Normal", "mu": 0.5, "sigma": 1.5},
        {"distribution": "Uniform", "lower": -20, "upper": 20},
    ],
    ids=lambda location: location["distribution"],
)
def test_a_population_drawn_by_its_participants_has_the_density_of_the_priors(scale, location):
    model, priors = populations(scale, location)
    points = several_points(model)
    if location["distribution"] == "Uniform":  # its own transform has a Jacobian
        for point in points:
            point |= {n: np.float64(0.0) for n in point if n.endswith("_interval__")}
            point |= {f"{n}_location": 0.0 for n in ("alpha", "beta")}
    expected = [expected_prior(point, priors) for point in points]
    logp = evaluator(model)
    names = {variable.name for variable in model.value_vars}
    densities = [logp({n: v for n, v in point.items() if n in names}) for point in points]
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(np.diff(densities), np.diff(expected), atol=1e-9)


def test_draws_of_the_prior_are_the_priors():
    model, _ = populations(SCALES[0], {"distribution": "Normal", "mu": 0.5, "sigma": 1.5})
    drawn = pm.draw([model["alpha_location"], model["alpha_spread"]], 2000, random_seed=1)
    assert stats.kstest(drawn[0], stats.norm(0.5, 1.5).cdf).pvalue > 1e-3
    assert stats.kstest(drawn[1], stats.halfnorm(scale=0.7).cdf).pvalue > 1e-3
    assert abs(stats.spearmanr(*drawn).statistic) < 0.1


@pytest.mark.parametrize("form", FORMS, ids="-".join)
def test_known_log_likelihood_comes_from_the_pymc_model(form):
    data = simulated(0.5, 5, 150, KNOWN_SEED)
    model = model_with_data("none", *form, data)
    terms = model.potentials or model.observed_RVs
    value = evaluator(model, vars=terms)({"alpha_logodds__": 0.0, "beta_log__": np.log(5.0)})
    # The known number leaves out the first trial, whose choice has probability 1/2.
    assert float(value) + np.log(2) == pytest.approx(-47.418936097207, abs=1e-10)


def test_priors_come_from_the_config():
    priors = {
        "alpha": {"distribution": "Beta", "alpha": 2, "beta": 5},
        "beta": {"distribution": "Gamma", "alpha": 3, "beta": 0.5},
    }
    nobody = one_block(np.full(5, -1), np.zeros(5))
    model = build_model(bayes_settings(priors=priors), setting(1, 5), 1)
    with model:
        pm.set_data(data_arrays(nobody, "potential"))
    logp = evaluator(model, jacobian=False)
    densities, expected = [], []
    for alpha, beta in ((0.3, 2.0), (0.8, 9.0), (0.1, 0.5)):
        densities.append(logp({"alpha_logodds__": logit(alpha), "beta_log__": np.log(beta)}))
        expected.append(stats.beta(2, 5).logpdf(alpha) + stats.gamma(3, scale=2).logpdf(beta))
    np.testing.assert_allclose(np.diff(densities), np.diff(expected), atol=1e-9)


@pytest.fixture(scope="module")
def categorical():
    """A model of two participants, one of whom did not respond twice, and two posterior draws."""
    data = simulated([0.5, 0.2], [3, 2], 12, 9)
    choices, rewards = data.choices.copy(), data.rewards.copy()
    choices[1, [0, 7]] = -1
    data = one_block(choices, rewards)
    model = model_with_data("complete", "categorical", "compiled", data)
    draws = {"alpha": [[0.3] * 400, [0.7] * 400], "beta": [[2.0] * 400, [4.0] * 400]}
    posterior_draws = xr.Dataset({k: (("chain", "draw"), np.array(v)) for k, v in draws.items()})
    return model, data, xr.DataTree.from_dict({"posterior": posterior_draws})


def pointwise_of(data, alpha, beta):
    """The scan's log-probability of each choice, and of choosing arm 1."""
    participants = len(data.choices)
    values = {"alpha": np.full(participants, alpha), "beta": np.full(participants, beta)}
    given = {name: pt.as_tensor(value) for name, value in values.items()}
    out = trace(learner(), given, data)
    pointwise, logits = interpreted([], [out.pointwise, out.logits])()
    return pointwise, expit(logits[..., 1] - logits[..., 0])


@pytest.mark.parametrize(("chain", "alpha", "beta"), [(0, 0.3, 2.0), (1, 0.7, 4.0)])
def test_pointwise_log_likelihood_is_the_scans(categorical, chain, alpha, beta):
    model, data, tree = categorical
    with model:
        log_likelihoods = pm.compute_log_likelihood(
            tree, extend_inferencedata=False, progressbar=False
        )
    log_likelihoods = np.asarray(log_likelihoods["choice"])[chain, 5]
    pointwise, _ = pointwise_of(data, alpha, beta)
    np.testing.assert_allclose(log_likelihoods, pointwise, atol=1e-12)
    assert (log_likelihoods[data.choices < 0] == 0).all()
    assert (log_likelihoods[data.choices >= 0] < 0).all()
    for i in range(2):
        total = log_likelihood(data.choices[i], data.rewards[i], alpha, beta)
        assert log_likelihoods[i].sum() == pytest.approx(float(total), abs=1e-10)


def test_posterior_predictive_choices_follow_the_models_probabilities(categorical):
    model, data, tree = categorical
    with model:
        drawn = pm.sample_posterior_predictive(tree, random_seed=3, progressbar=False)
    choice = drawn.posterior_predictive["choice"].to_numpy()
    assert choice.shape == (2, 400, *data.choices.shape)
    assert (choice[:, :, data.choices < 0] == 0).all()
    for chain, (alpha, beta) in enumerate([(0.3, 2.0), (0.7, 4.0)]):
        _, probability = pointwise_of(data, alpha, beta)
        responded = data.choices >= 0
        error = (choice[chain].mean(axis=0) - probability)[responded]
        assert np.abs(error / np.sqrt(probability * (1 - probability) / 400)[responded]).max() < 4


def test_prior_predictive_choices_follow_the_prior(categorical):
    model, data, _ = categorical
    with model:
        drawn = pm.sample_prior_predictive(500, random_seed=4)
    assert stats.kstest(drawn.prior["alpha"].to_numpy().ravel(), "uniform").pvalue > 1e-3
    choice = drawn.prior_predictive["choice"].to_numpy()[0]
    assert choice.shape == (500, *data.choices.shape)
    # Nothing is learnt yet at the first trial, whatever the parameters are.
    assert abs(choice[:, 0, 0].mean() - 0.5) < 4 * np.sqrt(0.25 / 500)
