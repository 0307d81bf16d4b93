"""The profile log-likelihood is the maximum over the other parameters."""

import numpy as np

from rlrecovery.fitting.mle.profile import Curve, Profile
from unit.fitting.mle.profiles import fitter, participants


def profile_of(j, trials=30):
    data = participants(trials)
    search = fitter(data).search
    return search, Profile(search.evaluate, data, j, search.box)


def test_no_value_of_the_other_parameter_is_higher():
    for j in (0, 1):
        search, profile = profile_of(j)
        x = np.linspace(*search.box[j], 5)
        which = np.repeat(np.arange(12), 5)
        starts = np.repeat(search.box[1 - j].mean(), 60)[:, None]
        curve = profile.at(which, np.tile(x, 12), starts)
        dense = np.linspace(*search.box[1 - j], 201)
        for i, own in enumerate(which[::7]):
            k = 7 * i
            others = np.repeat(curve.x[k], 201), dense[:, None]
            values, _ = profile.values(np.repeat(own, 201), *others)
            near = np.abs(dense - curve.others[k, 0]) < 0.5
            assert values[near].max() <= curve.value[k] + 1e-6


def test_the_slope_is_the_derivative_of_the_profile():
    search, profile = profile_of(0, trials=100)
    which, x, step = np.arange(12), np.zeros(12), 1e-4
    starts = np.repeat(np.log(3.0), 12)[:, None]
    here, below, above = (profile.at(which, x + s, starts) for s in (0, -step, step))
    inside = (here.others[:, 0] < search.box[1, 1] - 0.1) & (
        np.abs(above.others - below.others)[:, 0] < 0.1
    )
    assert inside.sum() >= 6
    difference = (above.value - below.value) / (2 * step)
    np.testing.assert_allclose(here.slope[inside], difference[inside], rtol=1e-3, atol=1e-3)


def test_a_search_on_a_lower_peak_is_repeated_from_its_neighbour():
    """The middle point has the value at a bad value of the other parameter."""
    _search, profile = profile_of(0, trials=100)
    which, x = np.zeros(3, dtype=int), np.array([-0.5, 0.0, 0.5])
    good = profile.at(which, x, np.repeat(np.log(3.0), 3)[:, None])
    bad = Curve(*[array.copy()[None] for array in good.arrays])
    bad.value[0, 1] -= 3.0
    bad.others[0, 1] = profile.other_box[0, 0]
    compared = profile.compared(bad, np.ones((1, 3), dtype=bool))
    np.testing.assert_allclose(compared.value[0], good.value, atol=1e-7)
