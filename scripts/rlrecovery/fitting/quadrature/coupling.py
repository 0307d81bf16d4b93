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
from functools import cached_property, partial

import numpy as np

from rlrecovery.fitting.quadrature.coordinates import Block, Coordinates, Key, Sizes
from rlrecovery.fitting.quadrature.kernels import Kernel, folded, kernel
from rlrecovery.fitting.quadrature.layout import Layout
from rlrecovery.fitting.quadrature.population import Tables, log_marginal_likelihood
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats

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
    kernels : tuple of tuple of Kernel or None
        Sums over the locations of the group, per group and parameter; None where the group has the
        nodes of the reference, and for the reference.
    log_scale : float
        Log of the unit of the mass.
    """

    layout: Layout
    blocks: tuple[tuple[Block, ...], ...]
    parts: tuple[Floats, ...]
    kernels: tuple[tuple[Kernel | None, ...], ...]
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
        mass = reference
        for j, own in enumerate(self.kernels[group]):
            if own is not None:
                mass = _applied(mass, j, partial(np.matmul, own.matrix.swapaxes(1, 2)))
        return np.maximum(self.parts[group] * mass, 0)

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
    kernels = [
        tuple(kernel(layout, blocks[0][j], own, group, j, prior) for j, own in enumerate(row))
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


def contracted(part: Floats, kernels: Sequence[Kernel | None]) -> Floats:
    """Sum over the locations of a group for all parameters with a kernel.

    `part` has the shape (shared_1, own_1, shared_2, own_2, ...).
    """
    for j, own in enumerate(kernels):
        if own is not None:
            part = _applied(part, j, own.summed)
    return part


def _applied(part: Floats, parameter: int, function: Callable[[Floats], Floats]) -> Floats:
    """Replace the second axis of a parameter by a function of (shared, own, all others)."""
    axes = (2 * parameter, 2 * parameter + 1)
    front = np.moveaxis(part, axes, (0, 1))
    product = function(front.reshape(*front.shape[:2], -1))
    return np.moveaxis(product.reshape(*product.shape[:2], *front.shape[2:]), (0, 1), axes)


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
