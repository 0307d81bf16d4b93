"""Compiled forms of the likelihood, generated from a model's definition.

One trial of a model is built symbolically on scalars: hidden state, its derivatives with respect
to each parameter (forward sensitivities), and the log-probability of the choice with its
derivatives. PyTensor simplifies that step and lowers it to Numba, and a loop over participants and
trials calls it without allocating memory. There are four kinds: the log-likelihood alone
(`compiled_values`, for grids) and trial by trial (`compiled_pointwise`, for leave-one-out
cross-validation), the log-likelihood with its gradient (`LogLikelihood`), and the log-odds of the
arms before each choice with theirs (`Logits`, for predictive draws). The last two are PyTensor
operations, used by PyMC, nutpie and maximum likelihood alike. `rlrecovery.likelihood.scan` is the
definition; tests compare values and gradients of all forms.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytensor
import pytensor.scalar as ps
import pytensor.tensor as pt
from pytensor.compile.mode import get_mode
from pytensor.gradient import DisconnectedType, pushforward
from pytensor.graph.basic import Apply, Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import Op
from pytensor.graph.replace import clone_replace
from pytensor.link.numba.cache import compile_numba_function_src
from pytensor.link.numba.dispatch.basic import (
    numba_funcify_ensure_cache,
    numba_njit,
    register_funcify_and_cache_key,
)
from pytensor.tensor.basic import ScalarFromTensor, TensorFromScalar
from pytensor.tensor.elemwise import DimShuffle, Elemwise

from rlrecovery.models.base import Learner, with_lapse

#: Softmax denominators are multiplied until their product exceeds this, and then one logarithm is
#: taken: a logarithm per trial would double the cost. Each factor is between 1 and the number of
#: arms, so that the product cannot overflow.
_LOG_AT = 1e200

#: Kinds of loops without derivatives.
WITHOUT_SLOPES = ("value", "pointwise")


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
        of such differences: the log-probability is the first minus the logarithm of the second.
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

    def inputs(self, kind: str) -> list[Any]:
        """What the compiled step of a kind takes, in that order."""
        slopes = [] if kind in WITHOUT_SLOPES else self.slopes
        data = [*self.chosen, *self.rewards, self.restart]
        return [*data, *self.states, *slopes, *self.parameters]

    def outputs(self, kind: str) -> list[Any]:
        """What the compiled step of a kind returns, in that order."""
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
    """One trial of a model, with forward sensitivities."""
    model, n_arms = learner.model, learner.n_arms
    theta = [pt.dscalar(name) for name in model.names]
    values = dict(zip(model.names, theta, strict=True))
    bound = [learner.bind(values, arm) for arm in range(n_arms)]
    # Initial values are the same for every arm, so one stands for all of a name.
    fresh = [_float(value) for value in model.initial(bound[0]).values() for _ in range(n_arms)]
    chosen, restart = _scalars("chosen", n_arms), pt.dscalar("r")
    rewards = _scalars("reward", n_arms if learner.full_feedback else 1)
    state = _scalars("state", len(fresh))
    logits, after = _one_trial(learner, bound, state, chosen, rewards)
    top, weights = _softmax_weights(logits)
    denominator = sum(weights[1:], weights[0])

    old_slopes, new_slopes, gradients, logit_slopes = [], [], [], []
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
    restarted = dict(zip(state, entering, strict=True))
    replaced = iter(clone_replace([*itertools.chain(*made)], restarted))
    after, new_slopes, (excess,), (denominator,), gradients, logits, logit_slopes = (
        [next(replaced) for _ in part] for part in made
    )
    return Step(
        chosen, rewards, restart, before, old_slopes, theta,
        after, new_slopes, excess, denominator, gradients, logits, logit_slopes,
    )  # fmt: skip


def _softmax_weights(logits: list[Any]) -> tuple[Any, list[Any]]:
    """Largest logit, and the exponentials of the differences from it.

    With two arms a single exponential is needed, because the larger arm's is 1. The exponential is
    the most expensive operation of a trial.
    """
    top = functools.reduce(pt.maximum, logits)
    if len(logits) != 2:
        return top, [pt.exp(value - top) for value in logits]
    first, second = logits
    smaller, behind = pt.exp(-pt.abs(second - first)), second > first
    return top, [pt.switch(behind, smaller, 1.0), pt.switch(behind, 1.0, smaller)]


def _dot(left: list[Any], right: list[Any]) -> Any:
    terms = [a * b for a, b in zip(left, right, strict=True)]
    return sum(terms[1:], terms[0])


def _push(outputs: list[Any], inputs: list[Any], tangents: list[Any]) -> list[Any]:
    # A variable that occurs twice among the outputs (such as a free start value, once per arm)
    # would get its derivative in one place only, so every output becomes a variable of its own.
    distinct = [value + 0.0 for value in outputs]
    return pushforward(distinct, inputs, tangents, disconnected_outputs="ignore")


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


def scalar_step(step: Step, kind: str) -> ps.Composite:
    """The step as one scalar operation, simplified by PyTensor's rewrites."""
    graph = FunctionGraph(step.inputs(kind), step.outputs(kind), clone=True)
    get_mode("NUMBA").excluding("fusion", "inplace").optimizer.rewrite(graph)
    scalar: dict[Any, Any] = {variable: ps.float64() for variable in graph.inputs}
    inputs = list(scalar.values())

    def lookup(variable: Any) -> Any:
        """The scalar that corresponds to a 0-d tensor."""
        if isinstance(variable, Constant):
            return ps.constant(variable.data.item(), dtype=variable.dtype)
        return scalar[variable]

    for node in graph.toposort():
        results = _scalar_operation(node.op)(*[lookup(variable) for variable in node.inputs])
        results = results if isinstance(results, list) else [results]
        scalar |= zip(node.outputs, results, strict=True)
    # An output that is itself an input or a constant still has to be the result of an operation.
    outputs = [ps.identity(lookup(variable)) for variable in graph.outputs]
    return ps.Composite(inputs, outputs)


def _scalar_operation(op: Op) -> Any:
    """The scalar operation that corresponds to an operation on 0-d tensors."""
    if isinstance(op, Elemwise):
        return op.scalar_op
    if isinstance(op, ps.ScalarOp):
        return op
    if isinstance(op, ScalarFromTensor | TensorFromScalar | DimShuffle):
        return ps.identity
    raise TypeError(
        f"the functions of a model may use only elementwise arithmetic, but contain {op}"
    )


def loop_source(kind: str, learner: Learner, n_states: int) -> str:
    """Python source of the loop over participants and trials that calls the compiled step.

    The source is written out, so that every quantity of a trial is a local scalar and nothing is
    allocated. Data of one participant are combined with every row of parameters.
    """
    n_arms, n_parameters = learner.n_arms, len(learner.names)
    states = [f"s{i}" for i in range(n_states)]
    slopes = [] if kind in WITHOUT_SLOPES else [f"d{i}" for i in range(n_states * n_parameters)]
    parameters = [f"p{j}" for j in range(n_parameters)]
    chosen = [f"c{k}" for k in range(n_arms)]
    results, allocate, begin, trial, end, returned = _PARTS[kind](n_arms, n_parameters)
    every_arm = [f"rewards[k, t, {a}]" for a in range(n_arms)]
    outcomes = every_arm if learner.full_feedback else ["rewards[k, t]"]
    data = [*chosen, *outcomes, "restart"]
    arguments = ", ".join([*data, *states, *slopes, *parameters])
    lines = [
        f"def {kind}_loop(choices, rewards, starts, theta):",
        "    n, length = len(theta), choices.shape[1]",
        "    if len(choices) != n and len(choices) != 1:",
        "        raise ValueError('as many rows of parameters as participants are needed')",
        *[f"    {line}" for line in allocate],
        "    for i in range(n):",
        "        k = i if len(choices) == n else 0",
        *[f"        {p} = theta[i, {j}]" for j, p in enumerate(parameters)],
        *[f"        {name} = 0.0" for name in [*states, *slopes]],
        *[f"        {line}" for line in begin],
        "        restart = 1.0",
        "        for t in range(length):",
        "            if starts[k, t] != 0.0:",
        "                restart = 1.0",
        "            choice = choices[k, t]",
        f"            if choice < 0 or choice >= {n_arms}:",
        "                continue",
        # Numba takes a call with more than 30 arguments only if none of them is a conditional.
        *[f"            {c} = 1.0 if choice == {k} else 0.0" for k, c in enumerate(chosen)],
        f"            {', '.join([*states, *slopes, *results])} = step({arguments})",
        "            restart = 0.0",
        *[f"            {line}" for line in trial],
        *[f"        {line}" for line in end],
        f"    return {returned}",
    ]
    return "\n".join(lines) + "\n"


#: Results of the step; source lines before the loop, per participant, per trial and after the last
#: trial; the returned expression.
_Parts = tuple[list[str], list[str], list[str], list[str], list[str], str]


def _value_parts(n_arms: int, n_parameters: int) -> _Parts:
    trial = [
        "total += excess",
        "product *= denominator",
        f"if product > {_LOG_AT!r}:",
        "    total -= math.log(product)",
        "    product = 1.0",
    ]
    end = ["value[i] = total - math.log(product)"]
    results = ["excess", "denominator"]
    return results, ["value = np.empty(n)"], ["total, product = 0.0, 1.0"], trial, end, "value"


def _pointwise_parts(n_arms: int, n_parameters: int) -> _Parts:
    allocate, trial = (
        ["value = np.zeros((n, length))"],
        ["value[i, t] = excess - math.log(denominator)"],
    )
    return ["excess", "denominator"], allocate, [], trial, [], "value"


def _gradient_parts(n_arms: int, n_parameters: int) -> _Parts:
    results, allocate, begin, trial, end, _ = _value_parts(n_arms, n_parameters)
    gradients = [f"g{j}" for j in range(n_parameters)]
    return (
        [*results, *[f"d_{g}" for g in gradients]],
        [*allocate, f"gradient = np.empty((n, {n_parameters}))"],
        [*begin, *[f"{g} = 0.0" for g in gradients]],
        [*trial, *[f"{g} += d_{g}" for g in gradients]],
        [*end, *[f"gradient[i, {j}] = {g}" for j, g in enumerate(gradients)]],
        "value, gradient",
    )


def _logits_parts(n_arms: int, n_parameters: int) -> _Parts:
    logits = {f"l{a}": f"logits[i, t, {a}]" for a in range(n_arms)}
    slopes = {
        f"m{j}_{a}": f"jacobian[i, t, {a}, {j}]" for j in range(n_parameters) for a in range(n_arms)
    }
    allocate = [
        f"logits = np.zeros((n, length, {n_arms}))",
        f"jacobian = np.zeros((n, length, {n_arms}, {n_parameters}))",
    ]
    places = logits | slopes
    trial = [f"{place} = {name}" for name, place in places.items()]
    return list(places), allocate, [], trial, [], "logits, jacobian"


_PARTS = {
    "value": _value_parts,
    "pointwise": _pointwise_parts,
    "gradient": _gradient_parts,
    "logits": _logits_parts,
}


class _Generated(Op):
    """A PyTensor operation whose code is generated from a model.

    Inputs are choices (participants, trials; int), rewards and block starts (same shape; float)
    and natural-scale parameters (participants, parameters). Under full feedback rewards have the
    arms as one more axis. Data of one participant can be combined with any number of rows of
    parameters. `rlrecovery.likelihood.data` describes the data.

    Parameters
    ----------
    learner : Learner
        The model and the task.
    """

    __props__ = ("learner",)
    kind: str

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    def output_types(self) -> list[Any]:
        """New variables for the outputs."""
        raise NotImplementedError

    def make_node(self, choices: Any, rewards: Any, starts: Any, theta: Any) -> Apply:
        """Node on the given inputs."""
        choices = pt.as_tensor(choices)
        inputs = [
            choices if choices.dtype in ("int32", "int64") else choices.astype("int64"),
            pt.as_tensor(rewards).astype("float64"),
            pt.as_tensor(starts).astype("float64"),
            pt.as_tensor(theta).astype("float64"),
        ]
        return Apply(self, inputs, self.output_types())

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Evaluate with the same compiled code where Numba's linker is not in use."""
        inputs = [np.ascontiguousarray(array) for array in inputs]
        outputs[0][0], outputs[1][0] = compiled(self)(*inputs)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """The outputs depend differentiably on the parameters alone."""
        return [[False, False], [False, False], [False, False], [True, True]]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradient: stored derivatives times the cotangent of the first output."""
        if not isinstance(cotangents[1].type, DisconnectedType):
            raise NotImplementedError("this operation has no second derivatives")
        disconnected = [DisconnectedType()() for _ in range(3)]
        between = tuple(range(1, cotangents[0].ndim))
        slopes = cotangents[0][..., None] * outputs[1]
        return [*disconnected, slopes.sum(axis=between) if between else slopes]


class LogLikelihood(_Generated):
    """Log-likelihood (participants,) and its gradient (participants, parameters)."""

    kind = "gradient"

    def output_types(self) -> list[Any]:
        """New variables for the outputs."""
        return [pt.dvector(), pt.dmatrix()]

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """Shapes of the outputs."""
        return [(shapes[3][0],), shapes[3]]


class Logits(_Generated):
    """Log-odds of the arms before each choice (participants, trials, arms) and their derivatives.

    The second output has the parameters as one more axis. Trials without a response have zeros.
    """

    kind = "logits"

    def output_types(self) -> list[Any]:
        """New variables for the outputs."""
        return [pt.dtensor3(), pt.dtensor4()]

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """Shapes of the outputs."""
        logits = (shapes[3][0], shapes[0][1], self.learner.n_arms)
        return [logits, (*logits, shapes[3][1])]


def _names(**more: Any) -> dict[str, Any]:
    """Global names of generated source; Numba's cache needs the module's name."""
    return {"np": np, "math": math, "__name__": __name__, **more}


def _generate(kind: str, learner: Learner) -> tuple[Any, str]:
    """Compiled loop over a model's step, and a key that identifies its code."""
    step = build_step(learner)
    composite = scalar_step(step, kind)
    node = composite.make_node(*[ps.float64() for _ in composite.inputs_type])
    function, step_key = numba_funcify_ensure_cache(composite, node=node)
    source = loop_source(kind, learner, len(step.states))
    loop = compile_numba_function_src(source, f"{kind}_loop", _names(step=function))
    key = hashlib.sha256(f"{__name__}{source}{step_key}".encode()).hexdigest()
    return numba_njit(loop), key


@register_funcify_and_cache_key(LogLikelihood)
@register_funcify_and_cache_key(Logits)
def _lower(op: _Generated, **_: Any) -> tuple[Any, str]:
    return _generate(op.kind, op.learner)


def compiled(op: _Generated) -> Any:
    """An operation as a plain function of NumPy arrays.

    Returns
    -------
    callable
        ``(choices, rewards, starts, theta) -> (first output, its derivatives)``; arrays must have
        the types of the operation's inputs and be C-contiguous.
    """
    return _callable(op.kind, op.learner)


def compiled_values(learner: Learner) -> Any:
    """The log-likelihood without its gradient, which is faster.

    Returns
    -------
    callable
        ``(choices, rewards, starts, theta) -> log-likelihoods``; arguments as for `compiled`.
    """
    return _callable("value", learner)


def compiled_pointwise(learner: Learner) -> Any:
    """The log-probability of every choice.

    Returns
    -------
    callable
        ``(choices, rewards, starts, theta) -> log-probabilities``, shape (rows of theta, trials); 0
        where there was no response. Arguments as for `compiled`.
    """
    return _callable("pointwise", learner)


@functools.cache
def _callable(kind: str, learner: Learner) -> Any:
    loop, key = _generate(kind, learner)
    # A function called from Python needs a wrapper that PyTensor omits elsewhere. It therefore has
    # a cache key of its own: a cached form without the wrapper would crash the interpreter.
    final = compile_numba_function_src(
        f"def {kind}(*args): return loop(*args)",
        kind,
        _names(loop=loop),
        cache_key=f"{key}_called_from_python_{pytensor.config.numba__fastmath}",
    )
    return numba_njit(final, final_function=True, cache=True)
