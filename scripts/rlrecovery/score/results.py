"""The summary folder as one object, and the few questions that every figure asks of it."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rlrecovery.figures.style import narrow
from rlrecovery.models.library import LAPSE, MODELS, START_VALUE, every_parameter
from rlrecovery.score.model_selection import SELECTION
from rlrecovery.score.paired import PAIRED
from rlrecovery.score.prior_width import PRIORS
from rlrecovery.score.sampler_check import WITNESS
from rlrecovery.storage import files as tables

#: Levels that figures show; the spread of a population is in the report's tables.
LEVELS = ("participant", "group")

GREEK = {
    unicodedata.name(letter).rsplit(" ", 1)[-1].lower(): letter
    for letter in "αβγδεζηθικλμνξπρστυφχψω"
}

POINTS = (
    "method",
    "cell",
    "participants",
    "trials",
    "replicate",
    "participant",
    "level",
    "parameter",
    "truth",
    "estimate",
    "se",
    "status",
)
FAILURES = ("method", "cell", "level", "status", "reason", "rows")


@dataclass(frozen=True)
class Summary:
    """The tables of ``results/<run>/summary/``.

    Attributes
    ----------
    recovery : DataFrame
        One row per measure.
    points : DataFrame
        Truth and estimate of the first replicates.
    failures : DataFrame
        Counts of flagged rows by status and reason.
    participant : DataFrame
        Trials of the example participant.
    posterior : DataFrame
        Draws of the example posterior; no rows where there is none.
    example : dict
        What the example is: cell, truth, method, arms.
    witness : DataFrame
        Sampled against exact posteriors, `rlrecovery.score.sampler_check.WITNESS`; no rows without both.
    comparison : DataFrame
        Every method against the first on the same data, `rlrecovery.score.paired.PAIRED` with cell,
        truths, participants and trials in front; no rows for a single method.
    priors : DataFrame
        Prior SDs of Bayesian methods, `rlrecovery.score.prior_width.PRIORS`.
    crossed : DataFrame
        Measures of all fits of competing models; no rows where none compete.
    selection : DataFrame
        Which model won, `rlrecovery.score.model_selection.SELECTION`; no rows where none compete.
    predictive : DataFrame
        What was predicted of the example data set, or of a lab's own data, before and after it was
        seen, `rlrecovery.predictive.check.PREDICTIVE`; no rows without a posterior.
    """

    recovery: pd.DataFrame
    points: pd.DataFrame
    failures: pd.DataFrame
    participant: pd.DataFrame
    posterior: pd.DataFrame
    example: dict[str, Any]
    witness: pd.DataFrame
    comparison: pd.DataFrame
    priors: pd.DataFrame
    crossed: pd.DataFrame
    selection: pd.DataFrame
    predictive: pd.DataFrame

    @property
    def truths(self) -> tuple[str, ...]:
        """Parameters with a column of true values, in the design's order."""
        names = list(self.recovery.columns)
        return tuple(names[names.index("cell") + 1 : names.index("participants")])

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods in the order of the table."""
        return tuple(self.recovery["method"].unique())

    @property
    def parameters(self) -> tuple[str, ...]:
        """Estimated parameters that have a truth, in the order of their model."""
        known = self.recovery[self.recovery["measure"] == "bias"]
        found = list((known if len(known) else self.recovery)["parameter"].unique())
        added = (LAPSE.name, START_VALUE.name)
        orders = [(*m.names, *added) for m in MODELS.values()]
        orders = [order for order in orders if set(found) <= set(order)]
        return tuple(sorted(found, key=orders[0].index) if orders else found)

    @property
    def estimates(self) -> frozenset[tuple[str, str]]:
        """Pairs (method, parameter) of `methods` and `parameters` that there are."""
        known = self.recovery[self.recovery["measure"] == "bias"]
        known = known if len(known) else self.recovery
        return frozenset(zip(known["method"], known["parameter"], strict=True))

    @property
    def mixed(self) -> bool:
        """Whether some methods estimate other parameters than others."""
        return len(self.estimates) < len(self.methods) * len(self.parameters)

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels that figures show and that were estimated."""
        there = set(self.recovery["level"])
        return tuple(level for level in LEVELS if level in there)

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
        """95 % where it is among the levels, otherwise the largest; None without intervals."""
        levels = self.intervals
        return 0.95 if 0.95 in levels else (levels[-1] if levels else None)

    @property
    def sources(self) -> dict[str, list[str]]:
        """Methods by the model that generated what they are fitted to; one entry, if one did.

        Errors of methods are comparable on data of the same kind only.
        """
        cells = self.recovery[self.recovery["scope"] == "cell"]
        known = cells[["model", "method"]].astype("object").drop_duplicates()
        found = known.groupby("model", sort=False)["method"].agg(set)
        return {model: [m for m in self.methods if m in mine] for model, mine in found.items()}

    def truths_of(self, parameter: str, method: str) -> pd.Series:
        """True values of a parameter in the cells of a method; none where they are drawn."""
        if parameter not in self.truths:
            return pd.Series(dtype="float64")
        cells = (self.recovery["scope"] == "cell") & (self.recovery["method"] == method)
        return self.recovery.loc[cells, parameter].dropna()

    def measure(self, name: str, **where: Any) -> pd.DataFrame:
        """Rows of one measure, by default of scope ``cell`` with all rows.

        Parameters
        ----------
        name : str
            A measure such as ``"bias"``.
        **where
            Further columns and the value that they must have.
        """
        chosen = self.recovery["measure"] == name
        for column, value in ({"scope": "cell", "rows": "all"} | where).items():
            chosen &= self.recovery[column] == value
        return self.recovery[chosen]


def _posterior(path: Path) -> pd.DataFrame:
    """Draws; an empty file says that nothing sampled."""
    has_draws = path.exists() and path.read_bytes().strip() != b""
    return tables.read_table(path) if has_draws else pd.DataFrame()


def _with_columns(*columns: str) -> Callable[[Path], pd.DataFrame]:
    return lambda path: tables.read_table(path, dict.fromkeys(columns, ""))


def _recovery(path: Path) -> pd.DataFrame:
    """Measures; an older summary does not say which model generated the data."""
    table = _with_columns(*(name for name in tables.MEASURES if name != "model"))(path)
    return table.assign(model=_text(table["model"]) if "model" in table else "")


#: Files of a summary by the attribute of `Summary` that holds them, and how each is read.
FILES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "recovery": ("recovery.csv", lambda p: _as_categories(_recovery(p))),
    "points": ("points.csv", lambda p: _as_categories(_with_columns(*POINTS)(p))),
    "failures": (
        "failures.csv",
        lambda p: _as_text(_with_columns(*FAILURES)(p), ("method", "cell", "reason")),
    ),
    "participant": (
        "example_participant.csv",
        _with_columns("block", "trial", "choice", "reward"),
    ),
    "posterior": ("example_posterior.csv", _posterior),
    "example": ("example.json", tables.read_json),
    "witness": ("witness.csv", _with_columns(*WITNESS)),
    "comparison": (
        "comparison.csv",
        lambda p: _as_categories(_with_columns("cell", "participants", "trials", *PAIRED)(p)),
    ),
    "priors": ("priors.csv", lambda p: _as_text(_with_columns(*PRIORS)(p), ("method",))),
    "crossed": ("crossed.csv", _with_columns("simulated", "fitted", "contest")),
    "selection": ("selection.csv", _with_columns(*SELECTION)),
    "predictive": ("predictive.csv", _with_columns("of", "way", "statistic", "observed")),
}


def load_summary(place: str | os.PathLike[str], needed: Iterable[str] = tuple(FILES)) -> Summary:
    """Read a summary, or the tables of it that are needed; the others stay empty.

    Parameters
    ----------
    place : path
        The folder ``summary/``, or one of its files where no other is needed.
    needed : iterable of str
        Names of attributes of `Summary`.

    Raises
    ------
    BrokenFile
        If a file is missing, cannot be read or lacks a column; the message names it.
    """
    folder = Path(place).parent if Path(place).is_file() else Path(place)
    found: dict[str, Any] = {name: {} if name == "example" else pd.DataFrame() for name in FILES}
    for name in needed:
        file, read = FILES[name]
        found[name] = read(folder / file)
    return with_series(Summary(**found))


def with_series(summary: Summary) -> Summary:
    """A summary in which a method in one variant of the design is a method of its own.

    A study may compare tasks, shares of missing responses or generating models. To look at, each
    method in each of these is a series: ``mle, reversals``. Where models compete, a method's name
    says its model already, and in the comparison it is the same series as in the other tables.
    """
    changed: dict[str, pd.DataFrame] = {}
    for name in ("recovery", "points", "failures"):
        table = getattr(summary, name)
        if _varied(table):
            changed[name] = table.assign(method=_series(table).astype("category"))
    if _varied(summary.comparison):
        table, known = summary.comparison, _labels(summary.recovery)
        names = {name: _series(table, name, known) for name in ("method", "reference")}
        changed["comparison"] = table.assign(**{k: v.astype("category") for k, v in names.items()})
    if len(summary.priors) and "recovery" in changed:
        labels: dict[str, dict[str, None]] = {}
        for (method, _), label in _labels(summary.recovery).items():
            labels.setdefault(method, {})[label] = None
        every = [list(labels.get(name, {name: None})) for name in summary.priors["method"]]
        changed["priors"] = summary.priors.assign(method=every).explode("method", ignore_index=True)
    return replace(summary, **changed)


def _varied(table: pd.DataFrame) -> bool:
    """Whether rows of a table say that they are of a variant."""
    return "variant" in table and bool((_text(table["variant"]) != "").any())


def _text(names: pd.Series) -> pd.Series:
    """Names as text; a name that is missing is empty."""
    return names.astype("object").where(names.notna(), "")


def _labels(recovery: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Series by method and cell."""
    if recovery.empty:
        return {}
    each = recovery[recovery["scope"] == "cell"].drop_duplicates(["method", "cell"])
    return dict(zip(zip(each["method"], each["cell"], strict=True), _series(each), strict=True))


def _series(
    table: pd.DataFrame, column: str = "method", known: Mapping[tuple[str, str], str] | None = None
) -> pd.Series:
    """Series of the rows: those known by method and cell, and otherwise method and variant."""
    method, variant = _text(table[column]), _text(table["variant"])
    label = method.where(variant == "", method + ", " + variant)
    if known:
        keys = zip(method, _text(table["cell"]), label, strict=True)
        label = pd.Series([known.get((m, c), other) for m, c, other in keys], table.index)
    return label


def _as_text(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """A method called ``1`` is still a name."""
    return table.assign(**{name: table[name].astype("string").fillna("") for name in columns})


def _as_categories(table: pd.DataFrame) -> pd.DataFrame:
    """Names as categories: a large design is asked thousands of times for some of its rows."""
    names = ("scope", "method", "reference", "cell", "level", "parameter", "rows", "measure")
    there = [name for name in (*names, "status") if name in table]
    return _as_text(table, there).astype(dict.fromkeys(there, "category"))


def symbol(parameter: str) -> str:
    """A parameter's symbol; its plain name where no model knows it.

    Plain characters where there are such, so that labels stay searchable and editable as text in
    a vector file; mathtext otherwise.
    """
    for each in every_parameter():
        if each.name == parameter:
            return _plain(each.symbol)
    return parameter


def _plain(mathtext: str) -> str:
    text = re.sub(r"\\([a-z]+)", lambda found: GREEK.get(found[1], found[0]), mathtext)
    text = re.sub(r"\^\{?([+-])\}?", lambda found: "⁺" if found[1] == "+" else "⁻", text)
    return text if re.fullmatch(r"[\w⁺⁻]+", text) and "_" not in text else f"${mathtext}$"


def support(parameter: str) -> tuple[float, float]:
    """Lowest and highest possible value of a parameter."""
    for each in every_parameter():
        if each.name == parameter:
            return each.support
    return -np.inf, np.inf


def spaced(values: Sequence[int], most: int) -> tuple[int, ...]:
    """At most ``most`` values, evenly spaced by rank, the first and the last among them."""
    if len(values) <= most:
        return tuple(values)
    ranks = np.linspace(0, len(values) - 1, most).round().astype(int)
    return tuple(values[k] for k in ranks)


def combinations(summary: Summary, most: int) -> list[tuple[int, int]]:
    """At most ``most`` pairs (participants, trials) that span the design.

    With one number of participants these are numbers of trials; otherwise the corners of the
    design, or only its smallest and its largest combination.
    """
    people, trials = summary.participants, summary.trials
    if len(people) == 1 or len(trials) == 1:
        pairs = [(n, t) for n in people for t in trials]
        return [pairs[k] for k in spaced(range(len(pairs)), most)]
    corners = [(n, t) for n in (people[0], people[-1]) for t in (trials[0], trials[-1])]
    return corners if most >= len(corners) else [corners[0], corners[-1]]


def levels_for(summary: Summary, width: float) -> tuple[str, ...]:
    """Levels that a figure of a width shows: one column has room for the finest only."""
    return summary.levels[:1] if narrow(width) else summary.levels


def shown_trials(summary: Summary, width: float) -> tuple[int, ...]:
    """The fewest and the most trials; one column has room for the most only."""
    return summary.trials[-1:] if narrow(width) else spaced(summary.trials, 2)


def estimated(summary: Summary, table: pd.DataFrame, width: float) -> list[tuple[str, str]]:
    """Pairs (parameter, level) of a table, in the order of panels."""
    there = set(zip(table["parameter"], table["level"], strict=True))
    levels = levels_for(summary, width)
    return [(p, v) for p in summary.parameters for v in levels if (p, v) in there]


def described(participants: int, trials: int) -> tuple[str, str]:
    """``10 participants`` and ``150 trials``."""
    return counted(participants, "participants"), counted(trials, "trials")


def describe(participants: int, trials: int) -> str:
    """``10 participants, 150 trials``."""
    return ", ".join(described(participants, trials))


def counted(number: int, things: str) -> str:
    """``1 participant``, ``10 participants``."""
    return f"{number} {things.removesuffix('s') if number == 1 else things}"


def methods_with(summary: Summary, level: str) -> list[str]:
    """Methods that estimate a level."""
    there = set(summary.recovery.loc[summary.recovery["level"] == level, "method"])
    return [method for method in summary.methods if method in there]


def against_first(summary: Summary) -> pd.DataFrame:
    """Comparisons with the first method that estimates the level at all on the same data.

    Fits of a model that did not generate the data are no methods of the summary, and not in it.
    """
    table = summary.comparison
    if table.empty:
        return table
    order = {method: k for k, method in enumerate(summary.methods)}
    there = summary.recovery[["cell", "level", "method"]].drop_duplicates().astype("object")
    there = there.sort_values("method", key=lambda names: names.map(order), kind="stable")
    first = there.drop_duplicates(["cell", "level"]).set_index(["cell", "level"])["method"]
    own = first.reindex(pd.MultiIndex.from_frame(table[["cell", "level"]].astype("object")))
    chosen = (table["reference"].astype("object") == own.to_numpy()) & table["method"].isin(order)
    return table[chosen]


def row_level(summary: Summary, method: str) -> str:
    """The finest level at which a method estimates."""
    return "participant" if method in methods_with(summary, "participant") else "group"


def mean_of_rows(values: pd.Series, rows: pd.DataFrame) -> tuple[float, float]:
    """Mean over rows, and its Monte Carlo standard error with data sets as independent unit.

    The mean is a ratio of sums over data sets, and its error is taken from their scatter within
    cells, because the design fixes the cells; over all data sets where a cell has only one.

    Parameters
    ----------
    values : Series
        One value per row.
    rows : DataFrame
        Columns ``cell`` and ``replicate`` of the same rows.
    """
    if values.empty:
        return np.nan, np.nan
    mean = float(values.mean())
    sums = (values - mean).groupby([rows["cell"].astype("object"), rows["replicate"]]).sum()
    if len(sums) < 2:
        return mean, np.nan
    cells = sums.groupby(level=0)
    if (cells.size() < 2).any():
        cells = sums.groupby(np.zeros(len(sums)))
    return mean, float(np.sqrt((cells.var(ddof=1) * cells.size()).sum()) / len(values))
