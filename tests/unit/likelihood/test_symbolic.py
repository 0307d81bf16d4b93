"""The compiled forms as PyTensor operations."""

from __future__ import annotations

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from rlrecovery.likelihood.symbolic import Logits, LogLikelihood, log_likelihood
from rlrecovery.models.base import Learner
from rlrecovery.models.library import RESCORLA_WAGNER, RESCORLA_WAGNER_TWO_RATES
from rlrecovery.models.variants import ModelSpec
from unit.forms import Shape, assert_same_gradient, interpreted, kernel, kind, ordinary

RW = Shape("rescorla_wagner", 2)
P = RESCORLA_WAGNER.parameters
WEIGHTS = np.array([1.0, -2.0, 0.5])


def weighted():
    """A graph as PyMC makes it: parameters from unconstrained ones, participants weighted."""
    case, real = ordinary(RW).subset(kind("gaussian", "everything")), pt.dmatrix("real")
    parameters = {"alpha": pt.sigmoid(real[:, 0]), "beta": pt.exp(real[:, 1])}
    value = log_likelihood(RW.learner, parameters, case.data, "compiled")
    return case, real, value, (value * WEIGHTS).sum()


def lapsing():
    """Rescorla-Wagner learning with lapses, as a config has it."""
    return ModelSpec.of({"name": "careless", "model": "rescorla_wagner", "lapse": True}).model()


@pytest.mark.parametrize(
    "shape",
    [Shape("rescorla_wagner", 3, "full"), Shape("rescorla_wagner_counterfactual+all", 3)],
    ids=str,
)
@pytest.mark.parametrize("operation", [LogLikelihood, Logits])
def test_machine_code_of_a_graph_is_that_of_the_function(operation, shape):
    """The same source, compiled once for arrays and once for addresses."""
    case, theta = ordinary(shape), pt.dmatrix("theta")
    data = case.data.choices, case.data.rewards, case.data.starts
    made = operation(shape.learner)
    function = pytensor.function([theta], made(*data, theta))
    for found, expected in zip(
        function(case.theta), made.compiled()(*data, case.theta), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


class TestOperation:
    def test_gradient_through_a_graph(self):
        case, real, value, total = weighted()
        function = pytensor.function([real], [value, pt.grad(total, real)])
        point = np.array([p.to_real(c) for p, c in zip(P, case.theta.T, strict=True)]).T
        found, gradient = function(point)
        np.testing.assert_allclose(found, case.totals, rtol=1e-10)
        slopes = np.array([p.slope(c) for p, c in zip(P, case.theta.T, strict=True)]).T
        expected = case.numerical_gradient(range(3)) * slopes * WEIGHTS[:, None]
        assert_same_gradient(gradient, expected, 1e-7, 1e-10)

    def test_outside_numba_it_gives_the_same(self):
        case, real, value, total = weighted()
        slow = interpreted([real], [value, pt.grad(total, real)])
        found, gradient = slow(np.zeros((3, 2)))
        direct, slope = kernel(RW, case.data, np.full((3, 2), (0.5, 1.0)))
        np.testing.assert_array_equal(found, direct)
        assert_same_gradient(gradient, slope * np.outer(WEIGHTS, [0.25, 1.0]), 1e-12)

    def test_second_derivatives_are_refused(self):
        _, real, _, total = weighted()
        gradient = pt.grad(total, real)
        with pytest.raises(NotImplementedError, match="second derivatives"):
            pt.grad(gradient.sum(), real)

    def test_the_same_learner_is_the_same_operation(self):
        first = LogLikelihood(Learner(RESCORLA_WAGNER, 2, 0))
        second = LogLikelihood(Learner(RESCORLA_WAGNER, 2, 0.0))
        assert first == second
        assert hash(first) == hash(second)
        others = [
            Learner(RESCORLA_WAGNER, 3, 0.0),
            Learner(RESCORLA_WAGNER, 2, 0.5),
            Learner(RESCORLA_WAGNER, 2, 0.0, full_feedback=True),
            Learner(RESCORLA_WAGNER_TWO_RATES, 2, 0.0),
            Learner(lapsing(), 2, 0.0),
        ]
        assert all(first != LogLikelihood(other) for other in others)

    def test_the_same_variant_is_the_same_operation(self):
        first, second = (LogLikelihood(Learner(lapsing(), 2)) for _ in range(2))
        assert first == second
