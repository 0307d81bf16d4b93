"""Simulation of an existing data set: the same trials, blocks and missing responses, once more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlrecovery.models.base import Learner
from rlrecovery.simulation.behaviour import Responses, behave
from rlrecovery.simulation.task import Floats, Integers, Task, block_starts


def first_trial_of_block(blocks: Integers) -> Integers:
    """Index of the first trial of the block that each trial belongs to, shape as of `blocks`."""
    trials = np.arange(blocks.shape[1])
    first: Integers = np.maximum.accumulate(np.where(block_starts(blocks), trials, 0), axis=1)
    return first


@dataclass(frozen=True)
class Layout:
    """The trials of a data set in rows, within which learning and mean rewards continue.

    If learning restarts in every block, a row is a block of a participant, of any length; otherwise
    it is all trials of a participant.
    """

    #: The task within a row.
    task: Task
    #: Row and column of each trial of the data set: shape (participants, trials).
    row: Integers
    column: Integers
    #: Participant of each row.
    participant: Integers
    #: Trial of the data set in each row and column; 0 after the end of a row.
    trial: Integers
    #: Whether there is no response; true after the end of a row.
    missing: NDArray[np.bool_]

    @classmethod
    def of(cls, task: Task, blocks: Integers, responded: NDArray[np.bool_]) -> Layout:
        """Split a data set into rows.

        Parameters
        ----------
        task : Task
            The task.
        blocks : int array, shape (participants, trials)
            Block of each trial, ascending.
        responded : bool array, shape (participants, trials)
            Whether there was a response.
        """
        participants, trials = blocks.shape
        column = np.arange(trials) - first_trial_of_block(blocks * task.reset)
        row = np.cumsum(column == 0).reshape(participants, trials) - 1
        shape = (int(row[-1, -1]) + 1, int(column.max()) + 1)
        participant = np.zeros(shape[0], dtype=np.int64)
        trial = np.zeros(shape, dtype=np.int64)
        missing = np.ones(shape, dtype=bool)
        participant[row] = np.arange(participants)[:, None]
        trial[row, column] = np.arange(trials)
        missing[row, column] = ~responded
        if task.reset or task.is_stationary or task.schedule is not None:
            task = replace(task, blocks=1)
        return cls(task, row, column, participant, trial, missing)

    def simulate(
        self, learner: Learner, values: Mapping[str, Floats], rng: np.random.Generator
    ) -> tuple[Responses, Floats]:
        """Simulate one data set per draw of the parameters.

        Parameters
        ----------
        learner : Learner
            The model in the task.
        values : mapping of float array, shape (draws, participants)
            Parameters by name, natural scale.
        rng : Generator
            Of rewards, choices and random walks of the arms.

        Returns
        -------
        responses : Responses
            Arrays of shape (draws, participants, trials), outcomes with one more axis.
        means : float array, shape (draws, participants, trials, arms)
            Mean reward of every arm in each trial.
        """
        draws = len(next(iter(values.values())))
        rows, columns = self.missing.shape
        row_values = {name: drawn[:, self.participant].ravel() for name, drawn in values.items()}
        if self.task.schedule:
            means = np.tile(np.array(self.task.schedule.values)[self.trial], (draws, 1, 1))
        else:
            means = self.task.means(draws * rows, columns, rng)
        uniform = rng.random((draws * rows, columns, self.task.n_uniforms))
        missing = np.tile(self.missing, (draws, 1))
        behaviour = behave(learner, row_values, self.task, uniform, missing, means)

        def by_trial(array: Any) -> Any:
            """Rearrange values from rows and columns to participants and trials."""
            return array.reshape(draws, rows, *array.shape[1:])[:, self.row, self.column]

        responses = Responses(
            choices=by_trial(behaviour.choices),
            rewards=by_trial(behaviour.rewards),
            outcomes=None if behaviour.outcomes is None else by_trial(behaviour.outcomes),
        )
        return responses, by_trial(behaviour.means)
