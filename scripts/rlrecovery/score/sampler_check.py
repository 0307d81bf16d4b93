"""Comparison of sampled (NUTS) with exact (quadrature) posteriors of the same data.

A sampled posterior mean differs from the exact one by a Monte Carlo error of SD / sqrt(ESS). In
units of this error the differences should have a root mean square of about 1. A larger value means
that the draws do not represent the posterior, that the effective sample size is overestimated, or
that the exact posterior has a numerical error, which is given in the same units.

- The expected value is 1 at every level, but its variation by chance depends on how many of the
  differences are independent: with m of them, the SD of their root mean square is about
  1 / sqrt(2 m), as m times its square has a chi-square distribution with m degrees of freedom.
- Without pooling, each participant has draws of its own, and m is the number of posteriors. The
  posteriors of a hierarchical model share the draws of their data set, in which all participants
  follow the group; m is then between the numbers of data sets and of posteriors.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rlrecovery.storage.schemas import ESTIMATE_KEYS


def compare_posteriors(sampled: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    """Compare the posterior means and SDs of two methods in one cell, by level and parameter."""
    columns = [*ESTIMATE_KEYS, "estimate", "se", "ess_bulk", "grid_error"]
    both = sampled[columns].merge(exact[columns], on=ESTIMATE_KEYS, suffixes=("", "_exact"))
    finite = np.isfinite(both[["estimate", "estimate_exact", "se_exact", "ess_bulk"]]).all(axis=1)
    both = both[finite]
    difference = (both["estimate"] - both["estimate_exact"]) / both["se_exact"]
    by_parameter = both.assign(
        squared_z=difference**2 * both["ess_bulk"],
        squared_error=both["grid_error_exact"].fillna(0.0) ** 2 * both["ess_bulk"],
        difference=difference.abs(),
        ratio=both["se"] / both["se_exact"],
    ).groupby(["level", "parameter"], sort=False)
    return pd.DataFrame(
        {
            "data_sets": by_parameter["replicate"].nunique(),
            "posteriors": by_parameter.size(),
            "rms_z": np.sqrt(by_parameter["squared_z"].mean()),
            "rms_error": np.sqrt(by_parameter["squared_error"].mean()),
            "largest_difference": by_parameter["difference"].max(),
            "sd_ratio": by_parameter["ratio"].mean(),
        }
    ).reset_index()


def pool_over_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Pool rows of `SAMPLER_CHECK` over cells: one row per pair of methods, level and parameter.

    Mean squares and ratios are weighted by the number of posteriors.
    """
    keys, rows = ["sampled", "exact", "level", "parameter"], []
    for values, group in table.groupby(keys, sort=False):
        weights = group["posteriors"]
        rows.append(
            {
                **dict(zip(keys, values, strict=True)),
                "data_sets": int(group["data_sets"].sum()),
                "posteriors": int(weights.sum()),
                **{
                    name: float(np.sqrt(np.average(group[name] ** 2, weights=weights)))
                    for name in ("rms_z", "rms_error")
                },
                "largest_difference": float(group["largest_difference"].max()),
                "sd_ratio": float(np.average(group["sd_ratio"], weights=weights)),
            }
        )
    return pd.DataFrame(rows)
