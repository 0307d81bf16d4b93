"""Means over cells and over data sets, each with its Monte Carlo standard error (MCSE).

Cells, and the data sets of a cell, are simulated independently, so the variances of their Monte
Carlo errors add.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from rlrecovery.score.results import Summary


class Pooled(NamedTuple):
    """A mean and its MCSE; NaN if a value or an MCSE is missing from which they are computed."""

    value: float
    mcse: float


def mean_over_cells(cells: pd.DataFrame) -> Pooled:
    """Mean of a measure over cells; its MCSE is sqrt(sum of squared MCSEs) / number of cells.

    ``cells`` has the columns ``value`` and ``mcse`` and one row per cell.
    """
    mcse = np.sqrt((cells["mcse"] ** 2).sum(skipna=False)) / len(cells)
    return Pooled(float(cells["value"].mean(skipna=False)), float(mcse))


def means_over_cells(cells: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """`mean_over_cells` of each group of rows; ``n`` is its smallest, ``total`` their sum.

    Returns the columns ``by``, ``value``, ``mcse``, ``n``, ``total`` and ``cells`` (the number of
    rows), in the order of the rows.
    """
    squares = cells.assign(square=cells["mcse"] ** 2).groupby(list(by), sort=False, observed=True)
    count = squares.size()
    pooled = {
        "value": squares["value"].mean(skipna=False),
        "mcse": np.sqrt(squares["square"].sum(skipna=False)) / count,
        "n": squares["n"].min(),
        "total": squares["n"].sum(),
        "cells": count,
    }
    return pd.DataFrame(pooled).reset_index()


def root_mean_over_cells(cells: pd.DataFrame) -> Pooled:
    """RMSE of all cells together: the root of the mean of their MSEs.

    Its MCSE is the MCSE of the mean divided by twice the root (delta method); NaN if the root is 0.
    """
    mean, mcse = mean_over_cells(cells)
    root = float(np.sqrt(mean))
    return Pooled(root, mcse / (2 * root) if root > 0 else np.nan)


def pool_over_truths(summary: Summary, cells: pd.DataFrame, by: str = "trials") -> pd.DataFrame:
    """Pool a measure of one method over all true values, for each number of trials or participants.

    An RMSE is pooled as the root of the mean MSE (`root_mean_over_cells`), any other measure as a
    mean (`mean_over_cells`).

    Parameters
    ----------
    cells : DataFrame
        Rows of `Summary.measure`: one measure, method, parameter and level.
    by : str
        Column whose values are not pooled, ``trials`` or ``participants``.

    Returns
    -------
    DataFrame
        Columns ``by``, ``value`` and ``mcse``. The value is missing if a cell is missing or has no
        estimate: the mean over the other truths would not be comparable with the other rows.
    """
    pool = mean_over_cells
    truths = _truths_per_size(summary, cells)
    if (cells["measure"] == "rmse").any():
        pool, cells = root_mean_over_cells, _mse_of(summary, cells)
    pooled = [
        (size, *pool(part if len(part) % truths == 0 else part.assign(value=np.nan)))
        for size, part in cells.groupby(by)
    ]
    return pd.DataFrame(pooled, columns=[by, "value", "mcse"])


def _truths_per_size(summary: Summary, cells: pd.DataFrame) -> int:
    """Number of cells of the method of ``cells`` per combination of participants and trials."""
    recovery = summary.recovery
    of_method = (recovery["scope"] == "cell") & recovery["method"].isin(cells["method"])
    sizes = len(summary.participants) * len(summary.trials)
    return max(1, recovery.loc[of_method, "cell"].nunique() // sizes)


def _mse_of(summary: Summary, cells: pd.DataFrame) -> pd.DataFrame:
    """Rows of the MSE for the method, parameter, level and sizes of rows of the RMSE."""
    squares = summary.measure("mse")
    for column in ("method", "parameter", "level", "participants", "trials"):
        squares = squares[squares[column].isin(cells[column])]
    return squares


def mean_over_data_sets(values: pd.Series, rows: pd.DataFrame) -> Pooled:
    """Mean over estimates, and its MCSE with data sets as the independent unit.

    The mean is a ratio of sums over data sets. Its MCSE is computed from the variance of these sums
    within cells, because the cells are fixed by the study; if a cell has only one data set, from
    the variance over all data sets. ``rows`` has the columns ``cell`` and ``replicate`` of
    ``values``.
    """
    if values.empty:
        return Pooled(np.nan, np.nan)
    mean = float(values.mean())
    sums = (values - mean).groupby([rows["cell"].astype("object"), rows["replicate"]]).sum()
    if len(sums) < 2:
        return Pooled(mean, np.nan)
    cells = sums.groupby(level=0)
    if (cells.size() < 2).any():
        cells = sums.groupby(lambda _: "all")
    variance = (cells.var(ddof=1) * cells.size()).sum()
    return Pooled(mean, float(np.sqrt(variance) / len(values)))
