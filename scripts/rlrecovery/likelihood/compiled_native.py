"""Machine code of the compiled form of the likelihood, made by PyTensor and Numba.

Numba compiles the loop over participants and trials, and LLVM emits machine code that depends
neither on Numba nor on PyTensor.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import njit, types

from rlrecovery.likelihood.compiled_file import ENTRY, target_machine
from rlrecovery.likelihood.compiled_loop import (
    Kind,
    argument_shapes,
    native_source,
    output_shapes,
)
from rlrecovery.likelihood.compiled_step import build_step
from rlrecovery.likelihood.compiled_trial import trial_source
from rlrecovery.models.base import Learner

_INTEGERS: Any = types.CPointer(types.int64)  # type: ignore[no-untyped-call]
_FLOATS: Any = types.CPointer(types.float64)  # type: ignore[no-untyped-call]


class Native(NamedTuple):
    """A loop over participants and trials as machine code.

    Attributes
    ----------
    code : bytes
        An object file for this machine, with one function, `compiled_file.ENTRY`.
    address : int
        Address of the same function in this process.
    owner : object
        Keeps the function at that address.
    """

    code: bytes
    address: int
    owner: Any


def native_loop(kind: Kind, learner: Learner) -> Native:
    """Compile the loop of a kind to machine code."""
    step = build_step(learner)
    trial = trial_source(step, kind, learner)
    carray = numba.carray  # type: ignore[attr-defined]
    names = {"math": math, "np": np, "carray": carray, **trial.functions}
    exec(native_source(kind, learner, trial, len(step.states)), names)
    arrays = [*argument_shapes(learner), *output_shapes(kind, learner)]
    pointers = [_INTEGERS if name == "choices" else _FLOATS for name in arrays]
    signature = types.void(types.int64, types.int64, types.int64, *pointers)
    # Without wrappers the code calls nothing in Python. Division follows IEEE arithmetic.
    compiler: Any = functools.partial(njit, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    loop = compiler(signature, error_model="numpy")(names[f"{kind}_loop"])
    compiled = loop.overloads[signature.args]
    name = compiled.fndesc.llvm_func_name
    code = _object_code(loop.inspect_llvm(signature.args), name)
    return Native(code, compiled.library.get_pointer_to_function(name), loop)


def _object_code(ir: str, name: str) -> bytes:
    """Machine code of one function of a module, and of those that it calls."""
    machine, module = target_machine(), llvm.parse_assembly(ir)
    module.get_function(name).name = ENTRY
    for symbol in [*module.functions, *module.global_variables]:
        if not symbol.is_declaration and symbol.name != ENTRY:
            symbol.linkage = "internal"
    # Numba adds functions that count references to arrays, which are not called here; they need
    # functions that only Numba has.
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    return machine.emit_object(module)
