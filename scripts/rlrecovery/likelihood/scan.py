"""The likelihood of choices under a model: a ``pytensor.scan`` over trials.

The choice of trial t is judged with the hidden state before trial t's update. All trials count,
the first included. A trial without a response contributes nothing and teaches nothing; padding of
participants with fewer trials is the same thing. A new block starts hidden state again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytensor
import pytensor.tensor as pt
from numpy.typing import NDArray

from rlrecovery.models.library import Model
from rlrecovery.simulate.task import Floats, Integers

# Exact IEEE arithmetic in compiled code; every job that compiles comes by this module. PyTensor's
# default lets the compiler reorder sums, and how it does depends on whether a function was just
# compiled or came from the cache: last digits would differ between the first job on a machine and
# the next, and a sampler makes other draws of that.
pytensor.config.numba__fastmath = False

#: From a transform's name to its inverse on PyTensor variables.
TO_NATURAL = {"logit": pt.sigmoid, "log": pt.exp, "identity": pt.as_tensor}


@dataclass(frozen=True)
class Observations:
    """Choices as the likelihood takes them: NumPy arrays, or PyTensor variables of the same shape.

    Attributes
    ----------
    choices : int array, shape (participants, trials)
        Chosen arm from 0; -1 where there was no response, and as padding.
    rewards : float array, shape (participants, trials)
        Rewards; 0 where there was no response. Where feedback is full, (participants, trials,
        arms): the outcome of every arm.
    starts : float array, shape (participants, trials)
        1 at the first trial of each block, else 0.
    """

    choices: Any
    rewards: Any
    starts: Any

    def rows(self, chosen: Any) -> Observations:
        """The observations of some participants."""
        return Observations(self.choices[chosen], self.rewards[chosen], self.starts[chosen])


@dataclass(frozen=True)
class Trace:
    """What the scan returns, as PyTensor variables.

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


def observations(choices: Integers, rewards: Floats, blocks: Integers) -> Observations:
    """Observations from plain arrays of shape (participants, trials).

    Parameters
    ----------
    choices : int array
        Chosen arm; any negative number is no response or padding.
    rewards : float array
        Rewards, or the outcomes of all arms along one more axis; whatever stands where there was
        no response is ignored.
    blocks : int array
        Block of each trial.
    """
    gone = choices < 0
    change = np.diff(blocks, axis=1, prepend=blocks[:, :1] - 1) != 0
    return Observations(
        choices=np.where(gone, -1, choices).astype(np.int64),
        rewards=np.where(gone.reshape(gone.shape + (1,) * (rewards.ndim - 2)), 0.0, rewards).astype(
            np.float64
        ),
        starts=change.astype(np.float64),
    )


def observations_from_table(trials: pd.DataFrame, reset: bool = True) -> Observations:
    """Observations of one data set from its rows of `rlrecovery.storage.files.TRIALS`.

    Participants may have different trials; shorter ones are padded at their end. Without `reset`
    hidden state is carried over from block to block.
    """
    order = trials.sort_values(["participant", "trial"])
    person = order["participant"].astype("category").cat.codes.to_numpy()
    position = order.groupby("participant").cumcount().to_numpy()
    shape = (person.max() + 1, position.max() + 1)

    def padded(column: str, filler: float) -> NDArray[np.float64]:
        """A column as (participants, trials)."""
        array = np.full(shape, filler)
        array[person, position] = order[column].to_numpy()
        return array

    # Padding belongs to the last block, so that it does not look like a new one.
    blocks = np.maximum.accumulate(padded("block", -1), axis=1) * reset
    outcomes = outcome_columns(trials)
    if outcomes:
        rewards = np.stack([padded(name, np.nan) for name in outcomes], axis=-1)
    else:
        rewards = padded("reward", np.nan)
    return observations(padded("choice", -1).astype(np.int64), rewards, blocks)


def outcome_columns(trials: pd.DataFrame) -> list[str]:
    """Columns of the outcomes of all arms, in their order; none where feedback is partial."""
    found = [name for name in trials.columns if re.fullmatch(r"reward_\d+", name)]
    return sorted(found, key=lambda name: int(name.removeprefix("reward_")))


def log_softmax(logits: Any) -> Any:
    """Log of the softmax over the last axis, by logsumexp with kept dimensions."""
    return logits - pt.logsumexp(logits, axis=-1, keepdims=True)


def _begin(
    model: Model,
    blank: Any,
    columns: Sequence[Any],
    start_value: float,
    n_arms: int,
    full: bool,
) -> tuple[Any, dict[str, Any]]:
    """Bound parameters, and hidden state at the start of a block in the shape of `blank`."""
    values = dict(zip(model.names, columns, strict=True))
    p = model.bind(values, start_value, n_arms, full=full)
    return p, {name: blank + value for name, value in model.initial(p).items()}


def _step(
    model: Model, names: list[str], start_value: float, n_arms: int, full: bool
) -> Callable[..., list[Any]]:
    """One trial of a model for `pytensor.scan`.

    PyMC replaces random variables by their values in everything that a scan is given, but does not
    look for those that its step merely refers to: so the parameters are handed over.
    """

    def step(chosen: Any, reward: Any, start: Any, *given: Any) -> list[Any]:
        """State after the trial; its log-probability, logits and state before it are outputs."""
        before, columns = given[: len(names)], given[len(names) :]
        blank = pt.zeros_like(chosen)
        p, fresh = _begin(model, blank, columns, start_value, n_arms, full)
        state = {n: pt.switch(start, fresh[n], s) for n, s in zip(names, before, strict=True)}
        logits = model.choice_logits(state, p, blank)
        pointwise = (chosen * log_softmax(logits)).sum(axis=-1)
        learnt = model.update(state, chosen, reward, p)
        responded = chosen.sum(axis=-1, keepdims=True) > 0
        after = [pt.switch(responded, learnt[n], state[n]) for n in names]
        return [*after, pointwise, logits, *state.values()]

    return step


def trace(
    model: Model,
    parameters: Mapping[str, Any],
    data: Observations,
    n_arms: int,
    start_value: float,
) -> Trace:
    """Scan a model over trials.

    Parameters
    ----------
    model : Model
        The definition.
    parameters : mapping of PyTensor vector, shape (participants,)
        Free parameters by name, natural scale.
    data : Observations
        NumPy arrays or PyTensor variables.
    n_arms : int
        Number of arms.
    start_value : float
        Q before the first trial of a block.
    """
    columns = [parameters[name][:, None] for name in model.names]
    choices, rewards = pt.as_tensor(data.choices), pt.as_tensor(data.rewards)
    full = rewards.ndim == 3
    chosen = pt.eq(choices[:, :, None], np.arange(n_arms)).astype("float64")
    blank = pt.zeros((choices.shape[0], n_arms), dtype="float64")
    _, fresh = _begin(model, blank, columns, start_value, n_arms, full)
    names = list(fresh)

    def by_trial(array: Any) -> Any:
        """Trials first, for the scan, and an axis for the arms, of length 1 if there is none."""
        array = pt.as_tensor(array)
        return array.dimshuffle(1, 0, 2) if array.ndim == 3 else array.T[:, :, None]

    outputs = pytensor.scan(
        _step(model, names, start_value, n_arms, full),
        sequences=[by_trial(chosen), by_trial(rewards), by_trial(data.starts)],
        outputs_info=[*fresh.values(), *[None] * (2 + len(names))],
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


def log_likelihood(
    model: Model,
    parameters: Mapping[str, Any],
    data: Observations,
    n_arms: int,
    start_value: float,
    engine: str,
) -> Any:
    """Log-likelihood of each participant as a PyTensor vector, differentiable.

    Parameters
    ----------
    model, parameters, data, n_arms, start_value
        As for `trace`.
    engine : str
        ``compiled`` for the form that `rlrecovery.likelihood.compiled` generates from the model, ``scan`` for
        the definition itself.
    """
    if engine == "scan":
        return trace(model, parameters, data, n_arms, start_value).pointwise.sum(axis=-1)
    from rlrecovery.likelihood.compiled import LogLikelihood

    full = pt.as_tensor(data.rewards).ndim == 3
    return _applied(LogLikelihood(model, n_arms, start_value, full), model, parameters, data)


def logits(
    model: Model,
    parameters: Mapping[str, Any],
    data: Observations,
    n_arms: int,
    start_value: float,
    engine: str,
) -> Any:
    """Log-odds of the arms before each choice, (participants, trials, arms), differentiable.

    Parameters
    ----------
    model, parameters, data, n_arms, start_value
        As for `trace`.
    engine : str
        As for `log_likelihood`. Where no response was given, the compiled form has zeros and the
        scan the log-odds that a choice would have had.
    """
    if engine == "scan":
        return trace(model, parameters, data, n_arms, start_value).logits
    from rlrecovery.likelihood.compiled import Logits

    full = pt.as_tensor(data.rewards).ndim == 3
    return _applied(Logits(model, n_arms, start_value, full), model, parameters, data)


def _applied(
    operation: Any, model: Model, parameters: Mapping[str, Any], data: Observations
) -> Any:
    """First output of a compiled operation; the second carries its derivatives."""
    theta = pt.stack([parameters[name] for name in model.names], axis=1)
    return operation(data.choices, data.rewards, data.starts, theta)[0]


Evaluator = Callable[[Observations, Floats], Any]


def value_and_gradient(
    model: Model, n_arms: int, start_value: float, engine: str, full: bool = False
) -> Evaluator:
    """Compiled log-likelihood and gradient on the natural scale; `full` is of the feedback.

    Returns
    -------
    callable
        ``(data, theta) -> (values, gradients)`` with theta of shape (participants, parameters),
        values (participants,) and gradients of the shape of theta. Data of one participant serve
        any number of rows of theta.
    """
    if engine == "scan":
        return _scan_evaluator(model, n_arms, start_value, full)
    from rlrecovery.likelihood.compiled import LogLikelihood, compiled

    function = compiled(LogLikelihood(model, n_arms, start_value, full))

    def evaluate(data: Observations, theta: Floats) -> tuple[Floats, Floats]:
        """Values and gradients by machine code."""
        return function(data.choices, data.rewards, data.starts, theta)

    return evaluate


def values_only(
    model: Model, n_arms: int, start_value: float, engine: str, full: bool = False
) -> Evaluator:
    """Compiled log-likelihood without its gradient, for many points; `full` is of the feedback.

    Returns
    -------
    callable
        ``(data, theta) -> values``, otherwise as `value_and_gradient`.
    """
    if engine == "scan":
        both = _scan_evaluator(model, n_arms, start_value, full)
        return lambda data, theta: both(data, theta)[0]
    from rlrecovery.likelihood.compiled import compiled_values

    function = compiled_values(model, n_arms, start_value, full)
    return lambda data, theta: function(data.choices, data.rewards, data.starts, theta)


def _scan_evaluator(model: Model, n_arms: int, start_value: float, full: bool) -> Evaluator:
    theta = pt.dmatrix("theta")
    rewards = pt.dtensor3("rewards") if full else pt.dmatrix("rewards")
    data = Observations(pt.lmatrix("choices"), rewards, pt.dmatrix("starts"))
    columns = {name: theta[:, i] for i, name in enumerate(model.names)}
    value = log_likelihood(model, columns, data, n_arms, start_value, "scan")
    outputs = [value, pt.grad(value.sum(), theta)]
    function = pytensor.function([data.choices, data.rewards, data.starts, theta], outputs)

    def evaluate(data: Observations, theta: Floats) -> tuple[Floats, Floats]:
        """Values and gradients by the scan, which wants data for every row of theta."""
        if len(data.choices) == 1:
            data = data.rows(np.zeros(len(theta), dtype=int))
        return function(data.choices, data.rewards, data.starts, theta)

    return evaluate
