"""Compares the rows of a table with those that it must have: each exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def row_problem(rows: Sequence[Any], expected: Sequence[Any], names: Sequence[str]) -> str | None:
    """What is wrong with the keys of a table; None if each expected key has exactly one row.

    Parameters
    ----------
    rows, expected : sequence of integer array
        Columns of keys, of the rows in any order and as they must be. No key is negative, except
        that -1 stands for "all participants".
    names : sequence of str
        Names of these columns, for the message.
    """
    columns = [np.asarray(column, dtype=np.int64) for column in rows]
    needed = [np.asarray(column, dtype=np.int64) for column in expected]
    limits = [max(int(column.max(initial=0)), 0) for column in needed]
    for column, limit, name in zip(columns, limits, names, strict=True):
        outside = (column < -1) | (column > limit)
        if outside.any():
            return f"{name} {column[outside][0]} is not expected"
    ids, wanted = _numbered(columns, limits), _numbered(needed, limits)
    if np.array_equal(np.sort(ids, kind="stable"), np.sort(wanted, kind="stable")):
        return None
    for one, other, problem in ((wanted, ids, "are missing"), (ids, wanted, "are not expected")):
        lacking = np.flatnonzero(~np.isin(one, other))
        if len(lacking):
            source = needed if one is wanted else columns
            key = ", ".join(f"{n} {c[lacking[0]]}" for n, c in zip(names, source, strict=True))
            return f"{len(lacking)} of {len(wanted)} rows {problem}, the first: {key}"
    return f"{len(ids) - len(wanted)} rows are there twice"


def _numbered(columns: Sequence[Integers], limits: Sequence[int]) -> Integers:
    """One number for each combination of keys."""
    ids = np.zeros(len(columns[0]), dtype=np.int64)
    for column, limit in zip(columns, limits, strict=True):
        ids = ids * (limit + 2) + column + 1
    return ids
