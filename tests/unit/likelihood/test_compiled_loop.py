import math
from dataclasses import replace

import numpy as np
import pytest

from rlrecovery.likelihood.compiled_loop import loop_source
from rlrecovery.models.base import Learner
from rlrecovery.models.library import RESCORLA_WAGNER
from unit.forms import Shape

#: Only its number of parameters matters.
ONE_PARAMETER = replace(RESCORLA_WAGNER, parameters=RESCORLA_WAGNER.parameters[:1])


class TestSource:
    @pytest.mark.parametrize("kind", ["value", "gradient", "logits"])
    @pytest.mark.parametrize(
        "shape", [Shape("rescorla_wagner", 2), Shape("kalman_filter", 4)], ids=str
    )
    def test_it_is_python_with_one_call_per_trial(self, kind, shape):
        source = loop_source(kind, shape.learner, 2 * shape.n_arms)
        compile(source, "generated", "exec")
        assert source.count("step(") == 1
        assert source.count("if choice ==") == shape.n_arms

    def test_the_loop_alone(self):
        """With a step in plain Python: total of excess less the logarithm of the denominators."""

        def step(first, second, reward, restart, state, slope, parameter):
            return state + 1, slope + parameter, second * reward, 2.0, restart

        names = {"np": np, "math": math, "step": step}
        exec(loop_source("gradient", Learner(ONE_PARAMETER, 2), 1), names)
        value, gradient = names["gradient_loop"](
            np.array([[0, 1, -1, 1]]),
            np.array([[5.0, 6.0, 9.0, 7.0]]),
            np.array([[1.0, 0, 1, 0]]),
            np.array([[0.5]]),
        )
        assert value[0] == pytest.approx(6 + 7 - 3 * np.log(2))
        # the first trial is fresh, and the one after the missing start of a block
        assert gradient[0, 0] == 2.0
