"""The exact posterior of a hierarchical model, by summation over a grid of locations and SDs.

Participants' parameters are independent normal on the unconstrained scale, as in
`rlrecovery.fit.bayes` with partial pooling. Every participant's likelihood is tabulated once, on
nodes that are dense where that participant's posterior is; `rlrecovery.fit.quadrature.population`
integrates over it for all locations and SDs by matrix products.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from rlrecovery.fit.quadrature.adaptive import Region, density, locate, settle
from rlrecovery.fit.quadrature.grid import Axis, Grid, quantile_positions, tails
from rlrecovery.fit.quadrature.population import (
    Placement,
    Tables,
    log_marginal_likelihood,
    participant_mass,
)
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.scan import Evaluator
from rlrecovery.models.base import Model
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulate.task import Floats

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
        Location and SD of every parameter in turn.
    axes : tuple of Axis
        The participants' parameters.
    tables : Tables
        Likelihoods of the participants.
    mass : float array, shape of the tables
        Posterior mass of the nodes of each participant's table.
    """

    grid: Grid
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
        hyper = self.grid.summaries(levels)
        return np.concatenate([np.concatenate(participants), hyper[::2], hyper[1::2]])

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
        located = [axis.natural(y) for axis, y in zip(self.grid.axes, self.grid.nodes, strict=True)]
        mass = self.grid.mass().ravel()
        drawn = np.unravel_index(rng.choice(mass.size, size=count, p=mass), self.grid.density.shape)
        hyper = [values[index] for values, index in zip(located, drawn, strict=True)]
        participants = range(len(self.mass))
        real = [self.tables.rows(slice(i, i + 1)).draws(hyper, rng) for i in participants]
        draws = np.stack(real, axis=1)
        return self._reported(draws.transpose(1, 2, 0)).transpose(2, 0, 1)

    def participant_points(self, participant: int) -> tuple[Floats, Floats]:
        """All nodes of a participant, natural scale, shape (points, parameters), and their mass."""
        nodes = self.tables.placement.nodes(self.tables.size)[participant]
        natural = [axis.reported(x) for axis, x in zip(self.axes, nodes, strict=True)]
        meshes = np.meshgrid(*natural, indexing="ij")
        points = np.stack([mesh.ravel() for mesh in meshes], axis=1)
        return points, self.mass[participant].ravel()


@dataclass(frozen=True)
class Hierarchy:
    """A hierarchical model without data.

    Attributes
    ----------
    model : Model
        The fitted model.
    values : callable
        ``(data, natural points) -> log-likelihoods``.
    axes : tuple of Axis
        Location and SD of every parameter in turn, with their priors.
    participant_axes : tuple of Axis
        The parameters of a participant, with a normal distribution that covers the prior of the
        population; it only serves to locate a participant's likelihood.
    """

    model: Model
    values: Evaluator
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
        hyper, participant = [], []
        for parameter, (location, scale) in zip(model.parameters, priors, strict=True):
            name, reported = parameter.name, parameter.to_natural
            hyper += [Axis.of(name, location, reported), Axis.of(name, scale)]
            low, high = location.tails(0.16)
            sd = math.hypot((high - low) / 2, scale.tails(0.05)[1])
            cover = Distribution.of("Normal", {"mu": (low + high) / 2, "sigma": sd})
            participant.append(Axis.of(name, cover, reported))
        return cls(model, values, tuple(hyper), tuple(participant))

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
        axes, region, tables = self._locate(data)
        before, *resolutions = RESOLUTIONS[len(self.model.parameters)]
        posterior = self._posterior(tables.halved(), axes, region, before)
        summaries = posterior.summaries(levels)
        for resolution in resolutions:
            if tables.size != resolution.tabulated:
                tables = self._tabulated(data, tables.placement, resolution.tabulated)
            coarse = summaries
            posterior = self._posterior(tables, axes, region, resolution)
            summaries = posterior.summaries(levels)
            errors = np.maximum(_errors(summaries, coarse), EDGE_ERROR * posterior.grid.edge())
            if errors.max() <= TOLERANCE:
                break
        return posterior, summaries, errors

    def _posterior(
        self, tables: Tables, axes: Sequence[Axis], region: Region, resolution: Resolution
    ) -> PopulationPosterior:
        sizes = [resolution.location, resolution.spread] * len(self.model.parameters)
        fine = tables.interpolated(resolution.interpolated)
        grid = density(partial(log_marginal_likelihood, fine), axes, region, sizes)
        return self._of_participants(fine, grid)

    def _of_participants(self, tables: Tables, grid: Grid) -> PopulationPosterior:
        hyper = [axis.natural(y) for axis, y in zip(grid.axes, grid.nodes, strict=True)]
        mass = participant_mass(tables, hyper, grid.mass())
        return PopulationPosterior(grid, self.participant_axes, tables, mass)

    def _locate(self, data: Observations) -> tuple[tuple[Axis, ...], Region, Tables]:
        """Find the region of locations and SDs, and tabulate the participants' likelihoods.

        The first tables cover the likelihoods, and those that follow the posteriors, which may be
        far narrower if there are many participants.
        """
        n_parameters = len(self.model.parameters)
        size, look = RESOLUTIONS[n_parameters][1].tabulated, LOOK_HYPER[n_parameters]
        tables = self._tabulated(data, self._likelihoods(data), LOOK_PARTICIPANT)
        fine = tables.interpolated(LOOK_TABLE[n_parameters])
        axes, region = locate(partial(log_marginal_likelihood, fine), self.axes, look)
        for attempt in range(MAX_TABLES):
            fine = tables.interpolated(LOOK_TABLE[n_parameters])
            log_likelihood = partial(log_marginal_likelihood, fine)
            axes, region, grid = settle(log_likelihood, axes, region, look, DEPTH)
            placement = self._of_participants(fine, grid).placement()
            if attempt and (tables.placement.scale / placement.scale).max() < TOO_WIDE:
                break
            tables = self._tabulated(data, placement, size)
        return axes, region, tables

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

    def _tabulated(self, data: Observations, placement: Placement, size: int) -> Tables:
        """Compute the likelihoods of the participants."""
        nodes = placement.nodes(size)
        values = [self._values(data.rows(slice(i, i + 1)), nodes[i]) for i in range(len(nodes))]
        return Tables(placement, np.stack(values))

    def _values(self, data: Observations, nodes: Sequence[Floats]) -> Floats:
        """Log-likelihood of one participant on a grid of unconstrained values."""
        pairs = zip(self.model.parameters, nodes, strict=True)
        natural = [parameter.to_natural(values) for parameter, values in pairs]
        points = np.stack([a.ravel() for a in np.meshgrid(*natural, indexing="ij")], axis=1)
        values: Floats = self.values(data, points).reshape([len(n) for n in nodes])
        return values


def _errors(summaries: Floats, coarse: Floats) -> Floats:
    """Estimated errors of summaries in posterior SDs, from those of a coarser grid."""
    change = np.abs(summaries - coarse) / summaries[:, 1:2]
    change[:, 1] *= SD_WEIGHT
    errors: Floats = change.max(axis=1) / CHANGE_PER_ERROR
    return errors
