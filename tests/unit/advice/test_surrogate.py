"""Planes that are fitted to measures."""

import numpy as np
import pytest
from scipy import optimize, stats

from rlrecovery.advice.surrogate import Points, fit_plane

GRID = np.meshgrid([60.0, 120.0, 240.0], [10.0, 20.0, 40.0])
NINE = Points(GRID[0].ravel(), GRID[1].ravel())
ERRORS = np.linspace(0.01, 0.05, 9)


def plane(points, coefficients=(-1.0, -0.5, -0.2, 0.05)):
    t, n = points.logs.T
    a, b, c, d = coefficients
    return a + b * t + c * n + d * t * n


def test_a_plane_is_the_weighted_least_squares_fit():
    rng = np.random.default_rng(1)
    values = plane(NINE) + ERRORS * rng.standard_normal(9)
    fitted = fit_plane(NINE, values, ERRORS)
    t, n = NINE.logs.T

    def curve(_, a, b, c, d):
        return a + b * t + c * n + d * t * n

    best, covariance = optimize.curve_fit(
        curve, t, values, p0=np.zeros(4), sigma=ERRORS, absolute_sigma=True
    )
    terms = np.stack([np.ones(9), t, n, t * n], axis=1)
    assert fitted.mean(NINE) == pytest.approx(terms @ best, abs=1e-6)
    variances = np.einsum("pi,ij,pj->p", terms, covariance, terms)
    assert fitted.se(NINE) == pytest.approx(np.sqrt(variances), rel=1e-4)
    chi2 = (((values - terms @ best) / ERRORS) ** 2).sum()
    assert fitted.p_value == pytest.approx(stats.chi2(5).sf(chi2), rel=1e-5)


def test_its_error_is_that_of_refits_to_values_with_other_errors():
    rng = np.random.default_rng(2)
    away = Points(np.array([90.0, 300.0]), np.array([15.0, 50.0]))
    refits = [
        fit_plane(NINE, plane(NINE) + ERRORS * rng.standard_normal(9), ERRORS).mean(away)
        for _ in range(2000)
    ]
    fitted = fit_plane(NINE, plane(NINE), ERRORS)
    assert fitted.mean(away) == pytest.approx(plane(away))
    assert fitted.se(away) == pytest.approx(np.std(refits, axis=0), rel=0.06)


def test_terms_that_designs_do_not_determine_are_left_out():
    row = Points(np.array([60.0, 120.0, 240.0]), np.full(3, 20.0))
    fitted = fit_plane(row, -0.5 * row.logs[:, 0], np.full(3, 0.02))
    assert fitted.kinds == ("constant", "trials")
    away = Points(np.array([90.0]), np.array([40.0]))
    assert fitted.mean(away) == pytest.approx(-0.5 * np.log(90))
    corner = Points(np.array([60.0, 120.0, 60.0]), np.array([10.0, 10.0, 20.0]))
    fitted = fit_plane(corner, np.zeros(3), np.full(3, 0.02))
    assert fitted.kinds == ("constant", "trials", "participants")
    assert np.isnan(fitted.p_value)
    one = Points(np.array([60.0]), np.array([10.0]))
    assert fit_plane(one, np.zeros(1), np.full(1, 0.1)) is None
    nothing = Points(np.zeros(0), np.zeros(0))
    assert fit_plane(nothing, np.zeros(0), np.zeros(0)) is None
