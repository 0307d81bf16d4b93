"""The summary of a study as an object, for figures and report."""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from rlrecovery.models.library import LAPSE, MODELS, START_VALUE
from rlrecovery.score.labels import label_of, with_labels
from rlrecovery.score.series import as_text, name_series, series_by_cell
from rlrecovery.storage import schemas
from rlrecovery.storage.files import read_csv, read_json, read_table, read_text

#: Levels that figures show; the tables of the report also have the spread.
LEVELS = ("participant", "group")


@dataclass(frozen=True)
class Summary:
    """The tables of ``results/<run>/summary/``, described in `rlrecovery.storage.schemas`.

    A table that does not apply to the study has no rows. ``participant`` has the trials of the
    example participant, ``posterior`` its posterior draws, and ``example`` its cell, method and
    replicate. A ``method`` is a series (`rlrecovery.score.series`), and ``method_of`` maps series
    to methods.
    """

    recovery: pd.DataFrame
    points: pd.DataFrame
    failures: pd.DataFrame
    participant: pd.DataFrame
    posterior: pd.DataFrame
    example: dict[str, Any]
    sampler_check: pd.DataFrame
    comparison: pd.DataFrame
    priors: pd.DataFrame
    crossed: pd.DataFrame
    selection: pd.DataFrame
    predictive: pd.DataFrame
    verdicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    frontier: pd.DataFrame = field(default_factory=pd.DataFrame)
    surface: pd.DataFrame = field(default_factory=pd.DataFrame)
    advised: pd.DataFrame = field(default_factory=pd.DataFrame)
    calibration: pd.DataFrame = field(default_factory=pd.DataFrame)
    uniformity: pd.DataFrame = field(default_factory=pd.DataFrame)
    effects: pd.DataFrame = field(default_factory=pd.DataFrame)
    detectable: pd.DataFrame = field(default_factory=pd.DataFrame)
    reliability: pd.DataFrame = field(default_factory=pd.DataFrame)
    method_of: dict[str, str] = field(default_factory=dict)

    @property
    def truths(self) -> tuple[str, ...]:
        """Parameters with a column of true values, in the order of the design."""
        names = list(self.recovery.columns)
        return tuple(names[names.index("cell") + 1 : names.index("participants")])

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods in the order of the table."""
        return tuple(self.recovery["method"].unique())

    @property
    def parameters(self) -> tuple[str, ...]:
        """Estimated parameters with a truth (all if there is none), in the order of the model."""
        names = list(self._estimated()["parameter"].unique())
        orders = [(*m.names, LAPSE.name, START_VALUE.name) for m in MODELS.values()]
        orders = [order for order in orders if set(names) <= set(order)]
        return tuple(sorted(names, key=orders[0].index) if orders else names)

    @property
    def method_parameters(self) -> frozenset[tuple[str, str]]:
        """Pairs (method, parameter) of all methods and the `parameters` that they estimate."""
        rows = self._estimated()
        return frozenset(zip(rows["method"], rows["parameter"], strict=True))

    def _estimated(self) -> pd.DataFrame:
        """Rows of the bias (parameters with a truth only), or all rows if there are none."""
        bias = self.recovery[self.recovery["measure"] == "bias"]
        return bias if len(bias) else self.recovery

    @property
    def mixed(self) -> bool:
        """Whether methods differ in the parameters that they estimate."""
        return len(self.method_parameters) < len(self.methods) * len(self.parameters)

    @property
    def levels(self) -> tuple[str, ...]:
        """Those of `LEVELS` that were estimated."""
        return tuple(level for level in LEVELS if (self.recovery["level"] == level).any())

    @property
    def participants(self) -> tuple[int, ...]:
        """Numbers of participants, ascending."""
        return tuple(sorted(int(n) for n in self.recovery["participants"].unique()))

    @property
    def trials(self) -> tuple[int, ...]:
        """Numbers of trials, ascending."""
        return tuple(sorted(int(n) for n in self.recovery["trials"].unique()))

    @property
    def intervals(self) -> tuple[float, ...]:
        """Nominal levels of the intervals, ascending."""
        return tuple(sorted(float(x) for x in self.recovery["interval"].dropna().unique()))

    @property
    def headline_interval(self) -> float | None:
        """Nominal level to show where only one is shown: 0.95, or else the largest."""
        return 0.95 if 0.95 in self.intervals else max(self.intervals, default=None)

    @property
    def methods_by_model(self) -> dict[str, list[str]]:
        """Methods by generating model of their data; only their errors can be compared."""
        cells = self.recovery[self.recovery["scope"] == "cell"]
        pairs = cells[["model", "method"]].astype("object").drop_duplicates()
        by_model = pairs.groupby("model", sort=False)["method"].agg(set)
        return {model: [m for m in self.methods if m in names] for model, names in by_model.items()}

    def truths_of(self, parameter: str, method: str) -> pd.Series:
        """True values of a parameter in the cells of a method; empty if they are drawn."""
        if parameter not in self.truths:
            return pd.Series(dtype="float64")
        cells = (self.recovery["scope"] == "cell") & (self.recovery["method"] == method)
        return self.recovery.loc[cells, parameter].dropna()

    def measure(self, name: str, **where: str | float) -> pd.DataFrame:
        """Select the rows of a measure, by default with scope ``cell`` and rows ``all``.

        Keywords are further columns and their values.
        """
        selected = self.recovery["measure"] == name
        for column, value in ({"scope": "cell", "rows": "all"} | where).items():
            selected &= self.recovery[column] == value
        return self.recovery[selected]


def methods_with(summary: Summary, level: str) -> list[str]:
    """Methods that estimate a level."""
    methods = set(summary.recovery.loc[summary.recovery["level"] == level, "method"])
    return [method for method in summary.methods if method in methods]


def finest_level(summary: Summary, method: str) -> str:
    """``participant`` if the method estimates single participants, otherwise ``group``."""
    return "participant" if method in methods_with(summary, "participant") else "group"


def against_first(summary: Summary) -> pd.DataFrame:
    """Select rows of ``comparison`` whose reference is the first method of the cell at that level.

    Fits of other models than the generating one are excluded, because they are not among the
    methods of the summary.
    """
    table = summary.comparison
    if table.empty:
        return table
    keys = ["cell", "level"]
    first = summary.recovery[[*keys, "method"]].drop_duplicates(keys).astype("object")
    first_of_row = table[keys].astype("object").merge(first, on=keys, how="left")["method"]
    is_first = table["reference"].astype("object") == first_of_row.to_numpy()
    return table[is_first & table["method"].isin(summary.methods)]


#: File with the labels of the study, from names to what is shown; older summaries have none.
LABELS = "labels.json"

#: Columns of `rlrecovery.storage.schemas.SAMPLER_CHECK` that older versions do not have.
_NEW_CHECKS = ("level", "data_sets", "rms_error")

#: From attributes of `Summary` to their files and the columns that these must have.
FILES: dict[str, tuple[str, Collection[str]]] = {
    # Summaries of older versions have no column ``model``, and compare samplers without pooling.
    "recovery": ("recovery.csv", [name for name in schemas.RECOVERY if name != "model"]),
    "verdicts": ("verdicts.csv", schemas.VERDICTS),
    "points": ("points.csv", schemas.POINTS),
    "failures": ("failures.csv", schemas.FAILURES),
    "participant": ("example_participant.csv", schemas.PARTICIPANT),
    "posterior": ("example_posterior.csv", ()),
    "example": ("example.json", ()),
    "sampler_check": ("witness.csv", [n for n in schemas.SAMPLER_CHECK if n not in _NEW_CHECKS]),
    "comparison": ("comparison.csv", schemas.COMPARISON),
    "priors": ("priors.csv", schemas.PRIORS),
    "crossed": ("crossed.csv", ("simulated", "fitted", "contest")),
    "selection": ("selection.csv", schemas.SELECTION),
    "predictive": ("predictive.csv", ("of", "way", "statistic", "observed")),
    "frontier": ("frontier.csv", schemas.FRONTIER),
    "surface": ("surface.csv", schemas.SURFACE),
    "advised": ("advised.csv", schemas.ADVISED),
    "calibration": ("calibration.csv", schemas.CALIBRATION),
    "uniformity": ("uniformity.csv", schemas.UNIFORMITY),
    "effects": ("effects.csv", schemas.EFFECTS),
    "detectable": ("detectable.csv", schemas.DETECTABLE),
    "reliability": ("reliability.csv", schemas.RELIABILITY),
}

#: Tables that only a study with requirements, with calibration over the prior, or with groups,
#: conditions or a covariate has.
_OPTIONAL = ("frontier", "surface", "advised", *schemas.CALIBRATED, *schemas.ANALYSED)

#: Columns that hold names; as categories they are faster to compare.
_NAMES = ("scope", "method", "reference", "cell", "level", "parameter", "rows", "measure", "status")

#: Columns to convert to text, because a method may be called ``1``; in large tables to categories.
_CATEGORIES = dict.fromkeys(("recovery", "points", "comparison"), _NAMES)
_ANALYSED = (
    "method",
    "cell",
    "variant",
    "other_effects",
    "effect",
    "parameter",
    "analysis",
    "note",
)
_TEXT = {
    **_CATEGORIES,
    "verdicts": (*_NAMES, "verdict", "because", "standing"),
    "failures": ("method", "cell", "reason"),
    "priors": ("method",),
    "calibration": ("method", "level", "parameter", "status", "reason"),
    "uniformity": ("method", "level", "parameter"),
    "effects": _ANALYSED,
    "detectable": _ANALYSED,
    "reliability": ("method", "cell", "variant", "parameter"),
}


def load_summary(path: str | os.PathLike[str], needed: Iterable[str] = tuple(FILES)) -> Summary:
    """Read the summary of a study, or some of its tables; the others are empty.

    Parameters
    ----------
    path : path
        The folder ``summary/``, or one of its files. A table is read from its CSV file or, if there
        is none, from the Parquet file of the same name; the result is the same.
    needed : iterable of str
        Names of attributes of `Summary`, keys of `FILES`.

    Raises
    ------
    BrokenFile
        If a file is missing, cannot be read or lacks a column; the message names it.
    """
    folder = Path(path).parent if Path(path).is_file() else Path(path)
    tables: dict[str, Any] = {name: pd.DataFrame() for name in FILES} | {"example": {}}
    for name in needed:
        tables[name] = _read(folder, name)
    method_of = {name: method for (method, _), name in series_by_cell(tables["recovery"]).items()}
    labels = read_json(folder / LABELS) if (folder / LABELS).exists() else {}
    shown = {label_of(name, labels): method for name, method in method_of.items()}
    return Summary(**with_labels(tables | name_series(tables), labels), method_of=shown)


def _read(folder: Path, name: str) -> Any:
    """Read the file of an attribute of `Summary`."""
    file, columns = FILES[name]
    path = folder / file
    if path.suffix == ".json":
        return read_json(path)
    if name in _OPTIONAL and not stored(folder, file).exists():
        return pd.DataFrame(columns=[*columns])
    if name == "posterior" and not (path.exists() and read_text(path).strip()):
        return pd.DataFrame()  # the file is empty if no draws were sampled
    table = _read_as_csv(path, columns)
    names = [column for column in _TEXT.get(name, ()) if column in table]
    table = table.assign(**{column: table[column].astype("string").fillna("") for column in names})
    if name in _CATEGORIES:
        table = table.astype(dict.fromkeys(names, "category"))
    if name == "recovery":
        table = table.assign(model=as_text(table["model"]) if "model" in table else "")
    if name == "sampler_check" and "level" not in table:
        unknown = {"data_sets": table["posteriors"], "rms_error": 0.0}
        table = table.assign(level="participant", **unknown)
    return table


def stored(folder: Path, file: str) -> Path:
    """Path of a table of a summary: the CSV file, or the Parquet file if only that exists."""
    csv = folder / file
    parquet = csv.with_suffix(".parquet")
    return parquet if parquet.exists() and not csv.exists() else csv


def _read_as_csv(csv: Path, columns: Collection[str]) -> pd.DataFrame:
    """Read a table; one from a Parquet file has the types that its CSV file would give."""
    path = stored(csv.parent, csv.name)
    table = read_table(path, columns)
    if path.suffix == ".csv":
        return table
    return read_csv(io.StringIO(table.to_csv(index=False)))
