import math
from dataclasses import replace

import numpy as np
import pytest

from rlrecovery.likelihood.compiled_loop import (
    Trial,
    argument_shapes,
    loop_source,
    native_source,
    output_shapes,
    trial_inputs,
)
from rlrecovery.models.base import Learner
from rlrecovery.models.library import RESCORLA_WAGNER
from unit.forms import Shape

#: Only its number of parameters matters.
ONE_PARAMETER = replace(RESCORLA_WAGNER, parameters=RESCORLA_WAGNER.parameters[:1])
KINDS = ["value", "pointwise", "gradient", "logits"]

#: A trial with one state, for a loop with derivatives of the log-likelihood.
TRIAL = Trial(
    ["after = s0 + 1", "slope = d0 + p0", "excess = c1 * r0"],
    ["after", "slope", "excess", "2.0", "restart"],
    {},
)


class TestInputs:
    def test_they_are_named_in_the_order_of_the_step(self):
        names = trial_inputs("gradient", Learner(RESCORLA_WAGNER, 2), 1)
        assert names == ["c0", "c1", "r0", "restart", "s0", "d0", "d1", "p0", "p1"]

    def test_full_feedback_has_a_reward_per_arm(self):
        names = trial_inputs("value", Learner(RESCORLA_WAGNER, 2, full_feedback=True), 1)
        assert names == ["c0", "c1", "r0", "r1", "restart", "s0", "p0", "p1"]


class TestSource:
    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("write", [loop_source, native_source])
    @pytest.mark.parametrize(
        "shape", [Shape("rescorla_wagner", 2), Shape("kalman_filter", 4, "full")], ids=str
    )
    def test_it_is_python_with_the_statements_of_one_trial(self, shape, write, kind):
        trial = Trial(["first = c0 * p0"], ["first"] * 200, {})
        results = [name for name in trial_inputs(kind, shape.learner, 3) if name[0] in "sd"]
        more = {"value": 2, "pointwise": 2, "gradient": 2 + len(shape.learner.names)}
        n_arms, n_parameters = shape.n_arms, len(shape.learner.names)
        count = len(results) + more.get(kind, n_arms * (1 + n_parameters))
        trial = trial._replace(results=trial.results[:count])
        source = write(kind, shape.learner, trial, 3)
        compile(source, "generated", "exec")
        assert source.count("first = c0 * p0") == 1
        assert source.count("if choice ==") == shape.n_arms

    def test_missing_results_are_an_error(self):
        with pytest.raises(ValueError, match="shorter"):
            loop_source("value", Learner(ONE_PARAMETER, 2), Trial([], ["s0"], {}), 1)

    def test_the_loop_alone(self):
        """In plain Python: total of excess less the logarithm of the denominators."""
        names = {"np": np, "math": math}
        exec(loop_source("gradient", Learner(ONE_PARAMETER, 2), TRIAL, 1), names)
        value, gradient = names["gradient_loop"](
            np.array([[0, 1, -1, 1]]),
            np.array([[5.0, 6.0, 9.0, 7.0]]),
            np.array([[1.0, 0, 1, 0]]),
            np.array([[0.5]]),
        )
        assert value[0] == pytest.approx(6 + 7 - 3 * np.log(2))
        # the first trial is fresh, and the one after the missing start of a block
        assert gradient[0, 0] == 2.0

    def test_the_loop_over_addresses_is_the_same_loop(self):
        data = np.array([[0, 1, -1, 1]]), np.array([[5.0, 6.0, 9.0, 7.0]]), np.zeros((1, 4))
        theta = np.array([[0.5], [0.7]])
        learner, names = Learner(ONE_PARAMETER, 2), {"np": np, "math": math}
        exec(loop_source("gradient", learner, TRIAL, 1), names)
        expected = names["gradient_loop"](*data, theta)
        exec(native_source("gradient", learner, TRIAL, 1), names)
        # In place of an address, an array of the shape that the loop says.
        names["carray"] = lambda array, shape: array.reshape(shape)
        results = [np.zeros_like(array) for array in expected]
        assert names["gradient_loop"](1, 2, 4, *data, theta, *results) is None
        for found, array in zip(results, expected, strict=True):
            np.testing.assert_array_equal(found, array)


def test_shapes_of_arguments_and_results():
    learner = Learner(RESCORLA_WAGNER, 3, full_feedback=True)
    assert argument_shapes(learner)["rewards"] == ("data", "length", 3)
    assert argument_shapes(Learner(RESCORLA_WAGNER, 3))["rewards"] == ("data", "length")
    assert output_shapes("gradient", learner) == {"value": ("n",), "gradient": ("n", 2)}
    assert output_shapes("logits", learner)["jacobian"] == ("n", "length", 3, 2)
