"""Starting points: peaks of a grid, then points apart from them."""

import numpy as np
import pytest

from rlrecovery.fitting.mle.starts import EDGE, grid_points, search_box, starting_points
from rlrecovery.models.library import RESCORLA_WAGNER


def picked(table, count):
    """Starting points of one table, as indices along its axes."""
    table = np.asarray(table, dtype=float)
    chosen = starting_points(table.reshape(1, -1), table.shape, count)[0]
    return [tuple(int(i) for i in np.unravel_index(k, table.shape)) for k in chosen if k >= 0]


def test_the_highest_peaks_come_first():
    table = [[9, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 7], [8, 1, 1, 1]]
    assert picked(table, 3) == [(0, 0), (3, 0), (2, 3)]


def test_after_the_peaks_come_the_highest_points_apart_from_them():
    # The peak is at the left; the points next to it are as good as chosen.
    assert picked([9, 8, 7, 6, 5], 3) == [(0,), (2,), (4,)]
    assert picked([[9, 8, 7], [8, 7, 6], [7, 6, 5]], 4) == [(0, 0), (0, 2), (2, 0), (2, 2)]


def test_a_higher_neighbour_on_the_diagonal_makes_it_no_peak():
    table = np.zeros((5, 5))
    table[1, 1], table[2, 2], table[4, 4] = 5, 6, 1
    assert picked(table, 2) == [(2, 2), (4, 4)]


def test_no_more_points_than_there_are():
    assert picked([1, 2, 3], 5) == [(2,), (0,)]
    assert picked([[1, 2], [3, 4]], 3) == [(1, 1)]


def test_points_that_are_not_finite_are_left_out():
    assert picked([np.nan, 1, 5, -np.inf, 3, np.inf], 4) == [(2,), (4,)]
    assert picked([np.nan, np.nan], 2) == []


def test_of_equal_points_the_first_is_chosen():
    assert picked(np.ones((4, 4)), 3) == [(0, 0), (0, 2), (2, 0)]


@pytest.mark.parametrize("shape", [(7,), (6, 6), (4, 4, 4), (3, 3, 3, 3)])
def test_tables_do_not_affect_each_other(shape):
    rng = np.random.default_rng(0)
    tables = rng.normal(size=(30, int(np.prod(shape))))
    tables[3, :5] = np.nan
    together = starting_points(tables, shape, 4)
    for table, chosen in zip(tables, together, strict=True):
        np.testing.assert_array_equal(starting_points(table[None], shape, 4)[0], chosen)


def brute_force(table, count):
    """The rule, point by point."""
    places = list(np.ndindex(table.shape))

    def near(a, b):
        return max(abs(i - j) for i, j in zip(a, b, strict=True)) <= 1

    peaks = [p for p in places if all(table[p] >= table[q] for q in places if near(p, q))]
    left, chosen = places, []
    while len(chosen) < count and left:
        candidates = [p for p in left if p in peaks] or left
        best = max(candidates, key=lambda p: table[p])
        left = [p for p in left if not near(p, best)]
        chosen.append(best)
    return chosen


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(8,), (6, 6), (4, 4, 4)])
def test_points_are_those_of_the_rule(seed, shape):
    table = np.random.default_rng(seed).integers(0, 9, shape).astype(float)
    assert picked(table, 5) == brute_force(table, 5)


def test_the_box_ends_just_inside_the_support():
    box = search_box(RESCORLA_WAGNER, {"alpha": (0, 0.9), "beta": (0.5, 20)})
    alpha, beta = (RESCORLA_WAGNER.parameter(name) for name in ("alpha", "beta"))
    np.testing.assert_allclose(alpha.to_natural(box[0]), [EDGE, 0.9])
    np.testing.assert_allclose(beta.to_natural(box[1]), [0.5, 20])


def test_the_grid_fills_the_box_but_not_its_far_ends():
    points = grid_points(np.array([[-9.0, 2.0], [-1.0, 30.0]]), 3)
    assert points.shape == (9, 2)
    np.testing.assert_allclose(np.unique(points[:, 0]), [-5, -1.5, 2])
    np.testing.assert_allclose(np.unique(points[:, 1]), [-1, 2, 5])
