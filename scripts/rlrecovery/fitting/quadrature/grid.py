"""A posterior density on a rectangular grid: its marginals, quantiles, evidence and draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from scipy import interpolate, special

from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats

#: Prior mass beyond each end of the first grid, which is widened if the data require it.
TAIL = 1e-8

#: Distribution of a coordinate that has no prior, roughly.
STANDARD = Distribution.of("Normal", {"mu": 0.0, "sigma": 1.0})

#: Smaller weights, relative to the largest, are raised to this one before their logarithm is taken.
SMALLEST_WEIGHT = 1e-100

#: Distance by which ends of axes with dense nodes are moved outwards (it doubles the distance from
#: the centre), and how much higher than required the log-density at an end may be.
FURTHER, LEEWAY = 0.7, 2.0

#: Depth below the maximum at which `compressed` is no longer linear.
COMPRESSION = 10.0

#: Points per node of the grid on which distribution functions are computed.
DENSE = 20

#: Proposals per draw, and depth below the maximum at which densities are equal, in
#: `Grid.resampled_draws`.
PROPOSALS, DEEPEST = 5, 40.0

#: Largest number of nodes for which splines are computed as a product with a matrix, which is kept.
MATRIX_NODES = 129


def _unchanged(values: Floats) -> Floats:
    return values


def combinations(nodes: Sequence[Floats]) -> Floats:
    """All points of a rectangular grid, shape (points, axes); the last axis varies fastest."""
    meshes = np.meshgrid(*nodes, indexing="ij")
    return np.stack([mesh.ravel() for mesh in meshes], axis=1)


@dataclass(frozen=True)
class Axis:
    """One parameter with its prior, on a line on which the density decays on both sides.

    A point y of the line corresponds to ``x = centre + scale * sinh(y)`` on the real line, which is
    mapped to the prior's support. `natural` and `log_slope` combine both steps.

    Attributes
    ----------
    name : str
        Name of the parameter.
    prior : Distribution or None
        Prior on the natural scale; None for a coordinate that has no prior of its own.
    lower, upper : float
        Ends of the prior's support, natural scale; both may be infinite.
    centre, scale : float
        Centre and width of the region with dense nodes; an infinite scale omits the first step.
    reported : callable, optional
        Increasing map from the natural scale to the scale of estimates, where it is another one.
    """

    name: str
    prior: Distribution | None
    lower: float
    upper: float
    centre: float = 0.0
    scale: float = math.inf
    reported: Callable[[Floats], Floats] = _unchanged

    @classmethod
    def of(
        cls, name: str, prior: Distribution, reported: Callable[[Floats], Floats] = _unchanged
    ) -> Axis:
        """Make the axis of a parameter."""
        return cls(name, prior, *prior.support(), reported=reported)

    def to_real(self, natural: Floats) -> Floats:
        """Map the prior's support to the real line."""
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            return special.logit((natural - self.lower) / (self.upper - self.lower))
        return np.log(natural - self.lower) if math.isfinite(self.lower) else natural

    def real(self, line: Floats) -> Floats:
        """Map points of the line to the real line."""
        stretched = math.isfinite(self.scale)
        return self.centre + self.scale * np.sinh(line) if stretched else line

    def line(self, real: Floats) -> Floats:
        """Inverse of `real`."""
        if not math.isfinite(self.scale):
            return real
        return np.arcsinh((real - self.centre) / self.scale)

    def estimate(self, line: Floats) -> Floats:
        """Map points of the line to the scale of estimates."""
        return self.reported(self.natural(line))

    def natural(self, line: Floats) -> Floats:
        """Map points of the line to the natural scale."""
        real = self.real(line)
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            return self.lower + (self.upper - self.lower) * special.expit(real)
        return self.lower + np.exp(real) if math.isfinite(self.lower) else real

    def log_slope(self, line: Floats) -> Floats:
        """Logarithm of the derivative of `natural`."""
        real, slope = self.real(line), np.zeros_like(line)
        if math.isfinite(self.scale):
            slope = slope + np.log(self.scale * np.cosh(line))
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            width = math.log(self.upper - self.lower)
            return slope + width + special.log_expit(real) + special.log_expit(-real)
        return slope + real if math.isfinite(self.lower) else slope

    @property
    def is_bounded(self) -> bool:
        """Whether the support has an end."""
        return math.isfinite(self.lower) or math.isfinite(self.upper)

    def prior_log_density(self, natural: Floats) -> Floats:
        """Log-density of the prior; 0 without one."""
        if self.prior is None:
            return np.zeros_like(natural)
        density: Floats = self.prior.log_density(natural)
        return density

    def prior_tails(self, mass: float) -> tuple[float, float]:
        """Quantiles of the prior at `mass` and 1 - `mass`; of a standard normal without one."""
        return STANDARD.tails(mass) if self.prior is None else self.prior.tails(mass)

    def ends(self) -> tuple[float, float]:
        """Quantiles of the prior at `TAIL` and 1 - `TAIL`, on the real line."""
        lower, upper = self.to_real(np.array(self.prior_tails(TAIL)))
        return float(lower), float(upper)


def distribution(weights: Floats) -> tuple[Floats, Floats]:
    """Distribution functions on a dense grid, by splines through the log-density.

    `weights` has shape (..., nodes); the results have shape (dense nodes,) and (..., dense nodes).
    """
    size = weights.shape[-1]
    depth = -np.log(np.maximum(weights / weights.max(axis=-1, keepdims=True), SMALLEST_WEIGHT))
    dense = np.linspace(0, 1, DENSE * (size - 1) + 1)
    density = np.exp(-expanded(splined(compressed(depth), len(dense))))
    below = np.zeros_like(density)
    np.cumsum(density[..., 1:] + density[..., :-1], axis=-1, out=below[..., 1:])
    return dense, below / below[..., -1:]


def splined(values: Floats, finer: int) -> Floats:
    """Interpolate the last axis, evenly spaced nodes, by cubic splines at `finer` points."""
    size = values.shape[-1]
    if size <= MATRIX_NODES:
        return values @ spline_matrix(size, finer).T
    spline = interpolate.CubicSpline(np.linspace(0, 1, size), values, axis=-1)
    interpolated: Floats = spline(np.linspace(0, 1, finer))
    return interpolated


@lru_cache(maxsize=16)
def spline_matrix(size: int, finer: int) -> Floats:
    """Matrix that takes values at `size` nodes to the cubic spline at `finer` points.

    Both are evenly spaced with the same ends. Shape (finer, size).
    """
    spline = interpolate.CubicSpline(np.linspace(0, 1, size), np.eye(size))
    matrix: Floats = spline(np.linspace(0, 1, finer))
    return matrix


def compressed(depth: Floats) -> Floats:
    """Transform differences of a log-density from its maximum before they are interpolated.

    The transform is linear near the maximum, and flat enough far below it that a steep flank does
    not make a spline oscillate.
    """
    return np.log1p(depth / COMPRESSION)


def expanded(values: Floats) -> Floats:
    """Inverse of `compressed`."""
    return COMPRESSION * np.expm1(values)


def quantile_positions(weights: Floats, probabilities: Floats) -> Floats:
    """Quantiles of densities on evenly spaced nodes.

    Parameters
    ----------
    weights : float array, shape (..., nodes)
        Share of the mass at each node.
    probabilities : float array, shape (probabilities,)
        In (0, 1).

    Returns
    -------
    float array, shape (..., probabilities)
        Positions between the first node (0) and the last one (1).
    """
    dense, below = distribution(weights)
    rows = below.reshape(-1, len(dense))
    positions = np.array([np.interp(probabilities, row, dense) for row in rows])
    return positions.reshape(*weights.shape[:-1], len(probabilities))


def tails(levels: Sequence[float]) -> Floats:
    """Probabilities of the median and of the ends of equal-tailed intervals."""
    ends = [end for level in levels for end in ((1 - level) / 2, (1 + level) / 2)]
    return np.array([0.5, *ends])


@dataclass(frozen=True)
class Marginal:
    """One parameter's marginal posterior on evenly spaced nodes of its axis.

    Attributes
    ----------
    axis : Axis
        The parameter.
    nodes : float array, shape (nodes,)
        Nodes on the axis.
    weights : float array, shape (nodes,)
        Share of the mass at each node.
    """

    axis: Axis
    nodes: Floats
    weights: Floats

    def moments(self) -> tuple[float, float]:
        """Posterior mean and SD, on the scale of estimates."""
        values = self.axis.estimate(self.nodes)
        mean = self.weights @ values
        return float(mean), float(np.sqrt(self.weights @ (values - mean) ** 2))

    def quantiles(self, probabilities: Floats) -> Floats:
        """Quantiles on the axis."""
        low, high = self.nodes[0], self.nodes[-1]
        return low + (high - low) * quantile_positions(self.weights, probabilities)

    def below(self, line: float) -> float:
        """Posterior probability of values below a point of the axis."""
        dense, below = distribution(self.weights)
        position = (line - self.nodes[0]) / (self.nodes[-1] - self.nodes[0])
        return float(np.interp(position, dense, below))

    def below_natural(self, natural: float) -> float:
        """Posterior probability of values below a point of the natural scale."""
        return self.below(float(self.axis.line(self.axis.to_real(np.array(natural)))))

    def centred(self) -> Axis:
        """The axis with its dense nodes between the quartiles."""
        first, median, third = self.axis.real(self.quantiles(np.array([0.25, 0.5, 0.75])))
        return replace(self.axis, centre=float(median), scale=float(third - first))

    def summary(self, levels: tuple[float, ...]) -> Floats:
        """Mean, SD, median, and ends of the equal-tailed intervals at the nominal levels.

        On the scale of estimates.
        """
        return np.array([*self.moments(), *self.axis.estimate(self.quantiles(tails(levels)))])


@dataclass(frozen=True)
class Grid:
    """A posterior on a rectangular grid.

    Attributes
    ----------
    axes : tuple of Axis
        The parameters.
    nodes : list of float array
        Nodes per axis, evenly spaced.
    density : float array, one axis per parameter
        Logarithm of likelihood times prior density with respect to the axes.
    """

    axes: tuple[Axis, ...]
    nodes: list[Floats]
    density: Floats

    def region(self, depth: float) -> list[tuple[float, float]]:
        """Range of nodes per axis less than `depth` below the maximum, one node wider."""
        inside = self.density > self.density.max() - depth
        ends = []
        for axis, nodes in enumerate(self.nodes):
            others = tuple(i for i in range(inside.ndim) if i != axis)
            index = np.flatnonzero(inside.any(axis=others))
            first, last = max(index[0] - 1, 0), min(index[-1] + 1, len(nodes) - 1)
            ends.append((float(nodes[first]), float(nodes[last])))
        return ends

    def reach(self, depth: float) -> tuple[list[tuple[float, float]], bool]:
        """Range per axis in which the density is less than `depth` below its maximum.

        Between nodes by linear interpolation. An end of the grid at which the density is clearly
        higher is moved outwards; the second result says whether there is none.
        """
        inside, ends, complete = self.density - (self.density.max() - depth), [], True
        for axis, nodes in enumerate(self.nodes):
            others = tuple(i for i in range(inside.ndim) if i != axis)
            own_ends, is_complete = crossings(inside.max(axis=others), nodes, depth)
            complete &= is_complete
            ends.append(own_ends)
        return ends, complete

    def natural(self) -> list[Floats]:
        """Nodes of every axis on the natural scale."""
        return [axis.natural(y) for axis, y in zip(self.axes, self.nodes, strict=True)]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.axes)

    def edge(self) -> float:
        """Largest share of the mass at the first or the last node of an axis."""
        weights = [marginal.weights[[0, -1]].max() for marginal in self.marginals()]
        return float(max(weights))

    @cached_property
    def mass(self) -> Floats:
        """Share of the mass at each node."""
        mass = np.exp(self.density - self.density.max())
        return mass / mass.sum()

    def ends(self) -> list[tuple[float, float]]:
        """First and last node of each axis."""
        return [(float(nodes[0]), float(nodes[-1])) for nodes in self.nodes]

    def widened(self, depth: float) -> list[tuple[float, float]]:
        """Ends, moved outwards by half the width where the density is above `depth`."""
        inside, region = self.density > self.density.max() - depth, []
        for axis, (low, high) in enumerate(self.ends()):
            others = tuple(i for i in range(inside.ndim) if i != axis)
            first, *_, last = inside.any(axis=others)
            further = (high - low) / 2
            region.append((low - further * bool(first), high + further * bool(last)))
        return region

    def halved(self) -> Grid:
        """The grid of every second node, with the same ends."""
        every = tuple(slice(None, None, 2) for _ in self.axes)
        return Grid(self.axes, [nodes[::2] for nodes in self.nodes], self.density[every])

    def marginals(self) -> list[Marginal]:
        """Marginal posterior of each parameter."""
        mass, marginals = self.mass, []
        for i, (axis, nodes) in enumerate(zip(self.axes, self.nodes, strict=True)):
            others = tuple(j for j in range(mass.ndim) if j != i)
            weights = mass.sum(axis=others)
            marginals.append(Marginal(axis, nodes, weights))
        return marginals

    def log_evidence(self) -> float:
        """Log of the marginal likelihood, the integral of likelihood times prior."""
        steps = sum(math.log(nodes[1] - nodes[0]) for nodes in self.nodes)
        return float(special.logsumexp(self.density)) + steps

    def draws(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw from the posterior, natural scale, shape (count, parameters).

        Nodes are drawn with their mass as probability, then moved uniformly within their grid cell.
        """
        mass = self.mass.ravel()
        drawn = rng.choice(mass.size, size=count, p=mass)
        indices = np.unravel_index(drawn, self.density.shape)
        columns = []
        for axis, nodes, index in zip(self.axes, self.nodes, indices, strict=True):
            offset = (rng.random(count) - 0.5) * (nodes[1] - nodes[0])
            columns.append(axis.estimate(nodes[index] + offset))
        return np.stack(columns, axis=1)

    def resampled_draws(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw as `draws` does, from a density that is interpolated between the nodes.

        On a coarse grid the uniform moves of `draws` would widen the posterior. Here more are
        proposed than needed, and drawn from by their densities (sampling importance resampling).
        """
        from scipy.ndimage import map_coordinates  # fits do not need it

        drawn = rng.choice(self.density.size, size=PROPOSALS * count, p=self.mass.ravel())
        nodes = np.stack(np.unravel_index(drawn, self.density.shape))
        moved = nodes + rng.random(nodes.shape) - 0.5
        density = np.maximum(self.density, self.density.max() - DEEPEST)  # it may be -inf
        # Mode "nearest" would pad each axis by 24 nodes, which takes gigabytes with six axes.
        interpolated = map_coordinates(density, moved, order=3, mode="mirror")
        weights = np.exp(interpolated - density.ravel()[drawn])
        kept = rng.choice(len(drawn), size=count, replace=False, p=weights / weights.sum())
        columns = [
            axis.estimate(y[0] + (y[1] - y[0]) * position)
            for axis, y, position in zip(self.axes, self.nodes, moved[:, kept], strict=True)
        ]
        return np.stack(columns, axis=1)

    def points(self) -> tuple[Floats, Floats]:
        """All nodes on the natural scale, shape (points, parameters), and their mass."""
        natural = [axis.estimate(y) for axis, y in zip(self.axes, self.nodes, strict=True)]
        return combinations(natural), self.mass.ravel()

    def summaries(self, levels: tuple[float, ...]) -> Floats:
        """`Marginal.summary` of each parameter, shape (parameters, numbers)."""
        return np.array([marginal.summary(levels) for marginal in self.marginals()])


def crossings(inside: Floats, nodes: Floats, depth: float) -> tuple[tuple[float, float], bool]:
    """Ends of the range in which `inside`, at least -`depth`, is above 0: see `Grid.reach`."""
    profile = np.maximum(inside, -depth)
    low, is_low_complete = _crossing(profile, nodes)
    high, is_high_complete = _crossing(profile[::-1], nodes[::-1])
    return (low, high), is_low_complete and is_high_complete


def _crossing(profile: Floats, nodes: Floats) -> tuple[float, bool]:
    """First point at which a profile is above 0, or a point before the first node if it is there.

    The second result is whether the first node is far enough out.
    """
    if profile[0] > LEEWAY:
        return float(nodes[0] - math.copysign(FURTHER, nodes[-1] - nodes[0])), False
    first = int(np.argmax(profile > 0))
    before = slice(max(first - 1, 0), first + 1)
    return float(np.interp(0, profile[before], nodes[before])), True
