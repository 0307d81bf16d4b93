"""What was deleted from a finished study is made again, and only what depends on it."""

import shutil

import pytest

from workflow.inprocess import plan, run_here
from workflow.runs import FINISHED, MEASURES, run

BASE = "results/small"
CELL, BATCH = "alpha-0.3_beta-3.0_n-2_t-20", "00000-00003"
AFTER_SCORES = {"score": 1, "summarise": 1, "typeset": 1, "report": 1}
#: From a file of each kind to the rules that make it again and what depends on it, without figures.
FILES = {
    "report.html": {"report": 1},
    "figures/bias.svg": {"report": 1},
    "figures/bias.pdf": {"report": 1},
    "tables/bias.tex": {"typeset": 1, "report": 1},
    "methods/methods.md": {"typeset": 1, "report": 1},
    "methods/references.bib": {"typeset": 1, "report": 1},
    "summary/recovery.csv": {"summarise": 1, "typeset": 1, "report": 1},
    "summary/points.parquet": {"summarise": 1, "typeset": 1, "report": 1},
    "summary/labels.json": {"summarise": 1, "typeset": 1, "report": 1},
    "summary/example.json": {"example": 1, "typeset": 1, "report": 1},
    "summary/predictive.csv": {"predict": 1, "typeset": 1, "report": 1},
    "provenance.json": {"summarise": 1, "typeset": 1, "report": 1},
    "design.csv": {"design": 1, "summarise": 1, "typeset": 1, "report": 1},
    "scores/n-2_t-20/measures.parquet": AFTER_SCORES,
    "scores/n-2_t-20/origins.json": AFTER_SCORES,
    f"estimates/mle/{CELL}/{BATCH}.parquet": {"fit": 1, **AFTER_SCORES},
    f"truth/{CELL}/{BATCH}.parquet": {"simulate": 1, "fit": 2, **AFTER_SCORES},
    f"trials/{CELL}/{BATCH}.parquet": {"simulate": 1, "fit": 2, **AFTER_SCORES},
}


def counts_without_figures(planned):
    return {rule: n for rule, n in planned.counts.items() if rule not in ("all", "figure")}


@pytest.mark.parametrize("file", FILES)
def test_a_deleted_file_is_made_again_with_what_depends_on_it(copied, file):
    assert plan(copied, FINISHED).counts == {}
    path = copied / BASE / file
    path.unlink()
    planned = plan(copied, FINISHED)
    assert counts_without_figures(planned) == FILES[file]
    if file.startswith("figures"):
        assert planned.counts["figure"] == 1
    made = {str(output) for job in planned.jobs for output in job.output}
    assert f"{BASE}/{file}" in made


@pytest.mark.slow
def test_after_it_was_made_again_nothing_is_left_to_do(copied):
    before = numbers(copied)
    estimates = f"estimates/guess/{CELL}/{BATCH}.parquet"
    for file in (estimates, "figures/bias.svg", "summary/crossed.csv"):
        (copied / BASE / file).unlink()
    run(copied, FINISHED)
    assert plan(copied, FINISHED).counts == {}
    assert numbers(copied) == before


def numbers(folder):
    """Lines of the summary, without how long the fits took."""
    lines = (folder / MEASURES).read_text().splitlines()
    return [line for line in lines if ",seconds," not in line]


def test_an_estimates_file_that_is_made_again_gives_the_same_summary(copied):
    before = numbers(copied)
    (copied / BASE / f"estimates/guess/{CELL}/{BATCH}.parquet").unlink()
    assert run_here(copied, FINISHED, figures=False).counts["fit"] == 1
    assert numbers(copied) == before


def test_a_folder_of_data_that_was_deleted_as_a_whole_is_not_missed(copied):
    """Data are large; nothing but new estimates needs them."""
    for kind in ("trials", "truth", "estimates"):
        shutil.rmtree(copied / BASE / kind)
    assert plan(copied, FINISHED).counts == {}
