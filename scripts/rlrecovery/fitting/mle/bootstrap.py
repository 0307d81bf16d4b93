"""Parametric bootstrap intervals: the spread of estimates when data are simulated at the estimate.

For each participant, data sets are simulated at the estimates, in the same task and with the same
trials, blocks and missing responses, and each is fitted by the same search. The interval of nominal
level L reaches from the k-th lowest to the k-th highest of these estimates, where k is the largest
integer up to (B + 1) (1 - L) / 2 with B data sets: the percentile interval (Efron & Tibshirani
1993, An Introduction to the Bootstrap, chapter 13). Its ends are estimates, so it is within the
bounds and is the same on every scale; basic and studentised intervals are neither, and the latter
also need a standard error, which estimates at a bound do not have.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.mle.profile_interval import SPAN_LEVEL, Interval
from rlrecovery.fitting.mle.rows import Maximum
from rlrecovery.fitting.mle.search import Search
from rlrecovery.likelihood.data import Observations, observations
from rlrecovery.simulation.layout import Layout
from rlrecovery.simulation.task import Floats, Integers

#: Key of the seeds of simulated data sets, so that their random numbers differ from all others that
#: are made from the seed of a data set.
PURPOSE = 0xB005

#: Largest number of trials that are simulated at once, to bound the memory.
MAX_TRIALS = 500_000

#: Notes on an interval.
ONE_VALUE, REFITS_STOPPED = "one_value", "refits_stopped"


@dataclass(frozen=True)
class Refits:
    """Estimates from the simulated data sets of one participant.

    Attributes
    ----------
    points : float array, shape (data sets, parameters)
        Estimates on the unconstrained scale.
    end : int array, shape (data sets, parameters)
        -1 or 1 where an estimate is at the lower or upper end of the search range, else 0.
    converged : bool
        Whether all searches converged.
    """

    points: Floats
    end: Integers
    converged: bool

    def interval(self, j: int, box: Floats, levels: Sequence[float]) -> Interval:
        """The percentile intervals of a parameter, whose search range is `box`."""
        points = np.where(self.end[:, j] < 0, box[0], self.points[:, j])
        ordered = np.sort(np.where(self.end[:, j] > 0, box[1], points))
        every = [*levels, SPAN_LEVEL]
        ranks = np.array([rank(len(ordered), level) for level in every])
        ends = np.stack([ordered[ranks - 1], ordered[-ranks]], axis=1)
        is_open = ends == box
        flags = {ONE_VALUE: ordered[0] == ordered[-1], REFITS_STOPPED: not self.converged}
        notes = tuple(note for note, flag in flags.items() if flag)
        return Interval(ends[:-1], is_open[:-1], notes, bool(is_open[-1].all()))


@dataclass(frozen=True)
class Bootstrap:
    """How the bootstrap intervals of participants are computed.

    Attributes
    ----------
    search : Search
        How maxima are searched, for the participant and for simulated data alike.
    setting : Setting
        Model, task and sizes.
    data_sets : int
        Number of data sets that are simulated for each participant.
    """

    search: Search
    setting: Setting
    data_sets: int

    def intervals(
        self, data: Observations, maximum: Maximum, seed: np.random.SeedSequence, participant: int
    ) -> list[Interval]:
        """Compute the intervals of one participant, one per parameter.

        Parameters
        ----------
        data : Observations
            Data of the participant, shape (1, trials).
        maximum : Maximum
            Its estimates.
        seed : SeedSequence
            Seed of the data set.
        participant : int
            Number of the participant in the data set.
        """
        key = (*seed.spawn_key, PURPOSE, participant)
        rng = np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=key))
        refits = self.refits(self.simulated(data, maximum.point, rng))
        levels = self.setting.nominal_levels
        return [refits.interval(j, box, levels) for j, box in enumerate(self.search.box)]

    def simulated(
        self, data: Observations, point: Floats, rng: np.random.Generator
    ) -> Iterator[Observations]:
        """Simulate data sets at a point on the unconstrained scale, some at a time.

        Each row of the observations is a data set of the participant, as long as the longest
        participant: random numbers must not depend on the padding of `data`.
        """
        task, trials = self.setting.task, self.setting.trials
        if not (task.reset or task.schedule):
            trials = -(-trials // task.blocks) * task.blocks  # blocks of real data may be unequal
        longer = [(0, 0), (0, trials - data.choices.shape[1])]
        responded = np.pad(data.choices >= 0, longer)
        blocks = np.cumsum(np.pad(data.starts, longer), axis=1).astype(np.int64)
        layout = Layout.of(task, blocks, responded)
        parameters = list(zip(self.setting.model.parameters, point, strict=True))
        at_once = max(1, MAX_TRIALS // layout.missing.size)
        for first in range(0, self.data_sets, at_once):
            draws = min(at_once, self.data_sets - first)
            values = {p.name: np.full((draws, 1), p.to_natural(x)) for p, x in parameters}
            responses, _ = layout.simulate(self.setting.learner, values, rng)
            shown = responses.rewards if responses.outcomes is None else responses.outcomes
            each_block = np.repeat(blocks, draws, axis=0)
            yield observations(responses.choices[:, 0], shown[:, 0], each_block)

    def refits(self, parts: Iterator[Observations]) -> Refits:
        """Fit simulated data sets."""
        maxima = [maximum for part in parts for maximum in self.search.maxima(part)]
        return Refits(
            points=np.array([maximum.point for maximum in maxima]),
            end=np.array([maximum.end for maximum in maxima]),
            converged=all(maximum.converged for maximum in maxima),
        )


def rank(data_sets: int, level: float) -> int:
    """Rank, from either side, of the estimates at which the interval of a nominal level ends.

    It is at least one; `rlrecovery.fitting.mle.settings.fewest` says how many data sets that takes.
    """
    # An exact rank must not be missed by a rounding error.
    return max(1, math.floor((data_sets + 1) * (1 - level) / 2 + 1e-9))
