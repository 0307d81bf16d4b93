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
from rlrecovery.fitting.quadrature.coupling import Coupled, folded
from rlrecovery.fitting.quadrature.grid import (
    Axis,
    Grid,
    Marginal,
    compressed,
    distribution,
    expanded,
)
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats

#: Nodes of the difference in the grids that locate its mass, and in the last one.
LOOK, NODES = 33, 65

#: Combinations of SDs with a smaller share of the mass do not contribute; log-densities that are
#: further below the highest one are raised to this depth.
NEGLIGIBLE, DEEPEST = 1e-13, 600.0

#: Least slope of the compressed depth, per node, beyond the last node.
BEYOND = 0.1

#: Numbers in the arrays of differences that are computed together.
NUMBERS = 300_000


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
        blocks = posterior.blocks[0][parameter], posterior.blocks[group][parameter]
        reference, own = blocks
        kernel = posterior.kernels[group][parameter]
        values = posterior.between(group, parameter)
        steps, locations, middles, widths = [], [], [], []
        for block in blocks:
            steps.append(np.exp(folded(posterior.layout, block.log_step)))
            locations.append(folded(posterior.layout, block.location))
            middles.append(folded(posterior.layout, block.mean[..., None])[..., 0])
            widths.append(folded(posterior.layout, block.sd[..., None])[..., 0])
        (shared, n_first, z_first), (_, n_second, z_second) = (x.shape for x in locations)
        shape = (shared, n_first, z_first, n_second, z_second)
        values = values.reshape(shape)
        share = (values * kernel.reshape(shape)).sum(axis=(2, 4)) if kernel is not None else 0.0
        kept = np.nonzero(share > NEGLIGIBLE * np.sum(share))
        at_first, at_second = kept[:2], (kept[0], kept[2])
        joint = values.transpose(0, 1, 3, 2, 4)[kept]
        width = [
            np.median(np.diff(x, axis=-1))
            for x in (locations[0][at_first], locations[1][at_second])
        ]
        if width[0] <= width[1]:
            return cls._made(
                own, locations[0][at_first], middles[1][at_second], widths[1][at_second], joint, 1
            )
        joint = joint / steps[0][at_first][:, :, None] * steps[1][at_second][:, None, :]
        return cls._made(
            reference,
            locations[1][at_second],
            middles[0][at_first],
            widths[0][at_first],
            joint.swapaxes(1, 2),
            -1,
        )

    @classmethod
    def _made(
        cls, block: Block, location: Floats, mean: Floats, sd: Floats, joint: Floats, sign: int
    ) -> Self:
        top = joint.max(axis=-1, keepdims=True)
        rows = top[..., 0] > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = np.where(rows[..., None], np.log(top) - np.log(joint), DEEPEST)
            log_top = np.log(top[..., 0])
        depth = compressed(np.minimum(depth, DEEPEST))
        places = np.arange(joint.shape[-1])
        slopes = interpolate.CubicSpline(places, np.eye(len(places))).derivative()(places)
        return cls(block, location, mean, sd, log_top, depth, depth @ slopes.T, sign)

    def log_likelihood(self, differences: Floats) -> Floats:
        """Log of the integrated likelihood at differences, shape (differences,)."""
        step = max(1, NUMBERS // self.location.size)
        parts = [
            self._some(differences[first : first + step])
            for first in range(0, len(differences), step)
        ]
        return np.concatenate(parts)

    def _some(self, differences: Floats) -> Floats:
        location = self.location[..., None] + self.sign * differences
        at = positions(self.block, location, self.mean[:, None, None], self.sd[:, None, None])
        last = self.depth.shape[-1] - 1
        beyond = np.minimum(np.maximum(-at, at - last), 1e3)
        inside = np.clip(at, 0, last)
        left = np.minimum(inside.astype(int), last - 1)
        t = inside - left
        value, slope = (
            (np.take_along_axis(x, left, axis=-1), np.take_along_axis(x, left + 1, axis=-1))
            for x in (self.depth, self.slope)
        )
        rise = value[1] - value[0]
        depth = value[0] + t * (
            slope[0]
            + t * (3 * rise - 2 * slope[0] - slope[1] + t * (slope[0] + slope[1] - 2 * rise))
        )
        ends = np.where(at < 0, -self.slope[..., :1], self.slope[..., -1:])
        depth = depth + np.maximum(beyond, 0) * np.maximum(ends, BEYOND)
        terms = self.log_top[..., None] - expanded(np.minimum(depth, 50.0))
        return special.logsumexp(terms, axis=(0, 1))

    def grid(self, prior: Distribution) -> Grid:
        """Posterior of the difference."""

        def log_likelihood(natural: Sequence[Floats]) -> Floats:
            return self.log_likelihood(natural[0])

        axes, region = locate(log_likelihood, [Axis.of("difference", prior)], LOOK)
        return density(log_likelihood, axes, region, [NODES])


def summarised(marginal: Marginal, log_bayes_factor: float) -> EffectPosterior:
    """Marginal posterior of an effect from the mass of nodes."""
    mean, sd = marginal.moments()
    dense, below = distribution(marginal.weights)
    low, high = marginal.nodes[0], marginal.nodes[-1]
    values = marginal.axis.estimate(low + (high - low) * dense)
    return EffectPosterior(mean, sd, values, below, log_bayes_factor)
