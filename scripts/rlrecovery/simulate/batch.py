"""The rule ``simulate``: the data sets of one cell and batch, and their true values."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.design.cells import Cell
from rlrecovery.simulate.behaviour import Behaviour, behave
from rlrecovery.simulate.generator import Generator
from rlrecovery.simulate.population import draw_population, population_truths
from rlrecovery.simulate.task import Floats, Integers
from rlrecovery.storage.files import conform, write_table
from rlrecovery.storage.fingerprint import settings_hash
from rlrecovery.storage.schemas import TRIALS, TRUTH

log = logging.getLogger(__name__)


def simulate_replicate(
    cell: Cell, generator: Generator, replicate: int
) -> tuple[dict[str, Floats], Behaviour]:
    """Simulate one data set: true parameters of participants (by name) and their behaviour."""
    task, learner = generator.faced_task(), generator.learner()
    shape = (cell.participants, cell.trials)

    def rng(purpose: str) -> np.random.Generator:
        """Random generator for one purpose, independent of those for other purposes."""
        return np.random.default_rng(generator.seed_sequence(cell, replicate, purpose))

    truth, population = dict(cell.truth), generator.population
    values = draw_population(learner.model, truth, population, cell.participants, rng("population"))
    uniform = rng("trials").random((*shape, task.n_uniforms))
    means = task.means(*shape, rng("means"))
    missing = task.missing(*shape) | (np.arange(cell.trials) >= lengths(cell)[:, None])
    if cell.missing:
        missing |= rng("missing").random(shape) < cell.missing
    return values, behave(learner, values, task, uniform, missing, means)


def lengths(cell: Cell) -> Integers:
    """Number of trials that each participant completes, at least one; shape (participants,)."""
    participants = np.arange(cell.participants)
    shares = np.array(cell.completed, dtype=np.float64)[participants % len(cell.completed)]
    trials: Integers = np.maximum(1, np.round(shares * cell.trials)).astype(np.int64)
    return trials


def _trials_table(
    behaviour: Behaviour, replicate: int, block_of_trial: Integers, completed: Integers
) -> pd.DataFrame:
    """Behaviour as rows of `TRIALS`; trials after those that a participant completes have none."""
    participants, length = behaviour.choices.shape
    columns: dict[str, Any] = {
        "replicate": np.full(participants * length, replicate),
        "participant": np.repeat(np.arange(participants), length),
        "block": np.tile(block_of_trial, participants),
        "trial": np.tile(np.arange(length), participants),
        "choice": behaviour.choices.ravel(),
        "reward": behaviour.rewards.ravel(),
    }
    types = dict(TRIALS)
    if behaviour.outcomes is not None:
        arms = range(behaviour.outcomes.shape[2])
        columns |= {f"reward_{k}": behaviour.outcomes[:, :, k].ravel() for k in arms}
        types |= {f"reward_{k}": "float64" for k in arms}
    table = conform(columns, types)
    is_completed = table["trial"].to_numpy() < completed[table["participant"].to_numpy()]
    return table[is_completed].reset_index(drop=True)


def _truth_table(
    values: Mapping[str, Floats],
    population: Mapping[str, tuple[float, float]],
    replicate: int,
    fixed: Mapping[str, float],
) -> pd.DataFrame:
    """Truth of one data set as rows of `TRUTH`.

    `population` comes from `population_truths`. Values of parameters that are `fixed` in the model
    are true values too, for methods that estimate these.
    """
    participants = len(next(iter(values.values()), ()))
    rows: list[dict[str, Any]] = []
    for name, (location, spread) in population.items():
        whole = {"replicate": replicate, "participant": -1, "parameter": name}
        rows.append({**whole, "level": "group", "truth": location})
        rows.append({**whole, "level": "spread", "truth": spread})
        rows.extend(
            {**whole, "participant": i, "level": "participant", "truth": value}
            for i, value in enumerate(values[name])
        )
    for name, value in fixed.items():
        row = {"replicate": replicate, "parameter": name, "truth": value}
        rows.append({**row, "participant": -1, "level": "group"})
        rows.extend({**row, "participant": i, "level": "participant"} for i in range(participants))
    return conform(rows, TRUTH)


def simulate_batch(
    cell: Cell,
    generator: Generator,
    replicates: Sequence[int],
    trials: str,
    truth: str,
    made_by: Mapping[str, Any] | None = None,
) -> None:
    """Simulate a batch of data sets and write trials and truth.

    Parameters
    ----------
    cell, generator
        As for `simulate_replicate`.
    replicates : sequence of two int
        First replicate, and one past the last.
    trials, truth : str
        Paths to write.
    made_by : mapping, optional
        Code and package versions, stored in both files along with a hash of the settings.
    """
    stamp = {**(made_by or {}), "settings": simulation_hash(generator, cell)}
    model = generator.model.model()
    blocks = generator.faced_task().block_of_trial(cell.trials)
    population = population_truths(model, dict(cell.truth), generator.population)
    trial_tables, truth_tables = [], []
    for replicate in range(*replicates):
        values, behaviour = simulate_replicate(cell, generator, replicate)
        trial_tables.append(_trials_table(behaviour, replicate, blocks, lengths(cell)))
        truth_tables.append(_truth_table(values, population, replicate, dict(model.fixed)))
    log.info("%s: simulated %d data sets", cell.key, len(trial_tables))
    write_table(pd.concat(truth_tables, ignore_index=True), truth, stamp)
    write_table(pd.concat(trial_tables, ignore_index=True), trials, stamp)


def simulation_hash(generator: Generator, cell: Cell) -> str:
    """Hash of the settings of a cell's data sets."""
    return settings_hash([generator.plain(), cell.values()])
