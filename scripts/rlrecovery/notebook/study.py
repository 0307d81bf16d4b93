"""A finished study: its tables, estimates and figures as objects."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import Any

import pandas as pd

from rlrecovery.config.figures import INCH, FigureSettings
from rlrecovery.config.limits import Limits
from rlrecovery.config.mistakes import did_you_mean
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, fitted_batches, read_resolved
from rlrecovery.design.cells import batches
from rlrecovery.figures.catalogue import FIGURES, available_figures, draw
from rlrecovery.models.base import Model
from rlrecovery.notebook.errors import as_value_errors, check_choice
from rlrecovery.notebook.own_models import known, own
from rlrecovery.notebook.picture import Picture
from rlrecovery.notebook.short import ANY_CONFIG, experiment_of
from rlrecovery.report.answers import answers
from rlrecovery.report.numbers import plural
from rlrecovery.score.results import FILES, Summary, load_summary, stored
from rlrecovery.storage.files import read_table, read_text

#: Largest width of a figure in inches.
WIDEST = 16

#: Files of the tables of a summary, by the names that a `Study` gives to them.
TABLES = {file.removesuffix(".csv"): file for file, _ in FILES.values() if file.endswith(".csv")}


class Study:
    """A finished study, as returned by `load_study` and `recover`.

    The tables have one row per number, as on disk; the reference describes their columns. They are
    read when they are first used. `tables` lists those that the study has; these are the main ones.

    Attributes
    ----------
    folder : Path
        The folder of the run, or of its summary.
    config : Experiment or None
        The config with all defaults; None if there is no ``config.yaml``.
    recovery : DataFrame
        All measures with their Monte Carlo standard errors.
    verdicts : DataFrame
        Whether each parameter is recovered, by each method, in each cell and over all true values.
    points : DataFrame
        True values, estimates and intervals of some data sets.
    comparison : DataFrame
        Methods compared on the same data.
    failures : DataFrame
        Numbers of flagged and failed estimates, with reasons.

    Examples
    --------
    >>> study = load_study("results/default")  # doctest: +SKIP
    >>> study.measure("bias", parameter="alpha", level="participant")  # doctest: +SKIP
    >>> study.figure("bias")  # doctest: +SKIP
    """

    recovery: pd.DataFrame
    verdicts: pd.DataFrame
    points: pd.DataFrame
    comparison: pd.DataFrame
    failures: pd.DataFrame

    def __init__(
        self,
        folder: Path,
        summary: Path,
        config: Experiment | None,
        models: Sequence[Model] = (),
        owner: object = None,
    ) -> None:
        self.folder, self.config = folder, config
        self._folder, self._models = summary, tuple(models)
        self._owner = owner  # a temporary folder exists as long as this object
        self._read: dict[str, pd.DataFrame] = {}

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that have rows, for `table`; they are also attributes."""
        return tuple(name for name in TABLES if self._has(TABLES[name]) and len(self.table(name)))

    def table(self, name: str) -> pd.DataFrame:
        """A table of the summary.

        Parameters
        ----------
        name : str
            One of `tables`, such as ``"recovery"`` or ``"example_participant"``.

        Returns
        -------
        DataFrame
            A new table, which may be changed; without rows if it does not apply to the study.

        Raises
        ------
        ValueError
            If there is no such table, or its file is damaged.
        """
        check_choice("the table", name, TABLES)
        if name not in self._read:
            with as_value_errors():
                self._read[name] = _whole_table(self._folder, TABLES[name])
        return self._read[name].copy()

    def measure(self, name: str, **where: Any) -> pd.DataFrame:
        """Rows of one measure, by default of single cells and of all estimates.

        Parameters
        ----------
        name : str
            Name of the measure, such as ``"bias"``, ``"rmse"`` or ``"coverage"``.
        **where
            Columns of `recovery` and the value that they must have, such as ``level="group"``.
            ``scope`` is ``"cell"`` and ``rows`` is ``"all"`` unless given.

        Returns
        -------
        DataFrame
            Rows of `recovery`, with ``value`` and its Monte Carlo standard error ``mcse``.

        Raises
        ------
        ValueError
            If the study has no such measure, column or value.

        Examples
        --------
        >>> study.measure("coverage", method="mle", interval=0.95)  # doctest: +SKIP
        """
        rows = self.recovery
        check_choice("the measure", name, list(rows["measure"].unique()))
        for column in where:
            check_choice("a column of the table recovery", column, list(rows.columns))
        for column, value in ({"measure": name, "scope": "cell", "rows": "all"} | where).items():
            if column in where:
                check_choice(f"{column} of {name}", value, sorted(rows[column].dropna().unique()))
            rows = rows[rows[column] == value]
        return rows.reset_index(drop=True)

    def estimates(self, method: str | None = None, cell: str | None = None) -> pd.DataFrame:
        """Estimates of single data sets.

        Parameters
        ----------
        method, cell : str, optional
            Name of a method, and key of a cell (see the column ``cell`` of `recovery`); by default
            all.

        Returns
        -------
        DataFrame
            One row per estimate, with the columns ``method`` and ``cell`` before those of the files
            ``estimates/<method>/<cell>/<batch>.parquet``.

        Raises
        ------
        ValueError
            If there is no such method or cell, or the study's folder has no estimates.
        """
        return self._batches("estimates", {"method": method, "cell": cell})

    def truth(self, cell: str | None = None) -> pd.DataFrame:
        """True values that generated the data sets.

        Parameters
        ----------
        cell : str, optional
            Key of a cell; by default all.

        Returns
        -------
        DataFrame
            One row per true value: ``cell``, ``replicate``, ``participant`` (-1 for the
            population), ``level``, ``parameter`` and ``truth``. The first columns are those of
            `estimates`, so that both can be merged.

        Raises
        ------
        ValueError
            If there is no such cell, or the study's folder has no true values.
        """
        return self._batches("truth", {"cell": cell})

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures that the study has, for `figure`; composed ones come last."""
        if self.config is not None:
            with known(self._models):
                return (*available_figures(self.config), *self.config.figures.compose)
        return tuple(
            name
            for name, entry in FIGURES.items()
            if all(len(getattr(self._summary, table)) for table in entry.tables)
        )

    def figure(self, name: str, width: float | None = None, **settings: Any) -> Picture:
        """Draw a figure of the report.

        Parameters
        ----------
        name : str
            One of `figures`.
        width : float, optional
            Width in inches, at most 16. By default that of two columns of a journal.
        **settings
            Keys of the config's section ``figures``, such as ``font``, ``size`` or ``colours``.
            By default those of the study.

        Returns
        -------
        Picture
            Shows itself in a notebook; ``savefig`` writes it to a file, and ``figure`` is the
            Matplotlib figure.

        Raises
        ------
        ValueError
            If the study has no such figure, or the width or a setting is wrong.

        Examples
        --------
        >>> study.figure("bias", width=3.5, font="Arial", size=7)  # doctest: +SKIP
        """
        look = self._look(settings)
        least = look.narrowest() / INCH
        if width is not None and not (isinstance(width, Real) and least <= width <= WIDEST):
            raise ValueError(
                f"width is {width!r}, but with text of {look.points:g} points it must be a number "
                f"of inches from {least:.2f} to {WIDEST}"
            )
        check_choice("the figure", name, [*self.figures, *look.compose])
        with known(self._models), as_value_errors():
            return Picture(name, draw(name, self._summary, look, width), look)

    def _look(self, changes: Mapping[str, Any]) -> FigureSettings:
        """The settings of the study's figures with some changes, checked as in a config."""
        if not changes:
            return FigureSettings() if self.config is None else self.config.figures
        if self.config is not None:
            config = self.config.resolved()
            config.pop("observed", None)  # a file that may no longer be there
        else:  # any config of these methods: colours may be given by method
            methods = {str(name): "mock" for name in self.recovery["method"].unique()}
            config = {**ANY_CONFIG, "methods": methods}
        config["figures"] = config.get("figures", {}) | changes
        with known(self._models):
            try:
                return experiment_of(config).figures
            except ValueError as error:
                raise ValueError(str(error).replace("figures.", "")) from None

    @property
    def answer(self) -> str:
        """The sentences at the top of the report: whether and where parameters are recovered."""
        limits = Limits() if self.config is None else self.config.limits
        with known(self._models):
            found = answers(self._summary, limits)
        return "\n\n".join(
            f"{a.question}: {a.word}. {a.text[:1].upper()}{a.text[1:]} {a.note}".rstrip()
            for a in found
        )

    @cached_property
    def _summary(self) -> Summary:
        """The summary with the names that figures and report show."""
        needed = [name for name, (file, _) in FILES.items() if self._has(file)]
        with as_value_errors():
            return load_summary(self._folder, needed)

    def _has(self, file: str) -> bool:
        return stored(self._folder, file).exists()

    def _batches(self, kind: str, chosen: dict[str, str | None]) -> pd.DataFrame:
        """Read the files of all batches below a folder whose subfolders are named by `chosen`."""
        folder = self.folder / kind
        if not folder.is_dir():
            raise ValueError(
                f"{self.folder} has no folder {kind}, only the summary of the study; run the study "
                "again with `make run` to have the estimates of single data sets"
            )
        paths = self._stored(kind, len(chosen))
        for depth, (what, name) in enumerate(chosen.items()):
            names = {path: path.relative_to(folder).parts[depth] for path in paths}
            if name is not None:
                check_choice(f"the {what}", name, sorted({*names.values()}))
                paths = [path for path in paths if names[path] == name]
        if not paths:
            raise ValueError(f"{folder} has no finished batches")
        with as_value_errors():
            parts = [_labelled(path, folder, list(chosen)) for path in paths]
        return pd.concat(parts, ignore_index=True)

    def _stored(self, kind: str, depth: int) -> list[Path]:
        """Files of batches of the study, and not others that are beside them.

        After a change of the batch size, for example, the former batches are left there.
        """
        folder = self.folder / kind
        paths = sorted(folder.glob("/".join([*["*"] * depth, "*.parquet"])))
        if self.config is None:
            return paths
        with known(self._models):
            expected = _batch_names(self.config, kind)
        return [path for path in paths if path.relative_to(folder).as_posix() in expected]

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in TABLES:
            return self.table(name)
        hint = "" if name.startswith("_") else did_you_mean(name, [*TABLES, *_PUBLIC])
        raise AttributeError(f"a study has no attribute {name!r}{hint}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *TABLES})

    def __repr__(self) -> str:
        cells = self.recovery[self.recovery["scope"] == "cell"]
        methods = ", ".join(map(str, cells["method"].unique()))
        name = self.folder.name if self.config is None else self.config.run
        return (
            f"<study {name}: {plural(cells['cell'].nunique(), 'cell')}, "
            f"{plural(int(cells['n'].max()), 'data set')} each, methods {methods}>"
        )


#: Names for "did you mean" besides the tables.
_PUBLIC = ("config", "tables", "table", "measure", "estimates", "truth", "figures", "figure")


def load_study(folder: str | os.PathLike[str], models: Sequence[Model] = ()) -> Study:
    """Open a finished study.

    Parameters
    ----------
    folder : path
        The folder of a run, such as ``results/default``, or its ``summary/``.
    models : sequence of Model, optional
        Models of the study that are not in the library, for the symbols of their parameters.

    Returns
    -------
    Study
        Tables, estimates and figures.

    Raises
    ------
    ValueError
        If the folder has no finished study.

    Examples
    --------
    >>> from rlrecovery import load_study
    >>> study = load_study("results/default")  # doctest: +SKIP
    >>> print(study.answer)  # doctest: +SKIP
    """
    run = Path(folder)
    summary = run / "summary" if (run / "summary").is_dir() else run
    run = summary.parent if summary.name == "summary" else run
    if not stored(summary, TABLES["recovery"]).exists():
        raise ValueError(f"{folder} has no finished study: {_what_is_missing(Path(folder))}")
    config = run / "config.yaml"
    with as_value_errors():
        experiment = read_resolved(config) if config.exists() else None
    return Study(run, summary, experiment, own(models))


def _what_is_missing(folder: Path) -> str:
    """Say why a folder is no finished study, and what to do."""
    if not folder.exists():
        return "there is no such folder; the folder of a run is results/<run>"
    if (folder / "config.yaml").exists():
        return "its summary is not written yet; finish it with `make run`"
    runs = sorted(path.parent.parent.name for path in folder.glob("*/summary/recovery.*"))
    if runs:
        return f"did you mean one of its folders {', '.join(dict.fromkeys(runs))}?"
    return "it has no summary/recovery.csv or .parquet; the folder of a run is results/<run>"


def _batch_names(experiment: Experiment, kind: str) -> set[str]:
    """Names of the files of a study's estimates or truth, below their folder."""
    cells = cells_of(experiment)
    if kind == "truth":
        names = batches(experiment.most_replicates, experiment.batch_size)
        return {f"{cell}/{name}.parquet" for cell in cells for name in names}
    fitted = fitted_batches(experiment)
    return {f"{m}/{cell}/{name}.parquet" for m in fitted for cell in cells for name in fitted[m]}


def _whole_table(folder: Path, file: str) -> pd.DataFrame:
    """Read a table, from Parquet if possible, which has the types of the columns."""
    parquet = (folder / file).with_suffix(".parquet")
    if parquet.exists():
        return read_table(parquet)
    csv = folder / file
    is_empty = not csv.exists() or not read_text(csv).strip()
    return pd.DataFrame() if is_empty else read_table(csv)


def _labelled(path: Path, folder: Path, names: list[str]) -> pd.DataFrame:
    """Read a batch, with the names of the folders above it as columns."""
    table = read_table(path)
    for name, value in reversed(list(zip(names, path.relative_to(folder).parts, strict=False))):
        table.insert(0, name, value)
    return table
