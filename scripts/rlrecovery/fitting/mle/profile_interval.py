"""Profile-likelihood intervals: where the profile log-likelihood falls by a quantile.

The interval of nominal level L holds the values x of a parameter with 2 (max - profile(x)) <= q,
where q is the quantile of L of the chi-square distribution with one degree of freedom (Venzon &
Moolgavkar 1988, Applied Statistics 37:87). It needs no curvature at the maximum, so it exists for
estimates at a bound. Where the profile does not fall that far within the bounds, the interval is
open, and its end is the bound.

The profile is computed at several values (`rlrecovery.fitting.mle.profile_points`), and each end is
searched between the outermost of these that is within the interval and its neighbour. If the values
within are not connected, the interval reaches from the first to the last of them. All ends of all
participants are searched together, and the result for one does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from rlrecovery.fitting.mle.newton import Booleans, Points
from rlrecovery.fitting.mle.profile import Curve, Profile
from rlrecovery.fitting.mle.profile_ends import crossings
from rlrecovery.fitting.mle.profile_points import Grid
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import Evaluator
from rlrecovery.simulation.task import Floats, Integers

#: Fall of the log-likelihood that does not count: from the estimate to a value one step of the grid
#: away for a flat profile, and between two values within an interval.
NO_FALL = 1e-3

#: Distance to a bound, unconstrained scale, at which another parameter is at its bound; as for
#: estimates.
AT_BOUND = 1e-3

#: Nominal level of the interval that spans all allowed values if a parameter is not identified.
SPAN_LEVEL = 0.95

#: Notes on an interval.
FLAT, OTHER_AT_BOUND = "flat", "other_at_bound"
SEVERAL_VALLEYS, HIGHER_MAXIMUM = "several_valleys", "higher_maximum"


@dataclass(frozen=True)
class Interval:
    """Profile-likelihood intervals of one participant and parameter.

    Attributes
    ----------
    ends : float array, shape (levels, 2)
        Lower and upper ends on the unconstrained scale.
    is_open : bool array, shape (levels, 2)
        Whether the profile does not fall to the threshold within the bounds; the end is then the
        end of the search range.
    notes : tuple of str
        `FLAT`, `OTHER_AT_BOUND`, `SEVERAL_VALLEYS` and `HIGHER_MAXIMUM`, where they apply.
    spans : bool
        Whether the 95 % interval is open at both ends.
    """

    ends: Floats
    is_open: Booleans
    notes: tuple[str, ...]
    spans: bool


@dataclass(frozen=True)
class ProfileIntervals:
    """How profile-likelihood intervals are computed.

    Attributes
    ----------
    evaluate, box : callable, float array
        As of `rlrecovery.fitting.mle.search.Search`.
    grid : Grid
        The grid of starting points.
    levels : tuple of float
        Nominal levels of the intervals.
    """

    evaluate: Evaluator
    box: Floats
    grid: Grid
    levels: tuple[float, ...]

    @property
    def points_at_once(self) -> int:
        """Points of one participant whose likelihoods are evaluated by one call."""
        return max(self.grid.size + 2, 2 * len(self.levels)) * (2 * len(self.box) - 1)

    @property
    def heights(self) -> Floats:
        """Fall of the log-likelihood at the ends of each nominal level, and of `SPAN_LEVEL`."""
        heights: Floats = special.chdtri(1, 1 - np.array([*self.levels, SPAN_LEVEL])) / 2
        return heights

    def of(self, data: Observations, peaks: Points, table: Floats) -> list[list[Interval]]:
        """Compute the intervals of each participant, one per parameter.

        Parameters
        ----------
        data : Observations
            Data of the participants.
        peaks : Points
            Where each participant's searches ended, shape (participants, searches); first the
            maximum.
        table : float array, shape (participants, size ** parameters)
            Log-likelihoods on the grid.
        """
        by_parameter = [
            self._intervals(Profile(self.evaluate, data, j, self.box), peaks, table)
            for j in range(len(self.box))
        ]
        return [list(own) for own in zip(*by_parameter, strict=True)]

    def _intervals(self, profile: Profile, peaks: Points, table: Floats) -> list[Interval]:
        """The intervals of one parameter."""
        heights = self.heights
        curve, place = self.grid.curve(profile, peaks, table, float(heights.max()))
        best = peaks.take((slice(None), 0))
        top = np.maximum(curve.value.max(axis=1), best.value)
        falls = top[:, None] - curve.value
        inside = falls[:, None, :] <= heights[:, None]
        inside[np.arange(len(top)), :, curve.value.argmax(axis=1)] = True
        inside, span = inside[:, :-1], inside[:, -1]
        pair = [_ends(profile, curve, inside, top, heights[:-1], side) for side in (0, 1)]
        ends = np.stack([end.x for end in pair], axis=2)
        is_open, spans = inside[:, :, [0, -1]], span[:, 0] & span[:, -1]
        flags = {
            FLAT: _is_flat(curve, place, self.grid.step(profile.j)),
            OTHER_AT_BOUND: _other_at_bound(profile, best, pair),
            SEVERAL_VALLEYS: _has_gap(inside, falls, heights[:-1]),
            HIGHER_MAXIMUM: top > best.value + NO_FALL,
        }
        notes = [tuple(note for note, flag in flags.items() if flag[i]) for i in range(len(top))]
        return list(map(Interval, ends, is_open, notes, spans.tolist()))


def _ends(
    profile: Profile, curve: Curve, inside: Booleans, top: Floats, heights: Floats, side: int
) -> Curve:
    """The lower (side 0) or upper (1) ends of the intervals, shape (participants, levels).

    `inside` says which points of the curve are within each interval, shape (participants, levels,
    points). Open ends are the outermost point.
    """
    outermost = inside.argmax(axis=2) if side == 0 else _last(inside)
    shape = outermost.shape
    i, level = (index.ravel() for index in np.indices(shape))
    k = outermost.ravel()
    result, beyond = curve.take((i, k)), k + (1 if side else -1)
    closed = (beyond >= 0) & (beyond < curve.x.shape[1])
    i, k, beyond, level = i[closed], k[closed], beyond[closed], level[closed]
    brackets = curve.take((i, k)), curve.take((i, beyond))
    result.put(closed, crossings(profile, i, *brackets, top[i], heights[level]))
    return result.reshaped(shape)


def _is_flat(curve: Curve, place: Integers, step: float) -> Booleans:
    """Whether the profile does not fall from the estimate to a value one grid step away."""
    row = np.arange(len(place))
    own, value = curve.x[row, place], curve.value[row, place]
    is_far = np.abs(curve.x - own[:, None]) >= step
    return np.asarray((is_far & (curve.value >= value[:, None] - NO_FALL)).any(axis=1))


def _other_at_bound(profile: Profile, best: Points, ends: Sequence[Curve]) -> Booleans:
    """Whether another parameter is at a bound, at the estimate or at an end."""
    box = profile.other_box
    estimate = np.delete(best.point, profile.j, axis=1)[:, None]
    others = np.concatenate([estimate, *[end.others for end in ends]], axis=1)
    at_bound = (others - box[:, 0] < AT_BOUND) | (box[:, 1] - others < AT_BOUND)
    return np.asarray(at_bound.any(axis=(1, 2)))


def _last(inside: Booleans) -> Integers:
    """Index of the last true element along the last axis."""
    return inside.shape[-1] - 1 - inside[..., ::-1].argmax(axis=-1)


def _has_gap(inside: Booleans, falls: Floats, heights: Floats) -> Booleans:
    """Whether the values within an interval are not connected, shape (participants,)."""
    places = np.arange(inside.shape[2])
    within = places > inside.argmax(axis=2)[..., None]
    within &= places < _last(inside)[..., None]
    below = falls[:, None, :] > heights[:, None] + NO_FALL
    return np.asarray((within & below).any(axis=(1, 2)))
