"""Profile-likelihood intervals: where the profile log-likelihood falls by a quantile.

The interval of nominal level L holds the values x of a parameter with 2 (max - profile(x)) <= q,
where q is the quantile of L of the chi-square distribution with one degree of freedom (Venzon &
Moolgavkar 1988, Applied Statistics 37:87). It needs no curvature at the maximum, so it exists for
estimates at a bound. Where the profile does not fall that far within the bounds, the interval is
open, and its end is the bound.

The profile is computed at the values of the grid of starting points, at the bounds and at the
estimate, and each end is searched between the outermost of these points that is within the interval
and its neighbour. If the values within are not connected, the interval reaches from the first to
the last of them. All ends of all participants are searched together, and the result for one does
not depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from rlrecovery.fitting.estimates import NAN
from rlrecovery.fitting.mle.newton import Booleans, Points
from rlrecovery.fitting.mle.profile import Curve, Profile
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import Evaluator
from rlrecovery.simulation.task import Floats, Integers

#: An end is found when the profile is this close to its threshold, or the end is known to this
#: distance on the unconstrained scale; and the largest number of steps.
CLOSE_VALUE, CLOSE, STEPS = 1e-5, 1e-7, 60

#: Distance between values of another parameter that may belong to two peaks.
APART = 0.5

#: Log-likelihood by which a value on the grid is at least too low, if the others are not searched.
MARGIN = 1.0

#: Number of Newton steps before all further steps halve the bracket.
NEWTON_STEPS = 10

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
    evaluate, box, points, size
        As of `rlrecovery.fitting.mle.search.Search`.
    levels : sequence of float
        Nominal levels of the intervals.
    """

    evaluate: Evaluator
    box: Floats
    points: Floats
    size: int
    levels: Sequence[float]

    @property
    def points_at_once(self) -> int:
        """Points of one participant whose likelihoods are evaluated by one call."""
        nodes, sides = self.size + 3, 2 * len(self.levels)
        return max(nodes, sides) * (2 * len(self.box) - 1)

    def of(self, data: Observations, best: Points, table: Floats) -> list[list[Interval]]:
        """Compute the intervals of each participant, one per parameter.

        Parameters
        ----------
        data : Observations
            Data of the participants.
        best : Points
            The maximum of each participant's log-likelihood.
        table : float array, shape (participants, size ** parameters)
            Log-likelihoods on the grid.
        """
        by_parameter = [
            self._intervals(Profile(self.evaluate, data, j, self.box), best, table)
            for j in range(len(self.box))
        ]
        return [list(own) for own in zip(*by_parameter, strict=True)]

    def _intervals(self, profile: Profile, best: Points, table: Floats) -> list[Interval]:
        """The intervals of one parameter."""
        curve, place = self._curve(profile, best, table)
        top = np.maximum(curve.value.max(axis=1), best.value)
        quantiles = special.chdtri(1, 1 - np.asarray([*self.levels, SPAN_LEVEL]))
        falls = top[:, None] - curve.value
        inside = falls[:, None, :] <= quantiles[:, None] / 2
        inside[np.arange(len(top)), :, curve.value.argmax(axis=1)] = True
        crossings = [self._ends(profile, curve, inside[:, :-1], top, side) for side in (0, 1)]
        ends = np.stack([crossing.x for crossing in crossings], axis=-1)
        is_open = np.stack([inside[:, :-1, 0], inside[:, :-1, -1]], axis=-1)
        spans = inside[:, -1, 0] & inside[:, -1, -1]
        notes = {
            FLAT: self._is_flat(profile.j, curve, place),
            OTHER_AT_BOUND: self._other_at_bound(profile, best, crossings),
            SEVERAL_VALLEYS: _has_gap(inside[:, :-1], falls, quantiles[:-1] / 2),
            HIGHER_MAXIMUM: top > best.value + NO_FALL,
        }
        return [
            Interval(ends[i], is_open[i], tuple(k for k, v in notes.items() if v[i]), bool(span))
            for i, span in enumerate(spans)
        ]

    def _curve(self, profile: Profile, best: Points, table: Floats) -> tuple[Curve, Integers]:
        """The profile at the grid, the bounds and the estimate, and the place of the estimate.

        The points of each participant are sorted: shape (participants, points).
        """
        j, count = profile.j, len(table)
        axis, others = self._axes(j)
        table = np.where(np.isfinite(table), table, -np.inf)
        heights = np.moveaxis(self._as_grid(table), 1 + j, 1).reshape(count, self.size, -1)
        starts = others[heights.argmax(axis=2)]
        low, high = self.box[j]
        # Many models have bounds within the reach of the grid; its ends are the bounds then.
        place = np.arange(-int(low < axis[0]), self.size + int(high > axis[-1]))
        x = np.where(place < 0, low, np.where(place == self.size, high, axis[place % self.size]))
        on_grid = np.clip(place, 0, self.size - 1)
        values, starts = heights.max(axis=2)[:, on_grid], starts[:, on_grid]
        nodes = Curve(np.tile(x, (count, 1)), starts, values, np.full(values.shape, NAN))
        searched = (place != on_grid) | ~self._is_low(table, j, best.value)[:, on_grid]
        which = np.nonzero(searched)
        nodes.put(which, profile.at(which[0], nodes.x[which], nodes.others[which]))
        estimate = (best.point[:, j], np.delete(best.point, j, axis=1), best.value)
        own = [array[:, None] for array in (*estimate, best.gradient[:, j])]
        joined = [np.concatenate(pair, axis=1) for pair in zip(own, nodes.arrays, strict=True)]
        order = np.argsort(joined[0], axis=1, kind="stable")
        row = np.arange(count)[:, None]
        curve = Curve(*[array[row, order] for array in joined])
        searched = np.insert(searched, 0, True, axis=1)[row, order]
        return profile.compared(curve, searched), (order == 0).argmax(axis=1)

    def _is_low(self, table: Floats, j: int, best: Floats) -> Booleans:
        """Whether values on the grid are outside of all intervals, shape (participants, size).

        The log-likelihood at the best of the others on the grid is below that at the best of all
        others. For a parabola, by a quarter of the largest difference to its neighbours at most;
        half of it per parameter and `MARGIN` are allowed for.
        """
        grid = self._as_grid(table)
        allowed = np.full(grid.shape, MARGIN)
        for axis in range(1, grid.ndim):
            if axis != 1 + j:
                steps = np.abs(np.diff(grid, axis=axis))
                zero = [(0, 0)] * grid.ndim
                before, after = (zero[:axis] + [pad] + zero[axis + 1 :] for pad in ((1, 0), (0, 1)))
                allowed += np.maximum(np.pad(steps, before), np.pad(steps, after)) / 2
        shaped = [
            np.moveaxis(a, 1 + j, 1).reshape(len(table), self.size, -1) for a in (grid, allowed)
        ]
        place = shaped[0].argmax(axis=2)[..., None]
        highest, more = (np.take_along_axis(array, place, axis=2)[..., 0] for array in shaped)
        widest = special.chdtri(1, 1 - max(*self.levels, SPAN_LEVEL)) / 2
        return np.asarray(highest + more < best[:, None] - widest)

    def _as_grid(self, table: Floats) -> Floats:
        """A table as an array of shape (participants, size, size, ...)."""
        return table.reshape(len(table), *(self.size,) * len(self.box))

    def _axes(self, j: int) -> tuple[Floats, Floats]:
        """Values of one parameter on the grid, and of the others, (points, parameters - 1)."""
        grid = self.points.reshape(*(self.size,) * len(self.box), -1)
        first = np.moveaxis(grid, j, 0).reshape(self.size, -1, len(self.box))
        return first[:, 0, j], np.delete(first[0], j, axis=1)

    def _ends(
        self, profile: Profile, curve: Curve, inside: Booleans, top: Floats, side: int
    ) -> Curve:
        """The lower (side 0) or upper ends of the intervals, shape (participants, levels)."""
        columns = curve.x.shape[1]
        innermost = inside.argmax(axis=2) if side == 0 else _last(inside)
        outer = innermost + (1 if side else -1)
        i, level = (grid.ravel() for grid in np.indices(innermost.shape))
        a, b = innermost.ravel(), outer.ravel()
        closed = (b >= 0) & (b < columns)
        result = curve.take((i, a))  # of open ends: the end of the search range
        heights = special.chdtri(1, 1 - np.asarray(self.levels))[level] / 2
        i, a, b, heights = i[closed], a[closed], b[closed], heights[closed]
        brackets = curve.take((i, a)), curve.take((i, b))
        result.put(closed, crossings(profile, i, *brackets, top[i], heights))
        return Curve(
            *[array.reshape(*innermost.shape, *array.shape[1:]) for array in result.arrays]
        )

    def _is_flat(self, j: int, curve: Curve, place: Integers) -> Booleans:
        """Whether the profile does not fall from the estimate to a value one grid step away."""
        axis, _ = self._axes(j)
        row = np.arange(len(place))
        own, value = curve.x[row, place], curve.value[row, place]
        is_far = np.abs(curve.x - own[:, None]) >= axis[1] - axis[0]
        is_flat: Booleans = (is_far & (curve.value >= value[:, None] - NO_FALL)).any(axis=1)
        return is_flat

    def _other_at_bound(self, profile: Profile, best: Points, ends: Sequence[Curve]) -> Booleans:
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


def crossings(
    profile: Profile, which: Integers, inner: Curve, outer: Curve, top: Floats, heights: Floats
) -> Curve:
    """Find where profiles fall by given heights, between two points of each.

    Newton's method on the signed root sqrt(2 (top - profile)), which is nearly linear, within a
    bracket that shrinks with each step.

    Parameters
    ----------
    profile : Profile
        The profile.
    which : int array, shape (ends,)
        The participant of each end.
    inner, outer : Curve
        Points within and outside of the interval.
    top : float array, shape (ends,)
        Maximum of the log-likelihood.
    heights : float array, shape (ends,)
        Falls of the log-likelihood.

    Returns
    -------
    Curve
        The ends, shape (ends,).
    """
    result, running = inner.take(slice(None)), np.arange(len(which))
    x = _between(inner, outer, top, heights)
    for step in range(STEPS):
        share = _share(inner.x, outer.x, x)[:, None]
        starts = inner.others + share * (outer.others - inner.others)
        here = _second_try(
            profile, which, profile.at(which, x, starts), inner, outer, top - heights
        )
        excess = here.value - (top - heights)
        is_inner = excess >= 0
        inner, outer = inner.where(is_inner, here), outer.where(~is_inner, here)
        done = (np.abs(excess) < CLOSE_VALUE) | (np.abs(outer.x - inner.x) < CLOSE)
        result.put(running[done], here.take(done))
        goes = ~done
        if not goes.any():
            break
        running, which, top, heights = running[goes], which[goes], top[goes], heights[goes]
        inner, outer, here = inner.take(goes), outer.take(goes), here.take(goes)
        x = (
            (inner.x + outer.x) / 2
            if step >= NEWTON_STEPS
            else _next(inner, outer, here, top, heights)
        )
    else:
        result.put(running, inner)
    return result


def _second_try(
    profile: Profile, which: Integers, here: Curve, inner: Curve, outer: Curve, threshold: Floats
) -> Curve:
    """Points below the threshold, searched again from the others at the inner point.

    Only where the others are far apart at both ends of the bracket: there, the log-likelihood may
    have two peaks in them, of which the outer one was found.
    """
    is_far = (np.abs(outer.others - inner.others) > APART).any(axis=1)
    again = np.flatnonzero(is_far & (here.value < threshold - CLOSE_VALUE))
    if not len(again):
        return here
    other = profile.at(which[again], here.x[again], inner.others[again])
    higher = other.value > here.value[again]
    here.put(again[higher], other.take(higher))
    return here


def _root(top: Floats, value: Floats) -> Floats:
    """Square root of twice the fall from the maximum."""
    root: Floats = np.sqrt(2 * np.maximum(top - value, 0.0))
    return root


def _between(inner: Curve, outer: Curve, top: Floats, heights: Floats) -> Floats:
    """Where a straight line between the roots of two points reaches the height."""
    low, high = _root(top, inner.value), _root(top, outer.value)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (np.sqrt(2 * heights) - low) / (high - low)
    share = np.where(np.isfinite(high) & np.isfinite(share), share, 0.5)
    return inner.x + np.clip(share, 0.01, 0.99) * (outer.x - inner.x)


def _next(inner: Curve, outer: Curve, here: Curve, top: Floats, heights: Floats) -> Floats:
    """A Newton step on the root; half the bracket where it would leave the bracket."""
    root = _root(top, here.value)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        target = here.x - (np.sqrt(2 * heights) - root) * root / here.slope
        share = _share(inner.x, outer.x, target)
    return np.where((share > 0) & (share < 1), target, (inner.x + outer.x) / 2)


def _share(inner: Floats, outer: Floats, x: Floats) -> Floats:
    """Where `x` is on the way from `inner`, 0, to `outer`, 1."""
    width = outer - inner
    share: Floats = np.where(width == 0, 0.5, (x - inner) / np.where(width == 0, 1.0, width))
    return share
