"""The global maximum of the log-likelihood of each participant.

A coarse grid provides starting points, and Newton's method maximises with exact gradients. The
first searches of all participants advance together, then all further ones, each of which ends when
it enters the basin of the maximum that the participant's first search found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from rlrecovery.fitting.estimates import NAN
from rlrecovery.fitting.mle.newton import (
    Booleans,
    Functions,
    Points,
    maximise,
    separated,
)
from rlrecovery.fitting.mle.profile_interval import Interval, ProfileIntervals
from rlrecovery.fitting.mle.rows import Maximum
from rlrecovery.fitting.mle.starts import starting_points
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import Evaluator
from rlrecovery.models.base import TRANSFORMS, Model
from rlrecovery.simulation.task import Floats, Integers

#: An estimate is at the bound within this distance of an end of the search range (unconstrained
#: scale); see `Maximum.end`.
AT_BOUND = 1e-3

#: Largest projected gradient per unconstrained unit of a converged search. With curvatures of about
#: 1 it corresponds to an error of 0.001 in the estimate.
GRADIENT_TOLERANCE = 1e-3

#: Largest number of times that a search is begun again, and the distance to bounds that its steps
#: may not cross then; see `maximise`.
MAX_RESTARTS, NEAR = 10, 1e-3

#: Largest number of trials, of all participants together, whose likelihoods are evaluated by one
#: call. Each needs 24 bytes; with fewer, more of the time is spent outside of compiled code.
TRIALS_AT_ONCE = 500_000


@dataclass(frozen=True)
class Search:
    """How the global maximum is searched.

    Attributes
    ----------
    evaluate : callable
        ``(data, unconstrained points) -> (log-likelihoods, gradients)``, one row per point; data of
        one participant, or of one participant per point.
    box : float array, shape (parameters, 2)
        Search range on the unconstrained scale.
    points : float array, shape (size ** parameters, parameters)
        The grid of starting points, on the unconstrained scale.
    size : int
        Points of the grid per parameter.
    starts : int
        Number of local searches per participant.
    intervals : ProfileIntervals, optional
        How profile-likelihood intervals are computed; None without them.
    """

    evaluate: Evaluator
    box: Floats
    points: Floats
    size: int
    starts: int
    intervals: ProfileIntervals | None = None

    def together(self, trials: int) -> int:
        """Number of participants with this number of trials whose searches advance together."""
        points_per_step = max(self.starts - 1, 1) * (1 + 2 * len(self.box))
        return max(1, TRIALS_AT_ONCE // max(trials * points_per_step, len(self.points)))

    def maxima(self, data: Observations) -> Iterator[Maximum]:
        """Find the global maximum of the log-likelihood of each participant.

        The result for one participant does not depend on the others.

        Raises
        ------
        FloatingPointError
            If a log-likelihood is not finite where it should be.
        """
        together = self.together(data.choices.shape[1])
        for begin in range(0, len(data.choices), together):
            part = data.rows(slice(begin, begin + together))
            table = self._table(part)
            peaks = self._peaks(part, table)
            best = peaks.take((slice(None), 0))
            low = best.point - self.box[:, 0] < AT_BOUND
            high = self.box[:, 1] - best.point < AT_BOUND
            end = np.where(low, -1, np.where(high, 1, 0))
            se = standard_errors(best, end == 0)
            converged = (best.slope < GRADIENT_TOLERANCE).tolist()
            choices = (part.choices >= 0).sum(axis=1).tolist()
            values = best.value.tolist()
            profiles = self._profiles(part, peaks, table)
            yield from map(Maximum, best.point, se, end, values, converged, choices, profiles)

    def _profiles(
        self, data: Observations, peaks: Points, table: Floats
    ) -> list[list[Interval] | None]:
        """Profile-likelihood intervals of each participant; None without them."""
        if self.intervals is None:
            return [None] * len(table)
        at_once = max(1, TRIALS_AT_ONCE // (data.choices.shape[1] * self.intervals.points_at_once))
        parts = [slice(begin, begin + at_once) for begin in range(0, len(table), at_once)]
        return [
            intervals
            for part in parts
            for intervals in self.intervals.of(data.rows(part), peaks.take(part), table[part])
        ]

    def _peaks(self, data: Observations, table: Floats) -> Points:
        """The maxima that each participant's searches end at, shape (participants, starts).

        The highest comes first, and is repeated where a search found no maximum.
        """

        def functions(which: Integers, points: Floats) -> tuple[Floats, Floats]:
            """Log-likelihoods of participants, and their gradients."""
            values, gradients = self.evaluate(data.rows(which), points)
            return values, gradients

        starts = starting_points(table, (self.size,) * len(self.box), self.starts)
        everybody = np.arange(len(starts))
        first = self._searched(functions, everybody, self.points[starts[:, 0]], None)
        which, order = np.nonzero(starts[:, 1:] >= 0)
        is_peak = first.peaked(self.box)
        peaks = replace(first, value=np.where(is_peak, first.value, NAN)).take(which)
        others = self._searched(functions, which, self.points[starts[which, order + 1]], peaks)

        ends, owners = first.joined(others), np.concatenate([everybody, which])
        heights = np.where(np.isfinite(ends.value), ends.value, -np.inf)
        ranked = np.lexsort((-heights, owners))  # of equal heights, the first search comes first
        first_of, order = np.searchsorted(owners[ranked], everybody), np.arange(self.starts)
        counted = np.bincount(owners)[:, None] > order
        chosen = ranked[first_of[:, None] + np.where(counted, order, 0)]
        if not np.isfinite(heights[chosen[:, 0]]).all():
            raise FloatingPointError("no search ended at a finite log-likelihood")
        is_maximum = np.isfinite(ends.value) & (ends.slope < GRADIENT_TOLERANCE)
        return ends.take(np.where(is_maximum[chosen], chosen, chosen[:, :1]))

    def _table(self, data: Observations) -> Floats:
        """Log-likelihoods of each participant at the points of the grid."""
        # A kernel without gradients would be faster, but takes longer to load than it saves.
        each = (data.rows(slice(i, i + 1)) for i in range(len(data.choices)))
        values = np.array([self.evaluate(one, self.points)[0] for one in each])
        if not np.isfinite(values).any(axis=1).all():
            raise FloatingPointError("the log-likelihood is not finite anywhere on the grid")
        return values

    def _searched(
        self, functions: Functions, which: Integers, starts: Floats, peaks: Points | None
    ) -> Points:
        """Find local maxima; searches that stop early are begun again where they stopped."""
        result = maximise(functions, which, starts, self.box, peaks)
        for _ in range(MAX_RESTARTS):
            is_peak = result.slope < GRADIENT_TOLERANCE
            stopped = np.flatnonzero(np.isfinite(result.value) & ~is_peak)
            if not len(stopped):
                break
            again, points = which[stopped], result.point[stopped]
            result.put(stopped, maximise(functions, again, points, self.box, near=NEAR))
        return result


def standard_errors(peaks: Points, free: Booleans) -> Floats:
    """Compute Wald standard errors of the free parameters, with the others at their bounds.

    NaN for all parameters of a peak whose curvature is not positive definite.
    """
    information = separated(~free, peaks.curvature)
    regular = np.linalg.eigvalsh(information).min(axis=1) > 0
    information[~regular] = np.eye(free.shape[1])
    variances = np.diagonal(np.linalg.inv(information), axis1=1, axis2=2)
    se: Floats = np.sqrt(np.where(free & regular[:, None], variances, NAN))
    return se


def on_real_line(model: Model, natural: Evaluator) -> Evaluator:
    """Convert an evaluator to unconstrained parameters, by the chain rule."""
    transforms = [TRANSFORMS[parameter.transform] for parameter in model.parameters]

    def evaluate(data: Observations, points: Floats) -> tuple[Floats, Floats]:
        """Values (points,) and gradients (points, parameters)."""
        theta, slopes = np.empty(points.shape), np.empty(points.shape)
        for j, transform in enumerate(transforms):
            theta[:, j] = transform.to_natural(points[:, j])
            slopes[:, j] = transform.slope(theta[:, j])
        value, gradient = natural(data, theta)
        return value, gradient * slopes

    return evaluate
