"""Draws of all participants' parameters from the prior and the posterior of a method."""

from __future__ import annotations

from typing import cast

import numpy as np

from rlrecovery.fitting.base import PosteriorFitter, Setting
from rlrecovery.fitting.estimates import Level
from rlrecovery.fitting.registry import Method, make_fitter
from rlrecovery.likelihood.data import Observations
from rlrecovery.simulation.task import Floats


def prior_draws(
    method: Method, setting: Setting, count: int, rng: np.random.Generator
) -> dict[str, Floats]:
    """Draw the parameters of all participants from a method's prior, ``count`` times.

    Returns an array of shape (count, participants) for each parameter, natural scale.
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

    The method must have a posterior; it uses ``seed`` in the same way as in a fit of the data set.
    Returns arrays as `prior_draws`. Draws of a sampler are evenly spaced over all its chains.
    """
    fitter = cast(PosteriorFitter, make_fitter(method.settings, setting))
    return fitter.participant_draws(data, count, seed)
