"""Source code of one trial of the compiled form, translated from its graph.

PyTensor simplifies the graph. Each of its operations becomes one statement, with the arithmetic
that PyTensor's own Numba code has. Operations without a translation are functions that PyTensor
makes, and the statements call them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytensor
import pytensor.scalar as ps
from pytensor.compile.mode import get_mode
from pytensor.graph.basic import Constant, Variable
from pytensor.graph.fg import FunctionGraph
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_funcify
from pytensor.tensor.basic import ScalarFromTensor, TensorFromScalar
from pytensor.tensor.elemwise import DimShuffle, Elemwise

from rlrecovery.likelihood.compiled_loop import Kind, Trial, trial_inputs
from rlrecovery.likelihood.compiled_step import Step
from rlrecovery.models.base import Learner

#: Operations that are written as expressions, if their result is a double or a truth value.
_EXPRESSIONS: dict[type[Op], Callable[..., str]] = {
    ps.Add: lambda *terms: " + ".join(terms),
    ps.Mul: lambda *factors: " * ".join(factors),
    ps.Sub: lambda x, y: f"{x} - {y}",
    ps.TrueDiv: lambda x, y: f"{x} / {y}",
    ps.Switch: lambda condition, x, y: f"{x} if {condition} else {y}",
    ps.LT: lambda x, y: f"{x} < {y}",
    ps.GT: lambda x, y: f"{x} > {y}",
    ps.LE: lambda x, y: f"{x} <= {y}",
    ps.GE: lambda x, y: f"{x} >= {y}",
    ps.EQ: lambda x, y: f"{x} == {y}",
    ps.NEQ: lambda x, y: f"{x} != {y}",
}

#: The same, if their operands are doubles as well.
_EXPRESSIONS_OF_DOUBLES: dict[type[Op], Callable[..., str]] = {
    ps.Neg: lambda x: f"-{x}",
    ps.Sqr: lambda x: f"{x} * {x}",
    ps.Abs: lambda x: f"abs({x})",
    ps.Exp: lambda x: f"math.exp({x})",
    ps.Log: lambda x: f"math.log({x})",
    ps.Sigmoid: lambda x: f"1 / (1 + math.exp(-{x}))",
    ps.Sign: lambda x: f"np.sign({x})",
    ps.Maximum: lambda x, y: f"np.maximum({x}, {y})",
}

#: Types of the results of these expressions.
_TRANSLATED_TYPES = ("float64", "bool")


def trial_source(step: Step, kind: Kind, learner: Learner) -> Trial:
    """Translate a step, simplified by PyTensor's rewrites.

    Raises
    ------
    TypeError
        If a function of the model is not elementwise arithmetic.
    """
    graph = FunctionGraph(step.inputs(kind), step.outputs(kind), clone=True)
    get_mode("NUMBA").excluding("fusion", "inplace").optimizer.rewrite(graph)
    inputs = trial_inputs(kind, learner, len(step.states))
    names: dict[Variable[Any, Any], str] = dict(zip(graph.inputs, inputs, strict=True))
    lines: list[str] = []
    functions: dict[str, Any] = {}

    def name_of(variable: Variable[Any, Any]) -> str:
        """Name of a variable in the source code, or a constant."""
        return _literal(variable) if isinstance(variable, Constant) else names[variable]

    for node in graph.toposort():
        operation, (output,) = _scalar_operation(node.op), node.outputs
        operands = [name_of(variable) for variable in node.inputs]
        if operation is None:
            names[output] = operands[0]
            continue
        types = [variable.type.dtype for variable in node.inputs]
        expression = _expression(operation, types, output.type.dtype)
        if expression is None:
            function = f"f{len(functions)}"
            functions[function] = _function(operation, types)
            text = f"{function}({', '.join(operands)})"
        else:
            text = expression(*operands)
        names[output] = f"v{len(lines)}"
        lines.append(f"{names[output]} = {text}")
    results = []
    for variable in graph.outputs:
        # A result that is an input would be overwritten by the results before it.
        results.append(f"v{len(lines)}")
        lines.append(f"{results[-1]} = {name_of(variable)}")
    return Trial(lines, results, functions)


def _expression(operation: Op, types: list[str], result: str) -> Callable[..., str] | None:
    """Function that writes an operation as an expression; None if it must be called."""
    if result not in _TRANSLATED_TYPES:
        return None
    of_doubles = _EXPRESSIONS_OF_DOUBLES if set(types) == {"float64"} else {}
    return (_EXPRESSIONS | of_doubles).get(type(operation))


def _literal(constant: Any) -> str:
    """A constant as source code, with its type unless it is that of a number in Python."""
    value, dtype = constant.data.item(), constant.type.dtype
    text = f"({value!r})" if math.isfinite(value) else f"np.float64('{value}')"
    return text if dtype in (*_TRANSLATED_TYPES, "int64") else f"np.{dtype}({text})"


def _function(operation: Any, types: list[str]) -> Any:
    """A scalar operation as a function that Numba compiles."""
    node = operation.make_node(*[ps.get_scalar_type(dtype)() for dtype in types])
    with pytensor.config.change_flags(numba__fastmath=False, numba__cache=False):
        return numba_funcify(operation, node=node)


def _scalar_operation(op: Op) -> Op | None:
    """The scalar operation that corresponds to an operation on 0-d tensors; None if it is none."""
    if isinstance(op, Elemwise):
        op = op.scalar_op
    elif isinstance(op, ScalarFromTensor | TensorFromScalar | DimShuffle):
        return None
    if isinstance(op, ps.ScalarOp):
        return None if isinstance(op, ps.Identity) else op
    raise TypeError(
        f"the functions of a model may use only elementwise arithmetic, but contain {op}"
    )
