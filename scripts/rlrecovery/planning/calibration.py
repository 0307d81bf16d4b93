"""Measured times of jobs, from benchmarks of finished jobs and from a short calibration.

A calibration runs three jobs per method on cells of the study, each in a separate process as in the
workflow: one that fills the compile cache, a minimal one, and a larger one. The times are stored in
``results/<run>/calibration.json`` for later plans; no job of the study reads them.
"""

from __future__ import annotations

import json
import math
import os
import pickle
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rlrecovery.config.mistakes import wrapped
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, generator_of, read_resolved
from rlrecovery.design.cells import Cell
from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.fitting.registry import Method
from rlrecovery.planning.costs import Job, fit_cost, kind_of
from rlrecovery.planning.resources import seconds_per_data_set, work_of
from rlrecovery.planning.stages import cell_stages
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.storage.files import BrokenFile

#: Target seconds of the larger job of a calibration, and the time limit of each job.
TARGET_SECONDS, MAX_SECONDS = 6.0, 60.0

#: Largest number of benchmarks of a stage that are read.
MAX_BENCHMARKS = 200

#: Snakemake reads a job's CPU time at intervals: average seconds between the last reading and the
#: end of the job.
UNSEEN_SECONDS = 0.25

#: Python code that imports and calls a function, like the script of a rule.
CALL = "import pickle, sys; run, *given = pickle.load(sys.stdin.buffer); run(*given)"


def finished_jobs(results: Path, experiment: Experiment) -> list[Job]:
    """Jobs with benchmarks of all studies below a folder.

    Studies are read from their resolved configs. The planned study may not have one yet.
    """
    jobs = []
    for folder in sorted(path.parent for path in results.glob("*/benchmarks")):
        try:
            recorded = read_resolved(folder / "config.yaml")
            jobs += _benchmarked(folder / "benchmarks", recorded)
        except (BrokenFile, ValueError, KeyError):  # no config, or one of another version
            if folder.name == experiment.run:
                jobs += _benchmarked(folder / "benchmarks", experiment)
    return jobs


def _benchmarked(folder: Path, experiment: Experiment) -> list[Job]:
    """Jobs of a study with their benchmarks; large stages are sampled at random."""
    jobs = []
    for stage in cell_stages(experiment).values():
        paths = sorted(stage.files(folder / stage.rule, ".tsv").items())
        for job, path in random.Random(0).sample(paths, min(MAX_BENCHMARKS, len(paths))):
            if seconds := benchmark_seconds(path):
                jobs.append(Job(stage.kind, stage.work, stage.loads[job], seconds))
    return jobs


def benchmark_seconds(path: Path) -> float | None:
    """CPU seconds of a job from its benchmark; None if the file does not contain them.

    The CPU time is last read shortly before the end of the job. For long jobs, the mean load times
    the wall time is more accurate.
    """
    try:
        names, values = (line.split("\t") for line in path.read_text().splitlines()[:2])
        row = dict(zip(names, values, strict=True))
        wall, cpu_time, load = (float(row[name]) for name in ("s", "cpu_time", "mean_load"))
    except (OSError, ValueError, KeyError):
        return None
    busy = max(cpu_time + UNSEEN_SECONDS, load / 100 * wall)
    return min(wall, busy) if wall > 0 and math.isfinite(busy) else None


def calibrate(
    experiment: Experiment, methods: Sequence[Method], target_seconds: float = TARGET_SECONDS
) -> list[Job]:
    """Run a few jobs per method, the largest of which takes about `target_seconds`.

    Returns the jobs that simulate and that fit; none for a method whose first job fails or exceeds
    the time limit. Progress is printed.
    """
    cells = cells_of(experiment).values()
    by_size = sorted(cells, key=lambda cell: cell.participants * cell.trials)
    jobs, smallest = [], by_size[0]
    for method in methods:
        print(wrapped(f"Calibrating {method.name}, for at most half a minute"))
        # The first job may compile; the second one measures the time before the fits start.
        first = run_jobs(experiment, method, smallest, 1)
        small = first and run_jobs(experiment, method, smallest, 1)
        if not small:
            print(wrapped(f"  a data set of {smallest.size_key} failed or took too long"))
            continue
        cost, _ = fit_cost(method.settings.cost, small[1:])
        most = method.replicates_of(experiment.most_replicates)
        cell, n = larger_job(cost, work_of(method), by_size, target_seconds, most)
        large = run_jobs(experiment, method, cell, n)
        if large:
            print(wrapped(f"  {n} of {cell.size_key} in {large[-1].seconds:.1f} s"))
        jobs += small + large
    return jobs


def larger_job(
    cost: Cost, work: float, by_size: Sequence[Cell], seconds: float, max_replicates: int
) -> tuple[Cell, int]:
    """The largest cell with two data sets within a time, and the number that fits into it."""
    sizes = [Load(cell.participants, cell.trials, 1) for cell in by_size]
    durations = [seconds_per_data_set(cost, work, load) for load in sizes]
    i = max((i for i, duration in enumerate(durations) if 2 * duration <= seconds), default=0)
    return by_size[i], max(1, min(max_replicates, int(seconds / durations[i])))


def run_jobs(experiment: Experiment, method: Method, cell: Cell, replicates: int) -> list[Job]:
    """Run a job that simulates and one that fits; empty if one fails or takes too long."""
    load = Load(cell.participants, cell.trials, replicates)
    generator, levels = generator_of(experiment, cell), experiment.interval_levels
    with tempfile.TemporaryDirectory() as folder:
        trials, truth, estimates = (f"{folder}/{i}.parquet" for i in range(3))
        simulating = cpu_seconds(simulate_batch, cell, generator, (0, replicates), trials, truth)
        fitting = cpu_seconds(fit_batch, method, generator, cell, levels, trials, estimates)
    if simulating is None or fitting is None:
        return []
    return [
        Job("simulate", 1.0, load, simulating),
        Job(kind_of(method), work_of(method), load, fitting),
    ]


def cpu_seconds(function: Callable[..., None], *arguments: Any) -> float | None:
    """CPU seconds of a call in a separate process; None if it fails or takes too long."""

    def of_children() -> float:
        """CPU seconds of all processes that have ended."""
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = of_children()
    try:
        process = subprocess.run(
            [sys.executable, "-c", CALL],
            input=pickle.dumps((function, *arguments)),
            timeout=MAX_SECONDS,
            capture_output=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
    except subprocess.TimeoutExpired:
        return None
    return of_children() - before if process.returncode == 0 else None


def read_calibration(path: Path) -> list[Job]:
    """Read an earlier calibration; empty if there is none or it has a different format."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [Job(**{**row, "load": Load(**row["load"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return []
