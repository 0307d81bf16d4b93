"""Observations: the choices, rewards and block starts of a data set, as arrays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlrecovery.simulation.task import Floats, Integers, block_starts

# Only the types of tables are needed here.
if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Observations:
    """Data of the likelihood: NumPy arrays, or PyTensor variables of the same shapes.

    Attributes
    ----------
    choices : int array, shape (participants, trials)
        Chosen arm from 0; -1 where there was no response, and as padding.
    rewards : float array, shape (participants, trials)
        Rewards; 0 where there was no response. Under full feedback (participants, trials, arms):
        the outcome of every arm.
    starts : float array, shape (participants, trials)
        1 at the first trial of each block, else 0.
    """

    choices: Any
    rewards: Any
    starts: Any

    def rows(self, selected: Any) -> Observations:
        """Select participants by an index, slice or mask."""
        return Observations(self.choices[selected], self.rewards[selected], self.starts[selected])


def observations(choices: Integers, rewards: Floats, blocks: Integers) -> Observations:
    """Make observations from arrays of shape (participants, trials).

    Parameters
    ----------
    choices : int array
        Chosen arm; any negative number means no response or padding.
    rewards : float array
        Rewards, or the outcomes of all arms along one more axis; ignored where there was no
        response.
    blocks : int array
        Block of each trial.
    """
    no_response = choices < 0
    no_reward = no_response.reshape(no_response.shape + (1,) * (rewards.ndim - 2))
    return Observations(
        choices=np.where(no_response, -1, choices).astype(np.int64),
        rewards=np.where(no_reward, 0.0, rewards).astype(np.float64),
        starts=block_starts(blocks).astype(np.float64),
    )


def observations_from_table(trials: pd.DataFrame, reset: bool = True) -> Observations:
    """Make the observations of one data set from its rows of the trials table.

    Parameters
    ----------
    trials : DataFrame
        Rows of `rlrecovery.storage.schemas.TRIALS`. Participants may have different numbers of
        trials; shorter ones are padded at their end.
    reset : bool
        Whether hidden state is reset in every block.
    """
    ordered = trials.sort_values(["participant", "trial"])
    row = ordered["participant"].astype("category").cat.codes.to_numpy()
    column = ordered.groupby("participant").cumcount().to_numpy()
    shape = (row.max() + 1, column.max() + 1)

    def padded(name: str, filler: float) -> NDArray[np.float64]:
        """A column of the table as an array of shape (participants, trials)."""
        array = np.full(shape, filler)
        array[row, column] = ordered[name].to_numpy()
        return array

    # Padding is part of the last block, so no block starts there.
    blocks = np.maximum.accumulate(padded("block", -1), axis=1) * reset
    outcomes = outcome_columns(trials)
    if outcomes:
        rewards = np.stack([padded(name, np.nan) for name in outcomes], axis=-1)
    else:
        rewards = padded("reward", np.nan)
    return observations(padded("choice", -1).astype(np.int64), rewards, blocks)


def outcome_columns(trials: pd.DataFrame) -> list[str]:
    """Columns with the outcomes of all arms, in order; empty under partial feedback."""
    names = [name for name in trials.columns if re.fullmatch(r"reward_\d+", name)]
    return sorted(names, key=lambda name: int(name.removeprefix("reward_")))
