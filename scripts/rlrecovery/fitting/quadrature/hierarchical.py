"""The exact posterior of a hierarchical model, by summation over a grid of locations and SDs.

Participants' parameters are independent normal on the unconstrained scale, as in
`rlrecovery.fitting.bayes` with partial pooling. Every participant's likelihood is tabulated once,
on nodes that are dense where that participant's posterior is;
`rlrecovery.fitting.quadrature.population` integrates over it for all locations and SDs by matrix
products.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from rlrecovery.fitting.quadrature.adaptive import Region, density, locate, settle
from rlrecovery.fitting.quadrature.funnel import Funnel, Points, location_quantiles
from rlrecovery.fitting.quadrature.grid import Axis, Grid, combinations, quantile_positions, tails
from rlrecovery.fitting.quadrature.population import (
    Placement,
    Tables,
    log_marginal_likelihood,
    participant_mass,
)
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import Evaluator
from rlrecovery.models.base import Model
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats

#: Difference of the log-density of locations and SDs from its maximum at the ends of their grid.
DEPTH = 12.0

#: Nodes with less of a participant's posterior mass are beyond the ends of its table.
NEGLIGIBLE = 1e-9

#: Nodes per axis of the grids that locate the mass: of a participant, and of locations and SDs by
#: number of parameters. Participants' tables are interpolated to `LOOK_TABLE` nodes for them.
LOOK_PARTICIPANT, LOOK_HYPER, LOOK_TABLE = 17, {1: 17, 2: 9, 3: 7}, {1: 33, 2: 33, 3: 17}

#: A table is made again if its nodes are less dense, by this factor, than the posterior requires.
TOO_WIDE, MAX_TABLES = 2.0, 5

#: Tolerated error in posterior SDs: the Monte Carlo error of a posterior mean from 400 independent
#: draws.
TOLERANCE = 0.05

#: Change from one grid to the next in units of the error that is left. The error of interpolation
#: decreases with the square of the distance of the nodes, that of the sums faster; against grids
#: of far more nodes the estimate was right on average.
CHANGE_PER_ERROR = 2.0

#: Error, in posterior SDs, per share of the mass at the end of the grid of locations and SDs. It
#: flags a grid that ends where there is mass.
EDGE_ERROR = 5.0

#: Weight of the error of an SD, relative to those of mean, median and ends of intervals.
#: The SD of a heavy-tailed posterior depends on values that hardly any interval contains.
SD_WEIGHT = 0.3

#: Interquartile range of a normal distribution with SD 1.
IQR = 1.349


class Resolution(NamedTuple):
    """Numbers of nodes.

    Attributes
    ----------
    location, spread : int
        Of every parameter's location and SD.
    tabulated, interpolated : int
        Of every participant and parameter: with computed, and with interpolated log-likelihoods.
    """

    location: int
    spread: int
    tabulated: int
    interpolated: int


#: Resolutions by number of parameters. Results of one are compared with those of the one before.
RESOLUTIONS = {
    1: [
        Resolution(13, 17, 17, 33),
        Resolution(25, 33, 33, 65),
        Resolution(49, 65, 65, 129),
        Resolution(97, 129, 129, 257),
    ],
    2: [
        Resolution(9, 15, 17, 33),
        Resolution(13, 21, 33, 49),
        Resolution(19, 31, 65, 97),
        Resolution(27, 43, 129, 193),
    ],
    3: [Resolution(7, 9, 9, 17), Resolution(9, 13, 17, 25), Resolution(11, 15, 33, 33)],
}


@dataclass(frozen=True)
class PopulationPosterior:
    """Posterior of locations, SDs and participants.

    Attributes
    ----------
    grid : Grid
        Location (as z of `rlrecovery.fitting.quadrature.funnel`) and SD of every parameter in turn.
    coordinates : sequence of Funnel
        What z means, per parameter.
    axes : tuple of Axis
        The participants' parameters.
    tables : Tables
        Likelihoods of the participants.
    mass : float array, shape of the tables
        Posterior mass of the nodes of each participant's table.
    """

    grid: Grid
    coordinates: Sequence[Funnel]
    axes: tuple[Axis, ...]
    tables: Tables
    mass: Floats

    def marginal_mass(self) -> Floats:
        """Mass of the nodes of each parameter alone, shape (participants, parameters, nodes)."""
        every = range(1, self.mass.ndim)
        by_parameter = [self.mass.sum(axis=tuple(k for k in every if k != j)) for j in every]
        return np.stack(by_parameter, axis=1)

    def summaries(self, levels: tuple[float, ...]) -> Floats:
        """`Marginal.summary` of all participants' parameters, the locations and the SDs."""
        placement, weights = self.tables.placement, self.marginal_mass()
        values = self._reported(placement.nodes(self.tables.size))
        mean = (weights * values).sum(axis=-1, keepdims=True)
        sd = np.sqrt((weights * (values - mean) ** 2).sum(axis=-1, keepdims=True))
        quantiles = self._reported(placement.real(quantile_positions(weights, tails(levels))))
        participants = np.concatenate([mean, sd, quantiles], axis=-1)
        locations = [self._location_summary(j, levels) for j in range(len(self.axes))]
        spreads = [marginal.summary(levels) for marginal in self.grid.marginals()[1::2]]
        return np.concatenate([*participants, locations, spreads])

    def _location_summary(self, parameter: int, levels: tuple[float, ...]) -> Floats:
        """`Marginal.summary` of a location."""
        mass, reported = self.pair_mass(parameter), self.axes[parameter].reported
        pair = self.grid.natural()[2 * parameter : 2 * parameter + 2]
        values = reported(self.coordinates[parameter].points(*pair).location)
        mean = (mass * values).sum()
        sd = np.sqrt((mass * (values - mean) ** 2).sum())
        return np.array([mean, sd, *reported(self.location_quantiles(parameter, tails(levels)))])

    def pair_mass(self, parameter: int) -> Floats:
        """Posterior mass of (z, SD) of one parameter, shape (nodes of z, nodes of s)."""
        pair = (2 * parameter, 2 * parameter + 1)
        return self.grid.mass.sum(axis=tuple(k for k in range(self.grid.ndim) if k not in pair))

    def location_quantiles(self, parameter: int, probabilities: Floats) -> Floats:
        """Quantiles of a location, unconstrained scale."""
        axis, spread = self.grid.axes[2 * parameter], self.grid.natural()[2 * parameter + 1]
        low, high = self.grid.ends()[2 * parameter]

        def dense(positions: Floats) -> Floats:
            """Locations at positions between 0 and 1 of the axis."""
            return axis.natural(low + (high - low) * positions)

        funnel, mass = self.coordinates[parameter], self.pair_mass(parameter)
        return location_quantiles(funnel, dense, spread, mass, probabilities)

    def placement(self) -> Placement:
        """Where the participants' posteriors are."""
        before, weights = self.tables.placement, self.marginal_mass()
        quartiles = before.real(quantile_positions(weights, np.array([0.25, 0.5, 0.75])))
        first, centre, third = np.moveaxis(quartiles, -1, 0)
        nodes, kept = before.nodes(self.tables.size), weights > NEGLIGIBLE
        last = self.tables.size - 1
        low = np.maximum(kept.argmax(axis=-1) - 1, 0)
        high = np.minimum(last - kept[..., ::-1].argmax(axis=-1) + 1, last)
        ends = [np.take_along_axis(nodes, k[..., None], axis=-1)[..., 0] for k in (low, high)]
        scale = third - first
        return Placement(centre, scale, *(np.arcsinh((end - centre) / scale) for end in ends))

    def _reported(self, real: Floats) -> Floats:
        """Convert to the natural scale, shape (participants, parameters, ...)."""
        return np.stack([a.reported(real[:, j]) for j, a in enumerate(self.axes)], axis=1)

    def draws(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw all participants' parameters jointly, shape (count, participants, parameters).

        Locations and SDs are drawn first, then every participant given these. Natural scale.
        """
        mass = self.grid.mass.ravel()
        flat = [p.flat() for p in _points(self.coordinates, self.grid.natural())]
        shape = [len(location) for location, _ in flat]
        drawn = np.unravel_index(rng.choice(mass.size, size=count, p=mass), shape)
        pairs = [(a[index], b[index]) for (a, b), index in zip(flat, drawn, strict=True)]
        participants = range(len(self.mass))
        real = [self.tables.rows(slice(i, i + 1)).draws(pairs, rng) for i in participants]
        draws = np.stack(real, axis=1)
        return self._reported(draws.transpose(1, 2, 0)).transpose(2, 0, 1)

    def joint_draws(self, count: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
        """Draw participants, locations and SDs jointly, without the grid's gaps between nodes.

        Returns the participants' parameters, shape (count, participants, parameters), the locations
        (both on the natural scale) and the SDs, shape (count, parameters).
        """
        hyper = self.grid.resampled_draws(count, rng)
        pairs = [
            (funnel.location(hyper[:, 2 * j], hyper[:, 2 * j + 1]), hyper[:, 2 * j + 1])
            for j, funnel in enumerate(self.coordinates)
        ]
        participants = range(len(self.mass))
        real = [self.tables.rows(slice(i, i + 1)).draws(pairs, rng) for i in participants]
        natural = self._reported(np.stack(real, axis=1).transpose(1, 2, 0)).transpose(2, 0, 1)
        locations = [axis.reported(pair[0]) for axis, pair in zip(self.axes, pairs, strict=True)]
        return natural, np.stack(locations, axis=1), hyper[:, 1::2]

    def participant_points(self, participant: int) -> tuple[Floats, Floats]:
        """All nodes of a participant, natural scale, shape (points, parameters), and their mass."""
        nodes = self.tables.placement.nodes(self.tables.size)[participant]
        natural = [axis.reported(x) for axis, x in zip(self.axes, nodes, strict=True)]
        return combinations(natural), self.mass[participant].ravel()


#: Axes and region of locations and SDs, the participants' likelihoods, and what z means.
Located = tuple[tuple[Axis, ...], Region, Tables, list[Funnel]]


@dataclass(frozen=True)
class Hierarchy:
    """A hierarchical model without data.

    Attributes
    ----------
    model : Model
        The fitted model.
    values : callable
        ``(data, natural points) -> log-likelihoods``.
    location_axes : tuple of Axis
        Location of every parameter, with its prior.
    axes : tuple of Axis
        Coordinates of the grid: z of the location, and SD with its prior, of every parameter in
        turn.
    participant_axes : tuple of Axis
        The parameters of a participant, with a normal distribution that covers the prior of the
        population; it only serves to locate a participant's likelihood.
    """

    model: Model
    values: Evaluator
    location_axes: tuple[Axis, ...]
    axes: tuple[Axis, ...]
    participant_axes: tuple[Axis, ...]

    @classmethod
    def of(
        cls,
        model: Model,
        values: Evaluator,
        priors: Sequence[tuple[Distribution, Distribution]],
    ) -> Hierarchy:
        """Combine a model with the priors of location and SD of its parameters."""
        locations, hyper, participant = [], [], []
        for parameter, (location, scale) in zip(model.parameters, priors, strict=True):
            name, reported = parameter.name, parameter.to_natural
            locations.append(Axis.of(name, location))
            hyper += [Axis(name, None, -math.inf, math.inf), Axis.of(name, scale)]
            low, high = location.tails(0.16)
            sd = math.hypot((high - low) / 2, scale.tails(0.05)[1])
            cover = Distribution.of("Normal", {"mu": (low + high) / 2, "sigma": sd})
            participant.append(Axis.of(name, cover, reported))
        return cls(model, values, tuple(locations), tuple(hyper), tuple(participant))

    def integrate(
        self, data: Observations, levels: tuple[float, ...]
    ) -> tuple[PopulationPosterior, Floats, Floats]:
        """Integrate the posterior of a data set.

        Parameters
        ----------
        data : Observations
            Arrays of shape (participants, trials).
        levels : tuple of float
            Nominal levels of the intervals.

        Returns
        -------
        posterior : PopulationPosterior
            On the finest grid that was needed or allowed.
        summaries : float array, shape (targets, numbers)
            See `PopulationPosterior.summaries`.
        errors : float array, shape (targets,)
            Estimated error of the worst number of a target in posterior SDs, from two grids.
        """
        axes, region, tables, coordinates = self.located(data)
        before, *resolutions = RESOLUTIONS[len(self.model.parameters)]

        def posterior_at(resolution: Resolution, tables: Tables) -> PopulationPosterior:
            """The posterior on a grid of a resolution."""
            sizes = [resolution.location, resolution.spread] * len(self.model.parameters)
            fine = tables.interpolated(resolution.interpolated)
            return self._posterior(fine, coordinates, axes, region, sizes)

        summaries = posterior_at(before, tables.halved()).summaries(levels)
        for resolution in resolutions:
            if tables.size != resolution.tabulated:
                tables = self.tabulated(data, tables.placement, resolution.tabulated)
            coarse, posterior = summaries, posterior_at(resolution, tables)
            summaries = posterior.summaries(levels)
            errors = np.maximum(_errors(summaries, coarse), EDGE_ERROR * posterior.grid.edge())
            if errors.max() <= TOLERANCE:
                break
        return posterior, summaries, errors

    def _posterior(
        self,
        tables: Tables,
        coordinates: Sequence[Funnel],
        axes: Sequence[Axis],
        region: Region,
        sizes: Sequence[int],
    ) -> PopulationPosterior:
        nodes = [np.linspace(*ends, size) for ends, size in zip(region, sizes, strict=True)]
        points = _points(coordinates, [a.natural(y) for a, y in zip(axes, nodes, strict=True)])
        weights = tables.weights([p.flat() for p in points])  # they cost as much as their products

        def log_density(natural: Sequence[Floats]) -> Floats:
            """Log posterior density at the points of the grid."""
            return _with_priors(log_marginal_likelihood(tables, weights), points)

        grid = density(log_density, axes, region, sizes)
        by_point = grid.mass.reshape([matrix.shape[1] for matrix in weights])
        mass = participant_mass(tables, weights, by_point)
        return PopulationPosterior(grid, coordinates, self.participant_axes, tables, mass)

    def located(self, data: Observations) -> Located:
        """As `locate`; the last result is kept, because a joint analysis asks for the same."""
        return _located(self, _Same(data))

    def locate(self, data: Observations) -> Located:
        """Find the region of locations and SDs, and tabulate the participants' likelihoods.

        The first tables cover the likelihoods, and those that follow the posteriors, which may be
        far narrower if there are many participants.
        """
        n_parameters = len(self.model.parameters)
        size, look = RESOLUTIONS[n_parameters][1].tabulated, LOOK_HYPER[n_parameters]
        placement = self._likelihoods(data)
        coordinates = [
            Funnel(axis, centre, scale / IQR)
            for axis, centre, scale in zip(
                self.location_axes, placement.centre.T, placement.scale.T, strict=True
            )
        ]
        tables = self.tabulated(data, placement, LOOK_PARTICIPANT)
        fine = tables.interpolated(LOOK_TABLE[n_parameters])
        axes, region = locate(partial(_log_density, fine, coordinates), self.axes, look)
        for attempt in range(MAX_TABLES):
            fine = tables.interpolated(LOOK_TABLE[n_parameters])
            log_density = partial(_log_density, fine, coordinates)
            axes, region = settle(log_density, axes, region, look, DEPTH)
            sizes = [look] * len(axes)
            posterior = self._posterior(fine, coordinates, axes, region, sizes)
            placement = posterior.placement()
            if attempt and (tables.placement.scale / placement.scale).max() < TOO_WIDE:
                break
            tables = self.tabulated(data, placement, size)
        return axes, region, tables, coordinates

    def _likelihoods(self, data: Observations) -> Placement:
        """Where the likelihoods of the participants are."""
        located = [
            locate(
                partial(self._values, data.rows(slice(i, i + 1))),
                self.participant_axes,
                LOOK_PARTICIPANT,
            )
            for i in range(len(data.choices))
        ]
        return Placement.of(located)

    def tabulated(self, data: Observations, placement: Placement, size: int) -> Tables:
        """Compute the likelihoods of the participants."""
        nodes = placement.nodes(size)
        values = [self._values(data.rows(slice(i, i + 1)), nodes[i]) for i in range(len(nodes))]
        return Tables(placement, np.stack(values))

    def _values(self, data: Observations, nodes: Sequence[Floats]) -> Floats:
        """Log-likelihood of one participant on a grid of unconstrained values."""
        pairs = zip(self.model.parameters, nodes, strict=True)
        natural = [parameter.to_natural(values) for parameter, values in pairs]
        values: Floats = self.values(data, combinations(natural)).reshape([len(n) for n in nodes])
        return values


@dataclass(frozen=True, eq=False)
class _Same:
    """A data set that is equal to itself only, in memory."""

    data: Observations

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.data is other.data

    def __hash__(self) -> int:
        return id(self.data)


@lru_cache(maxsize=1)
def _located(hierarchy: Hierarchy, same: _Same) -> Located:
    return hierarchy.locate(same.data)


def _points(coordinates: Sequence[Funnel], nodes: Sequence[Floats]) -> list[Points]:
    """Locations and SDs at nodes of z and the SD of every parameter in turn."""
    pairs = zip(nodes[::2], nodes[1::2], strict=True)
    return [funnel.points(*pair) for funnel, pair in zip(coordinates, pairs, strict=True)]


def _log_density(tables: Tables, coordinates: Sequence[Funnel], nodes: Sequence[Floats]) -> Floats:
    """Log-likelihood of all participants, and log-density of the locations' priors."""
    points = _points(coordinates, nodes)
    weights = tables.weights([p.flat() for p in points])
    return _with_priors(log_marginal_likelihood(tables, weights), points)


def _with_priors(values: Floats, points: Sequence[Points]) -> Floats:
    """Add the log-densities of the locations' priors; one axis per coordinate."""
    for j, p in enumerate(points):
        values = values + p.log_prior.reshape([-1 if k == j else 1 for k in range(len(points))])
    return values.reshape([size for p in points for size in p.location.shape])


def _errors(summaries: Floats, coarse: Floats) -> Floats:
    """Estimated errors of summaries in posterior SDs, from those of a coarser grid."""
    change = np.abs(summaries - coarse) / summaries[:, 1:2]
    change[:, 1] *= SD_WEIGHT
    errors: Floats = change.max(axis=1) / CHANGE_PER_ERROR
    return errors
