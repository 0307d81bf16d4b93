"""Newton's method within bounds, for many searches of few parameters at once.

All searches advance together: each step evaluates the functions of all of them with one call of
compiled code, and its algebra is done on arrays. The curvature is computed from exact gradients at
a stencil of points. About five steps are enough, where a general-purpose optimiser needs a dozen
calls. Parameters at a bound across which the function would increase are fixed there (projected
Newton: Bertsekas 1982, SIAM Journal on Control and Optimization 20:221).

The result of a search does not depend on the others, to the last bit: arrays are combined
elementwise, sums over parameters are taken in their order, and eigenvalues one matrix at a time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlrecovery.simulation.task import Floats, Integers

#: Step of the central differences of exact gradients.
STENCIL = 1e-4

#: Longest step per parameter; largest number of steps; smallest share of a step that is tried.
REACH, STEPS, SMALLEST_SHARE = 2.0, 60, 2.0**-19

#: Projected gradient below which a search stops.
FLAT = 1e-7

#: Smallest curvature used for a step: relative to the largest, and absolute.
MIN_RELATIVE_CURVATURE, MIN_CURVATURE = 1e-8, 1e-8

#: Share of the increase predicted by the gradient that a step must achieve (Armijo's condition).
SUFFICIENT = 1e-4

#: Relative rounding error of a function value.
ROUNDING = 1e-13

#: A search has entered the basin of a peak if Newton's method would reach it, and would increase
#: the function by what is missing, up to this share of the distance and of the increase.
CLOSE = 0.1

#: Smallest curvature of a peak along free parameters, and smallest gradient across bounds. Flatter
#: maxima are ridges or plateaus, on which two searches may end at different points.
SHARP = 1e-3

Booleans = NDArray[np.bool_]

#: From indices of functions (points,) and a point for each (points, parameters) to values (points,)
#: and gradients (points, parameters).
Functions = Callable[[Integers, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Points:
    """Points, with value, gradient and curvature of their functions there.

    Attributes
    ----------
    point : float array, shape (points, parameters)
        The points.
    value : float array, shape (points,)
        Values of the functions.
    gradient : float array, shape (points, parameters)
        Gradients.
    curvature : float array, shape (points, parameters, parameters)
        Negative second derivatives; positive definite at a maximum.
    slope : float array, shape (points,)
        Largest element of the projected gradient.
    """

    point: Floats
    value: Floats
    gradient: Floats
    curvature: Floats
    slope: Floats

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """All attributes."""
        return self.point, self.value, self.gradient, self.curvature, self.slope

    def take(self, index: Any) -> Points:
        """Some of the points, by an index, slice or mask."""
        return Points(*[array[index] for array in self.arrays])

    def put(self, index: Any, others: Points) -> None:
        """Replace some of the points by others."""
        for array, values in zip(self.arrays, others.arrays, strict=True):
            array[index] = values

    def joined(self, others: Points) -> Points:
        """These points followed by others."""
        pairs = zip(self.arrays, others.arrays, strict=True)
        return Points(*[np.concatenate(pair) for pair in pairs])

    def finite(self) -> Booleans:
        """Whether value and derivatives are finite, shape (points,)."""
        derivatives = self.gradient.sum(axis=1) + self.curvature.sum(axis=(1, 2))
        return np.isfinite(self.value + derivatives)

    def blocked(self, box: Floats) -> Booleans:
        """Parameters at a bound across which the function would increase."""
        low = (self.point <= box[:, 0]) & (self.gradient <= 0)
        return low | ((self.point >= box[:, 1]) & (self.gradient >= 0))

    def peaked(self, box: Floats) -> Booleans:
        """Whether each point is a maximum, and neither a ridge nor a plateau, shape (points,)."""
        blocked, found = self.blocked(box), self.finite() & (self.slope < FLAT)
        steep = ~blocked | (np.abs(self.gradient) >= SHARP)
        curvature = np.where(found[:, None, None], self.curvature, 0.0)
        sizes = np.linalg.eigvalsh(separated(blocked, curvature))
        return found & steep.all(axis=1) & (sizes.min(axis=1) >= SHARP)


def projected(point: Floats, box: Floats) -> Floats:
    """Project points onto the box."""
    return np.minimum(np.maximum(point, box[:, 0]), box[:, 1])


def evaluate_at(functions: Functions, which: Integers, point: Floats, box: Floats) -> Points:
    """Compute values, gradients and curvatures with one call of the functions.

    Parameters
    ----------
    functions : callable
        Values and gradients at several points.
    which : int array, shape (points,)
        The function of each point.
    point : float array, shape (points, parameters)
        The points.
    box : float array, shape (parameters, 2)
        Lower and upper bound of each parameter.
    """
    size = point.shape[1]
    stencil = point[:, None] + _offsets(size)
    flat = stencil.reshape(-1, size)
    values, gradients = functions(np.repeat(which, stencil.shape[1]), flat)
    gradients = gradients.reshape(stencil.shape)
    gradient = gradients[:, 0].copy()
    difference = (gradients[:, 1 + size :] - gradients[:, 1 : 1 + size]) / (2 * STENCIL)
    return Points(
        point=point,
        value=values.reshape(stencil.shape[:2])[:, 0].copy(),
        gradient=gradient,
        curvature=(difference + difference.transpose(0, 2, 1)) / 2,
        slope=np.abs(projected(point + gradient, box) - point).max(axis=1),
    )


@functools.cache
def _offsets(size: int) -> Floats:
    """Offsets of a point and of its neighbours on both sides, shape (1 + 2 size, size)."""
    steps = STENCIL * np.eye(size)
    return np.concatenate([np.zeros((1, size)), steps, -steps])


def maximise(
    functions: Functions,
    which: Integers,
    starts: Floats,
    box: Floats,
    peaks: Points | None = None,
    near: float = 0.0,
    flat: float = FLAT,
) -> Points:
    """Find local maxima of functions within bounds.

    Parameters
    ----------
    functions : callable
        See `evaluate_at`.
    which : int array, shape (searches,)
        The function of each search.
    starts : float array, shape (searches, parameters)
        Starting points; projected onto the box.
    box : float array, shape (parameters, 2)
        Lower and upper bound of each parameter.
    peaks : Points, optional
        A peak of each search's function (see `Points.peaked`), or a point whose value is NaN. A
        search that enters the basin of its peak ends at the peak.
    near : float, optional
        Parameters that a step would carry across a bound within this distance stop there, and the
        step of the others is chosen again. If steps are merely projected, which is the default, a
        search may zigzag along a bound until its steps are too short.
    flat : float, optional
        Projected gradient below which a search stops.

    Returns
    -------
    Points
        The last point of each search: a maximum if its slope is near 0.
    """
    here = evaluate_at(functions, which, projected(starts, box), box)
    result, running = here, np.flatnonzero(here.finite())
    here, taken, share = here.take(running), np.zeros(len(running)), np.ones(len(running))
    while True:
        step, plain = _directions(here, box, near)
        ends = (here.slope < flat) | (taken >= STEPS) | (share < SMALLEST_SHARE)
        if peaks is not None:
            own = peaks.take(running)
            entered = ~ends & plain & _enters(here, step, own, box)
            here.put(entered, own.take(entered))
            ends |= entered
        if ends.any():
            result.put(running[ends], here.take(ends))
            goes = ~ends
            running, here, step = running[goes], here.take(goes), step[goes]
            taken, share = taken[goes], share[goes]
        if not len(running):
            return result
        target = projected(here.point + share[:, None] * step, box)
        there = evaluate_at(functions, which[running], target, box)
        better = _is_better(here, there)
        here.put(better, there.take(better))
        taken, share = taken + better, np.where(better, 1.0, share / 2)


def _directions(here: Points, box: Floats, near: float) -> tuple[Floats, Booleans]:
    """Newton steps of the parameters that are not blocked; always ascent directions.

    Also whether each is the plain Newton step, on a concave function and within reach.
    """
    held = here.blocked(box)
    step, plain = _newton_steps(here, held, np.zeros(held.shape))
    for _ in range(held.shape[1] - 1 if near else 0):
        inside = projected(here.point + step, box) - here.point
        crossing = ~held & (np.abs(inside) < near) & (inside != step)
        again = np.flatnonzero(crossing.any(axis=1))
        if not len(again):
            break
        held = held | crossing
        moves = np.where(held, inside, 0.0)[again]
        other, other_plain = _newton_steps(here.take(again), held[again], moves)
        ascends = _dot(here.gradient[again], other) > 0
        step[again[ascends]], plain[again] = other[ascends], other_plain & ascends
    return step, plain


def _newton_steps(here: Points, held: Booleans, moves: Floats) -> tuple[Floats, Booleans]:
    """Newton steps of some parameters, when the others make given moves."""
    gradient = np.where(held, 0.0, here.gradient - _times(here.curvature, moves))
    sizes, axes = np.linalg.eigh(separated(held, here.curvature))
    # Where the function is convex, the plain Newton step would be a descent direction.
    used = np.abs(sizes)
    smallest = MIN_RELATIVE_CURVATURE * used.max(axis=1, keepdims=True)
    used = np.maximum(used, np.maximum(MIN_CURVATURE, smallest))
    step = _times(axes, _times(axes.transpose(0, 2, 1), gradient) / used)
    step = np.where(held, moves, step)
    length = np.maximum(np.abs(step).max(axis=1), REACH)
    plain = (sizes == used).all(axis=1) & (length == REACH)
    return step * (REACH / length)[:, None], plain


def separated(blocked: Booleans, curvature: Floats) -> Floats:
    """Replace the curvature along blocked parameters, so that it does not affect the others.

    It gets no mixed derivatives, and the largest absolute curvature along the other parameters.
    """
    places = np.arange(blocked.shape[1])
    curvature = np.where(blocked[:, :, None] | blocked[:, None, :], 0.0, curvature)
    diagonal = curvature[:, places, places]
    widest = np.abs(diagonal).max(axis=1, keepdims=True)
    curvature[:, places, places] = np.where(blocked, widest, diagonal)
    return curvature


def _times(matrices: Floats, vectors: Floats) -> Floats:
    """Products of matrices (points, rows, columns) and vectors (points, columns)."""
    return functools.reduce(np.add, (matrices * vectors[:, None]).transpose(2, 0, 1))


def _dot(left: Floats, right: Floats) -> Floats:
    """Scalar products of vectors (points, parameters)."""
    return functools.reduce(np.add, (left * right).T)


def _is_better(here: Points, there: Points) -> Booleans:
    """Whether each step increases its function enough."""
    gain, finite = there.value - here.value, there.finite()
    predicted = _dot(here.gradient, there.point - here.point)
    enough = (gain >= SUFFICIENT * predicted) & (gain > 0)
    # At a maximum, values differ only by rounding; use the gradient instead.
    noise = ROUNDING * np.maximum(1.0, np.abs(here.value))
    return finite & (enough | ((np.abs(gain) <= noise) & (there.slope < here.slope)))


def _enters(here: Points, step: Floats, peaks: Points, box: Floats) -> Booleans:
    """Whether plain Newton steps lead into the basins of peaks."""
    target = projected(here.point + step, box)
    move, missing = target - here.point, peaks.value - here.value
    gain = _dot(here.gradient - _times(here.curvature, move) / 2, move)
    distance = np.abs(peaks.point - here.point).max(axis=1)
    near = np.abs(peaks.point - target).max(axis=1) <= CLOSE * distance
    return near & (np.abs(gain - missing) <= CLOSE * missing)
