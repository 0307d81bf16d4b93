"""Joins estimates with their truths."""

from __future__ import annotations

import pandas as pd

from rlrecovery.storage.schemas import ESTIMATE_KEYS


def join(estimates: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Add a column ``truth`` to the estimates of one method in one cell, in their order.

    It is NaN for a level and parameter without any truth, because the generating model does not
    have the parameter.

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
        raise ValueError(
            f"{unmatched.sum()} estimates have no truth (the first: "
            f"{_first_key(joined.loc[unmatched, ESTIMATE_KEYS])}); "
            "estimates and truth must belong to the same cell"
        )
    return joined


def refuse_duplicates(table: pd.DataFrame, name: str, keys: list[str]) -> None:
    """Raise a `ValueError` that names the table if several rows have the same keys."""
    duplicated = table.duplicated(keys)
    if duplicated.any():
        first = _first_key(table.loc[duplicated, keys])
        raise ValueError(f"{name}: {duplicated.sum()} duplicate rows (the first: {first})")


def _first_key(keys: pd.DataFrame) -> str:
    return ", ".join(f"{name} {value}" for name, value in keys.iloc[0].items())
