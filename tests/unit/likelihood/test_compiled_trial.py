"""Translation of one trial into source code."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytensor.tensor as pt
import pytest

from rlrecovery.likelihood.compiled_loop import trial_inputs
from rlrecovery.likelihood.compiled_step import build_step
from rlrecovery.likelihood.compiled_trial import trial_source
from rlrecovery.models.base import Learner
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER


def translated(model, kind="gradient"):
    learner = Learner(model, 2)
    step = build_step(learner)
    return trial_source(step, kind, learner), trial_inputs(kind, learner, len(step.states))


def evaluated(trial, values):
    """Results of a trial in plain Python, for values of its inputs by name."""
    names = {"math": math, "np": np, **trial.functions, **values}
    exec("\n".join(trial.lines), names)
    return [names[name] for name in trial.results]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_every_operation_of_the_library_has_a_translation(model):
    trial, _ = translated(model)
    assert trial.functions == {}


def test_one_trial_in_plain_python():
    trial, inputs = translated(RESCORLA_WAGNER, "value")
    assert inputs == ["c0", "c1", "r0", "restart", "s0", "s1", "p0", "p1"]
    first, second, excess, denominator = evaluated(
        trial, dict(zip(inputs, [0.0, 1.0, 1.0, 0.0, 0.7, 0.2, 0.3, 4.0], strict=True))
    )
    assert first == 0.7
    assert second == pytest.approx(0.2 + 0.3 * 0.8, rel=1e-15)
    assert excess == pytest.approx(4 * (0.2 - 0.7), rel=1e-15)
    assert denominator == pytest.approx(1 + math.exp(4 * (0.2 - 0.7)), rel=1e-15)


def test_results_are_assigned_before_inputs_change():
    """States that change places need their values from before the trial."""
    swapped = replace(
        RESCORLA_WAGNER,
        initial=lambda p: {"q": p.start_value, "old": 0.0},
        update=lambda state, chosen, reward, p: {"q": state["old"], "old": state["q"]},
    )
    trial, inputs = translated(swapped, "value")
    assert not set(trial.results) & set(inputs)
    values = dict(zip(inputs, [1.0, 0.0, 1.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.3, 4.0], strict=True))
    assert evaluated(trial, values)[:4] == [0.3, 0.4, 0.1, 0.2]


def test_other_operations_are_functions_that_pytensor_makes():
    """A root, and single precision, which the translation does not keep."""
    other = replace(
        RESCORLA_WAGNER,
        logit=lambda state, p: p.beta * (abs(state["q"]) + 0.1) ** 0.3,
        update=lambda state, chosen, reward, p: {
            "q": state["q"] + p.alpha * chosen * pt.cast(reward - state["q"], "float32") / 3
        },
    )
    trial, _ = translated(other, "value")
    assert trial.functions
    assert all(any(f"{name}(" in line for line in trial.lines) for name in trial.functions)


def test_constants_that_are_no_numbers_in_python():
    bounded = replace(
        RESCORLA_WAGNER,
        logit=lambda state, p: p.beta * state["q"] * (state["q"] < math.inf),
    )
    trial, inputs = translated(bounded, "value")
    assert any("np.float64('inf')" in line for line in trial.lines)
    assert all(map(math.isfinite, evaluated(trial, dict.fromkeys(inputs, 0.5))))
