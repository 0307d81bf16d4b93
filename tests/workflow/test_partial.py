"""A report of what is there, while the rest is at work or cannot be done."""

import re

import pandas as pd
import pytest
from settings import MLE, MOCK, study, write
from snakemake.exceptions import WorkflowError

from workflow.inprocess import plan, run_here
from workflow.runs import MEASURES, run, snakemake

EXPERIMENT = study(methods={"mle": MLE, "guess": MOCK})
PARTIAL = {"partial": "true"}
REPORT = "results/small/partial/report.html"


def page(folder):
    return " ".join(re.sub(r"<[^>]+>", " ", (folder / REPORT).read_text()).split())


@pytest.fixture
def incomplete(tmp_path):
    """A study of which one batch has no estimates."""
    run_here(tmp_path, EXPERIMENT, MEASURES)
    for method in EXPERIMENT["methods"]:
        estimates = sorted((tmp_path / "results/small/estimates" / method).rglob("*.parquet"))
        estimates[-1].unlink()
    return tmp_path


def test_a_partial_report_says_how_partial_it_is_and_leaves_the_study_alone(incomplete):
    files = list((incomplete / "results/small").glob("[ets]*/**/*.parquet"))
    before = {path: path.stat().st_mtime_ns for path in files}
    run_here(incomplete, EXPERIMENT, config=PARTIAL, figures=False)
    text = page(incomplete)
    assert "This report is partial" in text
    assert "6 of 8 data sets are finished, in 2 of 2 cells" in text
    assert "1 of these cells is incomplete" in text
    assert text.index("This report is partial") < text.index("1. The answer")
    recovery = pd.read_csv(incomplete / "results/small/partial/summary/recovery.csv")
    bias = recovery[(recovery["measure"] == "bias") & (recovery["scope"] == "cell")]
    assert sorted(bias.groupby("cell")["n"].max()) == [2, 4]
    assert set(bias["method"]) == {"mle", "guess"}
    design = pd.read_csv(incomplete / "results/small/partial/design.csv")
    assert sorted(design["replicates"]) == [2, 4]
    assert not (incomplete / "results/small/report.html").exists()
    assert {path: path.stat().st_mtime_ns for path in files} == before


def lock(folder):
    """Lock a study as a running Snakemake does."""
    path = folder / ".snakemake/locks/0.output.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{folder}/results/small/report.html\n")


def partial(folder, *targets):
    arguments = ("--configfile", write(folder, EXPERIMENT), "--config", "partial=true", "--nolock")
    return snakemake(folder, *targets, *arguments)


def test_it_needs_no_lock(incomplete):
    lock(incomplete)
    launch = partial(incomplete, "results/small/partial/design.csv")
    assert launch.returncode == 0, launch.stdout + launch.stderr
    assert (incomplete / "results/small/partial/design.csv").exists()


@pytest.mark.slow
def test_a_partial_report_of_a_launched_study_whose_batch_cannot_be_read(tmp_path):
    run(tmp_path, EXPERIMENT, "--until", "simulate")
    bad = sorted((tmp_path / "results/small/trials").rglob("*.parquet"))[-1]
    bad.write_bytes(bad.read_bytes()[:50])
    config = write(tmp_path, EXPERIMENT)
    failed = snakemake(tmp_path, "--configfile", config, "--keep-going", cores=2)
    assert failed.returncode != 0
    assert f"{bad.relative_to(tmp_path)} cannot be read" in failed.stdout + failed.stderr
    lock(tmp_path)
    launch = partial(tmp_path)
    assert launch.returncode == 0, launch.stdout + launch.stderr
    assert "6 of 8 data sets are finished, in 2 of 2 cells" in page(tmp_path)


def test_a_method_without_any_estimate_and_cells_without_data_are_named(tmp_path):
    experiment = EXPERIMENT | {"replicates": 2}
    cell = "alpha-0.3_beta-3.0_n-2_t-20"
    run_here(tmp_path, experiment, f"results/small/estimates/guess/{cell}/00000-00001.parquet")
    run_here(tmp_path, experiment, config=PARTIAL, figures=False)
    text = page(tmp_path)
    assert "2 of 4 data sets are finished, in 1 of 2 cells" in text
    assert "Cells without a finished data set: alpha-0.6_beta-3.0_n-2_t-20" in text
    assert "No data set has been fitted by mle" in text


def test_a_method_of_fewer_replicates_is_not_reported_as_missing_some(tmp_path):
    few = EXPERIMENT | {"methods": {"mle": MLE, "guess": MOCK | {"replicates": 2}}}
    run_here(tmp_path, few, MEASURES)
    sorted((tmp_path / "results/small/estimates/mle").rglob("*.parquet"))[-1].unlink()
    run_here(tmp_path, few, config=PARTIAL, figures=False)
    recovery = pd.read_csv(tmp_path / "results/small/partial/summary/recovery.csv")
    failed = recovery.query("scope == 'cell' and measure == 'share_failed'")
    assert failed.groupby("method")["n"].unique().map(sorted).to_dict() == {
        "guess": [2], "mle": [2, 4],
    }  # fmt: skip
    text = page(tmp_path)
    assert "6 of 8 data sets are finished, in 2 of 2 cells" in text
    assert "guess fits only the first 2 replicates of every cell" in text
    assert "No data set has been fitted" not in text
    assert "of another config" not in text


def test_nothing_finished_is_one_sentence(tmp_path):
    with pytest.raises(WorkflowError, match="nothing in results/small/ is finished"):
        plan(tmp_path, EXPERIMENT, config=PARTIAL)
