"""The size of an effect that is found with a given power.

The numbers of data sets in which an effect is found, at all simulated sizes d and at 0, are
described by the power of a two-sided test of a normal estimate with standard error s,

    power(d) = Phi(|d| / s - z) + Phi(-|d| / s - z).

Both s and z are estimated by maximum likelihood; z would be 1.96 if the type I error were nominal.
Correlations are Fisher-transformed, because that makes the standard error nearly constant. The
interval of the size with a given power is that of its profile likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtr, xlogy

from rlrecovery.score.jackknife import Floats

#: Power that an effect is found with.
POWER: Final = 0.8
#: Twice the fall of the log-likelihood at the ends of a 95 % interval.
FALL: Final = 3.841458820694124
#: p-value of the deviance below which the curve is said not to describe the power.
POOR_FIT: Final = 0.01

#: Range of z, and of the size relative to the smallest and largest simulated ones.
_Z, _REACH = (0.01, 6.0), 50.0
#: Nodes per axis of the grid of size and z, how often it is moved to the maximum at most, and how
#: many nodes the region of high likelihood must have at least along each axis.
_NODES, _LOOKS, _ENOUGH = 81, 12, 30
#: Nodes beside that region which the next grid has too: the best node of a coarse grid need not be
#: next to the maximum, where size and z are correlated.
_MARGIN = 4
#: Fall of the log-likelihood at the ends of the next grid.
_WINDOW = 12.0
#: Correlations of 1 have no Fisher transform.
_LARGEST_CORRELATION = 1 - 1e-9


@dataclass(frozen=True)
class Detectable:
    """A size and its 95 % interval; missing if it cannot be determined, and a note why."""

    size: float
    lower: float
    upper: float
    note: str


def detectable(
    sizes: ArrayLike, found: ArrayLike, n: ArrayLike, correlation: bool = False
) -> Detectable:
    """Estimate the size of an effect that is found with a probability of `POWER`.

    Parameters
    ----------
    sizes : sequence of float
        True effects: 0, and others of one sign.
    found, n : sequence of int
        Number of data sets in which each is found, and of all that were analysed.
    correlation : bool
        Whether effects are correlations.

    Returns
    -------
    Detectable
        With the sign of the sizes; `lower` is the end that is closer to 0. An end is 0 or infinite
        (1 for a correlation) where the likelihood does not fall.
    """
    true = np.asarray(sizes, dtype=float)
    counts = np.array([found, n], dtype=float)
    sign = -1.0 if true.min() < 0 else 1.0
    scaled = np.abs(true)
    if correlation:
        scaled = np.arctanh(np.minimum(scaled, _LARGEST_CORRELATION))
    if (counts[1][scaled > 0] == 0).any() or not (scaled > 0).any():
        return Detectable(np.nan, np.nan, np.nan, "no data set could be analysed")
    size, lower, upper, deviance = _fitted(scaled, counts)
    note = _note(size, upper, scaled, counts, deviance)
    size = size if np.isfinite(upper) else np.nan
    ends = np.array([size, lower, upper])
    size, lower, upper = (float(end) for end in sign * (np.tanh(ends) if correlation else ends))
    return Detectable(size, lower, upper, note)


def power_at(size: Floats, s: Floats, z: Floats) -> Floats:
    """Power of a two-sided test at sizes of an effect."""
    ratio = size / s
    power: Floats = ndtr(ratio - z) + ndtr(-ratio - z)
    return power


def _fitted(sizes: Floats, counts: Floats) -> tuple[float, float, float, float]:
    """Size with the power `POWER`, its interval, and the deviance of the curve.

    The likelihood is computed on a grid of log size and z, which is moved to its maximum. The size
    is NaN where it is at an end of the range.
    """
    positive = sizes[sizes > 0]
    limits = np.log([positive.min() / _REACH, positive.max() * _REACH])
    log_size, z_range = limits, np.array(_Z)
    for _ in range(_LOOKS):
        log_sizes = np.linspace(log_size[0], log_size[1], _NODES)
        zs = np.linspace(z_range[0], z_range[1], _NODES)
        values = _log_likelihood(sizes, counts, log_sizes, zs)
        inside = values > values.max() - _WINDOW
        of_size, of_z = inside.any(axis=1), inside.any(axis=0)
        if min(of_size.sum(), of_z.sum()) >= _ENOUGH:
            break
        log_size, z_range = _ends(log_sizes, of_size), _ends(zs, of_z)
    profile = values.max(axis=1)
    lower, best, upper = _interval(log_sizes, profile)
    step = log_sizes[1] - log_sizes[0]
    at_end = best < limits[0] + 1.5 * step or best > limits[1] - 1.5 * step
    with np.errstate(divide="ignore"):
        size, below, above = np.exp([best, lower, upper])
    share = counts[0] / np.maximum(counts[1], 1)
    saturated = xlogy(counts[0], share) + xlogy(counts[1] - counts[0], 1 - share)
    deviance = 2 * float(saturated.sum() - profile.max())
    return (np.nan if at_end else float(size)), float(below), float(above), deviance


def _log_likelihood(sizes: Floats, counts: Floats, log_sizes: Floats, zs: Floats) -> Floats:
    """Binomial log-likelihood, shape (sizes with the given power, values of z)."""
    s = np.exp(log_sizes)[:, None] / _ratios(zs)
    total = np.zeros(s.shape)
    for size, found, n in zip(sizes, *counts, strict=True):
        power = np.clip(power_at(size, s, zs), 1e-300, 1 - 1e-16)
        total += xlogy(found, power) + xlogy(n - found, 1 - power)
    return total


def _ratios(z: Floats) -> Floats:
    """Sizes, in units of s, with the power `POWER`, by bisection; 0 where no size has less."""
    low, high = np.zeros(len(z)), z + 10.0
    for _ in range(60):
        middle = (low + high) / 2
        less = power_at(middle, np.ones(1), z) < POWER
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return np.maximum(high, 1e-12)


def _ends(nodes: Floats, inside: np.ndarray) -> Floats:
    """The range of the nodes inside, and of some more at each side."""
    index = np.flatnonzero(inside)
    first, last = max(index[0] - _MARGIN, 0), min(index[-1] + _MARGIN, len(nodes) - 1)
    return nodes[[first, last]]


def _interval(nodes: Floats, profile: Floats) -> tuple[float, float, float]:
    """Ends of the 95 % interval and the maximum; infinite where the profile does not fall."""
    best, threshold = int(profile.argmax()), profile.max() - FALL / 2
    maximum = float(nodes[best])
    if 0 < best < len(nodes) - 1:  # the vertex of a parabola through three nodes
        before, at, after = profile[best - 1 : best + 2]
        curvature = before - 2 * at + after
        shift = (before - after) / (2 * curvature) if curvature < 0 else 0.0
        maximum += shift * float(nodes[1] - nodes[0])
    left, right = profile[: best + 1] < threshold, profile[best:] < threshold
    lower, upper = -np.inf, np.inf
    if left.any():
        k = int(np.flatnonzero(left)[-1])
        lower = np.interp(threshold, profile[k : k + 2], nodes[k : k + 2])
    if right.any():
        k = best + int(np.flatnonzero(right)[0])
        upper = np.interp(threshold, profile[[k, k - 1]], nodes[[k, k - 1]])
    return float(lower), maximum, float(upper)


def _note(size: float, upper: float, sizes: Floats, counts: Floats, deviance: float) -> str:
    """What is to be known about the size; empty if nothing is."""
    others = sizes > 0
    notes = []
    if not counts[0][others].any():
        notes.append("the effect is never found")
    elif (counts[0] == counts[1])[others].all():
        notes.append("the effect is always found")
    elif np.isnan(size) or np.isinf(upper):
        notes.append("the effect is found too rarely")
    elif size > sizes.max():
        notes.append("extrapolated beyond the largest simulated size")
    elif size < sizes[others].min():
        notes.append("smaller than the smallest simulated size")
    analysed = int((counts[1] > 0).sum())
    if analysed > 2 and chdtrc(analysed - 2, max(deviance, 0.0)) < POOR_FIT:
        notes.append("the curve does not describe the power well")
    return "; ".join(notes)
