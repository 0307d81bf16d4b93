"""The likelihood of a population, and the posterior of its participants, by matrix products.

Parameter j of participant i, on the unconstrained scale, has the density N(mu_j, s_j^2),
independently of the other parameters. The marginal likelihood of participant i is the integral of
the likelihood against a product of normal densities. The likelihood is tabulated on a rectangular
grid and interpolated linearly in each parameter, so the integral is a product of matrices,

    Z_i(mu, s) = sum over k, l of  w_k(mu_1, s_1) L_i(x_k, y_l) w_l(mu_2, s_2),

where w_k is the integral of the k-th hat function (1 at node k, 0 at all others) against the normal
density. These weights have a closed form that holds for every SD, also far below the distance of
the nodes and in the limit 0. The first and the last basis function continue as constants, because a
likelihood need not vanish at the end of a parameter's range.

Given the posterior mass of (mu, s) on a grid, the posterior of participant i assigns node (k, l)
the mass L_i(x_k, y_l) times the average of w_k w_l / Z_i over that grid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from rlrecovery.fitting.quadrature.adaptive import Region
from rlrecovery.fitting.quadrature.grid import Axis, compressed, expanded, spline_matrix
from rlrecovery.simulation.task import Floats, Integers

#: Location and SD of one parameter, unconstrained scale, at several points; shape (points,).
Pair = tuple[Floats, Floats]

#: Numbers per array of one group of participants; larger arrays leave the cache. Weights are
#: computed in many passes, so that they need the faster part of it.
GROUP_NUMBERS, WEIGHTS_NUMBERS = 400_000, 30_000

#: Log-likelihoods that are further below the highest are raised to this depth before interpolation.
DEEPEST = 1e6


def hat_weights(nodes: Floats, location: Floats, spread: Floats) -> Floats:
    """Integrate hat functions against normal densities.

    Parameters
    ----------
    nodes : float array, shape (..., nodes)
        Increasing nodes.
    location : float array, shape (points,) or (..., points)
        Mean of the normal distributions.
    spread : float array, shape (points,)
        Their SD.

    Returns
    -------
    float array, shape (..., points, nodes)
        Non-negative, with sums of 1. The first and last function continue as constants.
    """
    z = (nodes[..., None, :] - location[..., None]) / spread[:, None]
    is_below = z < 0
    # Minus the lower tail below the mean, the upper tail above it: differences of the smaller tails
    # keep their relative precision far from the mean.
    tail = special.ndtr(-np.abs(z))
    np.negative(tail, out=tail, where=is_below)
    left, right = tail[..., :-1], tail[..., 1:]
    mass = left - right
    mass += is_below[..., :-1] & ~is_below[..., 1:]
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    moment = density[..., :-1] - density[..., 1:] - z[..., :-1] * mass
    to_right = np.clip(moment / np.diff(z, axis=-1), 0, mass)
    weights = np.empty_like(z)
    weights[..., 0] = ~is_below[..., 0] - tail[..., 0]
    weights[..., 1:] = to_right
    weights[..., :-1] += mass - to_right
    weights[..., -1] += is_below[..., -1] + tail[..., -1]
    return weights


def contract(arrays: Floats, matrices: Sequence[Floats]) -> Floats:
    """Multiply every axis of arrays by a matrix, for all participants.

    Parameters
    ----------
    arrays : float array, shape (participants, K_1, K_2, ...)
        One array per participant.
    matrices : sequence of float array, shape (participants, M_j, K_j) or (M_j, K_j)
        One matrix per axis.

    Returns
    -------
    float array, shape (participants, M_1, M_2, ...)
    """
    for matrix in matrices:  # the contracted axis is the first one, the new one becomes the last
        rest = arrays.shape[2:]
        product = matrix @ arrays.reshape(*arrays.shape[:2], -1)
        arrays = np.moveaxis(product.reshape(*product.shape[:2], *rest), 1, -1)
    return arrays


@dataclass(frozen=True)
class Placement:
    """Where the nodes of participants' tables are, on the unconstrained scale.

    Node k of a parameter is ``centre + scale * sinh(y_k)`` with evenly spaced y_k.

    Attributes
    ----------
    centre, scale, low, high : float array, shape (participants, parameters)
        Centre and width of the region with dense nodes, and the ends of y.
    """

    centre: Floats
    scale: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, located: Sequence[tuple[Sequence[Axis], Region]]) -> Placement:
        """Combine the axes of participants and their ends."""
        axes, ends = [axes for axes, _ in located], np.array([ends for _, ends in located])
        centre = np.array([[axis.centre for axis in row] for row in axes])
        scale = np.array([[axis.scale for axis in row] for row in axes])
        return cls(centre, scale, ends[..., 0], ends[..., 1])

    def nodes(self, size: int) -> Floats:
        """Nodes on the unconstrained scale, shape (participants, parameters, nodes)."""
        return self.real(np.broadcast_to(np.linspace(0, 1, size), (*self.centre.shape, size)))

    def real(self, positions: Floats) -> Floats:
        """Points between the first node (0) and the last one (1), on the unconstrained scale.

        Shape (participants, parameters, points).
        """
        y = self.low[..., None] + (self.high - self.low)[..., None] * positions
        return self.centre[..., None] + self.scale[..., None] * np.sinh(y)

    def rows(self, selected: slice | Integers) -> Placement:
        """Select participants."""
        arrays = (self.centre, self.scale, self.low, self.high)
        return Placement(*[array[selected] for array in arrays])


@dataclass(frozen=True)
class Tables:
    """Log-likelihoods of participants, each on a rectangular grid.

    Attributes
    ----------
    placement : Placement
        Where the nodes are.
    log_likelihood : float array, shape (participants, nodes, ...)
        One axis of nodes per parameter.
    """

    placement: Placement
    log_likelihood: Floats

    @property
    def size(self) -> int:
        """Nodes per parameter."""
        return self.log_likelihood.shape[1]

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        return self.log_likelihood.ndim - 1

    def highest(self) -> Floats:
        """Largest log-likelihood of each participant."""
        return self.log_likelihood.max(axis=tuple(range(1, self.log_likelihood.ndim)))

    def likelihood(self) -> Floats:
        """Likelihoods relative to the largest of each participant."""
        return np.exp(self.log_likelihood - self._by_participant(self.highest()))

    def halved(self) -> Tables:
        """The tables of every second node, with the same ends."""
        every = (slice(None), *[slice(None, None, 2)] * self.n_parameters)
        return replace(self, log_likelihood=self.log_likelihood[every])

    def interpolated(self, size: int) -> Tables:
        """Interpolate by cubic splines on `size` nodes with the same ends."""
        matrix, top = spline_matrix(self.size, size), self._by_participant(self.highest())
        # A likelihood of 0, as of a probability that rounds to 0, would make all values NaN.
        depth = np.minimum(top - self.log_likelihood, DEEPEST)
        values = contract(compressed(depth), [matrix] * self.n_parameters)
        return replace(self, log_likelihood=top - expanded(values))

    def groups(self, numbers: int, most: int = GROUP_NUMBERS) -> Iterator[slice]:
        """Split the participants into groups, with arrays of so many numbers per participant."""
        step = max(1, most // numbers)
        for first in range(0, len(self.log_likelihood), step):
            yield slice(first, first + step)

    def rows(self, selected: slice | Integers) -> Tables:
        """Select participants."""
        return Tables(self.placement.rows(selected), self.log_likelihood[selected])

    def weights(self, points: Sequence[Pair]) -> list[Floats]:
        """`hat_weights` of all locations and SDs, per parameter.

        A location of shape (participants, points) is that of each participant.
        """
        nodes, weights = self.placement.nodes(self.size), []
        for j, (location, spread) in enumerate(points):
            groups = self.groups(len(location) * self.size, WEIGHTS_NUMBERS)
            parts = [
                hat_weights(
                    nodes[group, j], location[group] if location.ndim > 1 else location, spread
                )
                for group in groups
            ]
            weights.append(np.concatenate(parts))
        return weights

    def draws(self, points: Sequence[Pair], rng: np.random.Generator) -> Floats:
        """Draw the parameters of one participant given locations and SDs.

        Parameters
        ----------
        points : sequence of (float array, float array), shape (count,)
            Locations and SDs of every parameter.
        rng : numpy.random.Generator
            Source of random numbers.

        Returns
        -------
        float array, shape (count, parameters)
            Unconstrained scale: nodes with their mass as probability, moved uniformly within their
            grid cell.
        """
        likelihood, weights = self.likelihood()[0], [w[0] for w in self.weights(points)]
        count, indices = len(points[0][0]), []
        for first in range(0, count, step := max(1, GROUP_NUMBERS // likelihood.size)):
            mass = likelihood[None]
            for j, matrix in enumerate(weights):
                rows = matrix[first : first + step]
                mass = mass * rows.reshape(
                    [len(rows), *[-1 if k == j else 1 for k in range(self.n_parameters)]]
                )
            below = mass.reshape(len(mass), -1).cumsum(axis=1)
            level = rng.random(len(below)) * below[:, -1]
            indices.append((below <= level[:, None]).sum(axis=1))
        chosen = np.unravel_index(np.concatenate(indices), likelihood.shape)
        offset = rng.random((self.n_parameters, count)) - 0.5
        positions = np.clip((np.array(chosen) + offset) / (self.size - 1), 0, 1)
        return self.placement.real(positions[None])[0].T

    def _by_participant(self, values: Floats) -> Floats:
        return values.reshape(-1, *[1] * self.n_parameters)


def log_marginal_likelihood(tables: Tables, weights: Sequence[Floats]) -> Floats:
    """Log-likelihood of all participants together for all combinations of points.

    Parameters
    ----------
    tables : Tables
        Likelihoods of the participants.
    weights : sequence of float array, shape (participants, points, nodes)
        From `Tables.weights`, one array per parameter.

    Returns
    -------
    float array, one axis of points per parameter
    """
    total: Floats = np.zeros(())
    for group in tables.groups(math.prod(matrix.shape[1] for matrix in weights)):
        marginal = contract(tables.rows(group).likelihood(), [w[group] for w in weights])
        # One logarithm for a few participants: it costs as much as the matrices.
        for first in range(0, len(marginal), 4):
            with np.errstate(divide="ignore"):
                total = total + np.log(marginal[first : first + 4].prod(axis=0))
    return total + tables.highest().sum()


def participant_mass(tables: Tables, weights: Sequence[Floats], mass: Floats) -> Floats:
    """Posterior mass of the nodes of each participant's table, shape of the tables.

    Parameters
    ----------
    tables, weights
        As for `log_marginal_likelihood`.
    mass : float array, one axis of points per parameter
        Posterior mass of all combinations of points.
    """
    at_nodes = np.empty_like(tables.log_likelihood)
    for group in tables.groups(mass.size):
        likelihood, own = tables.rows(group).likelihood(), [w[group] for w in weights]
        marginal = contract(likelihood, own)
        share = np.divide(mass, marginal, out=np.zeros_like(marginal), where=marginal > 0)
        at_nodes[group] = likelihood * contract(share, [w.swapaxes(1, 2) for w in own])
    return at_nodes / at_nodes.sum(axis=tuple(range(1, at_nodes.ndim)), keepdims=True)
