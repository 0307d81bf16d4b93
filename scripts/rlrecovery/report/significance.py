"""Tests whether bias differs from zero and coverage from its nominal level."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from rlrecovery.report.limits import FALSE_ALARM
from rlrecovery.report.numbers import enumeration
from rlrecovery.score.measures import binomial_se


def bias_p_values(bias: pd.DataFrame) -> pd.Series:
    """Compute two-sided p values of zero bias by t tests with n − 1 degrees of freedom.

    n is the number of replicates, the independent unit. NaN if it is below 2 or the MCSE is
    unknown.
    """
    t = (bias["value"].abs() / bias["mcse"]).mask(bias["value"] == 0, 0)
    p = pd.Series(2 * stats.t.sf(t, np.maximum(bias["n"] - 1, 1)), index=bias.index)
    return p.where(np.isfinite(bias[["value", "mcse"]]).all(axis=1) & (bias["n"] >= 2))


def bias_verdict(bias: pd.DataFrame) -> str:
    """Describe whether bias is detectable, with Bonferroni correction over the cells."""
    p = bias_p_values(bias)
    tested = int(p.notna().sum())
    if not tested:
        return "too few replicates for a test"
    detected = int((p <= FALSE_ALARM / tested).sum())
    if not detected:
        return "no detectable bias"
    return "detectable" + (f" in {detected} of {tested}" if tested > 1 else "")


def coverage_p_values(coverage: pd.DataFrame) -> pd.Series:
    """Compute two-sided p values of nominal coverage; NaN with fewer than two replicates.

    With one row per replicate, an exact binomial test is used. With several participants per
    replicate, a t test with n − 1 degrees of freedom is used; its standard error is that of nominal
    coverage for independent rows, multiplied by the factor (at least 1) by which the reported MCSE
    exceeds the MCSE of independent rows.
    """
    return coverage.apply(_coverage_p_value, axis=1)


def _coverage_p_value(row: pd.Series) -> float:
    value, nominal = float(row["value"]), float(row["interval"])
    n, rows = int(row["n"]), int(row["n_rows"])
    if n < 2 or not np.isfinite(value):
        return np.nan
    if n == rows:
        return float(stats.binomtest(round(value * rows), rows, nominal).pvalue)
    independent = binomial_se(value, rows)
    factor = max(1.0, row["mcse"] / independent) if independent > 0 else 1.0
    factor = factor if np.isfinite(row["mcse"]) else 1.0
    se = factor * binomial_se(nominal, rows)
    return float(2 * stats.t.sf(abs(value - nominal) / se, n - 1))


def coverage_verdict(coverage: pd.DataFrame) -> str:
    """Describe whether coverage differs from nominal, by `coverage_p_values`.

    A Bonferroni correction is applied over the cells of the line.
    """
    coverage = coverage.dropna(subset=["value"])
    p = coverage_p_values(coverage)
    if p.isna().all():
        return "too few replicates for a test"
    detected = coverage[p <= FALSE_ALARM / p.notna().sum()]
    deviation = detected["value"] - float(coverage["interval"].iloc[0])
    counts = {"below": int((deviation < 0).sum()), "above": int((deviation > 0).sum())}
    sides = [
        f"clearly {side} nominal" + (f" in {count} of {len(coverage)}" if len(coverage) > 1 else "")
        for side, count in counts.items()
        if count
    ]
    return enumeration(sides) if sides else "not distinguishable from nominal"
