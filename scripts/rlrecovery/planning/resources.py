"""Costs by rule, and the memory and time that jobs request from a cluster.

The costs of fits are part of the settings of each estimator. Memory and CPU time were measured for
5 to 100 participants, 50 to 400 trials and 1 to 200 replicates, on a virtual x86 machine of 2026.
The requested time has a large margin, because other processors are slower and some posteriors are
much harder to sample: a job that requests too much waits longer in the queue, while a job that
requests too little is killed and runs again with twice as much. The results of a study do not
depend on these values.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost
from rlrecovery.fitting.registry import Method

#: Costs of jobs that simulate a batch and that score a design. The work of scoring is the number of
#: methods.
SIMULATE = Cost(memory_mib=120, start_seconds=0.7, participant_seconds=1e-4, trial_seconds=6e-7)
SCORE = Cost(memory_mib=200, start_seconds=0.8, participant_seconds=2e-4, trial_seconds=1e-9)


class SingleJob(NamedTuple):
    """A job without a cell: requested MiB and minutes, CPU seconds, bytes written.

    The bytes of all these jobs except the figures are counted with the report.
    """

    memory_mib: int
    minutes: int
    seconds: float
    disk_bytes: int = 0


#: Rules whose jobs have no cell; ``figure`` has a job per figure, and only a study with
#: requirements has the job ``advise``. The memory to summarise depends
#: on the study (`memory_to_summarise`).
SINGLE_JOBS = {
    "design": SingleJob(memory_mib=1000, minutes=10, seconds=1),
    "summarise": SingleJob(memory_mib=0, minutes=60, seconds=3),
    "calibration": SingleJob(memory_mib=2000, minutes=30, seconds=6),
    "effects": SingleJob(memory_mib=2000, minutes=30, seconds=6),
    "example": SingleJob(memory_mib=2000, minutes=30, seconds=10),
    "predict": SingleJob(memory_mib=4000, minutes=120, seconds=15),
    "advise": SingleJob(memory_mib=2000, minutes=30, seconds=15),
    "figure": SingleJob(memory_mib=2000, minutes=30, seconds=5, disk_bytes=570_000),
    "typeset": SingleJob(memory_mib=2000, minutes=30, seconds=3),
    "report": SingleJob(memory_mib=2000, minutes=30, seconds=7, disk_bytes=4_500_000),
}

#: Rules that only some studies have, and the keys of the config of which such a study has one.
OPTIONAL_JOBS: dict[str, tuple[str, ...]] = {
    "calibration": ("calibration",),
    "effects": ("groups", "conditions", "covariate", "effects"),
    "advise": ("targets",),
}

#: MiB of the two processes that start a job on a cluster and wait for it (measured: 2 x 265).
LAUNCHER_MIB = 600

#: Bytes per trial of all replicates and participants of a batch (measured: 100 to 170).
BYTES_PER_TRIAL = 200

#: Bytes per row of estimates of the cell that is scored (a row has 260 to 350 bytes and is held
#: several times), per row of all cells of a design, and per method and cell of a summary (measured:
#: 800, 420 and 320,000).
BYTES_PER_ROW, BYTES_PER_KEPT_ROW, BYTES_PER_FIT = 1200, 600, 600_000

#: Bytes per row of estimates of a batch that is fitted: a dictionary until all are written
#: (measured: 2,000 to 2,400).
BYTES_PER_FITTED_ROW = 2400

#: MiB of a joint analysis of effects, beside a fit (measured: 10 to 30 for groups, and up to 300
#: for correlations).
JOINT_MIB = 500

#: CPU seconds per method and cell of a summary.
SUMMARISE_SECONDS = 6e-3

#: Requested amounts, relative to expected ones.
MEMORY_MARGIN, TIME_MARGIN = 1.5, 6

#: Minimum minutes per job, for slow disks and an empty compile cache.
MIN_MINUTES = 30


def for_attempt(amount: int, attempt: int) -> int:
    """Amount requested at an attempt (from 1) of a job: twice that of the previous attempt."""
    return amount * 2 ** (attempt - 1)


def seconds_per_data_set(cost: Cost, work: float, load: Load) -> float:
    """CPU seconds per data set of a load, at a relative work (`MethodSettings.relative_work`)."""
    return work * load.participants * (cost.participant_seconds + cost.trial_seconds * load.trials)


def work_of(method: Method) -> float:
    """Work of a method's fits, relative to its estimator's `Cost`."""
    return method.settings.relative_work(len(method.fitted_model().names))


def memory_to_simulate(load: Load) -> int:
    """MiB to request for a job that simulates a batch."""
    return _memory(SIMULATE, BYTES_PER_TRIAL * load.all_trials)


def minutes_to_simulate(load: Load) -> int:
    """Minutes to request for a job that simulates a batch."""
    return _minutes(SIMULATE, 1.0, load)


def memory_to_fit(method: Method, load: Load) -> int:
    """MiB to request for a job that fits a batch."""
    held = method.settings.memory_bytes(len(method.fitted_model().names), load)
    rows = BYTES_PER_FITTED_ROW * rows_of(method, load)
    return _memory(method.settings.cost, BYTES_PER_TRIAL * load.all_trials + rows + held)


def minutes_to_fit(method: Method, load: Load) -> int:
    """Minutes to request for a job that fits a batch."""
    return _minutes(method.settings.cost, work_of(method), load)


def memory_to_calibrate(method: Method, load: Load) -> int:
    """MiB to request for a job that simulates, fits and compares a batch of a calibration."""
    return max(memory_to_fit(method, load), memory_to_simulate(load))


def calibration_cost(method: Method) -> Cost:
    """Cost of a calibration: that of the fits, and as much again per data set to compare them."""
    cost = method.settings.cost
    participant, trial = cost.participant_seconds, cost.trial_seconds
    return replace(cost, participant_seconds=2 * participant, trial_seconds=2 * trial)


def minutes_to_calibrate(method: Method, load: Load) -> int:
    """Minutes to request for a job that simulates, fits and compares a batch of a calibration."""
    return _minutes(calibration_cost(method), work_of(method), load)


def memory_to_compare(method: Method, load: Load) -> int:
    """MiB to request for a job that simulates and analyses a batch of data sets with effects."""
    joint = 0 if method.settings.effect_fitter is None else JOINT_MIB
    return max(memory_to_fit(method, load) + joint, memory_to_simulate(load))


def minutes_to_compare(method: Method, load: Load, fits: float) -> int:
    """Minutes to request for a job that analyses a batch in the time of some fits per data set."""
    return _minutes(method.settings.cost, fits * work_of(method), load)


def memory_to_score(methods: Collection[Method], cells: Iterable[Load]) -> int:
    """MiB to request for a job that scores the cells of a design, which have these loads."""
    rows = [sum(rows_of(method, fitted_part(method, cell)) for method in methods) for cell in cells]
    return _memory(SCORE, BYTES_PER_ROW * max(rows) + BYTES_PER_KEPT_ROW * sum(rows))


def minutes_to_score(methods: Collection[Method], cells: Iterable[Load]) -> int:
    """Minutes to request for a job that scores the cells of a design, which have these loads."""
    parts = [fitted_part(method, cell) for cell in cells for method in methods]
    return _minutes(SCORE, 1.0, *parts)


def memory_to_summarise(methods: Collection[Method], cells: int) -> int:
    """MiB to request for the job that summarises a number of cells."""
    return _memory(SCORE, BYTES_PER_FIT * len(methods) * cells)


def fitted_part(method: Method, cell: Load) -> Load:
    """The part of the load of a cell that a method fits."""
    return replace(cell, replicates=method.replicates_of(cell.replicates))


def rows_of(method: Method, load: Load) -> int:
    """Number of rows of estimates of some data sets."""
    levels = method.settings.levels()
    targets = sum(load.participants if level == "participant" else 1 for level in levels)
    return load.replicates * targets * len(method.fitted_model().names)


def _memory(cost: Cost, data_bytes: int) -> int:
    """MiB to request, rounded up to hundreds."""
    expected = LAUNCHER_MIB + cost.memory_mib + data_bytes / 2**20
    return 100 * math.ceil(MEMORY_MARGIN * expected / 100)


def _minutes(cost: Cost, work: float, *loads: Load) -> int:
    seconds = sum(load.replicates * seconds_per_data_set(cost, work, load) for load in loads)
    return MIN_MINUTES + math.ceil(TIME_MARGIN * seconds / 60)
