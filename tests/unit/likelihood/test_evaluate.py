"""The log-likelihood as a function of arrays, by both engines."""

from __future__ import annotations

import numpy as np
import pytest

from rlrecovery.likelihood.evaluate import value_and_gradient, values_only
from unit.forms import Shape, assert_same_gradient, ordinary, without_machine_code
from unit.likelihood.stored import stored


@pytest.mark.parametrize("engine", ["compiled", "scan"])
@pytest.mark.parametrize(
    "shape", [Shape("rescorla_wagner", 2), Shape("rescorla_wagner", 2, "full")], ids=str
)
def test_both_engines_give_value_and_gradient(engine, shape):
    """The scan by Python; a test of the scan is about its machine code."""
    case = ordinary(shape)
    with without_machine_code():
        value, gradient = value_and_gradient(shape.learner, engine)(case.data, case.theta)
        alone = values_only(shape.learner, engine)(case.data, case.theta)
    np.testing.assert_allclose(value, stored(shape)[0].value, rtol=1e-10)
    assert_same_gradient(gradient, stored(shape)[0].gradient, 1e-10)
    np.testing.assert_allclose(alone, value, rtol=1e-13)
