"""Sampling with nutpie, with an on-disk cache of the compiled code.

nutpie calls two C functions: one for the log-density with its gradient, and one that computes all
stored variables from a point. With nutpie's own compilation, Numba processes both again in every
process, which takes ten seconds. Here PyTensor compiles the model as nutpie would, and the two C
functions around it are kept in PyTensor's Numba cache. Their key includes PyTensor's key of the
graph, so a changed model has another key.

Data (`pm.Data`) are read at every call from one block of memory, so new data need no compilation.
The module of nutpie whose private functions are used is imported at the top of this module.
"""

from __future__ import annotations

import hashlib
import importlib
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pymc as pm
from numba import types
from numpy.typing import NDArray
from pymc.initial_point import make_initial_point_fn
from pytensor.link.numba.cache import CACHED_SRC_FUNCTIONS, compile_numba_function_src

from rlrecovery.simulation.task import Floats


class _LazyArviz(ModuleType):
    """Placeholder for ArviZ that imports it on first use.

    nutpie imports ArviZ for a conversion that is not used here. With its dependencies, this would
    take a second in each job.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get("arviz") is self:
            del sys.modules["arviz"]
        return getattr(importlib.import_module("arviz"), name)


sys.modules.setdefault("arviz", _LazyArviz("arviz"))

# Imported after the placeholder is in place.
nutpie = importlib.import_module("nutpie")
compile_pymc = importlib.import_module("nutpie.compile_pymc")
CompiledPyMCModel: Any = compile_pymc.CompiledPyMCModel

_NUMBERS: Any = types.CPointer(types.double)  # type: ignore[no-untyped-call]
_LOG_DENSITY_TYPE = types.int64(types.uint64, _NUMBERS, _NUMBERS, _NUMBERS, types.voidptr)
_EXPANSION_TYPE = types.int64(types.uint64, types.uint64, _NUMBERS, _NUMBERS, types.voidptr)

#: Types of numbers in data, and how many of them fit into an 8-byte word.
KINDS = {"int32": 2, "int64": 1, "float64": 1}

#: Statistics of the sampler that are kept: log-density, energy, steps and divergent transitions.
STATISTICS = (
    *("logp", "energy", "energy_error", "step_size", "mean_tree_accept"),
    *("depth", "n_steps", "diverging"),
)

#: Return codes of nutpie: 0 is success, a negative code ends sampling, a positive one rejects the
#: point.
_LOG_DENSITY = """
def log_density(size, point_, gradient_, value_, data_):
    if size != {size}:
        return -1
    try:
        point = numba.carray(point_, ({size},))
        gradient = numba.carray(gradient_, ({size},))
        {unpack}
        value, slope = inner(point{arguments})
        numba.carray(value_, (1,))[0] = value.item()
        finite = math.isfinite(value.item())
        for i in range({size}):
            gradient[i] = slope[i]
            finite = finite and math.isfinite(slope[i])
        return 0 if finite else 3
    except Exception:
        return 1
"""

_EXPANSION = """
def expansion(size, expanded, point_, values_, data_):
    if size != {size} or expanded != {expanded}:
        return -1
    try:
        point = numba.carray(point_, ({size},))
        values = numba.carray(values_, ({expanded},))
        {unpack}
        (expansion_values,) = inner(point{arguments})
        for i in range({expanded}):
            values[i] = expansion_values[i]
        return 0
    except Exception:
        return -2
"""


@dataclass(frozen=True)
class CompiledModel:
    """A model that nutpie can sample, whose data can be replaced.

    Attributes
    ----------
    model : nutpie's compiled model
        With the data of the PyMC model.
    types : dict of str
        Type of each of the model's ``pm.Data`` by name, in the order of the block of memory.
    """

    model: Any
    types: dict[str, str]

    def with_data(self, **arrays: Any) -> Any:
        """Copy of the model with other data.

        Parameters
        ----------
        **arrays
            One array per name in `types`, all of one shape (participants, trials). The number of
            trials may differ from that at compilation.
        """
        if set(arrays) != set(self.types):
            raise ValueError(f"the model's data are {sorted(self.types)}, not {sorted(arrays)}")
        tables = [np.asarray(arrays[name], dtype=dtype) for name, dtype in self.types.items()]
        return replace(self.model, user_data=packed(tables))


def packed(tables: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Pack tables of one shape, with numbers of `KINDS`, into one block of 8-byte words.

    The two sizes come first, followed by the tables in row-major order. Every table has one word
    per number; tables of 4-byte numbers fill only the first half of theirs.
    """
    shapes = {table.shape for table in tables}
    if len(shapes) > 1 or any(len(shape) != 2 for shape in shapes):
        raise ValueError(f"data must be tables of one shape, but have the shapes {shapes}")
    shape = next(iter(shapes), (0, 0))
    count = shape[0] * shape[1]
    block = np.zeros(2 + len(tables) * count, dtype=np.int64)
    block[:2] = shape
    for k, table in enumerate(tables):
        words = block[2 + k * count : 2 + (k + 1) * count]
        words.view(table.dtype)[:count] = table.ravel()
    return block


def compile_model(model: pm.Model) -> CompiledModel:
    """Compile a PyMC model for nutpie.

    Parameters
    ----------
    model : pm.Model
        All its ``pm.Data`` must be tables of one shape, with numbers of `KINDS`.

    Notes
    -----
    Chains start at the variables' support points with a jitter of up to 1 on the unconstrained
    scale, as with nutpie's own compilation.
    """
    starts = make_initial_point_fn(
        model=model,
        default_strategy="support_point",
        jitter_rvs=set(model.free_RVs),
        return_transformed=True,
    )
    size, expanded, density, expand, initial, shapes, transformed = compile_pymc._make_functions(
        model, mode="NUMBA", compute_grad=True, join_expanded=True, pymc_initial_point_fn=starts
    )
    shared = {v.name: v for f in (density, expand) for v in f.get_shared()}
    sizes = {"size": size, "expanded": expanded}
    dims, coords = compile_pymc._prepare_dims_and_coords(model, shapes, transformed)
    compiled = CompiledPyMCModel(
        _n_dim=size,
        dims=dims,
        _coords=coords,
        _shapes={name: tuple(shape) for name, _, shape in zip(*shapes, strict=True)},
        compiled_logp_func=callback(_LOG_DENSITY, _LOG_DENSITY_TYPE, density, shared, sizes),
        compiled_expand_func=callback(_EXPANSION, _EXPANSION_TYPE, expand, shared, sizes),
        initial_point_func=initial,
        shared_data={},
        shared_var_keys={},
        user_data=packed([v.get_value() for v in shared.values()]),
        n_expanded=expanded,
        shape_info=shapes,
        logp_func=density,
        expand_func=expand,
        reparameterized_names=transformed,
    )
    return CompiledModel(compiled, {name: v.type.dtype for name, v in shared.items()})


def callback(
    template: str,
    signature: Any,
    function: Any,
    shared: Mapping[str, Any],
    sizes: Mapping[str, int],
) -> Any:
    """Make a C function around a compiled PyTensor function, from the cache if possible.

    Parameters
    ----------
    template : str
        Python source with placeholders for the sizes, the data and the arguments.
    signature : numba signature
        Signature of the C function.
    function : pytensor function
        Compiled for Numba; its shared variables are arguments after the point.
    shared : mapping
        All shared variables by name, in the order of the block of memory.
    sizes : mapping
        Values of ``size`` and ``expanded`` in the template.
    """
    inner = function.vm.jit_fn
    arguments = "".join(f", {_data_name(shared, v.name)}" for v in function.get_shared())
    source = template.format(unpack=_unpacking(shared), arguments=arguments, **sizes)
    key = CACHED_SRC_FUNCTIONS.get(inner.py_func)
    if key is not None:  # None if PyTensor's cache is off, or the graph cannot be cached
        # A cached function refers to this module by name, so the name is part of the key.
        key = f"{key}_{__name__}_{hashlib.sha256(source.encode()).hexdigest()}"
    names = {"np": np, "math": math, "numba": numba, "inner": inner}
    name = source.split("(")[0].split()[-1]
    python = compile_numba_function_src(
        source, name, {**names, "__name__": __name__}, cache_key=key
    )
    return numba.cfunc(signature, cache=key is not None)(python)


def _data_name(shared: Mapping[str, Any], name: str) -> str:
    return f"data{list(shared).index(name)}"


def _unpacking(shared: Mapping[str, Any]) -> str:
    """Generate source code that unpacks the tables from the block of memory."""
    if not shared:
        return "pass"
    lines = [
        "rows, columns = numba.carray(data_, (2,), np.int64)",
        "count = rows * columns",
        f"length = 2 + {len(shared)} * count",
    ]
    for k, variable in enumerate(shared.values()):
        kind = variable.type.dtype
        per_word = KINDS[kind]
        first = f"{per_word} * (2 + {k} * count)"
        lines += [
            f"words{k} = numba.carray(data_, ({per_word} * length,), np.{kind})",
            f"data{k} = words{k}[{first} : {first} + count].reshape((rows, columns))",
        ]
    return "\n        ".join(lines) + "\n"


def sample(
    model: Any,
    *,
    chains: int,
    tune: int,
    draws: int,
    target_accept: float,
    seed: int,
) -> tuple[dict[str, Floats], dict[str, NDArray[Any]]]:
    """Sample a model's posterior by NUTS.

    Parameters
    ----------
    model : nutpie's compiled model
        The model with its data.
    chains, tune, draws : int
        Number of chains; discarded warm-up draws and kept draws per chain.
    target_accept : float
        Acceptance rate for which the step size is adapted.
    seed : int
        Seed of starting points and draws.

    Returns
    -------
    draws : dict of float array, shape (chains, draws, ...)
        By name of the variable, on the scale of the model.
    statistics : dict of array, shape (chains, draws)
        By nutpie's name, among them ``diverging``: the divergent transitions.
    """
    trace = nutpie.sample(
        model,
        draws=draws,
        tune=tune,
        chains=chains,
        target_accept=target_accept,
        seed=seed,
        cores=1,
        progress_bar=False,
        return_raw_trace=True,
    )
    samples, statistics = trace.get_arrow_trace()
    names = [name for name in samples[0].column_names if name not in model.reparameterized_names]
    return (
        {name: np.stack([column(chain, name)[tune:] for chain in samples]) for name in names},
        {
            name: np.stack([column(chain, name)[tune:] for chain in statistics])
            for name in STATISTICS
        },
    )


def column(batch: Any, name: str) -> NDArray[Any]:
    """Read a variable of a chain in nutpie's Arrow format, shape (draws, ...)."""
    field = pa.field(batch.schema.field(name))
    sizes = (field.metadata or {}).get(b"shape", b"").decode()
    array = pa.array(batch.column(name))
    flat = array if pa.types.is_primitive(array.type) else array.flatten()
    values = flat.to_numpy(zero_copy_only=False)
    return values.reshape(len(array), *[int(size) for size in sizes.split(",") if size])
