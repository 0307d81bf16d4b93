"""A report of what is there, while the rest is at work or cannot be done."""

import re

import pandas as pd
import pytest

from workflow.runs import MLE, MOCK, run, snakemake, study, write

EXPERIMENT = study(methods={"mle": MLE, "guess": MOCK}, batch_size=2)
REPORT = "results/small/partial/report.html"


def partial(folder, config):
    return snakemake(folder, "--configfile", config, "--config", "partial=true", "--nolock")


def page(folder):
    return " ".join(re.sub(r"<[^>]+>", " ", (folder / REPORT).read_text()).split())


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A study in which the data of one batch cannot be read, run with --keep-going."""
    folder = tmp_path_factory.mktemp("broken")
    run(folder, EXPERIMENT, "--until", "simulate")
    bad = sorted((folder / "results/small/trials").rglob("*.parquet"))[-1]
    bad.write_bytes(bad.read_bytes()[:50])
    config = write(folder, EXPERIMENT)
    done = snakemake(folder, "--configfile", config, "--keep-going")
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "`make partial` makes a report of what is there" in said
    assert f"{bad.relative_to(folder)} cannot be read" in said
    return folder, config


def test_a_partial_report_says_how_partial_it_is(broken):
    folder, config = broken
    done = partial(folder, config)
    assert done.returncode == 0, done.stdout + done.stderr
    text = page(folder)
    assert "This report is partial" in text
    assert "6 of 8 data sets are finished, in 2 of 2 cells" in text
    assert "1 of these cells is not complete" in text
    assert text.index("This report is partial") < text.index("1. The answer")
    recovery = pd.read_csv(folder / "results/small/partial/summary/recovery.csv")
    bias = recovery[(recovery["measure"] == "bias") & (recovery["scope"] == "cell")]
    assert sorted(bias.groupby("cell")["n"].max()) == [2, 4]
    assert set(bias["method"]) == {"mle", "guess"}
    design = pd.read_csv(folder / "results/small/partial/design.csv")
    assert sorted(design["replicates"]) == [2, 4]
    assert not (folder / "results/small/report.html").exists()


def test_it_leaves_the_study_alone_and_needs_no_lock(broken):
    folder, config = broken
    files = list((folder / "results/small").glob("[ets]*/**/*.parquet"))
    before = {path: path.stat().st_mtime_ns for path in files}
    (folder / ".snakemake/locks").mkdir(exist_ok=True)
    lock = folder / ".snakemake/locks/0.output.lock"
    lock.write_text(f"{folder}/results/small/report.html\n")
    done = partial(folder, config)
    lock.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path: path.stat().st_mtime_ns for path in files} == before


def test_a_method_without_any_estimate_and_cells_without_data_are_named(tmp_path):
    experiment = EXPERIMENT | {"replicates": 2}
    cell = "alpha-0.3_beta-3.0_n-2_t-20"
    run(tmp_path, experiment, f"results/small/estimates/guess/{cell}/00000-00001.parquet")
    done = partial(tmp_path, write(tmp_path, experiment))
    assert done.returncode == 0, done.stdout + done.stderr
    text = page(tmp_path)
    assert "2 of 4 data sets are finished, in 1 of 2 cells" in text
    assert "Without any finished data set: alpha-0.6_beta-3.0_n-2_t-20" in text
    assert "No data set is finished by mle" in text


def test_nothing_finished_is_one_sentence(tmp_path):
    done = partial(tmp_path, write(tmp_path, EXPERIMENT))
    assert done.returncode != 0
    assert "nothing in results/small/ is finished by all methods yet" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
