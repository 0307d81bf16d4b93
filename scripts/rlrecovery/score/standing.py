"""Methods of one design compared by their RMSE over all true values.

Methods are compared on the same data, by their mean squared errors. Those that Monte Carlo error
does not separate from the best are not ranked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from rlrecovery.score.pooling import Pooled, mean_over_cells

#: Two RMSEs differ clearly if their difference exceeds this many standard errors.
CLEAR_DIFFERENCE = 2.0

#: Columns that identify the methods that are compared. In rows over all true values, ``cell`` names
#: the model and design; the column ``variant`` does not name the model for competing methods.
SIZE = ["cell", "level", "parameter"]
#: Columns that the cells of a method have in common with its row over all true values.
_CELLS = ["method", "participants", "trials", "variant", "model"]


class Standing(NamedTuple):
    """The place of one method: ``best``, ``similar`` (not clearly worse), ``worse``, or ``fewer``.

    ``fewer`` fits fewer data sets than other methods, so its RMSE is that of other data.
    """

    method: str
    level: str
    parameter: str
    cell: str
    standing: str


def standings(recovery: pd.DataFrame, comparison: pd.DataFrame) -> pd.DataFrame:
    """Compare the methods of every design, level and parameter.

    Parameters
    ----------
    recovery, comparison : DataFrame
        Tables of the summary.

    Returns
    -------
    DataFrame
        Columns of `Standing`, and ``scope`` (always ``grid``). Methods without an estimate for
        every true value have no row.
    """
    is_grid = (recovery["scope"] == "grid") & (recovery["rows"] == "all")
    rmse = recovery[is_grid & (recovery["measure"] == "rmse")].dropna(subset=["value"])
    fits = recovery[is_grid & (recovery["measure"] == "share_failed")]
    n_fits = fits.set_index(["method", "cell", "level", "parameter"])["n"].to_dict()
    cells = recovery[recovery["scope"] == "cell"]
    cells_of = cells.groupby(_CELLS, dropna=False, observed=True)["cell"].agg(set)
    paired = comparison
    if len(comparison):
        paired = comparison[comparison["measure"] == "mse_difference"]
    rows: list[Standing] = []
    for _, methods in rmse.groupby(SIZE, observed=True, sort=False):
        n = [n_fits[row.method, row.cell, row.level, row.parameter] for row in methods.itertuples()]
        own_cells = cells_of[tuple(methods[_CELLS].iloc[0])]
        same_cells = paired[paired["cell"].isin(own_cells)] if len(paired) else paired
        rows += _compared(methods.assign(fits=n), same_cells)
    table = pd.DataFrame(rows, columns=list(Standing._fields))
    return table.assign(scope="grid")


def _compared(methods: pd.DataFrame, paired: pd.DataFrame) -> Iterator[Standing]:
    """Compare the methods of one design; ``methods`` has one row each."""
    complete = methods[methods["fits"] == methods["fits"].max()]
    best = complete.loc[complete["value"].idxmin()]
    for _, row in methods.iterrows():
        if row["fits"] < methods["fits"].max():
            standing = "fewer"
        elif row["method"] == best["method"]:
            standing = "best"
        else:
            standing = "worse" if _clearly_worse(row, best, paired) else "similar"
        yield Standing(row["method"], row["level"], row["parameter"], row["cell"], standing)


def _clearly_worse(row: pd.Series, best: pd.Series, paired: pd.DataFrame) -> bool:
    """Whether the RMSE of a method is larger than the smallest by more than Monte Carlo error."""
    difference = None
    if len(paired):
        same = (paired["level"] == row["level"]) & (paired["parameter"] == row["parameter"])
        difference = paired_difference(paired[same], str(row["method"]), str(best["method"]))
    if difference is None:
        error = float(np.hypot(row["mcse"], best["mcse"]))
        difference = Pooled(row["value"] - best["value"], error)
    return bool(difference.value > CLEAR_DIFFERENCE * difference.mcse)


def paired_difference(differences: pd.DataFrame, one: str, other: str) -> Pooled | None:
    """Average the differences of mean squared errors on the same data, one minus other.

    Parameters
    ----------
    differences : DataFrame
        Rows ``mse_difference`` of the table ``comparison``: cells of one level and parameter.
    one, other : str
        Methods.

    Returns
    -------
    Pooled or None
        None if they are not compared in any cell, or if a difference or its MCSE is missing.
    """
    pair = differences[differences[["method", "reference"]].isin([one, other]).all(axis=1)]
    if pair.empty or pair[["value", "mcse"]].isna().any(axis=None):
        return None
    sign = np.where(pair["method"] == one, 1.0, -1.0)
    return mean_over_cells(pair.assign(value=sign * pair["value"]))
