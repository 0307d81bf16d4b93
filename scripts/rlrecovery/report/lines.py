"""Summary rows that belong to one line of the report's tables, and their shared formatting.

A line is one parameter, level, method and design (numbers of participants and trials); its cells
differ only in their true values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from rlrecovery.figures.labels import describe
from rlrecovery.report.numbers import enumeration, minus, percent_below_all, plural, pm
from rlrecovery.score.pooling import Pooled, mean_over_cells
from rlrecovery.score.results import Summary

#: Phrases for the proportions of flagged rows, by measure.
SHARES = {
    "share_at_bound": "at a bound",
    "share_not_converged": "not converged",
    "share_no_interval": "without an interval or not identified",
    "share_failed": "failed",
}
#: Levels in the order of the page, with the phrase that follows a parameter's name.
OF_LEVEL = {
    "participant": "of individual participants",
    "group": "of the group",
    "spread": "(spread between participants)",
}

#: One row per cell, by measure; ``bias_ok`` is the bias of the unflagged rows.
Cells = Mapping[str, pd.DataFrame]


class LineKey(NamedTuple):
    """Key of a line; the fields are columns of the summary's tables."""

    level: str
    method: str
    participants: int
    trials: int

    @property
    def design(self) -> tuple[int, int]:
        """Numbers of participants and trials."""
        return self.participants, self.trials

    @property
    def design_text(self) -> str:
        """Format the design, for example ``10 participants, 150 trials``."""
        return describe(*self.design)


def designs(summary: Summary) -> list[tuple[int, int]]:
    """Return pairs of participants and trials in ascending order."""
    cells = select(summary.recovery, scope="cell")
    pairs = cells[["participants", "trials"]].drop_duplicates()
    return sorted((int(n), int(t)) for n, t in pairs.itertuples(index=False))


def smallest_and_largest(summary: Summary) -> list[tuple[int, int]]:
    """Return the smallest and the largest design (a single design if there is only one)."""
    pairs = designs(summary)
    return list(dict.fromkeys((pairs[0], pairs[-1])))


def levels_estimated(summary: Summary) -> list[str]:
    """Return levels with estimates in the order of the page."""
    estimated = set(summary.recovery["level"])
    return [level for level in OF_LEVEL if level in estimated]


def select(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Return the rows that have these values in these columns."""
    selected = pd.Series(True, index=table.index)
    for column, value in values.items():
        selected &= table[column] == value
    return table[selected]


def headline_cells(summary: Summary, parameter: str, key: LineKey) -> dict[str, pd.DataFrame]:
    """Return the cells of one line, with coverage and width at the headline nominal level only."""
    table = select(summary.recovery, scope="cell", parameter=parameter, **key._asdict())
    is_headline = table["interval"] == summary.headline_interval
    table = table[table["interval"].isna() | is_headline]
    cells = dict(iter(table[table["rows"] == "all"].groupby("measure")))
    unflagged = select(table, rows="ok", measure="bias")
    return cells | ({"bias_ok": unflagged} if len(unflagged) else {})


def over_truths(summary: Summary, parameter: str, key: LineKey) -> dict[str, pd.Series]:
    """Return the measures of one line over all true values, by name; coverage at the headline."""
    table = select(summary.recovery, scope="grid", rows="all", parameter=parameter, **key._asdict())
    table = table[table["interval"].isna() | (table["interval"] == summary.headline_interval)]
    return {str(row["measure"]): row for _, row in table.iterrows()}


def correlation(
    summary: Summary,
    parameter: str,
    key: LineKey,
    measure: str = "spearman",
    scopes: Sequence[str] = ("grid", "cell"),
) -> Pooled | None:
    """Return the correlation between true values and estimates in the first available scope.

    None if it is undefined. An MCSE of zero only means that no replicate changes the ranks, so it
    is replaced by NaN.
    """
    for scope in scopes:
        rows = summary.measure(measure, scope=scope, parameter=parameter, **key._asdict())
        if len(rows) == 1:
            value, mcse = float(rows["value"].iloc[0]), float(rows["mcse"].iloc[0])
            return Pooled(value, mcse if mcse > 0 else np.nan) if np.isfinite(value) else None
    return None


def replicates_text(cells: Cells) -> str:
    """Format the number of replicates per cell with an estimate, as a range if cells differ."""
    n = cells["bias" if "bias" in cells else "share_failed"]["n"]
    return f"{n.min()}" if n.min() == n.max() else f"{n.min()}–{n.max()}"


def fewer_replicates(summary: Summary) -> dict[str, int]:
    """Return the methods that fitted fewer replicates of a cell than others, and how many."""
    rows = select(summary.recovery, scope="cell", measure="share_failed")
    fits = rows.astype({"cell": "object", "method": "object"})
    fits = fits.groupby(["cell", "method"], sort=False)["n"].max().reset_index()
    most = fits.groupby("cell")["n"].transform("max")
    is_fewer = (fits["n"] < most).groupby(fits["method"]).any()
    replicates = fits.groupby("method", sort=False)["n"].max()
    return {method: int(n) for method, n in replicates.items() if is_fewer[method]}


def fewer_text(fewer: Mapping[str, int]) -> str:
    """Format as ``nuts fits only the first 2 replicates of every cell``; empty if none does."""
    by_number: dict[int, list[str]] = {}
    for method, number in fewer.items():
        by_number.setdefault(number, []).append(method)
    return "; ".join(
        f"{enumeration(methods)} {'fits' if len(methods) == 1 else 'fit'} only the first "
        f"{plural(number, 'replicate')} of every cell"
        for number, methods in by_number.items()
    )


def interval_share_text(cells: Cells) -> str:
    """Format the proportion of estimates that have an interval; empty if all have one."""
    if "coverage" not in cells or "bias" not in cells:
        return ""
    share = cells["coverage"]["n_rows"].sum() / max(1, cells["bias"]["n_rows"].sum())
    return percent_below_all(share) if share < 1 else ""


def flagged_texts(cells: Cells) -> dict[str, str]:
    """Format the proportions of flagged rows over the cells that are not zero, by measure."""
    return {
        name: _share_text(cells[name])
        for name in SHARES
        if name in cells and cells[name]["value"].mean() > 0
    }


def _share_text(rows: pd.DataFrame) -> str:
    """Format a proportion over the cells in per cent, or as a count if its MCSE is zero."""
    pooled, n_rows = mean_over_cells(rows), rows["n_rows"].sum()
    if pooled.mcse != 0:
        return f"{pm(*pooled, 100)} % of rows"
    return f"{round((rows['value'] * rows['n_rows']).sum())} of {n_rows} rows"


def true_values_text(row: pd.Series, summary: Summary) -> str:
    """Format the true values of a cell, for example ``alpha 0.2, beta 5``."""
    names = [name for name in summary.truths if np.isfinite(row[name])]
    return ", ".join(minus(f"{name} {row[name]:g}") for name in names) or "the only cell"


def furthest(cells: pd.DataFrame, distance: pd.Series) -> pd.DataFrame:
    """Return the cells at the largest distance; more than one if they tie."""
    return cells[np.isclose(distance, distance.max(), rtol=1e-9, atol=1e-12)]


def furthest_text(cells: pd.DataFrame, summary: Summary) -> str:
    """Format the true values of a cell of `furthest`; ``several combinations`` if cells tie."""
    if len(cells) == 1:
        return true_values_text(cells.iloc[0], summary)
    return "several combinations"
