"""Measures of all methods in one cell, and correlations over all cells of one size.

- Measures of error exclude rows without an estimate. Measures that need an SE or an interval
  exclude rows without it; ``n`` and ``n_rows`` count the rows that are used. Intervals with an
  infinite end are included: they count for coverage, and the mean width is infinite.
- Bias-eliminated coverage is the coverage of truth + mean error of the same rows. As in Morris,
  White & Crowther (2019), the MCSE treats the mean error as known, which is exact to first order
  for symmetric errors and somewhat too small for skewed ones.
- Shares of truths below and above their intervals are computed at every nominal level; for a
  calibrated posterior both are (1 - nominal level) / 2.
- The relative error of the model SE compares model and empirical SE of the rows with a model SE.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from rlrecovery.score.jackknife import Floats, Integers, Score
from rlrecovery.score.measures import (
    empirical_se,
    mean,
    median,
    model_se,
    proportion,
    relative_error_model_se,
    rmse,
)
from rlrecovery.score.paired import compare
from rlrecovery.score.rows import (
    Measure,
    ScoreRow,
    correlation_measures,
    join,
    parameter_groups,
    refuse_duplicates,
    row_sets,
    score_rows,
    score_table,
    truth_varies,
)
from rlrecovery.storage.files import read_tables, write_table
from rlrecovery.storage.schemas import (
    ESTIMATE_KEYS,
    TRUTH,
    estimates_columns,
    interval_columns,
)

log = logging.getLogger(__name__)

#: Worst diagnostics in a cell: measure, column of the estimates, aggregation to the worst value.
_WORST = (
    ("max_rhat", "rhat", "max"),
    ("min_ess_bulk", "ess_bulk", "min"),
    ("max_grid_error", "grid_error", "max"),
)


def score(
    estimates: Sequence[str],
    truth: Sequence[str],
    levels: Sequence[float],
    scores: Mapping[str, str],
    paired: str,
    wrong: Sequence[str] = (),
) -> None:
    """Score all methods in one cell and write the results: rule ``score``.

    Parameters
    ----------
    estimates : sequence of str
        Paths of all batches of the first method, then of the second, and so on.
    truth : sequence of str
        Paths of all batches.
    levels : sequence of float
        Nominal levels of the intervals.
    scores : mapping
        From method to the path for its measures, in the order of the estimates.
    paired : str
        Path for the paired comparisons of the methods.
    wrong : sequence of str
        Methods that fit another model than the generating one. They are not compared here, but in
        `rlrecovery.score.model_selection`.
    """
    true_values, batches = read_tables(truth, TRUTH), len(truth)
    estimates_by_method = {}
    for i, (method, path) in enumerate(scores.items()):
        paths = estimates[i * batches : (i + 1) * batches]
        table = read_tables(paths, estimates_columns(levels))
        replicates = table["replicate"].nunique()
        log.info("%s: scoring %d rows of %d replicates", method, len(table), replicates)
        write_table(score_cell(table, true_values, levels), path)
        estimates_by_method[method] = table
    right = {name: table for name, table in estimates_by_method.items() if name not in wrong}
    write_table(compare(right, true_values), paired)


def score_cell(
    estimates: pd.DataFrame, truth: pd.DataFrame, levels: Sequence[float]
) -> pd.DataFrame:
    """Compute all measures of one method in one cell.

    Parameters
    ----------
    estimates : DataFrame
        Columns of `rlrecovery.storage.schemas.estimates_columns`; all replicates of the cell.
    truth : DataFrame
        Columns `rlrecovery.storage.schemas.TRUTH`.
    levels : sequence of float
        Nominal levels of the intervals.

    Returns
    -------
    DataFrame
        Columns `rlrecovery.storage.schemas.SCORES`, one row per measure. Measures of error are
        computed twice: from ``all`` rows with an estimate, and from those with status ``ok``. They
        are omitted for a parameter without truth, and correlations where the truth does not vary.

    Raises
    ------
    ValueError
        See `rlrecovery.score.rows.join`.
    """
    scored: list[ScoreRow] = []
    for (level, parameter), group in parameter_groups(join(estimates, truth)):
        if group["truth"].notna().all():
            for name, rows in row_sets(group):
                scored += score_rows(level, parameter, name, _error_measures(rows, levels))
        if truth_varies(group):
            for name, rows in row_sets(group):
                scored += score_rows(level, parameter, name, correlation_measures(rows))
        scored += score_rows(level, parameter, "all", _diagnostics(group))
    return score_table(scored)


def score_grid(joined: pd.DataFrame) -> pd.DataFrame:
    """Compute correlations over all cells with the same participants and trials.

    Parameters
    ----------
    joined : DataFrame
        Rows of `rlrecovery.score.rows.join` of one method in these cells, with a column ``cell``.

    Returns
    -------
    DataFrame
        Columns `rlrecovery.storage.schemas.SCORES`; Pearson's, Spearman's and Lin's coefficients
        for each level and parameter whose truth varies.

    Notes
    -----
    The jackknife leaves out one replicate number in all cells at once. Cells are simulated
    independently and the replicates of a cell are identically distributed, so "replicate r of every
    cell" is one of R independent, identically distributed blocks, as the jackknife assumes. Leaving
    out single data sets would treat differences between cells, which are fixed by the study, as
    Monte Carlo error.
    """
    refuse_duplicates(joined, "estimates", ["cell", *ESTIMATE_KEYS])
    scored: list[ScoreRow] = []
    for (level, parameter), group in parameter_groups(joined):
        if truth_varies(group):
            for name, rows in row_sets(group):
                scored += score_rows(level, parameter, name, correlation_measures(rows))
    return score_table(scored)


def _error_measures(rows: pd.DataFrame, levels: Sequence[float]) -> Iterator[Measure]:
    """Measures of errors, SEs and intervals."""
    errors = (rows["estimate"] - rows["truth"]).to_numpy(dtype=float)
    replicates = rows["replicate"].to_numpy()
    ses = rows["se"].to_numpy(dtype=float)
    has_se = ~np.isnan(ses)
    yield "bias", np.nan, mean(errors, replicates)
    yield "median_bias", np.nan, median(errors, replicates)
    yield "empirical_se", np.nan, empirical_se(errors, replicates)
    yield "model_se", np.nan, model_se(ses[has_se], replicates[has_se])
    relative_error = relative_error_model_se(ses[has_se], errors[has_se], replicates[has_se])
    yield "relative_error_model_se", np.nan, relative_error
    yield "mse", np.nan, mean(errors**2, replicates)
    yield "rmse", np.nan, rmse(errors, replicates)
    for level in levels:
        ends = rows[list(interval_columns(level))].to_numpy(dtype=float)
        truth = rows["truth"].to_numpy()
        for name, interval_score in _interval_scores(ends, truth, errors, replicates):
            yield name, level, interval_score


def _interval_scores(
    ends: Floats, truth: Floats, errors: Floats, replicates: Integers
) -> Iterator[tuple[str, Score]]:
    """Measures of the intervals of one nominal level; ``ends`` has shape (rows, 2)."""
    has_interval = ~np.isnan(ends).any(axis=1)
    (lower, upper), truth = ends[has_interval].T, truth[has_interval]
    replicates = replicates[has_interval]
    biased = truth + (errors[has_interval].mean() if has_interval.any() else 0.0)
    yield "coverage", proportion((lower <= truth) & (truth <= upper), replicates)
    yield "truth_below", proportion(truth < lower, replicates)
    yield "truth_above", proportion(truth > upper, replicates)
    bias_eliminated = (lower <= biased) & (biased <= upper)
    yield "bias_eliminated_coverage", proportion(bias_eliminated, replicates)
    yield "width", mean(upper - lower, replicates)


def _diagnostics(group: pd.DataFrame) -> Iterator[Measure]:
    """Shares of flagged rows, seconds per fit, and worst sampling diagnostics."""
    replicates = group["replicate"].to_numpy()
    yield "share_failed", np.nan, proportion(group["status"] == "failed", replicates)
    yield "share_at_bound", np.nan, proportion(group["at_bound"].astype(bool), replicates)
    yield "share_not_converged", np.nan, proportion(~group["converged"].astype(bool), replicates)
    no_interval = group["status"].isin(["no_interval", "not_identified"])
    yield "share_no_interval", np.nan, proportion(no_interval, replicates)
    # The time of a fit is repeated in all its rows; a parameter has one row per fit.
    timed = group[group["seconds"].notna()]
    yield "seconds", np.nan, mean(timed["seconds"], timed["replicate"])
    for name, column, worst in _WORST:
        rows = group[group[column].notna()]
        if len(rows):
            value = float(rows[column].agg(worst))
            yield name, np.nan, Score(value, np.nan, rows["replicate"].nunique(), len(rows))
