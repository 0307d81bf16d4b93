"""Draws of all participants' parameters from the prior and the posterior of a method."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from rlrecovery.fit.base import Level, Setting, Target
from rlrecovery.fit.registry import Method, make_fitter
from rlrecovery.likelihood.data import Observations
from rlrecovery.simulate.task import Floats

if TYPE_CHECKING:  # these load PyTensor and PyMC
    from rlrecovery.fit.bayes.fitter import Bayes
    from rlrecovery.fit.quadrature.fitter import Quadrature


def prior_draws(
    method: Method, setting: Setting, count: int, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw the parameters of all participants from a method's prior.

    Parameters
    ----------
    method : Method
        A method with priors.
    setting : Setting
        Model and number of participants.
    count : int
        Number of draws.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    dict of float array, shape (count, participants)
        Natural scale, by parameter.
    """
    participants = setting.participants

    def drawn(parameter: str, level: Level, columns: int) -> Floats:
        prior = method.settings.prior_of(parameter, level)
        if prior is None:
            raise ValueError(f"{method.name} has no prior of {parameter} at level {level}")
        draws: Floats = prior.frozen().rvs(size=(count, columns), random_state=rng)
        return draws

    values: dict[str, Floats] = {}
    for parameter in setting.model.parameters:
        name = parameter.name
        match method.pooling:
            case "partial":
                location, scale = drawn(name, "group", 1), drawn(name, "spread", 1)
                deviation = rng.standard_normal((count, participants))
                values[name] = parameter.to_natural(location + scale * deviation)
            case "complete":
                values[name] = np.repeat(drawn(name, "group", 1), participants, axis=1)
            case "none":
                values[name] = drawn(name, "participant", participants)
    return values


def posterior_draws(
    method: Method,
    setting: Setting,
    data: Observations,
    count: int,
    seed: np.random.SeedSequence,
) -> dict[str, Floats]:
    """Draw the parameters of all participants from the posterior of a data set.

    Parameters
    ----------
    method, setting, count
        See `prior_draws`; the method must have a posterior.
    data : Observations
        Data of `setting.participants` participants.
    seed : SeedSequence
        Used in the same way as by a fit of the data set.

    Returns
    -------
    dict of float array, shape (count, participants)
        Natural scale, by parameter. Draws of a sampler are evenly spaced over all its chains.
    """
    if method.settings.posterior == "exact":
        return _grid_draws(method, setting, data, count, seed)
    return _sampler_draws(method, setting, data, count, seed)


def _by_participant(
    data: Observations, seed: np.random.SeedSequence
) -> list[tuple[Observations, np.random.SeedSequence]]:
    """Data and seed of each participant, for separate fits."""
    seeds = seed.spawn(len(data.choices))
    return [(data.rows(slice(i, i + 1)), child) for i, child in enumerate(seeds)]


def _sampler_draws(
    method: Method,
    setting: Setting,
    data: Observations,
    count: int,
    seed: np.random.SeedSequence,
) -> dict[str, Floats]:
    """Draw each participant's parameters by NUTS."""
    from rlrecovery.fit.bayes.fitter import draws_of

    fitter = cast("Bayes", make_fitter(method.settings, setting))
    pooling = method.pooling
    if pooling == "none":
        posteriors = [fitter.sample(*alone)[0] for alone in _by_participant(data, seed)]
    else:
        posteriors = [fitter.sample(data, seed)[0]] * setting.participants
    level: Level = "group" if pooling == "complete" else "participant"

    def evenly_spaced(name: str) -> Floats:
        chains = [
            draws_of(Target(level, i, name), posterior, pooling).ravel()
            for i, posterior in enumerate(posteriors)
        ]
        selected = np.linspace(0, len(chains[0]) - 1, count).round().astype(int)
        return np.stack(chains, axis=1)[selected]

    return {name: evenly_spaced(name) for name in setting.model.names}


def _grid_draws(
    method: Method,
    setting: Setting,
    data: Observations,
    count: int,
    seed: np.random.SeedSequence,
) -> dict[str, Floats]:
    """Draw each participant's parameters from the posterior on a grid."""
    fitter, draws = cast("Quadrature", make_fitter(method.settings, setting)), []
    for alone, child in _by_participant(data, seed):
        grid, _ = fitter.integrate(alone)
        draws.append(grid.draws(count, np.random.default_rng(child)))
    by_parameter = np.stack(draws, axis=1).transpose(2, 0, 1)
    return dict(zip(setting.model.names, by_parameter, strict=True))
