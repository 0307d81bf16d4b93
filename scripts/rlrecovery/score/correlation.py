"""Correlation of truth and estimate: Pearson's, Spearman's and Lin's coefficients with their MCSEs.

For the jackknife, each coefficient is computed from all rows and without the rows of each block.
Pearson's and Lin's coefficients are functions of sums over rows, so leaving out a block is a
subtraction. The rank of a row among the remaining rows is its rank among all rows minus the number
of left-out rows below it, so no block needs another sort.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rlrecovery.score.jackknife import (
    ROUNDING,
    Floats,
    Integers,
    Score,
    jackknife,
    minus_median,
    renumber,
    score_sums,
)


def correlations(truth: ArrayLike, estimate: ArrayLike, blocks: ArrayLike) -> dict[str, Score]:
    """Compute Pearson's, Spearman's and Lin's coefficients with their jackknife MCSEs.

    ``truth`` and ``estimate`` are paired and finite, and ``blocks`` (replicates) independent and
    identically distributed; all have shape (rows,).
    """
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    terms = moments(truth, estimate)
    codes, n = renumber(blocks)
    rank_mcse = jackknife(spearman_without_each(truth, estimate, codes)) if n > 1 else np.nan
    # If the truth has few values, leaving out a block may never change the order of the estimates.
    # An MCSE of 0 would be wrong in this case: the Monte Carlo error is unknown.
    rank_mcse = rank_mcse if rank_mcse > ROUNDING else np.nan
    return {
        "pearson": score_sums(pearson, terms, blocks),
        "spearman": Score(spearman(truth, estimate), rank_mcse, n, truth.size),
        "concordance": score_sums(concordance, terms, blocks),
    }


def moments(truth: Floats, estimate: Floats) -> list[Floats]:
    """Terms whose sums over rows determine `pearson` and `concordance`.

    They are x, y, x^2, y^2, x y and truth - estimate, where x and y are truth and estimate minus
    their medians. Subtracting the medians reduces cancellation, and a constant gives 0.
    """
    x, y = minus_median(truth), minus_median(estimate)
    return [x, y, x * x, y * y, x * y, truth - estimate]


def _central(sums: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Variances and covariance (divisor n), and mean difference."""
    n, x, y, xx, yy, xy, difference = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        var_x, var_y = xx / n - (x / n) ** 2, yy / n - (y / n) ** 2
        covariance = xy / n - (x / n) * (y / n)
        var_x = np.where(var_x > ROUNDING * xx / n, var_x, 0.0)
        var_y = np.where(var_y > ROUNDING * yy / n, var_y, 0.0)
        return var_x, var_y, covariance, difference / n


def pearson(sums: Floats) -> Floats:
    """Pearson's correlation, from the number of rows and the sums of `moments`.

    The sums have shape (7,) or (7, m). NaN where truth or estimate does not vary.
    """
    var_x, var_y, covariance, _ = _central(sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = covariance / np.sqrt(var_x * var_y)
        return np.where((var_x > 0) & (var_y > 0), np.clip(ratio, -1, 1), np.nan)


def concordance(sums: Floats) -> Floats:
    """Lin's concordance correlation coefficient, from the same sums as `pearson`.

    ``2 s_xy / (s_x^2 + s_y^2 + (mean_x - mean_y)^2)`` with population moments (divisor n), as in
    Lin (1989), Biometrics 45:255-268, doi:10.2307/2532051. It is 1 only if every estimate
    equals its truth; a constant estimate gives 0.
    NaN where truth and estimate are constant and equal, or where there are no rows.
    """
    var_x, var_y, covariance, difference = _central(sums)
    scale = var_x + var_y + difference**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(scale > 0, 2 * covariance / scale, np.nan)


def spearman(truth: Floats, estimate: Floats) -> float:
    """Spearman's rank correlation; NaN where truth or estimate does not vary."""
    if not truth.size:
        return np.nan
    centre = (truth.size + 1) / 2
    return _of_centred_ranks(_ranks(truth) - centre, _ranks(estimate) - centre)


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; ties get their average rank. `scipy.stats.rankdata` would be a slow import."""
    return pd.Series(values).rank().to_numpy()


def spearman_without_each(truth: Floats, estimate: Floats, blocks: Integers) -> Floats:
    """Compute Spearman's rank correlation without the rows of each block, renumbered from 0.

    Rows are sorted only once; the time per block is proportional to the number of rows.
    """
    order = np.argsort(blocks, kind="stable")
    ends = np.cumsum(np.bincount(blocks))
    ranks = [_ranks(values[order]) for values in (truth, estimate)]
    pair = [(rank, np.unique(rank, return_inverse=True)[1]) for rank in ranks]
    without = [
        _of_centred_ranks(*(_centred_ranks_without(*one, slice(start, end)) for one in pair))
        for start, end in zip(np.r_[0, ends[:-1]], ends, strict=True)
    ]
    return np.array(without)


def _centred_ranks_without(ranks: Floats, codes: Integers, left_out: slice) -> Floats:
    """Ranks among the remaining rows minus their mean; 0 for the left-out rows.

    An average rank is the number of smaller rows plus (number of equal rows, itself included, + 1)
    / 2, so a left-out row lowers the rank of a larger row by 1 and that of an equal row by 1/2.
    """
    counts = np.bincount(codes[left_out])
    lowered = np.full(int(codes.max()) + 1, float(counts.sum()))
    lowered[: counts.size] = np.cumsum(counts) - counts / 2
    remaining = ranks.size - counts.sum()
    centred = ranks - lowered[codes] - (remaining + 1) / 2
    centred[left_out] = 0.0
    return centred


def _of_centred_ranks(x: Floats, y: Floats) -> float:
    """Correlation of ranks that sum to 0; constant ranks are exactly 0, being half-integers."""
    scale = np.sqrt(x @ x) * np.sqrt(y @ y)
    return float(np.clip(x @ y / scale, -1, 1)) if scale > 0 else np.nan
