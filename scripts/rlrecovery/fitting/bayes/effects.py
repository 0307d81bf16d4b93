"""Joint analysis of effects by NUTS: posteriors of differences and correlations, Bayes factors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from arviz_stats.base.array import array_stats

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.bayes.effect_density import (
    NormalLikelihood,
    likelihood_of_condition,
    likelihood_of_group,
    log_density_at_0,
    log_density_of_no_correlation,
)
from rlrecovery.fitting.bayes.effect_model import (
    COVARIATE_DATA,
    Layout,
    build_effect_model,
    covariate_table,
    effect_variable,
)
from rlrecovery.fitting.bayes.fitter import failed_criteria
from rlrecovery.fitting.bayes.model import data_arrays
from rlrecovery.fitting.bayes.nuts import CompiledModel, compile_model, sample
from rlrecovery.fitting.bayes.settings import BayesSettings, Convergence
from rlrecovery.fitting.effects import Effect, EffectModel, EffectPosterior, standardised
from rlrecovery.likelihood.data import Observations
from rlrecovery.simulation.task import Floats


@dataclass(frozen=True)
class BayesEffects:
    """Joint analysis of the data sets of one cell, compiled once.

    Attributes
    ----------
    settings : BayesSettings
        Settings of the method, with partial pooling.
    setting : Setting
        Model, task and sizes.
    model : EffectModel
        Groups, sessions and effects.
    compiled : CompiledModel
        The PyMC model of all sessions.
    """

    settings: BayesSettings
    setting: Setting
    model: EffectModel
    compiled: CompiledModel

    @classmethod
    def of(cls, settings: BayesSettings, setting: Setting, model: EffectModel) -> Self:
        """Build and compile the model of a method in a cell."""
        compiled = compile_model(build_effect_model(settings, setting, model))
        return cls(settings, setting, model, compiled)

    def fit(
        self, data: Observations, covariate: Floats | None, seed: np.random.SeedSequence
    ) -> list[EffectPosterior]:
        """Sample the joint posterior and summarise each effect; see `EffectFitter`."""
        arrays = data_arrays(data, self.settings.likelihood)
        scaled = np.empty(0)
        if "covariate" in self.model.kinds:
            scaled = standardised(covariate)
            arrays[COVARIATE_DATA] = covariate_table(self.model, scaled, data.choices.shape[1])
        draws, statistics = sample(
            self.compiled.with_data(**arrays),
            chains=self.settings.chains,
            tune=self.settings.tune,
            draws=self.settings.draws,
            target_accept=self.settings.target_accept,
            seed=int(seed.generate_state(1)[0]),
        )
        divergences = int(statistics["diverging"].sum())
        sampled = Sampled(self.settings, self.model, draws, scaled)
        return [
            effect_posterior(
                draws[effect_variable(effect)],
                log_bayes_factor(effect, sampled),
                divergences,
                self.settings.convergence,
            )
            for effect in self.model.effects
        ]


@dataclass(frozen=True)
class Sampled:
    """Draws of a joint analysis.

    Attributes
    ----------
    settings : BayesSettings
        Priors of the parameters.
    model : EffectModel
        Groups, sessions and effects.
    draws : mapping of float array, shape (chains, draws, ...)
        By variable of the PyMC model.
    covariate : float array, shape (participants,)
        Standardised covariate; empty if it has no effect.
    """

    settings: BayesSettings
    model: EffectModel
    draws: Mapping[str, Floats]
    covariate: Floats

    def of(self, name: str) -> Floats:
        """Draws of a variable, all chains one after the other; shape (draws, ...)."""
        draws = self.draws[name]
        return draws.reshape(-1, *draws.shape[2:])


def log_bayes_factor(effect: Effect, sampled: Sampled) -> float:
    """Natural logarithm of the Bayes factor for an effect, by the Savage-Dickey density ratio."""
    if effect.kind == "covariate":
        return math.log(0.5) - log_density_at_0(_conditional_of_correlation(effect, sampled))
    prior = sampled.model.prior
    lower, upper = prior.support()
    if not lower <= 0 <= upper:
        return math.nan
    likelihood_of = _of_group if effect.kind == "group" else _of_condition
    at_0 = log_density_at_0(likelihood_of(effect, sampled).log_density_at_0(prior))
    return float(prior.log_density(np.zeros(()))) - at_0


def _of_group(effect: Effect, sampled: Sampled) -> NormalLikelihood:
    """Likelihood of the difference of a group, given participants' values, SDs and correlation."""
    name, layout = effect.parameter, Layout.of(sampled.model, effect.parameter)
    levels = list(layout.members)[1:]
    spread, values = _spreads(name, sampled), sampled.of(f"{name}_real")
    if layout.has_covariate:
        r = sampled.of(f"{name}_covariate_0")[:, None]
        values = values - r * spread * sampled.covariate
        spread = spread * np.sqrt(1 - r**2)
    return likelihood_of_group(
        values,
        spread**2,
        layout.location_of_participant(),
        levels.index(effect.index) + 1,
        (sampled.settings.population_prior(name)[0], sampled.model.prior),
        _locations(name, levels, sampled),
    )


def _locations(name: str, levels: list[int], sampled: Sampled) -> Floats:
    """Draws of the location of the reference and of the groups' differences."""
    differences = [sampled.of(f"{name}_group_{level}") for level in levels]
    return np.stack([sampled.of(f"{name}_location"), *differences], axis=1)


def _spreads(name: str, sampled: Sampled) -> Floats:
    """SD of the population of each participant, shape (draws, participants)."""
    spread = sampled.of(f"{name}_spread")
    if sampled.model.own_spreads:
        return spread[:, sampled.model.group]
    return np.repeat(spread[:, None], len(sampled.model.group), axis=1)


def _of_condition(effect: Effect, sampled: Sampled) -> NormalLikelihood:
    """Likelihood of the difference of a condition, given participants' values and their SD."""
    name, layout = effect.parameter, Layout.of(sampled.model, effect.parameter)
    participants = layout.participant[layout.sessions[effect.index]]
    reference = sampled.of(f"{name}_real")[:, participants]
    differences = sampled.of(f"{name}_real_{effect.index}") - reference
    return likelihood_of_condition(differences, sampled.of(f"{effect_variable(effect)}_spread"))


def _conditional_of_correlation(effect: Effect, sampled: Sampled) -> Floats:
    """Log-density at 0 of the correlation, given participants' values, locations and SDs."""
    name, layout = effect.parameter, Layout.of(sampled.model, effect.parameter)
    locations = _locations(name, list(layout.members)[1:], sampled)
    locations[:, 1:] += locations[:, :1]
    location = locations[:, layout.location_of_participant()]
    deviations = (sampled.of(f"{name}_real") - location) / _spreads(name, sampled)
    return log_density_of_no_correlation(deviations, sampled.covariate)


def effect_posterior(
    draws: Floats, log_bayes_factor: float, divergences: int, criteria: Convergence
) -> EffectPosterior:
    """Summarise the draws of an effect.

    Parameters
    ----------
    draws : float array, shape (chains, draws)
        Posterior draws.
    log_bayes_factor : float
        Of the effect against its absence.
    divergences : int
        Divergent transitions of the whole posterior.
    criteria : Convergence
        Convergence criteria.
    """
    values = np.sort(draws, axis=None)
    rhat = float(array_stats.rhat(draws))
    ess_bulk = float(array_stats.ess(draws, method="bulk"))
    ess_tail = float(array_stats.ess(draws, method="tail", prob=(0.05, 0.95)))
    reason = failed_criteria(criteria, rhat, ess_bulk, ess_tail, divergences)
    return EffectPosterior(
        mean=float(values.mean()),
        sd=float(values.std(ddof=1)),
        values=values,
        below=(np.arange(len(values)) + 0.5) / len(values),
        log_bayes_factor=log_bayes_factor,
        status="not_converged" if reason else "ok",
        reason=reason,
    )
