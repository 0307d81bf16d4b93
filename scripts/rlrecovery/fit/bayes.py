"""Bayesian estimation: PyMC models sampled by nutpie's NUTS, compiled once per job.

Three poolings of participants share one likelihood. ``none`` fits each participant alone;
``partial`` gives each parameter a population location and SD on the unconstrained scale, the
participants' deviations being non-centred (Betancourt & Girolami 2015, arXiv:1312.0906), with
location and SD drawn by way of the participants' mean and SD;
``complete`` gives all participants one value.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from arviz_stats.base import array_stats

from rlrecovery.fit.base import NAN, Row, Setting, Target, failed, row, sentence
from rlrecovery.fit.nuts import CompiledModel, compile_model, sample
from rlrecovery.likelihood.compiled import compiled_pointwise
from rlrecovery.likelihood.scan import TO_NATURAL, Observations, log_likelihood, logits
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulate.task import Floats
from rlrecovery.storage.files import MACHINE

log = logging.getLogger(__name__)

#: Seconds between two lines of progress inside a data set.
PROGRESS_EVERY = 15.0

#: From this number of participants on, a population's SD is sampled by way of the participants'.
MANY = 8

#: From a family to its arguments when the variable is multiplied by a positive number.
RESCALED: dict[str, Callable[[Mapping[str, float], Any], dict[str, Any]]] = {
    "Exponential": lambda given, by: {"lam": given["lam"] / by},
    "Gamma": lambda given, by: {"alpha": given["alpha"], "beta": given["beta"] / by},
    "HalfNormal": lambda given, by: {"sigma": given["sigma"] * by},
    "LogNormal": lambda given, by: {"mu": given["mu"] + pt.log(by), "sigma": given["sigma"]},
}


def _unpooled(setting: Setting, priors: Mapping[str, Any], people: int) -> dict[str, Any]:
    """One value per parameter that all participants of the model share, shape (people,)."""
    ones = np.ones(people)
    return {
        parameter.name: Distribution.described(priors[parameter.name]).variable(parameter.name)
        * ones
        for parameter in setting.model.parameters
    }


def _partially_pooled(setting: Setting, priors: Mapping[str, Any], people: int) -> dict[str, Any]:
    """Participants' values around a population's location, shape (people,)."""
    values = {}
    for parameter in setting.model.parameters:
        name, to_natural = parameter.name, TO_NATURAL[parameter.transform]
        real, location = _population(name, priors[name], people)
        pm.Deterministic(f"{name}_group", to_natural(location))
        values[name] = pm.Deterministic(name, to_natural(real))
    return values


def _population(name: str, prior: Mapping[str, Any], people: int) -> tuple[Any, Any]:
    """Participants' unconstrained values and their population's location.

    The non-centred form draws location, SD and everyone's deviation in units of the SD. The more
    participants there are, the better the data know the mean and the SD of their values, and the
    worse a sampler moves in terms of the population's own: a location can change only together
    with all deviations. So the location is drawn by way of the participants' mean, and the SD by
    way of their SD. Both are exact changes of variables of the same model, given the deviations: a
    shift of the one, a rescaling of the other. With few participants their SD may come near 0,
    where the second would be a trap.
    """
    location, scale = (Distribution.described(prior[part]) for part in ("location", "scale"))
    deviation = pm.Normal(f"{name}_deviation", 0, 1, shape=people)
    middle = deviation.mean()
    if people >= MANY and scale.name in RESCALED:
        scatter = pt.sqrt(((deviation - middle) ** 2).mean())
        arguments = RESCALED[scale.name](scale.as_dict(), scatter)
        spread = getattr(pm, scale.name)(f"{name}_scatter", **arguments) / scatter
        spread = pm.Deterministic(f"{name}_spread", spread)
    else:
        spread = scale.variable(f"{name}_spread")
    shift = spread * middle
    if location.name == "Normal":
        at, sigma = location.as_dict()["mu"], location.as_dict()["sigma"]
        centre = pm.Normal(f"{name}_centre", at + shift, sigma)
        place = pm.Deterministic(f"{name}_location", centre - shift)
    else:
        place = location.variable(f"{name}_location")
    return place + spread * deviation, place


def build_model(method: Mapping[str, Any], setting: Setting, people: int) -> pm.Model:
    """PyMC model of a method; its data are replaced, never rebuilt.

    Parameters
    ----------
    method : mapping
        An entry of the config's ``methods`` with estimator ``bayes``.
    setting : Setting
        Model, task and sizes.
    people : int
        Participants that the model holds: 1 without pooling.

    Notes
    -----
    ``choices``, ``rewards`` and ``starts`` are ``pm.Data`` of shape (people, trials); where
    feedback is full, ``rewards_0``, ``rewards_1``... are the outcomes of the arms. With the
    likelihood ``categorical`` the choices are an observed variable ``choice``, so that prior and
    posterior predictive draws (one step ahead, given the observed history) and the pointwise
    log-likelihood come from PyMC itself; where no response was given, arm 0 is certain, which
    adds exactly nothing.
    """
    blank = np.zeros((people, setting.trials))
    with pm.Model() as model:
        if setting.full:
            outcomes = [pm.Data(f"rewards_{k}", blank) for k in range(setting.n_arms)]
            rewards = pt.stack(outcomes, axis=-1)
        else:
            rewards = pm.Data("rewards", blank)
        data = Observations(
            choices=pm.Data("choices", blank.astype(np.int64)),
            rewards=rewards,
            starts=pm.Data("starts", blank),
        )
        make = _partially_pooled if method["pooling"] == "partial" else _unpooled
        values = make(setting, method["priors"], people)
        known = (setting.model, values, data, setting.n_arms, setting.start_value, method["engine"])
        if method["likelihood"] == "potential":
            pm.Potential("likelihood", log_likelihood(*known).sum())
        else:
            responded = pt.ge(data.choices, 0)
            certain = np.where(np.arange(setting.n_arms) == 0, 0.0, -np.inf)
            odds = pt.switch(responded[:, :, None], logits(*known), certain)
            observed = pm.Data("observed", blank.astype(np.int64))
            pm.Categorical("choice", logit_p=odds, observed=observed)
    return model


def data_of(data: Observations, likelihood: str) -> dict[str, Any]:
    """Observations under the names of a model's ``pm.Data``."""
    named = {"choices": data.choices, "starts": data.starts}
    if data.rewards.ndim == 3:
        named |= {f"rewards_{k}": data.rewards[:, :, k] for k in range(data.rewards.shape[2])}
    else:
        named["rewards"] = data.rewards
    if likelihood == "categorical":
        named["observed"] = np.maximum(data.choices, 0)
    return {name: np.ascontiguousarray(array) for name, array in named.items()}


@dataclass(frozen=True)
class Bayes:
    """Fitter of one cell, compiled once.

    Attributes
    ----------
    method : mapping
        An entry of the config's ``methods``.
    setting : Setting
        What is known before data.
    compiled : CompiledModel
        Of one participant without pooling, of all participants otherwise.
    """

    method: Mapping[str, Any]
    setting: Setting
    compiled: CompiledModel

    @classmethod
    def of(cls, method: Mapping[str, Any], setting: Setting) -> Bayes:
        """Build and compile the model of a method in a cell."""
        people = 1 if method["pooling"] == "none" else setting.participants
        model = build_model(method, setting, people)
        return cls(method, setting, compile_model(model))

    @property
    def targets(self) -> list[Target]:
        """Participants, group or both, as the pooling has them."""
        people, group = self.setting.each_participant(), self.setting.whole("group")
        match self.method["pooling"]:
            case "none":
                return people
            case "complete":
                return group
        return [*people, *group, *self.setting.whole("spread")]

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Sample one posterior per participant, or one for all."""
        if self.method["pooling"] != "none":
            return self._fit_one(data, seed, self.targets)
        rows, told, people = [], time.perf_counter(), self.setting.participants
        for i, child in enumerate(seed.spawn(people)):
            if time.perf_counter() - told > PROGRESS_EVERY:
                told = time.perf_counter()
                log.info("%d of %d participants of this data set done", i, people)
            mine = [("participant", i, name) for name in self.setting.model.names]
            try:
                rows += self._fit_one(data.rows(slice(i, i + 1)), child, mine)
            except MACHINE:
                raise
            except Exception as error:
                rows += failed(mine, sentence(error), self.setting.levels)
        return rows

    def _fit_one(
        self, data: Observations, seed: np.random.SeedSequence, targets: list[Target]
    ) -> list[Row]:
        started, pooling = time.perf_counter(), self.method["pooling"]
        draws, divergences = self.sample(data, seed)
        seconds = time.perf_counter() - started
        about = self._predicted(data, draws, targets)
        return [
            posterior_row(
                target, draws_of(target, draws, pooling), divergences,
                self.method, self.setting.levels,
                seconds=seconds, **about.get(target[:2], {}),
            )
            for target in targets
        ]  # fmt: skip

    def _predicted(
        self, data: Observations, draws: Mapping[str, Floats], targets: list[Target]
    ) -> dict[tuple[str, int], dict[str, float]]:
        """Responses and leave-one-out density, by level and participant; the spread has none."""
        pooling, found = self.method["pooling"], {}
        for level, i in dict.fromkeys(target[:2] for target in targets):
            if level == "spread" or (level == "group" and pooling == "partial"):
                continue
            rows = slice(i, i + 1) if pooling == "partial" else slice(None)
            mine = data.rows(rows)
            found[level, i] = {"choices": float((mine.choices >= 0).sum())}
            if self.method.get("loo"):
                values = [draws_of((level, i, n), draws, pooling) for n in self.setting.model.names]
                found[level, i] |= left_out(self.setting, mine, np.stack(values, axis=-1))
        return found

    def sample(
        self, data: Observations, seed: np.random.SeedSequence
    ) -> tuple[dict[str, Floats], int]:
        """Posterior draws of one data set.

        Parameters
        ----------
        data : Observations
            As many participants as the compiled model holds.
        seed : SeedSequence
            Decides starting points and draws.

        Returns
        -------
        draws : dict of float array, shape (chains, draws, ...)
            By name of the variable.
        divergences : int
            Divergent transitions after warm-up, over all chains.
        """
        arrays = data_of(data, self.method["likelihood"])
        keys = ("chains", "tune", "draws", "target_accept")
        return sample(
            self.compiled.with_data(**arrays),
            **{key: self.method[key] for key in keys},
            seed=int(seed.generate_state(1)[0]),
        )


def left_out(setting: Setting, data: Observations, draws: Floats) -> dict[str, float]:
    """Expected log predictive density of single choices, each left out in turn.

    By Pareto-smoothed importance sampling (Vehtari, Gelman & Gabry 2017, Statistics and Computing
    27:1413), as ArviZ has it. A choice is predicted from the choices before it, whose effect on
    hidden state stays; what is left out is its own weight in the posterior.

    Parameters
    ----------
    setting : Setting
        Model and task.
    data : Observations
        The participants who share the draws.
    draws : float array, shape (chains, draws, parameters)
        Posterior draws, natural scale.

    Returns
    -------
    dict
        ``elpd_loo`` and ``pareto_k``, the largest over choices.
    """
    function = compiled_pointwise(setting.model, setting.n_arms, setting.start_value, setting.full)
    theta = np.ascontiguousarray(draws.reshape(-1, draws.shape[-1]))
    ess = [float(array_stats.ess(draws[:, :, j], method="mean")) for j in range(draws.shape[2])]
    efficiency = float(np.clip(np.nanmean([*ess, np.nan]) / len(theta), 1e-3, 1.0))
    total, worst = 0.0, -np.inf
    for i in range(len(data.choices)):
        mine = data.rows(slice(i, i + 1))
        arrays = map(np.ascontiguousarray, (mine.choices, mine.rewards, mine.starts))
        pointwise = function(*arrays, theta)[:, mine.choices[0] >= 0]
        # A choice whose probability no parameter changes, as the first, is predicted as it is.
        known = np.ptp(pointwise, axis=0) < 1e-10
        total += float(pointwise[0, known].sum())
        if not known.all():
            table = pointwise[:, ~known].T.reshape(-1, *draws.shape[:2])
            density, k, _ = array_stats.loo(table, r_eff=efficiency)
            total, worst = total + float(np.sum(density)), max(worst, float(np.max(k)))
    return {"elpd_loo": total, "pareto_k": worst if np.isfinite(worst) else NAN}


def variable_of(target: Target, pooling: str) -> str:
    """Name of the variable of the PyMC model that a target is read from."""
    level, _, name = target
    return f"{name}_{level}" if pooling == "partial" and level != "participant" else name


def draws_of(target: Target, draws: Mapping[str, Floats], pooling: str) -> Floats:
    """Draws of one target, natural scale, shape (chains, draws)."""
    level, participant, _ = target
    found = draws[variable_of(target, pooling)]
    return found[:, :, participant] if pooling == "partial" and level == "participant" else found


def posterior_row(
    target: Target,
    draws: Floats,
    divergences: int,
    method: Mapping[str, Any],
    levels: tuple[float, ...],
    **about: float,
) -> Row:
    """Summary of one marginal posterior: point, SD, equal-tailed intervals, diagnostics."""
    flat = draws.ravel()
    tails = [[(1 - level) / 2, (1 + level) / 2] for level in levels]
    ends = np.quantile(flat, tails)
    rhat = float(array_stats.rhat(draws))
    ess_bulk = float(array_stats.ess(draws, method="bulk"))
    ess_tail = float(array_stats.ess(draws, method="tail", prob=(0.05, 0.95)))
    reason = complaints(method["convergence"], rhat, ess_bulk, ess_tail, divergences)
    point = np.median(flat) if method["point"] == "median" else flat.mean()
    return row(
        target, float(point), float(flat.std(ddof=1)),
        {level: (float(a), float(b)) for level, (a, b) in zip(levels, ends, strict=True)},
        status="not_converged" if reason else "ok", reason=reason, converged=not reason,
        rhat=rhat, ess_bulk=ess_bulk, ess_tail=ess_tail, divergences=float(divergences), **about,
    )  # fmt: skip


def complaints(
    criteria: Mapping[str, float], rhat: float, ess_bulk: float, ess_tail: float, divergences: int
) -> str:
    """Names of the convergence criteria that fail; empty where all hold. NaN fails."""
    held = {
        "R-hat": rhat <= criteria["rhat"],
        "bulk ESS": ess_bulk >= criteria["ess_bulk"],
        "tail ESS": ess_tail >= criteria["ess_tail"],
        "divergences": divergences <= criteria["divergences"],
    }
    bad = [name for name, good in held.items() if not good]
    return f"criteria not met: {', '.join(bad)}" if bad else ""
