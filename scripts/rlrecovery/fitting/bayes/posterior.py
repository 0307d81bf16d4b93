"""Posterior draws that are evaluated at values: ranks, moments and joint draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rlrecovery.fitting.base import Pooling, Setting
from rlrecovery.fitting.bayes.targets import draws_of
from rlrecovery.fitting.estimates import Level, Target
from rlrecovery.fitting.ranks import relative_rank
from rlrecovery.simulation.task import Floats


@dataclass(frozen=True)
class SampledPosterior:
    """Draws from the posterior of a data set; see `rlrecovery.fitting.base.Posterior`.

    Attributes
    ----------
    setting : Setting
        Model and sizes.
    pooling : str
        Pooling of participants.
    draws : mapping of float array, shape (chains, draws, ...)
        By variable of the PyMC model.
    """

    setting: Setting
    pooling: Pooling
    draws: Mapping[str, Floats]

    def below(self, target: Target, value: float, rng: np.random.Generator) -> float:
        """Randomised relative rank of a value among all draws, in (0, 1)."""
        draws, limit = draws_of(target, self.draws, self.pooling), value
        if target.level != "spread":
            limit = self.setting.model.parameter(target.parameter).to_natural(value)
        return relative_rank(draws, limit, rng)

    def moments(self, target: Target) -> tuple[float, float]:
        """Mean and SD of all draws, unconstrained scale."""
        draws = draws_of(target, self.draws, self.pooling)
        if target.level != "spread":
            draws = self.setting.model.parameter(target.parameter).to_real(draws)
        return float(draws.mean()), float(draws.std(ddof=1))

    def joint_draws(self, count: int, rng: np.random.Generator) -> dict[str, Floats]:
        """All draws of all chains, shape (draws, participants) by parameter."""
        participants = range(self.setting.participants)
        level: Level = "group" if self.pooling == "complete" else "participant"
        return {
            name: np.stack(
                [draws_of(Target(level, i, name), self.draws, self.pooling).ravel()
                 for i in participants],
                axis=1,
            )
            for name in self.setting.model.names
        }  # fmt: skip
