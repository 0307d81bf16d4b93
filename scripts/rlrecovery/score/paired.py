"""Paired comparisons of methods on the same data sets, with Monte Carlo standard errors (MCSE).

All methods fit the same data sets, so their errors are correlated and a difference is more precise
than each of its terms. Only rows in which both methods have an estimate are compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from rlrecovery.score.jackknife import (
    Floats,
    Integers,
    Score,
    centred_powers,
    ratio,
    root_mean_of_sums,
    score_sums,
    sd_of_sums,
)
from rlrecovery.score.measures import mean
from rlrecovery.storage.schemas import ESTIMATE_KEYS, PAIRED


def compare(joined: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare every method with each of the methods before it, in one cell: columns `PAIRED`.

    ``joined`` has the rows of `rlrecovery.score.rows.join` of each method, in the order of the
    config. There are rows for each level and parameter that both methods estimate. Measures:
    ``bias_difference`` and ``mse_difference`` (method minus reference), ``rmse_ratio`` (method /
    reference) and ``relative_precision``, a proportion: (empirical SE of the reference / empirical
    SE of the method)^2 - 1.
    """
    errors = {name: _errors(table) for name, table in joined.items()}
    compared = []
    for reference, name in itertools.combinations(errors, 2):
        both = errors[name].merge(errors[reference], on=ESTIMATE_KEYS, suffixes=("", "_reference"))
        both = both.sort_values(ESTIMATE_KEYS)
        for (level, parameter), group in both.groupby(["level", "parameter"], observed=True):
            pair = group["error"].to_numpy(float), group["error_reference"].to_numpy(float)
            for measure, score in paired_measures(*pair, group["replicate"].to_numpy()):
                compared.append((name, reference, level, parameter, measure, *score))
    return pd.DataFrame(compared, columns=list(PAIRED)).astype(PAIRED)


def _errors(joined: pd.DataFrame) -> pd.DataFrame:
    """Keys and error of the rows that have an estimate."""
    joined = joined.assign(error=joined["estimate"] - joined["truth"])
    usable = np.isfinite(joined["error"]) & (joined["status"] != "failed")
    return joined.loc[usable, [*ESTIMATE_KEYS, "error"]]


def paired_measures(
    errors: Floats, reference: Floats, replicates: Integers
) -> Iterator[tuple[str, Score]]:
    """Names and scores of all measures of two methods' errors in the same rows, shape (rows,)."""
    yield "bias_difference", mean(errors - reference, replicates)
    yield "mse_difference", mean(errors**2 - reference**2, replicates)
    yield "rmse_ratio", rmse_ratio(errors, reference, replicates)
    yield "relative_precision", relative_precision(errors, reference, replicates)


def rmse_ratio(errors: Floats, reference: Floats, replicates: Integers) -> Score:
    """RMSE of a method divided by that of the reference, with a jackknife MCSE."""
    return score_sums(
        lambda sums: ratio(root_mean_of_sums(sums[[0, 1]]), root_mean_of_sums(sums[[0, 2]])),
        [errors**2, reference**2],
        replicates,
    )


def relative_precision(errors: Floats, reference: Floats, replicates: Integers) -> Score:
    """Gain in precision over the reference, a proportion; positive if the SD is smaller.

    With one row per replicate its MCSE is 2 (s_r / s)^2 sqrt((1 - rho^2) / (n - 1)), where s and
    s_r are the SDs of the errors of method and reference and rho is their correlation (Morris,
    White & Crowther 2019, Table 6); otherwise it is computed by the jackknife. The closed form is
    an approximation for many replicates. It is NaN for fewer than three, because rho is then 1 for
    any errors, and too small for few (by half for three).
    """

    def closed_form(value: float, n: int) -> float:
        if n < 3 or errors.std() == 0 or reference.std() == 0:
            return np.nan
        rho = np.corrcoef(errors, reference)[0, 1]
        return 2 * (1 + value) * np.sqrt(max(0.0, 1 - rho**2) / (n - 1))

    return score_sums(
        lambda sums: ratio(sd_of_sums(sums[[0, 3, 4]]), sd_of_sums(sums[:3])) ** 2 - 1,
        [*centred_powers(errors), *centred_powers(reference)],
        replicates,
        closed_form,
    )
