"""Fitting a batch: one method on some replicates of one cell, failures kept as rows."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from rlrecovery.design.cells import Cell, seed_sequence
from rlrecovery.fit import make_fitter
from rlrecovery.fit.base import Fitter, Row, Setting, failed, sentence
from rlrecovery.fit.checkpoint import Checkpoint, work_key
from rlrecovery.likelihood.scan import Observations, observations_from_table
from rlrecovery.simulate.batch import identity_of
from rlrecovery.storage.files import (
    MACHINE,
    TRIALS,
    conform,
    estimates_columns,
    read_table,
    write_table,
)
from rlrecovery.storage.works import fit_work

log = logging.getLogger(__name__)


def sampling_seed(
    generator: Mapping[str, Any], cell: Mapping[str, Any], replicate: int
) -> np.random.SeedSequence:
    """Seed of an estimator on one data set: the same whatever the method is called."""
    identity = identity_of(cell, generator)
    return seed_sequence(generator["seed"], identity, replicate, "sampling")


def fit_data_set(
    fitter: Fitter, data: Observations, seed: np.random.SeedSequence, levels: Sequence[float]
) -> list[Row]:
    """Rows of one data set; an exception becomes failed rows with its text as the reason."""
    started = time.perf_counter()
    try:
        return fitter.fit(data, seed)
    except MACHINE:
        raise
    except Exception as error:
        log.exception("this data set failed; its rows say so and the batch goes on")
        seconds = time.perf_counter() - started
        return failed(fitter.targets, sentence(error), levels, seconds)


def fit_batch(
    method: Mapping[str, Any],
    generator: Mapping[str, Any],
    cell: Mapping[str, Any],
    levels: Sequence[float],
    trials: str,
    estimates: str,
    made: Mapping[str, Any] | None = None,
) -> None:
    """Fit every data set of a batch and write the estimates.

    Parameters
    ----------
    method : mapping
        An entry of the config's ``methods``.
    generator : mapping
        `rlrecovery.design.cells.generator_of` the cell; of the task only what a participant is told is
        used, and the rest only for the seed: truths stay unknown here.
    cell : mapping
        `rlrecovery.design.cells.Cell.values`.
    levels : sequence of float
        Nominal levels of the intervals.
    trials, estimates : str
        Path to read and path to write.
    made : mapping, optional
        The code and versions at work. The file carries them and the settings; a checkpoint of
        others is of no use.

    Raises
    ------
    BrokenFile
        If the trials cannot be read.
    """
    table, key = read_table(trials, TRIALS), Cell.of(cell).key
    made = {**(made or {}), "work": fit_work(method, generator, cell, levels)}
    work = work_key(trials, made)
    with threadpool_limits(1):  # small optimisations spin when BLAS spreads them over cores
        started = time.perf_counter()
        fitter = make_fitter(method, Setting.of(method, generator["task"], cell, levels))
        log.info("%s: ready to fit after %.1f s", key, time.perf_counter() - started)
        checkpoint = Checkpoint(estimates, work, estimates_columns(levels))
        rows = _fit_all(fitter, table, generator, cell, levels, checkpoint)
    write_table(conform(rows, estimates_columns(levels)), estimates, made)
    checkpoint.remove()


def _fit_all(
    fitter: Fitter,
    table: pd.DataFrame,
    generator: Mapping[str, Any],
    cell: Mapping[str, Any],
    levels: Sequence[float],
    checkpoint: Checkpoint,
) -> list[Row]:
    """Rows of all data sets; those that an interrupted job had done are not fitted again."""
    key, started = Cell.of(cell).key, time.perf_counter()
    before = checkpoint.load()
    rows = [row for mine in before.values() for row in mine]
    groups = table[~table["replicate"].isin(before)].groupby("replicate", sort=True)
    for done, (replicate, trials) in enumerate(groups, start=1):
        seed = sampling_seed(generator, cell, int(replicate))
        data = observations_from_table(trials, generator["task"].get("reset", True))
        mine = fit_data_set(fitter, data, seed, levels)
        rows += [{"replicate": int(replicate), **row} for row in mine]
        checkpoint.save(rows)
        rate = done / (time.perf_counter() - started)
        flagged = sum(row["status"] != "ok" for row in mine)
        log.info(
            "%s: replicate %d done (%d of %d), %.3g data sets per second, about %.0f s left; "
            "%d of %d rows flagged",
            key, replicate, done, groups.ngroups, rate, (groups.ngroups - done) / rate,
            flagged, len(mine),
        )  # fmt: skip
    return sorted(rows, key=lambda row: row["replicate"])
