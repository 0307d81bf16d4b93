"""Bayesian estimation: PyMC models sampled by nutpie's NUTS, compiled once per job."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from arviz_stats.base.array import array_stats
from numpy.typing import NDArray

from rlrecovery.fitting.base import PosteriorDraws, Setting
from rlrecovery.fitting.bayes.loo import leave_one_out
from rlrecovery.fitting.bayes.model import build_model, data_arrays
from rlrecovery.fitting.bayes.nuts import CompiledModel, compile_model, sample
from rlrecovery.fitting.bayes.posterior import SampledPosterior
from rlrecovery.fitting.bayes.settings import BayesSettings, Convergence
from rlrecovery.fitting.bayes.targets import draws_of, variable_of
from rlrecovery.fitting.estimates import Row, Target, failed, one_line, row
from rlrecovery.likelihood.data import Observations
from rlrecovery.simulation.task import Floats
from rlrecovery.storage.files import MACHINE

log = logging.getLogger(__name__)

#: Seconds between log messages within a data set.
MESSAGE_INTERVAL = 15.0


@dataclass(frozen=True)
class Bayes:
    """Fitter of one cell, compiled once.

    Attributes
    ----------
    settings : BayesSettings
        Settings of the method.
    setting : Setting
        Model, task and sizes.
    compiled : CompiledModel
        Model of one participant without pooling, and of all participants otherwise.
    """

    settings: BayesSettings
    setting: Setting
    compiled: CompiledModel

    @classmethod
    def of(cls, settings: BayesSettings, setting: Setting) -> Self:
        """Build and compile the model of a method in a cell."""
        participants = 1 if settings.pooling == "none" else setting.participants
        model = build_model(settings, setting, participants)
        return cls(settings, setting, compile_model(model))

    @property
    def targets(self) -> list[Target]:
        """Participants, group or both, depending on the pooling."""
        return self.settings.targets(self.setting)

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Sample one posterior per participant without pooling, otherwise one joint posterior."""
        if self.settings.pooling != "none":
            return self._fit_one(data, seed, self.targets)
        rows: list[Row] = []
        last_message, participants = time.perf_counter(), self.setting.participants
        for i, alone in enumerate(self._separately(data, seed)):
            if time.perf_counter() - last_message > MESSAGE_INTERVAL:
                last_message = time.perf_counter()
                log.info("%d of %d participants of this data set done", i, participants)
            targets = self.setting.participant_targets(i)
            try:
                rows += self._fit_one(*alone, targets)
            except MACHINE:
                raise
            except Exception as error:
                rows += failed(targets, one_line(error), self.setting.nominal_levels)
        return rows

    def fit_posterior(
        self, data: Observations, seed: np.random.SeedSequence
    ) -> tuple[list[Row], SampledPosterior]:
        """Rows as of `fit`, of a single participant without pooling, and the draws."""
        if self.settings.pooling == "none":
            ((data, seed),) = self._separately(data, seed)
        rows, draws = self._sampled(data, seed, self.targets)
        return rows, SampledPosterior(self.setting, self.settings.pooling, draws)

    def participant_draws(
        self, data: Observations, count: int, seed: np.random.SeedSequence
    ) -> dict[str, Floats]:
        """Draws of all participants' parameters, evenly spaced over all chains."""
        if self.settings.pooling == "none":
            samples = [self.sample(*alone)[0] for alone in self._separately(data, seed)]
        else:
            samples = [self.sample(data, seed)[0]] * self.setting.participants
        chains = [self._of_participant(draws, i) for i, draws in enumerate(samples)]

        def evenly_spaced(name: str) -> Floats:
            """Draws of a parameter, shape (count, participants)."""
            flat = [by_parameter[name].ravel() for by_parameter in chains]
            selected = np.linspace(0, len(flat[0]) - 1, count).round().astype(int)
            return np.stack(flat, axis=1)[selected]

        return {name: evenly_spaced(name) for name in self.setting.model.names}

    def participant_chains(
        self, data: Observations, seed: np.random.SeedSequence, participant: int
    ) -> dict[str, Floats]:
        """Draws of one participant's parameters, as summarised by `fit`."""
        if self.settings.pooling == "none":
            data, seed = list(self._separately(data, seed))[participant]
        return self._of_participant(self.sample(data, seed)[0], participant)

    def posterior_draws(
        self, data: Observations, count: int, seed: np.random.SeedSequence
    ) -> PosteriorDraws:
        """All draws of all chains, as summarised by `fit`."""
        if self.settings.pooling == "none":
            each = [self._sample(*alone) for alone in self._separately(data, seed)]
            values, statistics = (
                {name: np.stack([part[name] for part in parts], axis=-1) for name in parts[0]}
                for parts in zip(*each, strict=True)
            )
        else:
            values, statistics = self._sample(data, seed)
        names = dict.fromkeys(variable_of(t, self.settings.pooling) for t in self.targets)
        return PosteriorDraws({name: values[name] for name in names}, statistics)

    def _separately(
        self, data: Observations, seed: np.random.SeedSequence
    ) -> Iterator[tuple[Observations, np.random.SeedSequence]]:
        """Data and seed of each participant, without pooling."""
        for i, child in enumerate(seed.spawn(self.setting.participants)):
            yield data.rows(slice(i, i + 1)), child

    def _of_participant(self, draws: Mapping[str, Floats], participant: int) -> dict[str, Floats]:
        """Draws of a participant's parameters; with complete pooling those of the group."""
        targets = self.setting.participant_targets(participant)
        return {t.parameter: draws_of(t, draws, self.settings.pooling) for t in targets}

    def _fit_one(
        self, data: Observations, seed: np.random.SeedSequence, targets: list[Target]
    ) -> list[Row]:
        return self._sampled(data, seed, targets)[0]

    def _sampled(
        self, data: Observations, seed: np.random.SeedSequence, targets: list[Target]
    ) -> tuple[list[Row], dict[str, Floats]]:
        """Rows of targets, and the draws that they summarise."""
        started, pooling = time.perf_counter(), self.settings.pooling
        draws, divergences = self.sample(data, seed)
        seconds = time.perf_counter() - started
        facts = self._facts(data, draws, targets)
        rows = [
            posterior_row(
                target,
                draws_of(target, draws, pooling),
                divergences,
                self.settings,
                self.setting.nominal_levels,
                seconds=seconds,
                **facts.get((target.level, target.participant), {}),
            )
            for target in targets
        ]
        return rows, draws

    def _facts(
        self, data: Observations, draws: Mapping[str, Floats], targets: list[Target]
    ) -> dict[tuple[str, int], dict[str, float]]:
        """Number of responses and leave-one-out density, by level and participant."""
        pooling, facts = self.settings.pooling, dict[tuple[str, int], dict[str, float]]()
        for level, i in dict.fromkeys((t.level, t.participant) for t in targets):
            if level == "spread" or (level == "group" and pooling == "partial"):
                continue  # a population has no data of its own
            rows = data.rows(slice(i, i + 1) if pooling == "partial" else slice(None))
            facts[level, i] = {"choices": float((rows.choices >= 0).sum())}
            if self.settings.loo:
                names = self.setting.model.names
                values = [draws_of(Target(level, i, name), draws, pooling) for name in names]
                facts[level, i] |= leave_one_out(
                    self.setting.learner, rows, np.stack(values, axis=-1)
                )
        return facts

    def sample(
        self, data: Observations, seed: np.random.SeedSequence
    ) -> tuple[dict[str, Floats], int]:
        """Sample the posterior of one data set.

        Parameters
        ----------
        data : Observations
            Data of the participants of the compiled model.
        seed : SeedSequence
            Seed of starting points and draws.

        Returns
        -------
        draws : dict of float array, shape (chains, draws, ...)
            By name of the variable.
        divergences : int
            Divergent transitions after warm-up, over all chains.
        """
        draws, statistics = self._sample(data, seed)
        return draws, int(statistics["diverging"].sum())

    def _sample(
        self, data: Observations, seed: np.random.SeedSequence
    ) -> tuple[dict[str, Floats], dict[str, NDArray[Any]]]:
        """Sample the posterior of one data set: draws, and statistics of the sampler."""
        arrays = data_arrays(data, self.settings.likelihood)
        return sample(
            self.compiled.with_data(**arrays),
            chains=self.settings.chains,
            tune=self.settings.tune,
            draws=self.settings.draws,
            target_accept=self.settings.target_accept,
            seed=int(seed.generate_state(1)[0]),
        )


def posterior_row(
    target: Target,
    draws: Floats,
    divergences: int,
    settings: BayesSettings,
    levels: tuple[float, ...],
    **facts: float,
) -> Row:
    """Summarise a marginal posterior: point, SD, equal-tailed intervals and diagnostics.

    Parameters
    ----------
    target : Target
        The drawn quantity.
    draws : float array, shape (chains, draws)
        Posterior draws, natural scale.
    divergences : int
        Divergent transitions of the whole posterior.
    settings : BayesSettings
        Point estimate and convergence criteria.
    levels : tuple of float
        Nominal levels of the intervals.
    **facts
        Further columns.
    """
    flat = draws.ravel()
    tails = [[(1 - level) / 2, (1 + level) / 2] for level in levels]
    ends = np.quantile(flat, tails)
    rhat = float(array_stats.rhat(draws))
    ess_bulk = float(array_stats.ess(draws, method="bulk"))
    ess_tail = float(array_stats.ess(draws, method="tail", prob=(0.05, 0.95)))
    reason = failed_criteria(settings.convergence, rhat, ess_bulk, ess_tail, divergences)
    point = np.median(flat) if settings.point == "median" else flat.mean()
    return row(
        target,
        float(point),
        float(flat.std(ddof=1)),
        {level: (float(a), float(b)) for level, (a, b) in zip(levels, ends, strict=True)},
        status="not_converged" if reason else "ok",
        reason=reason,
        converged=not reason,
        rhat=rhat,
        ess_bulk=ess_bulk,
        ess_tail=ess_tail,
        divergences=float(divergences),
        **facts,
    )


def failed_criteria(
    criteria: Convergence, rhat: float, ess_bulk: float, ess_tail: float, divergences: int
) -> str:
    """List the convergence criteria that are not met; empty if all are met. NaN fails."""
    is_met = {
        "R-hat": rhat <= criteria.rhat,
        "bulk ESS": ess_bulk >= criteria.ess_bulk,
        "tail ESS": ess_tail >= criteria.ess_tail,
        "divergences": divergences <= criteria.divergences,
    }
    names = [name for name, met in is_met.items() if not met]
    return f"criteria not met: {', '.join(names)}" if names else ""
