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

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rlrecovery.score.correlation import correlations
from rlrecovery.score.individual import individual_measures, relative_rmse
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
from rlrecovery.score.rows import refuse_duplicates
from rlrecovery.storage.schemas import ESTIMATE_KEYS, SCORES, interval_columns

#: Level and parameter, and a row of `SCORES`.
Key = tuple[str, str]
Row = tuple[str, str, str, str, float, float, float, int, int]

#: Columns of the estimates of one level and parameter, shape (rows,), by name; arrays are faster
#: than tables.
Columns = dict[str, NDArray[Any]]

#: Worst diagnostics in a cell: measure, column of the estimates, function of the worst value.
_WORST = (
    ("max_rhat", "rhat", np.max),
    ("min_ess_bulk", "ess_bulk", np.min),
    ("max_grid_error", "grid_error", np.max),
)

#: Columns from which measures are computed, and prefixes of those with the ends of intervals.
_USED, _ENDS = ("cell", "replicate", "truth", "estimate", "se"), ("lower_", "upper_")

#: Truths are considered equal if their range is below this share of the largest.
_SAME_TRUTH = 1e-9


def score_cell(joined: pd.DataFrame, nominal_levels: Sequence[float]) -> pd.DataFrame:
    """Compute all measures of one method in one cell, columns `SCORES`.

    ``joined`` has the rows of `rlrecovery.score.rows.join` of all replicates. Measures of error are
    computed twice: from ``all`` rows with an estimate, and from those with status ``ok``. They are
    omitted for a parameter without truth, and correlations where the truth does not vary.
    """
    scored: list[Row] = []
    for key, columns in _parameter_groups(joined):
        row_sets = _row_sets(columns)
        has_truth = not np.isnan(columns["truth"]).any()
        for name, rows in row_sets.items() if has_truth else ():
            scored += _score_rows(key, name, _error_measures(rows))
            for nominal_level in nominal_levels:
                measures = _interval_measures(rows, nominal_level)
                scored += _score_rows(key, name, measures, nominal_level)
        scored += _correlation_rows(key, columns["truth"], row_sets)
        scored += _individual_rows(key, columns, row_sets)
        scored += _score_rows(key, "all", _diagnostics(columns))
    return pd.DataFrame(scored, columns=list(SCORES)).astype(SCORES)


def score_grid(joined: pd.DataFrame) -> pd.DataFrame:
    """Compute correlations over all cells with the same participants and trials.

    For groups also the RMSE relative to that of guessing the mean of all true values.

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
    scored = [
        row
        for key, columns in _parameter_groups(joined)
        for row in _correlation_rows(key, columns["truth"], _row_sets(columns))
    ]
    return pd.DataFrame(scored, columns=list(SCORES)).astype(SCORES)


def _parameter_groups(joined: pd.DataFrame) -> Iterator[tuple[Key, Columns]]:
    """Yield each level and parameter with its columns, sorted independently of batches."""
    order = [name for name in ("cell", "replicate", "participant") if name in joined]
    table = joined.sort_values(["level", "parameter", *order], ignore_index=True)
    table = table.assign(has_failed=table["status"] == "failed", is_ok=table["status"] == "ok")
    whole = {str(name): table[name].to_numpy() for name in table}
    start = 0
    for key, size in table.groupby(["level", "parameter"], observed=True).size().items():
        yield key, {name: values[start : start + size] for name, values in whole.items()}
        start += size


def _row_sets(columns: Columns) -> dict[str, Columns]:
    """Columns of ``all`` rows that have an estimate, and of those whose status is ``ok``."""
    usable = np.isfinite(columns["estimate"]) & ~columns["has_failed"]
    sets = {"all": usable, "ok": usable & columns["is_ok"]}
    used = [name for name in columns if name in _USED or name.startswith(_ENDS)]
    return {rows: {name: columns[name][kept] for name in used} for rows, kept in sets.items()}


def _score_rows(
    key: Key, rows: str, measures: Mapping[str, Score], nominal_level: float = np.nan
) -> list[Row]:
    return [(*key, rows, name, nominal_level, *score) for name, score in measures.items()]


def _correlation_rows(
    key: Key, truth: NDArray[np.float64], row_sets: Mapping[str, Columns]
) -> list[Row]:
    """Correlations of truth and estimate, if all rows have a truth and their truths differ.

    For groups also the relative RMSE.
    """
    # False if a truth is missing, because both sides are NaN.
    if not np.ptp(truth) > _SAME_TRUTH * np.abs(truth).max():
        return []
    scored: list[Row] = []
    for name, rows in row_sets.items():
        arrays = (rows["truth"], rows["estimate"], rows["replicate"])
        measures = correlations(*arrays)
        if key[0] != "participant":
            measures["relative_rmse"] = relative_rmse(*arrays)
        n = _data_sets(rows)
        scored += _score_rows(key, name, {k: score._replace(n=n) for k, score in measures.items()})
    return scored


def _individual_rows(key: Key, columns: Columns, row_sets: Mapping[str, Columns]) -> list[Row]:
    """Measures of differences between participants, if a data set has different participants."""
    truth, replicates = columns["truth"], columns["replicate"]
    is_next = replicates[1:] == replicates[:-1]
    differences = np.abs(np.diff(truth))[is_next]
    if key[0] != "participant" or not (differences > _SAME_TRUTH * np.abs(truth).max()).any():
        return []
    scored: list[Row] = []
    for name, rows in row_sets.items():
        arrays = (rows["truth"], rows["estimate"], rows["replicate"])
        scored += _score_rows(key, name, individual_measures(*arrays))
    return scored


def _data_sets(rows: Columns) -> int:
    """Number of data sets; rows are sorted by cell, if there are several, and replicate."""
    is_first = np.ones(len(rows["replicate"]), bool)
    is_first[1:] = rows["replicate"][1:] != rows["replicate"][:-1]
    if "cell" in rows:
        is_first[1:] |= rows["cell"][1:] != rows["cell"][:-1]
    return int(is_first.sum())


def _error_measures(rows: Columns) -> dict[str, Score]:
    """Measures of errors and SEs."""
    errors, replicates, ses = rows["estimate"] - rows["truth"], rows["replicate"], rows["se"]
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


def _interval_measures(rows: Columns, nominal_level: float) -> dict[str, Score]:
    """Measures of the intervals of one nominal level."""
    lower, upper = (rows[name] for name in interval_columns(nominal_level))
    has_interval = ~(np.isnan(lower) | np.isnan(upper))
    lower, upper = lower[has_interval], upper[has_interval]
    truth, estimate, replicates = (
        rows[name][has_interval] for name in ("truth", "estimate", "replicate")
    )
    biased = truth + ((estimate - truth).mean() if truth.size else 0.0)
    return {
        "coverage": proportion((lower <= truth) & (truth <= upper), replicates),
        "truth_below": proportion(truth < lower, replicates),
        "truth_above": proportion(truth > upper, replicates),
        "bias_eliminated_coverage": proportion((lower <= biased) & (biased <= upper), replicates),
        "width": mean(upper - lower, replicates),
    }


def _diagnostics(columns: Columns) -> dict[str, Score]:
    """Shares of flagged rows, seconds per fit, and worst sampling diagnostics."""
    replicates, status = columns["replicate"], columns["status"]
    flags = {
        "share_failed": columns["has_failed"],
        "share_at_bound": columns["at_bound"],
        "share_not_converged": ~columns["converged"],
        "share_no_interval": (status == "no_interval") | (status == "not_identified"),
    }
    measures = {name: proportion(flag, replicates) for name, flag in flags.items()}
    # The time of a fit is repeated in all its rows; a parameter has one row per fit.
    timed = ~np.isnan(columns["seconds"])
    measures["seconds"] = mean(columns["seconds"][timed], replicates[timed])
    for name, column, worst in _WORST:
        known = ~np.isnan(columns[column])
        if known.any():
            n = np.unique(replicates[known]).size
            value = float(worst(columns[column][known]))
            measures[name] = Score(value, np.nan, n, int(known.sum()))
    return measures
