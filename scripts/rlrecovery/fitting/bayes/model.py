"""The PyMC model of a method: priors, pooling of participants and the likelihood of choices.

The likelihood is the same for all kinds of pooling. ``none`` fits each participant separately;
``partial`` gives each parameter a population location and SD on the unconstrained scale, with
non-centred deviations of the participants (Betancourt & Girolami 2015, arXiv:1312.0906);
``complete`` gives all participants one value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.bayes.settings import BayesSettings
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.scan import TO_NATURAL
from rlrecovery.likelihood.symbolic import log_likelihood, logits
from rlrecovery.models.distributions import Distribution

#: Smallest number of participants for which the population's SD is sampled through their SD, see
#: `_population`.
MANY = 8

#: From a distribution to its arguments after multiplication of the variable by a positive number.
RESCALED: dict[str, Callable[[Mapping[str, float], Any], dict[str, Any]]] = {
    "Exponential": lambda given, by: {"lam": given["lam"] / by},
    "Gamma": lambda given, by: {"alpha": given["alpha"], "beta": given["beta"] / by},
    "HalfNormal": lambda given, by: {"sigma": given["sigma"] * by},
    "LogNormal": lambda given, by: {"mu": given["mu"] + pt.log(by), "sigma": given["sigma"]},
}


def _unpooled(setting: Setting, settings: BayesSettings, participants: int) -> dict[str, Any]:
    """One value per parameter, shared by all participants of the model; shape (participants,)."""
    ones = np.ones(participants)
    return {name: settings.own_prior(name).variable(name) * ones for name in setting.model.names}


def _partially_pooled(
    setting: Setting, settings: BayesSettings, participants: int
) -> dict[str, Any]:
    """Values of participants from a population, shape (participants,)."""
    values = {}
    for parameter in setting.model.parameters:
        name, to_natural = parameter.name, TO_NATURAL[parameter.transform]
        real, location = _population(name, *settings.population_prior(name), participants)
        pm.Deterministic(f"{name}_group", to_natural(location))
        values[name] = pm.Deterministic(name, to_natural(real))
    return values


def _population(
    name: str, location: Distribution, scale: Distribution, participants: int
) -> tuple[Any, Any]:
    """Participants' unconstrained values, and their population's location.

    The non-centred form samples the location, the SD, and the deviations of participants in units
    of the SD. With many participants the data determine the mean and SD of their values well, so
    the location can change only together with all deviations, and sampling is inefficient. The
    location is therefore sampled through the participants' mean, and the SD through their SD. Given
    the deviations, both are exact changes of variables of the same model (a shift and a rescaling).
    With few participants their SD can be close to 0, where the second would trap the sampler.
    """
    deviation = pm.Normal(f"{name}_deviation", 0, 1, shape=participants)
    mean_deviation = deviation.mean()
    scatter = pt.sqrt(((deviation - mean_deviation) ** 2).mean())
    spread = spread_variable(name, scale, scatter if participants >= MANY else None)
    shift = spread * mean_deviation
    if location.name == "Normal":
        mu, sigma = location.as_dict()["mu"], location.as_dict()["sigma"]
        centre = pm.Normal(f"{name}_centre", mu + shift, sigma)
        population_location = pm.Deterministic(f"{name}_location", centre - shift)
    else:
        population_location = location.variable(f"{name}_location")
    return population_location + spread * deviation, population_location


def spread_variable(name: str, scale: Distribution, scatter: Any | None) -> Any:
    """SD of a population, sampled through the SD of its participants where that is given.

    Parameters
    ----------
    name : str
        Prefix of the names of its variables.
    scale : Distribution
        Prior of the SD.
    scatter : scalar variable, optional
        SD of the participants in units of the population's SD.
    """
    if scatter is None or scale.name not in RESCALED:
        return scale.variable(f"{name}_spread")
    arguments = RESCALED[scale.name](scale.as_dict(), scatter)
    spread = getattr(pm, scale.name)(f"{name}_scatter", **arguments) / scatter
    return pm.Deterministic(f"{name}_spread", spread)


def build_model(settings: BayesSettings, setting: Setting, participants: int) -> pm.Model:
    """Build the PyMC model of a method; its data are replaced for every fit.

    Parameters
    ----------
    settings : BayesSettings
        Settings of the method.
    setting : Setting
        Model, task and sizes.
    participants : int
        Participants of the PyMC model: 1 without pooling.

    Notes
    -----
    ``choices``, ``rewards`` and ``starts`` are ``pm.Data`` of shape (participants, trials); under
    full feedback ``rewards_0``, ``rewards_1``... are the outcomes of the arms. With the likelihood
    ``categorical`` the choices are an observed variable ``choice``, so that PyMC can draw prior and
    posterior predictive samples (one step ahead, given the observed history) and compute pointwise
    log-likelihoods. Where there was no response, arm 0 has probability 1, which adds exactly 0.
    """
    with pm.Model() as model:
        data = data_variables(setting, participants)
        prior = _partially_pooled if settings.pooling == "partial" else _unpooled
        add_likelihood(settings, setting, prior(setting, settings, participants), data)
    return model


def data_variables(setting: Setting, rows: int) -> Observations:
    """Observations as ``pm.Data`` of shape (rows, trials), inside a ``pm.Model`` context."""
    learner, blank = setting.learner, np.zeros((rows, setting.trials))
    if learner.full_feedback:
        outcomes = [pm.Data(f"rewards_{k}", blank) for k in range(learner.n_arms)]
        rewards = pt.stack(outcomes, axis=-1)
    else:
        rewards = pm.Data("rewards", blank)
    return Observations(
        choices=pm.Data("choices", blank.astype(np.int64)),
        rewards=rewards,
        starts=pm.Data("starts", blank),
    )


def add_likelihood(
    settings: BayesSettings, setting: Setting, values: Mapping[str, Any], data: Observations
) -> None:
    """Add the likelihood of the choices to a PyMC model, inside its context.

    Parameters
    ----------
    settings : BayesSettings
        Form of the likelihood and engine.
    setting : Setting
        Model and task.
    values : mapping
        Parameters on the natural scale by name, shape (rows,).
    data : Observations
        Variables of `data_variables`.
    """
    learner = setting.learner
    if settings.likelihood == "potential":
        pm.Potential("likelihood", log_likelihood(learner, values, data, settings.engine).sum())
        return
    responded = pt.ge(data.choices, 0)
    arm_0_is_certain = np.where(np.arange(learner.n_arms) == 0, 0.0, -np.inf)
    log_odds = logits(learner, values, data, settings.engine)
    odds = pt.switch(responded[:, :, None], log_odds, arm_0_is_certain)
    nothing = np.zeros(data.choices.get_value().shape, dtype=np.int64)
    observed = pm.Data("observed", nothing)
    pm.Categorical("choice", logit_p=odds, observed=observed)


def data_arrays(data: Observations, likelihood: str) -> dict[str, Any]:
    """Arrays of the observations by name of the model's ``pm.Data``."""
    arrays = {"choices": data.choices, "starts": data.starts}
    if data.rewards.ndim == 3:
        arrays |= {f"rewards_{k}": data.rewards[:, :, k] for k in range(data.rewards.shape[2])}
    else:
        arrays["rewards"] = data.rewards
    if likelihood == "categorical":
        arrays["observed"] = np.maximum(data.choices, 0)
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}
