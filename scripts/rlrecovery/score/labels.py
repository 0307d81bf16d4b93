"""Names of methods and parameters as the study's config wants them to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

#: Columns with names of methods, which may be followed by the label of a part of the study.
_METHODS = ("method", "reference", "sampled", "exact")


def label_of(name: str, labels: Mapping[str, str]) -> str:
    """Label of a method, or of a series (`rlrecovery.score.series`) such as ``mle, still``."""
    method, comma, part = name.partition(", ")
    return f"{labels.get(method, method)}{comma}{part}"


def with_labels(tables: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """Show methods and parameters of the tables of a summary by their labels.

    Columns of true values and of draws are renamed as well. In a study of several models, labels of
    methods apply to methods of that name, not to their fits of each model.
    """
    if not labels:
        return dict(tables)
    changed = {name: _relabelled(table, labels) for name, table in tables.items()}
    if example := dict(tables["example"]):
        truth = {labels.get(k, k): v for k, v in (example.get("truth") or {}).items()}
        shown = {"truth": truth, "method": label_of(str(example.get("method")), labels)}
        changed["example"] = example | {k: v for k, v in shown.items() if k in example}
    return changed


def _relabelled(table: Any, labels: Mapping[str, str]) -> Any:
    if not isinstance(table, pd.DataFrame) or table.empty:
        return table
    columns = {}
    for column in (*_METHODS, "parameter"):
        if column in table:
            names = table[column].astype("object")
            shown = {name: label_of(str(name), labels) for name in names.dropna().unique()}
            columns[column] = names.map(shown).astype(table[column].dtype.name)
    return table.assign(**columns).rename(columns=dict(labels))
