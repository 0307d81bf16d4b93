"""Data of the explorer as compact CSV: the measures of every cell, and the first estimates.

Names are replaced by integer codes because a large study has tens of thousands of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rlrecovery.figures.labels import symbol
from rlrecovery.report.lines import SHARES, levels_estimated
from rlrecovery.report.numbers import enumeration
from rlrecovery.score.results import Summary
from rlrecovery.storage.schemas import STATUSES, interval_columns

#: Maximum number of points in the page; figures are not limited.
MOST_POINTS = 12_000
#: Columns that, together with the truth, identify a value.
KEYS = ("method", "level", "parameter", "participants", "trials")


@dataclass(frozen=True)
class Measure:
    """Measure of ``recovery.csv`` for the map, with its ideal value.

    `key` is its column in the data of the map; ``<key>_e`` is the column of its MCSE.
    """

    key: str
    label: str
    ideal: float
    name: str
    interval: float | None = None
    scale: float = 1.0


def measures(summary: Summary) -> list[Measure]:
    """Return the measures of a study in the order of the menu."""
    offered = [Measure("bias", "bias", 0, "bias"), Measure("rmse", "RMSE", 0, "rmse")]
    for nominal in reversed(summary.intervals):
        percent = f"{100 * nominal:g}"
        key = f"coverage_{percent.replace('.', '_')}"
        label = f"coverage of {percent} % intervals (%)"
        offered.append(Measure(key, label, 100 * nominal, "coverage", nominal, 100))
    if (headline := summary.headline_interval) is not None:
        label = f"width of {100 * headline:g} % intervals"
        offered.append(Measure("width", label, 0, "width", headline))
    offered.append(Measure("median_bias", "median bias", 0, "median_bias"))
    offered.append(Measure("empirical_se", "empirical SE", 0, "empirical_se"))
    name = "relative_error_model_se"
    offered.append(Measure(name, "relative error of model SE (%)", 0, name, scale=100))
    for name, phrase in SHARES.items():
        offered.append(Measure(name, f"{phrase} (% of rows)", 0, name, scale=100))
    offered.append(Measure("seconds", "seconds per fit", 0, "seconds"))
    return offered


@dataclass(frozen=True)
class Codes:
    """Names and values encoded in the data of the charts; a code is an index into a tuple."""

    method: tuple[str, ...]
    level: tuple[str, ...]
    parameter: tuple[str, ...]
    participants: tuple[int, ...]
    trials: tuple[int, ...]
    truth: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, summary: Summary) -> Codes:
        """Collect the names and values of a summary, in its order."""
        names = list(summary.truths)
        truths = _cells(summary)[names].drop_duplicates().sort_values(names)
        return cls(
            method=summary.methods,
            level=tuple(levels_estimated(summary)),
            parameter=summary.parameters,
            participants=summary.participants,
            trials=summary.trials,
            truth=tuple(truths.itertuples(index=False, name=None)) if names else ((),),
        )

    def names(self) -> dict[str, list[str]]:
        """Return the names by key, in the order of their codes."""
        return {key: [str(name) for name in getattr(self, key)] for key in KEYS}

    def encode(self, table: pd.DataFrame, truths: Sequence[str]) -> pd.DataFrame:
        """Return the codes of a table: a column per key of `KEYS`, and ``truth``."""
        columns = {
            key: table[key].astype("object").map({v: k for k, v in enumerate(getattr(self, key))})
            for key in KEYS
        }
        codes = {values: k for k, values in enumerate(self.truth)}
        rows = (
            table[list(truths)].itertuples(index=False, name=None) if truths else [()] * len(table)
        )
        return pd.DataFrame(columns | {"truth": [codes[values] for values in rows]})


def _cells(summary: Summary) -> pd.DataFrame:
    table = summary.recovery
    return table[(table["scope"] == "cell") & table["parameter"].isin(summary.parameters)]


def map_table(summary: Summary, codes: Codes) -> pd.DataFrame:
    """Return a row per method, cell, level and parameter, with columns of measures and MCSEs."""
    cells = _cells(summary)
    all_rows = cells[cells["rows"] == "all"]
    index = [*KEYS, *summary.truths]
    columns = {}
    for measure in measures(summary):
        rows = all_rows[all_rows["measure"] == measure.name]
        if measure.interval is not None:
            rows = rows[np.isclose(rows["interval"], measure.interval)]
        rows = rows.set_index(index)
        columns[measure.key] = measure.scale * rows["value"]
        columns[f"{measure.key}_e"] = measure.scale * rows["mcse"]
    bias = cells[cells["measure"] == "bias"].set_index(index)
    totals = all_rows[all_rows["measure"] == "share_failed"].set_index(index)["n_rows"]
    columns["n"] = bias.loc[bias["rows"] == "all", "n"]
    columns["rows"] = bias.loc[bias["rows"] == "all", "n_rows"]
    unflagged = bias.loc[bias["rows"] == "ok", "n_rows"]
    columns["flagged"] = 100 * (1 - unflagged.reindex(totals.index).fillna(0) / totals)
    table = pd.DataFrame(columns).dropna(subset=["n"])
    # A parameter can have the same name as a measure, so the keys stay in the index.
    coded = codes.encode(table.index.to_frame(index=False), summary.truths)
    return pd.concat([coded, table.reset_index(drop=True)], axis=1)


def point_table(summary: Summary, codes: Codes) -> pd.DataFrame:
    """Return true values, estimates and intervals of the first data sets.

    If one data set has more than `MOST_POINTS`, only its first participants are included.
    """
    points = summary.points
    points = points[points["parameter"].isin(codes.parameter) & points["estimate"].notna()]
    replicates = sorted(points["replicate"].unique())
    per_replicate = max(1, len(points) / max(1, len(replicates)))
    shown = replicates[: max(1, int(MOST_POINTS / per_replicate))]
    points = points[points["replicate"].isin(shown)]
    if len(points) > MOST_POINTS:
        counts = points["participant"].value_counts().sort_index()
        points = points[points["participant"].isin(counts.index[counts.cumsum() <= MOST_POINTS])]
    points = points.reset_index(drop=True)
    ends = interval_columns(max(summary.intervals)) if has_intervals(summary) else ()
    names = {"replicate": "r", "participant": "i", "truth": "t", "estimate": "e"}
    names |= dict(zip(ends, ("lower", "upper"), strict=False))
    status = points["status"].astype("object").map({s: k for k, s in enumerate(STATUSES)})
    values = points[list(names)].rename(columns=names).assign(s=status)
    return pd.concat([codes.encode(points, summary.truths), values], axis=1)


def has_intervals(summary: Summary) -> bool:
    """Return whether ``points.csv`` has intervals."""
    if not summary.intervals:
        return False
    return set(interval_columns(max(summary.intervals))) <= set(summary.points.columns)


def compact(table: pd.DataFrame) -> str:
    """Convert a table to CSV with four significant digits."""
    return table.to_csv(index=False, float_format="%.4g", lineterminator="\n")


def no_map_reason(summary: Summary) -> str:
    """Explain why the cells have no common map; empty if they have one."""
    cells = summary.recovery[summary.recovery["scope"] == "cell"]
    not_shared = [name for name in summary.truths if cells[name].isna().any()]
    if not not_shared:
        return ""
    return (
        f"not every generating model has {enumeration(not_shared)}, so the true parameter "
        "combinations cannot be shown on one map"
    )


def truth_labels(summary: Summary, codes: Codes) -> list[str]:
    """Return a label for each combination of true values."""
    labels = [
        ", ".join(f"{symbol(n)} = {v:g}" for n, v in zip(summary.truths, values, strict=True))
        for values in codes.truth
    ]
    return [label or "drawn from the population" for label in labels]
