"""Captions of the figures, which are written once for the report and for Snakemake's own report.

``workflow/report/<figure>.rst`` is reStructuredText. Its first paragraph is the caption; the
paragraphs below a ``rubric`` say how to read the figure and when it misleads. It is also a Jinja
template with the variable ``study``, so that a caption only mentions what the figure shows.
"""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import jinja2

from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import sources, tasks
from rlrecovery.figures.catalogue import FIGURES
from rlrecovery.report.numbers import enumeration, plural
from rlrecovery.storage.files import BrokenFile

#: Figures that answer the main questions; the report folds all others.
MAIN_FIGURES = (
    "recovery",
    "bias",
    "coverage",
    "precision",
    "samplesize",
    "confusion",
    "calibration",
    "power",
)
RUBRIC = re.compile(r"^\.\. rubric:: *(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class StudyFacts:
    """What captions may mention of a study.

    Attributes
    ----------
    most_participants : str
        Largest number of participants, such as ``8 participants``.
    levels : str
        Nominal levels of the intervals in per cent, such as ``50, 80 and 95``; may be empty.
    truths : int
        Largest number of combinations of true values of a generating model; 0 if all parameters
        are drawn from distributions.
    several_truths, several_trials : bool
        Whether more than one combination of true values, or number of trials, is simulated.
    blocks : bool
        Whether a session has several blocks.
    observed : bool
        Whether observed data are provided.
    """

    most_participants: str
    levels: str
    truths: int
    several_truths: bool
    several_trials: bool
    blocks: bool
    observed: bool


class Caption(NamedTuple):
    """A caption in reStructuredText: first paragraph, and pairs of a heading and a text."""

    text: str
    details: list[tuple[str, str]]


def study_facts(experiment: Experiment) -> StudyFacts:
    """Collect the facts of a study."""
    truths = [source.truth for _, source in sources(experiment).values()]
    combinations = [math.prod(map(len, truth.values())) if truth else 0 for truth in truths]
    return StudyFacts(
        most_participants=plural(max(experiment.participants), "participant"),
        levels=_percentages(experiment.interval_levels),
        truths=max(combinations),
        several_truths=max(combinations) > 1,
        several_trials=len(experiment.trials) > 1,
        blocks=any(task.blocks > 1 for task in tasks(experiment).values()),
        observed=bool(experiment.observed),
    )


def main_figures(experiment: Experiment) -> list[str]:
    """Return the figures that the report does not fold; a size that does not vary needs none."""
    several = study_facts(experiment).several_trials
    return [name for name in MAIN_FIGURES if name != "precision" or several]


def _percentages(shares: Sequence[float]) -> str:
    return enumeration([f"{100 * share:g}" for share in shares]) if shares else ""


def caption_text(path: str | os.PathLike[str], experiment: Experiment) -> str:
    """Return the caption of a figure of a study as reStructuredText.

    Raises
    ------
    BrokenFile
        If the file cannot be read or mentions an unknown fact; the message names it.
    """
    try:
        template = _templates().from_string(Path(path).read_text(encoding="utf-8"))
        return template.render(study=study_facts(experiment))
    except (OSError, ValueError, jinja2.TemplateError) as error:
        raise BrokenFile(f"{path} cannot be read: {error}") from None


def composed_caption(figure: str, experiment: Experiment) -> str:
    """Return the caption of a figure that the config composes: what its panels are."""
    composition = experiment.figures.compose[figure]
    letters = composition.panel_letters()
    panels = [
        f"{f'**{letter}** ' if letter else ''}{FIGURES[panel].title}"
        for letter, panel in zip(letters, composition.panels, strict=True)
    ]
    return f"{'; '.join(panels)}. The captions of these figures explain the panels."


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(undefined=jinja2.StrictUndefined)


def caption_parts(text: str) -> Caption:
    """Split a caption into its first part and the parts below its rubrics."""
    first, *rest = RUBRIC.split(text)
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return Caption(first.strip(), [(heading.strip(), body.strip()) for heading, body in pairs])
