"""The rule ``simulate``: the data sets of one cell and batch, and their true values."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlrecovery.design.cells import Cell
from rlrecovery.simulation.behaviour import Responses
from rlrecovery.simulation.generator import Generator
from rlrecovery.simulation.population import population_truths
from rlrecovery.simulation.replicates import lengths, population_draws, simulate_replicates
from rlrecovery.simulation.task import Floats, Integers
from rlrecovery.storage.columns import write_columns
from rlrecovery.storage.fingerprint import settings_hash
from rlrecovery.storage.schemas import TRIALS, TRUTH

log = logging.getLogger(__name__)


def _trials_columns(
    responses: Responses, replicates: Sequence[int], block_of_trial: Integers, completed: Integers
) -> dict[str, NDArray[Any]]:
    """Columns of `TRIALS`, and of outcomes under full feedback.

    Trials after those that a participant completes have no row.
    """
    n, participants, length = len(replicates), len(completed), len(block_of_trial)
    participant, trial = np.nonzero(np.arange(length) < completed[:, None])

    def rows(values: NDArray[Any]) -> NDArray[Any]:
        """Values of shape (replicates x participants, trials) in the order of the rows."""
        return values.reshape(n, participants, length)[:, participant, trial].ravel()

    columns = {
        "replicate": np.repeat(replicates, len(trial)),
        "participant": np.tile(participant, n),
        "block": np.tile(block_of_trial[trial], n),
        "trial": np.tile(trial, n),
        "choice": rows(responses.choices),
        "reward": rows(responses.rewards),
    }
    if responses.outcomes is None:
        return columns
    arms = range(responses.outcomes.shape[2])
    return columns | {f"reward_{k}": rows(responses.outcomes[:, :, k]) for k in arms}


def _truth_columns(
    values: Mapping[str, Floats],
    population: Mapping[str, tuple[Floats | float, Floats | float]],
    fixed: Mapping[str, float],
    replicates: Sequence[int],
) -> dict[str, NDArray[Any] | list[str]]:
    """Columns of `TRUTH`.

    `population` comes from `population_truths`. Values of parameters that are `fixed` in the model
    are true values too, for methods that estimate these.
    """
    n = len(replicates)
    drawn = {name: values[name].reshape(n, -1) for name in population}
    participants = next(iter(drawn.values())).shape[1]
    # Rows of one data set by parameter: level, number of its rows, and their true values.
    blocks: list[tuple[str, str, int, Floats | float]] = []
    for name, (location, spread) in population.items():
        # One value of all data sets, or one per data set.
        group, sd = (np.atleast_1d(value)[:, None] for value in (location, spread))
        blocks += [(name, "group", 1, group), (name, "spread", 1, sd)]
        blocks.append((name, "participant", participants, drawn[name]))
    for name, value in fixed.items():
        blocks += [(name, "group", 1, value), (name, "participant", participants, value)]
    whole, each = np.array([-1]), np.arange(participants)
    participant = np.concatenate([each if b[1] == "participant" else whole for b in blocks])
    truth = [np.broadcast_to(value, (n, rows)) for _, _, rows, value in blocks]
    return {
        "replicate": np.repeat(replicates, len(participant)),
        "participant": np.tile(participant, n),
        "level": [level for _, level, rows, _ in blocks for _ in range(rows)] * n,
        "parameter": [name for name, _, rows, _ in blocks for _ in range(rows)] * n,
        "truth": np.concatenate(truth, axis=1).ravel(),
    }


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
    model, numbers = generator.model.model(), range(*replicates)
    blocks = generator.faced_task().block_of_trial(cell.trials)
    draws = population_draws(cell, generator, numbers)
    population = population_truths(model, dict(cell.truth), generator.population, draws)
    values, responses = simulate_replicates(cell, generator, numbers)
    log.info("%s: simulated %d data sets", cell.key, len(numbers))
    truth_columns = _truth_columns(values, population, dict(model.fixed), numbers)
    write_columns(truth_columns, TRUTH, truth, stamp)
    trials_columns = _trials_columns(responses, numbers, blocks, lengths(cell))
    types = TRIALS | {name: "float64" for name in trials_columns if name not in TRIALS}
    write_columns(trials_columns, types, trials, stamp)


def simulation_hash(generator: Generator, cell: Cell) -> str:
    """Hash of the settings of a cell's data sets."""
    return settings_hash([generator.plain(), cell.values()])
