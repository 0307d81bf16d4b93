"""Rows of estimates from maxima: Wald intervals, and the two-step group estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from rlrecovery.fit.estimates import NAN, Row, Target, row
from rlrecovery.models.base import Parameter
from rlrecovery.simulate.task import Floats

#: Half-width, in standard errors, of the 95 % Wald interval. If it spans the search range, the
#: parameter is flagged ``not_identified``.
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
        curvature is not positive definite.
    end : int array, shape (parameters,)
        -1 or 1 where the estimate is at the lower or upper end of the search range, else 0; set by
        `rlrecovery.fit.mle.fitter` (``AT_BOUND``).
    log_likelihood : float
        Log-likelihood at the maximum.
    converged : bool
        Whether the projected gradient is near 0 there.
    """

    point: Floats
    se: Floats
    end: np.ndarray[Any, np.dtype[np.int_]]
    log_likelihood: float
    converged: bool

    @property
    def at_bound(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each estimate is at an end of the search range."""
        return self.end != 0


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
    failures, stopped = participants - len(usable), sum(not m.converged for m in usable)
    if failures:
        return "not_converged", f"{failures} of {participants} participants' fits are missing"
    if stopped:
        return "not_converged", f"{stopped} of {participants} participants' searches stopped early"
    hits = sum(bool(m.at_bound[j]) for m in usable)
    if hits:
        return "at_bound", f"{parameter.name} is at a bound in some participants"
    if len(usable) < 2:
        return "no_interval", "a mean of one participant has no standard error"
    return "ok", ""


def truncated(ends: Any, limits: tuple[float, float]) -> tuple[float, float]:
    """Truncate the ends of an interval at the bounds of its parameter; NaN stays NaN."""
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
    """Make the row of an estimate from its standard error on the unconstrained scale."""
    natural, ends = float(parameter.to_natural(point)), {}
    for level in levels:
        reach = special.ndtri((1 + level) / 2) * se
        ends[level] = transformed(parameter, np.array([point - reach, point + reach]), limits)
    return row(target, natural, float(parameter.slope(natural) * se), ends, **flags)


def transformed(
    parameter: Parameter, ends: Floats, limits: tuple[float, float]
) -> tuple[float, float]:
    """Transform an interval from the unconstrained to the natural scale, within its bounds."""
    with np.errstate(over="ignore"):  # an end beyond the largest number is truncated as well
        return truncated(parameter.to_natural(ends), limits)


def mean_row(
    target: Target,
    parameter: Parameter,
    points: Floats,
    scale: str,
    levels: Any,
    limits: tuple[float, float],
    **flags: Any,
) -> Row:
    """Make the row of the group: the mean of the estimates with a t interval.

    Parameters
    ----------
    points : float array, shape (participants,)
        Estimates on the unconstrained scale.
    scale : str
        Scale on which the mean is computed: ``unconstrained`` or ``natural``.
    """
    count, natural = len(points), scale == "natural"
    values = parameter.to_natural(points) if natural else points
    mean = float(values.mean())
    se = float(values.std(ddof=1) / np.sqrt(count)) if count > 1 else NAN
    ends = {}
    for level in levels:
        reach = special.stdtrit(max(count - 1, 1), (1 + level) / 2) * se
        pair = np.array([mean - reach, mean + reach])
        ends[level] = truncated(pair, limits) if natural else transformed(parameter, pair, limits)
    if not natural:
        mean = float(parameter.to_natural(mean))
        se = float(parameter.slope(mean) * se)
    return row(target, mean, se, ends, **flags)
