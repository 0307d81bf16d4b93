"""The log-likelihood and the log-odds of the arms as PyTensor variables, by either engine.

The compiled forms are PyTensor operations, for PyMC and nutpie. Their code is the generated loop of
`rlrecovery.likelihood.compiled_loop`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.cache import compile_numba_function_src
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key

from rlrecovery.likelihood.compiled import Compiled, compiled_gradient, compiled_logits
from rlrecovery.likelihood.compiled_loop import Kind, loop_source
from rlrecovery.likelihood.compiled_step import build_step
from rlrecovery.likelihood.compiled_trial import trial_source
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import Engine
from rlrecovery.likelihood.scan import trace
from rlrecovery.models.base import Learner


def log_likelihood(
    learner: Learner, parameters: Mapping[str, Any], data: Observations, engine: Engine
) -> Any:
    """Log-likelihood of each participant as a differentiable PyTensor vector.

    Parameters
    ----------
    learner, parameters, data
        As for `rlrecovery.likelihood.scan.trace`.
    engine : str
        ``compiled`` for the generated form, ``scan`` for the definition.
    """
    if engine == "scan":
        return trace(learner, parameters, data).pointwise.sum(axis=-1)
    return _apply(LogLikelihood(learner), parameters, data)


def logits(
    learner: Learner, parameters: Mapping[str, Any], data: Observations, engine: Engine
) -> Any:
    """Log-odds of the arms before each choice as a differentiable PyTensor variable.

    Shape (participants, trials, arms).

    Parameters
    ----------
    learner, parameters, data, engine
        As for `log_likelihood`. Where there was no response, the compiled form has zeros and the
        scan has the log-odds that a choice would have had.
    """
    if engine == "scan":
        return trace(learner, parameters, data).logits
    return _apply(Logits(learner), parameters, data)


def _apply(operation: _Generated, parameters: Mapping[str, Any], data: Observations) -> Any:
    """First output of a compiled operation; the second holds its derivatives."""
    theta = pt.stack([parameters[name] for name in operation.learner.names], axis=1)
    outputs: Any = operation(data.choices, data.rewards, data.starts, theta)
    return outputs[0]


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
    kind: Kind

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    def output_types(self) -> list[Any]:
        """New variables for the outputs."""
        raise NotImplementedError

    def compiled(self) -> Compiled:
        """The operation as a function of NumPy arrays."""
        raise NotImplementedError

    def make_node(self, *inputs: Any) -> Apply[Any]:
        """Apply the operation to choices, rewards, block starts and parameters."""
        choices, rewards, starts, theta = map(pt.as_tensor, inputs)
        converted = [
            choices if choices.dtype in ("int32", "int64") else choices.astype("int64"),
            rewards.astype("float64"),
            starts.astype("float64"),
            theta.astype("float64"),
        ]
        return Apply(self, converted, self.output_types())

    def perform(self, node: Apply[Any], inputs: Sequence[Any], outputs: list[list[Any]]) -> None:
        """Evaluate by the same loop if Numba's linker is not used."""
        outputs[0][0], outputs[1][0] = self.compiled()(*inputs)

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Only the parameters have derivatives."""
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

    def compiled(self) -> Compiled:
        """The operation as a function of NumPy arrays."""
        return compiled_gradient(self.learner)

    def infer_shape(self, node: Apply[Any], shapes: list[Any]) -> list[Any]:
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

    def compiled(self) -> Compiled:
        """The operation as a function of NumPy arrays."""
        return compiled_logits(self.learner)

    def infer_shape(self, node: Apply[Any], shapes: list[Any]) -> list[Any]:
        """Shapes of the outputs."""
        logits = (shapes[3][0], shapes[0][1], self.learner.n_arms)
        return [logits, (*logits, shapes[3][1])]


@register_funcify_and_cache_key(LogLikelihood)  # type: ignore[untyped-decorator]
@register_funcify_and_cache_key(Logits)  # type: ignore[untyped-decorator]
def _lower(op: _Generated, **_: Any) -> tuple[Any, str | None]:
    """Compile the loop for Numba, and return a key that identifies its code, if there is one."""
    step = build_step(op.learner)
    trial = trial_source(step, op.kind, op.learner)
    source = loop_source(op.kind, op.learner, trial, len(step.states))
    # Numba's cache needs the module's name.
    names = {"np": np, "math": math, "__name__": __name__, **trial.functions}
    loop = compile_numba_function_src(source, f"{op.kind}_loop", names)
    # Functions that PyTensor makes are not in the source.
    key = None if trial.functions else hashlib.sha256(f"{__name__}{source}".encode()).hexdigest()
    return numba_njit(loop, error_model="numpy"), key
