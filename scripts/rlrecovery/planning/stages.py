"""The jobs of a study by stage, with their costs.

A stage is a rule, or a method of the rule ``fit``. A job is named by the path of its files:
``cell/batch``, a design, or a figure.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from rlrecovery.config.calibrations import calibrated_batches, generators
from rlrecovery.config.effects import (
    analysed_methods,
    effect_batches,
    effect_cells,
    fits_per_data_set,
    rows_fitted,
    sizes_of_effects,
)
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, fitted_batches, generator_of, methods_of
from rlrecovery.design.cells import Cell, batches, by_design
from rlrecovery.design.load import Load
from rlrecovery.figures.catalogue import available_figures
from rlrecovery.fitting.base import Cost
from rlrecovery.fitting.registry import Method
from rlrecovery.planning import costs, resources
from rlrecovery.planning.costs import Job
from rlrecovery.report.numbers import plural

#: Uncertainty factors of times from finished jobs, from a calibration, and known in advance.
FINISHED_FACTOR, CALIBRATION_FACTOR, EXPECTED_FACTOR = 1.3, 2.0, 4.0

#: If the largest job of a stage has this many times the work of all measured jobs, its uncertainty
#: increases by another factor.
EXTRAPOLATION, EXTRAPOLATION_FACTOR = 5.0, 1.5

#: Folders of the files that show whether a job is finished, by rule, and ends of their paths.
OUTPUTS = {
    "simulate": ("trials", ".parquet"),
    "fit": ("estimates", ".parquet"),
    "score": ("scores", "/measures.parquet"),
    "calibrate": ("calibration", ".parquet"),
    "compare": ("effects", ".parquet"),
}

#: Groups of rules in the order in which they run. The jobs of a group run concurrently, after those
#: of the previous group.
ORDER = (
    ("simulate", "fit", "calibrate", "compare"),
    ("score",),
    ("summarise", "calibration", "effects"),
    ("advise",),
    ("design", "example", "predict", "figure", "typeset"),
    ("report",),
)


#: Seconds that Snakemake needs to start a job.
START_INTERVAL = 0.015


@dataclass(frozen=True)
class Stage:
    """The jobs of a stage.

    `kind` and `work` are those of each `rlrecovery.planning.costs.Job`, and `cost` is expected, or
    fitted to measured jobs, as `origin` says. `loads` has the data by job, `memory_mib` is the
    largest request of a job, and `disk_bytes` the size of all files. The files of the jobs in
    `left` do not exist. Times may be wrong by `factor`.
    """

    rule: str
    kind: str
    work: float
    cost: Cost
    loads: Mapping[str, Load]
    memory_mib: int
    disk_bytes: float
    method: str = ""
    left: AbstractSet[str] = frozenset()
    origin: str = "expectation"
    factor: float = EXPECTED_FACTOR

    @property
    def name(self) -> str:
        """Name of the stage."""
        return f"{self.rule} {self.method}".strip()

    @cached_property
    def seconds(self) -> dict[str, float]:
        """CPU seconds by job."""
        return {job: costs.job_seconds(self.cost, self.work, d) for job, d in self.loads.items()}

    @property
    def data_seconds(self) -> float:
        """CPU seconds of all jobs, without their start-up times."""
        return sum(self.seconds.values()) - len(self.seconds) * self.cost.start_seconds

    def files(self, folder: Path, suffix: str) -> dict[str, Path]:
        """Files of jobs that exist in a folder with subfolders by method, by job.

        The path of a job's file is its name with this suffix, which may begin with a folder.
        """
        parent = folder / self.method
        paths = {p.relative_to(parent).as_posix(): p for p in parent.rglob(f"*{suffix}")}
        return {job: paths[f"{job}{suffix}"] for job in self.loads if f"{job}{suffix}" in paths}


def cell_stages(experiment: Experiment) -> dict[str, Stage]:
    """Stages with a job per batch or design, by name, with the costs known in advance."""
    cells, methods = cells_of(experiment), list(methods_of(experiment).values())
    by_batch = _loads(cells, batches(experiment.most_replicates, experiment.batch_size))
    generators = {key: generator_of(experiment, cell) for key, cell in cells.items()}
    n_levels, fitted = len(experiment.interval_levels), fitted_batches(experiment)
    memory = max(map(resources.memory_to_simulate, by_batch.values()))
    disk = sum(costs.simulated_bytes(generators[_cell(job)], by_batch[job]) for job in by_batch)
    stages = [Stage("simulate", "simulate", 1.0, resources.SIMULATE, by_batch, memory, disk)]
    for method in methods:
        kind, work, cost = costs.kind_of(method), resources.work_of(method), method.settings.cost
        loads = _loads(cells, fitted[method.name])
        sizes = Counter(loads.values())
        memory = max(resources.memory_to_fit(method, load) for load in sizes)
        disk = sum(n * costs.estimates_bytes(method, n_levels, load) for load, n in sizes.items())
        stages.append(Stage("fit", kind, work, cost, loads, memory, disk, method.name))
    stages.append(_score_stage(experiment, cells, methods))
    stages += _calibration_stages(experiment)
    stages += _effect_stages(experiment)
    return {stage.name: stage for stage in stages}


def _score_stage(
    experiment: Experiment, cells: Mapping[str, Cell], methods: Sequence[Method]
) -> Stage:
    """The stage that scores, with a job per design."""
    replicates, designs = experiment.most_replicates, by_design(cells)
    work = sum(method.replicates_of(replicates) for method in methods) / replicates
    loads, memory = {}, 0
    for design, keys in designs.items():
        cell = cells[keys[0]]
        load = Load(cell.participants, cell.trials, replicates)
        loads[design] = replace(load, replicates=replicates * len(keys))
        memory = max(memory, resources.memory_to_score(methods, [load] * len(keys)))
    disk = len(designs) * costs.SCORE_FILES + len(cells) * len(methods) * costs.CELL_SCORES
    return Stage("score", "score", work, resources.SCORE, loads, memory, disk)


def _calibration_stages(experiment: Experiment) -> list[Stage]:
    """The stages of a calibration over the prior, one per method, with a job per batch."""
    stages, ranges = [], calibrated_batches(experiment)
    for name, generator in generators(experiment).items():
        method, size = generator.method, (generator.participants, generator.trials)
        loads = {b: Load(*size, stop - start) for b, (start, stop) in ranges[name].items()}
        memory = max(resources.memory_to_calibrate(method, load) for load in loads.values())
        quantities = costs.quantities_of(method)
        disk = sum(costs.places_bytes(quantities, load) for load in loads.values())
        kind, work = f"calibrate {costs.kind_of(method)}", resources.work_of(method)
        cost = resources.calibration_cost(method)
        stages.append(Stage("calibrate", kind, work, cost, loads, memory, disk, name))
    return stages


def _effect_stages(experiment: Experiment) -> list[Stage]:
    """The stages of analyses of effects, one per method, with a job per cell and batch.

    A data set takes several fits of the method, so that their cost is known from the rule ``fit``.
    """
    stages, ranges, cells = [], effect_batches(experiment), effect_cells(experiment)
    for name, method in analysed_methods(experiment).items():
        fits = fits_per_data_set(experiment, method)
        loads = {
            f"{key}/{batch}": Load(
                rows_fitted(experiment, cell, fits), cell.cell.trials, stop - start
            )
            for key, cell in cells.items()
            for batch, (start, stop) in ranges[name].items()
        }
        memory = max(resources.memory_to_compare(method, load) for load in loads.values())
        n_effects = len(sizes_of_effects(experiment))
        disk = sum(costs.effect_bytes(n_effects, load) for load in loads.values())
        kind, work = costs.kind_of(method), fits * resources.work_of(method)
        cost = method.settings.cost
        stages.append(Stage("compare", kind, work, cost, loads, memory, disk, name))
    return stages


def _loads(cells: Mapping[str, Cell], ranges: Mapping[str, tuple[int, int]]) -> dict[str, Load]:
    """Data of the jobs of all cells and batches."""
    return {
        f"{key}/{batch}": Load(cell.participants, cell.trials, stop - start)
        for key, cell in cells.items()
        for batch, (start, stop) in ranges.items()
    }


def _cell(job: str) -> str:
    return job.split("/")[0]


def plan_stages(
    experiment: Experiment,
    finished: Sequence[Job] = (),
    calibration: Sequence[Job] = (),
    run: Path | None = None,
) -> dict[str, Stage]:
    """All stages of a study by name, with costs from measured jobs where there are any.

    Jobs whose files exist in the folder of the `run`, even outdated ones, are not left; without a
    folder, all jobs are left.
    """
    stages = {}
    for name, stage in cell_stages(experiment).items():
        folder, suffix = OUTPUTS[stage.rule]
        done = stage.files(run / folder, suffix) if run else {}
        left = stage.loads.keys() - done.keys()
        stages[name] = replace(_with_measured_cost(stage, finished, calibration), left=left)
    # Scores need all estimates of a design.
    of_cells = [s for s in stages.values() if s.rule in ("simulate", "fit")]
    cells_left = {_cell(job) for s in of_cells for job in s.left}
    designs = by_design(cells_of(experiment))
    changed = {design for design, keys in designs.items() if cells_left & set(keys)}
    score = replace(stages["score"], left=stages["score"].left | changed)
    stages["score"] = score
    is_finished = run is not None and not score.left and (run / "report.html").is_file()
    return stages | _single_stages(experiment, is_finished)


def _with_measured_cost(stage: Stage, finished: Sequence[Job], calibration: Sequence[Job]) -> Stage:
    """The stage with costs fitted to finished jobs, or else to calibration jobs, if any."""
    for jobs, noun, least_factor in (
        (finished, "finished job", FINISHED_FACTOR),
        (calibration, "calibration job", CALIBRATION_FACTOR),
    ):
        measured = [job for job in jobs if job.kind == stage.kind]
        if measured:
            cost, scatter = costs.fit_cost(stage.cost, measured)
            factor = max(least_factor, scatter)
            largest = stage.work * max(load.all_trials for load in stage.loads.values())
            if largest > EXTRAPOLATION * max(job.work * job.load.all_trials for job in measured):
                factor = max(CALIBRATION_FACTOR, EXTRAPOLATION_FACTOR * factor)
            return replace(stage, cost=cost, origin=plural(len(measured), noun), factor=factor)
    return stage


def _single_stages(experiment: Experiment, is_finished: bool) -> dict[str, Stage]:
    """Stages whose jobs have no cell."""
    methods, cells, no_data = methods_of(experiment), cells_of(experiment), Load(0, 0, 0)
    stages = {}
    for rule, job in resources.SINGLE_JOBS.items():
        keys = resources.OPTIONAL_JOBS.get(rule, ("run",))
        if not any(getattr(experiment, key) not in (None, {}) for key in keys):
            continue
        names = [rule]
        if rule == "figure":
            names = [*available_figures(experiment), *experiment.figures.compose]
        seconds, memory = job.seconds, job.memory_mib
        if rule == "summarise":
            seconds += resources.SUMMARISE_SECONDS * len(cells) * len(methods)
            memory = resources.memory_to_summarise(methods.values(), len(cells))
        stages[rule] = Stage(
            *(rule, rule, 1.0, Cost(memory, seconds, 0.0, 0.0), dict.fromkeys(names, no_data)),
            memory_mib=memory,
            disk_bytes=len(names) * job.disk_bytes,
            left=set() if is_finished else set(names),
            origin="typical times",
            factor=CALIBRATION_FACTOR,
        )
    return stages


class Machine(NamedTuple):
    """The machine that runs the jobs.

    `slots` jobs run concurrently. Each takes `overhead` seconds in addition to its CPU time, and
    at least `interval` seconds pass between the starts of two jobs.
    """

    slots: int
    overhead: float = 0.0
    interval: float = START_INTERVAL


def wall_seconds(stages: Mapping[str, Stage], machine: Machine, only_left: bool = False) -> float:
    """Seconds from the start of a study to its report, on an otherwise idle machine."""
    total = 0.0
    for rules in ORDER:
        durations = [
            seconds + machine.overhead
            for stage in stages.values()
            if stage.rule in rules
            for job, seconds in stage.seconds.items()
            if not only_left or job in stage.left
        ]
        total += max(makespan(durations, machine.slots), machine.interval * len(durations))
    return total


def makespan(durations: Sequence[float], slots: int) -> float:
    """Seconds until all jobs are done, each started as soon as a slot is free."""
    busy_until = [0.0] * min(slots, max(1, len(durations)))
    for duration in durations:
        heapq.heapreplace(busy_until, busy_until[0] + duration)
    return max(busy_until)


def best_batch_size(experiment: Experiment, stage: Stage, target_seconds: float) -> int:
    """Size of equal batches for which a stage's jobs that fit take about `target_seconds`."""
    data_sets = sum(load.replicates for load in stage.loads.values())
    replicates = data_sets // len(cells_of(experiment))
    size = int((target_seconds - stage.cost.start_seconds) / (stage.data_seconds / data_sets))
    if size >= replicates:  # one job per cell, as with every larger batch
        return max(replicates, min(experiment.batch_size, experiment.most_replicates))
    n_batches = math.ceil(replicates / max(1, min(replicates, size)))
    return math.ceil(replicates / n_batches)
