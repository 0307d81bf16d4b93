"""RMSE over all true values of a design, for methods and the baseline, and their comparison."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from rlrecovery.report.limits import CLEAR_DIFFERENCE
from rlrecovery.report.lines import LineKey, designs
from rlrecovery.score.pooling import Pooled, mean_over_cells, pool_over_truths
from rlrecovery.score.results import Summary


class PooledRmse(NamedTuple):
    """RMSE of one method in one design over all true values, with its MCSE."""

    key: LineKey
    value: float
    mcse: float


def pooled_rmses(summary: Summary, parameter: str, level: str) -> list[PooledRmse]:
    """Return `pooled_rmse` of every method and design with an estimate for every true value."""
    keys = (
        LineKey(level, method, participants, trials)
        for method, (participants, trials) in itertools.product(summary.methods, designs(summary))
    )
    rmses = (pooled_rmse(summary, parameter, key) for key in keys)
    return [rmse for rmse in rmses if rmse is not None]


def pooled_rmse(summary: Summary, parameter: str, key: LineKey) -> PooledRmse | None:
    """Compute the RMSE over all true values; None if a true value has no estimate."""
    cells = summary.measure("rmse", parameter=parameter, **key._asdict())
    if cells.empty or cells["value"].isna().any():
        return None
    pooled = pool_over_truths(summary, cells).set_index("trials")
    if key.trials not in pooled.index or not np.isfinite(pooled.loc[key.trials, "value"]):
        return None
    row = pooled.loc[key.trials]
    return PooledRmse(key, float(row["value"]), float(row["mcse"]))


def baseline_rmse(summary: Summary, parameter: str, key: LineKey) -> float | None:
    """Compute the RMSE of a baseline that always guesses the mean of the true values.

    This is the SD of the true values in ``points.csv``. None if all cells of the design have the
    same true value, because there are then no true values to distinguish.
    """
    if len(set(summary.truths_of(parameter, key.method))) == 1:
        return None
    points = summary.points
    selected = points["parameter"] == parameter
    for column, value in key._asdict().items():
        selected &= points[column] == value
    sd = float(points.loc[selected, "truth"].std(ddof=0))
    return sd if np.isfinite(sd) and sd > 1e-9 else None


def clearly_differ(summary: Summary, parameter: str, one: PooledRmse, other: PooledRmse) -> bool:
    """Return whether two RMSEs differ by more than Monte Carlo error; False if unknown.

    Methods in the same design are compared by their mean squared errors on the same data sets,
    designs by their RMSEs, which are independent.
    """
    if one.key.design == other.key.design:
        paired = _paired_difference(summary, parameter, one.key, other.key)
        if paired is not None:
            return bool(abs(paired.value) > CLEAR_DIFFERENCE * paired.mcse)
    difference_se = np.hypot(one.mcse, other.mcse)
    return bool(abs(one.value - other.value) > CLEAR_DIFFERENCE * difference_se)


def _paired_difference(
    summary: Summary, parameter: str, one: LineKey, other: LineKey
) -> Pooled | None:
    """Average the paired differences of mean squared errors over the cells."""
    table = summary.comparison
    if table.empty:
        return None
    methods = {one.method, other.method}
    selected = (table["measure"] == "mse_difference") & (table["parameter"] == parameter)
    selected &= (table["level"] == one.level) & (table["trials"] == one.trials)
    selected &= table["participants"] == one.participants
    selected &= table["method"].isin(methods) & table["reference"].isin(methods)
    differences = table[selected]
    if differences.empty or differences[["value", "mcse"]].isna().any(axis=None):
        return None
    return mean_over_cells(differences)
