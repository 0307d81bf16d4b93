"""What a study does again, and what not: after growth, in other batches, after a crash."""

import json
import shutil

import pandas as pd

from rlrecovery.config import parse
from rlrecovery.storage.files import write_table
from rlrecovery.storage.origins import mixtures
from rlrecovery.storage.provenance import STUDY, is_current, study_stamp
from workflow.runs import (
    BAYES,
    MEASURES,
    MLE,
    ROOT,
    estimates,
    jobs,
    run,
    same_numbers,
    snakemake,
    study,
    write,
)


def test_one_more_alpha_runs_its_own_cells_and_what_gathers_them(tmp_path):
    run(tmp_path, study(), MEASURES)
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns)
        for kind in ("trials", "truth", "estimates", "scores")
        for path in (tmp_path / "results/small" / kind).rglob("*.parquet")
    }
    grown = study(truth={"alpha": [0.1, 0.3, 0.60], "beta": [3.0]})
    plan = snakemake(tmp_path, MEASURES, "--configfile", write(tmp_path, grown), "-n")
    counts = jobs(plan.stdout + plan.stderr)
    assert counts["simulate"] == 2
    assert counts["fit"] == 2
    assert counts["score"] == 1
    assert counts["summarise"] == 1
    run(tmp_path, grown, MEASURES)
    for path, (content, changed) in before.items():
        assert path.read_bytes() == content
        assert path.stat().st_mtime_ns == changed
    measures = pd.read_csv(tmp_path / "results/small/summary/recovery.csv")
    assert set(measures["alpha"].dropna()) == {0.1, 0.3, 0.6}


def test_batches_change_no_number_of_a_sampler(tmp_path):
    tables = []
    for size in (1, 2):
        folder = tmp_path / str(size)
        folder.mkdir()
        one = study(truth={"alpha": [0.3], "beta": [3]}, replicates=2, batch_size=size)
        methods = {"bayes": BAYES | {"pooling": "partial"}}
        run(folder, one | {"methods": methods}, MEASURES, cores=size)
        tables.append(estimates(folder))
    pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_a_study_that_was_moved_goes_on_and_more_cores_change_no_number(tmp_path):
    first, second, whole = (tmp_path / name for name in ("first", "second", "whole"))
    for folder in (first, whole):
        folder.mkdir()
    small, large = (study(methods={"mle": MLE}, replicates=count) for count in (2, 4))
    run(first, small, MEASURES, cores=1)
    first.rename(second)
    before = {p: p.stat().st_mtime_ns for p in (second / "results/small/estimates").rglob("*.p*")}
    said = run(second, small, MEASURES)
    assert "Nothing to be done" in said
    run(second, large, MEASURES, cores=8)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    run(whole, large, MEASURES, cores=2)
    same_numbers(second, whole)


def test_results_of_another_state_of_the_code_are_told(tmp_path):
    """A file that was brought from elsewhere: the engine takes it, and the provenance tells."""
    target = "results/small/provenance.json"
    run(tmp_path, study(), target)
    record = json.loads((tmp_path / target).read_text())
    assert {each["stage"] for each in record["made_by"]} == {"simulate", "guess"}
    assert all(is_current(each["source"]) for each in record["made_by"])
    assert record["started"] <= record["ended"]
    assert list(mixtures(record["made_by"])) == []
    path = sorted((tmp_path / "results/small/estimates").rglob("*.parquet"))[0]
    write_table(pd.read_parquet(path), path, {"source": "fit.batch+fit.mock:0", "versions": {}})
    run(tmp_path, study(), target)
    settings, mixture = mixtures(json.loads((tmp_path / target).read_text())["made_by"])
    assert settings == "Estimates of guess: 1 of 4 files were made for another config"
    assert mixture.startswith("Estimates of guess: 1 by fit.batch+fit.mock:0 and 3 by ")


def test_a_truncated_file_is_named_and_the_study_goes_on_where_it_stopped(tmp_path):
    config, base = write(tmp_path, study()), "results/small"
    parts = [f"{base}/{kind}/alpha-{alpha}_beta-3.0_n-2_t-20/00000-00001.parquet"
             for kind, alpha in (("estimates/guess", 0.3), ("trials", 0.6))]  # fmt: skip
    finished, broken = (tmp_path / part for part in parts)
    assert snakemake(tmp_path, *parts, "--configfile", config).returncode == 0
    first = finished.stat().st_mtime_ns
    broken.write_bytes(broken.read_bytes()[:100])
    failed = snakemake(tmp_path, MEASURES, "--configfile", config)
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert f"{parts[1]} cannot be read" in text
    assert "delete it and run the workflow again" in text
    assert "Traceback" not in text
    broken.unlink()
    run(tmp_path, study(), MEASURES)
    assert finished.stat().st_mtime_ns == first


def test_a_fresh_clone_computes_nothing_again_and_a_changed_door_what_it_made(tmp_path):
    """Times of scripts are those of the clone; what they say is what counts."""
    project, folder = tmp_path / "project", tmp_path / "study"
    folder.mkdir()
    for name in ("scripts", "workflow"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", project)
    shutil.copytree(ROOT / "envs", project / "envs")
    profile, config = project / "workflow/profiles/laptop", write(folder, study())
    arguments = (MEASURES, "--configfile", config, "--workflow-profile", profile,
                 "--snakefile", project / "Snakefile")  # fmt: skip
    first = snakemake(folder, *arguments)
    assert first.returncode == 0, first.stdout + first.stderr
    for path in (project / "scripts").glob("*.py"):
        path.touch()
    again = snakemake(folder, *arguments)
    assert "Nothing to be done" in again.stdout + again.stderr
    with (project / "scripts/score.py").open("a") as door:
        door.write("\nCHANGED = True\n")
    plan = snakemake(folder, *arguments, "--dry-run")
    counts = jobs(plan.stdout + plan.stderr)
    assert counts["score"] == 2
    assert not {"simulate", "fit"} & set(counts)


def test_a_job_on_a_cluster_holds_to_the_study_of_its_head(tmp_path, monkeypatch):
    """It reads config and code anew, days after the head did."""
    config = write(tmp_path, study())
    target = "results/small/trials/alpha-0.3_beta-3.0_n-2_t-20/00000-00001.parquet"
    arguments = (target, "--configfile", config, "--mode", "remote")
    monkeypatch.setenv(STUDY, "of another config")
    refused = snakemake(tmp_path, *arguments)
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "the config or the code of this project was changed after the study was started" in said
    assert "Traceback" not in said
    assert not (tmp_path / target).exists()
    experiment = parse(study()).resolved()
    monkeypatch.setenv(STUDY, study_stamp(experiment))
    done = snakemake(tmp_path, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / target).exists()
