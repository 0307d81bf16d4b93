"""Effects in the workflow: their jobs, what makes them again, and damaged files."""

import re

import pytest
from settings import MLE, MOCK, study
from snakemake.exceptions import WorkflowError

from rlrecovery.config.effects import effect_cells
from rlrecovery.config.reader import parse
from rlrecovery.figures.catalogue import available_figures
from rlrecovery.score.results import load_summary
from workflow.inprocess import plan, run_here

GROUPS = {"control": {"share": 0.5}, "patient": {"share": 0.5, "shift": {"alpha": [-0.8]}}}
SECTIONS = {"groups": GROUPS, "effects": {"replicates": 6, "batch_size": 4}}
METHODS = {"guess": MOCK, "mle": MLE}
PLAIN = study(methods=METHODS, participants=[8])
STUDY = PLAIN | SECTIONS
FOLDER = "results/small"
BATCHES = ("00000-00003", "00004-00005")


def files(kind, methods=METHODS, batches=BATCHES, raw=STUDY):
    """Files of analyses in the order of the workflow."""
    cells = effect_cells(parse(raw))
    return [
        f"{FOLDER}/{kind}/{method}/{cell}/{batch}.parquet"
        for method in methods
        for cell in cells
        for batch in batches
    ]


def test_a_study_without_the_sections_has_no_such_jobs(tmp_path):
    counts = plan(tmp_path, PLAIN, "all").counts
    assert not {"compare", "effects"} & set(counts)


def test_they_are_part_of_the_study_and_not_of_a_partial_report(tmp_path):
    planned = plan(tmp_path, STUDY, "all")
    assert planned.counts["compare"] == len(files("effects"))
    assert planned.counts["effects"] == 1
    assert f"{FOLDER}/figures/power.svg" in planned.outputs("figure")
    assert available_figures(parse(STUDY), partial=True) == available_figures(parse(PLAIN))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    run_here(folder, STUDY, f"{FOLDER}/summary/effects.csv", f"{FOLDER}/config.yaml")
    return folder


def test_its_tables_have_all_data_sets(finished):
    summary = load_summary(finished / FOLDER / "summary", ("effects", "detectable", "reliability"))
    found = summary.effects[summary.effects["measure"].isin(["power", "type_1"])]
    assert set(found["method"]) == set(METHODS)
    assert set(found["analysis"]) == {"t_test", "rank_test"}
    n = found.set_index(["method", "size"])["n"]
    assert (n["guess"] == 6).all()
    assert set(summary.reliability["measure"]) >= {"icc", "truth_correlation"}
    assert set(summary.detectable["method"]) == set(METHODS)


def test_more_data_sets_run_the_batches_that_grow(finished):
    more = STUDY | {"effects": {"replicates": 10, "batch_size": 4}}
    grown = plan(finished, more, "all").outputs("compare")
    assert grown == sorted(files("effects", batches=("00004-00007", "00008-00009")))


def test_another_size_runs_its_own_cells(finished):
    shift = {"alpha": [-0.8, 0.8]}
    groups = GROUPS | {"patient": GROUPS["patient"] | {"shift": shift}}
    grown = plan(finished, STUDY | {"groups": groups}, "all").outputs("compare")
    assert grown
    assert all("_patient-alpha-0.8/" in path for path in grown)


def test_another_prior_is_another_study(finished):
    prior = {"distribution": "Normal", "mu": 0, "sigma": 0.5}
    changed = STUDY | {"effects": SECTIONS["effects"] | {"prior": prior}}
    with pytest.raises(WorkflowError, match=r"differs in effects\.prior"):
        plan(finished, changed, "all")


def test_a_deleted_file_is_made_again(finished):
    file = finished / files("effects")[0]
    content = file.read_bytes()
    file.unlink()
    assert plan(finished, STUDY, "all").counts["compare"] == 1
    file.write_bytes(content)


@pytest.mark.parametrize("kind", ["effects", "retest"])
def test_a_damaged_file_is_named(finished, kind):
    file = finished / files(kind)[0]
    content = file.read_bytes()
    file.write_bytes(content[:-200])
    (finished / FOLDER / "summary/effects.csv").unlink(missing_ok=True)
    with pytest.raises(SystemExit, match=re.escape(files(kind)[0])):
        run_here(finished, STUDY, f"{FOLDER}/summary/effects.csv")
    file.write_bytes(content)


def test_a_retest_alone_has_a_section(tmp_path):
    raw = PLAIN | {"effects": {"replicates": 3, "batch_size": 3, "methods": ["guess"]}}
    run_here(tmp_path, raw, figures=False)
    page = (tmp_path / FOLDER / "report.html").read_text()
    assert "How reliable are the estimates?" in page
    assert "Would the difference be found?" not in page
    methods = (tmp_path / FOLDER / "methods/methods.md").read_text()
    assert "ICC(3,1)" in methods
