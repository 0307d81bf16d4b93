"""Catalogue of the figures: what each is called, what it reads, who draws it and when it exists.

To add a figure, write a module with a function ``draw_<name>(summary, width) -> Figure``, add an
`Entry` to `FIGURES`, and write the caption in ``workflow/report/<name>.rst``. To draw one figure:
``python -m rlrecovery.figures NAME SUMMARY``.

Importing this module imports no plotting library: the workflow reads the catalogue in every job.
Nor does it import the config, which a job that draws a figure does not need.
"""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rlrecovery.config.settings import Experiment
    from rlrecovery.score.results import Summary

#: Kinds of files of every figure.
KINDS = ("svg", "pdf", "png")
#: Folders below ``figures/`` of the two widths: two journal columns, one journal column.
FOLDERS = (".", "one_column")


def _has_posterior(experiment: Experiment) -> bool:
    return any(method.posterior is not None for method in experiment.methods.values())


def _has_contest(experiment: Experiment) -> bool:
    from rlrecovery.config.study import methods_of

    return any(method.contest for method in methods_of(experiment).values())


def _has_several_parameters(experiment: Experiment) -> bool:
    from rlrecovery.config.study import methods_of

    methods = methods_of(experiment).values()
    return any(len(method.model.model().parameters) > 1 for method in methods)


def _has_several_cells(experiment: Experiment) -> bool:
    """Whether the cells of a generating model differ in anything."""
    from rlrecovery.config.study import sources

    sizes = len(experiment.participants) * len(experiment.trials)
    truths = [source.truth for _, source in sources(experiment).values()]
    return sizes * max(math.prod(map(len, truth.values())) for truth in truths) > 1


@dataclass(frozen=True)
class Entry:
    """A figure of the report.

    Attributes
    ----------
    title : str
        Heading in the report.
    tables : tuple of str
        Tables of the summary that it reads.
    drawn_by : str
        Module in this package and function: ``(summary, width in inches) -> Figure``.
    available : callable
        Whether an experiment gives this figure.
    """

    title: str
    tables: tuple[str, ...]
    drawn_by: str
    available: Callable[[Experiment], bool] = lambda experiment: True

    def draw(self, summary: Summary, width: float) -> Figure:
        """Draw the figure at a width in inches."""
        module, function = self.drawn_by.split(".")
        figure_module = importlib.import_module(f"rlrecovery.figures.{module}")
        figure: Figure = getattr(figure_module, function)(summary, width)
        return figure


#: Every figure, in the order of the report.
FIGURES: dict[str, Entry] = {
    "answer": Entry(
        "Where each parameter is recovered", ("recovery", "points", "verdicts"),
        "answer.draw_answer",
    ),
    "recovery": Entry(
        "Estimates against true values", ("recovery", "points"), "recovery.draw_recovery"
    ),
    "bias": Entry("Bias over the true values", ("recovery",), "bias.draw_bias"),
    "rmse": Entry("RMSE over the true values", ("recovery",), "bias.draw_rmse"),
    "nested": Entry(
        "Bias and RMSE over the whole design", ("recovery",), "nested.draw_nested",
        _has_several_cells,
    ),
    "comparison": Entry(
        "Methods compared on the same data", ("recovery", "comparison"),
        "comparison.draw_comparison", lambda experiment: len(experiment.methods) > 1,
    ),
    "coverage": Entry("Coverage of the intervals", ("recovery",), "coverage.draw_coverage"),
    "zip": Entry("All intervals, sorted by error", ("recovery", "points"), "zipplot.draw_zip"),
    "precision": Entry(
        "Error and interval width against trials", ("recovery",), "precision.draw_precision"
    ),
    "samplesize": Entry(
        "Error and interval width against participants", ("recovery",),
        "precision.draw_samplesize", lambda experiment: len(experiment.participants) > 1,
    ),
    "tradeoff": Entry(
        "Trade-off between parameters", ("recovery", "points"), "tradeoff.draw_tradeoff",
        _has_several_parameters,
    ),
    "contraction": Entry(
        "What the data add to the prior", ("recovery", "points", "priors"),
        "contraction.draw_contraction", _has_posterior,
    ),
    "convergence": Entry(
        "Convergence, failures and run time", ("recovery",), "convergence.draw_convergence"
    ),
    "confusion": Entry(
        "Best-fitting model for each generating model", ("selection",),
        "confusion.draw_confusion", _has_contest,
    ),
    "misfit": Entry(
        "Parameters under the wrong model", ("crossed",), "misfit.draw_misfit", _has_contest
    ),
    "participant": Entry(
        "A simulated participant", ("participant", "example"), "participant.draw_participant"
    ),
    "predictive": Entry(
        "Predictive check of a data set", ("predictive",), "predictive.draw_predictive",
        _has_posterior,
    ),
    "posterior": Entry(
        "A posterior with its true values", ("posterior", "example"), "posterior.draw_posterior",
        lambda experiment: any(m.posterior == "sampled" for m in experiment.methods.values()),
    ),
}  # fmt: skip


def available_figures(experiment: Experiment) -> list[str]:
    """Names of the figures that an experiment gives, in the order of the report."""
    return [name for name, entry in FIGURES.items() if entry.available(experiment)]


def files(folder: str | os.PathLike[str], figure: str) -> list[str]:
    """Paths of a figure's files below a folder: two columns wide, then one column wide."""
    return [
        (Path(folder) / subfolder / f"{figure}.{kind}").as_posix()
        for subfolder in FOLDERS
        for kind in KINDS
    ]


def write_figure(
    figure: str, summary: str | os.PathLike[str], folder: str | os.PathLike[str]
) -> None:
    """Draw a figure in both widths and write its `files` below a folder.

    ``summary`` is the folder of the tables, or one table if the figure reads no other. A table that
    is missing or cannot be read raises BrokenFile.
    """
    from rlrecovery.figures import style
    from rlrecovery.score.results import load_summary

    entry, paths = FIGURES[figure], files(folder, figure)
    tables = load_summary(summary, entry.tables)
    two_columns, one_column = paths[: len(KINDS)], paths[len(KINDS) :]
    style.save(entry.draw(tables, style.TWO_COLUMNS), two_columns)
    style.save(entry.draw(tables, style.ONE_COLUMN), one_column)
