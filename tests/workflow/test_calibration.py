"""Calibration over the prior in the workflow: its jobs, and what makes them again."""

import pytest
from settings import MOCK, QUADRATURE, study

from rlrecovery.config.reader import parse
from rlrecovery.figures.catalogue import available_figures
from rlrecovery.score.results import load_summary
from workflow.inprocess import plan, run_here

SECTION = {"participants": 2, "trials": 10, "data_sets": 30, "batch_size": 20}
METHODS = {"guess": MOCK, "exact": QUADRATURE}
PLAIN = study(methods=METHODS)
STUDY = study(methods=METHODS, calibration=SECTION)
FOLDER = "results/small"


def test_a_study_without_the_section_has_no_such_jobs(tmp_path):
    counts = plan(tmp_path, study()).counts
    assert not {"calibrate", "calibration"} & set(counts)


def test_it_is_part_of_the_study_and_not_of_a_partial_report(tmp_path):
    counts = plan(tmp_path, STUDY, "all").counts
    assert (counts["calibrate"], counts["calibration"]) == (2, 1)
    figures = plan(tmp_path, STUDY).outputs("figure")
    assert f"{FOLDER}/figures/calibration.svg" in figures


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibrated")
    run_here(folder, STUDY, f"{FOLDER}/summary/uniformity.csv")
    return folder


def test_its_tables_have_all_data_sets(finished):
    summary = load_summary(finished / FOLDER / "summary", ("calibration", "uniformity"))
    assert summary.uniformity["data_sets"].tolist() == [30] * 3
    assert sorted(summary.calibration["replicate"].unique()) == list(range(30))


def test_more_data_sets_run_the_batches_that_grow(finished):
    more = STUDY | {"calibration": SECTION | {"data_sets": 60}}
    assert plan(finished, more, "all").outputs("calibrate") == [
        f"{FOLDER}/calibration/exact/{batch}.parquet" for batch in ("00020-00039", "00040-00059")
    ]


def test_a_deleted_file_is_made_again(finished):
    file = f"{FOLDER}/calibration/exact/00000-00019.parquet"
    (finished / file).unlink()
    assert plan(finished, STUDY, "all").outputs("calibrate") == [file]


def test_a_partial_report_has_no_calibration(finished):
    """Only the jobs of the design, which a partial report plans at once, are looked at."""
    assert available_figures(parse(STUDY), partial=True) == available_figures(parse(PLAIN))
