"""Ends of profile-likelihood intervals: where profiles fall by given heights.

Newton's method is used on the root sqrt(2 (maximum - profile)), which is nearly linear, within a
bracket that shrinks with each step.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rlrecovery.fitting.mle.profile import Curve, Profile
from rlrecovery.simulation.task import Floats, Integers

#: An end is found when the profile is this close to its threshold, and then corrected by a Newton
#: step, or when it is known to this distance on the unconstrained scale; and the largest number of
#: steps.
CLOSE_VALUE, CLOSE, STEPS = 5e-4, 1e-7, 60

#: Number of Newton steps before all further steps halve the bracket.
NEWTON_STEPS = 10

#: Distance between values of another parameter that may belong to two peaks.
APART = 0.5


def crossings(
    profile: Profile, which: Integers, inner: Curve, outer: Curve, top: Floats, heights: Floats
) -> Curve:
    """Find where profiles fall by given heights, between two points of each.

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
        final = _next(inner, outer, here, top, heights, here.x)
        result.put(running[done], replace(here, x=final).take(done))
        goes = ~done
        if not goes.any():
            break
        running, which, top, heights = running[goes], which[goes], top[goes], heights[goes]
        inner, outer, here = inner.take(goes), outer.take(goes), here.take(goes)
        middle = (inner.x + outer.x) / 2
        x = middle if step >= NEWTON_STEPS else _next(inner, outer, here, top, heights, middle)
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


def _next(
    inner: Curve, outer: Curve, here: Curve, top: Floats, heights: Floats, otherwise: Floats
) -> Floats:
    """A Newton step on the root, or `otherwise` where it would leave the bracket."""
    root = _root(top, here.value)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        target = here.x - (np.sqrt(2 * heights) - root) * root / here.slope
        share = _share(inner.x, outer.x, target)
    return np.where((share > 0) & (share < 1), target, otherwise)


def _share(inner: Floats, outer: Floats, x: Floats) -> Floats:
    """Where `x` is on the way from `inner`, 0, to `outer`, 1."""
    width = outer - inner
    share: Floats = np.where(width == 0, 0.5, (x - inner) / np.where(width == 0, 1.0, width))
    return share
