"""Names of series: a method in one part of a study, such as one of several tasks.

A study may compare tasks, shares of missing responses or generating models. Figures and report then
show each method in each of them as a separate series, named ``mle, reversals``: the method and the
column ``variant`` of the summary tables. If models compete, the name of a method already contains
its model.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def name_series(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Replace the names of methods by the names of series, and return the changed tables.

    Tables are ``recovery``, ``verdicts``, ``points``, ``failures``, ``comparison`` and ``priors``;
    any may be empty. A row of ``priors`` is repeated for every series of its method.
    """
    by_cell, changed = series_by_cell(tables["recovery"]), {}
    for name in ("recovery", "verdicts", "points", "failures", "comparison"):
        table = tables[name]
        if "variant" in table and (as_text(table["variant"]) != "").any():
            columns = [column for column in ("method", "reference") if column in table]
            series = {column: _series(table, column, by_cell) for column in columns}
            changed[name] = table.assign(**series).astype(dict.fromkeys(columns, "category"))
    if len(tables["priors"]) and "recovery" in changed:
        series_of: dict[str, dict[str, None]] = {}
        for (method, _), name in by_cell.items():
            series_of.setdefault(method, {})[name] = None
        names = [list(series_of.get(method, [method])) for method in tables["priors"]["method"]]
        of_series = tables["priors"].assign(method=names)
        changed["priors"] = of_series.explode("method", ignore_index=True)
    return changed


def series_by_cell(recovery: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Series by method and cell, from a table of measures with names of methods."""
    if recovery.empty:
        return {}
    cells = recovery[recovery["scope"] == "cell"].drop_duplicates(["method", "cell"])
    keys = zip(cells["method"], cells["cell"], strict=True)
    return dict(zip(keys, _series(cells, "method", {}), strict=True))


def _series(table: pd.DataFrame, column: str, by_cell: Mapping[tuple[str, str], str]) -> pd.Series:
    """Series of each row, looked up by method and cell in ``by_cell``, else method and variant."""
    method, label = as_text(table[column]), as_text(table["variant"])
    name = method.where(label == "", method + ", " + label)
    keys = zip(method, as_text(table["cell"]), name, strict=True)
    return pd.Series([by_cell.get((m, cell), other) for m, cell, other in keys], table.index)


def as_text(names: pd.Series) -> pd.Series:
    """Convert names to text; a missing name becomes empty."""
    return names.astype("object").where(names.notna(), "")
