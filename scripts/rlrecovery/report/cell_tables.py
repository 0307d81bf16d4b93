"""Formatted tables of the measures of every cell and of the flagged rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.report.lines import levels_estimated, select
from rlrecovery.report.numbers import few_note, percent_below_all, pm, row_text
from rlrecovery.score.results import Summary

KEYS = ["cell", "method"]


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
    Measure("median_bias", "all", "median bias"),
    Measure("empirical_se", "all", "empirical SE"),
    Measure("model_se", "all", "model SE"),
    Measure("relative_error_model_se", "all", "relative error of model SE (%)", 100),
    Measure("rmse", "all", "RMSE"),
    Measure("rmse", "ok", "RMSE, unflagged rows"),
    Measure("coverage", "all", "{} % coverage (%)", 100),
    Measure("bias_eliminated_coverage", "all", "bias-eliminated {} % coverage (%)", 100),
    Measure("width", "all", "width of {} % intervals"),
    Measure("spearman", "all", "Spearman"),
    Measure("share_at_bound", "all", "at a bound (%)", 100),
    Measure("share_not_converged", "all", "not converged (%)", 100),
    Measure("share_no_interval", "all", "no interval or not identified (%)", 100),
    Measure("share_failed", "all", "failed (%)", 100),
    Measure("seconds", "all", "seconds per fit"),
)


def cell_tables(summary: Summary) -> list[tuple[str, str, list[str], list[list[str | int]]]]:
    """Return parameter, level, header and rows of each table."""
    estimated = set(zip(summary.recovery["parameter"], summary.recovery["level"], strict=True))
    return [
        (parameter, level, *cell_table(summary, parameter, level))
        for parameter in summary.parameters
        for level in levels_estimated(summary)
        if (parameter, level) in estimated
    ]


def cell_table(
    summary: Summary, parameter: str, level: str
) -> tuple[list[str], list[list[str | int]]]:
    """Return the header and the rows, one per cell and method, of one parameter and level."""
    table = select(summary.recovery, scope="cell", parameter=parameter, level=level)
    table = table.astype(dict.fromkeys(KEYS, "object"))
    counts = select(table, measure="bias", rows="all").set_index(KEYS)
    sizes = counts[["n", "n_rows"]].astype(int).astype("object")
    columns = {"data sets": sizes["n"], "rows": sizes["n_rows"]}
    columns |= dict(_columns(summary, table, counts["n_rows"]))
    keys = pd.MultiIndex.from_frame(table[KEYS].drop_duplicates())
    texts = pd.DataFrame({name: column.reindex(keys) for name, column in columns.items()}, keys)
    body = texts.astype("object").fillna("–").reset_index()
    return list(body.columns), body.to_numpy().tolist()


def _columns(
    summary: Summary, table: pd.DataFrame, counts: pd.Series
) -> Iterator[tuple[str, pd.Series]]:
    """Yield headers and columns, without measures that no cell has."""
    for measure, header, nominal in _measures(summary):
        at_level = {} if nominal is None else {"interval": nominal}
        rows = select(table, measure=measure.name, rows=measure.rows, **at_level)
        if rows.empty:
            continue
        rows = rows.set_index(KEYS)
        if measure.name == "coverage" and nominal == summary.intervals[0]:
            yield "rows with an interval", _interval_shares(rows["n_rows"], counts)
        texts = [_text(row, measure.scale) for row in rows.to_dict("records")]
        yield header, pd.Series(texts, rows.index)


def _measures(summary: Summary) -> Iterator[tuple[Measure, str, float | None]]:
    """Yield the columns: coverage at every nominal level, other interval measures at one."""
    for measure in MEASURES:
        if "{}" not in measure.header:
            yield measure, measure.header, None
            continue
        for nominal in summary.intervals:
            if measure.name == "coverage" or nominal == summary.headline_interval:
                yield measure, measure.header.format(f"{100 * nominal:g}"), nominal


def _text(row: Mapping[Any, Any], scale: float) -> str:
    is_constant = row["measure"] == "spearman" and row["mcse"] == 0
    text = pm(row["value"], np.nan) if is_constant else row_text(row, scale)
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
