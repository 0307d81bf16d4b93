"""The sampler held against the exact posterior, where a study has run both on the same data.

A sampled posterior mean differs from the exact one by a Monte Carlo error of SD / sqrt(ESS). In
units of that error the differences must scatter with a root mean square of about 1: more says that
the sampler missed something, or that its effective sample size is too optimistic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

#: One row per pair of methods, cell and parameter.
WITNESS = {
    "sampled": "str",
    "exact": "str",
    "cell": "str",
    "parameter": "str",
    "posteriors": "int64",
    "rms_z": "float64",
    "largest_difference": "float64",
    "sd_ratio": "float64",
}

#: What two methods must share for their posteriors to be the same.
SHARED = ("model", "priors")


def pairs(methods: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Methods whose posterior means are the same quantity: (sampled, exact).

    Parameters
    ----------
    methods : mapping
        The resolved config's ``methods``.
    """

    def mean_of(estimator: str) -> list[str]:
        """Methods of an estimator whose estimate is each participant's own posterior mean."""
        return [
            name
            for name, settings in methods.items()
            if settings["estimator"] == estimator
            and settings.get("pooling", "none") == "none"
            and settings["point"] == "mean"
        ]

    return [
        (sampled, exact)
        for sampled in mean_of("bayes")
        for exact in mean_of("quadrature")
        if all(methods[sampled][key] == methods[exact][key] for key in SHARED)
    ]


def differences(sampled: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    """Posterior means and SDs of two methods in one cell, compared per parameter.

    Parameters
    ----------
    sampled, exact : DataFrame
        Estimates of both methods in the cell.

    Returns
    -------
    DataFrame
        Per parameter: number of posteriors; root mean square of the difference of means in Monte
        Carlo standard errors; largest difference in posterior SDs; mean ratio of SDs.
    """
    keys = ["replicate", "participant", "level", "parameter"]
    columns = [*keys, "estimate", "se", "ess_bulk"]
    both = sampled[columns].merge(exact[columns], on=keys, suffixes=("", "_exact"))
    usable = np.isfinite(both[["estimate", "estimate_exact", "se_exact", "ess_bulk"]]).all(axis=1)
    both = both[usable]
    apart = (both["estimate"] - both["estimate_exact"]) / both["se_exact"]
    found = pd.DataFrame(
        {
            "parameter": both["parameter"],
            "squared_z": apart**2 * both["ess_bulk"],
            "apart": apart.abs(),
            "ratio": both["se"] / both["se_exact"],
        }
    ).groupby("parameter", sort=False)
    return pd.DataFrame(
        {
            "posteriors": found.size(),
            "rms_z": np.sqrt(found["squared_z"].mean()),
            "largest_difference": found["apart"].max(),
            "sd_ratio": found["ratio"].mean(),
        }
    ).reset_index()


def overall(table: pd.DataFrame) -> pd.DataFrame:
    """A table of `WITNESS` over all cells: one row per pair of methods and parameter."""
    rows = []
    for keys, group in table.groupby(["sampled", "exact", "parameter"], sort=False):
        weights = group["posteriors"]
        rows.append(
            {
                **dict(zip(["sampled", "exact", "parameter"], keys, strict=True)),
                "posteriors": int(weights.sum()),
                "rms_z": float(np.sqrt(np.average(group["rms_z"] ** 2, weights=weights))),
                "largest_difference": float(group["largest_difference"].max()),
                "sd_ratio": float(np.average(group["sd_ratio"], weights=weights)),
            }
        )
    return pd.DataFrame(rows)
