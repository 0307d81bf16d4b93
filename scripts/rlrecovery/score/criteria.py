"""Criteria for the recovery of a parameter, and the verdict that follows from them.

A criterion is met or missed only if its value is `CERTAIN` Monte Carlo standard errors beyond the
limit. There are up to four: rank correlation and RMSE against a baseline that ignores the data,
coverage, and flagged estimates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from rlrecovery.config.limits import Limits
from rlrecovery.score.jackknife import Score
from rlrecovery.score.measures import binomial_se

#: Recovered; certainly not in full; not recovered; perhaps recovered, but not certain within the
#: Monte Carlo error; the study has no different true values at this level.
Verdict = Literal["yes", "partly", "no", "undecided", "not asked"]

#: A criterion is certain if its value is this many MCSEs beyond the limit.
CERTAIN = 2.0

#: Measures of one method, level and parameter, by name.
Measured = Mapping[str, Score]

#: Rank correlation that is judged, by level: within populations, or over the grid.
RANK = {"participant": "spearman_within", "group": "spearman", "spread": "spearman"}


class Criterion(NamedTuple):
    """A value with its MCSE and limits, signed so that smaller is better.

    The parameter counts as recovered up to `limits[0]`, and as not recovered above `limits[1]`.
    """

    name: str
    value: float
    mcse: float
    limits: tuple[float, float]

    @property
    def possible(self) -> set[Verdict]:
        """Verdicts within the Monte Carlo error; all if it or the value is unknown."""
        if np.isnan(self.value):
            return {"yes", "partly", "no"}
        margin = CERTAIN * self.mcse if np.isfinite(self.mcse) else np.inf
        worst, best = self.verdict_of(self.value + margin), self.verdict_of(self.value - margin)
        return {worst, best} if {worst, best} != {"yes", "no"} else {"yes", "partly", "no"}

    def verdict_of(self, value: float) -> Verdict:
        """Verdict if there were no Monte Carlo error."""
        recovered, not_recovered = self.limits
        if value <= recovered:
            return "yes"
        return "no" if value > not_recovered else "partly"


def criteria(
    level: str,
    measured: Measured,
    n_unflagged: int,
    limits: Limits,
    nominal_level: float,
    baseline: float = np.nan,
) -> list[Criterion]:
    """Compute the criteria of one method, level and parameter, of a cell or over all true values.

    Parameters
    ----------
    level : str
        ``participant``, ``group`` or ``spread``.
    measured : mapping
        Measures of all rows; coverage is that at the nominal level.
    n_unflagged : int
        Number of rows with status ``ok``.
    limits : Limits
        Limits of the study.
    nominal_level : float
        Nominal level of the intervals.
    baseline : float
        RMSE of the baseline if ``measured`` has no ``relative_rmse``.
    """
    found: list[Criterion] = []
    rank = measured.get(RANK[level])
    if rank is not None:
        rank = rank if level == "participant" else _over_grid(rank)
        low, high = (-limit for limit in limits.rank_correlation)
        found.append(Criterion("rank_correlation", -rank.value, rank.mcse, (low, high)))
    relative = measured.get("relative_rmse")
    if relative is None and np.isfinite(baseline):
        rmse = measured["rmse"]
        relative = rmse._replace(value=rmse.value / baseline, mcse=rmse.mcse / baseline)
    if relative is not None:
        pair = limits.relative_rmse
        found.append(Criterion("relative_rmse", relative.value, relative.mcse, (pair[0], pair[1])))
    coverage = measured.get("coverage")
    if coverage is not None and np.isfinite(coverage.value):
        # A share of 0 or 1 has no variance; that of independent rows is the least it can be.
        mcse = max(coverage.mcse, float(binomial_se(nominal_level, coverage.n_rows)))
        shortfall, pair = nominal_level - coverage.value, limits.undercoverage
        found.append(Criterion("undercoverage", shortfall, mcse, (pair[0], pair[1])))
    found.append(_flagged(level, measured, n_unflagged, limits.flagged))
    return found


def _over_grid(rank: Score) -> Score:
    """Rank correlation over the grid, which may be constant within the Monte Carlo error.

    Estimates that are all equal have no ranks, and order nothing. If the groups are so different
    that no replicate changes the order of their estimates, the jackknife gives no MCSE; that of
    independent rows with a normal distribution, (1 - rho^2) / sqrt(n - 1), is used instead.
    """
    value = 0.0 if np.isnan(rank.value) else rank.value
    if np.isfinite(rank.mcse) or rank.n_rows < 2:
        return rank._replace(value=value)
    return rank._replace(value=value, mcse=(1 - value**2) / np.sqrt(rank.n_rows - 1))


def _flagged(level: str, measured: Measured, n_unflagged: int, pair: Sequence[float]) -> Criterion:
    """The share of rows that are flagged or failed.

    Its MCSE is that of independent rows, multiplied by the factor by which participants of one data
    set make the MCSE of one kind of flag larger. One flagged and one unflagged row are added, so
    that shares of 0 and 1 have an MCSE.
    """
    rows = measured["share_failed"].n_rows
    share, factor = 1 - n_unflagged / rows, 1.0
    for name in ("share_at_bound", "share_not_converged", "share_no_interval", "share_failed"):
        one = measured.get(name)
        independent = float(binomial_se(one.value, rows)) if one is not None else 0.0
        if one is not None and independent > 0 and np.isfinite(one.mcse):
            factor = max(factor, one.mcse / independent)
    mcse = factor * float(binomial_se((share * rows + 1) / (rows + 2), rows))
    return Criterion(
        "flagged", share, mcse, (pair[0], pair[1] if level == "participant" else np.inf)
    )


def verdict(found: Sequence[Criterion], measured: Measured) -> tuple[Verdict, str]:
    """Combine criteria to a verdict, with the names of the criteria that decide it.

    "no" if a criterion is certainly missed, or without an estimate in some cell; otherwise "partly"
    if one is certainly not met; otherwise "undecided" if one may not be met.
    """
    if "rmse" not in measured or not np.isfinite(measured["rmse"].value):
        return "no", "estimate"
    if not any(criterion.name == "relative_rmse" for criterion in found):
        return "not asked", ""
    possible = {criterion.name: criterion.possible for criterion in found}
    missed = [name for name, verdicts in possible.items() if verdicts == {"no"}]
    if missed:
        return "no", ",".join(missed)
    unmet = [name for name, verdicts in possible.items() if "yes" not in verdicts]
    if unmet:
        return "partly", ",".join(unmet)
    uncertain = [name for name, verdicts in possible.items() if verdicts != {"yes"}]
    return ("undecided", ",".join(uncertain)) if uncertain else ("yes", "")
