"""Hand-made tables of points."""

import pandas as pd


def points_of(rows, method="mle", **columns):
    """Points of one method and parameter from (cell, replicate, truth, estimate, se, low, high)."""
    names = ["cell", "replicate", "truth", "estimate", "se", "lower_95", "upper_95"]
    fixed = {"method": method, "parameter": "alpha", "level": "participant", "trials": 50}
    return pd.DataFrame(rows, columns=names).assign(**fixed | columns)
