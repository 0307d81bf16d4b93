"""Analyses of effects: what they are called, and their measures pooled over true values."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from rlrecovery.score.pooling import means_over_cells
from rlrecovery.score.series import as_text

#: What each analysis of a difference and of a correlation is, in the order of figures and report.
NAMES: Final[dict[str, tuple[str, str]]] = {
    "t_test": ("t test", "Pearson’s correlation"),
    "rank_test": ("rank test", "Spearman’s correlation"),
    "t_test_by_group": ("t test", "Pearson’s correlation"),
    "rank_test_by_group": ("rank test", "Spearman’s correlation"),
    "disattenuated": ("disattenuated correlation", "disattenuated correlation"),
    "joint": ("joint model", "joint model"),
}
#: Columns that identify a measure of an analysis of an effect in one design.
KEYS: Final = (
    *("participants", "trials", "kind", "effect", "parameter"),
    *("method", "analysis", "size", "measure"),
)


class StudiedEffect(NamedTuple):
    """An effect of a study; the fields are columns of the tables of effects."""

    kind: str
    effect: str
    parameter: str


class Analysis(NamedTuple):
    """An analysis of the estimates of a method (or series); the fields are columns."""

    method: str
    analysis: str

    def label(self, *kinds: str) -> str:
        """Name of the analysis of effects of some kinds, such as ``t test of mle estimates``.

        Among differences, correlations go by their tests: a t test of Pearson's correlation, and a
        rank test of Spearman's.
        """
        unknown = self.analysis.replace("_", " ")
        names = NAMES.get(self.analysis, (unknown, unknown))
        words = names[set(kinds) == {"covariate"}]
        if self.analysis == "joint":
            return f"{words} of {self.method}"
        unit = "condition" if set(kinds) == {"condition"} else "group"
        apart = f" fitted by {unit}" if self.analysis.endswith("_by_group") else ""
        return f"{words} of {self.method} estimates{apart}"


def effects_of(table: pd.DataFrame) -> list[StudiedEffect]:
    """Effects of the table ``effects``, in its order."""
    columns = list(StudiedEffect._fields)
    return [StudiedEffect(*map(str, row)) for row in _distinct(table, columns)]


def analyses_of(table: pd.DataFrame) -> list[Analysis]:
    """Analyses of a table with series (`with_series`): methods in its order, then as in `NAMES`."""
    methods = list(dict.fromkeys(as_text(table["method"])))
    rank = {name: number for number, name in enumerate(NAMES)}
    found = [Analysis(*map(str, row)) for row in _distinct(table, list(Analysis._fields))]
    return sorted(found, key=lambda a: (methods.index(a.method), rank.get(a.analysis, len(rank))))


def designs_of(table: pd.DataFrame) -> list[tuple[int, int]]:
    """Pairs of participants and trials of a table, ascending."""
    return sorted((int(n), int(t)) for n, t in _distinct(table, ["participants", "trials"]))


def with_series(table: pd.DataFrame) -> pd.DataFrame:
    """Replace methods by series (`rlrecovery.score.series`): ``mle, reversals``."""
    if table.empty:
        return table
    method, variant = as_text(table["method"]), as_text(table["variant"])
    return table.assign(method=method.where(variant == "", method + ", " + variant))


def over_truths(table: pd.DataFrame, measures: Collection[str]) -> pd.DataFrame:
    """Pool measures of effects over the true values of the cells of each design.

    Parameters
    ----------
    table : DataFrame
        The table ``summary/effects``. Rows with other effects than their own are left out.
    measures : collection of str
        Measures to pool.

    Returns
    -------
    DataFrame
        Columns `KEYS`, ``natural`` (missing unless it is the same in all cells), ``value`` and
        ``mcse`` of `means_over_cells`, and ``n`` and ``total``, the smallest number of data sets of
        a cell and that of all cells. The value is missing if it is missing in a cell, because the
        mean over the others could not be compared with that of other sizes and analyses.
    """
    columns = [*KEYS, "natural", "value", "mcse", "n", "total"]
    if table.empty:
        return pd.DataFrame(columns=columns)
    table = with_series(table[as_text(table["other_effects"]) == ""])
    design = ["method", "participants", "trials"]
    cells_of_design = table.groupby(design)["cell"].nunique().rename("all_cells").reset_index()
    rows = table[table["measure"].isin(measures)]
    natural = rows.groupby(list(KEYS), sort=False)["natural"].agg(["min", "max"])
    pooled = means_over_cells(rows, KEYS).merge(cells_of_design, on=design, how="left")
    is_one = np.isclose(natural["min"], natural["max"], rtol=1e-9, atol=1e-12)
    pooled["natural"] = np.where(is_one, natural["min"], np.nan)
    missing = (pooled["cells"] < pooled["all_cells"]).to_numpy()
    return pooled.assign(
        value=pooled["value"].where(~missing), mcse=pooled["mcse"].where(~missing)
    )[columns]


def _distinct(table: pd.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    """Distinct rows of some columns, in the order of the table."""
    if table.empty:
        return []
    return list(dict.fromkeys(zip(*(table[name].tolist() for name in columns), strict=True)))
