"""Which model won: the matrices of `rlrecovery.score.model_selection` as sentences and as texts of tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.report.numbers import plural
from rlrecovery.score.results import Summary

#: What each criterion is, in a few words.
CRITERIA = {
    "AIC": "Akaike's information criterion",
    "BIC": "the Bayesian information criterion",
    "LOO": "leave-one-out predictive density",
    "evidence": "the marginal likelihood",
}
#: A generating model is called recovered where the lower end of the interval of p(right model wins)
#: is at least this, and lost where the upper end is below; the limit is a convention.
RECOVERED = 0.5


def contests(summary: Summary) -> list[dict[str, Any]]:
    """Every contest and criterion over the whole study.

    Returns
    -------
    list of dict
        ``title``, ``fitted`` (names), ``confusion`` and ``inversion`` (a name and texts per row),
        ``sentences``, ``units`` (how many of each row), ``left_out``, ``doubtful`` and ``stopped``
        (how many of all) and ``designs`` (the same of every design, where there are several).
    """
    table = summary.selection
    if table.empty:
        return []
    found = []
    for keys, part in _groups(table[table["scope"] == "all"]):
        designs = table[(table["scope"] == "design") & _same(table, keys)]
        several = len(set(designs["design"])) > 1
        found.append(
            _matrices(part)
            | {"title": _title(*keys), "sentences": list(sentences(part))}
            | {"designs": [
                _matrices(each) | {"title": f"{_title(*keys)}, {name}"}
                for name, each in designs.groupby("design", sort=False)
            ] if several else []}
        )  # fmt: skip
    return found


def _groups(table: pd.DataFrame) -> Iterator[tuple[tuple[str, str, str], pd.DataFrame]]:
    """Contest, criterion and unit; participants where they are counted, else data sets."""
    for (contest, criterion), part in table.groupby(["contest", "criterion"], sort=False):
        units = list(dict.fromkeys(part["unit"]))
        for unit in sorted(units, key=lambda name: name != "participant"):
            yield (contest, criterion, unit), part[part["unit"] == unit]


def _same(table: pd.DataFrame, keys: tuple[str, str, str]) -> pd.Series:
    contest, criterion, unit = keys
    return (
        (table["contest"] == contest) & (table["criterion"] == criterion) & (table["unit"] == unit)
    )


def _title(contest: str, criterion: str, unit: str) -> str:
    return f"{contest}, {CRITERIA.get(criterion, criterion)}, {unit} by {unit}"


def _matrices(part: pd.DataFrame) -> dict[str, Any]:
    """Both matrices as rows of texts, the generating models down."""
    fitted = list(dict.fromkeys(part["fitted"]))
    rows = list(dict.fromkeys(part["simulated"]))
    cells = {(r["simulated"], r["fitted"]): r for r in part.to_dict("records")}
    whole = {
        kind: [(name, [probability(cells[name, other], kind) for other in fitted]) for name in rows]
        for kind in ("confusion", "inversion")
    }
    units = {name: int(cells[name, fitted[0]]["n"]) for name in rows}
    totals = {
        name: int(sum(cells[row, fitted[0]][name] for row in rows))
        for name in ("left_out", "doubtful", "stopped")
    }
    return {"fitted": fitted, "units": units, **totals, **whole}


def probability(row: dict[str, Any], kind: str) -> str:
    """``0.93 (0.86–0.97)``; a dash where it is not defined."""
    value, low, high = (row[kind], row[f"{kind}_lower"], row[f"{kind}_upper"])
    return f"{value:.2f} ({low:.2f}–{high:.2f})" if np.isfinite(value) else "–"


def sentences(part: pd.DataFrame) -> Iterator[str]:
    """A sentence per generating model, and one per fitted model that misleads."""
    cells = {(r["simulated"], r["fitted"]): r for r in part.to_dict("records")}
    rows = list(dict.fromkeys(part["simulated"]))
    fitted = list(dict.fromkeys(part["fitted"]))
    for name in rows:
        best = max(fitted, key=lambda other: cells[name, other]["confusion"])
        if name not in fitted:
            yield f"{name} generated data but is not fitted; {best} wins most often."
            continue
        mine, unit = cells[name, name], cells[name, name]["unit"]
        count = plural(int(mine["n"]), unit)
        text = f"Of {count} that {name} generated, it wins {probability(mine, 'confusion')}"
        if mine["confusion_lower"] >= RECOVERED:
            yield f"{text}."
        elif mine["confusion_upper"] < RECOVERED:
            yield f"{text}: it is not recovered, {best} wins most often."
        else:
            yield f"{text}: whether it is recovered is not certain."
    for name, other in itertools.product(fitted, rows):
        back = cells[other, name]
        if name in rows and other != name and back["inversion"] > cells[name, name]["inversion"]:
            yield (
                f"Where {name} wins, {other} is the more probable source "
                f"({probability(back, 'inversion')})."
            )
