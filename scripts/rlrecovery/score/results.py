"""The summary of a study as an object, for figures and report."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from rlrecovery.models.library import LAPSE, MODELS, START_VALUE
from rlrecovery.score.series import as_text, name_series, series_by_cell
from rlrecovery.storage.files import read_json, read_table
from rlrecovery.storage.schemas import (
    COMPARISON,
    FAILURES,
    PARTICIPANT,
    POINTS,
    PRIORS,
    RECOVERY,
    SAMPLER_CHECK,
    SELECTION,
)

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
        estimated = set(self.recovery["level"])
        return tuple(level for level in LEVELS if level in estimated)

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
        levels = self.intervals
        return 0.95 if 0.95 in levels else (levels[-1] if levels else None)

    @property
    def methods_by_model(self) -> dict[str, list[str]]:
        """Methods by generating model of their data.

        Errors of methods can be compared only on data from the same model.
        """
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

        Parameters
        ----------
        name : str
            Name of the measure, such as ``"bias"``.
        **where
            Further columns and their values.
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
    order = {method: k for k, method in enumerate(summary.methods)}
    methods = summary.recovery[["cell", "level", "method"]].drop_duplicates().astype("object")
    methods = methods.sort_values("method", key=lambda names: names.map(order), kind="stable")
    first = methods.drop_duplicates(["cell", "level"]).set_index(["cell", "level"])["method"]
    of_row = first.reindex(pd.MultiIndex.from_frame(table[["cell", "level"]].astype("object")))
    is_first = table["reference"].astype("object") == of_row.to_numpy()
    return table[is_first & table["method"].isin(order)]


# --- reading ------------------------------------------------------------------------------------

#: Columns that hold names; as categories they are faster to compare.
_NAMES = ("scope", "method", "reference", "cell", "level", "parameter", "rows", "measure", "status")


def _reader(*columns: str) -> Callable[[Path], pd.DataFrame]:
    """Read a table that must have these columns."""
    return lambda path: read_table(path, dict.fromkeys(columns, ""))


def _with_categories(*columns: str) -> Callable[[Path], pd.DataFrame]:
    """Read a table that must have these columns, with columns of names as categories."""

    def read(path: Path) -> pd.DataFrame:
        table = _reader(*columns)(path)
        names = [name for name in _NAMES if name in table]
        return _as_text(table, *names).astype(dict.fromkeys(names, "category"))

    return read


def _as_text(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Convert columns of names to text, because a method may be called ``1``."""
    return table.assign(**{name: table[name].astype("string").fillna("") for name in columns})


def _read_recovery(path: Path) -> pd.DataFrame:
    """Measures; summaries of older versions have no column ``model``."""
    table = _with_categories(*(name for name in RECOVERY if name != "model"))(path)
    return table.assign(model=as_text(table["model"]) if "model" in table else "")


def _read_failures(path: Path) -> pd.DataFrame:
    return _as_text(_reader(*FAILURES)(path), "method", "cell", "reason")


def _read_priors(path: Path) -> pd.DataFrame:
    return _as_text(_reader(*PRIORS)(path), "method")


def _read_posterior(path: Path) -> pd.DataFrame:
    """Draws; the file is empty if none were sampled."""
    has_draws = path.exists() and path.read_bytes().strip() != b""
    return read_table(path) if has_draws else pd.DataFrame()


#: From attributes of `Summary` to their files and readers.
FILES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "recovery": ("recovery.csv", _read_recovery),
    "points": ("points.csv", _with_categories(*POINTS)),
    "failures": ("failures.csv", _read_failures),
    "participant": ("example_participant.csv", _reader(*PARTICIPANT)),
    "posterior": ("example_posterior.csv", _read_posterior),
    "example": ("example.json", read_json),
    "sampler_check": ("witness.csv", _reader(*SAMPLER_CHECK)),
    "comparison": ("comparison.csv", _with_categories(*COMPARISON)),
    "priors": ("priors.csv", _read_priors),
    "crossed": ("crossed.csv", _reader("simulated", "fitted", "contest")),
    "selection": ("selection.csv", _reader(*SELECTION)),
    "predictive": ("predictive.csv", _reader("of", "way", "statistic", "observed")),
}


def load_summary(path: str | os.PathLike[str], needed: Iterable[str] = tuple(FILES)) -> Summary:
    """Read the summary of a study, or some of its tables; the others are empty.

    Parameters
    ----------
    path : path
        The folder ``summary/``, or one of its files.
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
        file, read = FILES[name]
        tables[name] = read(folder / file)
    method_of = {name: method for (method, _), name in series_by_cell(tables["recovery"]).items()}
    return Summary(**(tables | name_series(tables)), method_of=method_of)
