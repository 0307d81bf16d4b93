"""The rule ``fit``: fits one method to a batch of data sets; failures become rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from rlrecovery.design.cells import Cell
from rlrecovery.fit.base import Fitter, Setting
from rlrecovery.fit.checkpoint import Checkpoint, checkpoint_key
from rlrecovery.fit.estimates import Row, failed, one_line
from rlrecovery.fit.registry import Method, make_fitter
from rlrecovery.likelihood.data import Observations, observations_from_table
from rlrecovery.simulate.generator import Generator
from rlrecovery.storage.files import MACHINE, conform, read_table, write_table
from rlrecovery.storage.fingerprint import settings_hash
from rlrecovery.storage.schemas import TRIALS, estimates_columns

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
        Half-open range of the replicates that are fitted, stored in the file; by default all.

    Raises
    ------
    BrokenFile
        If the trials cannot be read.
    """
    table = read_table(trials, TRIALS)
    if replicates is not None:
        table = table[table["replicate"].isin(range(*replicates))]
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
    started, reset = time.perf_counter(), generator.task.reset
    wanted = set(table["replicate"])
    rows_by_replicate = {r: rows for r, rows in checkpoint.load().items() if r in wanted}
    rows = [row for replicate_rows in rows_by_replicate.values() for row in replicate_rows]
    is_left = ~table["replicate"].isin(rows_by_replicate)
    groups = table[is_left].groupby("replicate", sort=True)
    for count, (replicate, trials) in enumerate(groups, start=1):
        seed = sampling_seed(generator, cell, int(replicate))
        data = observations_from_table(trials, reset)
        new_rows = fit_data_set(fitter, data, seed, levels)
        rows += [{"replicate": int(replicate), **row} for row in new_rows]
        checkpoint.save(rows)
        rate = count / (time.perf_counter() - started)
        log.info(
            "%s: replicate %d done (%d of %d), %.3g data sets per second, about %.0f s left; "
            "%d of %d rows flagged",
            cell.key,
            replicate,
            count,
            groups.ngroups,
            rate,
            (groups.ngroups - count) / rate,
            sum(row["status"] != "ok" for row in new_rows),
            len(new_rows),
        )
    return sorted(rows, key=lambda row: row["replicate"])


def fit_hash(method: Method, generator: Generator, cell: Cell, levels: Sequence[float]) -> str:
    """Hash of the settings of a method's estimates in a cell."""
    return settings_hash([method.plain(), generator.plain(), cell.values(), list(levels)])
