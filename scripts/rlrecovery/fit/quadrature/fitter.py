"""The exact posterior of each participant, by summation over a grid.

For models with up to three free parameters. A grid over the unconstrained scale is first moved to
the region of high density, and then refined until dropping every second node no longer changes the
results. Nodes are dense around the mode and exponentially sparse in the tails, which may be as long
as those of the prior. After this change of variables the density vanishes at both ends, and plain
sums converge faster than any power of the step (Takahasi & Mori 1974, Publ. RIMS 9:721; Trefethen &
Weideman 2014, SIAM Review 56:385). There is no Monte Carlo error, and the error of the grid is
reported.

Priors and likelihood are those of `rlrecovery.fit.bayes` without pooling.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

import numpy as np

from rlrecovery.fit.base import Setting
from rlrecovery.fit.estimates import Row, Target, failed, one_line, row
from rlrecovery.fit.quadrature.grid import Axis, Grid
from rlrecovery.fit.quadrature.settings import FIRST_NODES, QuadratureSettings
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.scan import Evaluator, values_only
from rlrecovery.simulate.task import Floats
from rlrecovery.storage.files import MACHINE

#: Coarse grids that locate the mass: nodes per axis; largest difference of the log-density from its
#: maximum for a node to be part of the mass; largest number of such grids.
LOOK_NODES, LOOK_DEPTH, LOOKS = 17, 35.0, 12

#: The same difference for the final grid: the density at its ends is 1e-9 of the highest.
DEPTH = 21.0

#: The same difference for the ends of the first coarse grid. They are moved outwards if the density
#: there is higher, because the mass is then far in the tail of the prior.
REACH = 13.0

#: Tolerated difference between the grid and the grid of every second node, in posterior SDs. The
#: error of the full grid is smaller by a factor of at least 16 (the order of a cubic spline).
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
    axes : tuple of Axis
        The parameters with their priors.
    values : callable
        ``(data, natural points) -> log-likelihoods``.
    """

    settings: QuadratureSettings
    setting: Setting
    axes: tuple[Axis, ...]
    values: Evaluator

    @classmethod
    def of(cls, settings: QuadratureSettings, setting: Setting) -> Self:
        """Make the fitter of a method in a cell."""
        priors = {name: settings.priors[name].distribution_object() for name in setting.model.names}
        return cls(
            settings=settings,
            setting=setting,
            axes=tuple(Axis.of(name, prior) for name, prior in priors.items()),
            values=values_only(setting.learner, settings.engine),
        )

    @property
    def targets(self) -> list[Target]:
        """Every participant."""
        return self.setting.each_participant()

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Integrate the posterior of each participant; the seed is not used."""
        rows: list[Row] = []
        for i in range(self.setting.participants):
            started = time.perf_counter()
            targets = self.setting.participant_targets(i)
            try:
                grid, error = self.integrate(data.rows(slice(i, i + 1)))
                choices = float((data.choices[i] >= 0).sum())
                seconds = time.perf_counter() - started
                rows += self._rows(targets, grid, error, choices=choices, seconds=seconds)
            except MACHINE:
                raise
            except Exception as failure:
                seconds = time.perf_counter() - started
                rows += failed(targets, one_line(failure), self.setting.nominal_levels, seconds)
        return rows

    def participant_draws(
        self, data: Observations, count: int, seed: np.random.SeedSequence
    ) -> dict[str, Floats]:
        """Draws of each participant's parameters."""
        draws = []
        for i, child in enumerate(seed.spawn(self.setting.participants)):
            grid, _ = self.integrate(data.rows(slice(i, i + 1)))
            draws.append(grid.draws(count, np.random.default_rng(child)))
        by_parameter = np.stack(draws, axis=1).transpose(2, 0, 1)
        return dict(zip(self.setting.model.names, by_parameter, strict=True))

    def integrate(self, data: Observations) -> tuple[Grid, float]:
        """Integrate the posterior of one participant.

        Parameters
        ----------
        data : Observations
            One participant: arrays of shape (1, trials).

        Returns
        -------
        grid : Grid
            The final grid.
        error : float
            Largest difference between that grid and the grid of every second node in any mean, SD,
            median or interval end, in posterior SDs. The error of the full grid is far smaller.
        """
        axes, region = self.locate(data)
        size = FIRST_NODES
        while True:
            grid, levels = self.grid(data, axes, region, size), self.setting.nominal_levels
            whole, half = grid.summaries(levels), grid.halved().summaries(levels)
            error = float((np.abs(whole - half) / whole[:, 1:2]).max())
            finer = 2 * size - 1
            if error <= TOLERANCE or finer ** len(axes) > MAX_NODES:
                return grid, error
            size = finer

    def locate(self, data: Observations) -> tuple[tuple[Axis, ...], list[tuple[float, float]]]:
        """Find axes whose nodes are dense where the mass is, and the region that contains it.

        Grids on the real line are narrowed to the mass; its quartiles define the axes.
        """
        grid = self.first_look(data)
        for _ in range(LOOKS):
            before, region = grid.ends(), grid.region(LOOK_DEPTH)
            shrunk = max((b - a) / (d - c) for (a, b), (c, d) in zip(region, before, strict=True))
            if shrunk > 0.7:
                break
            grid = self.grid(data, self.axes, region, LOOK_NODES)
        axes, line = [], []
        for marginal, ends in zip(grid.marginals(), region, strict=True):
            first, median, third = marginal.axis_quantiles(np.array([0.25, 0.5, 0.75]))
            axes.append(marginal.axis.around(median, third - first))
            low, high = (float(np.arcsinh((e - median) / (third - first))) for e in ends)
            line.append((low, high))
        return tuple(axes), self.grid(data, tuple(axes), line, LOOK_NODES).region(DEPTH)

    def first_look(self, data: Observations) -> Grid:
        """Find a grid on the real line that contains virtually all mass.

        Its ends are far in the tails of the prior, and further out if the data contradict the
        prior.
        """
        region = [axis.ends() for axis in self.axes]
        for _ in range(LOOKS):
            grid = self.grid(data, self.axes, region, LOOK_NODES)
            region = grid.widened(REACH)
            if region == grid.ends():
                break
        return grid

    def grid(
        self,
        data: Observations,
        axes: tuple[Axis, ...],
        region: list[tuple[float, float]],
        size: int,
    ) -> Grid:
        """Compute the posterior on `size` nodes per axis within a region."""
        nodes = [np.linspace(*ends, size) for ends in region]
        natural = [axis.natural(y) for axis, y in zip(axes, nodes, strict=True)]
        points = np.stack([a.ravel() for a in np.meshgrid(*natural, indexing="ij")], axis=1)
        density = self.values(data, points).reshape([size] * len(nodes))
        for k, (axis, y, value) in enumerate(zip(axes, nodes, natural, strict=True)):
            prior = axis.prior.log_density(value) + axis.log_slope(y)
            shape = [-1 if i == k else 1 for i in range(len(nodes))]
            density = density + prior.reshape(shape)
        # The prior density may be infinite at a node that rounds to an end of the support.
        density = np.where(density < np.inf, density, -np.inf)
        if not np.isfinite(density.max()):
            raise FloatingPointError("the posterior density is not finite anywhere on the grid")
        return Grid(axes, nodes, density)

    def _rows(self, targets: list[Target], grid: Grid, error: float, **facts: float) -> list[Row]:
        rows, converged, evidence = [], error <= TOLERANCE, grid.log_evidence()
        summaries = grid.summaries(self.setting.nominal_levels)
        reason = "" if converged else f"two grids differ by {error:.2g} posterior SDs"
        for target, summary in zip(targets, summaries, strict=True):
            mean, sd, median, *ends = (float(number) for number in summary)
            pairs = zip(ends[::2], ends[1::2], strict=True)
            rows.append(
                row(
                    target,
                    median if self.settings.point == "median" else mean,
                    sd,
                    dict(zip(self.setting.nominal_levels, pairs, strict=True)),
                    status="ok" if converged else "not_converged",
                    reason=reason,
                    converged=converged,
                    grid_error=error,
                    log_evidence=evidence,
                    **facts,
                )
            )
        return rows
