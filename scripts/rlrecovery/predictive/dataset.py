"""A data set for predictive checks: the choices, rewards and blocks of all participants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlrecovery.design.cells import Cell
from rlrecovery.likelihood.data import Observations, observations
from rlrecovery.models.base import Learner
from rlrecovery.simulation.generator import Generator
from rlrecovery.simulation.layout import Layout
from rlrecovery.simulation.replicates import simulate_replicate
from rlrecovery.simulation.task import Floats, Integers, Task

#: The example is the first data set of its cell, as in the other figures of the report.
REPLICATE = 0


@dataclass(frozen=True)
class Dataset:
    """Choices and outcomes of all participants, observed or drawn.

    Drawn data sets have leading axes (one entry per draw) in `choices`, `rewards` and `means`.

    Attributes
    ----------
    choices : int array, shape (..., participants, trials)
        Chosen arm, counted from 0; -1 where there was no response and after a participant's last
        trial.
    rewards : float array, shape (..., participants, trials)
        Reward of the chosen arm; ignored where there was no response.
    blocks : int array, shape (participants, trials)
        Block of each trial, ascending from 0.
    means : float array, shape (..., participants or 1, trials, arms), optional
        Mean reward of every arm at each trial; None if unknown.
    outcomes : float array, shape (participants, trials, arms), optional
        Outcome of every arm; None with partial feedback.
    """

    choices: Integers
    rewards: Floats
    blocks: Integers
    means: Floats | None = None
    outcomes: Floats | None = None

    @property
    def responded(self) -> NDArray[np.bool_]:
        """Whether there was a response, shape (..., participants, trials)."""
        return self.choices >= 0

    def observations(self, task: Task) -> Observations:
        """Convert the data set to observations, for the likelihood."""
        shown = self.rewards if self.outcomes is None else self.outcomes
        return observations(self.choices, shown, self.blocks * task.reset)

    def layout(self, task: Task) -> Layout:
        """The trials, blocks and missing responses, for simulation."""
        return Layout.of(task, self.blocks, self.responded)

    def simulated_again(
        self,
        layout: Layout,
        learner: Learner,
        values: Mapping[str, Floats],
        rng: np.random.Generator,
    ) -> Dataset:
        """Data sets drawn with its `layout`; parameters as of `Layout.simulate`."""
        responses, means = layout.simulate(learner, values, rng)
        return Dataset(
            choices=responses.choices,
            rewards=responses.rewards,
            blocks=self.blocks,
            means=means,
            outcomes=responses.outcomes,
        )


def simulated_dataset(cell: Cell, generator: Generator) -> Dataset:
    """Simulate the example data set of a cell, with the mean rewards of its arms."""
    _, behaviour = simulate_replicate(cell, generator, REPLICATE)
    blocks = generator.faced_task().block_of_trial(cell.trials)
    return Dataset(
        choices=behaviour.choices,
        rewards=behaviour.rewards,
        blocks=np.tile(blocks, (cell.participants, 1)),
        means=behaviour.means,
        outcomes=behaviour.outcomes,
    )
