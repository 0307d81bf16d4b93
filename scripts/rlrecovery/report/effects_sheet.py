"""Content of the table of effects for a paper."""

from __future__ import annotations

from typing import Final

import pandas as pd

from rlrecovery.report.numbers import pm
from rlrecovery.score.analyses import Analysis, designs_of, over_truths
from rlrecovery.score.results import Summary

#: Columns with their measures and factors; the share of data sets is power or type I error.
COLUMNS: Final[dict[str, tuple[tuple[str, ...], float]]] = {
    "found (%)": (("power", "type_1"), 100.0),
    "bias": (("bias",), 1.0),
    "coverage (%)": (("coverage",), 100.0),
    "type S (%)": (("type_s",), 100.0),
    "type M": (("type_m",), 1.0),
}
CAPTION: Final = (
    "Effects of groups, conditions and a covariate, ± one Monte Carlo standard error. Found: the "
    "type I error where the size is 0, and otherwise the power. Sizes and bias are on the "
    "unconstrained scale or, of a covariate, correlations; all other effects are 0."
)


def effects_body(summary: Summary) -> pd.DataFrame:
    """Rows of every effect, size and analysis in the smallest and the largest design."""
    if summary.effects.empty:
        return pd.DataFrame()
    designs = designs_of(summary.effects)
    shown = {designs[0], designs[-1]}
    column_of = {m: name for name, (measures, _) in COLUMNS.items() for m in measures}
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for row in over_truths(summary.effects, column_of).to_dict("records"):
        if (row["participants"], row["trials"]) not in shown:
            continue
        name = column_of[row["measure"]]
        text = pm(row["value"], row["mcse"], COLUMNS[name][1])
        rows.setdefault(_key(row), dict.fromkeys(COLUMNS, "–"))[name] = text
    body = pd.DataFrame.from_dict(rows, orient="index")
    names = ("effect", "parameter", "size", "participants", "trials", "analysis")
    body.index = pd.MultiIndex.from_tuples(body.index, names=names)
    return body


def _key(row: dict[str, object]) -> tuple[str, ...]:
    """Index of a row."""
    analysis = Analysis(str(row["method"]), str(row["analysis"])).label(str(row["kind"]))
    size = f"{float(str(row['size'])):g}"
    counts = (str(row["participants"]), str(row["trials"]))
    return (str(row["effect"]), str(row["parameter"]), size, *counts, analysis)
