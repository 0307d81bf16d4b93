"""True parameters drawn from the priors of a method, and the SDs of these priors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rlrecovery.fitting.base import MethodSettings
from rlrecovery.fitting.estimates import Level, Target
from rlrecovery.fitting.posterior import plain_prior
from rlrecovery.models.base import Model, Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.prior_settings import Population
from rlrecovery.simulation.population import population_truth
from rlrecovery.simulation.task import Floats


@dataclass(frozen=True)
class Truths:
    """True values of one data set.

    Attributes
    ----------
    natural, real : dict of float array, shape (participants,)
        Participants' parameters by name, on the natural and on the unconstrained scale.
    whole : dict of (str, str) to float
        Location (unconstrained scale) and SD of each parameter, by level and name, where the method
        has priors of them. With complete pooling, the location is the value of all participants.
    """

    natural: dict[str, Floats]
    real: dict[str, Floats]
    whole: dict[tuple[Level, str], float]

    def of(self, target: Target) -> float:
        """True value of a target, on the unconstrained scale."""
        if target.level == "participant":
            return float(self.real[target.parameter][target.participant])
        return self.whole[target.level, target.parameter]


def draw_truths(
    settings: MethodSettings, model: Model, participants: int, rng: np.random.Generator
) -> Truths:
    """Draw true parameters from the priors of a method.

    Parameters
    ----------
    settings : MethodSettings
        Settings of a method with a posterior.
    model : Model
        The fitted model, which also generates the data.
    participants : int
        Number of participants.
    rng : numpy.random.Generator
        Source of random numbers; a fixed number of them is used.
    """
    natural, real, whole = {}, {}, dict[tuple[Level, str], float]()
    for parameter in model.parameters:
        name = parameter.name
        if settings.pooling_of_participants() == "partial":
            location, spread = (
                float(_prior(settings, name, level).quantiles(rng.random()))
                for level in ("group", "spread")
            )
            real[name] = location + spread * rng.standard_normal(participants)
            natural[name] = parameter.to_natural(real[name])
            whole["group", name], whole["spread", name] = location, spread
        elif settings.pooling_of_participants() == "complete":
            value = _prior(settings, name, "group").quantiles(rng.random())
            natural[name] = np.full(participants, float(value))
            real[name] = parameter.to_real(natural[name])
            whole["group", name] = float(real[name][0])
        else:
            prior = _prior(settings, name, "participant")
            natural[name] = prior.quantiles(rng.random(participants))
            real[name] = parameter.to_real(natural[name])
    return Truths(natural, real, whole)


def prior_sd(settings: MethodSettings, parameter: Parameter, level: Level) -> float:
    """Prior SD of a target on the unconstrained scale.

    With partial pooling, a participant's variance is that of the location plus the mean square of
    the SD. May be infinite or NaN if the integral does not exist.
    """
    if settings.pooling_of_participants() != "partial":
        prior = _prior(settings, parameter.name, level)
        return population_truth(parameter, None, Population.of(plain_prior(prior)))[1]
    if level != "participant":
        return float(_prior(settings, parameter.name, level).frozen().std())
    location, scale = (
        _prior(settings, parameter.name, level).frozen() for level in ("group", "spread")
    )
    return math.sqrt(location.var() + scale.var() + scale.mean() ** 2)


def _prior(settings: MethodSettings, parameter: str, level: Level) -> Distribution:
    prior = settings.prior_of(parameter, level)
    if prior is None:
        raise ValueError(f"the method has no prior of {parameter} at level {level}")
    return prior
