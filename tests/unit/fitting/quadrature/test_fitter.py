"""The exact posterior against sums over much denser grids that share no code with it."""

import dataclasses
import itertools

import numpy as np
import pytest
from fits import (
    FLAT,
    LEVELS,
    PARTICIPANTS,
    QUADRATURE,
    alternating_chooser,
    assert_same,
    constant_chooser,
    learner,
    one_block,
    setting,
    simulated,
    stacked,
    table,
    targets_of,
)
from quadrature import log_evidence, log_likelihood, posterior
from scipy import stats
from scipy.special import betaln, logsumexp

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.quadrature.fitter import TOLERANCE, Quadrature
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER_TWO_RATES
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.task import Task

SEED = np.random.SeedSequence(0)
UNIFORM = {
    "alpha": {"distribution": "Uniform", "lower": 0, "upper": 1},
    "beta": {"distribution": "Uniform", "lower": 0, "upper": 20},
}
HARD = {
    "usual": simulated(0.5, 5, 150, 1),
    "slow and noisy": simulated(0.05, 1, 30, 2),
    "fast and decided": simulated(0.95, 20, 100, 3),
    "random": simulated(0.3, 0, 60, 4),
    "long": simulated(0.3, 4, 1000, 5),
    "constant chooser": constant_chooser(100),
    "alternating chooser": alternating_chooser(100),
    "one trial": constant_chooser(1),
    "no response": one_block(np.full(5, -1), np.zeros(5)),
    "extreme": simulated(1.0, 1e3, 50, 6),
}


def quadrature(participants=1, trials=150, **changes):
    return fitter_of(setting(participants, trials), **changes)


def fitter_of(sizes, **changes):
    """Fitter of a setting, for instance of another model, whose priors are given then."""
    return Quadrature.of(QuadratureSettings.of(QUADRATURE | changes), sizes)


def numbers(rows):
    """Estimate, SD and interval ends per parameter."""
    columns = ["estimate", "se", "lower_80", "upper_80", "lower_95", "upper_95"]
    return table(rows).set_index("parameter")[columns]


def assert_as_on_a_dense_grid(fitter, data):
    rows = fitter.fit(data, SEED)
    summaries, exact = numbers(rows), posterior(data.choices, data.rewards, 201)
    assert {row["status"] for row in rows} == {"ok"}
    for parameter, marginal in exact.items():
        ends = [end for level in LEVELS for end in marginal.interval(level)]
        expected = np.array([marginal.mean, marginal.sd, *ends])
        off = np.abs(summaries.loc[parameter].to_numpy() - expected) / marginal.sd
        assert off.max() < 4e-3


@pytest.mark.parametrize("name", HARD)
def test_moments_and_intervals_are_those_of_a_dense_grid(name):
    data = HARD[name]
    assert_as_on_a_dense_grid(quadrature(trials=data.choices.shape[1]), data)


def test_so_they_are_where_all_outcomes_are_shown():
    data = simulated(0.3, 4, 80, 11, full_feedback=True)
    assert data.rewards.shape == (1, 80, 2)
    assert_as_on_a_dense_grid(fitter_of(setting(1, 80, full_feedback=True)), data)


@pytest.mark.parametrize(
    "name",
    [
        "slow and noisy",
        "one trial",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("usual", "constant chooser")),
    ],
)
def test_uniform_priors_end_where_they_end(name):
    """Midpoint sums on the natural scale, where nothing is transformed."""
    data = HARD[name]
    rows = quadrature(trials=data.choices.shape[1], priors=UNIFORM).fit(data, SEED)
    alpha, beta = (np.arange(1500) + 0.5) / 1500, 20 * (np.arange(400) + 0.5) / 400
    density = log_likelihood(data.choices[0], data.rewards[0], alpha[:, None], beta)
    mass = np.exp(density - density.max())
    for axis, values in enumerate((alpha, beta)):
        weights = mass.sum(axis=1 - axis) / mass.sum()
        mean = weights @ values
        sd = np.sqrt(weights @ (values - mean) ** 2)
        upper = np.interp(0.975, weights.cumsum() - weights / 2, values)
        assert rows[axis]["estimate"] == pytest.approx(mean, abs=2e-3 * sd)
        assert rows[axis]["se"] == pytest.approx(sd, rel=2e-3)
        assert rows[axis]["upper_95"] == pytest.approx(upper, abs=5e-3 * sd)


def test_three_parameters():
    """Midpoint sums over the cube of a model with two learning rates."""
    model, data = RESCORLA_WAGNER_TWO_RATES, simulated(0.4, 3, 60, 7)
    priors = dict.fromkeys(model.names[:2], FLAT["alpha"])
    priors["beta"] = {"distribution": "Uniform", "lower": 0, "upper": 15}
    fitter = fitter_of(setting(1, 60, model=model), priors=priors)
    rows = fitter.fit(data, SEED)
    assert targets_of(rows) == [("participant", 0, name) for name in model.names]
    size = 90
    middle = (np.arange(size) + 0.5) / size
    cube = np.array(list(itertools.product(middle, middle, 15 * middle)))
    density = fitter.values(data, cube)  # the tests of the likelihood hold it to a reference
    weights = np.exp(density - density.max())
    weights /= weights.sum()
    for j, row in enumerate(rows):
        mean = weights @ cube[:, j]
        sd = np.sqrt(weights @ (cube[:, j] - mean) ** 2)
        assert row["estimate"] == pytest.approx(mean, abs=5e-3 * sd)
        assert row["se"] == pytest.approx(sd, rel=5e-3)
        assert row["status"] == "ok"
        # Under uniform priors the evidence is the mean of the likelihood.
        expected = logsumexp(density) - np.log(len(cube))
        assert row["log_evidence"] == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("added", ["lapse", "start_value"])
def test_parameters_of_variants(added):
    """Sums over alpha and the added parameter, beta being fixed, that share no code with it."""
    change = {"lapse": {"lapse": True}, "start_value": {"start_value": "free"}}[added]
    model = ModelSpec.of(
        {"name": "mine", "model": "rescorla_wagner", "fixed": {"beta": 3.0}, **change}
    ).model()
    assert model.names == ("alpha", added)
    prior = {
        "lapse": {"distribution": "Beta", "alpha": 2, "beta": 8},
        "start_value": {"distribution": "Normal", "mu": 0.4, "sigma": 0.3},
    }[added]
    data, size = simulated(0.4, 3, 40, 5), 600
    priors = {"alpha": FLAT["alpha"], added: prior}
    fitter = fitter_of(setting(1, 40, model=model), priors=priors)
    rows = fitter.fit(data, SEED)
    assert targets_of(rows) == [("participant", 0, name) for name in model.names]
    alpha = (np.arange(size) + 0.5) / size
    # Quantiles of the prior at equal steps, so that all of its weight is in the points.
    other = Distribution.of(prior.pop("distribution"), prior).frozen().ppf(alpha)
    likelihood = log_likelihood(
        data.choices[0], data.rewards[0], alpha[:, None], 3.0, **{added: other}
    )
    mass = np.exp(likelihood - likelihood.max())
    for axis, values in enumerate((alpha, other)):
        weights = mass.sum(axis=1 - axis) / mass.sum()
        mean = weights @ values
        sd = np.sqrt(weights @ (values - mean) ** 2)
        assert rows[axis]["estimate"] == pytest.approx(mean, abs=5e-3 * sd)
        assert rows[axis]["se"] == pytest.approx(sd, rel=5e-3)
        expected = logsumexp(likelihood) - 2 * np.log(size)
        assert rows[axis]["log_evidence"] == pytest.approx(expected, abs=2e-3)


def test_without_data_it_is_the_prior():
    rows = quadrature(trials=5).fit(HARD["no response"], SEED)
    for row, prior in zip(rows, (stats.beta(1, 1), stats.halfnorm(scale=10)), strict=True):
        assert row["estimate"] == pytest.approx(prior.mean(), rel=1e-4)
        assert row["se"] == pytest.approx(prior.std(), rel=1e-4)
        assert row["lower_80"] == pytest.approx(prior.ppf(0.1), rel=1e-3)
        assert row["upper_95"] == pytest.approx(prior.ppf(0.975), rel=1e-3)


def test_the_median_is_the_middle_of_every_interval():
    data = HARD["usual"]
    mean, median = (quadrature(point=point).fit(data, SEED) for point in ("mean", "median"))
    exact = posterior(data.choices, data.rewards, 201)
    for i, name in enumerate(("alpha", "beta")):
        assert median[i]["estimate"] == pytest.approx(exact[name].quantile(0.5), rel=1e-3)
        assert median[i]["estimate"] != mean[i]["estimate"]
        assert median[i]["se"] == mean[i]["se"]


def test_both_engines_agree():
    data = HARD["slow and noisy"]
    one, other = (quadrature(trials=30, engine=e).fit(data, SEED) for e in ("compiled", "scan"))
    np.testing.assert_allclose(numbers(one), numbers(other), rtol=1e-9)


def test_participants_are_fitted_alone_whatever_the_seed():
    data = [simulated(0.3, 3, 40, number) for number in range(PARTICIPANTS)]
    together = quadrature(PARTICIPANTS, 40).fit(stacked(*data), SEED)
    alone = quadrature(1, 40).fit(data[2], np.random.SeedSequence(99))
    np.testing.assert_array_equal(numbers(together[4:6]), numbers(alone))
    assert targets_of(together) == quadrature(PARTICIPANTS, 40).targets


def test_a_participant_whose_likelihood_raises_becomes_failed_rows():
    fitter = quadrature(2, 40)
    data = stacked(simulated(0.3, 3, 40, 0), simulated(0.6, 5, 40, 1))

    def values(participant_data, points):
        if np.array_equal(participant_data.choices[0], data.choices[1]):
            raise ZeroDivisionError("broken on purpose")
        return fitter.values(participant_data, points)

    rows = dataclasses.replace(fitter, values=values).fit(data, SEED)
    assert_same(rows[:2], fitter.fit(data, SEED)[:2])
    assert [row["status"] for row in rows[2:]] == ["failed", "failed"]
    assert rows[2]["reason"] == "ZeroDivisionError: broken on purpose"


def test_a_likelihood_that_is_nowhere_finite_is_a_failed_row():
    fitter = dataclasses.replace(
        quadrature(), values=lambda data, points: np.full(len(points), np.nan)
    )
    rows = fitter.fit(HARD["usual"], SEED)
    assert {row["status"] for row in rows} == {"failed"}
    assert "not finite" in rows[0]["reason"]


def test_a_density_that_no_grid_resolves_is_flagged():
    """A comb of spikes, as no likelihood has them."""
    comb = dataclasses.replace(
        quadrature(), values=lambda data, points: 300 * np.sin(4e3 * points.sum(axis=1))
    )
    rows = comb.fit(HARD["usual"], SEED)
    assert {row["status"] for row in rows} == {"not_converged"}
    assert rows[0]["grid_error"] > TOLERANCE
    assert "two grids differ" in rows[0]["reason"]


# --- evidence and draws ------------------------------------------------------------------------


def test_a_prior_that_data_contradict():
    """Nearly all of its mass is where these data never come from: the grid has to go there."""
    data, sigma = simulated(0.5, 9, 200, 2), 0.4
    priors = FLAT | {"beta": {"distribution": "HalfNormal", "sigma": sigma}}
    rows = quadrature(trials=200, priors=priors).fit(data, SEED)
    exact = posterior(data.choices, data.rewards, 201, sigma=sigma)
    for row in rows:
        marginal = exact[row["parameter"]]
        assert row["status"] == "ok"
        assert row["estimate"] == pytest.approx(marginal.mean, abs=2e-3 * marginal.sd)
        assert row["se"] == pytest.approx(marginal.sd, rel=2e-3)
        expected = log_evidence(data.choices, data.rewards, sigma=sigma)
        assert row["log_evidence"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    "name", [n if n != "long" else pytest.param(n, marks=pytest.mark.slow) for n in HARD]
)
def test_evidence_is_the_sum_over_a_dense_grid(name):
    data = HARD[name]
    rows = quadrature(trials=data.choices.shape[1]).fit(data, SEED)
    expected = log_evidence(data.choices, data.rewards)
    assert [row["log_evidence"] for row in rows] == pytest.approx([expected] * 2, abs=1e-3)


def responding(n_arms, alpha, beta):
    """A fitter of random responding with a Beta prior."""
    prior = {"distribution": "Beta", "alpha": alpha, "beta": beta}
    task = Task((0.5,) * n_arms)
    sizes = Setting(learner(MODELS["random_responding"], n_arms), 1, 60, LEVELS, task)
    return fitter_of(sizes, priors={"side_bias": prior})


@pytest.mark.parametrize("n_arms", [2, 4])
@pytest.mark.parametrize("prior", [(1, 1), (2, 5), (2, 20), (50, 5)])
@pytest.mark.parametrize("first", [0, 1, 17, 60])
def test_evidence_of_coin_flips_is_that_of_the_formula(n_arms, prior, first):
    """Of a bias with a Beta prior: B(a + k, b + n - k) / B(a, b), by the arms of the other side.

    With some of these priors next to nothing is expected where the data are.
    """
    choices = [0] * first + [1 + t % (n_arms - 1) for t in range(60 - first)] + [-1, -1]
    (row,) = responding(n_arms, *prior).fit(one_block(choices, np.zeros(62)), SEED)
    a, b = prior
    other = 60 - first
    expected = betaln(a + first, b + other) - betaln(a, b) - other * np.log(n_arms - 1)
    assert row["log_evidence"] == pytest.approx(expected, abs=1e-5)
    exact = stats.beta(a + first, b + other)
    assert row["estimate"] == pytest.approx(exact.mean(), abs=1e-4 * exact.std())
    assert row["se"] == pytest.approx(exact.std(), rel=1e-4)
    for end, probability in (("lower_95", 0.025), ("upper_95", 0.975)):
        assert row[end] == pytest.approx(exact.ppf(probability), abs=5e-3 * exact.std())
    assert row["choices"] == 60


def test_without_data_the_evidence_is_one():
    for row in quadrature(trials=5).fit(HARD["no response"], SEED):
        assert row["log_evidence"] == pytest.approx(0, abs=1e-6)
        assert row["choices"] == 0


def test_more_parameters_than_the_data_tell_cost_evidence():
    """One learning rate made these data: of two models that fit alike the smaller one has more."""
    data = simulated(0.4, 4, 200, 3)
    small = quadrature(trials=200).fit(data, SEED)[0]
    priors = {**dict.fromkeys(("alpha_positive", "alpha_negative"), FLAT["alpha"])}
    sizes = setting(1, 200, model=RESCORLA_WAGNER_TWO_RATES)
    large = fitter_of(sizes, priors=priors | {"beta": FLAT["beta"]}).fit(data, SEED)[0]
    assert small["log_evidence"] > large["log_evidence"]


def test_choices_are_responses():
    data = [simulated(0.3, 3, 40, number) for number in range(2)]
    choices = [each.choices[0].copy() for each in data]
    choices[1][[0, 5, 39]] = -1
    both = stacked(*(one_block(c, each.rewards[0]) for c, each in zip(choices, data, strict=True)))
    rows = quadrature(2, 40).fit(both, SEED)
    assert [row["choices"] for row in rows] == [40, 40, 37, 37]
