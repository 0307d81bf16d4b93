"""Data of the explorer as compact CSV: the measures of every cell, and the first estimates.

Names are replaced by integer codes because a large study has tens of thousands of rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rlrecovery.figures.labels import symbol
from rlrecovery.report.lines import SHARES, levels_estimated, select
from rlrecovery.report.numbers import enumeration
from rlrecovery.score.results import Summary
from rlrecovery.storage.schemas import STATUSES, interval_columns

#: Maximum number of points in the page; figures are not limited.
MOST_POINTS = 12_000
#: Columns that, together with the truth, identify a value.
KEYS = ("method", "level", "parameter", "participants", "trials")
#: Names and values by key, and combinations of true values; a code in the data is an index.
Codes = dict[str, Sequence[Any]]


@dataclass(frozen=True)
class Measure:
    """Measure of ``recovery.csv`` for the map.

    Attributes
    ----------
    name, label : str
        Name in the table, and in the menu.
    low, high : str
        Words at the ends of the colour scale.
    ideal : float
        Value, after scaling, that is white.
    lowest, highest : float
        Range of possible values after scaling. If the ideal is the lowest, the scale has one side.
    interval : float or None
        Nominal level of the intervals.
    scale : float
        Factor by which the values of the table are multiplied.
    """

    name: str
    label: str
    low: str
    high: str
    ideal: float = 0
    lowest: float = -math.inf
    highest: float = math.inf
    interval: float | None = None
    scale: float = 1.0

    @property
    def key(self) -> str:
        """Column in the data of the map; ``<key>_e`` is the column of its MCSE."""
        if self.name != "coverage":
            return self.name
        return f"coverage_{self.ideal:g}".replace(".", "_")

    @property
    def colours(self) -> dict[str, Any]:
        """What `explorer.js` needs for the colour scale; infinite ends are None."""
        ends = {"lowest": self.lowest, "highest": self.highest}
        finite = {name: end if math.isfinite(end) else None for name, end in ends.items()}
        return finite | {"ideal": self.ideal, "low": self.low, "high": self.high}


def measures(summary: Summary) -> list[Measure]:
    """Return the measures of a study in the order of the menu."""
    error = "estimates too low", "estimates too high"
    coverage = [
        Measure(
            "coverage", f"coverage of {100 * x:g} % intervals (%)", "below nominal",
            "above nominal", 100 * x, 0, 100, x, 100,
        )
        for x in reversed(summary.intervals)
    ]  # fmt: skip
    headline = summary.headline_interval or 0
    name = f"width of {100 * headline:g} % intervals"
    width = Measure("width", name, "narrow", "wide", lowest=0, interval=headline)
    shares = [
        Measure(name, f"{text} (% of rows)", "none", "many", lowest=0, highest=100, scale=100)
        for name, text in SHARES.items()
    ]
    return [
        Measure("bias", "bias", *error),
        Measure("rmse", "RMSE", "no error", "large error", lowest=0),
        *coverage,
        *([width] if headline else []),
        Measure("median_bias", "median bias", *error),
        Measure("empirical_se", "empirical SE", "no variation", "large variation", lowest=0),
        Measure(
            "relative_error_model_se", "relative error of model SE (%)", "SE too small",
            "SE too large", lowest=-100, scale=100,
        ),
        *shares,
        Measure("seconds", "seconds per fit", "fast", "slow", lowest=0),
    ]  # fmt: skip


def codes_of(summary: Summary) -> Codes:
    """Collect the names and values of a summary, in its order."""
    names = list(summary.truths)
    truths = _cells(summary)[names].drop_duplicates().sort_values(names)
    return {
        "method": summary.methods,
        "level": levels_estimated(summary),
        "parameter": summary.parameters,
        "participants": summary.participants,
        "trials": summary.trials,
        "truth": list(truths.itertuples(index=False, name=None)) if names else [()],
    }


def code_names(codes: Codes) -> dict[str, list[str]]:
    """Return the names by key, in the order of their codes."""
    return {key: [str(name) for name in codes[key]] for key in KEYS}


def _encode(codes: Codes, table: pd.DataFrame, truths: Sequence[str]) -> pd.DataFrame:
    """Return the codes of a table: a column per key of `KEYS`, and ``truth``."""
    columns = {key: pd.Index(codes[key]).get_indexer(table[key]) for key in KEYS}
    code = {values: k for k, values in enumerate(codes["truth"])}
    rows = zip(*(table[name] for name in truths), strict=True) if truths else [()] * len(table)
    return pd.DataFrame(columns | {"truth": [code[values] for values in rows]})


def _cells(summary: Summary) -> pd.DataFrame:
    table = select(summary.recovery, scope="cell")
    return table[table["parameter"].isin(summary.parameters)]


def map_table(summary: Summary, codes: Codes) -> pd.DataFrame:
    """Return a row per method, cell, level and parameter, with columns of measures and MCSEs."""
    cells = _cells(summary)
    all_rows = select(cells, rows="all")
    index = [*KEYS, *summary.truths]
    columns = {}
    for measure in measures(summary):
        at_level = {} if measure.interval is None else {"interval": measure.interval}
        rows = select(all_rows, measure=measure.name, **at_level).set_index(index)
        columns[measure.key] = measure.scale * rows["value"]
        columns[f"{measure.key}_e"] = measure.scale * rows["mcse"]
    totals = select(all_rows, measure="share_failed").set_index(index)["n_rows"]
    bias = select(cells, measure="bias").set_index(index)
    columns["n"], columns["rows"] = (select(bias, rows="all")[name] for name in ("n", "n_rows"))
    unflagged = select(bias, rows="ok")["n_rows"]
    columns["flagged"] = 100 * (1 - unflagged.reindex(totals.index).fillna(0) / totals)
    table = pd.DataFrame(columns).dropna(subset=["n"])
    # A parameter can have the same name as a measure, so the keys stay in the index.
    coded = _encode(codes, table.index.to_frame(index=False), summary.truths)
    return pd.concat([coded, table.reset_index(drop=True)], axis=1)


def point_table(summary: Summary, codes: Codes) -> pd.DataFrame:
    """Return true values, estimates and intervals of the first data sets.

    If one data set has more than `MOST_POINTS`, only its first participants are included.
    """
    points = summary.points
    points = points[points["parameter"].isin(codes["parameter"]) & points["estimate"].notna()]
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
    return pd.concat([_encode(codes, points, summary.truths), values], axis=1)


def has_intervals(summary: Summary) -> bool:
    """Return whether ``points.csv`` has intervals."""
    ends = interval_columns(max(summary.intervals, default=0))
    return set(ends) <= set(summary.points.columns)


def compact(table: pd.DataFrame) -> str:
    """Convert a table to CSV with six significant digits."""
    return table.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def no_map_reason(summary: Summary) -> str:
    """Explain why the cells have no common map; empty if they have one."""
    cells = select(summary.recovery, scope="cell")
    not_shared = [name for name in summary.truths if cells[name].isna().any()]
    if not not_shared:
        return ""
    return (
        f"not every generating model has {enumeration(not_shared)}, so the true parameter "
        "combinations cannot be shown on one map"
    )


def truth_labels(summary: Summary, codes: Codes) -> list[str]:
    """Return a label for each combination of true values."""
    symbols = [symbol(name) for name in summary.truths]
    return [
        ", ".join(f"{name} = {value:g}" for name, value in zip(symbols, values, strict=True))
        or "drawn from the population"
        for values in codes["truth"]
    ]
