"""The command ``make plan``: predict the jobs, time, memory and disk space of a study.

Jobs are counted from the config, without Snakemake. Their costs are predicted from finished jobs,
from a short calibration on this machine, or from values measured in advance.

The batch size is suggested but never set automatically. Files are named by the replicates of their
batch, so a different batch size means that everything is computed again, and a size derived from
measured times could change between two starts of a study.
"""

from __future__ import annotations

import argparse
import math
import os
import re
import statistics
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from rlrecovery.config.effects import fits_per_data_set
from rlrecovery.config.mistakes import Mistake, wrapped, wrong
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, methods_of
from rlrecovery.design.load import Load
from rlrecovery.fitting.registry import Method
from rlrecovery.planning.calibration import calibrate, finished_jobs, read_calibration
from rlrecovery.planning.costs import Job, kind_of
from rlrecovery.planning.resources import (
    SINGLE_JOBS,
    for_attempt,
    minutes_to_calibrate,
    minutes_to_compare,
    minutes_to_fit,
)
from rlrecovery.planning.stages import (
    START_INTERVAL,
    Machine,
    Stage,
    best_batch_size,
    plan_stages,
    wall_seconds,
)
from rlrecovery.storage.files import write_json

#: Additional seconds per job on a cluster: two starts of Snakemake, and the delay until the end of
#: the job is noticed.
CLUSTER_OVERHEAD = 40.0

#: Time and memory of planning by Snakemake: fixed seconds and MiB, and those per job.
PLAN_SECONDS, PLAN_SECONDS_PER_JOB, PLAN_MIB, PLAN_MIB_PER_JOB = 4.0, 0.002, 265.0, 0.02

#: Files per job (outputs, log, benchmark, records of Snakemake), and files of the whole study.
FILES_PER_JOB, OTHER_FILES = 5, 150

#: A batch size is close enough if jobs take within this factor of the target time.
CLOSE_ENOUGH = 2.0

#: Columns of the table with their widths, and the width of names before them: 80 characters.
COLUMNS = {
    "jobs": 8,
    "on disk": 8,
    "CPU h": 8,
    "per job": 9,
    "longest": 9,
    "memory": 10,
    "disk": 10,
}
NAME = 18


def table(stages: Mapping[str, Stage]) -> Iterator[str]:
    """Yield a line per stage, one for all jobs without a cell, and the totals.

    Lines have at most 80 characters. A name that is too long has a line of its own.
    """
    yield _line("kind of job", *COLUMNS)
    rows = {name: [stage] for name, stage in stages.items() if name not in SINGLE_JOBS}
    for name, group in (
        rows | {"all others": [stages[rule] for rule in SINGLE_JOBS if rule in stages]}
    ).items():
        seconds = [value for stage in group for value in stage.seconds.values()]
        if len(name) > NAME:
            yield name
        yield _line(
            "" if len(name) > NAME else name,
            *_sums(group),
            duration(statistics.median(seconds)),
            duration(max(seconds)),
            amount(max(stage.memory_mib for stage in group) * 2**20),
            amount(sum(stage.disk_bytes for stage in group)),
        )
    yield _line("total", *_sums(stages.values()))


def _line(name: str, *entries: str) -> str:
    """A line of the table; entries are aligned to the right, below the names of columns."""
    widths = zip(entries, COLUMNS.values(), strict=False)
    return f"{name:<{NAME}}" + "".join(f"{entry:>{width}}" for entry, width in widths)


def _sums(stages: Iterable[Stage]) -> list[str]:
    """Format the numbers of jobs, of jobs whose files exist, and of CPU hours."""
    jobs = [(len(s.loads), len(s.loads) - len(s.left), sum(s.seconds.values())) for s in stages]
    n_jobs, n_done, seconds = map(sum, zip(*jobs, strict=True))
    hours = seconds / 3600
    return [f"{n_jobs:,}", f"{n_done:,}", f"{hours:,.2f}" if hours < 100 else f"{hours:,.0f}"]


def origins(stages: Mapping[str, Stage]) -> Iterator[str]:
    """Yield sentences about what the times of the stages are predicted from."""
    names: dict[str, list[str]] = {}
    for name, stage in stages.items():
        origin = f"from {stage.origin}, within a factor of {stage.factor:.2g}"
        names.setdefault(origin, []).append("all others" if name in SINGLE_JOBS else name)
    for origin, of in names.items():
        yield f"Times of {', '.join(dict.fromkeys(of))}: {origin}."


def totals(stages: Mapping[str, Stage], machine: Machine) -> Iterator[str]:
    """Yield sentences about the time, disk space, memory and planning of the whole study."""
    cpu = {name: sum(stage.seconds.values()) for name, stage in stages.items()}
    low = sum(cpu[name] / stage.factor for name, stage in stages.items()) / sum(cpu.values())
    high = sum(cpu[name] * stage.factor for name, stage in stages.items()) / sum(cpu.values())
    whole = wall_seconds(stages, machine)
    left = wall_seconds(stages, machine, only_left=True)
    yield (
        f"Time: about {duration(whole)} with {machine.slots} jobs at a time and nothing else "
        f"running (likely range {duration(low * whole)} to {duration(high * whole)})."
    )
    if left < whole:
        yield f"Remaining time if existing files are up to date: about {duration(left)}."
    n_jobs = sum(len(stage.loads) for stage in stages.values())
    disk = amount(sum(stage.disk_bytes for stage in stages.values()))
    yield f"Disk: about {disk} in {FILES_PER_JOB * n_jobs + OTHER_FILES:,} files."
    largest = max(stage.memory_mib for name, stage in stages.items() if name not in SINGLE_JOBS)
    alone = [stage.memory_mib for name, stage in stages.items() if name in SINGLE_JOBS]
    single = f", and up to {amount(max(alone) * 2**20)} for one of the others" if alone else ""
    yield (
        f"Memory requested: up to {amount(largest * 2**20)} per job of a cell or design, "
        f"{amount(largest * min(machine.slots, n_jobs) * 2**20)} for all concurrent ones{single}."
    )
    yield (
        f"Planning {n_jobs:,} jobs takes about "
        f"{duration(PLAN_SECONDS + PLAN_SECONDS_PER_JOB * n_jobs)} at each start and "
        f"{amount((PLAN_MIB + PLAN_MIB_PER_JOB * n_jobs) * 2**20)} of memory."
    )


def longest_request(experiment: Experiment, stages: Mapping[str, Stage]) -> str:
    """Describe the time limit that a queue must allow."""
    methods = methods_of(experiment)

    def minutes_to_compare_all(method: Method, load: Load) -> int:
        """Minutes of a job that analyses effects."""
        return minutes_to_compare(method, load, fits_per_data_set(experiment, method))

    requested = {
        "fit": minutes_to_fit,
        "calibrate": minutes_to_calibrate,
        "compare": minutes_to_compare_all,
    }
    minutes = max(
        requested[stage.rule](methods[stage.method], load)
        for stage in stages.values()
        if stage.rule in requested
        for load in set(stage.loads.values())
    )
    return (
        f"On a cluster, a job requests up to {duration(60 * minutes)} at its first attempt and "
        f"{duration(60 * for_attempt(minutes, 3))} at its third; choose a queue that allows this."
    )


def advice(experiment: Experiment, stages: Mapping[str, Stage], target_seconds: float) -> str:
    """Compare the batch size with the one that comes closest to a target time."""
    fits = [stage for stage in stages.values() if stage.rule == "fit"]
    slowest = max(fits, key=lambda stage: stage.data_seconds)
    seconds, batch_size = slowest.seconds.values(), experiment.batch_size
    average, best = statistics.fmean(seconds), best_batch_size(experiment, slowest, target_seconds)
    times = (
        f"Batches: with batch_size: {batch_size}, jobs of {slowest.method}, the slowest method, "
        f"take {duration(average)} on average and {duration(max(seconds))} at most"
    )
    if 1 / CLOSE_ENOUGH <= average / target_seconds <= CLOSE_ENOUGH:
        return f"{times}; that is close enough to the target of {duration(target_seconds)}."
    if best == min(batch_size, experiment.most_replicates):
        return f"{times}; no other size comes closer to the target of {duration(target_seconds)}."
    return (
        f"{times}; for about {duration(target_seconds)}, set batch_size: {best}. This does not "
        "affect the results, but existing files would be computed again."
    )


def duration(seconds: float) -> str:
    """Format a duration with a suitable unit."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{_digits(seconds / size)} {unit}"
    return f"{_digits(seconds)} s"


def amount(n_bytes: float) -> str:
    """Format a size with a suitable unit."""
    for unit, power in (("TiB", 40), ("GiB", 30), ("MiB", 20)):
        if n_bytes >= 2**power:
            return f"{_digits(n_bytes / 2**power)} {unit}"
    return f"{_digits(n_bytes / 2**10)} KiB"


def _digits(value: float) -> str:
    """Format a number with two or three digits, without an exponent."""
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.2g}"


def machine_of(cores: int, profile: Path | None) -> Machine:
    """The machine that runs the jobs: the cores of a computer, or the cluster of a profile.

    Raises
    ------
    ConfigError
        If the profile cannot be read, or describes a cluster without a valid number of jobs.
    """
    if profile is None:
        return Machine(cores)
    file = profile / "config.yaml"
    try:
        settings = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError) as error:
        mistake = Mistake((), f"cannot read the profile: {error}")
        raise ConfigError([mistake], str(file)) from error
    if settings.get("executor", "local") == "local":
        return Machine(cores)
    jobs = settings.get("jobs")
    if not isinstance(jobs, int) or jobs < 1:
        must = "must be a whole number of at least 1"
        raise ConfigError([wrong(("jobs",), jobs, must)], str(file))
    return Machine(jobs, CLUSTER_OVERHEAD, _interval(settings.get("max-jobs-per-timespan")))


def _interval(rate: Any) -> float:
    """Seconds between two submissions, from the profile's ``5/1s``."""
    match = re.fullmatch(r"(\d+)/(\d+)([smh]?)", str(rate))
    if match is None or not int(match[1]):
        return START_INTERVAL
    return int(match[2]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[3]] / int(match[1])


def measured_jobs(
    experiment: Experiment, results: Path, may_calibrate: bool
) -> tuple[list[Job], list[Job]]:
    """Finished jobs and calibration jobs; methods without either can be calibrated now."""
    finished = finished_jobs(results, experiment)
    path = results / experiment.run / "calibration.json"
    calibration = read_calibration(path)
    measured = {job.kind for job in (*finished, *calibration)}
    by_kind = {kind_of(method): method for method in reversed(methods_of(experiment).values())}
    unknown = [by_kind[kind] for kind in reversed(by_kind) if kind not in measured]
    if may_calibrate and unknown:
        new_jobs = calibrate(experiment, unknown)
        calibration += new_jobs
        if new_jobs:
            write_json([asdict(job) for job in calibration], path)
        print()
    return finished, calibration


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make plan", description="Predict the jobs, time, memory and disk space of a study."
    )
    parser.add_argument("config", help="config file of the study")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="number of cores")
    parser.add_argument("--profile", type=Path, help="folder of a Snakemake profile")
    parser.add_argument(
        "--minutes-per-job", type=float, default=10.0, help="target time of a job (default: 10)"
    )
    parser.add_argument("--results", type=Path, default=Path("results"), help="folder of all runs")
    parser.add_argument("--no-calibration", action="store_true", help="do not run calibration jobs")
    options = parser.parse_args(arguments)
    if options.cores < 1:
        parser.error(f"argument --cores: must be at least 1, got {options.cores}")
    if not 0 < options.minutes_per_job < math.inf:
        parser.error(
            f"argument --minutes-per-job: must be a number above 0, got {options.minutes_per_job}"
        )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Command ``make plan``; returns the exit status."""
    options = _options(arguments)
    try:
        experiment = load(options.config)
        machine = machine_of(options.cores, options.profile)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    measured = measured_jobs(experiment, options.results, not options.no_calibration)
    stages = plan_stages(experiment, *measured, options.results / experiment.run)
    most = f"{'at most ' if experiment.sequential else ''}{experiment.most_replicates:,}"
    sizes = (
        f"{experiment.run}: {len(cells_of(experiment)):,} cells of {most} "
        f"replicates, in batches of {experiment.batch_size:,}"
    )
    print(wrapped(sizes), "", *table(stages), sep="\n", end="\n\n")
    sentences = [
        *origins(stages),
        *totals(stages, machine),
        longest_request(experiment, stages),
        advice(experiment, stages, 60 * options.minutes_per_job),
    ]
    print("\n".join(map(wrapped, sentences)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
