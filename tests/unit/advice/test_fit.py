"""Which surrogate a measure has."""

import numpy as np
from scipy import stats

from rlrecovery.advice.fit import LACK_OF_FIT, fit_surrogate
from rlrecovery.advice.surrogate import Points, fit_plane
from unit.advice.test_surrogate import ERRORS, NINE, plane


def test_the_lack_of_fit_test_rejects_a_true_plane_as_often_as_it_should():
    rng = np.random.default_rng(3)
    values = [plane(NINE) + ERRORS * rng.standard_normal(9) for _ in range(1000)]
    rejected = sum(fit_plane(NINE, v, ERRORS).p_value < LACK_OF_FIT for v in values)
    low, high = stats.binom(1000, LACK_OF_FIT).ppf([1e-4, 1 - 1e-4])
    assert low <= rejected <= high


def test_a_plane_that_does_not_fit_is_replaced():
    curved = 2 * (NINE.logs[:, 0] - 4.8) ** 2
    assert fit_surrogate(NINE, curved, ERRORS).kind == "process"
    assert fit_surrogate(NINE, plane(NINE), ERRORS).kind == "plane"


def test_designs_that_determine_nothing_have_no_surrogate():
    one = Points(np.array([60.0]), np.array([10.0]))
    assert fit_surrogate(one, np.zeros(1), np.full(1, 0.1)) is None
