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

from rlrecovery.score.correlation import correlations
from rlrecovery.score.jackknife import Score
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
from rlrecovery.score.rows import join, refuse_duplicates
from rlrecovery.storage.files import read_tables, write_table
from rlrecovery.storage.schemas import (
    ESTIMATE_KEYS,
    SCORES,
    TRUTH,
    estimates_columns,
    interval_columns,
)

log = logging.getLogger(__name__)

#: Level and parameter, and a row of `SCORES`.
Key = tuple[str, str]
Row = tuple[str, str, str, str, float, float, float, int, int]

#: Worst diagnostics in a cell: measure, column of the estimates, aggregation to the worst value.
_WORST = (
    ("max_rhat", "rhat", "max"),
    ("min_ess_bulk", "ess_bulk", "min"),
    ("max_grid_error", "grid_error", "max"),
)

#: Truths are considered equal if their range is below this share of the largest.
_SAME_TRUTH = 1e-9


def score(
    estimates: Mapping[str, Sequence[str]],
    truth: Sequence[str],
    nominal_levels: Sequence[float],
    scores: Mapping[str, str],
    paired: str,
    wrong: Sequence[str] = (),
) -> None:
    """Score all methods in one cell and write the results: rule ``score``.

    Parameters
    ----------
    estimates : mapping
        From method to the paths of its batches.
    truth : sequence of str
        Paths of all batches.
    nominal_levels : sequence of float
        Nominal levels of the intervals.
    scores : mapping
        From method to the path for its measures.
    paired : str
        Path for the paired comparisons of the methods.
    wrong : sequence of str
        Methods that fit another model than the generating one. They are not compared here, but in
        `rlrecovery.score.model_selection`.
    """
    true_values, right = read_tables(truth, TRUTH), {}
    for method, path in scores.items():
        table = read_tables(estimates[method], estimates_columns(nominal_levels))
        replicates = table["replicate"].nunique()
        log.info("%s: scoring %d rows of %d replicates", method, len(table), replicates)
        write_table(score_cell(table, true_values, nominal_levels), path)
        if method not in wrong:
            right[method] = table
    write_table(compare(right, true_values), paired)


def score_cell(
    estimates: pd.DataFrame, truth: pd.DataFrame, nominal_levels: Sequence[float]
) -> pd.DataFrame:
    """Compute all measures of one method in one cell, columns `SCORES`.

    ``estimates`` and ``truth`` are those of all replicates, as in `rlrecovery.score.rows.join`.
    Measures of error are computed twice: from ``all`` rows with an estimate, and from those with
    status ``ok``. They are omitted for a parameter without truth, and correlations where the truth
    does not vary.
    """
    scored: list[Row] = []
    for key, group in _parameter_groups(join(estimates, truth)):
        for name, rows in _row_sets(group) if group["truth"].notna().all() else ():
            scored += _score_rows(key, name, _error_measures(rows))
            for nominal_level in nominal_levels:
                measures = _interval_measures(rows, nominal_level)
                scored += _score_rows(key, name, measures, nominal_level)
        scored += _correlation_rows(key, group)
        scored += _score_rows(key, "all", _diagnostics(group))
    return pd.DataFrame(scored, columns=list(SCORES)).astype(SCORES)


def score_grid(joined: pd.DataFrame) -> pd.DataFrame:
    """Compute correlations over all cells with the same participants and trials.

    ``joined`` has the rows of `rlrecovery.score.rows.join` of one method in these cells, with a
    column ``cell``. The result has columns `SCORES`, and rows for each level and parameter whose
    truth varies.

    Notes
    -----
    The jackknife leaves out one replicate number in all cells at once. Cells are simulated
    independently and the replicates of a cell are identically distributed, so "replicate r of every
    cell" is one of R independent, identically distributed blocks, as the jackknife assumes. Leaving
    out single data sets would treat differences between cells, which are fixed by the study, as
    Monte Carlo error.
    """
    refuse_duplicates(joined, "estimates", ["cell", *ESTIMATE_KEYS])
    groups = _parameter_groups(joined)
    scored = [row for key, group in groups for row in _correlation_rows(key, group)]
    return pd.DataFrame(scored, columns=list(SCORES)).astype(SCORES)


def _parameter_groups(joined: pd.DataFrame) -> Iterator[tuple[Key, pd.DataFrame]]:
    """Yield each level and parameter with its rows, sorted independently of batches."""
    order = [name for name in ("cell", "replicate", "participant") if name in joined]
    for key, group in joined.groupby(["level", "parameter"], observed=True):
        yield key, group.sort_values(order, ignore_index=True)


def _row_sets(group: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield ``all`` rows that have an estimate, then those whose status is ``ok``."""
    usable = group[np.isfinite(group["estimate"]) & (group["status"] != "failed")]
    yield "all", usable
    yield "ok", usable[usable["status"] == "ok"]


def _score_rows(
    key: Key, rows: str, measures: Mapping[str, Score], nominal_level: float = np.nan
) -> list[Row]:
    return [(*key, rows, name, nominal_level, *score) for name, score in measures.items()]


def _correlation_rows(key: Key, group: pd.DataFrame) -> list[Row]:
    """Correlations of truth and estimate, if all rows have a truth and their truths differ."""
    truth = group["truth"].to_numpy(dtype=float)
    # False if a truth is missing, because both sides are NaN.
    if not np.ptp(truth) > _SAME_TRUTH * np.abs(truth).max():
        return []
    data_sets = [name for name in ("cell", "replicate") if name in group]
    scored: list[Row] = []
    for name, rows in _row_sets(group):
        measures = correlations(rows["truth"], rows["estimate"], rows["replicate"])
        n = len(rows[data_sets].drop_duplicates())
        scored += _score_rows(key, name, {k: score._replace(n=n) for k, score in measures.items()})
    return scored


def _error_measures(rows: pd.DataFrame) -> dict[str, Score]:
    """Measures of errors and SEs."""
    errors = (rows["estimate"] - rows["truth"]).to_numpy(dtype=float)
    replicates = rows["replicate"].to_numpy()
    ses = rows["se"].to_numpy(dtype=float)
    has_se = ~np.isnan(ses)
    with_se = ses[has_se], errors[has_se], replicates[has_se]
    return {
        "bias": mean(errors, replicates),
        "median_bias": median(errors, replicates),
        "empirical_se": empirical_se(errors, replicates),
        "model_se": model_se(ses[has_se], replicates[has_se]),
        "relative_error_model_se": relative_error_model_se(*with_se),
        "mse": mean(errors**2, replicates),
        "rmse": rmse(errors, replicates),
    }


def _interval_measures(rows: pd.DataFrame, nominal_level: float) -> dict[str, Score]:
    """Measures of the intervals of one nominal level."""
    rows = rows.dropna(subset=interval_columns(nominal_level))
    columns = (*interval_columns(nominal_level), "truth", "estimate")
    lower, upper, truth, estimate = (rows[name].to_numpy(dtype=float) for name in columns)
    replicates = rows["replicate"].to_numpy()
    biased = truth + ((estimate - truth).mean() if len(rows) else 0.0)
    return {
        "coverage": proportion((lower <= truth) & (truth <= upper), replicates),
        "truth_below": proportion(truth < lower, replicates),
        "truth_above": proportion(truth > upper, replicates),
        "bias_eliminated_coverage": proportion((lower <= biased) & (biased <= upper), replicates),
        "width": mean(upper - lower, replicates),
    }


def _diagnostics(group: pd.DataFrame) -> dict[str, Score]:
    """Shares of flagged rows, seconds per fit, and worst sampling diagnostics."""
    flags = {
        "share_failed": group["status"] == "failed",
        "share_at_bound": group["at_bound"].astype(bool),
        "share_not_converged": ~group["converged"].astype(bool),
        "share_no_interval": group["status"].isin(["no_interval", "not_identified"]),
    }
    measures = {name: proportion(flag, group["replicate"]) for name, flag in flags.items()}
    # The time of a fit is repeated in all its rows; a parameter has one row per fit.
    timed = group[group["seconds"].notna()]
    measures["seconds"] = mean(timed["seconds"], timed["replicate"])
    for name, column, worst in _WORST:
        rows = group[group[column].notna()]
        if len(rows):
            value = float(rows[column].agg(worst))
            measures[name] = Score(value, np.nan, rows["replicate"].nunique(), len(rows))
    return measures
