"""The fixed cost of a job: a process that does as little as possible of what a study's jobs do."""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fits import MLE, POPULATION, QUADRATURE, bayes_method

SHORT = {"tune": 10, "draws": 10}
METHODS = {
    "mle": MLE,
    "quadrature, pooling none": QUADRATURE,
    "quadrature, pooling partial": QUADRATURE | {"pooling": "partial", "priors": POPULATION},
    "bayes, pooling none": bayes_method("none", **SHORT),
    "bayes, pooling partial": bayes_method("partial", **SHORT),
}

_JOB = """
from rlrecovery.design.cells import Cell
from rlrecovery.simulation.generator import Generator
generator = Generator.of({{
    "seed": 1, "model": "rescorla_wagner",
    "task": {{"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5}},
    "population": {{"alpha": {{"spread": 0.5}}, "beta": {{"spread": 0.3}}}},
}})
cell = Cell((("alpha", 0.5), ("beta", 5.0)), participants=5, trials=150)
if {simulate}:
    from rlrecovery.simulation.batch import simulate_batch
    simulate_batch(cell, generator, (0, 1), "trials.parquet", "truth.parquet")
else:
    from rlrecovery.fitting.batch import fit_batch
    from rlrecovery.fitting.registry import Method
    method = Method.of({method!r})
    fit_batch(method, generator, cell, [0.95], "trials.parquet", "estimates.parquet")
"""

#: What a job that scores imports.
_SCORE = "import rlrecovery.score.design, rlrecovery.score.results"

# What the operating system reports of a child's memory includes its parent's at the time of the
# fork; a process's own high-water mark begins anew with its program.
_PEAK = """
from pathlib import Path
status = Path("/proc/self/status")
if status.exists():
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    Path("peak").write_text(line.split()[1])
"""


def fixed_costs(python: str) -> Iterator[dict[str, Any]]:
    """CPU seconds and peak memory of jobs, with an empty and with a filled compile cache."""
    with tempfile.TemporaryDirectory() as folder:
        _run(python, folder, "first", _JOB.format(simulate=True, method=None))
        timing = [_run(python, folder, "x", _JOB.format(simulate=True, method=None))]
        yield _row("simulate", "warm", timing)
        yield _row("score", "warm", [_run(python, folder, "x", _SCORE) for _ in range(3)])
        for name, method in METHODS.items():
            source = _JOB.format(simulate=False, method=method)
            # Cold jobs take up to a minute each, nearly all of it in the compiler: once is enough.
            yield _row(name, "cold", [_run(python, folder, name, source)])
            yield _row(name, "warm", [_run(python, folder, name, source) for _ in range(5)])


def _run(python: str, folder: str, cache: str, source: str) -> tuple[float, float, float]:
    environment = os.environ | {
        "PYTENSOR_FLAGS": f"base_compiledir={folder}/cache-{cache.replace(', ', '-')}",
        "PYTHONPATH": os.path.abspath("scripts"),
    }
    started = time.perf_counter()
    process = subprocess.Popen([python, "-c", source + _PEAK], cwd=folder, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"a job ended with status {status}:\n{source}")
    wall, peak = time.perf_counter() - started, Path(folder, "peak")
    mebibytes = int(peak.read_text()) / 1024 if peak.exists() else math.nan
    return used.ru_utime + used.ru_stime, wall, mebibytes


def _row(job: str, cache: str, measured: list[tuple[float, float, float]]) -> dict[str, Any]:
    cpu, wall, memory = (statistics.median(column) for column in zip(*measured, strict=True))
    return {
        "what": "fixed cost of a job", "form": job, "size": f"{cache} cache", "cpu_seconds": cpu,
        "wall_seconds": wall, "repeats": len(measured), "peak_mib": memory,
    }  # fmt: skip
