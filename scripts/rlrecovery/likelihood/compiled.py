"""Compiled forms of the likelihood, generated from a model's definition.

One trial of a model is built symbolically on scalars: hidden state, its derivatives with respect
to each parameter (forward sensitivities), and the log-probability of the choice with its
derivatives. PyTensor simplifies that step and compiles it with Numba, and a loop over participants
and trials calls it without allocating memory. There are four kinds: the log-likelihood alone
(`compiled_values`, for grids) and trial by trial (`compiled_pointwise`, for leave-one-out
cross-validation), the log-likelihood with its gradient (`LogLikelihood`), and the log-odds of the
arms before each choice with theirs (`Logits`, for predictive draws). The last two are PyTensor
operations, used by PyMC, nutpie and maximum likelihood alike. `rlrecovery.likelihood.scan` is the
definition; tests compare values and gradients of all forms.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor
import pytensor.scalar as ps
import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.cache import compile_numba_function_src
from pytensor.link.numba.dispatch.basic import (
    numba_funcify_ensure_cache,
    numba_njit,
    register_funcify_and_cache_key,
)

from rlrecovery.likelihood.compiled_loop import loop_source
from rlrecovery.likelihood.compiled_step import build_step, scalar_step
from rlrecovery.models.base import Learner


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
        """Evaluate with the same compiled code if Numba's linker is not used."""
        arrays = [np.ascontiguousarray(array) for array in inputs]
        outputs[0][0], outputs[1][0] = compiled(self)(*arrays)

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

    def infer_shape(self, node: Apply[Any], shapes: list[Any]) -> list[Any]:
        """Shapes of the outputs."""
        logits = (shapes[3][0], shapes[0][1], self.learner.n_arms)
        return [logits, (*logits, shapes[3][1])]


def _names(**more: Any) -> dict[str, Any]:
    """Global names for generated source; Numba's cache needs the module's name."""
    return {"np": np, "math": math, "__name__": __name__, **more}


def _generate(kind: str, learner: Learner) -> tuple[Any, str]:
    """Compile the loop over a model's step; also return a key that identifies its code."""
    step = build_step(learner)
    composite = scalar_step(step, kind)
    node = composite.make_node(*[ps.float64() for _ in composite.inputs_type])
    function, step_key = numba_funcify_ensure_cache(composite, node=node)
    source = loop_source(kind, learner, len(step.states))
    loop = compile_numba_function_src(source, f"{kind}_loop", _names(step=function))
    key = hashlib.sha256(f"{__name__}{source}{step_key}".encode()).hexdigest()
    return numba_njit(loop), key


@register_funcify_and_cache_key(LogLikelihood)  # type: ignore[untyped-decorator]
@register_funcify_and_cache_key(Logits)  # type: ignore[untyped-decorator]
def _lower(op: _Generated, **_: Any) -> tuple[Any, str]:
    return _generate(op.kind, op.learner)


def compiled(op: _Generated) -> Any:
    """Compile an operation to a function of NumPy arrays.

    Returns
    -------
    callable
        ``(choices, rewards, starts, theta) -> (first output, its derivatives)``; arrays must have
        the types of the operation's inputs and be C-contiguous.
    """
    return _callable(op.kind, op.learner)


def compiled_values(learner: Learner) -> Any:
    """Compile the log-likelihood without its gradient, which is faster.

    Returns
    -------
    callable
        ``(choices, rewards, starts, theta) -> log-likelihoods``; arguments as for `compiled`.
    """
    return _callable("value", learner)


def compiled_pointwise(learner: Learner) -> Any:
    """Compile the log-probability of every choice.

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
    # A function that is called from Python needs a wrapper that PyTensor omits elsewhere. It has a
    # separate cache key, because a cached form without the wrapper would crash the interpreter.
    final = compile_numba_function_src(
        f"def {kind}(*args): return loop(*args)",
        kind,
        _names(loop=loop),
        cache_key=f"{key}_called_from_python_{pytensor.config.numba__fastmath}",
    )
    return numba_njit(final, final_function=True, cache=True)
