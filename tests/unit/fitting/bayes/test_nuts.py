"""The callbacks that nutpie samples by, against PyMC's own functions, and their cache."""

import concurrent.futures
import ctypes
import dataclasses
import inspect
import os
import subprocess
import sys
from dataclasses import MISSING

import numpy as np
import nutpie
import pytensor
import pytest
from fits import PARTICIPANTS, bayes_settings, compiled, setting, simulated

from rlrecovery.fitting.bayes.model import build_model, data_arrays
from rlrecovery.fitting.bayes.nuts import STATISTICS, compile_model, packed, sample
from unit.forms import without_machine_code

#: Complete pooling differs from none in the shape of the data only, and costs as much to compile.
POOLINGS = ("none", "partial", pytest.param("complete", marks=pytest.mark.slow))


def log_density(model, point):
    """What nutpie reads: return code, value and gradient at an unconstrained point."""
    point = np.array(point, dtype=float)
    value, gradient = np.empty(1), np.empty(len(point))
    code = model.compiled_logp_func.ctypes(
        len(point),
        *(a.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for a in (point, gradient, value)),
        model.user_data.ctypes.data,
    )
    return code, value[0], gradient


def participants(pooling):
    return 1 if pooling == "none" else PARTICIPANTS


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("likelihood", ["potential", "categorical"])
def test_value_and_gradient_are_pymcs(pooling, likelihood):
    method = bayes_settings(pooling, likelihood)
    count = participants(pooling)
    data = simulated(np.full(count, 0.4), np.full(count, 3.0), 25, 1)
    model = build_model(method, setting(count, 25), count)
    arrays = data_arrays(data, likelihood)
    for name, array in arrays.items():
        model[name].set_value(array.astype(model[name].type.dtype))
    with without_machine_code():
        reference = model.logp_dlogp_function(ravel_inputs=True)
    model_with_data = compiled(pooling, likelihood).with_data(**arrays)
    rng = np.random.default_rng(2)
    for _ in range(3):
        point = rng.normal(size=model_with_data.n_dim)
        value, gradient = reference(point)
        code, density, slope = log_density(model_with_data, point)
        assert code == 0
        assert density == pytest.approx(value, rel=1e-10)
        np.testing.assert_allclose(slope, gradient, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    "pooling",
    ["none", *(pytest.param(name, marks=pytest.mark.slow) for name in ("partial", "complete"))],
)
def test_draws_are_those_of_nutpies_own_compilation(pooling):
    method, count = bayes_settings(pooling), participants(pooling)
    data = data_arrays(simulated(np.full(count, 0.4), np.full(count, 3.0), 30, 1), "potential")
    model = build_model(method, setting(count, 30), count)
    nutpies, ours = nutpie.compile_pymc_model(model), compile_model(model)
    keys = {"draws": 20, "tune": 20, "chains": 2, "target_accept": 0.8, "seed": 5}
    tree = nutpie.sample(nutpies.with_data(**data), cores=1, progress_bar=False, **keys)
    draws, statistics = sample(ours.with_data(**data), **keys)
    assert set(draws) == set(tree.posterior.data_vars)
    for name, expected in tree.posterior.data_vars.items():
        np.testing.assert_allclose(draws[name], expected.to_numpy(), rtol=1e-6)
    assert set(statistics) == set(STATISTICS)
    for name, values in statistics.items():
        np.testing.assert_allclose(values, tree.sample_stats[name].to_numpy(), rtol=1e-6)


def test_a_point_that_is_not_finite_is_refused():
    data = data_arrays(simulated(0.4, 3.0, 20, 1), "potential")
    model = compiled("none").with_data(**data)
    assert log_density(model, [np.nan, 0.0])[0] > 0
    assert log_density(model, [0.0, 1e4])[0] > 0
    assert log_density(model, [0.0])[0] < 0


def test_data_must_be_the_models():
    data = data_arrays(simulated(0.4, 3.0, 20, 1), "potential")
    ready = compiled("none")
    with pytest.raises(ValueError, match=r"data are .*, not"):
        ready.with_data(choices=data["choices"])
    with pytest.raises(ValueError, match="one shape"):
        ready.with_data(**{**data, "rewards": data["rewards"][:, 1:]})


def test_packing_keeps_every_bit():
    whole, floats = np.array([[1, -1]]), np.array([[0.1, np.nan]])
    words = packed([whole, floats, whole.astype(np.int32)])
    assert words[:4].tolist() == [1, 2, 1, -1]
    np.testing.assert_array_equal(words[4:6].view(np.float64), floats[0])
    assert words[6:].view(np.int32)[:2].tolist() == [1, -1]


_PROCESS = """
import numpy as np
from fits import bayes_settings, setting, simulated
from rlrecovery.fitting.bayes.model import build_model, data_arrays
from rlrecovery.fitting.bayes.nuts import compile_model
from unit.fitting.bayes.test_nuts import log_density
ready = compile_model(build_model(bayes_settings("none"), setting(1), 1))
model = ready.with_data(**data_arrays(simulated(0.4, 3.0, 20, 1), "potential"))
hits = model.compiled_logp_func.cache_hits + model.compiled_expand_func.cache_hits
print(hits, log_density(model, [0.1, 0.2])[1].hex())
"""


def in_a_process(folder):
    environment = os.environ | {
        "PYTENSOR_FLAGS": f"base_compiledir={folder}",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROCESS], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    hits, value = done.stdout.split()
    return int(hits), value


def accepts(function, positional, names):
    """Whether a function can be called with so many positional arguments and these keywords."""
    inspect.signature(function).bind(*range(positional), **dict.fromkeys(names))


def test_nutpie_has_the_functions_that_are_used():
    """nutpie's private functions may change in any version: then this test says which."""
    compiler = nutpie.compile_pymc
    keys = ("mode", "compute_grad", "join_expanded", "pymc_initial_point_fn")
    accepts(compiler._make_functions, 1, keys)
    accepts(compiler._prepare_dims_and_coords, 3, ())
    options = ("draws", "tune", "chains", "target_accept", "seed", "cores", "progress_bar")
    accepts(nutpie.sample, 1, (*options, "return_raw_trace"))
    fields = {field.name: field for field in dataclasses.fields(compiler.CompiledPyMCModel)}
    required = {name for name, f in fields.items() if f.default is f.default_factory is MISSING}
    assert required == {
        *("dims", "compiled_logp_func", "compiled_expand_func", "initial_point_func"),
        *("shared_data", "shared_var_keys", "user_data", "n_expanded", "shape_info"),
        *("logp_func", "expand_func", "_n_dim", "_shapes", "_coords"),
    }
    assert "reparameterized_names" in fields


def test_arviz_is_imported_when_it_is_used():
    code = (
        "import sys, rlrecovery.fitting.bayes; assert 'arviz_plots' not in sys.modules; "
        "import arviz; assert arviz.from_dict is not None; assert 'arviz_plots' in sys.modules"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert done.returncode == 0


@pytest.mark.slow
def test_processes_that_start_together_share_a_cold_cache(tmp_path):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        together = list(pool.map(in_a_process, [tmp_path, tmp_path]))
    hits, value = in_a_process(tmp_path)
    assert hits == 2
    assert {value} == {other for _, other in together}


def test_compiled_code_keeps_to_exact_arithmetic():
    """Otherwise the first job on a machine and the next would differ in last digits."""
    assert not pytensor.config.numba__fastmath
