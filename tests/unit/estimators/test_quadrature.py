"""The exact posterior against sums over much denser grids that share no code with it."""

import dataclasses
import itertools

import numpy as np
import pytest
from fits import (
    FLAT,
    LEVELS,
    PEOPLE,
    QUADRATURE,
    alternating_chooser,
    assert_same,
    constant_chooser,
    one_block,
    setting,
    simulated,
    stacked,
    table,
    targets_of,
)
from quadrature import log_likelihood, posterior
from scipy import stats

from rlrecovery.distributions import Distribution
from rlrecovery.estimators.base import Setting
from rlrecovery.estimators.quadrature import TOLERANCE, Axis, Quadrature
from rlrecovery.models import RESCORLA_WAGNER_TWO_RATES

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
    return Quadrature.of(QUADRATURE | changes, setting(participants, trials))


def numbers(rows):
    """Estimate, SD and interval ends per parameter."""
    columns = ["estimate", "se", "lower_80", "upper_80", "lower_95", "upper_95"]
    return table(rows).set_index("parameter")[columns]


@pytest.mark.parametrize("name", HARD)
def test_moments_and_intervals_are_those_of_a_dense_grid(name):
    data = HARD[name]
    rows = quadrature(trials=data.choices.shape[1]).fit(data, SEED)
    found, exact = numbers(rows), posterior(data.choices, data.rewards, 201)
    assert {row["status"] for row in rows} == {"ok"}
    for parameter, marginal in exact.items():
        ends = [end for level in LEVELS for end in marginal.interval(level)]
        expected = np.array([marginal.mean, marginal.sd, *ends])
        off = np.abs(found.loc[parameter].to_numpy() - expected) / marginal.sd
        assert off.max() < 4e-3


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
    known = Setting(model, 2, 0.5, 1, 60, LEVELS)
    method = {"engine": "compiled", "priors": priors, "point": "mean"}
    fitter = Quadrature.of(method, known)
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


def test_without_data_it_is_the_prior():
    rows = quadrature(trials=5).fit(HARD["no response"], SEED)
    for row, prior in zip(rows, (stats.beta(1, 1), stats.halfnorm(scale=10)), strict=True):
        assert row["estimate"] == pytest.approx(prior.mean(), rel=1e-4)
        assert row["se"] == pytest.approx(prior.std(), rel=1e-4)
        assert row["lower_80"] == pytest.approx(prior.ppf(0.1), rel=1e-3)
        assert row["upper_95"] == pytest.approx(prior.ppf(0.975), rel=1e-3)


@pytest.mark.parametrize(
    ("name", "arguments", "inside"),
    [
        ("Beta", {"alpha": 2, "beta": 3}, 0.3),
        ("Uniform", {"lower": -1, "upper": 4}, 2.0),
        ("HalfNormal", {"sigma": 10}, 3.0),
        ("Gamma", {"alpha": 0.5, "beta": 2}, 0.1),
        ("LogNormal", {"mu": 1, "sigma": 0.5}, 2.0),
        ("Exponential", {"lam": 0.2}, 4.0),
        ("Normal", {"mu": -3, "sigma": 2}, -1.0),
    ],
)
def test_an_axis_goes_to_the_real_line_and_back(name, arguments, inside):
    plain = Axis.of("x", Distribution.of(name, arguments))
    real = plain.to_real(np.array([inside]))
    lower, upper = plain.ends()
    assert np.isfinite([lower, upper]).all()
    assert lower < real[0] < upper
    for axis, line in ((plain, real), (plain.around(real[0] - 0.3, 0.2), np.arcsinh([1.5]))):
        assert axis.natural(line)[0] == pytest.approx(inside, rel=1e-12)
        slope = (axis.natural(line + 1e-6) - axis.natural(line - 1e-6)) / 2e-6
        assert axis.log_slope(line)[0] == pytest.approx(np.log(slope[0]), abs=1e-8)


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
    data = [simulated(0.3, 3, 40, number) for number in range(PEOPLE)]
    together = quadrature(PEOPLE, 40).fit(stacked(*data), SEED)
    alone = quadrature(1, 40).fit(data[2], np.random.SeedSequence(99))
    np.testing.assert_array_equal(numbers(together[4:6]), numbers(alone))
    assert targets_of(together) == quadrature(PEOPLE, 40).targets


def test_a_participant_whose_likelihood_raises_becomes_failed_rows():
    fitter = quadrature(2, 40)
    data = stacked(simulated(0.3, 3, 40, 0), simulated(0.6, 5, 40, 1))

    def values(mine, points):
        if np.array_equal(mine.choices[0], data.choices[1]):
            raise ZeroDivisionError("broken on purpose")
        return fitter.values(mine, points)

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
