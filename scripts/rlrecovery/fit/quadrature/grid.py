"""A posterior density on a rectangular grid: its marginals, quantiles, evidence and draws."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import interpolate, special

from rlrecovery.models.distributions import Distribution
from rlrecovery.simulate.task import Floats

#: Prior mass beyond each end of the first grid, which is widened if the data require it.
TAIL = 1e-8


@dataclass(frozen=True)
class Axis:
    """One parameter with its prior, on a line on which the density decays on both sides.

    A point y of the line corresponds to ``x = centre + scale * sinh(y)`` on the real line, which is
    mapped to the prior's support. `natural` and `log_slope` combine both steps.

    Attributes
    ----------
    name : str
        Name of the parameter.
    prior : Distribution
        Prior on the natural scale.
    lower, upper : float
        Ends of the prior's support, natural scale; both may be infinite.
    centre, scale : float
        Centre and width of the region with dense nodes; an infinite scale omits the first step.
    """

    name: str
    prior: Distribution
    lower: float
    upper: float
    centre: float = 0.0
    scale: float = math.inf

    @classmethod
    def of(cls, name: str, prior: Distribution) -> Axis:
        """Make the axis of a parameter."""
        return cls(name, prior, *prior.support())

    def to_real(self, natural: Floats) -> Floats:
        """Map the prior's support to the real line."""
        if math.isfinite(self.lower) and math.isfinite(self.upper):
            return special.logit((natural - self.lower) / (self.upper - self.lower))
        return np.log(natural - self.lower) if math.isfinite(self.lower) else natural

    def real(self, line: Floats) -> Floats:
        """Map points of the line to the real line."""
        stretched = math.isfinite(self.scale)
        return self.centre + self.scale * np.sinh(line) if stretched else line

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

    def ends(self) -> tuple[float, float]:
        """Quantiles of the prior at `TAIL` and 1 - `TAIL`, on the real line."""
        lower, upper = self.to_real(np.array(self.prior.tails(TAIL)))
        return float(lower), float(upper)

    def around(self, centre: float, scale: float) -> Axis:
        """Copy of the axis with dense nodes around a point of the real line."""
        return replace(self, centre=centre, scale=scale)


@dataclass(frozen=True)
class Marginal:
    """One parameter's marginal posterior on a grid.

    Attributes
    ----------
    axis : Axis
        The parameter.
    line, natural : float array, shape (nodes,)
        Nodes on the axis, and on the natural scale.
    weights : float array, shape (nodes,)
        Share of the mass at each node.
    """

    axis: Axis
    line: Floats
    natural: Floats
    weights: Floats

    @property
    def mean(self) -> float:
        """Posterior mean, natural scale."""
        return float(self.weights @ self.natural)

    @property
    def sd(self) -> float:
        """Posterior SD, natural scale."""
        return float(np.sqrt(self.weights @ (self.natural - self.mean) ** 2))

    def axis_quantiles(self, probabilities: Floats) -> Floats:
        """Quantiles on the axis, by a cubic spline through the density."""
        below = interpolate.CubicSpline(self.line, self.weights).antiderivative()
        dense = np.linspace(self.line[0], self.line[-1], 20 * (len(self.line) - 1) + 1)
        mass = np.maximum.accumulate(below(dense))
        return np.interp(probabilities, mass / mass[-1], dense)

    def quantiles(self, probabilities: Floats) -> Floats:
        """Quantiles on the natural scale."""
        return self.axis.natural(self.axis_quantiles(probabilities))

    def summary(self, levels: tuple[float, ...]) -> Floats:
        """Mean, SD, median, and ends of the equal-tailed intervals at the nominal levels."""
        tails = [0.5, *[end for level in levels for end in ((1 - level) / 2, (1 + level) / 2)]]
        return np.array([self.mean, self.sd, *self.quantiles(np.array(tails))])


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
        mass = np.exp(self.density - self.density.max())
        mass /= mass.sum()
        marginals = []
        for i, (axis, nodes) in enumerate(zip(self.axes, self.nodes, strict=True)):
            others = tuple(j for j in range(mass.ndim) if j != i)
            weights = mass.sum(axis=others)
            marginals.append(Marginal(axis, nodes, axis.natural(nodes), weights))
        return marginals

    def log_evidence(self) -> float:
        """Log of the marginal likelihood, the integral of likelihood times prior."""
        steps = sum(math.log(nodes[1] - nodes[0]) for nodes in self.nodes)
        return float(special.logsumexp(self.density)) + steps

    def draws(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw from the posterior, natural scale, shape (count, parameters).

        Nodes are drawn with their mass as probability, then moved uniformly within their grid cell.
        """
        mass = np.exp(self.density - self.density.max()).ravel()
        drawn = rng.choice(mass.size, size=count, p=mass / mass.sum())
        indices = np.unravel_index(drawn, self.density.shape)
        columns = []
        for axis, nodes, index in zip(self.axes, self.nodes, indices, strict=True):
            offset = (rng.random(count) - 0.5) * (nodes[1] - nodes[0])
            columns.append(axis.natural(nodes[index] + offset))
        return np.stack(columns, axis=1)

    def summaries(self, levels: tuple[float, ...]) -> Floats:
        """`Marginal.summary` of each parameter, shape (parameters, numbers)."""
        return np.array([marginal.summary(levels) for marginal in self.marginals()])
