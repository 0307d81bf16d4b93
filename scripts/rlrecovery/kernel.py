"""The compiled form of the likelihood, generated from a model's own definition.

One trial of a model is built symbolically on scalars: hidden state, its derivatives with respect
to each parameter (forward sensitivities), and the log-probability of the choice with its
derivatives. PyTensor simplifies that step and lowers it to Numba; a loop over participants and
trials calls it without allocating. The result is one PyTensor operation that PyMC, nutpie and the
maximum-likelihood fit share. `rlrecovery.likelihood` stays the definition; the tests hold the two
together in value and gradient.
"""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
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

from rlrecovery.models import MODELS, Model

#: Softmax denominators are multiplied up to here before one logarithm is taken of their product:
#: a logarithm per trial would cost as much as all the rest. Each factor is between 1 and the
#: number of arms, so nothing overflows.
_LOG_AT = 1e200


@dataclass(frozen=True)
class Step:
    """One trial on 0-d PyTensor variables.

    Attributes
    ----------
    chosen : list, one per arm
        1 for the chosen arm, else 0.
    reward, restart : variable
        Reward, and 1 where hidden state starts again before this trial.
    states, slopes, parameters : list
        Hidden state per name and arm before the trial, its derivative with respect to each
        parameter (parameter by parameter), and the parameters.
    new_states, new_slopes : list
        The same after the trial.
    excess, denominator : variable
        The chosen arm's logit less the largest logit, and the sum over arms of the exponentials of
        such differences: the log-probability is the first less the logarithm of the second.
    gradients : list, one per parameter
        Derivatives of the log-probability.
    """

    chosen: list[Any]
    reward: Any
    restart: Any
    states: list[Any]
    slopes: list[Any]
    parameters: list[Any]
    new_states: list[Any]
    new_slopes: list[Any]
    excess: Any
    denominator: Any
    gradients: list[Any]

    @property
    def inputs(self) -> list[Any]:
        """All inputs, in the order in which the compiled step takes them."""
        data = [*self.chosen, self.reward, self.restart]
        return [*data, *self.states, *self.slopes, *self.parameters]

    @property
    def outputs(self) -> list[Any]:
        """All outputs, in the order in which the compiled step returns them."""
        likelihood = [self.excess, self.denominator, *self.gradients]
        return [*self.new_states, *self.new_slopes, *likelihood]


def _scalars(prefix: str, count: int) -> list[Any]:
    return [pt.dscalar(f"{prefix}{i}") for i in range(count)]


def _float(value: Any) -> Any:
    return pt.as_tensor(value).astype("float64")


def build_step(model: Model, n_arms: int, start_value: float) -> Step:
    """One trial of a model, with forward sensitivities.

    Parameters
    ----------
    model : Model
        The definition.
    n_arms : int
        Number of arms.
    start_value : float
        Q before the first trial of a block.
    """
    theta = [pt.dscalar(name) for name in model.names]
    p = model.bind(dict(zip(model.names, theta, strict=True)), start_value)
    # Initial values are the same for every arm, so one stands for all of a name.
    fresh = [_float(value) for value in model.initial(p).values() for _ in range(n_arms)]
    chosen, reward, restart = _scalars("chosen", n_arms), pt.dscalar("reward"), pt.dscalar("r")
    state = _scalars("state", len(fresh))
    logits, after = _one_trial(model, p, state, chosen, reward)
    top = functools.reduce(pt.maximum, logits)
    weights = [pt.exp(value - top) for value in logits]
    denominator = sum(weights[1:], weights[0])

    old_slopes, new_slopes, gradients = [], [], []
    for j in range(len(theta)):
        direction = [pt.constant(float(i == j)) for i in range(len(theta))]
        old = _scalars(f"slope{j}_", len(fresh))
        restarted = _push(fresh, theta, direction)
        into = [pt.switch(restart, a, b) for a, b in zip(restarted, old, strict=True)]
        pushed = _push([*after, *logits], [*state, *theta], [*into, *direction])
        dlogits = pushed[len(fresh) :]
        expected = _dot(weights, dlogits) / denominator
        gradients.append(_dot(chosen, dlogits) - expected)
        new_slopes += pushed[: len(fresh)]
        old_slopes += old

    before = _scalars("before", len(fresh))
    entering = [pt.switch(restart, a, b) for a, b in zip(fresh, before, strict=True)]
    excess = _dot(chosen, [value - top for value in logits])
    outputs = [*after, *new_slopes, excess, denominator, *gradients]
    outputs = clone_replace(outputs, dict(zip(state, entering, strict=True)))
    n, m = len(fresh), len(fresh) + len(new_slopes)
    inputs = (chosen, reward, restart, before, old_slopes, theta)
    return Step(*inputs, outputs[:n], outputs[n:m], *outputs[m : m + 2], outputs[m + 2 :])


def _dot(left: list[Any], right: list[Any]) -> Any:
    terms = [a * b for a, b in zip(left, right, strict=True)]
    return sum(terms[1:], terms[0])


def _push(outputs: list[Any], inputs: list[Any], tangents: list[Any]) -> list[Any]:
    # A variable that is among the outputs twice would get its derivative in one place only (a
    # start value that is a parameter stands there once per arm): so each becomes one of its own.
    apart = [value + 0.0 for value in outputs]
    return pushforward(apart, inputs, tangents, disconnected_outputs="ignore")


def _one_trial(
    model: Model, p: Any, state: list[Any], chosen: list[Any], reward: Any
) -> tuple[list[Any], list[Any]]:
    """Logits per arm, and the states after the trial in the order of `state`."""
    n_arms, names = len(chosen), list(model.initial(p))
    logits, learnt = [], []
    for k in range(n_arms):
        here = {name: state[i * n_arms + k] for i, name in enumerate(names)}
        logits.append(_float(model.logit(here, p)))
        learnt.append(model.update(here, chosen[k], reward, p))
    return logits, [_float(learnt[k][name]) for name in names for k in range(n_arms)]


def scalar_step(step: Step) -> ps.Composite:
    """The step as one scalar operation, simplified by PyTensor's own rewrites."""
    graph = FunctionGraph(step.inputs, step.outputs, clone=True)
    get_mode("NUMBA").excluding("fusion", "inplace").optimizer.rewrite(graph)
    scalar: dict[Any, Any] = {variable: ps.float64() for variable in graph.inputs}
    inputs = list(scalar.values())

    def lookup(variable: Any) -> Any:
        if isinstance(variable, Constant):
            return ps.constant(variable.data.item(), dtype=variable.dtype)
        return scalar[variable]

    for node in graph.toposort():
        made = _scalar_operation(node.op)(*[lookup(variable) for variable in node.inputs])
        scalar |= zip(node.outputs, made if isinstance(made, list) else [made], strict=True)
    # An output that is an input or a constant as it stands still has to be computed by something.
    outputs = [ps.identity(lookup(variable)) for variable in graph.outputs]
    return ps.Composite(inputs, outputs)


def _scalar_operation(op: Op) -> Any:
    """The operation on numbers that a node does on 0-d tensors."""
    if isinstance(op, Elemwise):
        return op.scalar_op
    if isinstance(op, ps.ScalarOp):
        return op
    if isinstance(op, ScalarFromTensor | TensorFromScalar | DimShuffle):
        return ps.identity
    raise TypeError(
        f"a model's functions may use only elementwise arithmetic, but PyTensor made {op} of them"
    )


def loop_source(n_arms: int, n_states: int, n_parameters: int) -> str:
    """Python source of the loop over participants and trials that calls the compiled step.

    Written out, so that everything of a trial is a local number and nothing is allocated.
    """
    states = [f"s{i}" for i in range(n_states)]
    slopes = [f"d{i}" for i in range(n_states * n_parameters)]
    parameters = [f"p{j}" for j in range(n_parameters)]
    gradients = [f"g{j}" for j in range(n_parameters)]
    chosen = [f"c{k}" for k in range(n_arms)]
    data = [*chosen, "rewards[i, t]", "restart"]
    arguments = ", ".join([*data, *states, *slopes, *parameters])
    results = ", ".join([*states, *slopes, "excess", "denominator", *[f"d_{g}" for g in gradients]])
    lines = [
        "def log_likelihood(choices, rewards, starts, theta):",
        "    n, length = choices.shape",
        "    value = np.empty(n)",
        f"    gradient = np.empty((n, {n_parameters}))",
        "    for i in range(n):",
        *[f"        {p} = theta[i, {j}]" for j, p in enumerate(parameters)],
        *[f"        {name} = 0.0" for name in [*states, *slopes, *gradients]],
        "        total, product, restart = 0.0, 1.0, 1.0",
        "        for t in range(length):",
        "            if starts[i, t] != 0.0:",
        "                restart = 1.0",
        "            choice = choices[i, t]",
        f"            if choice < 0 or choice >= {n_arms}:",
        "                continue",
        # Numba takes a call with more than 30 arguments only if none of them is a conditional.
        *[f"            {c} = 1.0 if choice == {k} else 0.0" for k, c in enumerate(chosen)],
        f"            {results} = step({arguments})",
        "            restart = 0.0",
        "            total += excess",
        "            product *= denominator",
        f"            if product > {_LOG_AT!r}:",
        "                total -= math.log(product)",
        "                product = 1.0",
        *[f"            {g} += d_{g}" for g in gradients],
        "        value[i] = total - math.log(product)",
        *[f"        gradient[i, {j}] = {g}" for j, g in enumerate(gradients)],
        "    return value, gradient",
    ]
    return "\n".join(lines) + "\n"


class LogLikelihood(Op):
    """Log-likelihood and gradient of each participant, as one PyTensor operation.

    Inputs are choices (participants, trials; int), rewards and block starts (the same shape;
    float) and natural-scale parameters (participants, parameters); outputs are the log-likelihood
    (participants,) and its gradient with respect to the parameters. `rlrecovery.likelihood`
    describes the data.

    Parameters
    ----------
    model : str
        Key of `rlrecovery.models.MODELS`.
    n_arms : int
        Number of arms.
    start_value : float
        Q before the first trial of a block.
    """

    __props__ = ("model", "n_arms", "start_value")

    def __init__(self, model: str, n_arms: int, start_value: float) -> None:
        self.model, self.n_arms, self.start_value = model, n_arms, float(start_value)

    def make_node(self, choices: Any, rewards: Any, starts: Any, theta: Any) -> Apply:
        """Node on the given inputs."""
        inputs = [
            pt.as_tensor(choices).astype("int64"),
            pt.as_tensor(rewards).astype("float64"),
            pt.as_tensor(starts).astype("float64"),
            pt.as_tensor(theta).astype("float64"),
        ]
        return Apply(self, inputs, [pt.dvector(), pt.dmatrix()])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        """Evaluate outside Numba's linker, by the same compiled code."""
        outputs[0][0], outputs[1][0] = compiled(self)(*inputs)

    def infer_shape(self, node: Apply, shapes: list[Any]) -> list[Any]:
        """Shapes of the outputs."""
        return [(shapes[0][0],), shapes[3]]

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        """The outputs depend differentiably on the parameters alone."""
        return [[False, False], [False, False], [False, False], [True, True]]

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradient: the stored derivatives times the cotangent of the log-likelihood."""
        if not isinstance(cotangents[1].type, DisconnectedType):
            raise NotImplementedError("second derivatives are not carried by this operation")
        apart = [DisconnectedType()() for _ in range(3)]
        return [*apart, cotangents[0][:, None] * outputs[1]]


def _names(**more: Any) -> dict[str, Any]:
    """Names that generated source sees; Numba's cache needs to know the module it belongs to."""
    return {"np": np, "math": math, "__name__": __name__, **more}


@register_funcify_and_cache_key(LogLikelihood)
def _lower(op: LogLikelihood, node: Apply | None = None, **_: Any) -> tuple[Any, str]:
    model = MODELS[op.model]
    step = build_step(model, op.n_arms, op.start_value)
    composite = scalar_step(step)
    node = composite.make_node(*[ps.float64() for _ in composite.inputs_type])
    function, step_key = numba_funcify_ensure_cache(composite, node=node)
    source = loop_source(op.n_arms, len(step.states), len(step.parameters))
    loop = compile_numba_function_src(source, "log_likelihood", _names(step=function))
    key = hashlib.sha256(f"{source}{step_key}".encode()).hexdigest()
    return numba_njit(loop), key


@functools.cache
def compiled(op: LogLikelihood) -> Any:
    """The operation as a plain function of NumPy arrays.

    Returns
    -------
    callable
        ``(choices, rewards, starts, theta) -> (log_likelihood, gradient)``; arrays must have the
        types that `LogLikelihood` names and be C-contiguous.
    """
    loop, key = _lower(op)
    # A function that Python calls needs a wrapper that PyTensor leaves out elsewhere. So it has a
    # cache key of its own: a cached form without the wrapper would crash the interpreter.
    final = compile_numba_function_src(
        "def log_likelihood(*args): return loop(*args)",
        "log_likelihood",
        _names(loop=loop),
        cache_key=f"{key}_called_from_python",
    )
    return numba_njit(final, final_function=True, cache=True)
