"""Two-step analyses: tests of the participants' estimates.

The estimates are points on the unconstrained scale.

- An effect of a group compares the participants of the group with those of the reference. The
  value of a participant is the mean over conditions.
- An effect of a condition is about the differences of all participants from the first condition.
- The effect of the covariate is its correlation, within groups, with the mean over conditions.

Points at a bound are used as they are, and flagged. Participants without a finite point in all
conditions that the effect needs (a failed fit, or an estimate at an end of the support, which is
infinitely far away) are left out, and counted in the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rlrecovery.effects.mean_tests import NotTestable, Tested, paired_t, pearson_within, welch
from rlrecovery.effects.rank_tests import mann_whitney, signed_rank, spearman_within
from rlrecovery.fitting.effects import Effect
from rlrecovery.fitting.estimates import NAN, Row
from rlrecovery.models.base import Model
from rlrecovery.simulation.task import Floats, Integers

#: Decimals of points. Equal estimates, such as those of participants without a response, can differ
#: by rounding errors, which tests would take for differences of participants.
DECIMALS = 12

#: Kind of a two-step analysis.
Test = Literal["t_test", "rank_test"]


@dataclass(frozen=True)
class Points:
    """Estimates of one parameter in all sessions of a data set.

    Attributes
    ----------
    real : float array, shape (conditions, participants)
        Estimates on the unconstrained scale; NaN where the fit failed.
    status : str array, shape (conditions, participants)
        Status of each estimate.
    """

    real: Floats
    status: NDArray[Any]


def points_of(rows: Sequence[Row], model: Model, conditions: int) -> dict[str, Points]:
    """Points of each parameter from the rows of a fit, whose participants are sessions."""
    points = {}
    for parameter in model.parameters:
        own = [
            row
            for row in rows
            if row["level"] == "participant" and row["parameter"] == parameter.name
        ]
        own.sort(key=lambda row: row["participant"])
        natural = np.array([row["estimate"] for row in own], dtype=float)
        status = np.array([row["status"] for row in own])
        with np.errstate(divide="ignore", invalid="ignore"):
            real = np.round(parameter.to_real(natural), DECIMALS)
        shape = (conditions, -1)
        points[parameter.name] = Points(real.reshape(shape), status.reshape(shape))
    return points


def two_step(
    test: Test,
    effect: Effect,
    points: Points,
    group: Integers,
    covariate: Floats | None,
    significance: float,
) -> Row:
    """Estimate and test an effect by the points of its parameter.

    Parameters
    ----------
    test : str
        ``t_test`` (Welch, paired t, Pearson) or ``rank_test`` (Mann-Whitney, signed rank,
        Spearman).
    effect : Effect
        The effect.
    points : Points
        Points of its parameter.
    group : int array, shape (participants,)
        Group of each participant; 0 is the reference.
    covariate : float array, shape (participants,), optional
        The covariate, for its effect.
    significance : float
        1 minus the nominal level of the interval.

    Returns
    -------
    dict
        Columns ``estimate`` to ``p``, ``status`` and ``reason`` of
        `rlrecovery.storage.schemas.EFFECT_BATCH`.
    """
    concerned = _concerned(effect, points, group)
    used = np.isfinite(points.real[concerned.conditions]).all(axis=0) & concerned.participants
    try:
        result = _result(test, effect, points, used, group, covariate, significance)
    except NotTestable as problem:
        left_out = int((concerned.participants & ~used).sum())
        return failed_row(f"{problem}{_left_out(left_out)}")
    status, reason = _judge(points, concerned, used, effect.parameter)
    if status == "ok" and not np.isfinite([result.lower, result.upper]).all():
        status, reason = "no_interval", "too few participants for an interval of this nominal level"
    return {**result._asdict(), "status": status, "reason": reason}


def failed_row(reason: str) -> Row:
    """The columns of an analysis that failed."""
    numbers = dict.fromkeys(Tested._fields, NAN)
    return {**numbers, "status": "failed", "reason": reason}


@dataclass(frozen=True)
class _Concerned:
    """The sessions that an effect is about: conditions, and a mask of participants."""

    conditions: list[int]
    participants: NDArray[np.bool_]


def _concerned(effect: Effect, points: Points, group: Integers) -> _Concerned:
    everybody = np.ones(len(group), dtype=bool)
    if effect.kind == "condition":
        return _Concerned([0, effect.index], everybody)
    every = list(range(len(points.real)))
    if effect.kind == "group":
        return _Concerned(every, np.isin(group, [0, effect.index]))
    return _Concerned(every, everybody)


def _result(
    test: Test,
    effect: Effect,
    points: Points,
    used: NDArray[np.bool_],
    group: Integers,
    covariate: Floats | None,
    significance: float,
) -> Tested:
    """The test of an effect, with the participants that can be used."""
    if effect.kind == "condition":
        differences = (points.real[effect.index] - points.real[0])[used]
        compared = paired_t if test == "t_test" else signed_rank
        return compared(differences, significance)
    values, own_group = points.real[:, used].mean(axis=0), group[used]
    if effect.kind == "group":
        of_two = welch if test == "t_test" else mann_whitney
        return of_two(values[own_group == effect.index], values[own_group == 0], significance)
    if covariate is None:
        raise ValueError("the effect of a covariate needs the covariate")
    correlated = pearson_within if test == "t_test" else spearman_within
    return correlated(values, covariate[used], own_group, significance)


def _judge(
    points: Points, concerned: _Concerned, used: NDArray[np.bool_], parameter: str
) -> tuple[str, str]:
    """Status and reason of an analysis, from those of the estimates that it rests on."""
    participants = int(concerned.participants.sum())
    missing = participants - int(used.sum())
    if missing:
        return "not_converged", _left_out(missing)[2:] + f" of {participants}"
    status = points.status[concerned.conditions][:, used]
    stopped, at_bound = ((status == kind).sum() for kind in ("not_converged", "at_bound"))
    if stopped:
        return "not_converged", f"{stopped} of {status.size} fits did not converge"
    if at_bound:
        return "at_bound", f"{parameter} is at a bound in {at_bound} of {status.size} fits"
    return "ok", ""


def _left_out(participants: int) -> str:
    """How many participants have no finite estimate; empty if none."""
    return f"; participants without a finite estimate: {participants}" if participants else ""
