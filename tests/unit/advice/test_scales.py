"""Scales on which measures are close to planes."""

import numpy as np
import pytest
from scipy import special, stats

from rlrecovery.advice.region import Lattice, Margin, region, required_sizes
from rlrecovery.advice.scales import (
    back,
    for_few_replicates,
    scale_of,
    t_factor,
    transform,
    transform_scores,
)
from rlrecovery.advice.surrogate import Points, fit_plane

FORMULAS = {"log": np.log, "logit": special.logit, "atanh": np.arctanh}


@pytest.mark.parametrize("scale", FORMULAS)
def test_a_scale_is_its_formula_and_has_an_inverse(scale):
    values = np.array([0.01, 0.3, 0.95])
    assert transform(scale, values) == pytest.approx(FORMULAS[scale](values))
    assert back(scale, transform(scale, values)) == pytest.approx(values)


@pytest.mark.parametrize("scale", FORMULAS)
def test_mcses_follow_from_the_slope(scale):
    value, step = np.array([0.2, 0.7]), 1e-6
    slope = (FORMULAS[scale](value + step) - FORMULAS[scale](value - step)) / (2 * step)
    _, errors = transform_scores(scale, value, [0.01, 0.02], [50, 50])
    assert errors == pytest.approx(slope * [0.01, 0.02])


def test_shares_of_0_and_1_have_half_a_replicate_more():
    values, errors = transform_scores("logit", [0.0, 1.0], [0.0, 0.0], [24, 24])
    share = 0.5 / 25
    assert back("logit", values) == pytest.approx([share, 1 - share])
    expected = np.sqrt(share * (1 - share) / 25) / (share * (1 - share))
    assert errors == pytest.approx(expected)


@pytest.mark.parametrize(("value", "mcse"), [(0.0, 0.1), (-0.1, 0.1), (0.1, np.nan), (0.1, 0.0)])
def test_what_is_not_known_is_not_a_number(value, mcse):
    values, errors = transform_scores("log", [value, 0.1], [mcse, 0.1], [20, 20])
    assert np.isnan(values[0])
    assert np.isnan(errors[0])
    assert np.isfinite([values[1], errors[1]]).all()


def test_errors_are_on_a_log_scale_and_shares_on_the_logit_scale():
    names = ("rmse", "width", "bias", "coverage", "p_best", "spearman", "spearman_within")
    scales = ["log", "log", "log", "logit", "logit", "atanh", "atanh"]
    assert [scale_of(name) for name in names] == scales


@pytest.mark.parametrize(("scale", "end"), [("logit", 0.0), ("logit", 1.0), ("atanh", 1.0)])
def test_errors_do_not_explode_at_the_ends_of_a_range(scale, end):
    distances = np.array([-0.05, -0.001, 0.0, 0.001, 0.02, 0.05])
    values, errors = transform_scores(scale, end + distances, np.full(6, 0.03), np.full(6, 20))
    assert np.isfinite(values).all()
    assert (errors <= 1.1).all()
    inside = np.sign(0.5 - end) * distances > 0.04
    assert back(scale, values[inside]) == pytest.approx(end + distances[inside])


def test_errors_of_few_replicates_have_quantiles_of_students_t():
    n = np.array([5.0, 25.0, 2000.0])
    assert t_factor(n) == pytest.approx(stats.t.ppf(0.95, n - 1) / stats.norm.ppf(0.95))
    errors = np.array([0.1, 0.3])
    values, steady = for_few_replicates("rmse", np.zeros(2), errors, np.array([5.0, 5.0]))
    squares = (4 * errors**2 + 5 * 0.05) / 9
    assert values == pytest.approx(squares)
    assert steady == pytest.approx(np.sqrt(squares) * t_factor(5))
    values, steady = for_few_replicates("width", np.zeros(2), errors, np.full(2, 1e6))
    assert (values == 0).all()
    assert steady == pytest.approx(errors, rel=1e-4)


@pytest.mark.parametrize("n", [5, 25])
@pytest.mark.parametrize("units", [1, 20])
def test_intervals_hold_the_frontier_with_few_replicates(n, units):
    """RMSEs of ``units`` normal errors per replicate; the frontier is 100 trials."""
    rng, held, tries = np.random.default_rng(4), 0, 300
    trials, participants = (a.ravel() for a in np.meshgrid([60.0, 120, 240], [10.0, 20, 40]))
    points, row = Points(trials, participants), Lattice(np.array([25.0]), np.geomspace(20, 720, 91))
    for _ in range(tries):
        errors = 0.1 * (trials / 100) ** -0.5 * rng.standard_normal((n, units, 9))
        squares = (errors**2).mean(axis=1)
        root = np.sqrt(squares.mean(axis=0))
        mcse = squares.std(axis=0, ddof=1) / np.sqrt(n) / (2 * root)
        scores = transform_scores("log", root, mcse, np.full(9, n))
        plane = fit_plane(points, *for_few_replicates("rmse", *scores, np.full(9, n)))
        _, lower, upper = required_sizes(region([Margin(plane, np.log(0.1), -1)], row), True)
        held += bool(lower[0] <= 100 <= upper[0])
    assert 0.84 * tries <= held <= 0.97 * tries  # 85 to 95 % +/- the Monte Carlo error
