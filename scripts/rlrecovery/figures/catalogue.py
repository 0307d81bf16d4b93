"""Catalogue of the figures: what each is called, what it reads and who draws it.

To add a figure, write a module with a function ``draw_<name>(summary, width) -> Figure``, add an
`Entry` to `FIGURES` and its condition to `rlrecovery.config.figure_names`, and write the caption in
``workflow/report/<name>.rst``. To draw one figure: ``python -m rlrecovery.figures NAME SUMMARY``.

Importing this module imports no plotting library: the workflow reads the catalogue in every job.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rlrecovery.config.figures import FigureSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rlrecovery.config.settings import Experiment
    from rlrecovery.score.results import Summary

#: Default kinds of files of every figure.
KINDS = FigureSettings.model_fields["formats"].default
#: Kinds of files that the report shows, the preferred one first.
SHOWN = ("svg", "png")
#: Folders below ``figures/`` of the two widths: two journal columns, one journal column.
FOLDERS = (".", "one_column")


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
        Module in this package and function: ``(summary, width) -> Figure``, the width in the
        design inches of `rlrecovery.figures.style`.
    """

    title: str
    tables: tuple[str, ...]
    drawn_by: str

    def draw(self, summary: Summary, width: float) -> Figure:
        """Draw the figure at a width in design inches, by default inches."""
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
    ),
    "comparison": Entry(
        "Methods compared on the same data", ("recovery", "comparison"),
        "comparison.draw_comparison",
    ),
    "coverage": Entry("Coverage of the intervals", ("recovery",), "coverage.draw_coverage"),
    "zip": Entry("All intervals, sorted by error", ("recovery", "points"), "zipplot.draw_zip"),
    "precision": Entry(
        "Error and interval width against trials", ("recovery",), "precision.draw_precision"
    ),
    "samplesize": Entry(
        "Error and interval width against participants", ("recovery",),
        "precision.draw_samplesize",
    ),
    "designs": Entry(
        "Designs that meet the requirements", ("frontier", "surface", "advised"),
        "designs.draw_designs",
    ),
    "tradeoff": Entry(
        "Trade-off between parameters", ("recovery", "points"), "tradeoff.draw_tradeoff",
    ),
    "contraction": Entry(
        "What the data add to the prior", ("recovery", "points", "priors"),
        "contraction.draw_contraction",
    ),
    "calibration": Entry(
        "Calibration over the prior", ("recovery", "calibration", "uniformity"),
        "calibration.draw_calibration",
    ),
    "calibrated_coverage": Entry(
        "Coverage over the prior at all levels", ("recovery", "calibration", "uniformity"),
        "calibration.draw_calibrated_coverage",
    ),
    "calibrated_contraction": Entry(
        "What the data add, with truths from the prior", ("recovery", "calibration"),
        "calibrated_contraction.draw_calibrated_contraction",
    ),
    "power": Entry(
        "Power to find a difference", ("recovery", "effects"), "power.draw_power",
    ),
    "sign_and_size": Entry(
        "Sign and size of differences that are found", ("recovery", "effects"),
        "sign_and_size.draw_sign_and_size",
    ),
    "effect_estimates": Entry(
        "Bias and coverage of differences", ("recovery", "effects"),
        "effect_estimates.draw_effect_estimates",
    ),
    "reliability": Entry(
        "Retest reliability and the ceiling of correlations", ("recovery", "reliability"),
        "reliability.draw_reliability",
    ),
    "convergence": Entry(
        "Convergence, failures and run time", ("recovery",), "convergence.draw_convergence"
    ),
    "confusion": Entry(
        "Best-fitting model for each generating model", ("selection",),
        "confusion.draw_confusion",
    ),
    "misfit": Entry(
        "Parameters under the wrong model", ("crossed",), "misfit.draw_misfit"
    ),
    "participant": Entry(
        "A simulated participant", ("participant", "example"), "participant.draw_participant"
    ),
    "predictive": Entry(
        "Predictive check of a data set", ("predictive",), "predictive.draw_predictive",
    ),
    "posterior": Entry(
        "A posterior with its true values", ("posterior", "example"), "posterior.draw_posterior",
    ),
}  # fmt: skip


def available_figures(experiment: Experiment, partial: bool = False) -> list[str]:
    """Names of the figures that an experiment gives, in the order of the report.

    Figures that it composes are not among them; they are in ``experiment.figures.compose``. A
    partial report leaves out those of a calibration over the prior and of effects.
    """
    from rlrecovery.config.figure_names import available_figures as available

    left_out = dict.fromkeys(("calibration", "groups", "conditions", "covariate", "effects"))
    return available(experiment.model_copy(update=left_out) if partial else experiment)


def files(folder: str | os.PathLike[str], figure: str, kinds: Sequence[str] = KINDS) -> list[str]:
    """Paths of a figure's files below a folder: two columns wide, then one column wide."""
    return [
        (Path(folder) / subfolder / f"{figure}.{kind}").as_posix()
        for subfolder in FOLDERS
        for kind in kinds
    ]


def shown_file(folder: str | os.PathLike[str], figure: str, kinds: Sequence[str] = KINDS) -> str:
    """Path of the file that the report shows, which is two columns wide."""
    kind = next(kind for kind in SHOWN if kind in kinds)
    return (Path(folder) / f"{figure}.{kind}").as_posix()


def title(figure: str, settings: FigureSettings) -> str:
    """Heading of a figure in the report."""
    if figure in settings.compose:
        return f"{figure}: {', '.join(settings.compose[figure].panels)}"
    return FIGURES[figure].title


def settings_for(figure: str, settings: FigureSettings) -> FigureSettings:
    """Return the settings that a figure depends on: of composed figures, only itself."""
    composed = {name: entry for name, entry in settings.compose.items() if name == figure}
    return settings.model_copy(update={"compose": composed})


def tables(figure: str, settings: FigureSettings) -> tuple[str, ...]:
    """Tables of the summary that a figure reads; those of its panels if it is composed."""
    panels = settings.compose[figure].panels if figure in settings.compose else (figure,)
    return tuple(dict.fromkeys(table for panel in panels for table in FIGURES[panel].tables))


def draw(
    name: str,
    summary: Summary,
    settings: FigureSettings | None = None,
    width: float | None = None,
) -> Figure:
    """Draw a figure, or one that ``settings.compose`` describes.

    Parameters
    ----------
    name : str
        Name of a figure of the catalogue or of ``settings.compose``.
    summary : Summary
        Its tables, see `rlrecovery.score.results.load_summary`.
    settings : FigureSettings, optional
        Section ``figures`` of a config. By default that of a config without it.
    width : float, optional
        Width in inches. By default that of the settings: of the composition, or two columns.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot. To save it as the settings say, use
        `rlrecovery.figures.style.save` within `rlrecovery.figures.style.applied`.
    """
    from rlrecovery.figures import style

    def draw_panel(panel: str, inches: float) -> Figure:
        """Draw a panel at a width."""
        return FIGURES[panel].draw(summary, inches)

    settings = FigureSettings() if settings is None else settings
    with style.applied(settings, summary.method_of):
        if name in settings.compose:
            from rlrecovery.figures.compose import draw_composition

            return draw_composition(name, draw_panel, settings, width)
        width = settings.inches() if width is None else width
        return FIGURES[name].draw(summary, style.design_inches(width))


def write_figure(
    figure: str,
    summary: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    settings: FigureSettings | None = None,
) -> None:
    """Draw a figure in both widths and write its `files` below a folder.

    ``summary`` is the folder of the tables, or one table if the figure reads no other. A table that
    is missing or cannot be read raises BrokenFile, and so does a composed figure without room.
    """
    from rlrecovery.figures import style
    from rlrecovery.score.results import load_summary

    settings = FigureSettings() if settings is None else settings
    paths = files(folder, figure, settings.formats)
    results = load_summary(summary, tables(figure, settings))
    two_columns, one_column = paths[: len(settings.formats)], paths[len(settings.formats) :]
    with style.applied(settings, results.method_of):
        style.save(draw(figure, results, settings), two_columns)
        style.save(draw(figure, results, settings, settings.inches(one_column=True)), one_column)
