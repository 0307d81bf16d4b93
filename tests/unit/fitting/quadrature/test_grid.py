"""Axes of the grid, and draws from a posterior on a grid."""

from dataclasses import replace

import numpy as np
import pytest
from quadrature import posterior
from scipy import stats

from rlrecovery.fitting.quadrature.grid import Axis, Grid
from rlrecovery.models.distributions import Distribution
from unit.fitting.quadrature.test_fitter import HARD, quadrature


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
    for axis, line in (
        (plain, real),
        (replace(plain, centre=real[0] - 0.3, scale=0.2), np.arcsinh([1.5])),
    ):
        assert axis.natural(line)[0] == pytest.approx(inside, rel=1e-12)
        slope = (axis.natural(line + 1e-6) - axis.natural(line - 1e-6)) / 2e-6
        assert axis.log_slope(line)[0] == pytest.approx(np.log(slope[0]), abs=1e-8)


@pytest.mark.parametrize("name", ["usual", "slow and noisy", "constant chooser", "no response"])
def test_draws_are_of_the_posterior(name):
    data, count = HARD[name], 4000
    grid, _, _ = quadrature(trials=data.choices.shape[1]).integrate(data)
    draws = grid.draws(count, np.random.default_rng(1))
    assert draws.shape == (count, 2)
    assert ((draws > 0) & (draws < [1, np.inf])).all()
    exact = posterior(data.choices, data.rewards, 201)
    for column, parameter in zip(draws.T, ("alpha", "beta"), strict=True):
        # Shares of the draws below quantiles of the exact posterior.
        probabilities = np.array([0.025, 0.2, 0.5, 0.8, 0.975])
        cuts = [exact[parameter].quantile(p) for p in probabilities]
        counts = np.diff([0, *(np.sum(column < cut) for cut in cuts), count])
        expected = np.diff([0, *probabilities, 1]) * count
        assert stats.chisquare(counts, expected).pvalue > 1e-3
        assert len(np.unique(column)) == count, "draws lie on the nodes"


def test_draws_keep_what_parameters_have_to_do_with_each_other():
    """Their correlation is that of the grid, on the axes, where it is not nothing."""
    data = HARD["slow and noisy"]
    grid, _, _ = quadrature(trials=30).integrate(data)
    mass = np.exp(grid.density - grid.density.max())
    mass /= mass.sum()
    ranks = [np.cumsum(mass.sum(axis=1 - i)) for i in range(2)]
    means = [mass.sum(axis=1 - i) @ ranks[i] for i in range(2)]
    away = [rank - mean for rank, mean in zip(ranks, means, strict=True)]
    spread = [np.sqrt(mass.sum(axis=1 - i) @ away[i] ** 2) for i in range(2)]
    expected = away[0] @ mass @ away[1] / np.prod(spread)
    draws = grid.draws(8000, np.random.default_rng(2))
    correlation = stats.spearmanr(draws).statistic
    assert abs(expected) > 0.1
    assert correlation == pytest.approx(expected, abs=0.05)


def test_draws_depend_on_the_generator_alone():
    grid, _, _ = quadrature().integrate(HARD["usual"])
    one, same, other = (grid.draws(50, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any(axis=1).all()


def test_six_axes_can_be_resampled_in_little_memory():
    """As locations and SDs of three parameters; a padded copy would have 7 GB."""
    axis = replace(Axis.of("x", Distribution.of("Normal", {"mu": 0.0, "sigma": 1.0})), scale=1.0)
    nodes = np.linspace(-1.5, 1.5, 7)
    mesh = np.meshgrid(*[nodes] * 6, indexing="ij")
    grid = Grid((axis,) * 6, (nodes,) * 6, -0.5 * sum(x**2 for x in mesh))
    draws = grid.resampled_draws(500, np.random.default_rng(1))
    assert draws.shape == (500, 6)
    assert np.abs(draws).max() < np.sinh(2)
