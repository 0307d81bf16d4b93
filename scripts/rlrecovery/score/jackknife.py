"""Statistics of sums over rows, with their jackknife standard errors over replicates.

Means, SDs and their ratios are functions of sums over rows. The sums without one replicate are the
total minus the sums of that replicate, so the delete-one jackknife needs no loop.
`rlrecovery.score.measures` uses these statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Statistic = Callable[[Floats], Floats]

#: A variance below this share of its own mean square is rounding error around a constant.
ROUNDING = 1e-12


class Score(NamedTuple):
    """A measure with its Monte Carlo standard error; NaN where they are not defined.

    ``n`` is the number of replicates (data sets) and ``n_rows`` the number of estimates.
    """

    value: float
    mcse: float
    n: int
    n_rows: int


#: The score of no rows.
EMPTY = Score(np.nan, np.nan, 0, 0)


def score_sums(
    statistic: Statistic,
    terms: Sequence[Floats],
    replicates: ArrayLike,
    closed_form: Callable[[float, int], float] | None = None,
) -> Score:
    """Value and MCSE of a statistic of sums over rows.

    Parameters
    ----------
    statistic : callable
        From sums, shape (k,) or (k, m), to the measure, shape () or (m,).
    terms : sequence of k arrays, shape (rows,)
        The terms of the sums.
    replicates : array of int, shape (rows,)
        Replicate of each row.
    closed_form : callable, optional
        From value and n to the MCSE; used if each replicate has one row. Otherwise, and by default,
        the MCSE is computed by the jackknife; for a mean the two are equal.
    """
    stacked = np.stack([np.asarray(term, dtype=float) for term in terms])
    codes, n = renumber(replicates)
    n_rows = stacked.shape[1]
    if n_rows == 0:
        return EMPTY
    # An infinite SE or interval end has no finite MCSE; suppress the warnings.
    with np.errstate(invalid="ignore", over="ignore"):
        value = float(statistic(stacked.sum(axis=1)))
        if n < 2:
            mcse = np.nan
        elif n == n_rows and closed_form is not None:
            mcse = float(closed_form(value, n))
        else:
            mcse = jackknife(statistic(sums_without_each(stacked, codes)))
    return Score(value, mcse, n, n_rows)


def renumber(replicates: ArrayLike) -> tuple[Integers, int]:
    """Renumber replicates from 0; also return their number."""
    different, codes = np.unique(np.asarray(replicates), return_inverse=True)
    return codes, different.size


def sums_without_each(terms: Floats, codes: Integers) -> Floats:
    """Sum terms, shape (k, rows), without each replicate; shape (k, replicates).

    ``codes`` are the replicates of the rows, renumbered from 0.
    """
    sums = np.stack([np.bincount(codes, weights=term) for term in terms])
    return sums.sum(axis=1, keepdims=True) - sums


def jackknife(leave_one_out: Floats) -> float:
    """Delete-one jackknife standard error, sqrt((n - 1)/n sum (value - mean of values)^2).

    ``leave_one_out`` is the statistic without each of n replicates; the result is NaN if n < 2.
    Efron & Stein (1981), Annals of Statistics 9:586.
    """
    n = leave_one_out.size
    if n < 2:
        return np.nan
    return float(np.sqrt((n - 1) / n * np.sum((leave_one_out - leave_one_out.mean()) ** 2)))


def centred_powers(errors: ArrayLike) -> list[Floats]:
    """Return 1, e and e^2, where e is the error minus the median, so that a constant gives 0."""
    errors = np.asarray(errors, dtype=float)
    centred = errors - np.median(errors) if errors.size else errors
    return [np.ones_like(centred), centred, centred**2]


def mean_of_sums(sums: Floats) -> Floats:
    """Mean, from the number of rows and the sum of their values."""
    return sums[1] / sums[0]


def root_mean_of_sums(sums: Floats) -> Floats:
    """Root mean square, from the number of rows and the sum of their squares."""
    return np.sqrt(sums[1] / sums[0])


def sd_of_sums(sums: Floats) -> Floats:
    """SD (divisor rows - 1), from the sums of `centred_powers`."""
    n, total, squares = sums[:3]
    around_mean = squares - total**2 / n
    varies = around_mean > ROUNDING * squares
    return np.sqrt(ratio(np.where(varies, around_mean, 0.0), n - 1))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Quotient; NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(denominator) != 0, np.divide(numerator, denominator), np.nan)
