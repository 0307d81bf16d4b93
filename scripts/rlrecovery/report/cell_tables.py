"""Formatted tables of the measures of every cell and of the flagged rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.report.lines import levels_estimated
from rlrecovery.report.numbers import few_note, percent_below_all, pm, row_text
from rlrecovery.score.results import Summary

KEYS = ["cell", "method"]
#: Formatted values of one column by cell and method.
Column = dict[tuple[str, str], str]


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
    interval: float | None = None


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
    table = summary.recovery
    table = table[
        (table["scope"] == "cell") & (table["parameter"] == parameter) & (table["level"] == level)
    ]
    counts = table[(table["measure"] == "bias") & (table["rows"] == "all")]
    headers, columns = [], []
    for header, column in _columns(summary, table, counts):
        headers.append(header)
        columns.append(column)
    sizes = {
        (cell, method): (int(n), int(rows))
        for cell, method, n, rows in counts[[*KEYS, "n", "n_rows"]].itertuples(index=False)
    }
    lines = [
        [*key, *sizes.get(key, ("–", "–")), *(column.get(key, "–") for column in columns)]
        for key in dict.fromkeys(table[KEYS].itertuples(index=False, name=None))
    ]
    return ["cell", "method", "data sets", "rows", *headers], lines


def _columns(
    summary: Summary, table: pd.DataFrame, counts: pd.DataFrame
) -> Iterator[tuple[str, Column]]:
    """Yield headers and columns, without measures that no cell has."""
    for measure in _measures(summary):
        rows = table[(table["measure"] == measure.name) & (table["rows"] == measure.rows)]
        if measure.interval is not None:
            rows = rows[np.isclose(rows["interval"], measure.interval)]
        if rows.empty:
            continue
        if measure.name == "coverage" and measure.interval == summary.intervals[0]:
            yield "rows with an interval", _interval_shares(rows, counts)
        yield measure.header, _texts(rows, measure.scale)


def _measures(summary: Summary) -> Iterator[Measure]:
    """Yield the columns: coverage at every nominal level, other interval measures at one."""
    headline = summary.headline_interval
    for measure in MEASURES:
        if "{}" not in measure.header:
            yield measure
            continue
        nominal_levels = summary.intervals if measure.name == "coverage" else (headline,)
        for nominal in nominal_levels:
            if nominal is not None:
                header = measure.header.format(f"{100 * nominal:g}")
                yield Measure(measure.name, measure.rows, header, measure.scale, nominal)


def _texts(rows: pd.DataFrame, scale: float) -> Column:
    texts = {}
    for row in rows.to_dict("records"):
        is_constant = row["measure"] == "spearman" and row["mcse"] == 0
        text = pm(row["value"], np.nan) if is_constant else row_text(row, scale)
        note = few_note(row) if row["rows"] == "ok" else ""
        texts[row["cell"], row["method"]] = f"{text} ({note})" if note else text
    return texts


def _interval_shares(coverage: pd.DataFrame, counts: pd.DataFrame) -> Column:
    """Format the proportion of rows with an estimate that also have an interval."""
    merged = coverage.merge(counts, on=KEYS, suffixes=("", "_all"))
    columns = merged[[*KEYS, "n_rows", "n_rows_all"]].itertuples(index=False)
    return {
        (cell, method): "all" if rows >= estimates else percent_below_all(rows / estimates)
        for cell, method, rows, estimates in columns
    }


def flagged_rows(summary: Summary) -> list[dict[str, Any]]:
    """Count flagged rows by method, level, status and reason; the most frequent come first."""
    table = summary.failures
    if table.empty:
        return []
    totals = summary.measure("share_failed").groupby(["method", "level"])["n_rows"].sum()
    flagged = []
    by_reason = table.groupby(["method", "level", "status", "reason"], sort=False)
    for (method, level, status, reason), part in by_reason:
        rows, worst = int(part["rows"].sum()), part.loc[part["rows"].idxmax()]
        total = int(totals.get((method, level), 0))
        flagged.append(
            {
                "method": method,
                "level": level,
                "status": status,
                "reason": reason,
                "rows": rows,
                "total": total or "–",
                "share": f"{100 * rows / total:.2g} %" if total else "–",
                "cells": part["cell"].nunique(),
                "worst": f"{worst['cell']} ({int(worst['rows'])})",
            }
        )
    order = {method: k for k, method in enumerate(summary.methods)}
    return sorted(flagged, key=lambda f: (order.get(f["method"], len(order)), -f["rows"]))
