"""Formatted confusion and inversion matrices of `rlrecovery.score.model_selection`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from rlrecovery.report.limits import MODEL_RECOVERED
from rlrecovery.report.numbers import plural
from rlrecovery.score.results import Summary

#: Full names of the model-selection criteria.
CRITERIA = {
    "AIC": "Akaike’s information criterion",
    "BIC": "the Bayesian information criterion",
    "LOO": "the leave-one-out predictive density",
    "evidence": "the marginal likelihood",
}

Kind = Literal["confusion", "inversion"]


class Comparison(NamedTuple):
    """Models, criterion and counted unit of a comparison."""

    contest: str
    criterion: str
    unit: str

    @property
    def title(self) -> str:
        """Return the heading of the comparison."""
        criterion = CRITERIA.get(self.criterion, self.criterion)
        return f"{self.contest}, {criterion}, {self.unit} by {self.unit}"


@dataclass(frozen=True)
class Matrices:
    """Confusion and inversion matrix of one comparison, with a formatted row per generating model.

    `units` counts participants or data sets by generating model. `left_out` counts units that are
    excluded, `doubtful` unreliable scores, and `stopped` fits that did not converge.
    """

    title: str
    fitted: list[str]
    confusion: list[tuple[str, list[str]]]
    inversion: list[tuple[str, list[str]]]
    units: dict[str, int]
    left_out: int
    doubtful: int
    stopped: int
    sentences: list[str] = field(default_factory=list)
    designs: list[Matrices] = field(default_factory=list)


def model_comparisons(summary: Summary) -> list[Matrices]:
    """Format every comparison, over the whole study and for each design."""
    table = summary.selection
    if table.empty:
        return []
    whole_study, by_design = (table[table["scope"] == scope] for scope in ("all", "design"))
    comparisons = []
    for comparison, rows in _comparisons(whole_study):
        design_rows = by_design[_is_of(by_design, comparison)]
        parts = list(design_rows.groupby("design", sort=False))
        designs = [
            _matrices(part, f"{comparison.title}, {name}") for name, part in parts if len(parts) > 1
        ]
        sentences = list(comparison_sentences(rows))
        comparisons.append(_matrices(rows, comparison.title, sentences, designs))
    return comparisons


def _comparisons(table: pd.DataFrame) -> Iterator[tuple[Comparison, pd.DataFrame]]:
    """Yield the rows of each comparison; participants come before data sets."""
    for (contest, criterion), part in table.groupby(["contest", "criterion"], sort=False):
        units = list(dict.fromkeys(part["unit"]))
        for unit in sorted(units, key=lambda name: name != "participant"):
            yield Comparison(contest, criterion, unit), part[part["unit"] == unit]


def _is_of(table: pd.DataFrame, comparison: Comparison) -> pd.Series:
    is_of = pd.Series(True, index=table.index)
    for column, value in comparison._asdict().items():
        is_of &= table[column] == value
    return is_of


def _by_models(part: pd.DataFrame) -> tuple[dict[tuple[str, str], dict[str, Any]], list[str]]:
    """Index rows by generating and fitted model, and list the generating models."""
    rows = {(row["simulated"], row["fitted"]): row for row in part.to_dict("records")}
    return rows, list(dict.fromkeys(part["simulated"]))


def _matrices(
    part: pd.DataFrame,
    title: str,
    sentences: list[str] | None = None,
    designs: list[Matrices] | None = None,
) -> Matrices:
    rows, simulated = _by_models(part)
    fitted = list(dict.fromkeys(part["fitted"]))

    def matrix(kind: Kind) -> list[tuple[str, list[str]]]:
        return [(s, [probability(rows[s, f], kind) for f in fitted]) for s in simulated]

    def total(column: str) -> int:
        return int(sum(rows[name, fitted[0]][column] for name in simulated))

    return Matrices(
        title,
        fitted,
        confusion=matrix("confusion"),
        inversion=matrix("inversion"),
        units={name: int(rows[name, fitted[0]]["n"]) for name in simulated},
        left_out=total("left_out"),
        doubtful=total("doubtful"),
        stopped=total("stopped"),
        sentences=sentences or [],
        designs=designs or [],
    )


def probability(row: Mapping[str, Any], kind: str) -> str:
    """Format a probability with its interval, ``0.93 (0.86–0.97)``; a dash if undefined."""
    value, low, high = (row[kind], row[f"{kind}_lower"], row[f"{kind}_upper"])
    return f"{value:.2f} ({low:.2f}–{high:.2f})" if np.isfinite(value) else "–"


def comparison_sentences(part: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence per generating model, and one per misleading fitted model."""
    rows, simulated = _by_models(part)
    fitted = list(dict.fromkeys(part["fitted"]))
    for name in simulated:
        best = max(fitted, key=lambda other: rows[name, other]["confusion"])
        if name not in fitted:
            yield f"{name} generated data but was not fitted; {best} most often fits best."
            continue
        row = rows[name, name]
        count = plural(int(row["n"]), row["unit"])
        text = f"For {count} generated by {name}, this model fits best with probability "
        text += probability(row, "confusion")
        if row["confusion_lower"] >= MODEL_RECOVERED:
            yield f"{text}."
        elif row["confusion_upper"] < MODEL_RECOVERED:
            yield f"{text}: it is not recovered; {best} most often fits best."
        else:
            yield f"{text}: it is uncertain whether it is recovered."
    for name, other in itertools.product(fitted, simulated):
        if name not in simulated or other == name:
            continue
        misleading = rows[other, name]
        if misleading["inversion"] > rows[name, name]["inversion"]:
            yield (
                f"If {name} fits best, the data were more probably generated by {other} "
                f"({probability(misleading, 'inversion')})."
            )
