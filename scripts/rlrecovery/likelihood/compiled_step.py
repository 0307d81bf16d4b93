"""One trial of a model as a scalar PyTensor graph, for the compiled form of the likelihood.

The graph computes hidden state, its derivatives with respect to each parameter, and the
log-probability of the choice with its derivatives.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import pytensor.tensor as pt
from pytensor.gradient import pushforward
from pytensor.graph.replace import clone_replace

from rlrecovery.likelihood.compiled_loop import WITHOUT_SLOPES, Kind
from rlrecovery.models.base import Learner, with_lapse


@dataclass(frozen=True)
class Step:
    """One trial as a graph of 0-d PyTensor variables.

    Attributes
    ----------
    chosen : list, one per arm
        1 for the chosen arm, else 0.
    rewards : list
        The reward; under full feedback one outcome per arm.
    restart : variable
        1 where hidden state is reset before this trial.
    states, slopes, parameters : list
        Hidden state per name and arm before the trial, its derivative with respect to each
        parameter (parameter by parameter), and the parameters.
    new_states, new_slopes : list
        The same after the trial.
    excess, denominator : variable
        The chosen arm's logit minus the largest logit, and the sum over arms of the exponentials
        of such differences: the log-probability is ``excess - log(denominator)``.
    gradients : list, one per parameter
        Derivatives of the log-probability.
    logits, logit_slopes : list
        Log-odds per arm before the choice, and their derivatives, parameter by parameter.
    """

    chosen: list[Any]
    rewards: list[Any]
    restart: Any
    states: list[Any]
    slopes: list[Any]
    parameters: list[Any]
    new_states: list[Any]
    new_slopes: list[Any]
    excess: Any
    denominator: Any
    gradients: list[Any]
    logits: list[Any]
    logit_slopes: list[Any]

    def inputs(self, kind: Kind) -> list[Any]:
        """Inputs of the compiled step of the given kind, in order."""
        slopes = [] if kind in WITHOUT_SLOPES else self.slopes
        data = [*self.chosen, *self.rewards, self.restart]
        return [*data, *self.states, *slopes, *self.parameters]

    def outputs(self, kind: Kind) -> list[Any]:
        """Outputs of the compiled step of the given kind, in order."""
        match kind:
            case "value" | "pointwise":
                return [*self.new_states, self.excess, self.denominator]
            case "gradient":
                likelihood = [self.excess, self.denominator, *self.gradients]
                return [*self.new_states, *self.new_slopes, *likelihood]
        return [*self.new_states, *self.new_slopes, *self.logits, *self.logit_slopes]


def _scalars(prefix: str, count: int) -> list[Any]:
    return [pt.dscalar(f"{prefix}{i}") for i in range(count)]


def _float(value: Any) -> Any:
    return pt.as_tensor(value).astype("float64")


def build_step(learner: Learner) -> Step:
    """Build one trial of a model with forward sensitivities."""
    model, n_arms = learner.model, learner.n_arms
    theta = [pt.dscalar(name) for name in model.names]
    values = dict(zip(model.names, theta, strict=True))
    bound = [learner.bind(values, arm) for arm in range(n_arms)]
    # Initial values are the same for every arm.
    fresh = [_float(value) for value in model.initial(bound[0]).values() for _ in range(n_arms)]
    chosen, restart = _scalars("chosen", n_arms), pt.dscalar("r")
    rewards = _scalars("reward", n_arms if learner.full_feedback else 1)
    state = _scalars("state", len(fresh))
    logits, after = _one_trial(learner, bound, state, chosen, rewards)
    top, weights = _softmax_weights(logits)
    denominator = sum(weights[1:], weights[0])

    old_slopes: list[Any] = []
    new_slopes: list[Any] = []
    gradients: list[Any] = []
    logit_slopes: list[Any] = []
    for j in range(len(theta)):
        direction = [pt.constant(float(i == j)) for i in range(len(theta))]
        old = _scalars(f"slope{j}_", len(fresh))
        restarted = _push(fresh, theta, direction)
        into = [pt.switch(restart, a, b) for a, b in zip(restarted, old, strict=True)]
        pushed = _push([*after, *logits], [*state, *theta], [*into, *direction])
        dlogits = pushed[len(fresh) :]
        expected = _dot(weights, dlogits) / denominator
        gradients.append(_dot(chosen, dlogits) - expected)
        logit_slopes += dlogits
        new_slopes += pushed[: len(fresh)]
        old_slopes += old

    before = _scalars("before", len(fresh))
    entering = [pt.switch(restart, a, b) for a, b in zip(fresh, before, strict=True)]
    excess = _dot(chosen, [value - top for value in logits])
    made = (after, new_slopes, [excess], [denominator], gradients, logits, logit_slopes)
    replacements = dict(zip(state, entering, strict=True))
    replaced = iter(clone_replace([*itertools.chain(*made)], replacements))
    after, new_slopes, (excess,), (denominator,), gradients, logits, logit_slopes = (
        [next(replaced) for _ in part] for part in made
    )
    return Step(
        chosen, rewards, restart, before, old_slopes, theta,
        after, new_slopes, excess, denominator, gradients, logits, logit_slopes,
    )  # fmt: skip


def _softmax_weights(logits: list[Any]) -> tuple[Any, list[Any]]:
    """Largest logit, and the exponentials of the differences from it.

    With two arms only one exponential is computed, because that of the larger logit is 1. The
    exponential is the most expensive operation of a trial.
    """
    top = functools.reduce(pt.maximum, logits)
    if len(logits) != 2:
        return top, [pt.exp(value - top) for value in logits]
    first, second = logits
    behind = second > first
    # Not the absolute value: at equal logits its derivative is 0, which is wrong for a lapse rate.
    smaller = pt.exp(pt.switch(behind, first - second, second - first))
    return top, [pt.switch(behind, smaller, 1.0), pt.switch(behind, 1.0, smaller)]


def _dot(left: list[Any], right: list[Any]) -> Any:
    terms = [a * b for a, b in zip(left, right, strict=True)]
    return sum(terms[1:], terms[0])


def _push(outputs: list[Any], inputs: list[Any], tangents: list[Any]) -> list[Any]:
    # If a variable occurs twice among the outputs (such as a free start value, once per arm), only
    # one of them would get its derivative. Adding 0 makes every output a separate variable.
    distinct = [value + 0.0 for value in outputs]
    derivatives: Any = pushforward(distinct, inputs, tangents, disconnected_outputs="ignore")
    return list(derivatives)


def _one_trial(
    learner: Learner, bound: list[Any], state: list[Any], chosen: list[Any], rewards: list[Any]
) -> tuple[list[Any], list[Any]]:
    """Logits per arm, and the states after the trial in the order of `state`."""
    model, n_arms = learner.model, learner.n_arms
    names = list(model.initial(bound[0]))
    logits, learnt = [], []
    for k, p in enumerate(bound):
        here = {name: state[i * n_arms + k] for i, name in enumerate(names)}
        logits.append(_float(model.logit(here, p)))
        learnt.append(model.update(here, chosen[k], rewards[k % len(rewards)], p))
    if model.lapse:
        _, weights = _softmax_weights(logits)
        total = sum(weights[1:], weights[0])
        logits = [with_lapse(weight / total, bound[0]) for weight in weights]
    return logits, [_float(learnt[k][name]) for name in names for k in range(n_arms)]
