"""Comparison of sampled (NUTS) with exact (quadrature) posteriors of the same data.

A sampled posterior mean differs from the exact one by a Monte Carlo error of SD / sqrt(ESS). In
units of this error the differences should have a root mean square of about 1. A larger value means
that the draws do not represent the posterior, or that the effective sample size is overestimated.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rlrecovery.storage.schemas import ESTIMATE_KEYS


def compare_posteriors(sampled: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    """Compare the posterior means and SDs of two methods in one cell, for each parameter."""
    columns = [*ESTIMATE_KEYS, "estimate", "se", "ess_bulk"]
    both = sampled[columns].merge(exact[columns], on=ESTIMATE_KEYS, suffixes=("", "_exact"))
    finite = np.isfinite(both[["estimate", "estimate_exact", "se_exact", "ess_bulk"]]).all(axis=1)
    both = both[finite]
    difference = (both["estimate"] - both["estimate_exact"]) / both["se_exact"]
    by_parameter = both.assign(
        squared_z=difference**2 * both["ess_bulk"],
        difference=difference.abs(),
        ratio=both["se"] / both["se_exact"],
    ).groupby("parameter", sort=False)
    return pd.DataFrame(
        {
            "posteriors": by_parameter.size(),
            "rms_z": np.sqrt(by_parameter["squared_z"].mean()),
            "largest_difference": by_parameter["difference"].max(),
            "sd_ratio": by_parameter["ratio"].mean(),
        }
    ).reset_index()


def pool_over_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Pool rows of `SAMPLER_CHECK` over cells: one row per pair of methods and parameter.

    Mean squares and ratios are weighted by the number of posteriors.
    """
    keys, rows = ["sampled", "exact", "parameter"], []
    for values, group in table.groupby(keys, sort=False):
        weights = group["posteriors"]
        rows.append(
            {
                **dict(zip(keys, values, strict=True)),
                "posteriors": int(weights.sum()),
                "rms_z": float(np.sqrt(np.average(group["rms_z"] ** 2, weights=weights))),
                "largest_difference": float(group["largest_difference"].max()),
                "sd_ratio": float(np.average(group["sd_ratio"], weights=weights)),
            }
        )
    return pd.DataFrame(rows)
