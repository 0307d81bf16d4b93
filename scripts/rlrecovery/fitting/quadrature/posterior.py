"""Exact posteriors that are evaluated at values: distribution functions, moments and draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rlrecovery.fitting.estimates import Target
from rlrecovery.fitting.quadrature.funnel import location_below
from rlrecovery.fitting.quadrature.grid import Axis, Grid, Marginal, distribution
from rlrecovery.fitting.quadrature.hierarchical import PopulationPosterior
from rlrecovery.models.base import Model, Parameter
from rlrecovery.simulation.task import Floats


@dataclass(frozen=True)
class GridPosterior:
    """Posterior of one set of parameters: of a participant, or with complete pooling of all.

    Its methods are those of `rlrecovery.fitting.base.Posterior`; only `joint_draws` is random.

    Attributes
    ----------
    model : Model
        The fitted model.
    participants : int
        Number of participants with these parameters.
    grid : Grid
        Their posterior.
    """

    model: Model
    participants: int
    grid: Grid

    def below(self, target: Target, value: float, rng: np.random.Generator) -> float:
        """Posterior probability of smaller values."""
        marginal, parameter = self._marginal(target), self.model.parameter(target.parameter)
        if _is_of_support(marginal.axis, parameter):
            return marginal.below(float(marginal.axis.line(np.array(value))))
        return marginal.below_natural(float(parameter.to_natural(value)))

    def moments(self, target: Target) -> tuple[float, float]:
        """Posterior mean and SD, unconstrained scale."""
        marginal, parameter = self._marginal(target), self.model.parameter(target.parameter)
        if _is_of_support(marginal.axis, parameter):
            return _moments(marginal.axis.real(marginal.nodes), marginal.weights)
        return _moments(parameter.to_real(marginal.axis.natural(marginal.nodes)), marginal.weights)

    def joint_draws(self, count: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Independent draws, natural scale; shape (count, participants) by parameter."""
        drawn = self.grid.resampled_draws(count, rng)
        return {
            name: np.repeat(drawn[:, j, None], self.participants, axis=1)
            for j, name in enumerate(self.model.names)
        }

    def _marginal(self, target: Target) -> Marginal:
        return self.grid.marginals()[self.model.names.index(target.parameter)]


@dataclass(frozen=True)
class HierarchicalPosterior:
    """Posterior of a hierarchical model.

    Its methods are those of `rlrecovery.fitting.base.Posterior`; only `joint_draws` is random.

    Attributes
    ----------
    model : Model
        The fitted model.
    population : PopulationPosterior
        Posterior of locations, SDs and participants.
    """

    model: Model
    population: PopulationPosterior

    def below(self, target: Target, value: float, rng: np.random.Generator) -> float:
        """Posterior probability of smaller values."""
        j = self.model.names.index(target.parameter)
        match target.level:
            case "group":
                return self._location_below(j, value)
            case "spread":
                return self.population.grid.marginals()[2 * j + 1].below_natural(value)
        placement = self.population.tables.placement
        positions, below = distribution(self._weights(target.participant, j))
        line = np.arcsinh(
            (value - placement.centre[target.participant, j])
            / placement.scale[target.participant, j]
        )
        low, high = (ends[target.participant, j] for ends in (placement.low, placement.high))
        return float(np.interp((line - low) / (high - low), positions, below))

    def moments(self, target: Target) -> tuple[float, float]:
        """Posterior mean and SD, unconstrained scale."""
        j, population = self.model.names.index(target.parameter), self.population
        match target.level:
            case "group":
                pair = population.grid.natural()[2 * j : 2 * j + 2]
                location = population.coordinates[j].points(*pair).location
                return _moments(location, population.pair_mass(j))
            case "spread":
                return population.grid.marginals()[2 * j + 1].moments()
        nodes = population.tables.placement.nodes(population.tables.size)
        return _moments(nodes[target.participant, j], self._weights(target.participant, j))

    def joint_draws(self, count: int, rng: np.random.Generator) -> dict[str, Floats]:
        """Independent draws, natural scale; shape (count, participants) by parameter."""
        participants, _, _ = self.population.joint_draws(count, rng)
        return {name: participants[..., j] for j, name in enumerate(self.model.names)}

    def _location_below(self, parameter: int, value: float) -> float:
        grid = self.population.grid
        axis, spread = grid.axes[2 * parameter], grid.natural()[2 * parameter + 1]
        low, high = grid.ends()[2 * parameter]

        def position(z: Floats) -> Floats:
            """Positions on the axis of z, from 0 to 1."""
            return (axis.line(z) - low) / (high - low)

        funnel, mass = self.population.coordinates[parameter], self.population.pair_mass(parameter)
        return location_below(funnel, position, spread, mass, value)

    def _weights(self, participant: int, parameter: int) -> Floats:
        """Mass of the nodes of a participant's parameter."""
        mass = self.population.mass[participant]
        others = tuple(k for k in range(mass.ndim) if k != parameter)
        weights: Floats = mass.sum(axis=others)
        return weights


def _is_of_support(axis: Axis, parameter: Parameter) -> bool:
    """Whether the real line of an axis is the unconstrained scale of a parameter.

    The natural scale in between would round values near an end of the support to that end.
    """
    return (axis.lower, axis.upper) == parameter.support


def _moments(values: Floats, mass: Floats) -> tuple[float, float]:
    """Mean and SD of values with their mass."""
    mean = (mass * values).sum()
    return float(mean), float(np.sqrt((mass * (values - mean) ** 2).sum()))
