"""Formatted tables of the measures of every cell and of the flagged rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.report.lines import levels_estimated, select
from rlrecovery.report.numbers import enumeration, few_note, percent_below_all, row_text
from rlrecovery.score.results import Summary

KEYS = ["cell", "method"]
#: Methods with fewer replicates of a cell are left out: their MCSEs are mostly noise themselves.
FEWEST_REPLICATES = 5


@dataclass(frozen=True)
class CellTable:
    """Results of every cell for one parameter and level; `left_out` names methods without rows."""

    parameter: str
    level: str
    head: list[str]
    rows: list[list[str | int]]
    left_out: str


@dataclass(frozen=True)
class Measure:
    """Column of the tables: a measure of ``recovery.csv``, over all or over unflagged rows.

    ``{}`` in the header is replaced by the nominal level in per cent; values are multiplied by
    `scale`.
    """

    name: str
    rows: str
    header: str
    scale: float = 1.0


MEASURES = (
    Measure("bias", "all", "bias"),
    Measure("bias", "ok", "bias, unflagged rows"),
    Measure("empirical_se", "all", "empirical SE"),
    Measure("rmse", "all", "RMSE"),
    Measure("rmse", "ok", "RMSE, unflagged rows"),
    Measure("coverage", "all", "{} % coverage (%)", 100),
    Measure("width", "all", "width of {} % intervals"),
    Measure("share_at_bound", "all", "at a bound (%)", 100),
    Measure("share_not_converged", "all", "not converged (%)", 100),
    Measure("share_no_interval", "all", "no interval or not identified (%)", 100),
    Measure("share_failed", "all", "failed (%)", 100),
)


def cell_tables(summary: Summary) -> list[CellTable]:
    """Return a table for each parameter and level that is estimated."""
    estimated = set(zip(summary.recovery["parameter"], summary.recovery["level"], strict=True))
    return [
        cell_table(summary, parameter, level)
        for parameter in summary.parameters
        for level in levels_estimated(summary)
        if (parameter, level) in estimated
    ]


def cell_table(summary: Summary, parameter: str, level: str) -> CellTable:
    """Format one parameter and level, with a row per cell and method.

    Measures that no cell has, proportions that are zero in every cell, and measures of unflagged
    rows where no row is flagged have no column.
    """
    table = select(summary.recovery, scope="cell", parameter=parameter, level=level)
    table = table.astype(dict.fromkeys(KEYS, "object"))
    counts = select(table, measure="bias", rows="all").set_index(KEYS)
    replicates = counts["n"].groupby("method").max()
    few = [name for name in summary.methods if replicates.get(name, np.inf) < FEWEST_REPLICATES]
    table, counts = table[~table["method"].isin(few)], counts.drop(few, level="method")
    sizes = counts[["n", "n_rows"]].astype(int).astype("object")
    columns = {"data sets": sizes["n"], "rows": sizes["n_rows"]}
    columns |= dict(_columns(summary, table, counts["n_rows"]))
    keys = pd.MultiIndex.from_frame(table[KEYS].drop_duplicates())
    texts = pd.DataFrame({name: column.reindex(keys) for name, column in columns.items()}, keys)
    body = texts.astype("object").fillna("–").reset_index()
    left_out = enumeration(few) if few else ""
    return CellTable(parameter, level, list(body.columns), body.to_numpy().tolist(), left_out)


def _columns(
    summary: Summary, table: pd.DataFrame, counts: pd.Series
) -> Iterator[tuple[str, pd.Series]]:
    """Yield headers and columns."""
    headline = summary.headline_interval
    shares = table["measure"].str.startswith("share_")
    has_flags = bool((table.loc[shares, "value"] > 0).any())
    for measure in MEASURES:
        rows = select(table, measure=measure.name, rows=measure.rows)
        if "{}" in measure.header:
            rows = rows[rows["interval"] == headline]
        is_zero = measure.name.startswith("share_") and not (rows["value"] > 0).any()
        if rows.empty or is_zero or (measure.rows == "ok" and not has_flags):
            continue
        rows = rows.set_index(KEYS)
        if measure.name == "coverage":
            yield "rows with an interval", _interval_shares(rows["n_rows"], counts)
        texts = [_text(row, measure.scale) for row in rows.to_dict("records")]
        yield measure.header.format(f"{100 * (headline or 0):g}"), pd.Series(texts, rows.index)


def _text(row: Mapping[Any, Any], scale: float) -> str:
    text = row_text(row, scale)
    note = few_note(row) if row["rows"] == "ok" else ""
    return f"{text} ({note})" if note else text


def _interval_shares(with_interval: pd.Series, estimates: pd.Series) -> pd.Series:
    """Format the proportion of rows with an estimate that also have an interval."""
    both = with_interval.to_frame("with_interval").join(estimates, how="inner")
    shares = (both["with_interval"] / both["n_rows"]).fillna(1)
    return shares.map(lambda share: "all" if share >= 1 else percent_below_all(share))


def flagged_rows(summary: Summary) -> list[dict[str, Any]]:
    """Count flagged rows by method, level, status and reason; the most frequent come first."""
    table = summary.failures
    if table.empty:
        return []
    totals = summary.measure("share_failed").groupby(["method", "level"])["n_rows"].sum()
    keys = ["method", "level", "status", "reason"]
    flagged = []
    for key, part in table.groupby(keys, sort=False):
        rows, worst = int(part["rows"].sum()), part.loc[part["rows"].idxmax()]
        total = int(totals.get(key[:2], 0))
        flagged.append(
            dict(zip(keys, key, strict=True))
            | {
                "rows": rows,
                "total": total or "–",
                "share": f"{100 * rows / total:.2g} %" if total else "–",
                "cells": part["cell"].nunique(),
                "worst": f"{worst['cell']} ({int(worst['rows'])})",
            }
        )
    order = {method: k for k, method in enumerate(summary.methods)}
    return sorted(flagged, key=lambda f: (order.get(f["method"], len(order)), -f["rows"]))
