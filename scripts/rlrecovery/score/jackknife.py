"""Statistics of sums over rows, with their jackknife standard errors over replicates.

Means, SDs and their ratios are functions of sums over rows. The sums without one replicate are the
total minus the sums of that replicate, so the delete-one jackknife needs no loop.
`rlrecovery.score.measures` uses these statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A variance below this share of its own mean square is rounding error around a constant.
ROUNDING = 1e-12


class Score(NamedTuple):
    """A measure of ``n_rows`` estimates in ``n`` replicates, and its MCSE; NaN if not defined."""

    value: float
    mcse: float
    n: int
    n_rows: int


#: The score of no rows.
EMPTY = Score(np.nan, np.nan, 0, 0)


def score_sums(
    statistic: Callable[[Floats], Floats],
    terms: Sequence[ArrayLike],
    replicates: ArrayLike,
    closed_form: Callable[[float, int], Any] | None = None,
) -> Score:
    """Value and MCSE of a statistic of sums over rows.

    Parameters
    ----------
    statistic : callable
        From the number of rows and the sums of k terms, shape (1 + k,) or (1 + k, m), to the
        measure, shape () or (m,).
    terms : sequence of k arrays, shape (rows,)
        The terms of the sums.
    replicates : array of int, shape (rows,)
        Replicate of each row.
    closed_form : callable, optional
        From value and n to the MCSE; used if each replicate has one row. Otherwise, and by default,
        the MCSE is computed by the jackknife; for a mean the two are equal.
    """
    stacked = np.stack([np.ones(np.shape(terms[0])), *terms]).astype(float, copy=False)
    codes, n = renumber(replicates)
    n_rows = codes.size
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
    """Return e and e^2, where e is the error minus the median, so that a constant gives 0."""
    centred = minus_median(errors)
    return [centred, centred**2]


def minus_median(values: ArrayLike) -> Floats:
    """Subtract the median."""
    values = np.asarray(values, dtype=float)
    return values - np.median(values) if values.size else values


def mean_of_sums(sums: Floats) -> Floats:
    """Mean, from the number of rows and the sum of their values."""
    return sums[1] / sums[0]


def root_mean_of_sums(sums: Floats) -> Floats:
    """Root mean square, from the number of rows and the sum of their squares."""
    return np.sqrt(sums[1] / sums[0])


def sd_of_sums(sums: Floats) -> Floats:
    """SD (divisor rows - 1), from the number of rows and the sums of `centred_powers`."""
    n, total, squares = sums[:3]
    around_mean = squares - total**2 / n
    varies = around_mean > ROUNDING * squares
    return np.sqrt(ratio(np.where(varies, around_mean, 0.0), n - 1))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Quotient; NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(denominator) != 0, np.divide(numerator, denominator), np.nan)
