"""The rule ``calibrate``: fits data sets with truths from the prior, and compares both.

The fit of a data set gets the observations only. Its posterior is evaluated at the truth
afterwards.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from threadpoolctl import threadpool_limits

from rlrecovery.calibration.datasets import DataSet, simulated
from rlrecovery.calibration.generator import PriorGenerator
from rlrecovery.calibration.truths import Truths
from rlrecovery.fitting.base import Posterior, PosteriorFitter
from rlrecovery.fitting.estimates import NAN, WHOLE, Row, Target, one_line
from rlrecovery.fitting.ranks import relative_rank
from rlrecovery.fitting.registry import make_fitter
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import Engine, Evaluator, values_only
from rlrecovery.simulation.task import Floats
from rlrecovery.storage.files import MACHINE, conform, write_table
from rlrecovery.storage.schemas import CALIBRATION_BATCH

log = logging.getLogger(__name__)

#: Level and name of the joint log-likelihood of a data set, a quantity of all its parameters.
DATA_SET, LOG_LIKELIHOOD = "data set", "log_likelihood"

#: Level, participant and parameter of a quantity.
_Key = tuple[str, int, str]
_WHOLE_DATA: _Key = (DATA_SET, WHOLE, LOG_LIKELIHOOD)
_NOTHING = dict.fromkeys(("z", "sd", "pit"), NAN)

#: Draws of an exact posterior that the log-likelihood at the truth is compared with.
DRAWS = 199


def calibrate_batch(
    generator: PriorGenerator,
    replicates: Sequence[int],
    output: str,
    made_by: Mapping[str, Any] | None = None,
) -> None:
    """Draw truths, simulate and fit a batch of data sets, and write where the truths lie.

    Parameters
    ----------
    generator : PriorGenerator
        Method and design.
    replicates : sequence of two int
        First data set, and one past the last.
    output : str
        Path of the table `rlrecovery.storage.schemas.CALIBRATION_BATCH` to write.
    made_by : mapping, optional
        Code and package versions, stored in the file with a hash of the settings.
    """
    stamp = {**(made_by or {}), "settings": generator.hash(), "replicates": list(replicates)}
    method, setting, rows = generator.method, generator.setting(), list[Row]()
    with threadpool_limits(1):  # BLAS threads slow down small matrices
        fitter = cast(PosteriorFitter, make_fitter(method.settings, setting))
        engine: Engine = "scan" if method.settings.uses_scan() else "compiled"
        values = values_only(setting.learner, engine)
        for data_set in simulated(generator, range(*replicates)):
            rows += calibrate(generator, fitter, values, data_set)
    failed = sum(row["status"] == "failed" for row in rows)
    log.info("%d data sets, %d of %d rows failed", len(range(*replicates)), failed, len(rows))
    write_table(conform(rows, CALIBRATION_BATCH), output, stamp)


def quantities(fitter: PosteriorFitter, participant: int) -> list[Target]:
    """Targets of a data set that are compared with their truths.

    Of the participants, which are not independent with partial pooling, only one is used.
    """
    return [t for t in fitter.targets if t.participant in (WHOLE, participant)]


def calibrate(
    generator: PriorGenerator, fitter: PosteriorFitter, values: Evaluator, data_set: DataSet
) -> list[Row]:
    """Fit one data set and compare its posterior with its truths; a failure becomes rows."""
    number, truths, data = data_set
    participant = int(generator.rng(number, "participant").integers(generator.participants))
    targets = quantities(fitter, participant)
    truth_of = {_key_of(target): truths.of(target) for target in targets}
    truth_of[_WHOLE_DATA] = float(values(data, _points(truths.natural, generator)).sum())
    started, fits = time.perf_counter(), list[Row]()
    try:
        fits, posterior = fitter.fit_posterior(data, generator.seed_sequence(number, "sampling"))
        rng = generator.rng(number, "ranks")
        compared = {
            _key_of(target): _compared(target, truths, posterior, rng) for target in targets
        }
        at_draws = _log_likelihoods(data, posterior, values, generator, rng)
        compared[_WHOLE_DATA] = _place(at_draws, truth_of[_WHOLE_DATA], rng)
    except MACHINE:
        raise
    except Exception as error:
        log.exception("the fit of data set %d failed; its rows record that", number)
        compared = dict.fromkeys(truth_of, _NOTHING | _failure(one_line(error)))
    flags = {(fit["level"], fit["participant"], fit["parameter"]): fit for fit in fits}
    common = {"replicate": number, "seconds": time.perf_counter() - started}
    rows = []
    for key, numbers in compared.items():
        fit = flags.get(key) or worst(fits)
        status = {name: fit[name] for name in ("status", "reason")} if fit else {}
        truth = _natural(generator, key, truth_of[key])
        identity = dict(zip(("level", "participant", "parameter"), key, strict=True))
        rows.append(_checked({**common, **identity, "truth": truth, **status, **numbers}))
    return rows


def worst(fits: Sequence[Row]) -> Row:
    """The first row of a fit that is flagged, or else the first; empty without rows."""
    return next((row for row in fits if row["status"] != "ok"), fits[0] if fits else {})


def _key_of(target: Target) -> _Key:
    return target.level, target.participant, target.parameter


def _failure(reason: str) -> Row:
    return {"status": "failed", "reason": reason}


def _natural(generator: PriorGenerator, key: _Key, real: float) -> float:
    """A true value on the natural scale; SDs and log-likelihoods are as they are."""
    level, _, name = key
    if level not in ("participant", "group"):
        return real
    return float(generator.setting().model.parameter(name).to_natural(real))


def _compared(
    target: Target, truths: Truths, posterior: Posterior, rng: np.random.Generator
) -> Row:
    """Compare the posterior of a target with its truth."""
    truth, (mean, sd) = truths.of(target), posterior.moments(target)
    below = posterior.below(target, truth, rng)
    return {"z": (mean - truth) / sd, "sd": sd, "pit": below}


def _log_likelihoods(
    data: Observations,
    posterior: Posterior,
    values: Evaluator,
    generator: PriorGenerator,
    rng: np.random.Generator,
) -> Floats:
    """Joint log-likelihood of a data set at draws from the posterior.

    A quantity that depends on data and parameters finds errors that single parameters do not show
    (Modrák et al. 2023, Bayesian Analysis, doi:10.1214/23-BA1404).
    """
    draws = posterior.joint_draws(DRAWS, rng)
    points = np.stack([draws[name] for name in generator.setting().model.names], axis=-1)
    total: Floats = np.zeros(len(points))
    for i in range(generator.participants):
        total += values(data.rows(slice(i, i + 1)), np.ascontiguousarray(points[:, i]))
    return total


def _place(draws: Floats, truth: float, rng: np.random.Generator) -> Row:
    """Compare draws of a quantity with its value at the truth."""
    sd, pit = float(draws.std(ddof=1)), relative_rank(draws, truth, rng)
    return {"z": (float(draws.mean()) - truth) / sd, "sd": sd, "pit": pit}


def _points(natural: Mapping[str, Floats], generator: PriorGenerator) -> Floats:
    """True parameters, shape (participants, parameters)."""
    return np.stack([natural[name] for name in generator.setting().model.names], axis=1)


def _checked(row: Row) -> Row:
    """The row; failed if its posterior could not be compared with the truth."""
    if row["status"] == "failed" or math.isfinite(row["pit"]):
        return row
    return row | _NOTHING | _failure(f"the PIT value is {row['pit']}")
