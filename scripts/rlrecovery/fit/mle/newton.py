"""Newton's method within bounds, for smooth functions of few parameters.

The curvature is computed from exact gradients at a stencil of points, which one call of compiled
code evaluates. About five steps are enough, where a general-purpose optimiser needs a dozen calls
with more overhead each. Parameters at a bound across which the function would increase are fixed
there (projected Newton: Bertsekas 1982, SIAM Journal on Control and Optimization 20:221).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlrecovery.simulate.task import Floats

#: Step of the central differences of exact gradients.
STENCIL = 1e-4

#: Longest step per parameter; largest number of steps, and of halvings of a step.
REACH, STEPS, HALVINGS = 2.0, 60, 20

#: Projected gradient below which the iteration stops.
FLAT = 1e-7

#: Smallest curvature used for a step: relative to the largest, and absolute.
MIN_RELATIVE_CURVATURE, MIN_CURVATURE = 1e-8, 1e-8

#: Share of the increase predicted by the gradient that a step must achieve (Armijo's condition).
SUFFICIENT = 1e-4

#: Relative rounding error of a function value.
ROUNDING = 1e-13

#: From points (points, parameters) to values (points,) and gradients (points, parameters).
Function = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Point:
    """A point, with value, gradient and curvature of the function there.

    Attributes
    ----------
    point : float array, shape (parameters,)
        The point.
    value : float
        Value of the function.
    gradient : float array, shape (parameters,)
        Its gradient.
    curvature : float array, shape (parameters, parameters)
        Negative second derivatives; positive definite at a maximum.
    """

    point: Floats
    value: float
    gradient: Floats
    curvature: Floats

    def blocked(self, box: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Parameters at a bound across which the function would increase."""
        low = (self.point <= box[:, 0]) & (self.gradient <= 0)
        return low | ((self.point >= box[:, 1]) & (self.gradient >= 0))

    def slope(self, box: Floats) -> float:
        """Largest element of the projected gradient."""
        return float(np.abs(projected(self.point + self.gradient, box) - self.point).max())


def projected(point: Floats, box: Floats) -> Floats:
    """Project a point onto the box."""
    return np.minimum(np.maximum(point, box[:, 0]), box[:, 1])


def evaluate_at(function: Function, point: Floats) -> Point:
    """Compute value, gradient and curvature at a point with one call of the function.

    Parameters
    ----------
    function : callable
        Values and gradients at several points.
    point : float array, shape (parameters,)
        The point.
    """
    size = len(point)
    values, gradients = function(point + _stencil(size))
    curvature = (gradients[1 + size :] - gradients[1 : 1 + size]) / (2 * STENCIL)
    return Point(point, float(values[0]), gradients[0], (curvature + curvature.T) / 2)


@functools.cache
def _stencil(size: int) -> Floats:
    """Offsets of a point and of its neighbours on both sides, shape (1 + 2 size, size)."""
    steps = STENCIL * np.eye(size)
    return np.concatenate([np.zeros((1, size)), steps, -steps])


def maximise(function: Function, start: Floats, box: Floats) -> Point:
    """Find a local maximum of a function within bounds.

    Parameters
    ----------
    function : callable
        See `evaluate_at`.
    start : float array, shape (parameters,)
        Starting point; projected onto the box.
    box : float array, shape (parameters, 2)
        Lower and upper bound of each parameter.

    Returns
    -------
    Point
        The last point: a maximum if its `Point.slope` is near 0.
    """
    current = evaluate_at(function, projected(start, box))
    for _ in range(STEPS):
        if not np.isfinite(current.value) or current.slope(box) < FLAT:
            break
        better = _better(function, current, _direction(current, box), box)
        if better is None:
            break
        current = better
    return current


def _direction(current: Point, box: Floats) -> Floats:
    """Newton step of the parameters that are not blocked; always an ascent direction."""
    free = np.flatnonzero(~current.blocked(box))
    sizes, axes = np.linalg.eigh(current.curvature[free[:, None], free])
    # Where the function is convex, the plain Newton step would be a descent direction.
    sizes = np.maximum(
        np.abs(sizes), max(MIN_CURVATURE, MIN_RELATIVE_CURVATURE * np.abs(sizes).max())
    )
    step = np.zeros(len(current.point))
    step[free] = axes @ ((axes.T @ current.gradient[free]) / sizes)
    return step * min(1.0, REACH / np.abs(step).max())


def _better(function: Function, current: Point, step: Floats, box: Floats) -> Point | None:
    """Halve the step until the increase is sufficient; None if it never is."""
    noise = ROUNDING * max(1.0, abs(current.value))
    for halving in range(HALVINGS):
        candidate = evaluate_at(function, projected(current.point + step / 2**halving, box))
        gain = candidate.value - current.value
        predicted = current.gradient @ (candidate.point - current.point)
        if gain >= SUFFICIENT * predicted and gain > 0:
            return candidate
        # At a maximum, values differ only by rounding; use the gradient instead.
        if abs(gain) <= noise and candidate.slope(box) < current.slope(box):
            return candidate
    return None
