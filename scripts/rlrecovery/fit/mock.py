"""A stand-in for an estimator: it looks at nothing and answers from the prior.

It makes a whole study run in seconds, so that a design, a workflow or a report can be tried before
hours are spent; and it shows what recovery looks like when data say nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlrecovery.fit.base import Row, Setting, Target, row
from rlrecovery.likelihood.scan import Observations


@dataclass(frozen=True)
class Mock:
    """Estimates drawn from the models' default priors, with the priors' own intervals."""

    setting: Setting

    @classmethod
    def of(cls, method: Mapping[str, Any], setting: Setting) -> Mock:
        """Fitter of a method in a cell; there is nothing to prepare."""
        return cls(setting)

    @property
    def targets(self) -> list[Target]:
        """Every participant and the group."""
        return [*self.setting.each_participant(), *self.setting.whole("group")]

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """One draw per target."""
        started, rng = time.perf_counter(), np.random.default_rng(seed)
        rows = []
        for target in self.targets:
            prior = self.setting.model.parameter(target[2]).prior.frozen()
            ends = {level: prior.interval(level) for level in self.setting.levels}
            draw = float(prior.ppf(rng.random()))
            seconds = time.perf_counter() - started
            rows.append(row(target, draw, float(prior.std()), ends, seconds=seconds))
        return rows
