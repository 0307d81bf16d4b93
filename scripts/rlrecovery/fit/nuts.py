"""Sampling of PyMC models by nutpie, with machine code that the disk remembers.

nutpie calls two C functions: the log-density with its gradient, and the expansion of a point into
all variables that are stored. Its own compilation types and lowers both anew in every process, ten
seconds of work whose result was the same in the job before. Here PyTensor compiles the model as
nutpie would have it, and the two C functions around that are kept in PyTensor's own Numba cache,
under PyTensor's key of the very graph that they wrap: a changed model has another key.

Data (`pm.Data`) are read at every call from one block of memory, so other data need no compiling.
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

from rlrecovery.simulate.task import Floats


class _LaterArviz(ModuleType):
    """Stands in for ArviZ until something of it is used.

    nutpie imports it for a conversion that is not asked for here; with matplotlib in its wake it
    would be a second of every job.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get("arviz") is self:
            del sys.modules["arviz"]
        return getattr(importlib.import_module("arviz"), name)


sys.modules.setdefault("arviz", _LaterArviz("arviz"))

# Imported only now, with the stand-in in place.
nutpie = importlib.import_module("nutpie")
compile_pymc = importlib.import_module("nutpie.compile_pymc")
CompiledPyMCModel = compile_pymc.CompiledPyMCModel

_NUMBERS = types.CPointer(types.double)
_LOG_DENSITY_TYPE = types.int64(types.uint64, _NUMBERS, _NUMBERS, _NUMBERS, types.voidptr)
_EXPANSION_TYPE = types.int64(types.uint64, types.uint64, _NUMBERS, _NUMBERS, types.voidptr)

#: Types of numbers that data may have, and how many of each an 8-byte word holds.
KINDS = {"int32": 2, "int64": 1, "float64": 1}

#: Codes that nutpie knows: 0 is success, a negative one ends sampling, a positive one rejects the
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
        (found,) = inner(point{arguments})
        for i in range({expanded}):
            values[i] = found[i]
        return 0
    except Exception:
        return -2
"""


@dataclass(frozen=True)
class CompiledModel:
    """A model that nutpie can sample, with room for other data.

    Attributes
    ----------
    model : nutpie's compiled model
        With the data that the PyMC model was built with.
    types : dict of str
        Type of each of the model's ``pm.Data`` by its name, in the order in which the block of
        memory has them.
    """

    model: CompiledPyMCModel
    types: dict[str, str]

    def with_data(self, **arrays: Any) -> CompiledPyMCModel:
        """The same model with other data.

        Parameters
        ----------
        **arrays
            One array per name in `types`, all of one shape (participants, trials). The number of
            trials may be another than when the model was compiled.
        """
        if set(arrays) != set(self.types):
            raise ValueError(f"data {sorted(arrays)} are not {sorted(self.types)}")
        tables = [np.asarray(arrays[name], dtype=dtype) for name, dtype in self.types.items()]
        return replace(self.model, user_data=packed(tables))


def packed(tables: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
    """Tables of one shape and of `KINDS` of numbers as one block of 8-byte words.

    The two sizes come first, then one table after the other, as they lie in memory; each has a
    word per number, of which a 4-byte number fills half.
    """
    shapes = {table.shape for table in tables}
    if len(shapes) > 1 or any(len(shape) != 2 for shape in shapes):
        raise ValueError(f"data must be tables of one shape, but their shapes are {shapes}")
    shape = next(iter(shapes), (0, 0))
    count = shape[0] * shape[1]
    block = np.zeros(2 + len(tables) * count, dtype=np.int64)
    block[:2] = shape
    for place, table in enumerate(tables):
        words = block[2 + place * count : 2 + (place + 1) * count]
        words.view(table.dtype)[:count] = table.ravel()
    return block


def compile_model(model: pm.Model) -> CompiledModel:
    """Make a PyMC model ready for nutpie.

    Parameters
    ----------
    model : pm.Model
        All its ``pm.Data`` must be tables of one shape and of `KINDS` of numbers.

    Notes
    -----
    Chains start at the variables' support points with a jitter of up to 1 on the unconstrained
    scale, as nutpie's own compilation has it.
    """
    starts = make_initial_point_fn(
        model=model, default_strategy="support_point", jitter_rvs=set(model.free_RVs),
        return_transformed=True,
    )  # fmt: skip
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
    """A C function around a function that PyTensor compiled, from the disk if it is there.

    Parameters
    ----------
    template : str
        Python source with holes for the sizes, the data and the arguments.
    signature : numba signature
        Of the C function.
    function : pytensor function
        Compiled for Numba; its shared variables are handed over after the point.
    shared : mapping
        All shared variables by name, in the order of the block of memory.
    sizes : mapping
        What the template calls ``size`` and ``expanded``.
    """
    inner = function.vm.jit_fn
    arguments = "".join(f", {_place(shared, v.name)}" for v in function.get_shared())
    source = template.format(unpack=_unpacking(shared), arguments=arguments, **sizes)
    key = CACHED_SRC_FUNCTIONS.get(inner.py_func)
    if key is not None:  # PyTensor's cache may be switched off, or the graph cannot be cached
        # What is on disk remembers this module by its name: under another it is another entry.
        key = f"{key}_{__name__}_{hashlib.sha256(source.encode()).hexdigest()}"
    names = {"np": np, "math": math, "numba": numba, "inner": inner}
    name = source.split("(")[0].split()[-1]
    python = compile_numba_function_src(
        source, name, {**names, "__name__": __name__}, cache_key=key
    )
    return numba.cfunc(signature, cache=key is not None)(python)


def _place(shared: Mapping[str, Any], name: str) -> str:
    return f"data{list(shared).index(name)}"


def _unpacking(shared: Mapping[str, Any]) -> str:
    """Source that names the tables in the block of memory."""
    if not shared:
        return "pass"
    lines = [
        "rows, columns = numba.carray(data_, (2,), np.int64)",
        "count = rows * columns",
        f"length = 2 + {len(shared)} * count",
    ]
    for place, variable in enumerate(shared.values()):
        kind = variable.type.dtype
        each = KINDS[kind]  # numbers per word
        first = f"{each} * (2 + {place} * count)"
        lines += [
            f"words{place} = numba.carray(data_, ({each} * length,), np.{kind})",
            f"data{place} = words{place}[{first} : {first} + count].reshape((rows, columns))",
        ]
    return "\n        ".join(lines) + "\n"


def sample(
    model: CompiledPyMCModel,
    *,
    chains: int,
    tune: int,
    draws: int,
    target_accept: float,
    seed: int,
) -> tuple[dict[str, Floats], int]:
    """Draws from a model's posterior by NUTS.

    Parameters
    ----------
    model : nutpie's compiled model
        With its data.
    chains, tune, draws : int
        Number of chains; warm-up draws, which are not kept, and kept draws of each.
    target_accept : float
        Acceptance rate that the step size is tuned to.
    seed : int
        Decides starting points and draws.

    Returns
    -------
    draws : dict of float array, shape (chains, draws, ...)
        By name of the variable, on the scale of the model.
    divergences : int
        Divergent transitions after warm-up, over all chains.
    """
    trace = nutpie.sample(
        model, draws=draws, tune=tune, chains=chains, target_accept=target_accept, seed=seed,
        cores=1, progress_bar=False, return_raw_trace=True,
    )  # fmt: skip
    drawn, statistics = trace.get_arrow_trace()
    names = [name for name in drawn[0].column_names if name not in model.reparameterized_names]
    return (
        {name: np.stack([column(chain, name)[tune:] for chain in drawn]) for name in names},
        int(sum(column(chain, "diverging")[tune:].sum() for chain in statistics)),
    )


def column(batch: Any, name: str) -> NDArray[Any]:
    """One variable of a chain in nutpie's Arrow form, shape (draws, ...)."""
    field = pa.field(batch.schema.field(name))
    sizes = (field.metadata or {}).get(b"shape", b"").decode()
    array = pa.array(batch.column(name))
    flat = array if pa.types.is_primitive(array.type) else array.flatten()
    values = flat.to_numpy(zero_copy_only=False)
    return values.reshape(len(array), *[int(size) for size in sizes.split(",") if size])
