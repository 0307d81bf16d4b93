"""Time of jobs, fitted to measured times, and sizes of the files that they write.

A job with a relative work of ``W`` on ``R`` data sets of ``P`` participants with ``T`` trials takes

    start_seconds + W x R x P x (participant_seconds + T x trial_seconds)

of CPU time. The three coefficients of each kind of job are known roughly in advance
(`rlrecovery.fitting.base.Cost`). Once jobs have been run, they are fitted on the log scale, which
gives short and long jobs the same weight, with a loss that is robust to jobs with unusual times
(a swapping computer, a resumed batch). Coefficients that these jobs cannot identify stay near the
values known in advance.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost
from rlrecovery.fitting.registry import Method
from rlrecovery.planning.resources import rows_of, seconds_per_data_set
from rlrecovery.simulation.generator import Generator
from rlrecovery.simulation.task import Floats

#: SDs on the log scale: of jobs around the model, and of coefficients around the values known in
#: advance.
NOISE_SD, PRIOR_SD = 0.2, 1.5

#: Bytes of the files of a job without data, in whole blocks of a disk and with log, benchmark and
#: Snakemake's records; those of the scores of a method in a cell.
SIMULATE_FILES, FIT_FILES, SCORE_FILES, CELL_SCORES = 37_000, 30_000, 60_000, 17_000

#: Bytes of the files of a calibration without data, and of a row.
PLACES_FILES, PLACE = 30_000, 45

#: Bytes of the files of an analysis of effects without data, and of a row, of which each effect has
#: up to `ANALYSES`.
EFFECT_FILES, EFFECT_ROW, ANALYSES = 45_000, 60, 5

#: Bytes of a trial with a reward of 0 or 1, of a trial with any other reward, of a true value, of a
#: number in a row of estimates, of a nominal level, and of a data set in the log of a fit.
BINARY_TRIAL, REAL_TRIAL, TRUE_VALUE, NUMBER, LEVEL, LOG_LINE = 0.45, 8.5, 10, 8, 1300, 150


@dataclass(frozen=True)
class Job:
    """A job that was run, and its CPU seconds.

    Jobs of one `kind_of` have the same cost per unit of work.
    """

    kind: str
    work: float
    load: Load
    seconds: float


def kind_of(method: Method) -> str:
    """A text shared by all methods with the same cost per unit of work."""
    settings = method.settings.cost_settings()
    return json.dumps(settings | {"model": method.model.plain()}, sort_keys=True)


def job_seconds(cost: Cost, work: float, load: Load) -> float:
    """CPU seconds of a job."""
    return cost.start_seconds + load.replicates * seconds_per_data_set(cost, work, load)


def fit_cost(expected: Cost, jobs: Sequence[Job]) -> tuple[Cost, float]:
    """Fit the cost of a kind of job, of which there is at least one, to measured times.

    `expected` is the cost known in advance. The second result is the typical factor by which jobs
    deviate from the fitted cost: the median of the ratios of measured to fitted times, inverted if
    below 1.
    """
    units = np.array([job.work * job.load.participants * job.load.replicates for job in jobs])
    trials = np.array([job.load.trials for job in jobs])
    terms = np.stack([np.ones(len(jobs)), units, units * trials], axis=1)
    log_seconds = np.log([max(job.seconds, 1e-3) for job in jobs])
    names = ("start_seconds", "participant_seconds", "trial_seconds")
    centre = np.log([getattr(expected, name) for name in names])

    def deviations(coefficients: Floats) -> Floats:
        """Deviations of the jobs from the model, on the log scale."""
        return np.log(terms @ np.exp(coefficients)) - log_seconds

    def residuals(coefficients: Floats) -> Floats:
        """Deviations of jobs and of coefficients, in units of their SDs."""
        from_expected = (coefficients - centre) / PRIOR_SD
        return np.concatenate([deviations(coefficients) / NOISE_SD, from_expected])

    best = least_squares(residuals, centre, loss="soft_l1").x
    cost = replace(expected, **dict(zip(names, np.exp(best).tolist(), strict=True)))
    return cost, math.exp(np.median(np.abs(deviations(best))))


def simulated_bytes(generator: Generator, load: Load) -> float:
    """Bytes written by a job that simulates."""
    is_binary = generator.task.rewards == "bernoulli"
    trials = (BINARY_TRIAL if is_binary else REAL_TRIAL) * load.all_trials
    targets = load.replicates * (load.participants + 2)
    true_values = targets * len(generator.model.model().names)
    return SIMULATE_FILES + trials + TRUE_VALUE * true_values


def estimates_bytes(method: Method, n_levels: int, load: Load) -> float:
    """Bytes written by a job that fits, with a number of nominal levels."""
    diagnostics = 3 if method.settings.posterior == "sampled" else 0
    rows = NUMBER * (2 + 2 * n_levels + diagnostics) * rows_of(method, load)
    return FIT_FILES + LEVEL * n_levels + LOG_LINE * load.replicates + rows


def quantities_of(method: Method) -> int:
    """Number of quantities of a data set that a calibration compares with their true values."""
    return len(method.settings.levels()) * len(method.fitted_model().names) + 1


def places_bytes(quantities: int, load: Load) -> float:
    """Bytes written by a job of a calibration."""
    return PLACES_FILES + (LOG_LINE + PLACE * quantities) * load.replicates


def effect_bytes(effects: int, load: Load) -> float:
    """Bytes written by a job that analyses a number of effects."""
    return EFFECT_FILES + (LOG_LINE + EFFECT_ROW * ANALYSES * effects) * load.replicates
