"""True parameters: participants drawn from a population, and the population's own values."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import scipy  # scipy.integrate, a slow import, is loaded when it is first used
from scipy.special import ndtri

from rlrecovery.models.base import Model, Parameter
from rlrecovery.models.prior_settings import Draws, Population
from rlrecovery.simulation.task import Floats, Integers


def draw_population(
    model: Model,
    truth: Mapping[str, float],
    population: Mapping[str, Population],
    participants: int,
    *rngs: np.random.Generator,
    draws: Sequence[int] = (),
) -> dict[str, Floats]:
    """Draw the true parameters of each participant, natural scale, shape (participants,).

    One uniform number is used per participant and parameter, whatever the population. With the same
    seed, a different spread of one parameter does not change the values of the others. `truth` has
    the cell's true value of each parameter with a spread, natural scale. Each of `rngs` draws a
    data set of `participants`, and the data sets are joined. `draws` has the numbers of the draws
    of the population that they take, where it has any.
    """
    uniform = {
        name: np.concatenate([rng.random(participants) for rng in rngs]) for name in model.names
    }
    repeated = np.repeat(np.asarray(draws, dtype=np.int64), participants)
    return values_of(model, truth, population, uniform, repeated)


def values_of(
    model: Model,
    truth: Mapping[str, float],
    population: Mapping[str, Population],
    uniform: Mapping[str, Floats],
    draws: Integers,
) -> dict[str, Floats]:
    """True parameters of participants from their quantiles in the population, natural scale.

    `uniform` has the quantiles by parameter, shape (participants,); `draws` the number of the draw
    of the population of each participant, where it has any. For the others, see `draw_population`.
    """
    values: dict[str, Floats] = {}
    for parameter in model.parameters:
        name, settings = parameter.name, population[parameter.name]
        distribution = settings.distribution_object()
        if settings.draws is not None:
            locations, sds = _drawn(settings.draws, draws)
            values[name] = parameter.to_natural(locations + sds * ndtri(uniform[name]))
        elif distribution is not None:
            values[name] = distribution.quantiles(uniform[name])
        else:
            values[name] = _scatter(parameter, truth[name], settings.spread or 0.0, uniform[name])
    return values


def _drawn(population: Draws, draws: Sequence[int] | Integers) -> tuple[Floats, Floats]:
    """Locations and SDs of the draws with these numbers, unconstrained scale."""
    index = np.asarray(draws, dtype=np.int64)
    return np.array(population.locations)[index], np.array(population.spreads)[index]


def _scatter(parameter: Parameter, centre: float, spread: float, uniform: Floats) -> Floats:
    """Values around a cell's true value, normal on the unconstrained scale."""
    if spread == 0:  # exactly the cell's value, without the rounding of the transform
        return np.full(uniform.shape, float(centre))
    values: Floats = parameter.to_natural(parameter.to_real(centre) + spread * ndtri(uniform))
    return values


def population_truth(
    parameter: Parameter, centre: float | None, settings: Population
) -> tuple[float, float]:
    """Location (natural scale) and SD (unconstrained scale) of a population.

    For a spread around a cell's true value, these are that value and the spread. For a named
    distribution, they are the mean (transformed back to the natural scale) and SD of the
    transformed variable, computed by quadrature over its quantiles.
    """
    distribution = settings.distribution_object()
    if distribution is None:
        if centre is None:
            raise ValueError(f"{parameter.name} has a spread, but no true value")
        return float(centre), float(settings.spread or 0.0)

    def moment(power: int) -> float:
        """Mean of a power of the transformed variable."""
        integral: float = scipy.integrate.quad(
            lambda u: parameter.to_real(distribution.quantiles(u)) ** power, 0, 1
        )[0]
        return integral

    # Quantiles that round to an end of the support have no finite transform; the result is then
    # not finite either.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", scipy.integrate.IntegrationWarning)
        mean, square = moment(1), moment(2)
    return float(parameter.to_natural(mean)), float(np.sqrt(square - mean**2))


def population_truths(
    model: Model,
    truth: Mapping[str, float],
    population: Mapping[str, Population],
    draws: Sequence[int] = (),
) -> dict[str, tuple[Floats | float, Floats | float]]:
    """`population_truth` of every free parameter of a model, by name.

    Where a population has draws, location (natural scale) and SD of those with the numbers `draws`,
    shape (draws,).
    """
    truths: dict[str, tuple[Floats | float, Floats | float]] = {}
    for parameter in model.parameters:
        settings = population[parameter.name]
        if settings.draws is None:
            truths[parameter.name] = population_truth(
                parameter, truth.get(parameter.name), settings
            )
        else:
            location, spread = _drawn(settings.draws, draws)
            truths[parameter.name] = parameter.to_natural(location), spread
    return truths


def number_of_draws(population: Mapping[str, Population]) -> int:
    """Number of draws of a population; 0 if no parameter has any."""
    entries = (entry.draws for entry in population.values())
    return min((len(draws.locations) for draws in entries if draws is not None), default=0)
