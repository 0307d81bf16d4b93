"""Agreement of truth and estimate: Pearson, Spearman, Lin's concordance.

Each is here in the two forms that a leave-one-block-out jackknife needs: of all rows, and of all
rows but those of one block, for every block at once. Pearson's and Lin's coefficients are functions
of sums over rows, so leaving a block out is a subtraction. Ranks are not, but the rank of a row
among the remaining rows is its rank among all of them minus the number of left-out rows below it,
so that no block needs a new sort.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A variance below this share of its own mean square is a constant plus rounding error.
ROUNDING = 1e-12


def moments(truth: Floats, estimate: Floats) -> Floats:
    """Terms whose sums over rows determine `pearson` and `concordance`.

    Parameters
    ----------
    truth, estimate : array, shape (n,)
        Paired and finite.

    Returns
    -------
    array, shape (7, n)
        1, x, y, x^2, y^2, x y and truth - estimate, where x and y are truth and estimate minus
        their medians: near the centre of the data, so that little cancels, and exact for a
        constant.
    """
    x = truth - np.median(truth) if truth.size else truth
    y = estimate - np.median(estimate) if estimate.size else estimate
    return np.stack([np.ones_like(x), x, y, x * x, y * y, x * y, truth - estimate])


def _central(sums: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Variances, covariance (population moments, 1/n) and mean difference from sums."""
    n, x, y, xx, yy, xy, difference = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        var_x, var_y = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2
        covariance = xy / n - (x / n) * (y / n)
        var_x = np.where(var_x > ROUNDING * xx / n, var_x, 0.0)
        var_y = np.where(var_y > ROUNDING * yy / n, var_y, 0.0)
        return var_x, var_y, covariance, difference / n


def pearson(sums: Floats) -> Floats:
    """Pearson's correlation from the sums of `moments`.

    Parameters
    ----------
    sums : array, shape (7,) or (7, m)
        Sums over rows, for one or for m sets of rows.

    Returns
    -------
    array, shape () or (m,)
        NaN where truth or estimate does not vary.
    """
    var_x, var_y, covariance, _ = _central(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = covariance / np.sqrt(var_x * var_y)
        return np.where((var_x > 0) & (var_y > 0), np.clip(ratio, -1, 1), np.nan)


def concordance(sums: Floats) -> Floats:
    """Lin's concordance correlation coefficient from the sums of `moments`.

    ``2 s_xy / (s_x^2 + s_y^2 + (mean_x - mean_y)^2)`` with population moments (divisor n), as in
    Lin (1989), Biometrics 45:255-268, doi:10.2307/2532051. It is 1 only where every estimate
    equals its truth; a constant estimate gives 0.

    Parameters
    ----------
    sums : array, shape (7,) or (7, m)
        Sums over rows, for one or for m sets of rows.

    Returns
    -------
    array, shape () or (m,)
        NaN where neither truth nor estimate varies and both are equal, or where there is no row.
    """
    var_x, var_y, covariance, difference = _central(sums)
    scale = var_x + var_y + difference**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(scale > 0, 2 * covariance / scale, np.nan)


def spearman(truth: Floats, estimate: Floats) -> float:
    """Spearman's rank correlation, ties sharing their average rank.

    Parameters
    ----------
    truth, estimate : array, shape (n,)
        Paired and finite.

    Returns
    -------
    float
        NaN where truth or estimate does not vary.
    """
    if not truth.size:
        return np.nan
    centre = (truth.size + 1) / 2
    return _of_centred_ranks(_ranks(truth) - centre, _ranks(estimate) - centre)


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing their mean; SciPy's are the same, but a slow import."""
    return pd.Series(values).rank().to_numpy()


def spearman_without_each(truth: Floats, estimate: Floats, blocks: Integers) -> Floats:
    """Spearman's rank correlation of all rows but those of one block, for each block.

    Costs one sort, and then time proportional to the number of rows for each block.

    Parameters
    ----------
    truth, estimate : array, shape (n,)
        Paired and finite.
    blocks : array of int, shape (n,)
        Block of each row, 0 to m - 1, none of them empty.

    Returns
    -------
    array, shape (m,)
        Entry b leaves block b out; NaN where truth or estimate does not vary among the rest.
    """
    order = np.argsort(blocks, kind="stable")
    ends = np.cumsum(np.bincount(blocks))
    ranks = [_ranks(values[order]) for values in (truth, estimate)]
    codes = [np.unique(rank, return_inverse=True)[1] for rank in ranks]
    without = np.empty(ends.size)
    for block, (start, end) in enumerate(zip(np.r_[0, ends[:-1]], ends, strict=True)):
        left_out = slice(start, end)
        pair = [
            _centred_ranks_without(rank, code, left_out)
            for rank, code in zip(ranks, codes, strict=True)
        ]
        without[block] = _of_centred_ranks(*pair)
    return without


def _centred_ranks_without(ranks: Floats, codes: Integers, left_out: slice) -> Floats:
    """Ranks among the remaining rows minus their mean; 0 for the rows that are left out.

    An average rank is the number of rows below plus half of one more than the number of equals
    (itself included), so a left-out row takes 1 from every rank above it and 1/2 from its equals.
    """
    counts = np.bincount(codes[left_out])
    taken = np.full(int(codes.max()) + 1, float(counts.sum()))
    taken[: counts.size] = np.cumsum(counts) - counts / 2
    remaining = ranks.size - counts.sum()
    centred = ranks - taken[codes] - (remaining + 1) / 2
    centred[left_out] = 0.0
    return centred


def _of_centred_ranks(x: Floats, y: Floats) -> float:
    """Correlation of ranks that sum to 0. Ranks are half-integers, so a constant is exactly 0."""
    scale = np.sqrt(x @ x) * np.sqrt(y @ y)
    return float(np.clip(x @ y / scale, -1, 1)) if scale > 0 else np.nan
