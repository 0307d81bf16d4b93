"""Sums over the locations of a group, given those of the reference.

The likelihood of a group is known at nodes. Where the prior of the difference is narrower than the
distance of the nodes, the sum needs the likelihood between them. Its logarithm is interpolated by
splines, so that it is positive and accurate far from its maximum too, where groups differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rlrecovery.fitting.quadrature.coordinates import Block, positions
from rlrecovery.fitting.quadrature.grid import compressed, expanded, spline_matrix
from rlrecovery.fitting.quadrature.layout import Layout
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats

#: Largest distance of nodes in SDs of the prior of a difference. Where it is larger, there are up
#: to so many points per node, in arrays of so many numbers.
PRIOR_STEP, MOST_FINER, NUMBERS = 1.0, 32, 6_000_000

#: Points per node where the location is that of the reference but the nodes are others.
SAME_FINER = 6

#: Log-likelihoods that are further below the highest are raised to this depth.
DEEPEST = 600.0


@dataclass(frozen=True)
class Kernel:
    """Weights of the points of a group, for each node of the reference.

    Attributes
    ----------
    fine : float array, shape (shared nodes, nodes of the reference, own SDs, points)
        Weights; the points are evenly spaced between the first node and the last one.
    nodes : int
        Number of nodes.
    """

    fine: Floats
    nodes: int

    @property
    def matrix(self) -> Floats:
        """Weights of the nodes if the likelihood is interpolated linearly.

        Shape (shared nodes, nodes of the reference, own SDs times nodes).
        """
        points = self.fine.shape[-1]
        weights = self.fine
        if points > self.nodes:
            at = np.linspace(0, self.nodes - 1, points)
            weights = weights @ np.maximum(1 - np.abs(at[:, None] - np.arange(self.nodes)), 0)
        return weights.reshape(*weights.shape[:2], -1)

    def summed(self, values: Floats) -> Floats:
        """Sum over the locations of the group.

        Parameters
        ----------
        values : float array, shape (shared nodes, own SDs times nodes, any)

        Returns
        -------
        float array, shape (shared nodes, nodes of the reference, any)
        """
        shared, _, spreads, points = self.fine.shape
        if points > self.nodes:
            rows = values.reshape(shared, spreads, self.nodes, -1)
            values = _between(rows, points).reshape(shared, spreads * points, -1)
        product: Floats = self.fine.reshape(*self.fine.shape[:2], -1) @ values
        return product


def _between(values: Floats, points: int) -> Floats:
    """Interpolate positive values along the second last axis."""
    top = values.max(axis=-2, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.fmin(np.log(top) - np.log(values), DEEPEST)  # NaN where all are 0
    fine = spline_matrix(values.shape[-2], points) @ compressed(depth)
    return top * np.exp(-expanded(np.minimum(fine, compressed(np.array(DEEPEST)))))


def kernel(
    layout: Layout, reference: Block, block: Block, group: int, parameter: int, prior: Distribution
) -> Kernel | None:
    """Weights of a group for one parameter; None where it has the nodes of the reference.

    Parameters
    ----------
    layout : Layout
        What the groups share.
    reference, block : Block
        Nodes of the reference and of the group.
    group, parameter : int
        Which group and parameter.
    prior : Distribution
        Prior of the difference.
    """
    if group == 0 or layout.place(group, parameter) == 0:
        return None
    location = folded(layout, reference.location)
    if layout.shifted[group, parameter]:
        weights = _prior_weights(layout, location, block, prior)
    else:
        weights = _same_location(location, block)
    return Kernel(
        weights.reshape(len(location), location[0].size, *weights.shape[-2:]), block.locations
    )


def _prior_weights(layout: Layout, location: Floats, block: Block, prior: Distribution) -> Floats:
    """Prior density of the difference times the distance of the points.

    Shape (shared nodes, own SDs, z, own SDs of the group, points).
    """
    size = block.locations
    lower, upper = prior.tails(0.16)
    widest = np.diff(block.location, axis=-1)[..., size // 4 : -(size // 4)].max()
    finer = math.ceil(2 * widest / (upper - lower) / PRIOR_STEP)
    numbers = location.size * block.location.size // (1 if layout.own_spreads else len(location))
    finer = max(1, min(finer, MOST_FINER, NUMBERS // numbers))
    fine, log_step = block.at(np.linspace(0, size - 1, finer * (size - 1) + 1))
    fine, log_step = (folded(layout, x)[:, None, None] for x in (fine, log_step))
    difference = fine - location[..., None, None]
    weights: Floats = np.exp(log_density(prior, difference) + log_step - math.log(finer))
    return weights


def _same_location(location: Floats, block: Block) -> Floats:
    """Weights of linear interpolation at the locations of the reference, shape as above.

    Only groups with their own SDs have other nodes of the same location.
    """
    middle, width = (x[:, None, None] for x in (block.mean, block.sd))
    at, last = positions(block, location[..., None], middle, width), block.locations - 1
    points = np.arange(SAME_FINER * last + 1)
    inside = (at >= 0) & (at <= last)
    places = np.where(inside, SAME_FINER * at, -2.0)[..., None]
    return np.maximum(1 - np.abs(places - points), 0)


def folded(layout: Layout, values: Floats) -> Floats:
    """Reshape (correlations, SDs, z) to (shared nodes, own SDs, z)."""
    return values if layout.own_spreads else values.reshape(-1, 1, values.shape[-1])


def log_density(prior: Distribution, values: Floats) -> Floats:
    """Log-density of a prior, minus infinity beyond its support."""
    low, high = prior.support()
    inside = (values > low) & (values < high)
    with np.errstate(all="ignore"):
        return np.where(inside, prior.log_density(values), -np.inf)
