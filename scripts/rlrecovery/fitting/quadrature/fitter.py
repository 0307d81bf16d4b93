"""The exact posterior of each participant, of all together, or of a hierarchical model.

For models with up to three free parameters. A grid over the unconstrained scale is moved to the
region of high density, and then refined until dropping every second node no longer changes the
results. There is no Monte Carlo error, and the error of the grid is reported. Priors and likelihood
are those of `rlrecovery.fitting.bayes`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from rlrecovery.fitting.base import Posterior, PosteriorDraws, Setting
from rlrecovery.fitting.estimates import Row, Target, failed, one_line, row
from rlrecovery.fitting.quadrature import hierarchical
from rlrecovery.fitting.quadrature.adaptive import density, locate
from rlrecovery.fitting.quadrature.grid import Axis, Grid, combinations
from rlrecovery.fitting.quadrature.loo import leave_one_out
from rlrecovery.fitting.quadrature.posterior import GridPosterior, HierarchicalPosterior
from rlrecovery.fitting.quadrature.settings import FIRST_NODES, QuadratureSettings
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import Evaluator, values_only
from rlrecovery.simulation.task import Floats
from rlrecovery.storage.files import MACHINE

#: Nodes per axis of the coarse grids that locate the mass.
LOOK_NODES = 17

#: Tolerated difference between the grid and the grid of every second node, in posterior SDs.
TOLERANCE = 0.03

#: Largest total number of nodes; refining doubles the number per axis.
MAX_NODES = 1_500_000


@dataclass(frozen=True)
class Quadrature:
    """Fitter of one cell.

    Attributes
    ----------
    settings : QuadratureSettings
        Settings of the method.
    setting : Setting
        Model, task and sizes.
    values : callable
        ``(data, natural points) -> log-likelihoods``.
    """

    settings: QuadratureSettings
    setting: Setting
    values: Evaluator

    @classmethod
    def of(cls, settings: QuadratureSettings, setting: Setting) -> Self:
        """Make the fitter of a method in a cell."""
        return cls(settings, setting, values_only(setting.learner, settings.engine))

    @property
    def targets(self) -> list[Target]:
        """Participants, group or both, depending on the pooling."""
        return self.settings.targets(self.setting)

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Integrate the posterior; the seed is not used."""
        match self.settings.pooling:
            case "partial":
                return self._fit_population(data)[0]
            case "complete":
                return self._fit_grid(data, self.targets)[0]
        rows: list[Row] = []
        for i in range(self.setting.participants):
            started, targets = time.perf_counter(), self.setting.participant_targets(i)
            try:
                rows += self._fit_grid(data.rows(slice(i, i + 1)), targets)[0]
            except MACHINE:
                raise
            except Exception as failure:
                seconds = time.perf_counter() - started
                rows += failed(targets, one_line(failure), self.setting.nominal_levels, seconds)
        return rows

    def fit_posterior(
        self, data: Observations, seed: np.random.SeedSequence
    ) -> tuple[list[Row], Posterior]:
        """Rows as of `fit`, of a single participant without pooling, and the posterior."""
        model, participants = self.setting.model, len(data.choices)
        if self.settings.pooling == "partial":
            rows, population = self._fit_population(data)
            return rows, HierarchicalPosterior(model, population)
        if self.settings.pooling == "none" and participants != 1:
            raise ValueError(f"without pooling, the data are those of {participants} participants")
        rows, grid = self._fit_grid(data, self.targets)
        return rows, GridPosterior(model, participants, grid)

    def participant_draws(
        self, data: Observations, count: int, seed: np.random.SeedSequence
    ) -> dict[str, Floats]:
        """Draws of each participant's parameters."""
        participants = self.setting.participants
        match self.settings.pooling:
            case "partial":
                rng = np.random.default_rng(seed)
                posterior, _, _ = self.hierarchy().integrate(data, self.setting.nominal_levels)
                draws = posterior.draws(count, rng)
            case "complete":
                grid, _, _ = self.integrate(data)
                drawn = grid.draws(count, np.random.default_rng(seed))
                draws = np.repeat(drawn[:, None], participants, axis=1)
            case "none":
                by_participant = []
                for i, child in enumerate(seed.spawn(participants)):
                    grid, _, _ = self.integrate(data.rows(slice(i, i + 1)))
                    by_participant.append(grid.draws(count, np.random.default_rng(child)))
                draws = np.stack(by_participant, axis=1)
        return {name: draws[..., j] for j, name in enumerate(self.setting.model.names)}

    def posterior_draws(
        self, data: Observations, count: int, seed: np.random.SeedSequence
    ) -> PosteriorDraws:
        """Independent draws, as one chain."""
        if self.settings.pooling == "none":
            draws = self.participant_draws(data, count, seed)
            return PosteriorDraws({name: values[None] for name, values in draws.items()}, {})
        rng, names = np.random.default_rng(seed), self.setting.model.names
        if self.settings.pooling == "complete":
            drawn = self.integrate(data)[0].draws(count, rng)
            values = {name: drawn[:, j] for j, name in enumerate(names)}
        else:
            posterior, _, _ = self.hierarchy().integrate(data, self.setting.nominal_levels)
            participants, locations, spreads = posterior.joint_draws(count, rng)
            values = {}
            for j, name in enumerate(names):
                values |= {
                    name: participants[..., j],
                    f"{name}_group": locations[:, j],
                    f"{name}_spread": spreads[:, j],
                }
        return PosteriorDraws({name: array[None] for name, array in values.items()}, {})

    def integrate(self, data: Observations) -> tuple[Grid, Floats, float]:
        """Integrate the posterior of participants with the same parameters.

        Parameters
        ----------
        data : Observations
            Arrays of shape (participants, trials); one participant without pooling.

        Returns
        -------
        grid : Grid
            The final grid.
        summaries : float array, shape (parameters, numbers)
            See `Grid.summaries`.
        error : float
            Largest difference between that grid and the grid of every second node in any mean, SD,
            median or interval end, in posterior SDs. The error of the full grid is smaller by a
            factor of at least 16 (the order of a cubic spline).
        """
        log_likelihood = partial(self._log_likelihood, data)
        names = self.setting.model.names
        axes = [Axis.of(name, self.settings.own_prior(name)) for name in names]
        located, region = locate(log_likelihood, axes, LOOK_NODES)
        size = FIRST_NODES
        while True:
            grid = density(log_likelihood, located, region, [size] * len(axes))
            levels = self.setting.nominal_levels
            whole, half = grid.summaries(levels), grid.halved().summaries(levels)
            error = float((np.abs(whole - half) / whole[:, 1:2]).max())
            finer = 2 * size - 1
            if error <= TOLERANCE or finer ** len(axes) > MAX_NODES:
                return grid, whole, error
            size = finer

    def hierarchy(self) -> hierarchical.Hierarchy:
        """The hierarchical model, with partial pooling."""
        model = self.setting.model
        priors = [self.settings.population_prior(name) for name in model.names]
        return hierarchical.Hierarchy.of(model, self.values, priors)

    def _log_likelihood(self, data: Observations, natural: Sequence[Floats]) -> Floats:
        """Log-likelihood of all participants together on a grid of parameters."""
        points = combinations(natural)
        rows = (data.rows(slice(i, i + 1)) for i in range(len(data.choices)))
        values: Floats = sum(self.values(row, points) for row in rows)
        return values.reshape([len(nodes) for nodes in natural])

    def _fit_grid(self, data: Observations, targets: list[Target]) -> tuple[list[Row], Grid]:
        started = time.perf_counter()
        grid, summaries, error = self.integrate(data)
        facts = {
            "log_evidence": grid.log_evidence(),
            "choices": float((data.choices >= 0).sum()),
            "seconds": time.perf_counter() - started,
        }
        if self.settings.loo:
            facts["elpd_loo"] = leave_one_out(self.setting.learner, data, *grid.points())
        errors = [error] * len(targets)
        rows = self._rows(targets, summaries, errors, TOLERANCE, [facts] * len(targets))
        return rows, grid

    def _fit_population(
        self, data: Observations
    ) -> tuple[list[Row], hierarchical.PopulationPosterior]:
        started = time.perf_counter()
        hierarchy, levels = self.hierarchy(), self.setting.nominal_levels
        posterior, summaries, errors = hierarchy.integrate(data, levels)
        own_facts = []
        for i in range(self.setting.participants):
            own = data.rows(slice(i, i + 1))
            facts = {"choices": float((own.choices >= 0).sum())}
            if self.settings.loo:
                points = posterior.participant_points(i)
                facts["elpd_loo"] = leave_one_out(self.setting.learner, own, *points)
            own_facts.append(facts)
        whole = {"log_evidence": posterior.grid.log_evidence()}
        seconds = {"seconds": time.perf_counter() - started}
        by_target = [
            (own_facts[t.participant] if t.level == "participant" else whole) | seconds
            for t in self.targets
        ]
        rows = self._rows(
            self.targets, summaries, errors.tolist(), hierarchical.TOLERANCE, by_target
        )
        return rows, posterior

    def _rows(
        self,
        targets: Sequence[Target],
        summaries: Floats,
        errors: Sequence[float],
        tolerance: float,
        facts: Sequence[dict[str, float]],
    ) -> list[Row]:
        """Make the rows of targets from `Marginal.summary`, errors and further columns of each."""
        rows, levels = [], self.setting.nominal_levels
        for target, summary, error, more in zip(targets, summaries, errors, facts, strict=True):
            mean, sd, median, *ends = (float(number) for number in summary)
            intervals, converged = zip(ends[::2], ends[1::2], strict=True), error <= tolerance
            rows.append(
                row(
                    target,
                    median if self.settings.point == "median" else mean,
                    sd,
                    dict(zip(levels, intervals, strict=True)),
                    status="ok" if converged else "not_converged",
                    reason="" if converged else f"two grids differ by {error:.2g} posterior SDs",
                    converged=converged,
                    grid_error=error,
                    **more,
                )
            )
        return rows
