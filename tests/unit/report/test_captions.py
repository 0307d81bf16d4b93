"""Captions are short, say how to read every figure, and mention only what a study has."""

from pathlib import Path

import pytest
import summaries

from rlrecovery.config.study import read_resolved
from rlrecovery.figures.catalogue import FIGURES
from rlrecovery.report.captions import (
    MAIN_FIGURES,
    caption_parts,
    caption_text,
    main_figures,
    study_facts,
)
from rlrecovery.report.sheets import SHEETS
from rlrecovery.report.templating import paragraphs
from rlrecovery.storage.files import BrokenFile

FOLDER = Path(__file__).parents[3] / "workflow/report"
#: Words of a caption, and of each text below it.
MOST_WORDS, MOST_WORDS_BELOW = 60, 70
#: Words for where a panel is: the layout of a figure depends on the study and the width.
PLACES = ("left:", "right:", "middle:", "top:", "upper row", "lower row", "lowest panel")


@pytest.fixture(scope="module")
def experiment(run):
    return read_resolved(run / "config.yaml")


@pytest.mark.parametrize("figure", FIGURES)
def test_a_caption_is_short_and_has_its_explanations(figure, experiment):
    caption = caption_parts(caption_text(FOLDER / f"{figure}.rst", experiment))
    assert 0 < len(caption.text.split()) <= MOST_WORDS
    assert "\n\n" not in caption.text
    assert [heading for heading, _ in caption.details] == ["How to read it", "When it misleads"]
    for _, text in caption.details:
        assert 0 < len(text.split()) <= MOST_WORDS_BELOW


@pytest.mark.parametrize("figure", FIGURES)
def test_a_caption_mentions_no_layout(figure, experiment):
    text = caption_text(FOLDER / f"{figure}.rst", experiment).lower()
    assert not [place for place in PLACES if place in text]
    assert "if any" not in text
    assert "{" not in text


@pytest.mark.parametrize("figure", FIGURES)
def test_a_caption_is_valid_markup_as_a_whole_and_in_parts(figure, experiment):
    text = caption_text(FOLDER / f"{figure}.rst", experiment)
    assert paragraphs(text).count('<p class="rubric">') == 2
    caption = caption_parts(text)
    for part in (text, caption.text, *(body for _, body in caption.details)):
        assert "system-message" not in paragraphs(part)
        assert "problematic" not in paragraphs(part)


@pytest.mark.parametrize("table", SHEETS)
def test_a_caption_of_a_table_is_short(table):
    caption = caption_parts((FOLDER / f"tables/{table}.rst").read_text())
    assert 0 < len(caption.text.split()) <= MOST_WORDS
    assert caption.details


def test_a_caption_mentions_what_a_study_has(experiment, tmp_path):
    assert "8" not in study_facts(experiment).most_participants
    recovery = caption_text(FOLDER / "recovery.rst", experiment)
    assert f"data sets of {study_facts(experiment).most_participants}." in recovery
    assert "50, 80, 90 and 95 % intervals" in caption_text(FOLDER / "coverage.rst", experiment)
    assert "cells with more trials" in caption_text(FOLDER / "convergence.rst", experiment)
    folder = summaries.write_run(
        tmp_path, truth={"alpha": [0.3], "beta": [5]}, methods=("mle",), trials=(50,), replicates=3
    )
    small = read_resolved(folder / "config.yaml")
    assert "cells with more trials" not in caption_text(FOLDER / "convergence.rst", small)
    assert "grey lines" not in caption_text(FOLDER / "bias.rst", small)
    assert "Thin lines" in caption_text(FOLDER / "precision.rst", small)


def test_main_figures_exist_and_show_sizes_that_vary(experiment, tiny_run):
    assert set(MAIN_FIGURES) < set(FIGURES)
    assert main_figures(experiment) == list(MAIN_FIGURES)
    one_number_of_trials = read_resolved(tiny_run / "config.yaml")
    assert "precision" not in main_figures(one_number_of_trials)


def test_a_caption_that_mentions_an_unknown_fact_is_named(experiment, tmp_path):
    path = tmp_path / "odd.rst"
    path.write_text("{{ study.colour }}")
    with pytest.raises(BrokenFile, match=r"odd.rst cannot be read"):
        caption_text(path, experiment)


def test_a_caption_without_rubrics_has_no_details():
    assert caption_parts("One.\n\nTwo.\n") == ("One.\n\nTwo.", [])
