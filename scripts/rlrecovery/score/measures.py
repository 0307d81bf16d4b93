"""Estimates and truth become measures, each with its Monte Carlo standard error (MCSE).

Measures and closed forms follow Morris, White & Crowther (2019), Statistics in Medicine
38:2074-2102, doi:10.1002/sim.8086, Table 6. The independent unit is the replicate, one simulated
data set; its participants share a fit or a group estimate and are not independent.

- Error is estimate - truth, per row. Where truths differ inside a cell (a scattered population)
  the empirical SE is the SD of the errors, which for one fixed truth is the SD of the estimates.
- Where every replicate gives one row (group level, or one participant), MCSEs are the closed forms
  of Morris et al. Those of the empirical SE and of the relative error assume normal errors and are
  too small for long-tailed ones (by half, in a simulation with lognormal errors of SD 0.8).
- Where replicates give several rows, a measure is that of all rows together (so a mean is the
  ratio estimator: replicates weigh as many rows as they have) and its MCSE is the delete-one
  jackknife over replicates, sqrt((n-1)/n sum (leave-one-out - their mean)^2), Efron & Stein
  (1981), Annals of Statistics 9:586. For means of replicates of equal size that is
  SD(replicate means)/sqrt(n).
- The jackknife fails for a median; `median` uses Woodruff's interval instead.
- Bias-eliminated coverage judges an interval against truth + mean error of the same rows. As in
  Morris et al. that mean counts as known in the MCSE, which is exact to first order for symmetric
  errors and somewhat too small for skewed ones.
- The shares of truths below and above their intervals are the rank of the truth among the ends of
  the intervals, level by level: for a calibrated posterior each is half of what is left of 1.
- Relative error of the model SE compares model and empirical SE of the rows that have a model SE.
- A row without an estimate enters no error-based measure; one without an SE or without an interval
  is left out of the measures that need it; n and n_rows say what remained. An infinite interval
  end is an end: it counts in coverage and makes the mean width infinite.
- An MCSE is NaN where it cannot be estimated: fewer than two replicates, or a divisor of 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rlrecovery.score import correlation
from rlrecovery.score.jackknife import (
    NOTHING,
    Floats,
    Integers,
    Score,
    centred_powers,
    jackknife,
    mean_of_sums,
    ratio,
    renumbered,
    root_mean_of_sums,
    score_sums,
    sd_of_sums,
    without_each,
)
from rlrecovery.storage.files import interval_columns

#: What identifies an estimate inside a cell, and its truth.
KEYS = ["replicate", "participant", "level", "parameter"]

#: Columns of `score_cell` and `score_grid`, with their types.
SCORES = {
    "level": "str",
    "parameter": "str",
    "rows": "str",
    "measure": "str",
    "interval": "float64",
    "value": "float64",
    "mcse": "float64",
    "n": "int64",
    "n_rows": "int64",
}

#: Half-width, in standard errors, of the interval that `median` inverts.
_WOODRUFF = 1.959963984540054

#: Truths whose range is below this share of their size count as one truth.
_SAME_TRUTH = 1e-9


#: Measure, nominal level of the interval or NaN, score.
Named = tuple[str, float, Score]

# --- tables -----------------------------------------------------------------------------------


def join(estimates: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Give every estimate its truth.

    Parameters
    ----------
    estimates : DataFrame
        Columns of `rlrecovery.storage.files.estimates_columns`, of one method and one cell.
    truth : DataFrame
        Columns of `rlrecovery.storage.files.TRUTH`, of the same cell.

    Returns
    -------
    DataFrame
        The estimates in their order, with a column ``truth``. It is NaN for a level and parameter
        that has no truth at all: the fitted model has a parameter which the generating one lacks.

    Raises
    ------
    ValueError
        If an estimate or a truth is there twice, or if an estimate's level and parameter has
        truths, but not for its replicate and participant.
    """
    _refuse_duplicates(estimates, "estimate", KEYS)
    _refuse_duplicates(truth, "truth", KEYS)
    known = truth.loc[truth["truth"].notna(), [*KEYS, "truth"]]
    joined = estimates.merge(known, on=KEYS, how="left")
    pairs = pd.MultiIndex.from_frame(joined[["level", "parameter"]])
    lost = joined["truth"].isna() & pairs.isin(pd.MultiIndex.from_frame(known[KEYS[2:]]))
    if lost.any():
        first = _words(joined.loc[lost, KEYS].iloc[0])
        raise ValueError(
            f"{lost.sum()} estimates have no truth, the first being {first}; "
            "estimates and truth must be of the same cell"
        )
    return joined


def score_cell(
    estimates: pd.DataFrame, truth: pd.DataFrame, levels: Sequence[float]
) -> pd.DataFrame:
    """All measures of one method in one cell.

    Parameters
    ----------
    estimates : DataFrame
        Columns of `rlrecovery.storage.files.estimates_columns(levels)`; all replicates of the cell.
    truth : DataFrame
        Columns of `rlrecovery.storage.files.TRUTH`.
    levels : sequence of float
        Nominal levels of the intervals.

    Returns
    -------
    DataFrame
        Columns `SCORES`, one row per measure. Error-based measures come twice: for ``all`` rows
        with an estimate and for those whose status is ``ok``. They are absent for a parameter
        without truth; the correlations are absent where truth is the same in all rows.

    Raises
    ------
    ValueError
        As `join`.
    """
    found = []
    for (level, parameter), group in _groups(join(estimates, truth)):
        if group["truth"].notna().all():
            for rows, chosen in _variants(group):
                found += _named(level, parameter, rows, _error_based(chosen, levels))
        if _truth_varies(group):
            for rows, chosen in _variants(group):
                found += _named(level, parameter, rows, _correlations(chosen))
        found += _named(level, parameter, "all", _diagnostics(group))
    return _table(found)


def score_grid(joined: pd.DataFrame) -> pd.DataFrame:
    """Correlations over all cells of one combination of participants and trials.

    Parameters
    ----------
    joined : DataFrame
        Rows of `join` of one method, of all these cells, with a column ``cell``.

    Returns
    -------
    DataFrame
        Columns `SCORES`; Pearson, Spearman and Lin's concordance for each level and parameter
        whose truth varies. ``n`` counts data sets, that is pairs of cell and replicate.

    Raises
    ------
    ValueError
        If an estimate is there twice.

    Notes
    -----
    The jackknife leaves out a replicate's number in all cells at once. Cells are simulated
    independently and the replicates of a cell are alike, so "replicate r of every cell" is one
    of R independent, identically distributed blocks, and the pooled coefficient is a function of
    their sums: the textbook case of the jackknife. Leaving out single data sets as if they were
    alike would count the differences between cells, which the design fixes, as Monte Carlo noise.
    """
    _refuse_duplicates(joined, "estimate", ["cell", *KEYS])
    found = []
    for (level, parameter), group in _groups(joined):
        if _truth_varies(group):
            for rows, chosen in _variants(group):
                found += _named(level, parameter, rows, _correlations(chosen))
    return _table(found)


# --- measures of arrays -----------------------------------------------------------------------


def mean(values: ArrayLike, replicates: ArrayLike) -> Score:
    """Mean over rows; with one row per replicate its MCSE is SD/sqrt(n).

    Parameters
    ----------
    values : array, shape (rows,)
        Errors for the bias, squared errors for the MSE, widths, seconds...
    replicates : array of int, shape (rows,)
        Replicate of each row.
    """
    values = np.asarray(values, dtype=float)
    return score_sums(mean_of_sums, [np.ones_like(values), values], replicates)


def proportion(hits: ArrayLike, replicates: ArrayLike) -> Score:
    """Share of rows that hit; with one row per replicate its MCSE is sqrt(p (1 - p) / n).

    Parameters
    ----------
    hits : array of bool, shape (rows,)
        For instance whether the interval covers the truth.
    replicates : array of int, shape (rows,)
        Replicate of each row.
    """
    hits = np.asarray(hits, dtype=float)
    return score_sums(
        mean_of_sums, [np.ones_like(hits), hits], replicates, lambda p, n: np.sqrt(p * (1 - p) / n)
    )


def median(values: ArrayLike, replicates: ArrayLike) -> Score:
    """Median over rows, with Woodruff's MCSE.

    Parameters
    ----------
    values : array, shape (rows,)
        Finite errors.
    replicates : array of int, shape (rows,)
        Replicate of each row.

    Notes
    -----
    The jackknife is inconsistent for a median. Woodruff (1952), Journal of the American
    Statistical Association 47:635, takes the MCSE s of the share of rows below the median (which
    may be clustered) and reads off the quantiles at 1/2 - z s and 1/2 + z s; their distance over
    2 z is the standard error of the median. With one row per replicate this is the estimator of
    McKean & Schrader (1984), Communications in Statistics 13:751. z is 1.96, so that at least four
    replicates are needed. Of the shares below and not above the median the less certain one
    counts, which matters for ties at a bound.
    """
    values = np.asarray(values, dtype=float)
    if not values.size:
        return NOTHING
    middle = float(np.median(values))
    below, up_to = (proportion(hits, replicates) for hits in (values < middle, values <= middle))
    half = _WOODRUFF * np.maximum(below.mcse, up_to.mcse)
    constant = below.n >= 2 and np.ptp(values) == 0
    mcse = 0.0 if constant else np.nan
    if 0 < half < 0.5:
        lower, upper = np.quantile(values, [0.5 - half, 0.5 + half], method="hazen")
        mcse = float(upper - lower) / (2 * _WOODRUFF)
    return Score(middle, mcse, below.n, below.n_rows)


def empirical_se(errors: ArrayLike, replicates: ArrayLike) -> Score:
    """SD of the errors of all rows (divisor rows - 1).

    With one row per replicate its MCSE is the SD over sqrt(2 (n - 1)).

    Parameters
    ----------
    errors : array, shape (rows,)
        Estimate minus truth.
    replicates : array of int, shape (rows,)
        Replicate of each row.
    """
    terms = centred_powers(errors)
    return score_sums(sd_of_sums, terms, replicates, lambda sd, n: sd / np.sqrt(2 * (n - 1)))


def rmse(errors: ArrayLike, replicates: ArrayLike) -> Score:
    """Root mean square of the errors.

    With one row per replicate its MCSE is that of the mean square over twice the root (delta
    method).

    Parameters
    ----------
    errors : array, shape (rows,)
        Estimate minus truth.
    replicates : array of int, shape (rows,)
        Replicate of each row.
    """
    squares = np.asarray(errors, dtype=float) ** 2

    def delta(root: float, _: int) -> float:
        """MCSE of the root by the delta method."""
        return ratio(mean(squares, replicates).mcse, 2 * root)

    return score_sums(root_mean_of_sums, [np.ones_like(squares), squares], replicates, delta)


def model_se(ses: ArrayLike, replicates: ArrayLike) -> Score:
    """Root mean square of the SEs that the method reported.

    With one row per replicate its MCSE is sqrt(var(se^2) / (4 n ModSE^2)).

    Parameters
    ----------
    ses : array, shape (rows,)
        Reported standard errors or posterior SDs, none missing.
    replicates : array of int, shape (rows,)
        Replicate of each row.
    """
    variances = np.asarray(ses, dtype=float) ** 2

    def closed(root: float, n: int) -> float:
        """MCSE for one row per replicate."""
        return ratio(np.sqrt(np.var(variances, ddof=1) / n), 2 * root)

    return score_sums(root_mean_of_sums, [np.ones_like(variances), variances], replicates, closed)


def relative_error_model_se(ses: ArrayLike, errors: ArrayLike, replicates: ArrayLike) -> Score:
    """Model SE over empirical SE minus 1, a proportion; positive where the method is too humble.

    With one row per replicate its MCSE is
    (ModSE/EmpSE) sqrt(var(se^2) / (4 n ModSE^4) + 1 / (2 (n - 1))).

    Parameters
    ----------
    ses, errors : array, shape (rows,)
        Of the same rows, none missing.
    replicates : array of int, shape (rows,)
        Replicate of each row.
    """
    variances = np.asarray(ses, dtype=float) ** 2

    def closed(relative: float, n: int) -> float:
        """MCSE for one row per replicate."""
        of_model = ratio(np.var(variances, ddof=1), 4 * n * np.mean(variances) ** 2)
        return (1 + relative) * np.sqrt(of_model + 1 / (2 * (n - 1)))

    return score_sums(_relative, [*centred_powers(errors), variances], replicates, closed)


def correlations(
    truth: ArrayLike, estimate: ArrayLike, blocks: ArrayLike
) -> dict[str, tuple[float, float]]:
    """Pearson, Spearman and Lin's concordance with their leave-one-block-out jackknife MCSEs.

    Parameters
    ----------
    truth, estimate : array, shape (rows,)
        Paired and finite.
    blocks : array of int, shape (rows,)
        Independent, alike blocks of rows: replicates.

    Returns
    -------
    dict
        From ``pearson``, ``spearman`` and ``concordance`` to value and MCSE.
    """
    truth, estimate = np.asarray(truth, dtype=float), np.asarray(estimate, dtype=float)
    codes, n = renumbered(blocks)
    terms = correlation.moments(truth, estimate)
    total, without = terms.sum(axis=1), without_each(terms, codes)
    found = {
        name: (float(statistic(total)), jackknife(statistic(without)))
        for name, statistic in (
            ("pearson", correlation.pearson),
            ("concordance", correlation.concordance),
        )
    }
    ranks = correlation.spearman_without_each(truth, estimate, codes) if n > 1 else np.empty(0)
    error = jackknife(ranks)
    # With few different truths a perfect order stays perfect without any block: that the ranks do
    # not move says nothing about the Monte Carlo error, so none is claimed.
    error = error if error > correlation.ROUNDING else np.nan
    found["spearman"] = (correlation.spearman(truth, estimate), error)
    return {name: found[name] for name in ("pearson", "spearman", "concordance")}


# --- from the rows of a level and parameter to measures ---------------------------------------


def _error_based(chosen: pd.DataFrame, levels: Sequence[float]) -> Iterator[Named]:
    """Measures of error and of intervals: name, interval level, score."""
    errors = (chosen["estimate"] - chosen["truth"]).to_numpy(dtype=float)
    replicates = chosen["replicate"].to_numpy()
    ses = chosen["se"].to_numpy(dtype=float)
    has = ~np.isnan(ses)
    yield "bias", np.nan, mean(errors, replicates)
    yield "median_bias", np.nan, median(errors, replicates)
    yield "empirical_se", np.nan, empirical_se(errors, replicates)
    yield "model_se", np.nan, model_se(ses[has], replicates[has])
    relative = relative_error_model_se(ses[has], errors[has], replicates[has])
    yield "relative_error_model_se", np.nan, relative
    yield "mse", np.nan, mean(errors**2, replicates)
    yield "rmse", np.nan, rmse(errors, replicates)
    for level in levels:
        ends = chosen[list(interval_columns(level))].to_numpy(dtype=float)
        for name, score in _interval_based(ends, chosen["truth"].to_numpy(), errors, replicates):
            yield name, level, score


def _interval_based(
    ends: Floats, truth: Floats, errors: Floats, replicates: Integers
) -> Iterator[tuple[str, Score]]:
    has = ~np.isnan(ends).any(axis=1)
    (lower, upper), truth = ends[has].T, truth[has]
    replicates = replicates[has]
    target = truth + (errors[has].mean() if has.any() else 0.0)
    yield "coverage", proportion((lower <= truth) & (truth <= upper), replicates)
    yield "truth_below", proportion(truth < lower, replicates)
    yield "truth_above", proportion(truth > upper, replicates)
    covered = (lower <= target) & (target <= upper)
    yield "bias_eliminated_coverage", proportion(covered, replicates)
    yield "width", mean(upper - lower, replicates)


def _correlations(chosen: pd.DataFrame) -> Iterator[Named]:
    """Correlations: name, no interval level, score."""
    replicates = chosen["replicate"].to_numpy()
    n = len(chosen[["cell", "replicate"] if "cell" in chosen else ["replicate"]].drop_duplicates())
    found = correlations(chosen["truth"], chosen["estimate"], replicates)
    for name, (value, mcse) in found.items():
        yield name, np.nan, Score(value, mcse, n, len(chosen))


#: Worst diagnostics of a cell: measure, column of the estimates, how rows are compared.
_WORST = (
    ("max_rhat", "rhat", "max"),
    ("min_ess_bulk", "ess_bulk", "min"),
    ("max_grid_error", "grid_error", "max"),
)


def _diagnostics(group: pd.DataFrame) -> Iterator[Named]:
    """Shares of flagged rows, seconds per fit, worst convergence: name, no level, score."""
    replicates = group["replicate"].to_numpy()
    yield "share_failed", np.nan, proportion(group["status"] == "failed", replicates)
    yield "share_at_bound", np.nan, proportion(group["at_bound"].astype(bool), replicates)
    yield "share_not_converged", np.nan, proportion(~group["converged"].astype(bool), replicates)
    without = group["status"].isin(["no_interval", "not_identified"])
    yield "share_no_interval", np.nan, proportion(without, replicates)
    # One row per fit here: a fit's time is repeated over parameters, and this is one of them.
    timed = group[group["seconds"].notna()]
    yield "seconds", np.nan, mean(timed["seconds"], timed["replicate"])
    for name, column, worst in _WORST:
        known = group[group[column].notna()]
        if len(known):
            value = float(known[column].agg(worst))
            yield name, np.nan, Score(value, np.nan, known["replicate"].nunique(), len(known))


def _groups(joined: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """Rows of each level and parameter, in one order, so that batches change no last digit."""
    order = [name for name in ("cell", "replicate", "participant") if name in joined]
    for key, group in joined.groupby(["level", "parameter"], observed=True):
        yield key, group.sort_values(order, ignore_index=True)


def _variants(group: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rows with an estimate, and those of them whose status is ok."""
    finite = np.isfinite(group["estimate"].to_numpy(dtype=float))
    usable = group[finite & (group["status"] != "failed").to_numpy()]
    yield "all", usable
    yield "ok", usable[usable["status"] == "ok"]


def _truth_varies(group: pd.DataFrame) -> bool:
    truth = group["truth"].to_numpy(dtype=float)
    if np.isnan(truth).any():
        return False
    return bool(np.ptp(truth) > _SAME_TRUTH * np.abs(truth).max())


def _named(level: str, parameter: str, rows: str, scores: Iterable[Named]) -> list[tuple]:
    return [(level, parameter, rows, *rest, *score) for *rest, score in scores]


def _table(found: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(found, columns=list(SCORES)).astype(SCORES)


def _refuse_duplicates(table: pd.DataFrame, what: str, keys: list[str]) -> None:
    twice = table.duplicated(keys)
    if twice.any():
        first = _words(table.loc[twice, keys].iloc[0])
        raise ValueError(f"{twice.sum()} rows of {what} are there twice, the first being {first}")


def _words(key: pd.Series) -> str:
    return ", ".join(f"{name} {value}" for name, value in key.items())


def _relative(sums: Floats) -> Floats:
    return ratio(root_mean_of_sums(sums[[0, 3]]), sd_of_sums(sums)) - 1
