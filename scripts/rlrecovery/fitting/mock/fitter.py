"""The mock estimator: it ignores the data and draws from the model's default priors.

A whole study runs in seconds with it, for trying out a study, workflow or report. It also shows
measures of recovery without any information.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

import numpy as np

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.estimates import Row, Target, row
from rlrecovery.fitting.mock.settings import MockSettings
from rlrecovery.likelihood.data import Observations


@dataclass(frozen=True)
class Mock:
    """Estimates drawn from the model's default priors, with the priors' intervals."""

    setting: Setting

    @classmethod
    def of(cls, settings: MockSettings, setting: Setting) -> Self:
        """Make the fitter of a method in a cell; there is nothing to prepare."""
        return cls(setting)

    @property
    def targets(self) -> list[Target]:
        """Every participant and the group."""
        return [*self.setting.each_participant(), *self.setting.whole("group")]

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Draw one estimate per target."""
        started, rng = time.perf_counter(), np.random.default_rng(seed)
        rows = []
        for target in self.targets:
            prior = self.setting.model.parameter(target.parameter).prior.frozen()
            ends = {level: prior.interval(level) for level in self.setting.nominal_levels}
            draw = float(prior.ppf(rng.random()))
            seconds = time.perf_counter() - started
            rows.append(row(target, draw, float(prior.std()), ends, seconds=seconds))
        return rows
