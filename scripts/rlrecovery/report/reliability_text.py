"""Retest reliability and the ceilings of correlations, in sentences and a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from rlrecovery.report.effects_words import Row, cell_text
from rlrecovery.report.lines import select
from rlrecovery.report.numbers import pm
from rlrecovery.score.analyses import with_series
from rlrecovery.score.pooling import means_over_cells
from rlrecovery.score.results import Summary

#: What the ceilings are about if there are several conditions.
OF_ONE_SESSION: Final = (
    "These numbers are those of one session, that is, of one condition. Tests of a covariate use "
    "means of the estimates over the conditions, whose ceiling is higher."
)


def ceilings(summary: Summary, design: tuple[int, int], conditions: int = 1) -> Iterator[str]:
    """State, per parameter, what two sessions and a perfect covariate can show at most.

    With several conditions, a last text says that this is about one session.
    """
    texts = list(_of_parameters(summary, design))
    yield from texts
    if texts and conditions > 1:
        yield OF_ONE_SESSION


def _of_parameters(summary: Summary, design: tuple[int, int]) -> Iterator[str]:
    """One text per parameter."""
    for parameter, methods in _reliable(summary, design).items():
        known = {m: r for m, r in methods.items() if {"icc", "truth_correlation"} <= set(r)}
        if not known:
            continue
        method = max(known, key=lambda m: known[m]["truth_correlation"]["value"])
        rows = known[method]
        icc, truth = (
            pm(rows[name]["value"], rows[name]["mcse"]) for name in ("icc", "truth_correlation")
        )
        text = (
            f"{parameter}, with {design[1]} trials per session: estimates by {method} of people "
            f"who do not change have a retest intraclass correlation (ICC) of {icc}. The largest "
            f"correlation that a perfect covariate can show is {truth}."
        )
        if factor := rows.get("participants_factor"):
            text += (
                f" A correlation needs {factor['value']:.2g} times as many participants as with "
                "a perfect measurement."
            )
        yield text


def _reliable(summary: Summary, design: tuple[int, int]) -> dict[str, dict[str, dict[str, Row]]]:
    """Measures of reliability over the true values, by parameter, method and measure."""
    pooled = pooled_reliability(summary)
    rows: dict[str, dict[str, dict[str, Row]]] = {}
    for row in select(pooled, participants=design[0], trials=design[1]).to_dict("records"):
        if np.isfinite(row["value"]):
            methods = rows.setdefault(str(row["parameter"]), {})
            methods.setdefault(str(row["method"]), {})[str(row["measure"])] = row
    return rows


def pooled_reliability(summary: Summary) -> pd.DataFrame:
    """The table ``reliability`` over the true values."""
    keys = ["parameter", "method", "participants", "trials", "measure"]
    if summary.reliability.empty:
        return pd.DataFrame(columns=[*keys, "value", "mcse", "n", "cells"])
    return means_over_cells(with_series(summary.reliability), keys)


def ceiling_rows(summary: Summary) -> Iterator[list[str]]:
    """Texts of the rows of the table of reliability, for all designs."""
    pooled = pooled_reliability(summary)
    keys = ["parameter", "method", "participants", "trials"]
    for key, part in pooled.groupby(keys, sort=False):
        rows = {str(row["measure"]): row for row in part.to_dict("records")}
        names = ("icc", "truth_correlation", "participants_factor")
        yield [*(str(k) for k in key), *(cell_text(rows.get(name)) for name in names)]
