"""Table for each parameter: bias, RMSE, coverage and correlation by method."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pandas as pd

from rlrecovery.models.library import every_parameter
from rlrecovery.report.cell_tables import FEWEST_REPLICATES
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
from rlrecovery.report.numbers import pm, row_text
from rlrecovery.report.significance import bias_verdict, coverage_verdict
from rlrecovery.score.pooling import Pooled, mean_over_cells, root_mean_over_cells
from rlrecovery.score.results import Summary

#: Maximum number of designs that are all shown; of more, the smallest and largest are shown.
MOST_DESIGNS = 3
#: Rows of a measure that no cell has.
NOTHING = pd.DataFrame({"cell": [], "value": [], "interval": []}, dtype="float")


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
    """Format one line of the table.

    With few replicates, a value at a single combination of true values says little, so the mean
    over the combinations is given instead of the range, without a test.
    """
    rank = correlation(summary, parameter, key)
    pearson = correlation(summary, parameter, key, "pearson")
    flagged = flagged_texts(cells)
    is_few = cells["share_failed"]["n"].max() < FEWEST_REPLICATES
    return {
        "key": key,
        "replicates": replicates_text(cells),
        **(_means(cells) if is_few else _ranges(cells, summary)),
        "interval_share": interval_share_text(cells),
        "rank": pm(*rank) if rank else "–",
        "pearson": pm(*pearson) if pearson else "–",
        "flagged": [f"{share} {SHARES[name]}" for name, share in flagged.items()],
        "has_bound": "share_at_bound" in flagged,
    }


def _ranges(cells: Cells, summary: Summary) -> dict[str, Any]:
    """Format the ranges over the cells, and the verdicts of the tests."""
    bias, coverage = (cells.get(name, NOTHING) for name in ("bias", "coverage"))
    return {
        "bias": _range(bias, summary),
        "bias_verdict": bias_verdict(bias) if bias["value"].notna().any() else "",
        "unflagged": _range(cells.get("bias_ok", NOTHING), summary),
        "rmse": _range(cells.get("rmse", NOTHING), summary),
        "coverage": _range(coverage, summary, 100),
        "coverage_verdict": coverage_verdict(coverage) if coverage["value"].notna().any() else "",
    }


def _means(cells: Cells) -> dict[str, Any]:
    """Format the means over the cells, without verdicts."""
    return {
        "bias": _mean(cells.get("bias", NOTHING), mean_over_cells),
        "bias_verdict": "",
        "unflagged": None,
        "rmse": _mean(cells.get("mse", NOTHING), root_mean_over_cells),
        "coverage": _mean(cells.get("coverage", NOTHING), mean_over_cells, 100),
        "coverage_verdict": "",
    }


def _mean(
    cells: pd.DataFrame, pool: Callable[[pd.DataFrame], Pooled], scale: float = 1.0
) -> dict[str, Any] | None:
    """Format the mean over the cells; None if a cell has no value."""
    if cells.empty or cells["value"].isna().any():
        return None
    pooled, note = pool(cells), "mean" if len(cells) > 1 else ""
    text = pm(*pooled, scale)
    if pooled.mcse == 0 and (cells["measure"] == "coverage").all():
        rows = cells["n_rows"].sum()
        text = f"{round((cells['value'] * cells['n_rows']).sum())} of {rows} rows"
    return {"low": text, "is_single": True, "note": note}


def _range(cells: pd.DataFrame, summary: Summary, scale: float = 1.0) -> dict[str, Any] | None:
    """Format the lowest and highest value over the cells, and the true values of the worst cell.

    None if no cell has a value. If several cells are equally bad, ``worst_cells`` has their keys.
    """
    cells = cells.dropna(subset=["value"])
    if cells.empty:
        return None
    ordered = cells.sort_values("value")
    # The ideal value of coverage is its nominal level, that of other measures is zero.
    worst = furthest(cells, (cells["value"] - cells["interval"].fillna(0)).abs())
    return {
        "low": row_text(ordered.iloc[0], scale),
        "high": row_text(ordered.iloc[-1], scale),
        "is_single": len(cells) == 1,
        "note": "",
        "worst": furthest_text(worst, summary),
        "worst_cells": ", ".join(worst["cell"].astype(str)),
    }
