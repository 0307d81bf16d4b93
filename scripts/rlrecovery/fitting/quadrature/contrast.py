"""The posterior of the difference of two locations, as a smooth function.

Given SDs, the density of the difference d is its prior times the integral of the joint density of
the two locations, without that prior, along the line on which they differ by d. The integral is a
sum over the nodes of the narrower location, with the joint density interpolated between the nodes
of the other one. It is smooth in d, however far apart the nodes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import interpolate, special

from rlrecovery.fitting.effects import EffectPosterior
from rlrecovery.fitting.quadrature.adaptive import density, locate
from rlrecovery.fitting.quadrature.coordinates import Block, positions
from rlrecovery.fitting.quadrature.coupling import Coupled
from rlrecovery.fitting.quadrature.grid import (
    Axis,
    Grid,
    Marginal,
    compressed,
    distribution,
    expanded,
)
from rlrecovery.fitting.quadrature.kernels import folded
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats, Integers

#: Nodes of the difference in the grids that locate its mass, and in the last one.
LOOK, NODES = 33, 65

#: Combinations of SDs with a smaller share of the mass do not contribute; log-densities that are
#: further below the highest one are raised to this depth.
NEGLIGIBLE, DEEPEST = 1e-13, 600.0

#: Least slope of the compressed depth, per node, beyond the last node; largest distance from it, in
#: nodes; and largest compressed depth.
BEYOND, FURTHEST, HIGHEST = 0.1, 1e3, 50.0

#: Numbers in the arrays of differences that are computed together.
NUMBERS = 300_000


@dataclass(frozen=True)
class _Side:
    """One of the two locations: nodes, their distances and coordinates.

    Axes are (shared nodes, own SDs, z), and after `at` (pairs, z).
    """

    block: Block
    location: Floats
    step: Floats
    mean: Floats
    sd: Floats

    def at(self, shared: Integers, own: Integers) -> _Side:
        """Select combinations of correlation and SD."""
        arrays = (self.location, self.step, self.mean, self.sd)
        return _Side(self.block, *[array[shared, own] for array in arrays])

    def distance(self) -> float:
        """Median distance of nodes."""
        return float(np.median(np.diff(self.location, axis=-1)))


def _side(posterior: Coupled, group: int, parameter: int) -> _Side:
    block, layout = posterior.blocks[group][parameter], posterior.layout
    mean, sd = (folded(layout, x[..., None])[..., 0] for x in (block.mean, block.sd))
    step = folded(layout, np.exp(block.log_step))
    return _Side(block, folded(layout, block.location), step, mean, sd)


@dataclass(frozen=True)
class Contrast:
    """Likelihood of the difference of two locations.

    Attributes
    ----------
    block : Block
        Nodes of the location that is interpolated.
    location : float array, shape (pairs, nodes)
        Nodes of the other one, per combination of SDs and correlation.
    mean, sd : float array, shape (pairs,)
        Coordinates of the location that is interpolated.
    log_top : float array, shape (pairs, nodes)
        Log of the largest joint density at each node of `location`.
    depth, slope : float array, shape (pairs, nodes, nodes of the block)
        Compressed difference of the log-density from its maximum, and derivative of its spline.
    sign : int
        1 if the location that is interpolated is that of the group, -1 for the reference.
    """

    block: Block
    location: Floats
    mean: Floats
    sd: Floats
    log_top: Floats
    depth: Floats
    slope: Floats
    sign: int

    @classmethod
    def of(cls, posterior: Coupled, group: int, parameter: int) -> Self:
        """Take the joint density of two locations from a posterior."""
        first, second = (_side(posterior, g, parameter) for g in (0, group))
        kernel = posterior.kernels[group][parameter]
        if kernel is None:
            raise ValueError("the group has the location of the reference")
        shape = (*first.location.shape, *second.location.shape[1:])
        mass = posterior.between(group, parameter).reshape(shape)
        share = (mass * kernel.matrix.reshape(shape)).sum(axis=(2, 4))
        shared, at_first, at_second = np.nonzero(share > NEGLIGIBLE * share.sum())
        joint = mass.transpose(0, 1, 3, 2, 4)[shared, at_first, at_second]
        first, second = first.at(shared, at_first), second.at(shared, at_second)
        if first.distance() <= second.distance():
            return cls._of_joint(joint, first, second, 1)
        joint = joint / first.step[:, :, None] * second.step[:, None, :]
        return cls._of_joint(joint.swapaxes(1, 2), second, first, -1)

    @classmethod
    def _of_joint(cls, joint: Floats, summed: _Side, other: _Side, sign: int) -> Self:
        """From mass at nodes times density of the other location, (pairs, nodes, other nodes)."""
        top = joint.max(axis=-1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.log(top) - np.log(joint)
            log_top = np.log(top[..., 0])
        depth = compressed(np.fmin(depth, DEEPEST))  # NaN where all are 0
        places = np.arange(joint.shape[-1])
        slopes = interpolate.CubicSpline(places, np.eye(len(places))).derivative()(places)
        coordinates = (other.block, summed.location, other.mean, other.sd)
        return cls(*coordinates, log_top, depth, depth @ slopes.T, sign)

    def log_likelihood(self, differences: Floats) -> Floats:
        """Log of the integrated likelihood at differences, shape (differences,)."""
        step = max(1, NUMBERS // self.location.size)
        firsts = range(0, len(differences), step)
        return np.concatenate([self._some(differences[k : k + step]) for k in firsts])

    def _some(self, differences: Floats) -> Floats:
        location = self.location[..., None] + self.sign * differences
        at = positions(self.block, location, self.mean[:, None, None], self.sd[:, None, None])
        last = self.depth.shape[-1] - 1
        inside = np.clip(at, 0, last)
        depth = _spline(self.depth, self.slope, inside)
        outward = np.where(at < 0, -self.slope[..., :1], self.slope[..., -1:])
        depth = depth + np.minimum(np.abs(at - inside), FURTHEST) * np.maximum(outward, BEYOND)
        terms = self.log_top[..., None] - expanded(np.minimum(depth, HIGHEST))
        return special.logsumexp(terms, axis=(0, 1))

    def grid(self, prior: Distribution) -> Grid:
        """Posterior of the difference."""

        def log_likelihood(natural: Sequence[Floats]) -> Floats:
            """Log-likelihood at nodes of the only axis."""
            return self.log_likelihood(natural[0])

        axes, region = locate(log_likelihood, [Axis.of("difference", prior)], LOOK)
        return density(log_likelihood, axes, region, [NODES])


def _spline(values: Floats, slopes: Floats, positions: Floats) -> Floats:
    """Cubic splines along the last axis, given values and slopes at the nodes 0, 1, 2, ..."""
    left = np.minimum(positions.astype(int), values.shape[-1] - 2)
    t = positions - left
    low, high = (np.take_along_axis(values, k, axis=-1) for k in (left, left + 1))
    at_low, at_high = (np.take_along_axis(slopes, k, axis=-1) for k in (left, left + 1))
    rise = high - low
    cubic = at_low + at_high - 2 * rise
    spline: Floats = low + t * (at_low + t * (rise - at_low - cubic + t * cubic))
    return spline


def summarised(marginal: Marginal, log_bayes_factor: float) -> EffectPosterior:
    """Marginal posterior of an effect from the mass of nodes."""
    mean, sd = marginal.moments()
    dense, below = distribution(marginal.weights)
    low, high = marginal.nodes[0], marginal.nodes[-1]
    values = marginal.axis.estimate(low + (high - low) * dense)
    return EffectPosterior(mean, sd, values, below, log_bayes_factor)
