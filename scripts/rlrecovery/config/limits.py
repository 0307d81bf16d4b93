"""Limits that decide whether a parameter counts as recovered."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from rlrecovery.models.settings import Bounds, Section


def _falling(pair: tuple[float, ...]) -> tuple[float, ...]:
    if not 1 >= pair[0] > pair[1] >= -1:
        raise ValueError("must be two numbers between -1 and 1, the larger one first")
    return pair


def _rising(pair: tuple[float, ...]) -> tuple[float, ...]:
    if not 0 <= pair[0] < pair[1]:
        raise ValueError("must be two numbers, 0 or more, the smaller one first")
    return pair


_Rising = Annotated[Bounds, AfterValidator(_rising)]


class Limits(Section):
    """Limits of the report's verdicts.

    Each is a pair: up to the first number (or from it on) the parameter counts as recovered, beyond
    the second as not recovered. All are conventions.
    """

    rank_correlation: Annotated[Bounds, AfterValidator(_falling)] = (0.75, 0.5)
    """Rank correlation of true values and estimates, [recovered from, not recovered below]."""
    relative_rmse: _Rising = (0.7, 1.0)
    """RMSE in units of that of a guess that ignores the data, [recovered up to, not recovered
    above]. At 0.7, half of the variance of the true values is left; above 1, guessing is better."""
    undercoverage: _Rising = (0.05, 0.15)
    """By how much the coverage of intervals may be below the nominal level, [recovered up to, not
    recovered above]."""
    flagged: _Rising = (0.05, 0.25)
    """Share of estimates that are flagged or failed, [recovered up to, not recovered above]. The
    second number does not apply to groups, whose row is flagged if one participant is at a bound.
    """
