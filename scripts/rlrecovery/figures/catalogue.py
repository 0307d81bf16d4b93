"""Tidy tables in, figures out; nothing is fitted here and nothing but ``summary/`` is read.

To add a figure, write a module with a ``draw_<name>(summary, width) -> Figure``, put it into
`FIGURES` with the tables that it reads, and write its caption in ``workflow/report/<name>.rst``.
To draw one alone: ``python -m rlrecovery.figures NAME SUMMARY``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from rlrecovery.design.cells import methods_of, sources
from rlrecovery.figures import style
from rlrecovery.figures.bias import draw_bias
from rlrecovery.figures.comparison import draw_comparison
from rlrecovery.figures.confusion import draw_confusion
from rlrecovery.figures.contraction import draw_contraction
from rlrecovery.figures.convergence import draw_convergence
from rlrecovery.figures.coverage import draw_coverage
from rlrecovery.figures.misfit import draw_misfit
from rlrecovery.figures.nested import draw_nested
from rlrecovery.figures.participant import draw_participant
from rlrecovery.figures.posterior import draw_posterior
from rlrecovery.figures.precision import draw_precision
from rlrecovery.figures.predictive import draw_predictive
from rlrecovery.figures.recovery import draw_recovery
from rlrecovery.figures.rmse import draw_rmse
from rlrecovery.figures.samplesize import draw_samplesize
from rlrecovery.figures.tradeoff import draw_tradeoff
from rlrecovery.figures.zipplot import draw_zip
from rlrecovery.models.library import find_model
from rlrecovery.score.results import Summary, load_summary

__all__ = ["FIGURES", "Summary", "available_figures", "files", "load_summary", "write_figure"]


@dataclass(frozen=True)
class Drawing:
    """A figure of the report.

    Attributes
    ----------
    draw : callable
        ``(summary, width in inches) -> Figure``.
    title : str
        Heading in the report.
    tables : tuple of str
        Tables of the summary that it reads.
    """

    draw: Callable[[Summary, float], Figure]
    title: str
    tables: tuple[str, ...]


#: Every figure, in the order of the report.
FIGURES: dict[str, Drawing] = {
    "recovery": Drawing(draw_recovery, "Truth against estimate", ("recovery", "points")),
    "bias": Drawing(draw_bias, "Bias over the truths", ("recovery",)),
    "rmse": Drawing(draw_rmse, "RMSE over the truths", ("recovery",)),
    "nested": Drawing(draw_nested, "Bias and RMSE over the whole design", ("recovery",)),
    "comparison": Drawing(
        draw_comparison, "Methods compared on the same data", ("recovery", "comparison")
    ),
    "coverage": Drawing(draw_coverage, "Coverage of the intervals", ("recovery",)),
    "zip": Drawing(draw_zip, "Every interval, sorted by its error", ("recovery", "points")),
    "precision": Drawing(draw_precision, "Error and interval width against trials", ("recovery",)),
    "samplesize": Drawing(
        draw_samplesize, "Error and interval width against participants", ("recovery",)
    ),
    "tradeoff": Drawing(draw_tradeoff, "Trade-off between parameters", ("recovery", "points")),
    "contraction": Drawing(
        draw_contraction, "What the data add to the prior", ("recovery", "points", "priors")
    ),
    "convergence": Drawing(draw_convergence, "Convergence, failures and run time", ("recovery",)),
    "confusion": Drawing(draw_confusion, "Which model wins for whose data", ("selection",)),
    "misfit": Drawing(draw_misfit, "Parameters under the wrong model", ("crossed",)),
    "participant": Drawing(draw_participant, "A simulated participant", ("participant", "example")),
    "predictive": Drawing(
        draw_predictive, "Data against what was predicted of them", ("predictive",)
    ),
    "posterior": Drawing(draw_posterior, "A posterior with its truth", ("posterior", "example")),
}

#: Kinds of files of every figure, and the folders of its widths below ``figures/``.
KINDS = ("svg", "pdf", "png")
WIDTHS = {".": style.TWO_COLUMNS, "one_column": style.ONE_COLUMN}


def files(folder: str | os.PathLike[str], figure: str) -> list[str]:
    """Paths of a figure's files below a folder: two columns wide, then one column wide."""
    return [
        (Path(folder) / place / f"{figure}.{kind}").as_posix() for place in WIDTHS for kind in KINDS
    ]


def write_figure(
    figure: str, summary: str | os.PathLike[str], folder: str | os.PathLike[str]
) -> None:
    """Draw a figure in both widths and write all its files.

    Parameters
    ----------
    figure : str
        Key of `FIGURES`.
    summary : path
        Folder of the tables, or one table if the figure reads no other.
    folder : path
        Where the files go, as `files` says.

    Raises
    ------
    BrokenFile
        If a table is missing or cannot be read; the message names it.
    """
    drawing, paths = FIGURES[figure], iter(files(folder, figure))
    tables = load_summary(summary, drawing.tables)
    for width in WIDTHS.values():
        style.save(drawing.draw(tables, width), [next(paths) for _ in KINDS])


def available_figures(experiment: Mapping[str, Any]) -> list[str]:
    """Names of the figures that an experiment can give, in the order of the report.

    Parameters
    ----------
    experiment : mapping
        A resolved experiment, as in ``results/<run>/config.yaml``.
    """
    estimators = {settings["estimator"] for settings in experiment["methods"].values()}
    truths = [source["truth"] for source in sources(experiment).values()]
    sizes = len(experiment["participants"]) * len(experiment["trials"])
    models = [find_model(m["model"]) for m in methods_of(experiment).values()]
    contest = any("contest" in method for method in methods_of(experiment).values())
    possible = {
        "posterior": "bayes" in estimators,
        "predictive": not estimators.isdisjoint({"bayes", "quadrature"}),
        "contraction": not estimators.isdisjoint({"bayes", "quadrature"}),
        "comparison": len(experiment["methods"]) > 1,
        "tradeoff": any(len(model.parameters) > 1 for model in models),
        "samplesize": len(experiment["participants"]) > 1,
        "nested": sizes * max(math.prod(map(len, truth.values())) for truth in truths) > 1,
        "confusion": contest,
        "misfit": contest,
    }
    return [name for name in FIGURES if possible.get(name, True)]
