"""How well estimates tell the participants of one population apart.

Correlations over a grid of true values mostly say that values far apart are distinguished. A lab
that compares its own participants asks about differences within one population, which are smaller.
All measures here are computed from the participants of single cells, whose truths differ only by
the spread of the population.

- ``spearman_within``: rank correlation between the truths and estimates of the participants of a
  data set, averaged over data sets. A data set whose estimates are all equal counts as 0: they do
  not order anyone. The average depends on the number n of participants, also if estimates do not:
  it is ((n - 2) rho + 3 tau) / (n + 1) with Spearman's and Kendall's coefficients rho and tau of
  the population (Hoeffding 1948, Annals of Mathematical Statistics 19:293), which is less than rho
  if n is small.
- ``reliability``: squared correlation of truth and estimate within data sets, the proportion of the
  variance of estimates that is true variance (Lord & Novick 1968, Statistical Theories of Mental
  Test Scores, section 3.4). Variances and covariance are averaged over data sets before the ratio
  is taken.
- ``concordance_within``: Lin's concordance (`rlrecovery.score.correlation.concordance`) within data
  sets, from the same averages. Unlike reliability it is lowered by bias and by estimates whose
  differences are too large or too small.
- ``relative_rmse``: RMSE divided by the RMSE of a baseline that ignores the data and gives every
  participant the mean of the population, which is the SD of the truths. Above 1, the estimates are
  worse than no data.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rlrecovery.score.jackknife import (
    ROUNDING,
    Floats,
    Integers,
    Score,
    mean_of_sums,
    ratio,
    renumber,
    score_sums,
)

#: Measures of this module, in the order of the summary.
INDIVIDUAL = ("spearman_within", "concordance_within", "reliability", "relative_rmse")


def individual_measures(truth: Floats, estimate: Floats, replicates: Integers) -> dict[str, Score]:
    """Compute the measures of one parameter of the participants of a cell.

    Parameters
    ----------
    truth, estimate : float array, shape (rows,)
        One row per participant and data set; finite.
    replicates : array, shape (rows,)
        Data set of each row.

    Returns
    -------
    dict
        The measures `INDIVIDUAL`. Data sets with a single row do not count, except for
        ``relative_rmse``.
    """
    codes, _ = renumber(replicates)
    deviations = [_deviations(values, codes) for values in (truth, estimate)]
    difference = _means(estimate - truth, codes)[codes]
    compared = np.bincount(codes)[codes] > 1 if codes.size else np.zeros(0, bool)
    x, y = (values[compared] for values in deviations)
    terms = [x * x, y * y, x * y, difference[compared] ** 2]
    of_compared = replicates[compared]
    return {
        "spearman_within": _mean_spearman(truth[compared], estimate[compared], codes[compared]),
        "concordance_within": score_sums(_concordance, terms, of_compared),
        "reliability": score_sums(_reliability, terms, of_compared),
        "relative_rmse": relative_rmse(truth, estimate, replicates),
    }


def relative_rmse(truth: Floats, estimate: Floats, replicates: Integers) -> Score:
    """RMSE divided by the SD of the truths, which is the RMSE of guessing their mean."""
    centred = truth - (truth.mean() if truth.size else 0.0)
    return score_sums(_relative_rmse, [centred, centred**2, (estimate - truth) ** 2], replicates)


def _means(values: Floats, codes: Integers) -> Floats:
    """Mean of each data set."""
    return np.bincount(codes, weights=values) / np.bincount(codes)


def _deviations(values: Floats, codes: Integers) -> Floats:
    """Values minus the mean of their data set; differences that are rounding errors are 0."""
    deviations = values - _means(values, codes)[codes]
    return np.where(np.abs(deviations) > ROUNDING * np.abs(values), deviations, 0.0)


def _mean_spearman(truth: Floats, estimate: Floats, codes: Integers) -> Score:
    """Mean over data sets of the rank correlation within each."""
    groups, _ = renumber(codes)
    x, y = (
        _deviations(pd.Series(values).groupby(groups).rank().to_numpy(), groups)
        for values in (truth, estimate)
    )
    xx, yy, xy = (np.bincount(groups, weights=term) for term in (x * x, y * y, x * y))
    varies = xx > 0
    correlations = np.where(yy > 0, ratio(xy, np.sqrt(xx * yy)), 0.0)[varies]
    score = score_sums(mean_of_sums, [correlations], np.flatnonzero(varies))
    return score._replace(n_rows=int(varies[groups].sum()))


def _reliability(sums: Floats) -> Floats:
    """Squared correlation, from rows and sums of x^2, y^2, x y; 0 if estimates do not vary."""
    _, xx, yy, xy, _ = sums
    return np.where(yy > 0, ratio(xy**2, xx * yy), np.where(xx > 0, 0.0, np.nan))


def _concordance(sums: Floats) -> Floats:
    """Lin's coefficient, from rows and sums of x^2, y^2, x y and squared mean differences."""
    _, xx, yy, xy, shift = sums
    return ratio(2 * xy, xx + yy + shift)


def _relative_rmse(sums: Floats) -> Floats:
    """RMSE over SD, from rows and sums of truths, their squares, and squared errors."""
    n, total, squares, errors = sums
    return np.sqrt(ratio(errors, squares - total**2 / n))
