"""Points of a profile: the grid, bounds beyond it, and what need not be searched."""

import numpy as np
import pytest

from rlrecovery.fitting.mle import profile_points
from rlrecovery.fitting.mle.profile import Profile
from rlrecovery.fitting.mle.profile_points import Grid
from unit.fitting.mle.profiles import NARROW, WHOLE, fitter, participants


def curves(j, bounds, fall=2.0, trials=100):
    """The profile of each participant at its points, and the search."""
    data = participants(trials)
    search = fitter(data, bounds=bounds).search
    table = search._table(data)
    peaks = search._peaks(data, table)
    grid = Grid(search.points, search.size)
    profile = Profile(search.evaluate, data, j, search.box)
    return search, peaks, *grid.curve(profile, peaks, table, fall)


@pytest.mark.parametrize(("bounds", "more"), [(NARROW, 0), (WHOLE, 2)])
def test_the_points_are_the_grid_the_bounds_and_the_maxima(bounds, more):
    search, peaks, curve, place = curves(0, bounds)
    assert curve.x.shape[1] == search.size + search.starts + more
    assert (np.diff(curve.x, axis=1) >= 0).all()
    np.testing.assert_array_equal(curve.x[:, 0], search.box[0, 0])
    np.testing.assert_array_equal(curve.x[:, -1], search.box[0, 1])
    np.testing.assert_array_equal(curve.x[np.arange(12), place], peaks.point[:, 0, 0])


@pytest.mark.parametrize("j", [0, 1])
@pytest.mark.parametrize("bounds", [NARROW, WHOLE], ids=["narrow", "whole"])
def test_points_without_a_search_are_below_the_threshold(j, bounds, monkeypatch):
    """With an infinite margin everything is searched."""
    _, peaks, curve, _ = curves(j, bounds)
    monkeypatch.setattr(profile_points, "MARGIN", np.inf)
    _, _, exact, _ = curves(j, bounds)
    threshold = peaks.value[:, :1] - 2.0
    skipped = curve.value < exact.value - 1e-4
    assert skipped.any()
    assert (exact.value < threshold)[skipped].all()


def test_a_grid_of_two_points_per_parameter_is_searched_everywhere():
    data = participants(30)
    few, many = (list(fitter(data, grid=n, starts=3).search.maxima(data)) for n in (2, 10))
    same = [
        np.allclose(one.intervals[j].ends, other.intervals[j].ends, atol=1e-3)
        for one, other in zip(few, many, strict=True)
        for j in (0, 1)
    ]
    assert np.mean(same) > 0.8  # the others have a valley that only the finer grid sees
