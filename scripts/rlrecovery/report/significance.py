"""Tests whether bias differs from zero and coverage from its nominal level."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from rlrecovery.report.limits import FALSE_ALARM
from rlrecovery.report.lines import furthest, furthest_text
from rlrecovery.report.numbers import count_text, enumeration, few_note, plural, pm_parts
from rlrecovery.score.measures import binomial_se
from rlrecovery.score.results import Summary


def range_text(cells: pd.DataFrame, scale: float = 1.0, unit: str = "") -> str:
    """Format the range over the cells: ``between a (±x) and b (±y)``, or ``a (±x)``."""
    ordered = cells.dropna(subset=["value"]).sort_values("value")
    ends = [ordered.iloc[0], ordered.iloc[-1]] if len(ordered) > 1 else [ordered.iloc[0]]
    texts = []
    for row in ends:
        value, mcse = pm_parts(row["value"], row["mcse"], scale)
        notes = [count_text(row) or (f"±{mcse}" if mcse is not None else ""), few_note(row)]
        in_brackets = ", ".join(note for note in notes if note)
        texts.append(f"{value}{unit}" + (f" ({in_brackets})" if in_brackets else ""))
    return f"between {texts[0]} and {texts[1]}" if len(set(texts)) == 2 else texts[0]


def bias_p_values(bias: pd.DataFrame) -> pd.Series:
    """Compute two-sided p values of zero bias by t tests with n − 1 degrees of freedom.

    n is the number of replicates, the independent unit. NaN if it is below 2 or the MCSE is
    unknown.
    """
    t = (bias["value"].abs() / bias["mcse"]).mask(bias["value"] == 0, 0)
    p = pd.Series(2 * stats.t.sf(t, np.maximum(bias["n"] - 1, 1)), index=bias.index)
    return p.where(np.isfinite(bias[["value", "mcse"]]).all(axis=1) & (bias["n"] >= 2))


def bias_verdict(bias: pd.DataFrame, summary: Summary) -> str:
    """Describe whether bias is detectable, with Bonferroni correction over the cells."""
    p = bias_p_values(bias)
    tested, n = bias[p.notna()], int(bias["n"].max())
    if tested.empty:
        verb = "does" if n == 1 else "do"
        return (
            f"bias cannot be tested because {plural(n, 'replicate')} {verb} not give a Monte Carlo "
            "standard error"
        )
    detected = tested[p[tested.index] <= FALSE_ALARM / len(tested)]
    if detected.empty:
        return f"no detectable bias with {plural(n, 'replicate')}"
    if len(tested) == 1:
        return "detectably different from zero"
    worst = furthest_text(furthest(detected, detected["value"].abs()), summary)
    return (
        f"detectable at {len(detected)} of {len(tested)} true parameter combinations, largest at "
        f"{worst}"
    )


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


def coverage_verdict(coverage: pd.DataFrame, summary: Summary) -> str:
    """Describe coverage and whether it differs from nominal, by `coverage_p_values`.

    A Bonferroni correction is applied over the cells of the line.
    """
    coverage = coverage.dropna(subset=["value"])
    nominal = float(coverage["interval"].iloc[0])
    text = f"coverage of {100 * nominal:g} % intervals is {range_text(coverage, 100, ' %')}"
    p = coverage_p_values(coverage)
    if p.isna().all():
        return f"{text}, with too few replicates for a test"
    detected = coverage[p <= FALSE_ALARM / p.notna().sum()]
    deviation = detected["value"] - nominal
    counts = {"below": int((deviation < 0).sum()), "above": int((deviation > 0).sum())}
    several = len(coverage) > 1
    sides = [
        f"clearly {side} nominal"
        + (f" at {count} of {len(coverage)} true parameter combinations" if several else "")
        for side, count in counts.items()
        if count
    ]
    if not sides:
        return f"{text}, not distinguishable from nominal"
    if several:
        worst = furthest_text(furthest(detected, deviation.abs()), summary)
        sides[-1] += f" (furthest at {worst})"
    return f"{text}, {enumeration(sides)}"
