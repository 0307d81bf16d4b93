"""Maxima within bounds, against closed forms and against SciPy."""

import numpy as np
import pytest
from scipy import optimize

from rlrecovery.fit.mle.newton import FLAT, REACH, evaluate_at, maximise

WIDE = np.array([[-50.0, 50.0], [-50.0, 50.0]])
CURVATURE = np.array([[3.0, 1.2], [1.2, 0.8]])
TOP = np.array([0.7, -1.9])


def bowl(points):
    """A concave parabola with its top at `TOP`."""
    apart = points - TOP
    return 5 - 0.5 * np.einsum("ni,ij,nj->n", apart, CURVATURE, apart), -apart @ CURVATURE


def banana(points):
    """Minus Rosenbrock's function: a curved ridge with its top at (1, 1)."""
    x, y = points.T
    value = -((1 - x) ** 2) - 100 * (y - x**2) ** 2
    slopes = [2 * (1 - x) + 400 * x * (y - x**2), -200 * (y - x**2)]
    return value, np.stack(slopes, axis=1)


def two_peaks(points):
    """A high peak at 3 and a low one at -2, with a valley between them."""
    x = points[:, 0]
    high, low = 2 * np.exp(-((x - 3) ** 2) / 2), np.exp(-((x + 2) ** 2) / 2)
    return high + low, (-(x - 3) * high - (x + 2) * low)[:, None]


def plateau(points):
    """Rises for ever, but ever less."""
    x = points[:, 0]
    return -np.exp(-x), np.exp(-x)[:, None]


def by_scipy(function, start, box):
    def cost(point):
        value, gradient = function(point[None])
        return -value[0], -gradient[0]

    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1000}
    return optimize.minimize(cost, start, method="L-BFGS-B", jac=True, bounds=box, options=options)


def test_a_parabola_takes_one_step_and_its_curvature_is_exact():
    asked = []

    def counted(points):
        asked.append(len(points))
        return bowl(points)

    top = maximise(counted, TOP + np.array([0.5, -0.5]), WIDE)
    np.testing.assert_allclose(top.point, TOP, atol=1e-9)
    np.testing.assert_allclose(top.curvature, CURVATURE, rtol=1e-7)
    assert top.value == pytest.approx(5)
    assert asked[:2] == [5, 5]
    assert len(asked) <= 3


@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -4.0), (-5.0, 20.0)])
def test_a_curved_ridge_is_followed_to_its_top(start):
    top = maximise(banana, np.array(start), WIDE)
    np.testing.assert_allclose(top.point, [1, 1], atol=1e-6)
    assert top.slope(WIDE) < FLAT


@pytest.mark.parametrize(
    "box",
    [
        [(-1.0, 0.2), (-5.0, 5.0)],  # the top is beyond an upper bound
        [(-1.0, 5.0), (-1.0, 5.0)],  # beyond a lower one
        [(-3.0, 0.0), (0.0, 3.0)],  # beyond two
        [(0.7, 5.0), (-5.0, 5.0)],  # on a bound
    ],
)
def test_bounds_hold_and_the_best_point_within_them_is_found(box):
    box = np.array(box)
    start = box.mean(axis=1)
    top, other = maximise(bowl, start, box), by_scipy(bowl, start, box)
    np.testing.assert_allclose(top.point, other.x, atol=1e-6)
    assert top.value == pytest.approx(-other.fun, abs=1e-12)
    assert top.slope(box) < FLAT
    assert ((top.point >= box[:, 0]) & (top.point <= box[:, 1])).all()


@pytest.mark.parametrize(("start", "peak"), [(2.0, 3), (4.5, 3), (-3.5, -2), (-1.4, -2)])
def test_where_the_function_curves_upwards_the_step_still_leads_uphill(start, peak):
    top = maximise(two_peaks, np.array([start]), np.array([[-10.0, 10.0]]))
    assert top.point[0] == pytest.approx(peak, abs=0.05)
    assert top.curvature[0, 0] > 0


def test_a_start_outside_the_box_is_moved_into_it():
    box = np.array([[-1.0, 1.0], [-1.0, 1.0]])
    assert (np.abs(maximise(bowl, np.array([9.0, -9.0]), box).point) <= 1).all()


def test_steps_are_not_too_long():
    asked = []

    def recorded(points):
        asked.append(points[0, 0])
        return plateau(points)

    maximise(recorded, np.array([0.0]), np.array([[-1.0, 30.0]]))
    assert np.abs(np.diff(asked)).max() <= REACH + 1e-12


def test_no_step_loses_height():
    rng = np.random.default_rng(3)
    for function in (banana, bowl):
        for _ in range(30):
            start = rng.uniform(-10, 10, 2)
            before = evaluate_at(function, start)
            assert maximise(function, start, WIDE).value >= before.value


def test_a_function_that_is_not_finite_ends_the_search_at_once():
    asked = []

    def broken(points):
        asked.append(len(points))
        return np.full(len(points), np.nan), np.full(points.shape, np.nan)

    assert np.isnan(maximise(broken, np.zeros(2), WIDE).value)
    assert asked == [5]


def test_a_gradient_that_belongs_to_another_function_ends_the_search():
    def sloped(points):
        return np.zeros(len(points)), np.ones_like(points)

    top = maximise(sloped, np.zeros(2), WIDE)
    assert top.slope(WIDE) > FLAT
