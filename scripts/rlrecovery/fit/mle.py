"""Maximum likelihood, participant by participant, and the two-step group estimate.

Each participant is fitted on the unconstrained scale within explicit bounds: a coarse grid finds
where to start, Newton's method climbs with exact gradients, and L-BFGS-B goes on where it stops
short of a peak. Standard errors come from the curvature of
the log-likelihood on the unconstrained scale (Wald) and are carried to the natural scale:
intervals by their ends, standard errors by the delta method. Intervals end at the bounds of their
parameter: no estimate can lie beyond, and where the log-likelihood is nearly flat an end would
otherwise be astronomically far away. Coverage of truths within the bounds is not changed by that;
bias-eliminated coverage can be, where truth plus bias lies beyond a bound.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage, optimize, special

from rlrecovery.fit.base import NAN, Row, Setting, Target, failed, row, sentence
from rlrecovery.fit.newton import Batch, Place, climb, look
from rlrecovery.likelihood.scan import Evaluator, Observations, value_and_gradient
from rlrecovery.models.library import TRANSFORMS, Model, Parameter
from rlrecovery.simulate.task import Floats
from rlrecovery.storage.files import MACHINE

#: A bound at the end of a support is infinitely far away on the unconstrained scale; the search
#: stops this far from it on the natural scale, and such an estimate counts as at the bound.
EDGE = 1e-4

#: How near to the end of the searched range counts as at the bound (unconstrained scale).
AT_BOUND = 1e-3

#: The grid of starts covers at most this much of the unconstrained scale on either side of 0:
#: alpha from 0.007 to 0.993, beta from 0.007 to 148.
GRID_REACH = 5.0

#: Starts are more than so many points of the grid apart, along one parameter at least.
APART = 1

#: Largest projected gradient per unconstrained unit at which a maximum counts as found. With
#: log-likelihoods of about 100 and curvatures of about 1 it is an error of 0.001 in the estimate.
GRADIENT_TOLERANCE = 1e-3

#: How often L-BFGS-B is begun at most where a search is short of a peak: its memory of the
#: curvature may mislead it.
SEARCHES = 10

#: A Wald interval of this many standard errors that spans the whole searched range says that the
#: data do not identify the parameter (95 %).
SPAN = 1.96


@dataclass(frozen=True)
class Maximum:
    """The maximum of one participant's log-likelihood.

    Attributes
    ----------
    point : float array, shape (parameters,)
        Estimates on the unconstrained scale.
    se : float array, shape (parameters,)
        Wald standard errors on the unconstrained scale; NaN where a parameter is at a bound or the
        log-likelihood has no peak.
    end : int array, shape (parameters,)
        -1 or 1 where the estimate is at the lower or upper end of the searched range, else 0.
    log_likelihood : float
        At the maximum.
    converged : bool
        Whether the gradient vanishes there, other than across a bound.
    """

    point: Floats
    se: Floats
    end: np.ndarray[Any, np.dtype[np.int_]]
    log_likelihood: float
    converged: bool

    @property
    def at_bound(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Where the estimate is at an end of the searched range."""
        return self.end != 0


@dataclass(frozen=True)
class MaximumLikelihood:
    """Fitter of one cell.

    Attributes
    ----------
    setting : Setting
        What is known before data.
    box : float array, shape (parameters, 2)
        Searched range on the unconstrained scale.
    limits : dict of tuple
        Bounds on the natural scale, by parameter.
    grid, starts : int
        Grid points per parameter, and from how many of them a search begins at most.
    points : float array, shape (grid ** parameters, parameters)
        The grid, on the unconstrained scale.
    group_scale : str
        Scale on which participants are averaged, ``unconstrained`` or ``natural``.
    evaluate : callable
        ``(data, unconstrained points) -> (log-likelihoods, gradients)``, one row per point.
    """

    setting: Setting
    box: Floats
    limits: Mapping[str, tuple[float, float]]
    grid: int
    points: Floats
    starts: int
    group_scale: str
    evaluate: Evaluator

    @classmethod
    def of(cls, method: Mapping[str, Any], setting: Setting) -> MaximumLikelihood:
        """Fitter of a method in a cell."""
        known = (setting.model, setting.n_arms, setting.start_value, method["engine"], setting.full)
        box = search_box(setting.model, method["bounds"])
        return cls(
            setting=setting,
            box=box,
            limits={name: tuple(ends) for name, ends in method["bounds"].items()},
            grid=method["grid"],
            points=grid_points(box, method["grid"]),
            starts=method["starts"],
            group_scale=method["group_scale"],
            evaluate=on_real_line(setting.model, value_and_gradient(*known)),
        )

    @property
    def targets(self) -> list[Target]:
        """Every participant and the group."""
        return [*self.setting.each_participant(), *self.setting.whole("group")]

    def fit(self, data: Observations, seed: np.random.SeedSequence) -> list[Row]:
        """Fit each participant, then average; nothing here is random."""
        started, rows = time.perf_counter(), []
        maxima: list[Maximum | None] = []
        for i in range(self.setting.participants):
            begin, choices = time.perf_counter(), int((data.choices[i] >= 0).sum())
            mine = [("participant", i, name) for name in self.setting.model.names]
            try:
                if not choices:
                    raise ValueError("without any response nothing can be estimated")
                maximum = self.maximise(data.rows(slice(i, i + 1)))
                rows += self._rows(i, maximum, choices, time.perf_counter() - begin)
                maxima.append(maximum)
            except MACHINE:
                raise
            except Exception as error:
                rows += failed(
                    mine, sentence(error), self.setting.levels, time.perf_counter() - begin
                )
                maxima.append(None)
        return rows + self._group(maxima, time.perf_counter() - started)

    def maximise(self, data: Observations) -> Maximum:
        """Global maximum of one participant's log-likelihood.

        Parameters
        ----------
        data : Observations
            One participant: arrays of shape (1, trials).
        """
        function = functools.partial(self.evaluate, data)
        searches = [self._search(function, start) for start in self._starting_points(data)]
        finite = [found for found in searches if np.isfinite(found.value)]
        if not finite:
            raise FloatingPointError("no search ended at a finite log-likelihood")
        best = max(finite, key=lambda found: found.value)
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

    def _search(self, function: Batch, start: Floats) -> Place:
        """A local maximum; where Newton's method stops short of one, L-BFGS-B goes on."""
        found = climb(function, start, self.box)
        for _ in range(SEARCHES):
            if not np.isfinite(found.value) or found.slope(self.box) < GRADIENT_TOLERANCE:
                break
            further = optimize.minimize(
                cost, found.point, (function,), method="L-BFGS-B", jac=True, bounds=self.box,
                options={"ftol": 1e-14, "gtol": 1e-7, "maxiter": 500, "maxls": 50},
            )  # fmt: skip
            found = look(function, further.x)
        return found

    def _starting_points(self, data: Observations) -> list[Floats]:
        """The best peaks of a coarse grid, and then the best points that are apart from them.

        A narrow peak may lie between the points of the grid, on the slope of another one.
        """
        # A kernel of values alone would be faster here, but slower to load than it saves.
        values, _ = self.evaluate(data, self.points)
        if not np.isfinite(values).any():
            raise FloatingPointError("the log-likelihood is not finite anywhere on the grid")
        values = np.nan_to_num(values, nan=-np.inf)
        table = values.reshape([self.grid] * self.points.shape[1])
        peaks = ndimage.maximum_filter(table, size=3, mode="nearest") == table
        left, chosen = np.isfinite(table), []
        while len(chosen) < self.starts and left.any():
            among = left & peaks if (left & peaks).any() else left
            best = int(np.where(among, table, -np.inf).argmax())
            place = np.unravel_index(best, table.shape)
            left[tuple(slice(max(i - APART, 0), i + APART + 1) for i in place)] = False
            chosen.append(best)
        return list(self.points[chosen])

    def _rows(self, participant: int, maximum: Maximum, choices: int, seconds: float) -> list[Row]:
        rows = []
        for j, parameter in enumerate(self.setting.model.parameters):
            status, reason = judge(maximum, j, parameter, self.box[j])
            rows.append(
                wald_row(
                    ("participant", participant, parameter.name),
                    parameter, maximum.point[j], maximum.se[j], self.setting.levels,
                    self.limits[parameter.name],
                    status=status, reason=reason, seconds=seconds,
                    at_bound=bool(maximum.at_bound[j]), converged=maximum.converged,
                    log_likelihood=maximum.log_likelihood, choices=float(choices),
                )
            )  # fmt: skip
        return rows

    def _group(self, maxima: list[Maximum | None], seconds: float) -> list[Row]:
        """Two-step estimate: mean of the participants' estimates with its t interval."""
        usable, levels = [m for m in maxima if m is not None], self.setting.levels
        if not usable:
            reason = "no participant could be fitted"
            return failed(self.setting.whole("group"), reason, levels, seconds)
        rows = []
        for j, parameter in enumerate(self.setting.model.parameters):
            points = np.array([m.point[j] for m in usable])
            status, reason = judge_group(usable, j, len(maxima), parameter)
            flags = {
                "status": status, "reason": reason, "seconds": seconds,
                "at_bound": any(bool(m.at_bound[j]) for m in usable),
                "converged": len(usable) == len(maxima) and all(m.converged for m in usable),
            }  # fmt: skip
            target, limits = ("group", -1, parameter.name), self.limits[parameter.name]
            rows.append(
                mean_row(target, parameter, points, self.group_scale, levels, limits, flags)
            )
        return rows


def cost(point: Floats, function: Batch) -> tuple[float, Floats]:
    """Minus a function and its gradient at one point."""
    values, gradients = function(point[None])
    return -float(values[0]), -gradients[0]


def standard_errors(peak: Place, free: Any) -> Floats:
    """Wald standard errors of the free parameters, the others held at their bounds."""
    se = np.full(len(peak.point), NAN)
    if not free.any():
        return se
    information = peak.curvature[np.ix_(free, free)]
    if np.linalg.eigvalsh(information).min() > 0:
        se[free] = np.sqrt(np.diag(np.linalg.inv(information)))
    return se


def search_box(model: Model, bounds: Mapping[str, Any]) -> Floats:
    """Searched range of each parameter on the unconstrained scale, shape (parameters, 2)."""
    box = []
    for parameter in model.parameters:
        (lower, upper), (least, most) = bounds[parameter.name], parameter.support
        box.append(parameter.to_real(np.array([max(lower, least + EDGE), min(upper, most - EDGE)])))
    return np.array(box)


def grid_points(box: Floats, size: int) -> Floats:
    """All points of a grid of `size` per parameter within the searched range."""
    inner = np.clip(box, -GRID_REACH, GRID_REACH)
    axes = [np.linspace(lower, upper, size) for lower, upper in inner]
    return np.array(list(itertools.product(*axes)))


def on_real_line(model: Model, natural: Evaluator) -> Evaluator:
    """Value and gradient with respect to unconstrained parameters, by the chain rule."""
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


def judge(maximum: Maximum, j: int, parameter: Parameter, box: Floats) -> tuple[str, str]:
    """Status and reason of a participant's estimate."""
    if not maximum.converged:
        return "not_converged", "the search stopped before the gradient vanished"
    if maximum.at_bound[j]:
        end = "lower" if maximum.end[j] < 0 else "upper"
        return "at_bound", f"{parameter.name} is at its {end} bound"
    if np.isnan(maximum.se[j]):
        return "no_interval", "the log-likelihood has no peak: no standard error"
    reach = SPAN * maximum.se[j]
    if maximum.point[j] - reach <= box[0] and maximum.point[j] + reach >= box[1]:
        return "not_identified", f"the 95 % interval of {parameter.name} spans all allowed values"
    return "ok", ""


def judge_group(
    usable: list[Maximum], j: int, participants: int, parameter: Parameter
) -> tuple[str, str]:
    """Status and reason of a two-step group estimate."""
    lost, stopped = participants - len(usable), sum(not m.converged for m in usable)
    if lost:
        return "not_converged", f"{lost} of {participants} participants' fits are missing"
    if stopped:
        return "not_converged", f"{stopped} of {participants} participants' searches stopped early"
    hits = sum(bool(m.at_bound[j]) for m in usable)
    if hits:
        return "at_bound", f"{parameter.name} is at a bound in some participants"
    if len(usable) < 2:
        return "no_interval", "a mean of one participant has no standard error"
    return "ok", ""


def within(ends: Any, limits: tuple[float, float]) -> tuple[float, float]:
    """Ends of an interval, cut off at the bounds of its parameter; NaN stays NaN."""
    lower, upper = np.clip(ends, *limits)
    return float(lower), float(upper)


def wald_row(
    target: Target,
    parameter: Parameter,
    point: float,
    se: float,
    levels: Any,
    limits: tuple[float, float],
    **flags: Any,
) -> Row:
    """Row of an estimate with its unconstrained standard error."""
    natural, ends = float(parameter.to_natural(point)), {}
    for level in levels:
        reach = special.ndtri((1 + level) / 2) * se
        ends[level] = carried(parameter, np.array([point - reach, point + reach]), limits)
    return row(target, natural, float(parameter.slope(natural) * se), ends, **flags)


def carried(parameter: Parameter, ends: Floats, limits: tuple[float, float]) -> tuple[float, float]:
    """An interval on the unconstrained scale, on the natural one and within its bounds."""
    with np.errstate(over="ignore"):  # an end beyond the largest number is cut off like any other
        return within(parameter.to_natural(ends), limits)


def mean_row(
    target: Target,
    parameter: Parameter,
    points: Floats,
    scale: str,
    levels: Any,
    limits: tuple[float, float],
    flags: dict[str, Any],
) -> Row:
    """Group row: the mean of unconstrained estimates with its t interval.

    Parameters
    ----------
    points : float array, shape (participants,)
        Estimates on the unconstrained scale.
    scale : str
        On which the mean is taken, ``unconstrained`` (then carried to the natural one) or
        ``natural``.
    """
    count, natural = len(points), scale == "natural"
    values = parameter.to_natural(points) if natural else points
    mean = float(values.mean())
    se = float(values.std(ddof=1) / np.sqrt(count)) if count > 1 else NAN
    ends = {}
    for level in levels:
        reach = special.stdtrit(max(count - 1, 1), (1 + level) / 2) * se
        pair = np.array([mean - reach, mean + reach])
        ends[level] = within(pair, limits) if natural else carried(parameter, pair, limits)
    if not natural:
        mean = float(parameter.to_natural(mean))
        se = float(parameter.slope(mean) * se)
    return row(target, mean, se, ends, **flags)
