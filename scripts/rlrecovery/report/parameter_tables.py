"""Table and sentences for each parameter: bias, RMSE, coverage and correlation by method."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from rlrecovery.models.library import every_parameter
from rlrecovery.report.lines import (
    SHARES,
    Cells,
    LineKey,
    correlation,
    designs,
    flagged_texts,
    furthest,
    furthest_text,
    headline_cells,
    interval_share_text,
    levels_estimated,
    replicates_text,
    smallest_and_largest,
)
from rlrecovery.report.numbers import enumeration, pm, row_text
from rlrecovery.report.significance import bias_verdict, coverage_verdict, range_text
from rlrecovery.score.pooling import Pooled
from rlrecovery.score.results import Summary

#: Maximum number of designs that are all shown; of more, the smallest and largest are shown.
MOST_DESIGNS = 3


def parameter_table(summary: Summary, parameter: str) -> dict[str, Any]:
    """Format the measures of one parameter for every level, method and design.

    The lines ``shown`` are always visible, those of other designs, ``folded``, initially hidden.
    """
    pairs = designs(summary)
    shown = pairs if len(pairs) <= MOST_DESIGNS else smallest_and_largest(summary)
    lines = [
        _line(summary, parameter, key, cells)
        for level, method, design in itertools.product(
            levels_estimated(summary), summary.methods, pairs
        )
        if (cells := headline_cells(summary, parameter, key := LineKey(level, method, *design)))
    ]
    return {
        "parameter": parameter,
        "meaning": next((p.meaning for p in every_parameter() if p.name == parameter), ""),
        "shown": [line for line in lines if line["key"].design in shown],
        "folded": [line for line in lines if line["key"].design not in shown],
        "designs": len(pairs),
    }


def _line(summary: Summary, parameter: str, key: LineKey, cells: Cells) -> dict[str, Any]:
    """Format one line of the table, with its sentence: an opening clause and the results."""
    rank = correlation(summary, parameter, key)
    pearson = correlation(summary, parameter, key, "pearson")
    flagged = flagged_texts(cells)
    return {
        "key": key,
        "replicates": replicates_text(cells),
        "bias": _range(cells.get("bias"), summary),
        "rmse": _range(cells.get("rmse"), summary),
        "coverage": _range(cells.get("coverage"), summary, 100),
        "interval_share": interval_share_text(cells),
        "rank": pm(*rank) if rank else "–",
        "pearson": pm(*pearson) if pearson else "–",
        "flagged": _flag_phrases(flagged),
        "has_bound": "share_at_bound" in flagged,
        "sentence": (_opening(parameter, key), _results(summary, cells, rank)),
    }


def _range(
    cells: pd.DataFrame | None, summary: Summary, scale: float = 1.0
) -> dict[str, Any] | None:
    """Format the lowest and highest value over the cells, and the true values of the worst cell.

    None if no cell has a value. If several cells are equally bad, ``worst_cells`` has their keys.
    """
    if cells is None or (cells := cells.dropna(subset=["value"])).empty:
        return None
    ordered = cells.sort_values("value")
    # The ideal value of coverage is its nominal level, that of other measures is zero.
    worst = furthest(cells, (cells["value"] - cells["interval"].fillna(0)).abs())
    return {
        "low": row_text(ordered.iloc[0], scale),
        "high": row_text(ordered.iloc[-1], scale),
        "is_single": len(cells) == 1,
        "worst": furthest_text(worst, summary),
        "worst_cells": ", ".join(worst["cell"].astype(str)),
    }


def _flag_phrases(flagged: dict[str, str]) -> list[str]:
    return [f"{share} {SHARES[name]}" for name, share in flagged.items()]


def _opening(parameter: str, key: LineKey) -> str:
    """Return the opening clause of a sentence."""
    recovered = {
        "participant": f"{parameter} of individual participants",
        "group": f"the group’s {parameter}",
        "spread": f"the spread of {parameter}",
    }
    design = key.design_text.replace(", ", " and ")
    return f"With {design}, {key.method} estimates {recovered[key.level]}"


def _results(summary: Summary, cells: Cells, rank: Pooled | None) -> str:
    """Return the rest of the sentence: bias, RMSE, coverage, correlation and flags."""
    bias = cells.get("bias")
    if bias is None or bias["value"].isna().all():
        return "in none of the data sets, so no verdict is given."
    over = f" over the {len(bias)} true parameter combinations" if len(bias) > 1 else ""
    clauses = [f"with bias {range_text(bias)}{over}: {bias_verdict(bias, summary)}"]
    if "rmse" in cells:
        clauses.append(f"the RMSE is {range_text(cells['rmse'])}")
    coverage = cells.get("coverage")
    if coverage is not None and coverage["value"].notna().any():
        share = interval_share_text(cells)
        note = f" (only {share} of the rows have an interval)" if share else ""
        clauses.append(coverage_verdict(coverage, summary) + note)
    if rank is not None:
        clauses.append(f"the rank correlation between true values and estimates is {pm(*rank)}")
    return f"{'; '.join(clauses)}. {_flag_sentence(cells)}"


def _flag_sentence(cells: Cells) -> str:
    phrases = _flag_phrases(flagged_texts(cells))
    if not phrases:
        return "No row is flagged."
    unflagged = cells.get("bias_ok")
    without = ""
    if unflagged is not None and unflagged["value"].notna().any():
        without = f"; without these rows the bias is {range_text(unflagged)}"
    return f"Flagged: {enumeration(phrases)}{without}."
