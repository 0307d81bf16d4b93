"""The joint posterior of groups whose locations differ, by products of matrices.

Given the nodes of the reference, the groups are independent of each other. The mass of all
combinations of nodes is therefore a product of the reference's likelihood and one sum per group,
over the nodes of that group, of its likelihood times the prior of the differences. These sums are
products of matrices, parameter by parameter, so that several groups hardly cost more than one.

Arrays of a group have two axes per parameter. The first holds what the groups share, (correlation,
SD), and the second what they do not, z; with own SDs these are correlation and (SD, z).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rlrecovery.fitting.quadrature.coordinates import Block, Coordinates, Key, Sizes, positions
from rlrecovery.fitting.quadrature.grid import spline_matrix
from rlrecovery.fitting.quadrature.layout import Layout
from rlrecovery.fitting.quadrature.population import Tables, log_marginal_likelihood
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats

#: Largest distance of nodes in SDs of the prior of a difference. Where it is larger, the likelihood
#: is interpolated at up to so many times the number of nodes, in arrays of so many numbers.
PRIOR_STEP, MOST_FINER, KERNEL_NUMBERS = 1.0, 32, 6_000_000

#: Points per node at which interpolation matrices are tabulated.
FINE = 50

#: ``(nodes, points) -> matrix`` of shape (points, nodes) that interpolates between nodes.
Interpolation = Callable[[int, int], Floats]

#: Numbers in the weights of the participants that are integrated together.
WEIGHTS_NUMBERS = 12_000_000


@dataclass(frozen=True)
class Coupled:
    """Posterior mass of locations, SDs and correlations of all groups.

    Attributes
    ----------
    layout : Layout
        What the groups share.
    blocks : tuple of tuple of Block
        Nodes per group and parameter.
    parts : tuple of float array
        Likelihood of each group at its nodes. That of the reference contains the prior mass of its
        nodes; those of the others the prior mass of their own SDs.
    kernels : tuple of tuple of float array or None
        Matrices per group and parameter, of shape (shared nodes, nodes of the reference, nodes of
        the group), that sum over the nodes of the group; None where the group has the locations of
        the reference, and for the reference.
    log_scale : float
        Log of the unit of the mass.
    """

    layout: Layout
    blocks: tuple[tuple[Block, ...], ...]
    parts: tuple[Floats, ...]
    kernels: tuple[tuple[Floats | None, ...], ...]
    log_scale: float

    @cached_property
    def messages(self) -> list[Floats]:
        """Sum over the nodes of each group except the reference, at those of the reference."""
        return [
            contracted(part, own)
            for part, own in zip(self.parts[1:], self.kernels[1:], strict=True)
        ]

    def reference(self, without: int = 0) -> Floats:
        """Mass of the nodes of the reference, from all groups except one."""
        mass = self.parts[0]
        for group, message in enumerate(self.messages, 1):
            if group != without:
                mass = mass * message
        return mass

    def mass(self, group: int) -> Floats:
        """Mass of the nodes of a group."""
        reference = self.reference(group)
        if group == 0:
            return np.maximum(reference, 0)
        transposed = [None if k is None else k.swapaxes(1, 2) for k in self.kernels[group]]
        return np.maximum(self.parts[group] * contracted(reference, transposed), 0)

    def log_evidence(self) -> float:
        """Log of the marginal likelihood."""
        return math.log(self.mass(0).sum()) + self.log_scale

    def between(self, group: int, parameter: int) -> Floats:
        """Mass at nodes of the reference times density of the location of a group.

        The prior of their difference is left out. Shape (shared nodes, nodes of the reference,
        nodes of the group).
        """
        others = [None if j == parameter else k for j, k in enumerate(self.kernels[group])]
        first = _in_front(self.reference(group), parameter)
        second = _in_front(contracted(self.parts[group], others), parameter)
        return np.maximum(first @ second.swapaxes(1, 2), 0)

    def marginals(self) -> dict[Key, Floats]:
        """Share of the mass at the nodes of each coordinate."""
        marginals: dict[Key, Floats] = {}
        for group in range(len(self.parts)):
            mass = self.mass(group)
            for j, block in enumerate(self.blocks[group]):
                if group and self.layout.place(group, j) == 0:
                    continue
                own = _in_front(mass, j).sum(axis=-1).reshape(block.location.shape)
                own = own / own.sum()
                marginals["z", group, j] = own.sum(axis=(0, 1))
                if group == 0 or self.layout.own_spreads:
                    marginals["s", group, j] = own.sum(axis=(0, 2))
                if group == 0 and block.correlated:
                    marginals["r", group, j] = own.sum(axis=(1, 2))
        return marginals


def coupled(
    tables: Tables,
    coordinates: Coordinates,
    prior: Distribution,
    sizes: Sizes,
    uncorrelated: int | None = None,
    rough: bool = False,
) -> Coupled:
    """Compute the joint posterior.

    Parameters
    ----------
    tables : Tables
        Likelihoods of all participants.
    coordinates : Coordinates
        Locations, SDs and correlations.
    prior : Distribution
        Prior of the differences.
    sizes : Sizes
        Numbers of nodes.
    uncorrelated : int, optional
        A parameter whose correlation is fixed at 0.
    rough : bool
        Whether likelihoods are interpolated linearly between nodes, where they are interpolated,
        and not by splines. On grids that are far too coarse or too wide, splines oscillate, which
        makes mass where there is none.

    Raises
    ------
    FloatingPointError
        If the mass is 0 or not finite at all nodes.
    """
    layout = coordinates.layout
    blocks = _blocks(coordinates, sizes, uncorrelated)
    parts, tops = zip(
        *[_part(tables, layout, group, row) for group, row in enumerate(blocks)], strict=True
    )
    scale = np.sum(tops, axis=0)
    log_scale = float(scale.max())
    interpolation = _hats if rough else spline_matrix
    kernels = [
        tuple(
            _kernel(layout, blocks[0][j], block, group, j, prior, interpolation)
            for j, block in enumerate(row)
        )
        for group, row in enumerate(blocks)
    ]
    parts = (parts[0] * np.exp(scale - log_scale), *parts[1:])
    result = Coupled(layout, tuple(blocks), parts, tuple(kernels), log_scale)
    if not 0 < result.mass(0).sum() < np.inf:
        raise FloatingPointError("the posterior density is 0 or not finite on the whole grid")
    return result


def _blocks(
    coordinates: Coordinates, sizes: Sizes, uncorrelated: int | None
) -> list[tuple[Block, ...]]:
    """Nodes per group and parameter; those of one place are the same object."""
    layout = coordinates.layout
    by_place = {
        (place, j): coordinates.block(place, j, sizes, uncorrelated == j)
        for j in range(layout.n_parameters)
        for place in layout.places(j)
    }
    return [
        tuple(by_place[layout.place(group, j), j] for j in range(layout.n_parameters))
        for group in range(len(layout.groups))
    ]


def contracted(part: Floats, kernels: Sequence[Floats | None]) -> Floats:
    """Multiply the second axis of every parameter by its matrix.

    Parameters
    ----------
    part : float array, shape (shared_1, own_1, shared_2, own_2, ...)
    kernels : sequence of float array, shape (shared_j, new_j, own_j), or None for the identity
    """
    for j, kernel in enumerate(kernels):
        if kernel is not None:
            front = np.moveaxis(part, (2 * j, 2 * j + 1), (0, 1))
            product = kernel @ front.reshape(*front.shape[:2], -1)
            front = product.reshape(*product.shape[:2], *front.shape[2:])
            part = np.moveaxis(front, (0, 1), (2 * j, 2 * j + 1))
    return part


def folded(layout: Layout, values: Floats) -> Floats:
    """Reshape (correlations, SDs, z) to (shared nodes, own SDs, z)."""
    if layout.own_spreads:
        return values
    return values.reshape(-1, 1, values.shape[-1])


def _in_front(part: Floats, parameter: int) -> Floats:
    """The two axes of a parameter first, and all others flat."""
    front = np.moveaxis(part, (2 * parameter, 2 * parameter + 1), (0, 1))
    return front.reshape(*front.shape[:2], -1)


def _part(
    tables: Tables, layout: Layout, group: int, blocks: Sequence[Block]
) -> tuple[Floats, Floats]:
    """Likelihood of a group relative to its maximum, and that maximum, at shared nodes."""
    rows = layout.groups[group]
    numbers = tables.size * sum(block.size for block in blocks)
    step = max(1, WEIGHTS_NUMBERS // numbers)
    values: Floats = np.zeros(())
    for first in range(0, len(rows), step):
        some = rows[first : first + step]
        own = tables.rows(some)
        weights = own.weights([block.pair(layout.covariate[some]) for block in blocks])
        values = values + log_marginal_likelihood(own, weights)
    shape: list[int] = []
    for j, block in enumerate(blocks):
        measure = np.zeros_like(block.location)
        if group == 0:
            measure = block.log_measure()
        elif layout.own_spreads:
            measure = measure + block.log_spread[:, None]
        values = values + measure.reshape([-1 if k == j else 1 for k in range(len(blocks))])
        shared, *own_axes = folded(layout, block.location).shape
        shape += [shared, math.prod(own_axes)]
    values = values.reshape(shape)
    top = values.max(axis=tuple(range(1, values.ndim, 2)), keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    return np.exp(values - top), top


def _kernel(
    layout: Layout,
    reference: Block,
    block: Block,
    group: int,
    parameter: int,
    prior: Distribution,
    interpolation: Interpolation,
) -> Floats | None:
    """Matrix of a group and parameter: see `Coupled.kernels`."""
    if group == 0 or layout.place(group, parameter) == 0:
        return None
    location = folded(layout, reference.location)
    if layout.shifted[group, parameter]:
        kernel = _prior_kernel(layout, location, block, prior, interpolation)
    else:
        kernel = _same_location(location, block, interpolation)
    return kernel.reshape(len(location), location[0].size, -1)


def _same_location(location: Floats, block: Block, interpolation: Interpolation) -> Floats:
    """Interpolate the likelihood of a group at the locations of the reference.

    Only groups with their own SDs have other nodes of the same location.
    """
    middle, width = (x[:, None, None] for x in (block.mean, block.sd))
    at, last = positions(block, location[..., None], middle, width), block.locations - 1
    table = interpolation(last + 1, FINE * last + 1)
    inside = (at >= 0) & (at <= last)
    places = FINE * np.clip(at, 0, last)
    left = np.minimum(places.astype(int), FINE * last - 1)
    t = (places - left)[..., None]
    return np.where(inside[..., None], (1 - t) * table[left] + t * table[left + 1], 0.0)


def _prior_kernel(
    layout: Layout,
    location: Floats,
    block: Block,
    prior: Distribution,
    interpolation: Interpolation,
) -> Floats:
    """Prior density of the difference times the distance of the nodes of the group.

    The likelihood is interpolated between nodes where these are far apart relative to the prior.
    """
    size = block.locations
    lower, upper = prior.tails(0.16)
    widest = np.diff(block.location, axis=-1)[..., size // 4 : -(size // 4)].max()
    finer = math.ceil(2 * widest / (upper - lower) / PRIOR_STEP)
    numbers = location.size * block.location.size // (1 if layout.own_spreads else len(location))
    finer = max(1, min(finer, MOST_FINER, KERNEL_NUMBERS // numbers))
    count = finer * (size - 1) + 1
    fine, log_step = block.at(np.linspace(0, size - 1, count))
    fine, log_step = (folded(layout, x)[:, None, None] for x in (fine, log_step))
    difference = fine - location[..., None, None]
    density = np.exp(log_density(prior, difference) + log_step - math.log(finer))
    return density if finer == 1 else density @ interpolation(size, count)


def _hats(size: int, finer: int) -> Floats:
    """Matrix that takes values at `size` nodes to linear interpolation at `finer` points."""
    at = np.linspace(0, size - 1, finer)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(size)), 0)


def log_density(prior: Distribution, values: Floats) -> Floats:
    """Log-density of a prior, minus infinity beyond its support."""
    low, high = prior.support()
    inside = (values > low) & (values < high)
    with np.errstate(all="ignore"):
        return np.where(inside, prior.log_density(values), -np.inf)
