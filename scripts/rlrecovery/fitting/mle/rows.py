"""Rows of estimates from maxima: their intervals, and the two-step group estimate."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from rlrecovery.fitting.estimates import NAN, Row, Target, row
from rlrecovery.fitting.mle.profile_interval import Interval
from rlrecovery.models.base import Parameter
from rlrecovery.simulation.task import Floats

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
        `rlrecovery.fitting.mle.fitter` (``AT_BOUND``).
    log_likelihood : float
        Log-likelihood at the maximum.
    converged : bool
        Whether the projected gradient is near 0 there.
    choices : int
        Number of the participant's choices.
    intervals : list of Interval, optional
        Profile-likelihood or bootstrap intervals of each parameter; None for Wald intervals.
    """

    point: Floats
    se: Floats
    end: np.ndarray[Any, np.dtype[np.int_]]
    log_likelihood: float
    converged: bool
    choices: int
    intervals: list[Interval] | None = None

    @property
    def at_bound(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Whether each estimate is at an end of the search range."""
        return self.end != 0

    def columns(self) -> dict[str, Any]:
        """Columns of a row that are the same for all parameters."""
        return {
            "log_likelihood": self.log_likelihood,
            "converged": self.converged,
            "choices": float(self.choices),
        }


def judge(maximum: Maximum, j: int, parameter: Parameter, box: Floats) -> tuple[str, str]:
    """Status and reason of a participant's estimate."""
    if not maximum.converged:
        return "not_converged", "the search stopped before the gradient vanished"
    if maximum.end[j]:
        end = "lower" if maximum.end[j] < 0 else "upper"
        return "at_bound", f"{parameter.name} is at its {end} bound"
    if maximum.intervals is None and np.isnan(maximum.se[j]):
        return "no_interval", "the log-likelihood has no peak: no standard error"
    if _spans(maximum, j, box):
        return "not_identified", f"the 95 % interval of {parameter.name} spans all allowed values"
    return "ok", ""


def _spans(maximum: Maximum, j: int, box: Floats) -> bool:
    """Whether the 95 % interval covers the search range, whatever the nominal levels are."""
    if maximum.intervals is not None:
        return maximum.intervals[j].spans
    reach = SPAN * maximum.se[j]
    return bool(maximum.point[j] - reach <= box[0] and maximum.point[j] + reach >= box[1])


def judge_group(
    usable: list[Maximum], j: int, participants: int, parameter: Parameter
) -> tuple[str, str]:
    """Status and reason of a two-step group estimate."""
    failures, stopped = participants - len(usable), sum(not m.converged for m in usable)
    if failures:
        return "not_converged", f"{failures} of {participants} participants' fits are missing"
    if stopped:
        return "not_converged", f"{stopped} of {participants} participants' searches stopped early"
    hits = sum(bool(m.end[j]) for m in usable)
    if hits:
        return "at_bound", f"{parameter.name} is at a bound in some participants"
    if len(usable) < 2:
        return "no_interval", "a mean of one participant has no standard error"
    return "ok", ""


def transformed(parameter: Parameter, ends: Floats, limits: tuple[float, float]) -> Floats:
    """Transform ends of intervals to the natural scale, truncated at the bounds; NaN stays NaN."""
    with np.errstate(over="ignore"):  # an end beyond the largest number is truncated as well
        return np.clip(parameter.to_natural(ends), *limits)


@functools.cache
def _normal_quantile(level: float) -> float:
    """Half-width of an interval in standard errors."""
    return float(special.ndtri((1 + level) / 2))


@functools.cache
def _t_quantile(level: float, df: int) -> float:
    """The same from the t distribution."""
    return float(special.stdtrit(df, (1 + level) / 2))


def participant_rows(
    maxima: Sequence[tuple[int, Maximum]],
    j: int,
    parameter: Parameter,
    box: Floats,
    levels: Iterable[float],
    limits: tuple[float, float],
) -> list[Row]:
    """Make the rows of one parameter: estimates and intervals.

    Parameters
    ----------
    maxima : sequence of (int, Maximum)
        Index and maximum of each participant.
    j, parameter : int, Parameter
        The parameter and its position.
    box : float array, shape (2,)
        Its search range on the unconstrained scale.
    levels : iterable of float
        Nominal levels of the intervals.
    limits : tuple of float
        Its bounds on the natural scale.
    """
    points = np.array([maximum.point[j] for _, maximum in maxima])
    se = np.array([maximum.se[j] for _, maximum in maxima])
    natural = parameter.to_natural(points)
    levels = tuple(levels)
    wald = _wald_ends(points, se, parameter, levels, limits)
    natural_se = (parameter.slope(natural) * se).tolist()
    rows = []
    for i, (participant, maximum) in enumerate(maxima):
        status, reason = judge(maximum, j, parameter, box)
        flags = {"status": status, "reason": reason, "at_bound": bool(maximum.end[j])}
        ends = wald[i]
        if maximum.intervals is not None:
            ends = _given_ends(maximum.intervals[j], parameter, limits)
            flags |= _interval_columns(maximum.intervals[j], levels)
        intervals = dict(zip(levels, ends, strict=True))
        target, columns = Target("participant", participant, parameter.name), maximum.columns()
        estimate = float(natural[i])
        rows.append(row(target, estimate, natural_se[i], intervals, **flags, **columns))
    return rows


def _wald_ends(
    points: Floats,
    se: Floats,
    parameter: Parameter,
    levels: Sequence[float],
    limits: tuple[float, float],
) -> list[list[tuple[float, float]]]:
    """Ends of the Wald intervals of each participant and nominal level, natural scale."""
    reach = np.array([_normal_quantile(level) for level in levels]) * se[:, None]
    ends = np.stack([points[:, None] - reach, points[:, None] + reach], axis=2)
    return transformed(parameter, ends, limits).tolist()


def _given_ends(
    interval: Interval, parameter: Parameter, limits: tuple[float, float]
) -> list[tuple[float, float]]:
    """Ends at each nominal level, natural scale; the bound where an interval is open."""
    ends = np.where(interval.is_open, limits, transformed(parameter, interval.ends, limits))
    return [(lower, upper) for lower, upper in ends.tolist()]


def _interval_columns(interval: Interval, levels: Sequence[float]) -> Row:
    """Columns about the intervals of a profile or a bootstrap."""
    # Intervals are nested, so the lowest open level says which intervals are open, for any number
    # of nominal levels. What does not depend on them is one text, and not a column for each note:
    # it is empty in most rows, and for other intervals.
    lowest = [
        min((x for x, own in zip(levels, side, strict=True) if own), default=NAN)
        for side in interval.is_open.T
    ]
    return {
        "open_below": lowest[0],
        "open_above": lowest[1],
        "interval_note": "+".join(interval.notes),
    }


def mean_row(
    target: Target,
    parameter: Parameter,
    points: Floats,
    scale: str,
    levels: Iterable[float],
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
        reach = _t_quantile(level, max(count - 1, 1)) * se
        pair = np.array([mean - reach, mean + reach])
        pair = np.clip(pair, *limits) if natural else transformed(parameter, pair, limits)
        ends[level] = float(pair[0]), float(pair[1])
    if not natural:
        mean = float(parameter.to_natural(mean))
        se = float(parameter.slope(mean) * se)
    return row(target, mean, se, ends, **flags)
