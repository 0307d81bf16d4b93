"""Correlations of truth and estimate over all cells of one size."""

from __future__ import annotations

import pandas as pd

from rlrecovery.score.rows import (
    ScoreRow,
    correlation_measures,
    parameter_groups,
    refuse_duplicates,
    row_sets,
    score_rows,
    score_table,
    truth_varies,
)
from rlrecovery.storage.schemas import ESTIMATE_KEYS


def score_grid(joined: pd.DataFrame) -> pd.DataFrame:
    """Correlations over all cells with the same participants and trials.

    Parameters
    ----------
    joined : DataFrame
        Rows of `rlrecovery.score.rows.join` of one method in these cells, with a column ``cell``.

    Returns
    -------
    DataFrame
        Columns `rlrecovery.storage.schemas.SCORES`; Pearson's, Spearman's and Lin's coefficients
        for each level and parameter whose truth varies.

    Raises
    ------
    ValueError
        If an estimate is duplicated.

    Notes
    -----
    The jackknife leaves out one replicate number in all cells at once. Cells are simulated
    independently and the replicates of a cell are identically distributed, so that "replicate r of
    every cell" is one of R independent, identically distributed blocks, as the jackknife assumes.
    Leaving out single data sets would count the differences between cells, which are fixed by the
    design, as Monte Carlo error.
    """
    refuse_duplicates(joined, "estimates", ["cell", *ESTIMATE_KEYS])
    scored: list[ScoreRow] = []
    for (level, parameter), group in parameter_groups(joined):
        if truth_varies(group):
            for name, rows in row_sets(group):
                scored += score_rows(level, parameter, name, correlation_measures(rows))
    return score_table(scored)
