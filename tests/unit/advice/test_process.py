"""Gaussian processes where a plane does not fit."""

import numpy as np
import pytest

from rlrecovery.advice.process import fit_process
from rlrecovery.advice.region import Lattice, Margin, region, required_sizes
from rlrecovery.advice.surrogate import Points, fit_plane

TRIALS = np.array([40.0, 60.0, 90.0, 135.0, 200.0, 300.0])
GRID = np.meshgrid(TRIALS, [10.0, 20.0, 40.0])
DESIGNS = Points(GRID[0].ravel(), GRID[1].ravel())


def curve(points):
    """An error that first falls fast and then slowly."""
    t, n = points.logs.T
    return -1 - 0.7 * (t - 4.5) + 0.25 * (t - 4.5) ** 2 - 0.1 * n


def fitted(values, error):
    errors = np.full(len(values), error)
    return fit_process(DESIGNS, values, errors, fit_plane(DESIGNS, values, errors))


@pytest.fixture(scope="module")
def process():
    rng = np.random.default_rng(1)
    return fitted(curve(DESIGNS) + 0.01 * rng.standard_normal(18), 0.01)


def test_the_mean_is_kriging_with_the_fitted_covariance(process):
    """As in Rasmussen & Williams (2006), equations 2.23 and 2.24."""
    regressor, away = process.regressor, Points(np.array([75.0, 250.0]), np.array([15.0, 30.0]))
    kernel, known = regressor.kernel_, process.scaled(DESIGNS)
    noisy = kernel(known) + np.diag(regressor.alpha)
    across = kernel(process.scaled(away), known)
    weights = np.linalg.solve(noisy, across.T).T
    standardised = regressor.y_train_
    expected = process.location + process.spread * weights @ standardised
    assert process.mean(away) == pytest.approx(expected, rel=1e-6)
    covariance = kernel(process.scaled(away)) - weights @ across.T
    assert process.se(away) == pytest.approx(process.spread * np.sqrt(covariance.diagonal()))


def test_it_follows_a_curve_that_a_plane_does_not(process):
    away = Points(np.array([50.0, 75.0, 110.0, 250.0]), np.array([15.0, 15.0, 30.0, 30.0]))
    assert process.mean(away) == pytest.approx(curve(away), abs=0.03)
    plane = fit_plane(DESIGNS, curve(DESIGNS), np.full(18, 0.01))
    assert np.abs(plane.mean(away) - curve(away)).max() > 0.05


def test_its_error_grows_beyond_the_designs(process):
    inside, beyond = (Points(np.array([t]), np.array([20.0])) for t in (100.0, 450.0))
    assert process.se(beyond) > 3 * process.se(inside)


def test_one_axis_is_enough():
    row = Points(TRIALS, np.full(6, 20.0))
    errors = np.full(6, 0.01)
    process = fit_process(row, curve(row), errors, fit_plane(row, curve(row), errors))
    assert process.mean(row) == pytest.approx(curve(row), abs=0.03)


@pytest.mark.slow
def test_the_interval_of_a_curved_frontier_has_its_coverage():
    rng = np.random.default_rng(4)
    limit = float(curve(Points(np.array([110.0]), np.array([20.0])))[0])
    row = Lattice(np.array([20.0]), np.geomspace(40, 300, 61))
    held = 0
    for _ in range(200):
        process = fitted(curve(DESIGNS) + 0.03 * rng.standard_normal(18), 0.03)
        requirement = [Margin(process, limit, -1)]
        _, lower, upper = required_sizes(region(requirement, row), along_trials=True)
        held += bool(lower[0] <= 110 <= upper[0])
    assert 170 <= held <= 190
