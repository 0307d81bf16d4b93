"""Coordinates of a joint analysis of effects: nodes of locations, SDs and correlations.

The coordinates of a place (see `rlrecovery.fitting.quadrature.layout`) are those of
`rlrecovery.fitting.quadrature.funnel`: z of the location given the SD, and the correlation if the
parameter has one. Arrays have the axes (correlation, SD, z).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Self

import numpy as np

from rlrecovery.fitting.quadrature.adaptive import Region
from rlrecovery.fitting.quadrature.funnel import Funnel
from rlrecovery.fitting.quadrature.grid import Axis, Marginal, crossings
from rlrecovery.fitting.quadrature.layout import Layout
from rlrecovery.fitting.quadrature.population import Pair
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats

#: A coordinate (z of a location, SD or correlation), its place and its parameter.
Key = tuple[Literal["z", "s", "r"], int, int]

#: Prior of a correlation.
CORRELATION = Distribution.of("Uniform", {"lower": -1.0, "upper": 1.0})

#: First axes: interquartile range of z and its ends, and those of a correlation on the real line.
FIRST_Z, FIRST_CORRELATION = (1.349, 6.0), (2.2, 10.0)


class Sizes(NamedTuple):
    """Numbers of nodes per axis."""

    location: int
    spread: int
    correlation: int


@dataclass(frozen=True)
class Span:
    """An axis with its ends.

    Attributes
    ----------
    axis : Axis
        The coordinate.
    low, high : float
        First and last node, on the line of the axis.
    """

    axis: Axis
    low: float
    high: float

    @classmethod
    def first(cls, axis: Axis, scale: float, end: float) -> Self:
        """A span around 0 of the real line, with nodes that are dense within `scale`."""
        high = float(np.arcsinh(end / scale))
        own = Axis(axis.name, axis.prior, axis.lower, axis.upper, 0.0, scale)
        return cls(own, -high, high)

    def nodes(self, size: int) -> Floats:
        """Evenly spaced nodes on the line of the axis."""
        return np.linspace(self.low, self.high, size)

    def log_measure(self, nodes: Floats) -> Floats:
        """Log of the prior mass per node (of the distance of nodes without a prior)."""
        density = self.axis.prior_log_density(self.axis.natural(nodes))
        values = density + self.axis.log_slope(nodes) + math.log(nodes[1] - nodes[0])
        return np.where(values < np.inf, values, -np.inf)

    def moved(self, weights: Floats, depth: float) -> tuple[Span, float, bool]:
        """Move the span to a mass.

        Parameters
        ----------
        weights : float array, shape (nodes,)
            Share of the mass at each node.
        depth : float
            Difference of the log-density from its maximum at the new ends.

        Returns
        -------
        span : Span
            The new one.
        change : float
            Change of its centre in units of its width, or of the logarithm of its width.
        complete : bool
            Whether the old one contained the mass.
        """
        nodes = self.nodes(len(weights))
        axis = Marginal(self.axis, nodes, weights).centred()
        with np.errstate(divide="ignore"):
            inside = np.log(weights / weights.max()) + depth
        ends, complete = crossings(inside, nodes, depth)
        low, high = axis.line(self.axis.real(np.array(ends))).tolist()
        shift = abs(axis.centre - self.axis.centre) / axis.scale
        change = max(abs(math.log(axis.scale / self.axis.scale)), shift)
        return Span(axis, low, high), change, complete


@dataclass(frozen=True)
class Block:
    """All nodes of one parameter in one place.

    Attributes
    ----------
    funnel : Funnel
        Location with the places of participants' likelihoods.
    span : Span
        Axis of z.
    mean, sd : float array, shape (correlations, SDs)
        Middle and width of the location given correlation and SD, on the real line.
    spread, slope : float array, shape (correlations, SDs)
        SD of participants around the line, and slope of that line on the covariate.
    log_spread, log_correlation : float array, shape (SDs,), (correlations,)
        Log of the prior mass of nodes.
    locations : int
        Number of nodes of z.
    correlated : bool
        Whether the slope is not 0.
    """

    funnel: Funnel
    span: Span
    mean: Floats
    sd: Floats
    spread: Floats
    slope: Floats
    log_spread: Floats
    log_correlation: Floats
    locations: int
    correlated: bool

    @cached_property
    def _nodes(self) -> tuple[Floats, Floats]:
        location, log_step = self.at(np.arange(float(self.locations)))
        return location, np.where(np.isfinite(log_step), log_step, -np.inf)

    @property
    def location(self) -> Floats:
        """Locations, shape (correlations, SDs, z)."""
        return self._nodes[0]

    @property
    def log_step(self) -> Floats:
        """Log of the distance of locations, shape (correlations, SDs, z)."""
        return self._nodes[1]

    @property
    def size(self) -> int:
        """Number of all nodes."""
        return self.location.size

    def pair(self, covariate: Floats) -> Pair:
        """Location and SD at all nodes, for participants with these values of the covariate.

        The location has the shape (participants, nodes) if the parameter is correlated.
        """
        spread = np.broadcast_to(self.spread[..., None], self.location.shape).ravel()
        if not self.correlated:
            return self.location.ravel(), spread
        slope = np.broadcast_to(self.slope[..., None], self.location.shape).ravel()
        return self.location.ravel() + covariate[:, None] * slope, spread

    def log_measure(self) -> Floats:
        """Log of the prior mass of all nodes of the reference."""
        prior = self.funnel.axis.prior_log_density(self.location) + self.log_step
        # A location that rounds to an end of the support of its prior has no finite density there.
        others = self.log_spread + self.log_correlation[:, None]
        return np.where(np.isfinite(prior), prior, -np.inf) + others[..., None]

    def at(self, positions: Floats) -> tuple[Floats, Floats]:
        """Location and log of its derivative by the position.

        Positions run from 0 at the first node of z to the number of nodes - 1 at the last; shape
        (positions,). Shape of the results: (correlations, SDs, positions).
        """
        step = (self.span.high - self.span.low) / (self.locations - 1)
        y = self.span.low + step * positions
        real = self.mean[..., None] + self.sd[..., None] * self.span.axis.real(y)
        slope = self.span.axis.log_slope(y) + np.log(self.sd)[..., None] + math.log(step)
        return self.funnel.axis.natural(real), slope + self.funnel.axis.log_slope(real)


def positions(block: Block, location: Floats, mean: Floats, sd: Floats) -> Floats:
    """Positions of locations among the nodes of z (see `Block.at`) given middles and widths.

    Locations beyond the support of their prior have infinite positions.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        real = block.funnel.axis.to_real(location)
        y = block.span.axis.line((real - mean) / sd)
        own = (y - block.span.low) / (block.span.high - block.span.low)
    return np.where(np.isnan(own), np.inf, own * (block.locations - 1))


@dataclass(frozen=True)
class Coordinates:
    """The coordinates of all parameters.

    Attributes
    ----------
    layout : Layout
        What the groups share.
    funnels : mapping from (place, parameter) to Funnel
        What z means.
    spans : mapping from Key to Span
        Axes of all coordinates. SDs that the groups share are those of place 0; so are
        correlations.
    """

    layout: Layout
    funnels: Mapping[tuple[int, int], Funnel]
    spans: Mapping[Key, Span]

    @classmethod
    def first(
        cls,
        layout: Layout,
        prior: Distribution,
        shared: Sequence[Funnel],
        axes: Sequence[Axis],
        region: Region,
    ) -> Self:
        """Make coordinates from those of the model without effects.

        Parameters
        ----------
        layout : Layout
            What the groups share.
        prior : Distribution
            Prior of the differences.
        shared : sequence of Funnel
            Coordinates of the locations of all participants, per parameter.
        axes, region
            Axes of z and SD of every parameter in turn, and their ends, without effects.
        """
        funnels: dict[tuple[int, int], Funnel] = {}
        spans: dict[Key, Span] = {}
        for j, funnel in enumerate(shared):
            for place in layout.places(j):
                rows = layout.rows(place, j)
                axis = funnel.axis if place == 0 else _difference_axis(funnel.axis, prior)
                funnels[place, j] = Funnel(axis, funnel.centre[rows], funnel.width[rows])
                spans["z", place, j] = Span.first(axes[2 * j], *FIRST_Z)
                if place == 0 or layout.own_spreads:
                    spans["s", place, j] = Span(axes[2 * j + 1], *region[2 * j + 1])
            if layout.correlated[j]:
                axis = Axis.of("correlation", CORRELATION)
                spans["r", 0, j] = Span.first(axis, *FIRST_CORRELATION)
        return cls(layout, funnels, spans)

    def block(self, place: int, parameter: int, sizes: Sizes, uncorrelated: bool = False) -> Block:
        """Nodes of a parameter in a place; `uncorrelated` fixes its correlation at 0."""
        layout, funnel = self.layout, self.funnels[place, parameter]
        span = self.spans["s", place if layout.own_spreads else 0, parameter]
        nodes = span.nodes(sizes.spread)
        r, log_correlation = np.zeros(1), np.zeros(1)
        correlated = bool(layout.correlated[parameter]) and not uncorrelated
        if correlated:
            own = self.spans["r", 0, parameter]
            r_nodes = own.nodes(sizes.correlation)
            r, log_correlation = own.axis.natural(r_nodes), own.log_measure(r_nodes)
        s = span.axis.natural(nodes)
        slope, spread = r[:, None] * s, np.sqrt(1 - r**2)[:, None] * s
        shift = slope.ravel()[:, None] * layout.covariate[layout.rows(place, parameter)]
        mean, sd = funnel.conditional(spread.ravel(), shift if correlated else 0.0)
        return Block(
            funnel,
            self.spans["z", place, parameter],
            mean.reshape(spread.shape),
            sd.reshape(spread.shape),
            spread,
            slope,
            span.log_measure(nodes),
            log_correlation,
            sizes.location,
            correlated,
        )


def _difference_axis(axis: Axis, prior: Distribution) -> Axis:
    """Axis of a location that differs from that of the reference: roughly its prior."""
    low, high = axis.prior_tails(0.16)
    lower, upper = prior.tails(0.16)
    sd = math.hypot((high - low) / 2, (upper - lower) / 2)
    cover = Distribution.of("Normal", {"mu": (low + high + lower + upper) / 2, "sigma": sd})
    return Axis.of(axis.name, cover)
