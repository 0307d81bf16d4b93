"""Performance measures of an estimator, each with its Monte Carlo standard error (MCSE).

Measures and closed forms of their MCSEs follow Morris, White & Crowther (2019), Statistics in
Medicine 38:2074-2102, doi:10.1002/sim.8086, Table 6. The independent unit is the replicate (one
simulated data set): its participants share a fit or a group estimate and are not independent.

- The error of a row is estimate - truth. Where the truth differs between the rows of a cell, the
  empirical SE is the SD of the errors; for a single truth that is the SD of the estimates.
- If every replicate has one row (group level, or one participant), MCSEs are the closed forms of
  Morris et al. The MCSEs of the empirical SE and of the relative error assume normal errors and are
  too small for long-tailed ones (by half, in a simulation with lognormal errors of SD 0.8).
- If replicates have several rows, a measure is computed from all rows together: a mean is then a
  ratio estimator in which replicates are weighted by their number of rows. Its MCSE is the
  delete-one jackknife over replicates (`rlrecovery.score.jackknife`). For means of replicates of
  equal size it equals SD(replicate means) / sqrt(n).
- The jackknife is inconsistent for a median; `median` uses Woodruff's interval instead.
- An MCSE is NaN where it cannot be estimated: fewer than two replicates, or division by 0.

All arrays have shape (rows,), without missing values: ``errors`` are estimate - truth, ``ses``
reported standard errors or posterior SDs, and ``replicates`` numbers of replicates.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rlrecovery.score.jackknife import (
    EMPTY,
    Score,
    centred_powers,
    mean_of_sums,
    ratio,
    root_mean_of_sums,
    score_sums,
    sd_of_sums,
)

#: Half-width, in standard errors, of the interval that `median` inverts.
_WOODRUFF = 1.959963984540054


def mean(values: ArrayLike, replicates: ArrayLike) -> Score:
    """Mean over rows; with one row per replicate its MCSE is SD/sqrt(n)."""
    return score_sums(mean_of_sums, [values], replicates)


def binomial_se(p: Any, n: Any) -> Any:
    """Standard error of a proportion of `n` independent rows: sqrt(p (1 - p) / n)."""
    return np.sqrt(p * (1 - p) / n)


def proportion(hits: ArrayLike, replicates: ArrayLike) -> Score:
    """Proportion of rows for which `hits` is true (coverage, flag rates).

    With one row per replicate its MCSE is that of `binomial_se`.
    """
    return score_sums(mean_of_sums, [hits], replicates, binomial_se)


def median(values: ArrayLike, replicates: ArrayLike) -> Score:
    """Median over rows, with Woodruff's MCSE.

    Notes
    -----
    With s the MCSE of the share of rows below the median (clustered by replicate) and z = 1.96, the
    standard error of the median is the distance between the quantiles at 1/2 - z s and 1/2 + z s,
    divided by 2 z: Woodruff (1952), Journal of the American Statistical Association 47:635. With
    one row per replicate this is the estimator of McKean & Schrader (1984), Communications in
    Statistics 13:751. At least four replicates are needed. For s the larger MCSE of two shares is
    used: rows below, and rows not above the median; they differ if many estimates are equal, as at
    a bound.
    """
    values = np.asarray(values, dtype=float)
    if not values.size:
        return EMPTY
    value = float(np.median(values))
    below, up_to = (proportion(hits, replicates) for hits in (values < value, values <= value))
    half_width = _WOODRUFF * np.maximum(below.mcse, up_to.mcse)
    mcse = 0.0 if below.n >= 2 and np.ptp(values) == 0 else np.nan
    if 0 < half_width < 0.5:
        ends = np.quantile(values, [0.5 - half_width, 0.5 + half_width], method="hazen")
        mcse = float(np.ptp(ends)) / (2 * _WOODRUFF)
    return Score(value, mcse, below.n, below.n_rows)


def empirical_se(errors: ArrayLike, replicates: ArrayLike) -> Score:
    """SD of the errors of all rows (divisor rows - 1).

    With one row per replicate its MCSE is the SD over sqrt(2 (n - 1)).
    """
    return score_sums(
        sd_of_sums, centred_powers(errors), replicates, lambda sd, n: sd / np.sqrt(2 * (n - 1))
    )


def rmse(errors: ArrayLike, replicates: ArrayLike) -> Score:
    """Root mean square of the errors.

    With one row per replicate its MCSE is the MCSE of the mean square divided by twice the root
    (delta method).
    """
    squares = np.asarray(errors, dtype=float) ** 2
    return score_sums(
        root_mean_of_sums,
        [squares],
        replicates,
        lambda root, _: ratio(mean(squares, replicates).mcse, 2 * root),
    )


def model_se(ses: ArrayLike, replicates: ArrayLike) -> Score:
    """Root mean square of the reported SEs.

    With one row per replicate its MCSE is sqrt(var(se^2) / (4 n ModSE^2)).
    """
    variances = np.asarray(ses, dtype=float) ** 2
    return score_sums(
        root_mean_of_sums,
        [variances],
        replicates,
        lambda root, n: ratio(np.sqrt(np.var(variances, ddof=1) / n), 2 * root),
    )


def relative_error_model_se(ses: ArrayLike, errors: ArrayLike, replicates: ArrayLike) -> Score:
    """Model SE / empirical SE - 1, a proportion; positive if reported SEs are too large.

    With one row per replicate its MCSE is
    (ModSE/EmpSE) sqrt(var(se^2) / (4 n ModSE^4) + 1 / (2 (n - 1))).
    """
    variances = np.asarray(ses, dtype=float) ** 2

    def closed_form(relative: float, n: int) -> Any:
        of_model_se = ratio(np.var(variances, ddof=1), 4 * n * np.mean(variances) ** 2)
        return (1 + relative) * np.sqrt(of_model_se + 1 / (2 * (n - 1)))

    return score_sums(
        lambda sums: ratio(root_mean_of_sums(sums[[0, 3]]), sd_of_sums(sums)) - 1,
        [*centred_powers(errors), variances],
        replicates,
        closed_form,
    )
