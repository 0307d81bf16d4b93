"""Ends of intervals are where a profile falls by the given height, whatever its form."""

import numpy as np
import pytest

from rlrecovery.fitting.mle.profile import Profile
from rlrecovery.fitting.mle.profile_ends import crossings
from rlrecovery.likelihood.data import Observations

NOBODY = Observations(*[np.zeros((1, 1))] * 3)

#: Log-likelihoods of one parameter with a maximum of 0 at 0, and their derivatives.
FORMS = {
    "parabola": (lambda x: -(x**2), lambda x: -2 * x),
    "quartic": (lambda x: -(x**4), lambda x: -4 * x**3),
    "asymptote": (lambda x: -2 * x**2 / (1 + x**2), lambda x: -4 * x / (1 + x**2) ** 2),
    "step": (lambda x: -5.0 * (x > 1.2345) - x / 100, lambda x: 0 * x - 0.01),
    "wrong slope": (lambda x: -(x**2), lambda x: 0 * x + 3.0),
    "unknown beyond 2": (lambda x: np.where(x > 2, np.nan, -x), lambda x: 0 * x - 1),
}
ENDS = {
    "parabola": np.sqrt(1.5),
    "quartic": 1.5**0.25,
    "asymptote": np.sqrt(3.0),
    "step": 1.2345,
    "wrong slope": np.sqrt(1.5),
    "unknown beyond 2": 1.5,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_the_end_is_found(form, sign):
    value, slope = FORMS[form]

    def evaluate(data, points):
        return value(sign * points[:, 0]), sign * slope(sign * points)

    box = np.array([[-10.0, 10.0]])
    profile = Profile(evaluate, NOBODY, 0, box)
    which, nothing = np.array([0]), np.empty((1, 0))
    inner, outer = (profile.at(which, np.array([sign * x]), nothing) for x in (0.0, 7.0))
    end = crossings(profile, which, inner, outer, np.array([0.0]), np.array([1.5]))
    assert sign * end.x[0] == pytest.approx(ENDS[form], abs=1e-4)
