"""Contents of the main tables for a paper; every number is a value ± its MCSE.

Rows are the true values in the smallest and the largest design; the complete tables are
``summary/recovery`` and ``summary/comparison``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rlrecovery.report.effects_sheet import CAPTION, effects_body
from rlrecovery.report.lines import (
    LineKey,
    fewer_replicates,
    fewer_text,
    levels_estimated,
    select,
    smallest_and_largest,
)
from rlrecovery.report.model_comparison import probability
from rlrecovery.report.numbers import enumeration, plural, pm, row_text
from rlrecovery.report.traffic_lights import light_line
from rlrecovery.score.results import Summary, against_first, finest_level, methods_with

#: Names of levels in captions.
LEVEL_NAMES = {"participant": "individual participants", "group": "the group"}
#: Marks a parameter that the generating model does not have; sorts before every value.
ABSENT = float("-inf")


@dataclass(frozen=True)
class Sheet:
    """Plain-text caption and formatted body of a table."""

    caption: str
    body: pd.DataFrame


def answer_sheet(summary: Summary) -> Sheet:
    """Return the recovery of every parameter, level, design and method over all true values."""
    lines = {
        (parameter, level, *design, method): {
            "largest bias": line.bias,
            "RMSE": line.rmse,
            "coverage (%)": line.coverage,
            "rows with interval": line.interval_share,
            "rank correlation": line.rank,
            "replicates": line.replicates,
        }
        for parameter, level, design, method in itertools.product(
            summary.parameters,
            levels_estimated(summary),
            smallest_and_largest(summary),
            summary.methods,
        )
        if (line := light_line(summary, parameter, LineKey(level, method, *design)))
    }
    nominal = f"{100 * (summary.headline_interval or 0):g}"
    return Sheet(
        "Recovery over all true parameter combinations, ± one Monte Carlo standard error. The "
        "largest bias is the bias furthest from zero over these combinations; coverage is for "
        f"{nominal} % intervals, and replicates are counted per combination.",
        _frame(lines, ("parameter", "level", "participants", "trials", "method")),
    )


def _frame(rows: dict[Any, dict[str, str]], names: Sequence[str]) -> pd.DataFrame:
    """Build a table from rows by key; ``names`` are the names of the index levels."""
    body = pd.DataFrame.from_dict(rows, orient="index")
    if len(body):
        body.index = pd.MultiIndex.from_tuples(body.index, names=names)
    return body


def measure_sheet(summary: Summary, measure: str, title: str, scale: float = 1.0) -> Sheet:
    """Return a measure at every true value, by parameter and method, at the finest level."""
    where, headline = dict[str, float](), summary.headline_interval
    if measure == "coverage" and headline is not None:
        where["interval"] = headline
        title = f"{title} of {100 * headline:g} % intervals (%)"
    return Sheet(
        f"{title}, ± one Monte Carlo standard error, of the estimates for {_finest_levels(summary)}"
        f"{_constant_sizes(summary)}.{_fewer(summary)}",
        _by_truth(summary, summary.measure(measure, **where), lambda row: row_text(row, scale)),
    )


def comparison_sheet(summary: Summary) -> Sheet:
    """Return RMSE ratios of every method to the first, on the same data, at every true value."""
    table = against_first(summary)
    ratios = select(table, measure="rmse_ratio") if len(table) else table
    by_level = dict(iter(ratios.groupby("level", observed=True))) if len(ratios) else {}
    level = next((level for level in summary.levels if level in by_level), None)
    if level is None:
        return Sheet("No two methods estimate the same targets from the same data.", pd.DataFrame())
    table = by_level[level]
    return Sheet(
        f"RMSE divided by the RMSE of {_references(table)} on the same data, ± one Monte Carlo "
        f"standard error, of the estimates for {LEVEL_NAMES[level]}{_constant_sizes(summary)}."
        f"{_fewer(summary)}",
        _by_truth(summary, table, lambda row: pm(row["value"], row["mcse"]), level),
    )


def _references(table: pd.DataFrame) -> str:
    """Name the reference method; if there are several, with the methods compared to each."""
    pairs = table[["reference", "method"]].astype("object").drop_duplicates()
    compared = pairs.groupby("reference", sort=False)["method"].agg(list)
    if len(compared) == 1:
        return str(compared.index[0])
    return enumeration([f"{first} ({enumeration(rest)})" for first, rest in compared.items()])


def selection_sheet(summary: Summary) -> Sheet:
    """Return the probability of each best fit given the generating model, over the whole study."""
    table = summary.selection
    table = select(table, scope="all") if len(table) else table
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for row in table.to_dict("records"):
        key = tuple(row[name] for name in ("contest", "criterion", "unit", "simulated"))
        fitted = dict.fromkeys(summary.selection["fitted"], "–")
        rows.setdefault(key, fitted)[row["fitted"]] = probability(row, "confusion")
    body = _frame(rows, ("method", "criterion", "unit", "simulated"))
    if len(body):
        body.columns = pd.MultiIndex.from_product([["best fit"], body.columns])
    return Sheet(
        "Probability that a model (columns) fits best, given the generating model (rows), with "
        "95 % intervals.",
        body,
    )


def _finest_levels(summary: Summary) -> str:
    """Name the finest level at which the methods estimate."""
    group_only = [m for m in summary.methods if finest_level(summary, m) == "group"]
    if not group_only:
        return LEVEL_NAMES["participant"]
    if not methods_with(summary, "participant"):
        return LEVEL_NAMES["group"]
    return f"{LEVEL_NAMES['participant']}, or for the group ({', '.join(group_only)})"


def _constant_sizes(summary: Summary) -> str:
    """Name sizes that do not vary and therefore have no column."""
    sizes = {"participant": summary.participants, "trial": summary.trials}
    constant = [plural(values[0], noun) for noun, values in sizes.items() if len(values) == 1]
    return f", {' and '.join(constant)}" if constant else ""


def _fewer(summary: Summary) -> str:
    """Return a sentence about methods that fit only a part of the replicates, if there are any."""
    text = fewer_text(fewer_replicates(summary))
    return f" {text}." if text else ""


def _by_truth(
    summary: Summary,
    table: pd.DataFrame,
    text: Callable[[Mapping[str, Any]], str],
    level: str | None = None,
) -> pd.DataFrame:
    """Arrange values by true values and design, at one level or at each method's finest."""
    sizes = {"participants": summary.participants, "trials": summary.trials}
    keys = [*summary.truths, *(key for key, values in sizes.items() if len(values) > 1)]
    keys = keys or ["trials"]
    levels = {method: level or finest_level(summary, method) for method in summary.methods}
    shown = smallest_and_largest(summary)
    cells = {
        (tuple(row[key] for key in keys), (row["parameter"], row["method"])): text(row)
        for row in table.fillna(dict.fromkeys(keys, ABSENT)).to_dict("records")
        if row["level"] == levels[row["method"]] and (row["participants"], row["trials"]) in shown
    }
    if not cells:
        return pd.DataFrame()
    rows = sorted({row for row, _ in cells})
    estimated = {column for _, column in cells}
    pairs = itertools.product(summary.parameters, summary.methods)
    columns = [pair for pair in pairs if pair in estimated]
    body = pd.DataFrame([[cells.get((r, c), "–") for c in columns] for r in rows])
    names = [tuple(f"{v:g}" if v > ABSENT else "–" for v in row) for row in rows]
    body.index = pd.MultiIndex.from_tuples(names, names=keys)
    body.columns = pd.MultiIndex.from_tuples(columns, names=[None, None])
    return body


#: All tables in the order of the report.
SHEETS: dict[str, Callable[[Summary], Sheet]] = {
    "answer": answer_sheet,
    "bias": lambda summary: measure_sheet(summary, "bias", "Bias"),
    "rmse": lambda summary: measure_sheet(summary, "rmse", "Root mean squared error (RMSE)"),
    "coverage": lambda summary: measure_sheet(summary, "coverage", "Coverage", 100),
    "comparison": comparison_sheet,
    "selection": selection_sheet,
    "effects": lambda summary: Sheet(CAPTION, effects_body(summary)),
}
