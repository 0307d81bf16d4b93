"""How mean rewards change within a block: reversals and drift, keys of ``task`` in the config."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rlrecovery.models.settings import Omittable, Section, Trials


class ReversalSettings(Section):
    """Reversals: mean rewards rotate by one arm."""

    after: Trials = ()
    """Numbers of trials within a block after which a reversal happens, such as [40, 80]; an empty
    list means never."""
    every: int = Field(default=0, ge=0)
    """Number of trials between reversals within a block; 0 means never."""
    correct: int = Field(default=0, ge=0)
    """Number of choices of the best arm, among the last `within` responses since the previous
    reversal, that triggers a reversal; 0 means never."""
    within: int = Field(default=0, ge=0)
    """Number of responses that `correct` refers to."""

    def happens_before(self, trial: int) -> bool:
        """Whether a fixed reversal happens before a trial of a block, counted from 0."""
        return trial > 0 and (trial in self.after or (self.every > 0 and trial % self.every == 0))


class DriftSettings(Section):
    """A bounded Gaussian random walk of every arm's mean reward."""

    sd: float = Field(gt=0)
    """SD of the step per trial. Daw et al. (2006): 2.8."""
    lower: float
    """Lower bound, at which the walk is reflected. Daw et al. (2006): 1."""
    upper: float
    """Upper bound, at which the walk is reflected. Daw et al. (2006): 100."""
    decay: float = Field(default=1.0, gt=0, le=1)
    """Proportion of the distance from the centre that is kept in each step; 1 for a walk without a
    centre. Daw et al. (2006): 0.9836."""
    centre: Omittable[float] = None
    """Value between the bounds towards which the means decay; only allowed with decay < 1. Daw et
    al. (2006): 50."""

    def walk(
        self, start: NDArray[np.float64], steps: int, *rngs: np.random.Generator
    ) -> NDArray[np.float64]:
        """Simulate the walk of mean rewards, shape (participants, steps, arms).

        In a step, ``mean' = decay * mean + (1 - decay) * centre + sd * normal``, as in Daw,
        O'Doherty, Dayan, Seymour & Dolan (2006), Nature 441:876, reflected at the bounds. `start`
        has the means at the first trial, shape (participants, arms). Each of `rngs` draws a data
        set of these participants, and the data sets are joined along the first axis.
        """
        pull = (1 - self.decay) * (self.centre or 0.0)
        shape = (len(start), steps, start.shape[1])
        noise = self.sd * np.concatenate([rng.standard_normal(shape) for rng in rngs])
        means = [np.tile(start, (len(rngs), 1))]
        for t in range(1, steps):
            means.append(self.reflected(self.decay * means[-1] + pull + noise[:, t]))
        return np.stack(means, axis=1)

    def reflected(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values reflected at the bounds, as often as necessary."""
        width = self.upper - self.lower
        return self.upper - np.abs(np.mod(values - self.lower, 2 * width) - width)
