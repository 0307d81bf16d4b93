"""All that the data sets of a method's calibration depend on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from rlrecovery.design.seeds import seed_sequence
from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.registry import Method
from rlrecovery.simulation.generator import learner_in
from rlrecovery.simulation.settings import TaskSettings
from rlrecovery.storage.fingerprint import settings_hash

#: Nominal levels of the intervals whose numerical error is checked; the intervals are not used.
NOMINAL_LEVELS = (0.5, 0.95)


@dataclass(frozen=True)
class PriorGenerator:
    """A method whose priors the truths are drawn from, and the design of the data.

    Attributes
    ----------
    seed : int
        Root seed of the study.
    method : Method
        The method that is calibrated; its model generates the data.
    task : TaskSettings
        The task.
    participants, trials : int
        Participants per data set, and trials per participant.
    """

    seed: int
    method: Method
    task: TaskSettings
    participants: int
    trials: int

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Self:
        """Inverse of `plain`."""
        method, task = Method.of(plain["method"]), TaskSettings.of(plain["task"])
        return cls(plain["seed"], method, task, plain["participants"], plain["trials"])

    def plain(self) -> dict[str, Any]:
        """Plain values, for the parameters of a job."""
        return {
            "seed": self.seed,
            "method": self.method.plain(),
            "task": self.task.plain(),
            "participants": self.participants,
            "trials": self.trials,
        }

    def setting(self) -> Setting:
        """The fitted model in the task, and the sizes."""
        task = self.task.task()
        learner = learner_in(self.method.model, task)
        return Setting(learner, self.participants, self.trials, NOMINAL_LEVELS, task)

    def rng(self, replicate: int, purpose: str) -> np.random.Generator:
        """Random numbers of a data set for one purpose."""
        return np.random.default_rng(self.seed_sequence(replicate, purpose))

    def seed_sequence(self, replicate: int, purpose: str) -> np.random.SeedSequence:
        """Seed of one stream of random numbers of a data set.

        It depends on the values that generate the data: methods with the same model, pooling and
        priors fit the same data sets.
        """
        plain = self.plain()
        model, priors = plain["method"]["model"], self.method.settings.priors_by_parameter() or {}
        if isinstance(model, dict):
            model = {key: value for key, value in model.items() if key != "name"}
        identity = {
            "calibration": self.method.pooling,
            "model": model,
            "priors": {name: prior.plain() for name, prior in priors.items()},
            "task": self.task.canonical(),
            "participants": self.participants,
            "trials": self.trials,
        }
        return seed_sequence(self.seed, identity, replicate, purpose)

    def hash(self) -> str:
        """Hash of the settings that the files of this calibration depend on."""
        return settings_hash(self.plain())
