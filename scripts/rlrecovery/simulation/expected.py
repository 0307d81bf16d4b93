"""Rows and values that a file of trials must have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from rlrecovery.design.cells import Cell
from rlrecovery.simulation.replicates import lengths
from rlrecovery.simulation.task import Task
from rlrecovery.storage.expected import row_problem
from rlrecovery.storage.files import BrokenFile

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ("replicate", "participant", "trial")


def check_trials(
    table: pd.DataFrame, path: str | os.PathLike[str], cell: Cell, task: Task, replicates: range
) -> None:
    """Raise `BrokenFile` unless a table has each trial of some replicates once, with its values.

    Parameters
    ----------
    table : DataFrame
        Columns `rlrecovery.storage.schemas.TRIALS`.
    path : path
        The file that it was read from, for the message.
    cell : Cell
        The cell.
    task : Task
        The task as the simulator runs it.
    replicates : range
        The replicates.
    """
    participant, trial = np.nonzero(np.arange(cell.trials) < lengths(cell)[:, None])
    expected = [
        np.repeat(replicates, len(trial)),
        np.tile(participant, len(replicates)),
        np.tile(trial, len(replicates)),
    ]
    problem = row_problem([table[name] for name in _KEYS], expected, _KEYS)
    if problem is not None:
        raise BrokenFile.of(path, problem)
    choice, reward = table["choice"].to_numpy(), table["reward"].to_numpy()
    block = task.block_of_trial(cell.trials)[table["trial"].to_numpy()]
    for column, wrong in {
        "choice": (choice < -1) | (choice >= task.n_arms),
        "reward": np.isfinite(reward) != (choice >= 0),
        "block": table["block"].to_numpy() != block,
    }.items():
        rows = np.flatnonzero(wrong)
        if len(rows):
            row = table.iloc[rows[0]]
            where = ", ".join(f"{name} {row[name]:.0f}" for name in _KEYS)
            raise BrokenFile.of(path, f"{column} {row[column]} cannot be, at {where}")
