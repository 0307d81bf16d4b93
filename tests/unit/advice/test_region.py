"""Margins, crossings and intervals."""

import numpy as np
import pytest

from rlrecovery.advice.region import (
    Bounds,
    Lattice,
    Margin,
    coarse,
    crossing,
    drawn_margins,
    fine,
    margins,
    quantiles,
)
from rlrecovery.advice.surrogate import Points, fit_surrogate

GRID = np.meshgrid([60.0, 120.0, 240.0], [10.0, 20.0, 40.0])
NINE = Points(GRID[0].ravel(), GRID[1].ravel())
BOUNDS = Bounds.of([60, 120, 240], [10, 20, 40])


def log_rmse(points):
    """The log RMSE is log 0.1 for 100 trials with 20 participants."""
    t, n = points.logs.T
    return np.log(0.1) - 0.5 * (t - np.log(100)) - 0.15 * (n - np.log(20))


def frontier(n):
    """Trials for an RMSE of 0.1."""
    return 100 * (n / 20) ** -0.3


def test_bounds_are_around_the_measured_designs():
    bounds = Bounds.of([120, 60], [20, 40], blocks=4)
    assert bounds.trials == (40, 180)
    assert bounds.participants == (14, 60)
    assert bounds.along == "trials"
    assert Bounds.of([60], [20, 40]).along == "participants"
    assert Bounds.of([60], [20]).along == "trials"
    assert Bounds.of([60, 120], [20]).participants == (20, 20)
    assert Bounds.of([1, 2], [1]).trials == (1, 3)
    assert bounds.is_measured(60, 20)
    assert not bounds.is_measured(50, 20)


def test_lattices_have_the_bounds_and_the_measured_participants():
    rough = coarse(BOUNDS, [23])
    assert {7, 10, 20, 23, 40, 60} <= set(rough.participants)
    assert (rough.trials[0], rough.trials[-1]) == pytest.approx((40, 360))
    assert fine(BOUNDS).participants.tolist() == list(range(7, 61))
    assert fine(Bounds.of([60], [10, 4000])).participants.size <= 400


def test_the_first_crossing():
    sizes = np.geomspace(40, 400, 11)
    logs = np.log(sizes)
    rising = np.stack([logs - np.log(s) for s in (30, 100, 399, 500)])
    assert crossing(rising, sizes) == pytest.approx([40, 100, 399, np.inf])
    falling = np.log(100) - logs
    assert crossing(falling, sizes) == 40
    bump = np.minimum(logs - np.log(100), np.log(200) - logs)
    assert crossing(bump, sizes) == pytest.approx(100, rel=0.02)
    assert crossing(np.array([0.5]), np.array([60.0])) == 60
    assert crossing(np.array([-0.5]), np.array([60.0])) == np.inf


def test_quantiles_of_infinite_draws():
    draws = np.array([10.0] * 10 + [20.0] * 84 + [np.inf] * 6)
    assert quantiles(draws) == (10, np.inf)


def test_several_measures_are_met_where_all_are():
    fitted = fit_surrogate(NINE, log_rmse(NINE), np.full(9, 0.02))
    both = [Margin(fitted, np.log(0.1), -1), Margin(fitted, np.log(0.08), 1)]
    lattice = Lattice(np.array([20.0]), np.array([80.0, 120.0, 200.0]))
    assert (margins(both, lattice)[0] >= 0).tolist() == [False, True, False]
    drawn = drawn_margins(both, lattice, np.random.default_rng(0), 50)
    assert drawn.shape == (50, 1, 3)
    assert ((drawn[:, 0] >= 0).mean(axis=0) > 0.9).tolist() == [False, True, False]


def held(seed, participants):
    """How many of 200 intervals of a frontier hold it."""
    rng, errors = np.random.default_rng(seed), np.linspace(0.01, 0.04, 9)
    row = Lattice(np.array([participants]), np.geomspace(40, 360, 61))
    count = 0
    for _ in range(200):
        fitted = fit_surrogate(NINE, log_rmse(NINE) + errors * rng.standard_normal(9), errors)
        requirement = [Margin(fitted, np.log(0.1), -1)]
        lower, upper = quantiles(crossing(drawn_margins(requirement, row, rng), row.trials)[:, 0])
        count += bool(lower <= frontier(participants) <= upper)
    return count


@pytest.mark.parametrize("participants", [15.0, 55.0])
def test_the_90_percent_interval_holds_a_known_frontier(participants):
    assert 170 <= held(2, participants) <= 190


def test_the_frontier_of_a_plane_is_exact():
    fitted = fit_surrogate(NINE, log_rmse(NINE), np.full(9, 0.02))
    lattice = coarse(BOUNDS)
    needed = crossing(margins([Margin(fitted, np.log(0.1), -1)], lattice), lattice.trials)
    assert needed == pytest.approx(frontier(lattice.participants), rel=1e-9)
