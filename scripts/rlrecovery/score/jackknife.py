"""Statistics as functions of sums over rows, with the jackknife over replicates.

A mean, an SD or a ratio of two of them is a function of sums, so that leaving out a replicate is a
subtraction. `rlrecovery.score.measures` says what is measured by them, and by which closed forms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlrecovery.score import correlation

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Statistic = Callable[[Floats], Floats]


class Score(NamedTuple):
    """A measure.

    Attributes
    ----------
    value : float
        The measure; NaN where it is not defined.
    mcse : float
        Its Monte Carlo standard error; NaN where that cannot be estimated.
    n : int
        Replicates (data sets) it rests on.
    n_rows : int
        Estimate rows it rests on.
    """

    value: float
    mcse: float
    n: int
    n_rows: int


NOTHING = Score(np.nan, np.nan, 0, 0)


def score_sums(
    statistic: Statistic,
    terms: Sequence[Floats],
    replicates: ArrayLike,
    closed: Callable[[float, int], float] | None = None,
) -> Score:
    """A function of sums over rows, with its MCSE.

    Parameters
    ----------
    statistic : callable
        From sums, shape (k,) or (k, m), to the measure, shape () or (m,).
    terms : sequence of k arrays, shape (rows,)
        What is summed.
    replicates : array of int, shape (rows,)
        Replicate of each row.
    closed : callable, optional
        From value and n to the MCSE where each replicate has one row; else the jackknife is used,
        which for a mean is the same.
    """
    stacked = np.stack([np.asarray(term, dtype=float) for term in terms])
    codes, n = renumbered(replicates)
    n_rows = stacked.shape[1]
    if n_rows == 0:
        return NOTHING
    # An infinite SE or interval end has no finite MCSE; that is a result and not worth a warning.
    with np.errstate(invalid="ignore", over="ignore"):
        value = float(statistic(stacked.sum(axis=1)))
        if n < 2:
            mcse = np.nan
        elif n == n_rows and closed is not None:
            mcse = float(closed(value, n))
        else:
            mcse = jackknife(statistic(without_each(stacked, codes)))
    return Score(value, mcse, n, n_rows)


def renumbered(replicates: ArrayLike) -> tuple[Integers, int]:
    """Replicates renumbered from 0, and how many there are."""
    known, codes = np.unique(np.asarray(replicates), return_inverse=True)
    return codes, known.size


def without_each(terms: Floats, codes: Integers) -> Floats:
    """Sums over all rows but those of one replicate, shape (k, replicates)."""
    sums = np.stack([np.bincount(codes, weights=term) for term in terms])
    return sums.sum(axis=1, keepdims=True) - sums


def jackknife(left_out: Floats) -> float:
    """Standard error from the leave-one-out values; NaN if there are fewer than two."""
    n = left_out.size
    if n < 2:
        return np.nan
    return float(np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2)))


def centred_powers(errors: ArrayLike) -> list[Floats]:
    """1, e and e^2 for `sd_of_sums`; e is taken from the median, so that a constant gives 0."""
    errors = np.asarray(errors, dtype=float)
    centred = errors - np.median(errors) if errors.size else errors
    return [np.ones_like(centred), centred, centred**2]


def mean_of_sums(sums: Floats) -> Floats:
    """Mean from the number of rows and the sum of their values."""
    return sums[1] / sums[0]


def root_mean_of_sums(sums: Floats) -> Floats:
    """Root mean square from the number of rows and the sum of their squares."""
    return np.sqrt(sums[1] / sums[0])


def sd_of_sums(sums: Floats) -> Floats:
    """SD (divisor rows - 1) from the sums of `centred_powers`."""
    n, total, squares = sums[:3]
    around_mean = squares - total**2 / n
    real = around_mean > correlation.ROUNDING * squares
    return np.sqrt(ratio(np.where(real, around_mean, 0.0), n - 1))


def ratio(numerator: ArrayLike, denominator: ArrayLike) -> Floats:
    """Quotient, NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.asarray(denominator) != 0, np.divide(numerator, denominator), np.nan)
