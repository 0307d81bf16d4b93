"""The generator of a cell's data: model, task, population and root seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from rlrecovery.design.cells import Cell
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.models.base import Learner
from rlrecovery.models.prior_settings import Population
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.settings import TaskSettings
from rlrecovery.simulation.task import Task


@dataclass(frozen=True)
class Generator:
    """Everything that simulated numbers depend on besides the cell and the replicate.

    `seed` is the root seed of the study; `population` says how participants differ, by parameter.
    """

    seed: int
    model: ModelSpec
    task: TaskSettings
    population: Mapping[str, Population]

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Inverse of `plain`."""
        return cls(
            seed=plain["seed"],
            model=ModelSpec.of(plain["model"]),
            task=TaskSettings.of(plain["task"]),
            population={n: Population.of(entry) for n, entry in plain["population"].items()},
        )

    def plain(self) -> dict[str, Any]:
        """Plain values, for the parameters of a job."""
        return {
            "seed": self.seed,
            "model": self.model.plain(),
            "task": self.task.plain(),
            "population": {name: entry.plain() for name, entry in self.population.items()},
        }

    def faced_task(self) -> Task:
        """The task as the simulator runs it."""
        return self.task.task()

    def learner(self) -> Learner:
        """The generating model in its task."""
        return learner_in(self.model, self.faced_task())

    def seed_sequence(self, cell: Cell, replicate: int, purpose: str) -> np.random.SeedSequence:
        """Seed of one stream of random numbers of a data set.

        It depends only on values: renaming tasks, variants or cells does not affect the results.
        """
        return seed_sequence(self.seed, self.identity(cell), replicate, purpose)

    def identity(self, cell: Cell) -> dict[str, Any]:
        """Values that seeds depend on, in addition to root seed, replicate and purpose."""
        plain, values = self.plain(), cell.values()
        if isinstance(plain["model"], dict):
            del plain["model"]["name"]
        return {
            "cell": {k: v for k, v in values.items() if k not in ("model", "task")},
            "model": plain["model"],
            "task": self.task.canonical(),
            "population": {name: entry.canonical() for name, entry in self.population.items()},
        }


def learner_in(spec: ModelSpec, task: Task) -> Learner:
    """A model in a task."""
    return Learner(spec.model(), task.n_arms, task.start_value, task.full_feedback, task.neutral)
