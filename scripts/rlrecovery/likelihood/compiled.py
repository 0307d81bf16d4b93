"""Compiled forms of the likelihood, generated from a model's definition, as functions of arrays.

One trial of a model is built symbolically on scalars: hidden state, its derivatives with respect
to each parameter (forward sensitivities), and the log-probability of the choice with its
derivatives. PyTensor simplifies that step and compiles it with Numba, and a loop over participants
and trials calls it without allocating memory. There are four kinds: the log-likelihood alone (for
grids) and trial by trial (for leave-one-out cross-validation), the log-likelihood with its
gradient, and the log-odds of the arms before each choice with theirs (for predictive draws).
`rlrecovery.likelihood.symbolic` has the last two as PyTensor operations. The definition is
`rlrecovery.likelihood.scan`; tests compare values and gradients of all forms.

The machine code is kept on disk. A job that finds it there imports neither PyTensor nor Numba,
which takes longer than the fits of a small batch.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlrecovery.likelihood.compiled_file import Linked, link, read_code, write_code
from rlrecovery.likelihood.compiled_key import code_key, generator_is_unchanged
from rlrecovery.likelihood.compiled_loop import Kind, Shape, argument_shapes, output_shapes
from rlrecovery.models.base import Learner
from rlrecovery.storage.files import BrokenFile

log = logging.getLogger(__name__)

#: ``(choices, rewards, starts, theta) -> results``, as described by the functions below. The
#: arguments have the shapes of `rlrecovery.likelihood.data.Observations`, and (points, parameters)
#: with natural-scale parameters. Data of one participant can be combined with any number of points.
Compiled = Callable[..., Any]


def compiled_values(learner: Learner) -> Compiled:
    """The log-likelihood, shape (points,)."""
    return _compiled("value", learner)


def compiled_pointwise(learner: Learner) -> Compiled:
    """The log-probability of every choice, shape (points, trials); 0 without a response."""
    return _compiled("pointwise", learner)


def compiled_gradient(learner: Learner) -> Compiled:
    """The log-likelihood, shape (points,), and its gradient, shape (points, parameters)."""
    return _compiled("gradient", learner)


def compiled_logits(learner: Learner) -> Compiled:
    """The log-odds of the arms before each choice, and their derivatives.

    Shapes (points, trials, arms) and (points, trials, arms, parameters); 0 without a response.
    """
    return _compiled("logits", learner)


def forget() -> None:
    """Forget the code that this process uses; it is read or compiled again when it is needed.

    A loop belongs to a model object. This is needed if something that a function of the model uses
    has changed, such as a global variable of a notebook.
    """
    _compiled.cache_clear()


@functools.cache
def _compiled(kind: Kind, learner: Learner) -> _Loop:
    key = code_key(kind, learner)
    code = read_code(key) if key else None
    linked = link(code) if code else None
    return _Loop(kind, learner, linked or _compile(kind, learner, key))


def _compile(kind: Kind, learner: Learner, key: str | None) -> Linked:
    """Compile a loop, and keep its code under the key."""
    from rlrecovery.likelihood.compiled_native import native_loop

    started = time.perf_counter()
    native = native_loop(kind, learner)
    linked, seconds = link(native.code), time.perf_counter() - started
    log.info("the likelihood of %s was compiled in %.1f s", learner.model.name, seconds)
    if linked is None:
        # It calls a function that only Numba provides, so other processes cannot use it.
        return Linked(native.address, native.owner)
    if key and generator_is_unchanged():
        try:
            write_code(key, native.code)
        except (OSError, BrokenFile) as error:
            log.warning("every job compiles the likelihood, because it cannot be kept: %s", error)
    return linked


class _Loop:
    """A loop over participants and trials in machine code, as a function of arrays."""

    def __init__(self, kind: Kind, learner: Learner, linked: Linked) -> None:
        self.inputs = tuple(argument_shapes(learner).values())
        self.outputs = tuple(output_shapes(kind, learner).values())
        # The functions of Numba return a status. Their first two arguments are addresses for a
        # result and for an exception.
        addresses = [ctypes.c_void_p] * (len(self.inputs) + len(self.outputs))
        prototype = ctypes.CFUNCTYPE(
            ctypes.c_int32, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 3, *addresses
        )
        self.function, self.unused = prototype(linked.address), ctypes.c_void_p()
        self.linked = linked

    def __call__(self, choices: Any, rewards: Any, starts: Any, theta: Any) -> Any:
        """Evaluate the loop; a single result, or a tuple of two."""
        arrays = [np.ascontiguousarray(choices, dtype=np.int64)]
        arrays += [np.ascontiguousarray(a, dtype=np.float64) for a in (rewards, starts, theta)]
        sizes = {"data": len(arrays[0]), "n": len(arrays[3]), "length": arrays[0].shape[-1]}
        if sizes["data"] not in (1, sizes["n"]):
            raise ValueError("as many rows of parameters as participants are needed")
        # With other shapes the loop would read beyond the arrays.
        shapes = [_sized(shape, sizes) for shape in self.inputs]
        if [array.shape for array in arrays] != shapes:
            found = ", ".join(str(array.shape) for array in arrays)
            raise ValueError(f"the shapes of data and parameters do not match: {found}")
        results = [np.zeros(_sized(shape, sizes)) for shape in self.outputs]
        addresses = map(_address, (*arrays, *results))
        unused = ctypes.byref(self.unused)
        if self.function(unused, unused, *sizes.values(), *addresses) != 0:
            raise FloatingPointError("a function of the model divides by zero")
        return tuple(results) if len(results) > 1 else results[0]


def _sized(shape: Shape, sizes: dict[str, int]) -> tuple[int, ...]:
    """A shape with numbers for the names of sizes."""
    return tuple([sizes[size] if isinstance(size, str) else size for size in shape])


def _address(array: NDArray[Any]) -> int:
    """Address of the first number of an array."""
    # This takes a third of the time of `array.ctypes`.
    return (
        ctypes.addressof(_EMPTY.from_buffer(array)) if array.flags.writeable else array.ctypes.data
    )


_EMPTY = ctypes.c_char * 0
