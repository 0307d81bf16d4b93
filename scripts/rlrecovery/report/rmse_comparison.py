"""RMSE over all true values of a design, for methods, and their comparison."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from rlrecovery.report.lines import LineKey, designs, select
from rlrecovery.report.numbers import pm
from rlrecovery.score.pooling import Pooled, pool_over_truths
from rlrecovery.score.results import Summary
from rlrecovery.score.standing import CLEAR_DIFFERENCE, paired_difference


class PooledRmse(NamedTuple):
    """RMSE of one method in one design over all true values, with its MCSE."""

    key: LineKey
    value: float
    mcse: float

    @property
    def text(self) -> str:
        """Format the value ± its MCSE."""
        return pm(self.value, self.mcse)


def pooled_rmses(summary: Summary, parameter: str, level: str) -> list[PooledRmse]:
    """Return `pooled_rmse` of every method and design with an estimate for every true value."""
    return [
        rmse
        for method, design in itertools.product(summary.methods, designs(summary))
        if (rmse := pooled_rmse(summary, parameter, LineKey(level, method, *design)))
    ]


def pooled_rmse(summary: Summary, parameter: str, key: LineKey) -> PooledRmse | None:
    """Compute the RMSE over all true values; None if a true value has no estimate."""
    cells = summary.measure("rmse", parameter=parameter, **key._asdict())
    if cells.empty or cells["value"].isna().any():
        return None
    for value, mcse in pool_over_truths(summary, cells)[["value", "mcse"]].itertuples(index=False):
        return PooledRmse(key, float(value), float(mcse)) if np.isfinite(value) else None
    return None


def clearly_differ(summary: Summary, parameter: str, one: PooledRmse, other: PooledRmse) -> bool:
    """Return whether two RMSEs differ by more than Monte Carlo error; False if unknown."""
    difference = difference_of(summary, parameter, one, other)
    return abs(difference.value) > CLEAR_DIFFERENCE * difference.mcse


def difference_of(summary: Summary, parameter: str, one: PooledRmse, other: PooledRmse) -> Pooled:
    """Compute a difference that is negative if the first RMSE is smaller.

    Methods in the same design are compared by their mean squared errors on the same data sets,
    designs by their RMSEs, which are independent.
    """
    if one.key.design == other.key.design:
        paired = _paired_difference(summary, parameter, one.key, other.key)
        if paired is not None:
            return paired
    return Pooled(one.value - other.value, float(np.hypot(one.mcse, other.mcse)))


def _paired_difference(
    summary: Summary, parameter: str, one: LineKey, other: LineKey
) -> Pooled | None:
    """Average the paired differences of mean squared errors over the cells, one minus other."""
    if summary.comparison.empty:
        return None
    design = {"level": one.level, "participants": one.participants, "trials": one.trials}
    table = select(summary.comparison, measure="mse_difference", parameter=parameter, **design)
    return paired_difference(table, one.method, other.method)
