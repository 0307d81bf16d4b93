"""The likelihood of choices under a model, as a ``pytensor.scan`` over trials.

This is the definition; `rlrecovery.likelihood.compiled` is a faster form of it. The likelihood of
the choice in trial t uses the hidden state before trial t's update. All trials count, including the
first. A trial without a response contributes nothing to the likelihood and does not update hidden
state, nor does the padding of participants with fewer trials. A new block resets hidden state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt

from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Learner
from rlrecovery.simulation.task import Floats

# Exact IEEE arithmetic in compiled code; every job that compiles imports this module. By default
# PyTensor lets the compiler reorder sums, and the order depends on whether a function was just
# compiled or read from the cache: last digits would differ between the first job on a machine and
# the next, and sampled chains would diverge.
pytensor.config.numba__fastmath = False

#: From a transform's name to its inverse on PyTensor variables.
TO_NATURAL = {"logit": pt.sigmoid, "log": pt.exp, "identity": pt.as_tensor}


@dataclass(frozen=True)
class Trace:
    """Results of the scan, as PyTensor variables.

    Attributes
    ----------
    pointwise : shape (participants, trials)
        Log-probability of each choice; 0 where there was no response.
    logits : shape (participants, trials, arms)
        Log-odds of the arms before each choice.
    states : dict of shape (participants, trials, arms)
        Hidden state before each trial, by name.
    """

    pointwise: Any
    logits: Any
    states: dict[str, Any]


def log_softmax(logits: Any) -> Any:
    """Log of the softmax over the last axis, by logsumexp with kept dimensions."""
    return logits - pt.logsumexp(logits, axis=-1, keepdims=True)


def _initial_state(
    learner: Learner, blank: Any, columns: Sequence[Any]
) -> tuple[Any, dict[str, Any]]:
    """Bound parameters, and hidden state at the start of a block in the shape of `blank`."""
    p = learner.bind(dict(zip(learner.names, columns, strict=True)))
    return p, {name: blank + value for name, value in learner.model.initial(p).items()}


def _step(learner: Learner, names: list[str]) -> Callable[..., list[Any]]:
    """One trial of a model for `pytensor.scan`.

    The parameters are arguments of the step, because PyMC replaces random variables by their values
    in the inputs of a scan, but not in variables that its step captures.
    """

    def step(chosen: Any, reward: Any, start: Any, *states_and_columns: Any) -> list[Any]:
        """State after the trial; then log-probability, logits and the state before the trial."""
        before, columns = states_and_columns[: len(names)], states_and_columns[len(names) :]
        blank = pt.zeros_like(chosen)
        p, initial = _initial_state(learner, blank, columns)
        state = {n: pt.switch(start, initial[n], s) for n, s in zip(names, before, strict=True)}
        logits = learner.choice_logits(state, p, blank)
        pointwise = (chosen * log_softmax(logits)).sum(axis=-1)
        updated = learner.model.update(state, chosen, reward, p)
        responded = chosen.sum(axis=-1, keepdims=True) > 0
        after = [pt.switch(responded, updated[n], state[n]) for n in names]
        return [*after, pointwise, logits, *state.values()]

    return step


def trace(learner: Learner, parameters: Mapping[str, Any], data: Observations) -> Trace:
    """Scan a model over trials.

    Parameters
    ----------
    learner : Learner
        The model and the task.
    parameters : mapping of PyTensor vector, shape (participants,)
        Free parameters by name, natural scale.
    data : Observations
        NumPy arrays or PyTensor variables.
    """
    columns = [parameters[name][:, None] for name in learner.names]
    choices, rewards = pt.as_tensor(data.choices), pt.as_tensor(data.rewards)
    chosen = pt.eq(choices[:, :, None], np.arange(learner.n_arms)).astype("float64")
    blank = pt.zeros((choices.shape[0], learner.n_arms), dtype="float64")
    _, initial = _initial_state(learner, blank, columns)
    names = list(initial)

    def by_trial(array: Any) -> Any:
        """Trials first, for the scan, and a last axis for the arms (of length 1 if missing)."""
        array = pt.as_tensor(array)
        return array.dimshuffle(1, 0, 2) if array.ndim == 3 else array.T[:, :, None]

    outputs = pytensor.scan(
        _step(learner, names),
        sequences=[by_trial(chosen), by_trial(rewards), by_trial(data.starts)],
        outputs_info=[*initial.values(), *[None] * (2 + len(names))],
        non_sequences=columns,
        strict=True,
        return_updates=False,
    )
    pointwise, logits, *states = outputs[len(names) :]
    return Trace(
        pointwise=pointwise.T,
        logits=logits.dimshuffle(1, 0, 2),
        states={n: s.dimshuffle(1, 0, 2) for n, s in zip(names, states, strict=True)},
    )


def scan_evaluator(learner: Learner) -> Callable[[Observations, Floats], tuple[Floats, Floats]]:
    """Compile the scan's log-likelihood and its gradient, as functions of NumPy arrays.

    See `rlrecovery.likelihood.evaluate.value_and_gradient`.
    """
    theta = pt.dmatrix("theta")
    rewards = pt.dtensor3("rewards") if learner.full_feedback else pt.dmatrix("rewards")
    symbols = Observations(pt.lmatrix("choices"), rewards, pt.dmatrix("starts"))
    columns = {name: theta[:, i] for i, name in enumerate(learner.names)}
    value = trace(learner, columns, symbols).pointwise.sum(axis=-1)
    outputs = [value, pt.grad(value.sum(), theta)]
    inputs = [symbols.choices, symbols.rewards, symbols.starts, theta]
    function = pytensor.function(inputs, outputs)

    def evaluate(data: Observations, theta: Floats) -> tuple[Floats, Floats]:
        """Evaluate the scan, which needs data for every row of theta."""
        if len(data.choices) == 1:
            data = data.rows(np.zeros(len(theta), dtype=int))
        values, gradients = function(data.choices, data.rewards, data.starts, theta)
        return values, gradients

    return evaluate
