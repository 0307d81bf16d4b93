"""The rule ``fit``: fits one method to a batch of data sets; failures become rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.base import Fitter, JointFitter, Setting
from rlrecovery.fitting.checkpoint import Checkpoint, checkpoint_key
from rlrecovery.fitting.estimates import Row, failed, one_line, with_status
from rlrecovery.fitting.registry import Method, make_fitter
from rlrecovery.likelihood.data import Observations, observations_from_table
from rlrecovery.simulation.expected import check_trials
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.files import MACHINE, conform, read_table, write_table
from rlrecovery.storage.fingerprint import settings_hash
from rlrecovery.storage.schemas import TRIALS, estimates_columns

# The workflow imports this module whenever it is read.
if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def sampling_seed(generator: Generator, cell: Cell, replicate: int) -> np.random.SeedSequence:
    """Seed of an estimator on one data set; it does not depend on the method."""
    return generator.seed_sequence(cell, replicate, "sampling")


def fit_data_set(
    fitter: Fitter, data: Observations, seed: np.random.SeedSequence, levels: Sequence[float]
) -> list[Row]:
    """Fit one data set; an exception becomes failed rows with its message as the reason."""
    started = time.perf_counter()
    try:
        return fitter.fit(data, seed)
    except MACHINE:
        raise
    except Exception as error:
        log.exception(
            "the fit of this data set failed; its rows record that, and the job continues"
        )
        seconds = time.perf_counter() - started
        return failed(fitter.targets, one_line(error), levels, seconds)


def fit_data_sets(
    fitter: Fitter,
    data_sets: Sequence[Observations],
    seeds: Sequence[np.random.SeedSequence],
    levels: Sequence[float],
) -> list[list[Row]]:
    """Fit several data sets, together if the fitter can."""
    if len(data_sets) > 1 and isinstance(fitter, JointFitter):
        try:
            return fitter.fit_together(data_sets, seeds)
        except MACHINE:
            raise
        except Exception:
            log.exception("these data sets cannot be fitted together; they are fitted one by one")
    pairs = zip(data_sets, seeds, strict=True)
    return [fit_data_set(fitter, data, seed, levels) for data, seed in pairs]


def fit_batch(
    method: Method,
    generator: Generator,
    cell: Cell,
    levels: Sequence[float],
    trials: str,
    estimates: str,
    made_by: Mapping[str, Any] | None = None,
    replicates: Sequence[int] | None = None,
) -> None:
    """Fit the data sets of a batch and write the estimates.

    Parameters
    ----------
    method : Method
        The method.
    generator : Generator
        Generator of the data. It is used only for the task, as participants know it, and for seeds:
        estimators have no access to the truth.
    cell : Cell
        The cell.
    levels : sequence of float
        Nominal levels of the intervals.
    trials, estimates : str
        Path to read and path to write.
    made_by : mapping, optional
        Code and package versions, stored in the file together with a hash of the settings. A
        checkpoint with other code, versions or settings is not used.
    replicates : (int, int), optional
        Half-open range of the replicates that are fitted, stored in the file; by default all that
        are there, which are not checked then.

    Raises
    ------
    BrokenFile
        If the trials cannot be read, or are not those of the replicates.
    """
    table = read_table(trials, TRIALS)
    if replicates is not None:
        table = table[table["replicate"].isin(range(*replicates))]
        check_trials(table, trials, cell, generator.faced_task(), range(*replicates))
    stamp = {**(made_by or {}), "settings": fit_hash(method, generator, cell, levels)}
    checkpoint = Checkpoint(estimates, checkpoint_key(trials, stamp), estimates_columns(levels))
    with threadpool_limits(1):  # BLAS threads slow down small optimisations
        started = time.perf_counter()
        setting = Setting.of(method.model, generator.faced_task(), cell, levels)
        fitter = make_fitter(method.settings, setting)
        log.info("%s: ready to fit after %.1f s", cell.key, time.perf_counter() - started)
        rows = _fit_all(fitter, table, generator, cell, levels, checkpoint)
    origin = stamp if replicates is None else {**stamp, "replicates": list(replicates)}
    write_table(conform(rows, estimates_columns(levels)), estimates, origin)
    checkpoint.remove()


def _fit_all(
    fitter: Fitter,
    table: pd.DataFrame,
    generator: Generator,
    cell: Cell,
    levels: Sequence[float],
    checkpoint: Checkpoint,
) -> list[Row]:
    """Fit all data sets that are not in the checkpoint; return the rows of all."""
    wanted = set(table["replicate"])
    rows_by_replicate = {r: rows for r, rows in checkpoint.load().items() if r in wanted}
    rows = [row for replicate_rows in rows_by_replicate.values() for row in replicate_rows]
    left = table[~table["replicate"].isin(rows_by_replicate)]
    replicates, position = np.unique(left["replicate"], return_inverse=True)
    together = fitter.data_sets_together if isinstance(fitter, JointFitter) else 1
    started, count = time.perf_counter(), 0
    for part, trials in left.groupby(position // together):
        own = replicates[part * together :][:together].tolist()
        seeds = [sampling_seed(generator, cell, replicate) for replicate in own]
        data_sets = observations_of_each(trials, generator.task.reset)
        fits = fit_data_sets(fitter, data_sets, seeds, levels)
        pairs = list(zip(own, fits, strict=True))
        new_rows = [
            {"replicate": number, **with_status(row)} for number, fit in pairs for row in fit
        ]
        rows += new_rows
        checkpoint.save(rows)
        count += len(own)
        rate = count / (time.perf_counter() - started)
        log.info(
            "%s: %s done (%d of %d), %.3g data sets per second, about %.0f s left; "
            "%d of %d rows flagged",
            cell.key,
            f"replicate {own[0]}" if len(own) == 1 else f"replicates {own[0]} to {own[-1]}",
            count,
            len(replicates),
            rate,
            (len(replicates) - count) / rate,
            sum(row["status"] != "ok" for row in new_rows),
            len(new_rows),
        )
    return sorted(rows, key=lambda row: row["replicate"])


def observations_of_each(trials: pd.DataFrame, reset: bool) -> list[Observations]:
    """Make the observations of each data set in a table, in the order of replicates.

    All are padded to the same number of trials.
    """
    if (trials["replicate"] == trials["replicate"].iloc[0]).all():
        return [observations_from_table(trials, reset)]
    participant = trials.groupby(["replicate", "participant"]).ngroup()
    data = observations_from_table(trials.assign(participant=participant), reset)
    ends = participant.groupby(trials["replicate"]).max() + 1
    starts = [0, *ends[:-1]]
    return [data.rows(slice(*pair)) for pair in zip(starts, ends, strict=True)]


def fit_hash(method: Method, generator: Generator, cell: Cell, levels: Sequence[float]) -> str:
    """Hash of the settings of a method's estimates in a cell."""
    return settings_hash([method.plain(), generator.plain(), cell.values(), list(levels)])
