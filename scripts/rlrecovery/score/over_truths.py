"""Measures over all true values: means over the cells of one method and one size.

Cells are weighted equally, whatever the number of their rows. They are simulated independently, so
the variances of their Monte Carlo errors add.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rlrecovery.score.individual import INDIVIDUAL
from rlrecovery.score.jackknife import ratio
from rlrecovery.storage.schemas import SCORES

#: Measures that are averaged. The pooled RMSE is the root of the mean MSE.
POOLED = (
    "mse",
    "coverage",
    "width",
    "share_failed",
    "share_at_bound",
    "share_not_converged",
    "share_no_interval",
    *INDIVIDUAL,
)

_KEYS = ["level", "parameter", "rows", "measure", "interval"]


def pool_measures(cells: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Average measures over cells.

    Parameters
    ----------
    cells : sequence of DataFrame
        The measures of one method in each cell, columns `SCORES`.

    Returns
    -------
    DataFrame
        Columns `SCORES`: the measures `POOLED` and ``rmse``. ``n`` and ``n_rows`` are sums. A value
        is missing if it is missing in a cell: without that cell it would belong to other true
        values.
    """
    together = pd.concat(cells, ignore_index=True)
    selected = together[together["measure"].isin(POOLED)]
    selected = selected.assign(variance=selected["mcse"] ** 2)
    groups = selected.groupby(_KEYS, sort=False, dropna=False)
    pooled = groups.agg(
        value=("value", lambda values: values.mean(skipna=False)),
        variance=("variance", lambda variances: variances.sum(skipna=False)),
        n=("n", "sum"),
        n_rows=("n_rows", "sum"),
        cells=("value", "size"),
    ).reset_index()
    pooled["mcse"] = np.sqrt(pooled["variance"]) / len(cells)
    pooled.loc[pooled["cells"] < len(cells), ["value", "mcse"]] = np.nan
    squares = pooled[pooled["measure"] == "mse"]
    roots = np.sqrt(squares["value"])
    errors = squares.assign(measure="rmse", value=roots, mcse=ratio(squares["mcse"], 2 * roots))
    return pd.concat([pooled, errors], ignore_index=True)[list(SCORES)].astype(SCORES)
