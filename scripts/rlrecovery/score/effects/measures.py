"""Measures of the analyses of effects, each with its Monte Carlo standard error (MCSE).

Bias, empirical SE, RMSE, coverage and width are those of `rlrecovery.score.measures`. An effect is
found if p < significance. Type S and type M errors are those of Gelman & Carlin (2014, Perspectives
on Psychological Science 9:641, doi:10.1177/1745691614551642): the share of wrong signs among the
data sets in which an effect is found, and the mean of |estimate| / |true effect| among these. The
MCSE of a share is binomial and that of a mean is SD / sqrt(n), where n is the number of data sets
in which the effect is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from rlrecovery.score.jackknife import Floats, Score
from rlrecovery.score.measures import empirical_se, mean, proportion, rmse

#: Bayes factor above which it counts as evidence for an effect; below its inverse, against it.
STRONG: Final = 10.0

_NUMBERS = ("estimate", "lower", "upper", "p", "log_bayes_factor")

#: Measures of agreement that are averaged.
AGREEMENT = ("icc", "retest_correlation", "truth_correlation")


def effect_measures(rows: pd.DataFrame, size: float, significance: float) -> dict[str, Score]:
    """Measures of one analysis of one effect in one cell.

    Parameters
    ----------
    rows : DataFrame
        Columns `rlrecovery.storage.schemas.EFFECT_BATCH`, one row per data set.
    size : float
        The true effect.
    significance : float
        p-value below which an effect is found.

    Returns
    -------
    dict
        Measures by name. Rows without an estimate count for ``share_failed`` only.
    """
    status, replicates = rows["status"].to_numpy(), rows["replicate"].to_numpy()
    known = status != "failed"
    numbers = {name: rows[name].to_numpy(float)[known] for name in _NUMBERS}
    used = replicates[known]
    errors = numbers["estimate"] - size
    scores = {
        "bias": mean(errors, used),
        "empirical_se": empirical_se(errors, used),
        "rmse": rmse(errors, used),
        **_interval_measures(numbers, size, used),
        **_decisions(numbers, size, significance, used),
    }
    factors = numbers["log_bayes_factor"]
    if not np.isnan(factors).all():
        with_factor = ~np.isnan(factors)
        factors, of_factor = factors[with_factor], used[with_factor]
        scores["bf_for"] = proportion(factors > np.log(STRONG), of_factor)
        scores["bf_against"] = proportion(factors < -np.log(STRONG), of_factor)
    scores["share_failed"] = proportion(~known, replicates)
    scores["share_flagged"] = proportion(known & (status != "ok"), replicates)
    return scores


def _interval_measures(
    numbers: Mapping[str, Floats], size: float, replicates: Floats
) -> dict[str, Score]:
    """Coverage and width of the rows with an interval."""
    lower, upper = numbers["lower"], numbers["upper"]
    has = ~(np.isnan(lower) | np.isnan(upper))
    covered = (lower <= size) & (size <= upper)
    return {
        "coverage": proportion(covered[has], replicates[has]),
        "width": mean((upper - lower)[has], replicates[has]),
    }


def _decisions(
    numbers: Mapping[str, Floats], size: float, significance: float, replicates: Floats
) -> dict[str, Score]:
    """Type I error of a null effect; power, type S and type M errors of others."""
    found = numbers["p"] < significance
    share = proportion(found, replicates)
    if size == 0:
        return {"type_1": share}
    estimates, of_found = numbers["estimate"][found], replicates[found]
    return {
        "power": share,
        "type_s": proportion(np.sign(estimates) != np.sign(size), of_found),
        "type_m": mean(np.abs(estimates / size), of_found),
    }


def disattenuated(rows: pd.DataFrame, reliability: float) -> pd.DataFrame:
    """Rows of a correlation that is divided by the root of the reliability of the estimates.

    Spearman (1904, American Journal of Psychology 15:72). The reliability is treated as known. The
    result can be greater than 1; p-values are kept.

    Parameters
    ----------
    rows : DataFrame
        Rows of Pearson's correlation, columns `rlrecovery.storage.schemas.EFFECT_BATCH`.
    reliability : float
        Reliability of the values that are correlated. If it is not positive, all rows fail.
    """
    numbers = ["estimate", "se", "lower", "upper"]
    result = rows.assign(analysis="disattenuated")
    if reliability > 0:
        return result.assign(**{name: rows[name] / np.sqrt(reliability) for name in numbers})
    reason = "the retest reliability of the estimates is not known to be positive"
    return result.assign(**dict.fromkeys([*numbers, "p"], np.nan), status="failed", reason=reason)


def reliability_of_mean(icc: float, sessions: int) -> float:
    """Reliability of a mean over sessions, given that of one (Spearman-Brown formula).

    Spearman (1910, British Journal of Psychology 3:271). Participants do not change.
    """
    return sessions * icc / (1 + (sessions - 1) * icc)


def agreement_measures(rows: pd.DataFrame) -> dict[str, Score]:
    """Measures of the agreement of two sessions in one parameter and cell.

    ``participants_factor`` is 1 / ICC; its MCSE follows from that of the mean ICC by the delta
    method. `rows` has the columns `rlrecovery.storage.schemas.RETEST_BATCH`.
    """
    known = {name: rows[~rows[name].isna()] for name in AGREEMENT}
    scores = {name: mean(own[name], own["replicate"]) for name, own in known.items()}
    icc = scores["icc"]
    if icc.value > 0:
        factor, mcse = 1 / icc.value, icc.mcse / icc.value**2
    else:
        factor = mcse = np.nan
    scores["participants_factor"] = Score(factor, mcse, icc.n, icc.n_rows)
    scores["share_failed"] = proportion(rows["status"] == "failed", rows["replicate"])
    return scores


def score_rows(scores: Mapping[str, Score]) -> Sequence[dict[str, object]]:
    """One row per measure, with the columns ``measure``, ``value``, ``mcse``, ``n``, ``n_rows``."""
    return [{"measure": name, **score._asdict()} for name, score in scores.items()]
