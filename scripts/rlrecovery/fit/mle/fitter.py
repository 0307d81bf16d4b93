"""Maximum likelihood for each participant, and the two-step group estimate.

Each participant is fitted on the unconstrained scale within explicit bounds. A coarse grid provides
starting points, Newton's method maximises with exact gradients, and L-BFGS-B continues where
Newton's method stops before a maximum. Standard errors come from the curvature of the
log-likelihood on the unconstrained scale (Wald) and are transformed to the natural scale: intervals
by their ends, standard errors by the delta method. Intervals are truncated at the bounds, because
estimates cannot lie beyond them and the interval of a nearly flat log-likelihood would otherwise be
extremely wide. This does not change the coverage of true values within the bounds, but can
change bias-eliminated coverage where the true value plus the bias lies beyond a bound.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import ndimage, optimize

from rlrecovery.fit.base import Setting
from rlrecovery.fit.estimates import NAN, WHOLE, Row, Target, failed, one_line
from rlrecovery.fit.mle.newton import Function, Point, evaluate_at, maximise
from rlrecovery.fit.mle.rows import Maximum, judge, judge_group, mean_row, wald_row
from rlrecovery.fit.mle.settings import MleSettings
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.scan import Evaluator, value_and_gradient
from rlrecovery.models.base import TRANSFORMS, Model, Parameter
from rlrecovery.simulate.task import Floats
from rlrecovery.storage.files import MACHINE

#: A bound at the end of the support is infinitely far away on the unconstrained scale. The search
#: stops at this distance from it on the natural scale, and such an estimate counts as at the bound.
EDGE = 1e-4

#: An estimate is at the bound within this distance of an end of the search range (unconstrained
#: scale); see `Maximum.end`.
AT_BOUND = 1e-3

#: The grid of starting points covers at most this range of the unconstrained scale around 0:
#: alpha from 0.007 to 0.993, beta from 0.007 to 148.
GRID_REACH = 5.0

#: Starting points are more than this number of grid steps apart along at least one parameter.
APART = 1

#: Largest projected gradient per unconstrained unit of a converged search. With curvatures of about
#: 1 it corresponds to an error of 0.001 in the estimate.
GRADIENT_TOLERANCE = 1e-3

#: Largest number of restarts of L-BFGS-B, whose approximation of the curvature may be poor.
MAX_RESTARTS = 10


@dataclass(frozen=True)
class MaximumLikelihood:
    """Fitter of one cell.

    Attributes
    ----------
    settings : MleSettings
        Settings of the method.
    setting : Setting
        Model, task and sizes.
    box : float array, shape (parameters, 2)
        Search range on the unconstrained scale.
    points : float array, shape (grid ** parameters, parameters)
        The grid of starting points, on the unconstrained scale.
    evaluate : callable
        ``(data, unconstrained points) -> (log-likelihoods, gradients)``, one row per point.
    """

    settings: MleSettings
    setting: Setting
    box: Floats
    points: Floats
    evaluate: Evaluator

    @classmethod
    def of(cls, settings: MleSettings, setting: Setting) -> Self:
        """Make the fitter of a method in a cell."""
        box = search_box(setting.model, settings.bounds)
        natural = value_and_gradient(setting.learner, settings.engine)
        return cls(
            settings=settings,
            setting=setting,
            box=box,
            points=grid_points(box, settings.grid),
            evaluate=on_real_line(setting.model, natural),
        )

    @property
    def targets(self) -> list[Target]:
        """Every participant and the group."""
        return [*self.setting.each_participant(), *self.setting.whole("group")]

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Fit each participant, then average; the seed is not used."""
        started, rows = time.perf_counter(), []
        maxima: list[Maximum | None] = []
        for i in range(self.setting.participants):
            begin, choices = time.perf_counter(), int((data.choices[i] >= 0).sum())
            try:
                if not choices:
                    raise ValueError("without any response nothing can be estimated")
                maximum = self.maximise(data.rows(slice(i, i + 1)))
                rows += self._rows(i, maximum, choices, time.perf_counter() - begin)
                maxima.append(maximum)
            except MACHINE:
                raise
            except Exception as error:
                seconds = time.perf_counter() - begin
                targets = self.setting.participant_targets(i)
                rows += failed(targets, one_line(error), self.setting.nominal_levels, seconds)
                maxima.append(None)
        return rows + self._group(maxima, time.perf_counter() - started)

    def maximise(self, data: Observations) -> Maximum:
        """Find the global maximum of one participant's log-likelihood.

        Parameters
        ----------
        data : Observations
            One participant: arrays of shape (1, trials).
        """
        function = functools.partial(self.evaluate, data)
        searches = [self._search(function, start) for start in self._starting_points(data)]
        finite = [result for result in searches if np.isfinite(result.value)]
        if not finite:
            raise FloatingPointError("no search ended at a finite log-likelihood")
        best = max(finite, key=lambda result: result.value)
        lower, upper = self.box.T
        low, high = best.point - lower < AT_BOUND, upper - best.point < AT_BOUND
        end = np.where(low, -1, np.where(high, 1, 0))
        return Maximum(
            point=best.point,
            se=standard_errors(best, end == 0),
            end=end,
            log_likelihood=best.value,
            converged=best.slope(self.box) < GRADIENT_TOLERANCE,
        )

    def _search(self, function: Function, start: Floats) -> Point:
        """Find a local maximum by Newton's method, continued by L-BFGS-B if necessary."""
        result = maximise(function, start, self.box)
        for _ in range(MAX_RESTARTS):
            if not np.isfinite(result.value) or result.slope(self.box) < GRADIENT_TOLERANCE:
                break
            further = optimize.minimize(
                negative,
                result.point,
                (function,),
                method="L-BFGS-B",
                jac=True,
                bounds=self.box,
                options={"ftol": 1e-14, "gtol": 1e-7, "maxiter": 500, "maxls": 50},
            )
            result = evaluate_at(function, further.x)
        return result

    def _starting_points(self, data: Observations) -> list[Floats]:
        """Select the highest peaks of a coarse grid, then the highest points apart from them.

        A narrow peak may lie between the points of the grid, on the side of another peak.
        """
        # A kernel without gradients would be faster, but takes longer to load than it saves.
        values, _ = self.evaluate(data, self.points)
        if not np.isfinite(values).any():
            raise FloatingPointError("the log-likelihood is not finite anywhere on the grid")
        values = np.nan_to_num(values, nan=-np.inf)
        table = values.reshape([self.settings.grid] * self.points.shape[1])
        peaks = ndimage.maximum_filter(table, size=3, mode="nearest") == table
        available = np.isfinite(table)
        chosen: list[int] = []
        while len(chosen) < self.settings.starts and available.any():
            candidates = available & peaks if (available & peaks).any() else available
            best = int(np.where(candidates, table, -np.inf).argmax())
            index = np.unravel_index(best, table.shape)
            available[tuple(slice(max(i - APART, 0), i + APART + 1) for i in index)] = False
            chosen.append(best)
        return list(self.points[chosen])

    def _rows(self, participant: int, maximum: Maximum, choices: int, seconds: float) -> list[Row]:
        rows = []
        for j, parameter in enumerate(self.setting.model.parameters):
            status, reason = judge(maximum, j, parameter, self.box[j])
            rows.append(
                wald_row(
                    Target("participant", participant, parameter.name),
                    parameter,
                    maximum.point[j],
                    maximum.se[j],
                    self.setting.nominal_levels,
                    self._bounds(parameter),
                    status=status,
                    reason=reason,
                    seconds=seconds,
                    at_bound=bool(maximum.at_bound[j]),
                    converged=maximum.converged,
                    log_likelihood=maximum.log_likelihood,
                    choices=float(choices),
                )
            )
        return rows

    def _bounds(self, parameter: Parameter) -> tuple[float, float]:
        lower, upper = self.settings.bounds[parameter.name]
        return lower, upper

    def _group(self, maxima: list[Maximum | None], seconds: float) -> list[Row]:
        """Compute the two-step estimate: mean of the participants' estimates with a t interval."""
        usable, levels = [m for m in maxima if m is not None], self.setting.nominal_levels
        if not usable:
            reason = "no participant could be fitted"
            return failed(self.setting.whole("group"), reason, levels, seconds)
        rows = []
        for j, parameter in enumerate(self.setting.model.parameters):
            points = np.array([m.point[j] for m in usable])
            status, reason = judge_group(usable, j, len(maxima), parameter)
            rows.append(
                mean_row(
                    Target("group", WHOLE, parameter.name),
                    parameter,
                    points,
                    self.settings.group_scale,
                    levels,
                    self._bounds(parameter),
                    status=status,
                    reason=reason,
                    seconds=seconds,
                    at_bound=any(bool(m.at_bound[j]) for m in usable),
                    converged=len(usable) == len(maxima) and all(m.converged for m in usable),
                )
            )
        return rows


def negative(point: Floats, function: Function) -> tuple[float, Floats]:
    """Negative of a function and of its gradient at one point."""
    values, gradients = function(point[None])
    return -float(values[0]), -gradients[0]


def standard_errors(peak: Point, free: Any) -> Floats:
    """Compute Wald standard errors of the free parameters, with the others at their bounds."""
    se = np.full(len(peak.point), NAN)
    if not free.any():
        return se
    information = peak.curvature[np.ix_(free, free)]
    if np.linalg.eigvalsh(information).min() > 0:
        se[free] = np.sqrt(np.diag(np.linalg.inv(information)))
    return se


def search_box(model: Model, bounds: Mapping[str, tuple[float, ...]]) -> Floats:
    """Search range of each parameter on the unconstrained scale, shape (parameters, 2)."""
    box = []
    for parameter in model.parameters:
        (lower, upper), (smallest, largest) = bounds[parameter.name], parameter.support
        ends = [max(lower, smallest + EDGE), min(upper, largest - EDGE)]
        box.append(parameter.to_real(np.array(ends)))
    return np.array(box)


def grid_points(box: Floats, size: int) -> Floats:
    """All points of a grid with `size` points per parameter within the search range."""
    inner = np.clip(box, -GRID_REACH, GRID_REACH)
    axes = [np.linspace(lower, upper, size) for lower, upper in inner]
    return np.array(list(itertools.product(*axes)))


def on_real_line(model: Model, natural: Evaluator) -> Evaluator:
    """Convert an evaluator to unconstrained parameters, by the chain rule."""
    transforms = [TRANSFORMS[parameter.transform] for parameter in model.parameters]

    def evaluate(data: Observations, points: Floats) -> tuple[Floats, Floats]:
        """Values (points,) and gradients (points, parameters)."""
        theta, slopes = np.empty(points.shape), np.empty(points.shape)
        for j, transform in enumerate(transforms):
            theta[:, j] = transform.to_natural(points[:, j])
            slopes[:, j] = transform.slope(theta[:, j])
        value, gradient = natural(data, theta)
        return value, gradient * slopes

    return evaluate
