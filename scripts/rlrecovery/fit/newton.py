"""Newton's method within bounds, for smooth functions of few parameters that are cheap in batches.

Exact gradients at a stencil around each point give the curvature, and all of a stencil is one
call of compiled code: five steps are a maximum, where a general optimiser takes a dozen calls with
more work around each. Directions that a bound stops are held (projected Newton: Bertsekas 1982,
SIAM Journal on Control and Optimization 20:221).
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

#: Longest step per parameter, steps at most, and halvings of a step at most.
REACH, STEPS, HALVINGS = 2.0, 60, 20

#: Projected gradient at which a peak counts as found.
FLAT = 1e-7

#: Least curvature that a step is taken with, as a share of the largest and in itself.
LEAST_SHARE, LEAST = 1e-8, 1e-8

#: Share of the increase promised by the gradient that a step has to bring (Armijo's condition).
PROMISE = 1e-4

#: A function value is known to so many of its own size.
ROUNDING = 1e-13

Batch = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Place:
    """A point and the function around it.

    Attributes
    ----------
    point : float array, shape (parameters,)
        Where.
    value : float
        The function.
    gradient : float array, shape (parameters,)
        Its gradient.
    curvature : float array, shape (parameters, parameters)
        Minus its second derivatives; positive definite at a peak.
    """

    point: Floats
    value: float
    gradient: Floats
    curvature: Floats

    def blocked(self, box: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Directions in which the function rises only beyond a bound."""
        low = (self.point <= box[:, 0]) & (self.gradient <= 0)
        return low | ((self.point >= box[:, 1]) & (self.gradient >= 0))

    def slope(self, box: Floats) -> float:
        """Largest derivative in a direction that no bound stops."""
        return float(np.abs(within(self.point + self.gradient, box) - self.point).max())


def within(point: Floats, box: Floats) -> Floats:
    """The nearest point of the box."""
    return np.minimum(np.maximum(point, box[:, 0]), box[:, 1])


def look(function: Batch, point: Floats) -> Place:
    """Value, gradient and curvature at a point, from one call.

    Parameters
    ----------
    function : callable
        From points (points, parameters) to values (points,) and gradients (points, parameters).
    point : float array, shape (parameters,)
        Where.
    """
    size = len(point)
    values, gradients = function(point + _stencil(size))
    curvature = (gradients[1 + size :] - gradients[1 : 1 + size]) / (2 * STENCIL)
    return Place(point, float(values[0]), gradients[0], (curvature + curvature.T) / 2)


@functools.cache
def _stencil(size: int) -> Floats:
    """Offsets of a point and of its neighbours above and below, shape (1 + 2 size, size)."""
    steps = STENCIL * np.eye(size)
    return np.concatenate([np.zeros((1, size)), steps, -steps])


def climb(function: Batch, start: Floats, box: Floats) -> Place:
    """A local maximum of a function within bounds.

    Parameters
    ----------
    function : callable
        As for `look`.
    start : float array, shape (parameters,)
        Where to begin; moved into the box if it is outside.
    box : float array, shape (parameters, 2)
        Lower and upper bound of each parameter.

    Returns
    -------
    Place
        The last point: a maximum if its `Place.slope` is near 0.
    """
    here = look(function, within(start, box))
    for _ in range(STEPS):
        if not np.isfinite(here.value) or here.slope(box) < FLAT:
            break
        there = _better(function, here, _direction(here, box), box)
        if there is None:
            break
        here = there
    return here


def _direction(here: Place, box: Floats) -> Floats:
    """Newton's step among the directions that no bound stops, always uphill."""
    free = np.flatnonzero(~here.blocked(box))
    sizes, axes = np.linalg.eigh(here.curvature[free[:, None], free])
    # Where the function curves upwards, Newton's own step would lead downhill.
    sizes = np.maximum(np.abs(sizes), max(LEAST, LEAST_SHARE * np.abs(sizes).max()))
    step = np.zeros(len(here.point))
    step[free] = axes @ ((axes.T @ here.gradient[free]) / sizes)
    return step * min(1.0, REACH / np.abs(step).max())


def _better(function: Batch, here: Place, step: Floats, box: Floats) -> Place | None:
    """The first of ever shorter steps that brings enough; None if there is none."""
    noise = ROUNDING * max(1.0, abs(here.value))
    for halving in range(HALVINGS):
        there = look(function, within(here.point + step / 2**halving, box))
        gain, promised = there.value - here.value, here.gradient @ (there.point - here.point)
        if gain >= PROMISE * promised and gain > 0:
            return there
        # At the top values differ by rounding only, and the gradient still tells.
        if abs(gain) <= noise and there.slope(box) < here.slope(box):
            return there
    return None
