"""Maxima within bounds, against closed forms and against SciPy; many searches at once."""

import numpy as np
import pytest
from scipy import optimize

from rlrecovery.fitting.mle.newton import FLAT, REACH, Points, evaluate_at, maximise, separated

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


def every(function):
    """Searches of one function."""
    return lambda which, points: function(points)


def top_of(function, start, box, **more):
    """The end of a single search."""
    start = np.array([start], dtype=float)
    return maximise(every(function), np.array([0]), start, np.array(box), **more)


def test_a_parabola_takes_one_step_and_its_curvature_is_exact():
    asked = []

    def counted(points):
        asked.append(len(points))
        return bowl(points)

    top = top_of(counted, TOP + np.array([0.5, -0.5]), WIDE)
    np.testing.assert_allclose(top.point[0], TOP, atol=1e-9)
    np.testing.assert_allclose(top.curvature[0], CURVATURE, rtol=1e-7)
    assert top.value[0] == pytest.approx(5)
    assert asked[:2] == [5, 5]
    assert len(asked) <= 3


@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -4.0), (-5.0, 20.0)])
def test_a_curved_ridge_is_followed_to_its_top(start):
    top = top_of(banana, start, WIDE)
    np.testing.assert_allclose(top.point[0], [1, 1], atol=1e-6)
    assert top.slope[0] < FLAT


@pytest.mark.parametrize("near", [0.0, 1e-3])
@pytest.mark.parametrize(
    "box",
    [
        [(-1.0, 0.2), (-5.0, 5.0)],  # the top is beyond an upper bound
        [(-1.0, 5.0), (-1.0, 5.0)],  # beyond a lower one
        [(-3.0, 0.0), (0.0, 3.0)],  # beyond two
        [(0.7, 5.0), (-5.0, 5.0)],  # on a bound
    ],
)
def test_bounds_hold_and_the_best_point_within_them_is_found(box, near):
    box = np.array(box)
    start = box.mean(axis=1)
    top, other = top_of(bowl, start, box, near=near), by_scipy(bowl, start, box)
    np.testing.assert_allclose(top.point[0], other.x, atol=1e-6)
    assert top.value[0] == pytest.approx(-other.fun, abs=1e-12)
    assert top.slope[0] < FLAT
    assert ((top.point[0] >= box[:, 0]) & (top.point[0] <= box[:, 1])).all()


def test_a_search_close_to_a_bound_does_not_stop_there():
    """Projected steps lead downwards there, unless they are a millionth as long."""
    ridge, slopes = np.array([[0.1437, 0.1454], [0.1454, 0.1472]]), np.array([-0.0059, -0.0058])
    start, box = np.array([-5 + 1e-6, 3.0]), np.array([[-5.0, 5.0], [-50.0, 50.0]])

    def along(points):
        apart = points - start
        return apart @ slopes - 0.5 * np.einsum("ni,ij,nj->n", apart, ridge, apart), (
            slopes - apart @ ridge
        )

    best = by_scipy(along, start, box)
    assert top_of(along, start, box).slope[0] > 1e-3
    held = top_of(along, start, box, near=1e-3)
    assert held.slope[0] < FLAT
    np.testing.assert_allclose(held.point[0], best.x, atol=1e-4)
    assert held.value[0] >= -best.fun - 1e-12


@pytest.mark.parametrize(("start", "peak"), [(2.0, 3), (4.5, 3), (-3.5, -2), (-1.4, -2)])
def test_where_the_function_curves_upwards_the_step_still_leads_uphill(start, peak):
    top = top_of(two_peaks, [start], [[-10.0, 10.0]])
    assert top.point[0, 0] == pytest.approx(peak, abs=0.05)
    assert top.curvature[0, 0, 0] > 0


def test_a_start_outside_the_box_is_moved_into_it():
    box = [[-1.0, 1.0], [-1.0, 1.0]]
    assert (np.abs(top_of(bowl, [9.0, -9.0], box).point) <= 1).all()


def test_steps_are_not_too_long():
    asked = []

    def recorded(points):
        asked.append(points[0, 0])
        return plateau(points)

    top_of(recorded, [0.0], [[-1.0, 30.0]])
    assert np.abs(np.diff(asked)).max() <= REACH + 1e-12


def test_no_step_loses_height():
    rng = np.random.default_rng(3)
    for function in (banana, bowl):
        starts = rng.uniform(-10, 10, (30, 2))
        before, _ = function(starts)
        after = maximise(every(function), np.zeros(30, dtype=int), starts, WIDE)
        assert (after.value >= before).all()


def test_a_function_that_is_not_finite_ends_the_search_at_once():
    asked = []

    def broken(points):
        asked.append(len(points))
        return np.full(len(points), np.nan), np.full(points.shape, np.nan)

    assert np.isnan(top_of(broken, [0.0, 0.0], WIDE).value[0])
    assert asked == [5]


def test_points_that_are_not_finite_are_not_accepted():
    def cliff(points):
        value, gradient = bowl(points)
        return value, np.where(points[:, :1] > 0.5, np.nan, gradient)

    top = top_of(cliff, [-1.0, -1.0], WIDE)
    assert np.isfinite(top.gradient).all()
    assert top.value[0] > bowl(np.array([[-1.0, -1.0]]))[0][0]


def test_a_gradient_that_belongs_to_another_function_ends_the_search():
    def sloped(points):
        return np.zeros(len(points)), np.ones_like(points)

    top = top_of(sloped, [0.0, 0.0], WIDE)
    assert top.slope[0] > FLAT


# --- many searches at once ------------------------------------------------------------------


def many(count, seed=0):
    """Functions of two parameters with two peaks and a ridge, all of them different."""
    rng = np.random.default_rng(seed)
    tops, heights = rng.uniform(-3, 3, (count, 2, 2)), rng.uniform(1, 5, (count, 2))
    factors = rng.normal(size=(count, 2, 2, 2))
    curvatures = factors @ factors.swapaxes(2, 3) + 0.05 * np.eye(2)

    def functions(which, points):
        apart = points[:, None] - tops[which]
        bent = sum(curvatures[which][..., j] * apart[..., j, None] for j in range(2))
        square = bent[..., 0] * apart[..., 0] + bent[..., 1] * apart[..., 1]
        parts = heights[which] / (1 + square / 2)
        slopes = -(parts**2 / heights[which])[..., None] * bent
        return parts[:, 0] + parts[:, 1], slopes[:, 0] + slopes[:, 1]

    return functions, rng.uniform(-4, 4, (count, 2))


BOX = np.array([[-2.0, 2.5], [-3.0, 2.0]])


def test_a_search_ends_at_the_same_bits_whoever_is_searched_besides():
    functions, starts = many(60)
    together = maximise(functions, np.arange(60), starts, BOX)
    reverse = maximise(functions, np.arange(60)[::-1], starts[::-1], BOX)
    for i in range(60):
        alone = maximise(functions, np.array([i]), starts[i : i + 1], BOX)
        for one, others, reversed_ in zip(
            alone.arrays, together.arrays, reverse.arrays, strict=True
        ):
            np.testing.assert_array_equal(one[0], others[i])
            np.testing.assert_array_equal(one[0], reversed_[59 - i])


def test_every_search_ends_at_a_maximum_of_its_own_function():
    functions, starts = many(60, seed=1)
    ends = maximise(functions, np.arange(60), starts, BOX)
    assert (ends.slope < 1e-6).all()
    for i, end in enumerate(ends.point):

        def own(points, i=i):
            return functions(np.full(len(points), i), points)

        other = by_scipy(own, end, BOX)
        assert ends.value[i] == pytest.approx(-other.fun, abs=1e-9)


def test_a_search_ends_at_the_peak_whose_basin_it_enters():
    top = top_of(two_peaks, [2.5], [[-10.0, 10.0]])
    assert top.peaked(np.array([[-10.0, 10.0]])).all()
    asked = []

    def counted(points):
        asked.append(len(points))
        return two_peaks(points)

    again = top_of(counted, [3.4], [[-10.0, 10.0]], peaks=top)
    shortened = len(asked)
    assert all(np.array_equal(*pair) for pair in zip(again.arrays, top.arrays, strict=True))
    top_of(counted, [3.4], [[-10.0, 10.0]])
    assert shortened < len(asked) - shortened


def test_a_search_goes_on_to_another_peak():
    low = top_of(two_peaks, [-2.5], [[-10.0, 10.0]])
    high = top_of(two_peaks, [2.5], [[-10.0, 10.0]], peaks=low)
    assert high.point[0, 0] == pytest.approx(3, abs=0.05)


def test_ends_with_peaks_are_those_without():
    functions, starts = many(200, seed=2)
    which, others = np.arange(200), starts[::-1]
    first = maximise(functions, which, starts, BOX)
    value = np.where(first.peaked(BOX), first.value, np.nan)
    peaks = Points(first.point, value, first.gradient, first.curvature, first.slope)
    short = maximise(functions, which, others, BOX, peaks)
    full = maximise(functions, which, others, BOX)
    assert (first.peaked(BOX)).sum() > 150
    np.testing.assert_allclose(short.value, full.value, atol=1e-9)
    np.testing.assert_allclose(short.point, full.point, atol=1e-4)


def test_ridges_and_plateaus_are_no_peaks():
    def ridge(points):
        return -(points[:, 0] ** 2), np.stack([-2 * points[:, 0], 0 * points[:, 0]], axis=1)

    assert not top_of(ridge, [1.0, 1.0], WIDE).peaked(WIDE)[0]
    box = np.array([[-1.0, 30.0]])
    assert not top_of(plateau, [0.0], box).peaked(box)[0]  # almost level at the bound
    steep = np.array([[-1.0, 2.0]])
    assert top_of(plateau, [0.0], steep).peaked(steep)[0]


def test_a_blocked_parameter_does_not_affect_the_curvature_of_others():
    curvature = np.array([[[2.0, 0.5, 0.3], [0.5, -7.0, 0.1], [0.3, 0.1, 1.0]]])
    apart = separated(np.array([[False, True, False]]), curvature)
    np.testing.assert_array_equal(apart[0], [[2, 0, 0.3], [0, 2, 0], [0.3, 0, 1]])
    nothing = separated(np.ones((1, 3), dtype=bool), curvature)
    np.testing.assert_array_equal(nothing, np.zeros((1, 3, 3)))


def test_points_are_evaluated_with_their_own_function():
    functions, starts = many(5)
    which = np.array([3, 0, 3])
    here = evaluate_at(functions, which, starts[:3], BOX)
    values, gradients = functions(which, starts[:3])
    np.testing.assert_array_equal(here.value, values)
    np.testing.assert_array_equal(here.gradient, gradients)
