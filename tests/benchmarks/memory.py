"""Peak memory of every kind of job of large studies, beside the memory that its rule requests.

``PYTHONPATH=scripts:tests python -m benchmarks.memory`` prints the table of the documentation. Each
job that is measured runs in a process of its own; what it needs is computed in this one. It takes
about ten minutes of CPU time.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from settings import MLE, QUADRATURE, ROOT, bayes, study
from workflow.inprocess import execute, given, plan

from rlrecovery.planning.resources import LAUNCHER_MIB

#: Runs the script of a job and prints the peak of its resident memory in KiB. The peak that the
#: operating system reports to the parent would include the parent itself.
PROGRAM = """
import pickle, runpy, sys
script, job = sys.argv[1:]
with open(job, "rb") as file:
    snakemake = pickle.load(file)
runpy.run_path(script, {"snakemake": snakemake}, run_name="__main__")
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""

PARTIAL = {"estimator": "quadrature", "model": "rescorla_wagner", "pooling": "partial"}
ONE_CELL = {"alpha": [0.3], "beta": [3]}
TEN_ARMS = {"arms": [round(0.05 + 0.1 * i, 2) for i in range(10)], "blocks": 1, "start_value": 0.5}
#: Draws are few, because their memory is known: numbers of draws, chains and parameters.
FEW_DRAWS = {"chains": 2, "tune": 2, "draws": 4}


def large(trials: int, **methods: Any) -> dict[str, Any]:
    """A study of one cell with 300 participants and ten arms, as small as a study may be."""
    return study(
        task=TEN_ARMS, truth=ONE_CELL, participants=[300], trials=[trials], replicates=2,
        batch_size=2, methods=methods,
    )  # fmt: skip


def many_replicates() -> dict[str, Any]:
    """One cell with 300 participants and 500 replicates, of few trials; 50 for the slow method."""
    return study(
        truth=ONE_CELL, participants=[300], trials=[20], replicates=500, batch_size=500,
        methods={"mle": MLE | {"grid": 3, "starts": 1}, "exact": QUADRATURE | {"replicates": 50}},
    )  # fmt: skip


def many_rows() -> dict[str, Any]:
    """A design of four cells, 500 replicates and 20 participants."""
    truth = {"alpha": [0.2, 0.4, 0.6, 0.8], "beta": [3]}
    return study(truth=truth, participants=[20], trials=[10], replicates=500, batch_size=500)


def many_cells() -> dict[str, Any]:
    """240 cells."""
    plain: dict[str, Any] = yaml.safe_load((ROOT / "tests/config/mock.yaml").read_text())
    return plain | {"replicates": 2, "batch_size": 2}


#: Studies by what they measure, each with the rules whose jobs are measured in it.
STUDIES: dict[str, tuple[Callable[[], dict[str, Any]], tuple[str, ...]]] = {
    "N = 300, T = 5,000, K = 10, 2 replicates": (
        lambda: large(5000, mle=MLE), ("simulate", "fit"),
    ),
    "N = 300, T = 500, K = 10, 2 replicates": (
        lambda: large(500, exact=QUADRATURE, partial=PARTIAL), ("simulate", "fit"),
    ),
    "N = 300, T = 100, K = 10, 2 replicates, 2 x 6 draws": (
        lambda: large(100, nuts=bayes("partial", **FEW_DRAWS)), ("simulate", "fit"),
    ),
    "N = 300, T = 20, K = 2, 500 replicates": (many_replicates, ("simulate", "fit")),
    "4 cells, 500 replicates, N = 20": (many_rows, ("simulate", "fit", "score")),
    "240 cells": (
        many_cells, ("design", "summarise", "example", "predict", "figure", "typeset", "report"),
    ),
}  # fmt: skip


def peak_mib(job: Any, folder: Path) -> float:
    """Run a job in a process of its own; MiB of its peak."""
    script = ROOT / "scripts" / f"{job.rule.name}.py"
    for path in (*job.output, *job.log):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        file.write(pickle.dumps(given(job)))
        file.flush()
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(script), file.name],
            cwd=folder, capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        )  # fmt: skip
    if done.returncode:
        sys.exit(f"error: a job of the rule {job.rule.name} failed:\n{done.stderr}")
    return int(done.stdout.split()[-1]) / 1024


def measured(folder: Path, experiment: dict[str, Any], rules: tuple[str, ...]) -> Iterator[Any]:
    """Yield rule or method, peak and requested MiB: the largest job of each."""
    largest: dict[str, tuple[float, int]] = {}
    seen: set[str] = set()
    for job in plan(folder, experiment, "all").jobs:
        rule = job.rule.name
        name = f"fit {job.wildcards.method}" if rule == "fit" else rule
        if not job.rule.script or not (rule in rules or many(rules)):
            continue
        if rule in rules and (rule == "figure" or name not in seen):
            peak = peak_mib(job, folder)
            largest[name] = max(largest.get(name, (0, 0)), (peak, job.resources.mem_mb))
        else:
            with contextlib.chdir(folder):
                execute(job, figures=True)
        seen.add(name)
    for name, (peak, requested) in largest.items():
        yield name, peak, requested


def many(rules: tuple[str, ...]) -> bool:
    """Whether the jobs of other rules are needed."""
    return "score" in rules or "report" in rules


def main() -> None:
    """Print the table."""
    print("| job | size | peak, MiB | requested, MiB |\n|---|---|---|---|")
    for size, (experiment, rules) in STUDIES.items():
        if sys.argv[1:] and not any(word in size for word in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory() as folder:
            for name, peak, requested in measured(Path(folder), experiment(), rules):
                mark = "" if peak + LAUNCHER_MIB <= requested else " (too little)"
                print(f"| {name} | {size} | {peak:.0f} | {requested}{mark} |", flush=True)


if __name__ == "__main__":
    main()
