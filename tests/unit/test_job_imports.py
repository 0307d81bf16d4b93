"""What the jobs of a study import, each in an interpreter of its own.

A study has many jobs, and most of the time of a short one is the import of libraries. These tests
fail if a job imports a library that it did not need before.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest
from settings import MLE, QUADRATURE, ROOT

#: Runs a script of a rule on the arguments in standard input.
JOB = """
import json, runpy, sys
from types import SimpleNamespace
from rlrecovery.storage.fingerprint import source_fingerprint
given = json.load(sys.stdin)
given["params"]["source"] = source_fingerprint(f"door.{given['rule']}")
parts = {name: SimpleNamespace(**given[name]) for name in ("params", "input", "output")}
job = SimpleNamespace(log=given["log"], **parts)
runpy.run_path(given["script"], init_globals={"snakemake": job})
"""

#: Reads the workflow as a job on a cluster does.
READ = """
import sys
from snakemake.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code
"""

#: Names of all modules, and top-level packages from outside of the standard library.
PRINT = """
outside = {
    name.partition(".")[0] for name, module in sys.modules.items()
    if "site-packages" in (getattr(module, "__file__", None) or "")
}
import json
print(json.dumps({"modules": list(sys.modules), "packages": sorted(outside)}))
"""

#: Packages that all jobs import, and what these import.
BASE = {
    *("numpy", "scipy", "pydantic", "pyarrow"),
    *("annotated_types", "charset_normalizer", "cloudpickle", "pydantic_core"),
    *("typing_extensions", "typing_inspection", "_cyutility"),
}
PANDAS = {"pandas", "dateutil", "six", "pytz"}
FITTED = {"llvmlite", "threadpoolctl"}
#: Files in the folder of packages that Python itself reads at its start, and tools of tests.
STARTUP = {"_distutils_hack", "coverage", "sitecustomize"}

#: Parts of SciPy that take long to import.
SLOW = {f"scipy.{part}" for part in ("stats", "optimize", "integrate", "interpolate", "sparse")}
INTERPOLATION = {
    "scipy.interpolate",
    "scipy.optimize",
    "scipy.sparse",
    "_csparsetools",
    "_moduleTNC",
}

#: Libraries that no reading of the workflow needs.
NOT_TO_READ = {
    *("matplotlib", "seaborn", "altair", "scipy.stats", "scipy.optimize", "scipy.integrate"),
    *("pymc", "pytensor", "numba", "llvmlite", "nutpie", "arviz", "arviz_stats"),
}

GENERATOR = {
    "seed": 1,
    "model": "rescorla_wagner",
    "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
    "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
}
CELL = {"truth": {"alpha": 0.5, "beta": 5.0}, "participants": 2, "trials": 20}


def imports(code, *arguments, given=None):
    """Modules and packages that are imported once some code has run in a new interpreter."""
    printed = subprocess.check_output(
        [sys.executable, "-c", code + PRINT, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        input=json.dumps(given),
        text=True,
    )
    found = json.loads(printed.splitlines()[-1])
    return set(found["modules"]), set(found["packages"]) - STARTUP


def run_job(rule, folder, params, reads, writes):
    """Run the script of a rule with the cell above."""
    given = {
        "rule": rule,
        "script": str(ROOT / "scripts" / f"{rule}.py"),
        "params": {"cell": CELL, "generator": GENERATOR, "replicates": [0, 2], "versions": {}}
        | params,
        "input": {name: str(folder / f"{name}.parquet") for name in reads},
        "output": {name: str(folder / f"{name}.parquet") for name in writes},
        "log": [str(folder / f"{rule}.log")],
    }
    found = imports(JOB, given=given)
    assert all((folder / f"{name}.parquet").exists() for name in writes)
    return found


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A folder with trials, and the imports of the job that simulated them."""
    folder = tmp_path_factory.mktemp("job")
    return folder, run_job("simulate", folder, {}, [], ["trials", "truth"])


def test_simulate(simulated):
    _, (modules, packages) = simulated
    assert packages <= BASE
    assert modules & SLOW == set()
    assert len(modules) < 750


@pytest.mark.parametrize(
    ("method", "more", "most"),
    [(MLE, set(), 1200), (QUADRATURE, INTERPOLATION, 1500)],
    ids=["mle", "quadrature"],
)
def test_fit(simulated, method, more, most):
    """With a compiled likelihood on disk."""
    folder, _ = simulated
    params = {"method": method, "levels": [0.95]}
    for _ in range(2):  # the first job may have to compile the likelihood
        modules, packages = run_job("fit", folder, params, ["trials"], ["estimates"])
    assert packages <= BASE | PANDAS | FITTED | more
    assert modules & SLOW <= more
    assert len(modules) < most


def test_score():
    """Only what its script imports; jobs also need what functions import."""
    script = ast.parse((ROOT / "scripts" / "score.py").read_text(encoding="utf-8"))
    targets = [node.module for node in script.body if isinstance(node, ast.ImportFrom)]
    modules, packages = imports(f"import sys, {', '.join(targets)}")
    assert packages <= BASE | PANDAS
    assert modules & SLOW == set()
    assert len(modules) < 1150


def test_the_workflow_is_read_without_slow_libraries(tmp_path):
    """On a cluster this happens in every job."""
    options = ["-n", "-q", "--directory", str(tmp_path), "--snakefile", str(ROOT / "Snakefile")]
    modules, packages = imports("\n" + READ, *options)
    assert packages >= {"snakemake", "pydantic"}
    assert modules & NOT_TO_READ == set()
