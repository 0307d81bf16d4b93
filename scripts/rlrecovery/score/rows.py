"""Joins estimates with their truths and groups them; makes rows of scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from rlrecovery.score.correlation import correlations
from rlrecovery.score.jackknife import Score
from rlrecovery.storage.schemas import ESTIMATE_KEYS, SCORES

#: A measure: its name, the nominal level of its interval (NaN if it has none), and its score.
Measure = tuple[str, float, Score]

#: A row of `SCORES`.
ScoreRow = tuple[str, str, str, str, float, float, float, int, int]

#: Truths are considered equal if their range is below this share of the largest.
_SAME_TRUTH = 1e-9


def join(estimates: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Add the truth to every estimate.

    Parameters
    ----------
    estimates : DataFrame
        Columns of `rlrecovery.storage.schemas.estimates_columns`, of one method and one cell.
    truth : DataFrame
        Columns of `rlrecovery.storage.schemas.TRUTH`, of the same cell.

    Returns
    -------
    DataFrame
        The estimates in their order, with a column ``truth``. It is NaN for a level and parameter
        without any truth, because the generating model does not have the parameter.

    Raises
    ------
    ValueError
        If an estimate or a truth is duplicated, or if the truth is missing for an estimate although
        its level and parameter have truths.
    """
    refuse_duplicates(estimates, "estimates", ESTIMATE_KEYS)
    refuse_duplicates(truth, "truth", ESTIMATE_KEYS)
    truth = truth.loc[truth["truth"].notna(), [*ESTIMATE_KEYS, "truth"]]
    joined = estimates.merge(truth, on=ESTIMATE_KEYS, how="left")
    pairs = pd.MultiIndex.from_frame(joined[["level", "parameter"]])
    has_truths = pairs.isin(pd.MultiIndex.from_frame(truth[["level", "parameter"]]))
    unmatched = joined["truth"].isna() & has_truths
    if unmatched.any():
        first = _key_text(joined.loc[unmatched, ESTIMATE_KEYS].iloc[0])
        raise ValueError(
            f"{unmatched.sum()} estimates have no truth (the first: {first}); "
            "estimates and truth must belong to the same cell"
        )
    return joined


def refuse_duplicates(table: pd.DataFrame, name: str, keys: list[str]) -> None:
    """Raise a `ValueError` that names the table if several rows have the same keys."""
    duplicated = table.duplicated(keys)
    if duplicated.any():
        first = _key_text(table.loc[duplicated, keys].iloc[0])
        raise ValueError(f"{name}: {duplicated.sum()} duplicate rows (the first: {first})")


def _key_text(key: pd.Series) -> str:
    return ", ".join(f"{name} {value}" for name, value in key.items())


def parameter_groups(joined: pd.DataFrame) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """Yield each level and parameter with its rows, sorted independently of batches."""
    order = [name for name in ("cell", "replicate", "participant") if name in joined]
    for key, group in joined.groupby(["level", "parameter"], observed=True):
        yield key, group.sort_values(order, ignore_index=True)


def row_sets(group: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield ``all`` rows that have an estimate, then those whose status is ``ok``."""
    finite = np.isfinite(group["estimate"].to_numpy(dtype=float))
    usable = group[finite & (group["status"] != "failed").to_numpy()]
    yield "all", usable
    yield "ok", usable[usable["status"] == "ok"]


def truth_varies(group: pd.DataFrame) -> bool:
    """Whether all rows have a truth and their truths differ."""
    truth = group["truth"].to_numpy(dtype=float)
    if np.isnan(truth).any():
        return False
    return bool(np.ptp(truth) > _SAME_TRUTH * np.abs(truth).max())


def correlation_measures(rows: pd.DataFrame) -> Iterator[Measure]:
    """Yield correlations of truth and estimate; ``n`` counts pairs of cell and replicate."""
    keys = ["cell", "replicate"] if "cell" in rows else ["replicate"]
    n = len(rows[keys].drop_duplicates())
    by_name = correlations(rows["truth"], rows["estimate"], rows["replicate"].to_numpy())
    for name, (value, mcse) in by_name.items():
        yield name, np.nan, Score(value, mcse, n, len(rows))


def score_rows(
    level: str, parameter: str, rows: str, measures: Iterable[Measure]
) -> list[ScoreRow]:
    """Rows of `SCORES` for the measures of a level and parameter."""
    return [(level, parameter, rows, name, interval, *score) for name, interval, score in measures]


def score_table(rows: list[ScoreRow]) -> pd.DataFrame:
    """Convert rows to a table with the columns and types of `SCORES`."""
    return pd.DataFrame(rows, columns=list(SCORES)).astype(SCORES)
