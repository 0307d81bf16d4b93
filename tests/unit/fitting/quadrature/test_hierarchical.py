"""The hierarchical posterior against draws from the prior, and against long chains of NUTS.

Draws of the whole hierarchy from its prior, weighted by the likelihood, need no grid, no transform
and no tuning. They are precise where data are few; where they are many, NUTS is the reference.
"""

from dataclasses import replace

import numpy as np
import pytest
from fits import (
    PARTICIPANTS,
    POPULATION,
    QUADRATURE,
    bayes,
    bayes_settings,
    constant_chooser,
    learner,
    one_block,
    setting,
    simulated,
    stacked,
    table,
    targets_of,
)
from quadrature import log_likelihood
from scipy import stats
from scipy.special import expit, logit, logsumexp

from rlrecovery.fitting.quadrature.fitter import Quadrature
from rlrecovery.fitting.quadrature.hierarchical import RESOLUTIONS, TOLERANCE
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.likelihood.data import observations
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER_TWO_RATES
from rlrecovery.models.variants import ModelSpec

SEED = np.random.SeedSequence(0)
KEYS = ["level", "participant", "parameter"]


def hierarchical(sizes, **changes):
    """Fitter of a setting, with the default priors of its model."""
    settings = {**QUADRATURE, "pooling": "partial", "priors": {}, **changes}
    if not settings["priors"]:
        empty = QuadratureSettings.of(settings)
        settings["priors"] = {p.name: empty.default_prior(p) for p in sizes.model.parameters}
    return Quadrature.of(QuadratureSettings.of(settings), sizes)


def fitted(data, sizes=None, **changes):
    sizes = sizes or setting(*data.choices.shape, full_feedback=data.rewards.ndim == 3)
    rows = hierarchical(sizes, **changes).fit(data, SEED)
    return table(rows).set_index(KEYS).sort_index(), rows


def missing(data, *places):
    """The data without the responses at (participant, trials)."""
    choices = data.choices.copy()
    for participant, trials in places:
        choices[participant, trials] = -1
    return observations(choices, data.rewards, np.zeros(choices.shape, dtype=int))


def group(alpha, beta, participants, trials, seed=0, **more):
    numbers = range(seed, seed + participants)
    return stacked(*(simulated(alpha, beta, trials, number, **more) for number in numbers))


# --- against draws from the prior ---------------------------------------------------------------

FEW = {
    "one participant": group(0.4, 3, 1, 30),
    "two participants": group(0.4, 3, 2, 20),
    "one trial": group(0.4, 3, 2, 1),
    "constant chooser": stacked(constant_chooser(15), simulated(0.5, 4, 15, 3)),
    "random": group(0.3, 0, 2, 25, seed=4),
    "missing and ragged": missing(
        group(0.5, 4, 2, 25, seed=8), (0, [0, 3, 4]), (1, slice(12, None))
    ),
    "no response": missing(group(0.5, 4, 2, 5), (0, slice(None)), (1, slice(None))),
    "full feedback": group(0.4, 3, 2, 15, seed=2, full_feedback=True),
}


#: SciPy distributions of location and SD, and the map to the natural scale, by parameter.
DEFAULT = {
    "alpha": (stats.norm(0, 1.5), stats.halfnorm(scale=1), expit),
    "beta": (stats.norm(1, 1), stats.halfnorm(scale=1), np.exp),
}


def of_two(data, i, alpha, beta):
    """Log-likelihood of one participant at draws of the two parameters."""
    return log_likelihood(data.choices[i], data.rewards[i], alpha, beta)


class Weighted:
    """Draws from the prior of locations, SDs and participants, with the likelihood as weight."""

    def __init__(self, data, priors=DEFAULT, likelihood=of_two, draws=400_000, seed=1):
        rng = np.random.default_rng(seed)
        self.values = {}
        for name, (location, scale, natural) in priors.items():
            middle = location.rvs(draws, random_state=rng)
            sd = scale.rvs(draws, random_state=rng)
            self.values["group", -1, name] = natural(middle)
            self.values["spread", -1, name] = sd
            for i in range(len(data.choices)):
                drawn = natural(middle + sd * rng.standard_normal(draws))
                self.values["participant", i, name] = drawn
        total = sum(
            likelihood(data, i, *(self.values["participant", i, name] for name in priors))
            for i in range(len(data.choices))
        )
        self.evidence = logsumexp(total) - np.log(draws)
        self.weights = np.exp(total - total.max())
        self.weights /= self.weights.sum()
        self.size = 1 / (self.weights**2).sum()

    def assert_quantiles(self, rows, slack=2e-3):
        """Shares of the draws below the reported quantiles, within Monte Carlo error."""
        columns = {"estimate": 0.5, "lower_80": 0.1, "upper_80": 0.9, "upper_95": 0.975}
        for key, row in rows.iterrows():
            for column, expected in columns.items():
                mcse = np.sqrt(expected * (1 - expected) / self.size)
                share = self.weights[self.values[key] <= row[column]].sum()
                assert share == pytest.approx(expected, abs=5 * mcse + slack), (key, column)


@pytest.mark.parametrize("name", FEW)
def test_intervals_and_evidence_are_those_of_weighted_prior_draws(name):
    data = FEW[name]
    rows, _ = fitted(data, point="median")
    draws = Weighted(data)
    assert draws.size > 2_000
    draws.assert_quantiles(rows)
    evidence = rows.loc["group", "log_evidence"]
    assert evidence.to_numpy() == pytest.approx(draws.evidence, abs=5 / np.sqrt(draws.size) + 0.01)
    assert rows.loc["participant", "log_evidence"].isna().all()


def test_moments_are_those_of_weighted_prior_draws():
    data = FEW["two participants"]
    rows, _ = fitted(data)
    draws = Weighted(data)
    for key, row in rows.iterrows():
        if key[2] == "beta" and key[0] != "spread":
            continue  # its posterior has hardly any moments: the prior of log(beta) has wide tails
        mean = draws.weights @ draws.values[key]
        sd = np.sqrt(draws.weights @ (draws.values[key] - mean) ** 2)
        assert row["estimate"] == pytest.approx(mean, abs=5 * sd / np.sqrt(draws.size) + 0.01 * sd)
        assert row["se"] == pytest.approx(sd, rel=0.02)


def test_any_prior_of_location_and_scale():
    data = FEW["two participants"]
    priors = {
        "alpha": {
            "location": {"distribution": "Uniform", "lower": -3, "upper": 2},
            "scale": {"distribution": "Gamma", "alpha": 2, "beta": 3},
        },
        "beta": {
            "location": {"distribution": "LogNormal", "mu": 0, "sigma": 0.5},
            "scale": {"distribution": "Uniform", "lower": 0.1, "upper": 0.8},
        },
    }
    rows, _ = fitted(data, priors=priors, point="median")
    same = {
        "alpha": (stats.uniform(-3, 5), stats.gamma(2, scale=1 / 3), expit),
        "beta": (stats.lognorm(0.5), stats.uniform(0.1, 0.7), np.exp),
    }
    Weighted(data, same).assert_quantiles(rows)


# --- against the formula for normal likelihoods --------------------------------------------------


def normal_values(data, points):
    """A log-likelihood that is normal on the unconstrained scale; rewards are its means and SDs."""
    mean, sd = data.rewards[0, :2], data.rewards[0, 2:]
    real = np.stack([logit(points[:, 0]), np.log(points[:, 1])], axis=1)
    return -0.5 * (((real - mean) / sd) ** 2).sum(axis=1)


def exact_population(means, sds, location, scale, size=1201):
    """Quantiles of location and spread given normal observations of participants, on a grid."""
    spread = np.exp(np.linspace(np.log(1e-4), np.log(6), size))
    variance = spread[:, None] ** 2 + sds**2
    prior = location.std() ** 2
    precision = (1 / variance).sum(axis=1) + 1 / prior
    middle = ((means / variance).sum(axis=1) + location.mean() / prior) / precision
    density = -0.5 * (np.log(variance) + means**2 / variance).sum(axis=1)
    density += 0.5 * precision * middle**2 - 0.5 * np.log(precision)
    density += scale.logpdf(spread) + np.log(spread)
    mass = np.exp(density - density.max())
    mass /= mass.sum()
    below = mass.cumsum() - mass / 2
    kept, sd = mass > 1e-9, precision**-0.5
    ends = (middle - 6 * sd)[kept].min(), (middle + 6 * sd)[kept].max()
    x = np.linspace(*ends, 4001)
    cdf = stats.norm.cdf(x[:, None], middle[kept], sd[kept]) @ mass[kept]
    return lambda p: (np.interp(p, cdf, x), np.interp(p, below, spread))


@pytest.mark.parametrize("participants", [1, 5, 40, 300])
@pytest.mark.parametrize("width", [0.03, 0.3, 2.0])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_normal_likelihoods_have_the_posterior_of_the_formula(participants, width, spread):
    """From likelihoods far narrower than their population to far wider ones."""
    rng = np.random.default_rng(participants)
    sds = width * rng.uniform(0.7, 1.4, (participants, 2))
    truth = [0.5, 1.2] + spread * rng.standard_normal((participants, 2))
    means = truth + sds * rng.standard_normal((participants, 2))
    rewards = np.concatenate([means, sds], axis=1)
    data = observations(np.zeros((participants, 4), int), rewards, np.zeros((participants, 4), int))
    fitter = replace(hierarchical(setting(participants, 4), point="median"), values=normal_values)
    rows = table(fitter.fit(data, SEED)).set_index(KEYS)
    assert (rows["status"] == "ok").all()
    for j, (name, natural) in enumerate({"alpha": expit, "beta": np.exp}.items()):
        location = stats.norm(j, 1.5 - 0.5 * j)
        quantiles = exact_population(means[:, j], sds[:, j], location, stats.halfnorm())
        columns = {"estimate": 0.5, "lower_80": 0.1, "upper_80": 0.9, "upper_95": 0.975}
        for level, k in {"group": 0, "spread": 1}.items():
            row, to_scale = rows.loc[level, -1, name], (natural, np.asarray)[k]
            for column, probability in columns.items():
                expected = to_scale(quantiles(probability)[k])
                assert row[column] == pytest.approx(expected, abs=0.05 * row["se"]), (level, column)


def test_values_without_likelihood_are_excluded():
    """A probability that rounds to 0 far from the data has the log-likelihood minus infinity."""

    def values(data, points):
        return np.where(points[:, 1] > 200, -np.inf, normal_values(data, points))

    rewards = np.array([[0.0, 1.0, 0.5, 0.5], [0.5, 1.2, 0.5, 0.5], [1.0, 1.4, 0.5, 0.5]])
    data = observations(np.zeros((3, 4), int), rewards, np.zeros((3, 4), int))
    fitter = hierarchical(setting(3, 4))
    cut, whole = (
        table(replace(fitter, values=function).fit(data, SEED)).set_index(KEYS)
        for function in (values, normal_values)
    )
    assert (cut["status"] == "ok").all()
    assert (np.abs(cut["estimate"] - whole["estimate"]) < 0.05 * whole["se"]).all()


# --- one and three parameters -------------------------------------------------------------------


def test_a_model_of_one_parameter():
    """The rate of a coin flip per participant: sums over a dense grid, without hat functions."""
    counts, trials = np.array([3, 18, 9, 11]), 20
    data = stacked(*(one_block([1] * k + [0] * (trials - k), np.zeros(trials)) for k in counts))
    model = MODELS["random_responding"]
    rows, _ = fitted(data, setting(len(counts), trials, model=model))
    (prior,) = model.parameters
    x = np.linspace(-10, 10, 1601)
    p = expit(x)
    heads = {k: np.exp(stats.binom.logpmf(k, trials, p)) for k in (*counts, *(trials - counts))}
    first = rows.loc["participant"].iloc[0]["estimate"]
    side = counts if abs(first - 3 / 20) < abs(first - 17 / 20) else trials - counts
    location = np.linspace(-6, 6, 81)
    spread = np.exp(np.linspace(np.log(0.02), np.log(6), 81))
    density = np.zeros((81, 81))
    mean = np.zeros((81, 81))
    for j, sd in enumerate(spread):
        normal = np.exp(-0.5 * ((x - location[:, None]) / sd) ** 2) / sd * (x[1] - x[0])
        normal /= np.sqrt(2 * np.pi)
        marginals = [normal @ heads[k] for k in side]
        density[:, j] = np.log(marginals).sum(axis=0)
        mean[:, j] = normal @ (heads[side[0]] * p) / marginals[0]
    density += prior.location.log_density(location)[:, None]
    density += prior.scale.log_density(spread) + np.log(spread)
    mass = np.exp(density - density.max())
    mass /= mass.sum()
    expected = mass.sum(axis=1) @ expit(location)
    sd = np.sqrt(mass.sum(axis=1) @ (expit(location) - expected) ** 2)
    own = rows.loc["group"].iloc[0]
    assert own["estimate"] == pytest.approx(expected, abs=0.01 * sd)
    assert own["se"] == pytest.approx(sd, rel=0.01)
    assert rows.loc["spread"].iloc[0]["estimate"] == pytest.approx(
        mass.sum(axis=0) @ spread, rel=0.02
    )
    assert first == pytest.approx((mass * mean).sum(), abs=0.002)


def test_the_start_value_as_a_parameter():
    """Of two parameters, one without bounds: the posterior given fixed beta."""
    spec = {"name": "free", "model": "rescorla_wagner", "start_value": "free"}
    model = ModelSpec.of(spec | {"fixed": {"beta": 3.0}}).model()
    data = group(0.4, 3, 2, 20)
    rows, _ = fitted(data, setting(2, 20, model=model), point="median")
    priors = {
        "alpha": DEFAULT["alpha"],
        "start_value": (stats.norm(0.5, 0.5), stats.halfnorm(scale=0.5), np.asarray),
    }

    def likelihood(data, i, alpha, start):
        return log_likelihood(data.choices[i], data.rewards[i], alpha, 3.0, start_value=start)

    Weighted(data, priors, likelihood, draws=600_000).assert_quantiles(rows)


@pytest.mark.slow
def test_three_parameters_against_weighted_prior_draws():
    model, data = RESCORLA_WAGNER_TWO_RATES, group(0.4, 3, 2, 15)
    rows, _ = fitted(data, setting(2, 15, model=model), point="median")
    values = hierarchical(setting(2, 15, model=model)).values
    priors = {
        p.name: (p.location.frozen(), p.scale.frozen(), p.to_natural) for p in model.parameters
    }

    def likelihood(data, i, *parameters):
        return values(data.rows(slice(i, i + 1)), np.stack(parameters, axis=1))

    Weighted(data, priors, likelihood).assert_quantiles(rows, slack=4e-3)


# --- against NUTS -------------------------------------------------------------------------------

MANY = {
    "usual": group(0.4, 3, PARTICIPANTS, 150),
    "identical participants": group(0.5, 5, PARTICIPANTS, 300),
    "nearly random": group(0.3, 0.05, PARTICIPANTS, 100),
    "all the same choice": stacked(*[constant_chooser(60)] * PARTICIPANTS),
    "long": group(0.3, 4, PARTICIPANTS, 1000),
}


def assert_as_sampled(data, nuts):
    rows, _ = fitted(data)
    sampled = table(nuts.fit(data, SEED)).set_index(KEYS).loc[rows.index]
    z = (sampled["estimate"] - rows["estimate"]) / (sampled["se"] / np.sqrt(sampled["ess_bulk"]))
    light_tails = sampled["se"] < 3 * (sampled["upper_80"] - sampled["lower_80"])
    assert light_tails.mean() > 0.5
    assert np.abs(z[light_tails]).max() < 5
    for column in ("lower_80", "upper_80"):
        off = (sampled[column] - rows[column]).abs() / (rows["upper_80"] - rows["lower_80"])
        assert off.max() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", MANY)
def test_posteriors_are_those_of_long_chains(name):
    data = MANY[name]
    long = {"draws": 5000, "tune": 2000, "target_accept": 0.99}
    assert_as_sampled(data, bayes("partial", "potential", *data.choices.shape, **long))


@pytest.mark.slow
def test_three_hundred_identical_participants():
    """Posteriors of participants are far narrower than their likelihoods: the SD is nearly 0."""
    from rlrecovery.fitting.bayes.fitter import Bayes

    settings = bayes_settings("partial", draws=2000, target_accept=0.95)
    assert_as_sampled(group(0.5, 4, 300, 50), Bayes.of(settings, setting(300, 50)))


# --- errors, determinism, draws -----------------------------------------------------------------


def test_the_same_numbers_every_time_whatever_the_seed():
    data = FEW["two participants"]
    sizes = setting(2, 20)
    one, other = (table(hierarchical(sizes).fit(data, np.random.SeedSequence(n))) for n in (1, 2))
    assert one.equals(other)


def test_targets_and_columns():
    data = group(0.4, 3, 3, 20)
    _, rows = fitted(data)
    expected = [("participant", i, name) for i in range(3) for name in ("alpha", "beta")]
    expected += [(level, -1, n) for level in ("group", "spread") for n in ("alpha", "beta")]
    assert targets_of(rows) == hierarchical(setting(3, 20)).targets == expected
    assert {row["status"] for row in rows} == {"ok"}
    assert all(row["grid_error"] < TOLERANCE for row in rows)


def test_the_reported_error_is_that_of_a_finer_grid(monkeypatch):
    data = group(0.4, 3, 4, 60)
    _, rows = fitted(data, point="median")
    fine = RESOLUTIONS[2][1:]
    monkeypatch.setitem(RESOLUTIONS, 2, [fine[0], fine[-1]])
    _, exact = fitted(data, point="median")
    for row, other in zip(rows, exact, strict=True):
        off = abs(row["estimate"] - other["estimate"]) / other["se"]
        assert off <= 2 * row["grid_error"] + 2e-3


def test_an_error_that_cannot_be_reduced_is_flagged(monkeypatch):
    monkeypatch.setattr("rlrecovery.fitting.quadrature.hierarchical.TOLERANCE", 1e-9)
    monkeypatch.setitem(RESOLUTIONS, 2, RESOLUTIONS[2][:2])
    _, rows = fitted(FEW["two participants"])
    assert {row["status"] for row in rows} == {"not_converged"}
    assert "two grids differ" in rows[0]["reason"]


def test_draws_are_of_the_posterior():
    data, count = group(0.4, 3, 3, 30), 4000
    rows, _ = fitted(data, point="median")
    draws = hierarchical(setting(3, 30)).participant_draws(data, count, SEED)
    for name, values in draws.items():
        assert values.shape == (count, 3)
        for i in range(3):
            row = rows.loc["participant", i, name]
            for column, share in {"lower_80": 0.1, "estimate": 0.5, "upper_95": 0.975}.items():
                mcse = np.sqrt(share * (1 - share) / count)
                found = (values[:, i] <= row[column]).mean()
                assert found == pytest.approx(share, abs=4.5 * mcse)
            assert len(np.unique(values[:, i])) > 0.99 * count


def test_draws_of_participants_belong_to_one_population():
    """The mean over participants varies as a whole: independent draws would vary less."""
    data = missing(group(0.4, 3, 4, 5), *((i, slice(None)) for i in range(4)))
    draws = hierarchical(setting(4, 5)).participant_draws(data, 4000, SEED)
    correlation = np.corrcoef(np.log(draws["beta"]).T)
    # Without data it is var(location) / (var(location) + E[scale^2]) = 1 / 2.
    assert correlation[0, 1:] == pytest.approx(0.5, abs=0.1)


def test_priors_of_the_tests_are_those_of_the_model():
    sizes = setting(1, 5)
    settings = hierarchical(sizes).settings.plain()["priors"]
    assert settings == hierarchical(sizes, priors=POPULATION).settings.plain()["priors"]
    assert learner().names == tuple(POPULATION)
