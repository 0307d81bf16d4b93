"""Methods compared on the same data: what one gains over another, with its Monte Carlo error.

All methods fit the same data sets, so that their errors move together and a difference is known
better than either. Only rows in which both have an estimate are compared.
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
from rlrecovery.score.measures import join, mean

#: One row per pair of methods, level, parameter and measure of a cell.
PAIRED = {
    "method": "str",
    "reference": "str",
    "level": "str",
    "parameter": "str",
    "measure": "str",
    "value": "float64",
    "mcse": "float64",
    "n": "int64",
    "n_rows": "int64",
}

_KEYS = ["replicate", "participant", "level", "parameter"]


def compare(estimates: Mapping[str, pd.DataFrame], truth: pd.DataFrame) -> pd.DataFrame:
    """Every method against each of those before it, in one cell.

    Parameters
    ----------
    estimates : mapping
        From method to its estimates in the cell, in the order of the config.
    truth : DataFrame
        Columns of `rlrecovery.storage.files.TRUTH`, of the same cell.

    Returns
    -------
    DataFrame
        Columns `PAIRED`; no rows for a level or parameter that only one of two methods estimates.
        Measures: ``bias_difference`` and ``mse_difference`` (method minus reference),
        ``rmse_ratio`` (method over reference) and ``relative_precision``
        ((empirical SE of the reference / that of the method)^2 - 1, as a proportion; positive
        where the method scatters less).
    """
    errors = {name: _errors(table, truth) for name, table in estimates.items()}
    found = []
    for reference, name in itertools.combinations(errors, 2):
        both = errors[name].merge(errors[reference], on=_KEYS, suffixes=("", "_reference"))
        both = both.sort_values(_KEYS)
        for (level, parameter), group in both.groupby(["level", "parameter"], observed=True):
            mine = group["error"].to_numpy(float), group["error_reference"].to_numpy(float)
            for measure, score in paired_measures(*mine, group["replicate"].to_numpy()):
                found.append((name, reference, level, parameter, measure, *score))
    return pd.DataFrame(found, columns=list(PAIRED)).astype(PAIRED)


def _errors(estimates: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    joined = join(estimates, truth)
    joined = joined.assign(error=joined["estimate"] - joined["truth"])
    usable = np.isfinite(joined["error"]) & (joined["status"] != "failed")
    return joined.loc[usable, [*_KEYS, "error"]]


def paired_measures(
    errors: Floats, reference: Floats, replicates: Integers
) -> Iterator[tuple[str, Score]]:
    """All measures of two methods' errors in the same rows, by name.

    Parameters
    ----------
    errors, reference : float array, shape (rows,)
        Estimate minus truth of the method and of the reference.
    replicates : int array, shape (rows,)
        Replicate of each row.
    """
    yield "bias_difference", mean(errors - reference, replicates)
    yield "mse_difference", mean(errors**2 - reference**2, replicates)
    yield "rmse_ratio", rmse_ratio(errors, reference, replicates)
    yield "relative_precision", relative_precision(errors, reference, replicates)


def rmse_ratio(errors: Floats, reference: Floats, replicates: Integers) -> Score:
    """RMSE of a method over that of the reference, on the same rows; MCSE by the jackknife.

    Parameters
    ----------
    errors, reference : float array, shape (rows,)
        Estimate minus truth of the method and of the reference.
    replicates : int array, shape (rows,)
        Replicate of each row.
    """

    def quotient(sums: Floats) -> Floats:
        """Of the roots of the mean squares."""
        return ratio(root_mean_of_sums(sums[[0, 1]]), root_mean_of_sums(sums[[0, 2]]))

    return score_sums(quotient, [np.ones_like(errors), errors**2, reference**2], replicates)


def relative_precision(errors: Floats, reference: Floats, replicates: Integers) -> Score:
    """Gain in precision over the reference, on the same rows, as a proportion.

    With one row per replicate its MCSE is 2 (s_r / s)^2 sqrt((1 - rho^2) / (n - 1)), rho being the
    correlation of the errors (Morris, White & Crowther 2019, Table 6); otherwise the jackknife. The
    closed form is one for many replicates: it is missing below three of them, where rho is 1
    whatever the errors are, and too small for a few (by half with three).

    Parameters
    ----------
    errors, reference : float array, shape (rows,)
        Estimate minus truth of the method and of the reference.
    replicates : int array, shape (rows,)
        Replicate of each row.
    """

    def gain(sums: Floats) -> Floats:
        """Squared ratio of the SDs, minus 1."""
        return ratio(sd_of_sums(sums[[0, 3, 4]]), sd_of_sums(sums[:3])) ** 2 - 1

    def closed(value: float, n: int) -> float:
        """MCSE for one row per replicate."""
        if n < 3 or errors.std() == 0 or reference.std() == 0:
            return np.nan
        rho = np.corrcoef(errors, reference)[0, 1]
        return 2 * (1 + value) * np.sqrt(max(0.0, 1 - rho**2) / (n - 1))

    terms = [*centred_powers(errors), *centred_powers(reference)[1:]]
    return score_sums(gain, terms, replicates, closed)
