"""Table and sentences for each parameter: bias, RMSE, coverage and correlation by method."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
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
    smallest_and_largest,
)
from rlrecovery.report.numbers import Value, enumeration, pm, row_text
from rlrecovery.report.significance import bias_verdict, coverage_verdict, range_text
from rlrecovery.score.results import Summary

#: Maximum number of designs that are all shown; of more, the smallest and largest are shown.
MOST_DESIGNS = 3


@dataclass(frozen=True)
class Range:
    """Formatted lowest and highest value of a measure over the cells of a line.

    `worst` gives the true values of the cell furthest from the ideal value, `worst_cells` its key.
    """

    low: str
    high: str
    is_single: bool
    worst: str
    worst_cells: str


@dataclass(frozen=True)
class TableLine:
    """One line of a parameter's table.

    A range is None if no cell has the measure, `interval_share` is empty if all rows have an
    interval, and `has_bound` tells whether any row is at a bound. `sentence` consists of an opening
    clause and the results.
    """

    key: LineKey
    bias: Range | None
    rmse: Range | None
    coverage: Range | None
    interval_share: str
    rank: str
    pearson: str
    flagged: list[str]
    has_bound: bool
    sentence: tuple[str, str]


def parameter_table(summary: Summary, parameter: str) -> dict[str, Any]:
    """Format the measures of one parameter for every level, method and design.

    The lines ``shown`` are always visible, those of other designs, ``folded``, initially hidden.
    """
    pairs = designs(summary)
    shown = pairs if len(pairs) <= MOST_DESIGNS else smallest_and_largest(summary)
    keys = (
        LineKey(level, method, participants, trials)
        for level, method, (participants, trials) in itertools.product(
            levels_estimated(summary), summary.methods, pairs
        )
    )
    lines = [
        _line(summary, parameter, key, cells)
        for key in keys
        if (cells := headline_cells(summary, parameter, key))
    ]
    return {
        "parameter": parameter,
        "meaning": next((p.meaning for p in every_parameter() if p.name == parameter), ""),
        "shown": [line for line in lines if line.key.design in shown],
        "folded": [line for line in lines if line.key.design not in shown],
        "designs": len(pairs),
    }


def _line(summary: Summary, parameter: str, key: LineKey, cells: Cells) -> TableLine:
    rank, pearson = (
        correlation(summary, parameter, key, name, ("grid", "cell"))
        for name in ("spearman", "pearson")
    )
    flagged = flagged_texts(cells)
    return TableLine(
        key,
        bias=range_over_cells(cells.get("bias"), summary, lambda t: t["value"].abs()),
        rmse=range_over_cells(cells.get("rmse"), summary, lambda t: t["value"]),
        coverage=range_over_cells(
            cells.get("coverage"), summary, lambda t: (t["value"] - t["interval"]).abs(), 100
        ),
        interval_share=interval_share_text(cells),
        rank=pm(*rank) if rank else "–",
        pearson=pm(*pearson) if pearson else "–",
        flagged=_flag_phrases(flagged),
        has_bound="share_at_bound" in flagged,
        sentence=(_opening(parameter, key), _results(summary, cells, rank)),
    )


def range_over_cells(
    cells: pd.DataFrame | None,
    summary: Summary,
    distance: Callable[[pd.DataFrame], pd.Series],
    scale: float = 1.0,
) -> Range | None:
    """Format the lowest and highest value over the cells (one row each), and the worst cell.

    `distance` computes the distance of each row from the ideal value.
    """
    if cells is None or (cells := cells.dropna(subset=["value"])).empty:
        return None
    ordered = cells.sort_values("value")
    worst = furthest(cells, distance(cells))
    return Range(
        low=row_text(ordered.iloc[0], scale),
        high=row_text(ordered.iloc[-1], scale),
        is_single=len(cells) == 1,
        worst=furthest_text(worst, summary),
        worst_cells=", ".join(worst["cell"].astype(str)),
    )


def _flag_phrases(flagged: dict[str, str]) -> list[str]:
    return [f"{share} {SHARES[name]}" for name, share in flagged.items()]


def _opening(parameter: str, key: LineKey) -> str:
    """Return the opening clause of a sentence."""
    recovered = {
        "participant": f"{parameter} of individual participants",
        "group": f"the group’s {parameter}",
        "spread": f"the spread of {parameter}",
    }[key.level]
    design = key.design_text.replace(", ", " and ")
    return f"With {design}, {key.method} estimates {recovered}"


def _results(summary: Summary, cells: Cells, rank: Value | None) -> str:
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
    text = f"Flagged: {enumeration(phrases)}"
    unflagged = cells.get("bias_ok")
    if unflagged is None or unflagged["value"].isna().all():
        return f"{text}."
    return f"{text}; without these rows the bias is {range_text(unflagged)}."
