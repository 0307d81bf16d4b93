"""What a study does again, and what not: after growth, in other batches, after a broken file."""

import json
import re
import shutil

import pandas as pd
import pytest
from settings import BAYES, MLE, MOCK, ROOT, study, write
from snakemake.exceptions import WorkflowError

from rlrecovery.config.reader import parse
from rlrecovery.report.completeness import mixtures
from rlrecovery.storage.files import write_table
from rlrecovery.storage.fingerprint import is_current
from rlrecovery.storage.provenance import STUDY, study_stamp
from workflow.inprocess import plan, run_here
from workflow.runs import FINISHED, MEASURES, estimates, jobs, run, same_numbers, snakemake

CELL = "alpha-0.3_beta-3.0_n-2_t-20"


def times(folder, *kinds):
    """When each table of a study was written."""
    base = folder / "results/small"
    tables = [path for kind in kinds for path in (base / kind).rglob("*.parquet")]
    assert tables
    return {path: path.stat().st_mtime_ns for path in tables}


def test_one_more_alpha_runs_its_own_cells_and_what_gathers_them(copied):
    folder = copied
    before = times(folder, "trials", "truth", "estimates")
    contents = {path: path.read_bytes() for path in before}
    grown = FINISHED | {"truth": {"alpha": [0.1, 0.3, 0.60], "beta": [3.0]}}
    done = run_here(folder, grown, MEASURES)
    assert done.counts == {"design": 1, "simulate": 1, "fit": 2, "score": 1, "summarise": 1}
    assert all("alpha-0.1" in path for path in done.outputs("fit"))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert {path: path.read_bytes() for path in before} == contents
    measures = pd.read_csv(folder / MEASURES)
    assert set(measures["alpha"].dropna()) == {0.1, 0.3, 0.6}


def test_more_data_sets_with_effects_keep_the_jobs_that_are_finished(tmp_path):
    """The parameters of a job are those of its own rows."""
    groups = {"control": {"share": 0.5}, "patient": {"share": 0.5, "shift": {"alpha": [-1]}}}
    table = "results/small/summary/effects.csv"

    def parameters(**settings):
        """Parameters of each job of the rule ``compare``, by its first file."""
        own = study(methods={"mle": MLE, "guess": MOCK}, participants=[4], groups=groups)
        jobs = plan(tmp_path, own | {"effects": {"batch_size": 2} | settings}, table).jobs
        compared = [job for job in jobs if job.rule.name == "compare"]
        return {str(job.output[0]): dict(job.params.items()) for job in compared}

    before, grown = parameters(replicates=2, methods=["mle"]), parameters(replicates=4)
    assert len(grown) == 4 * len(before)
    assert {path: grown[path] for path in before} == before


def test_a_new_number_of_trials_scores_its_own_design_only(copied):
    grown = FINISHED | {"trials": [20, 40]}
    before = times(copied, "scores")
    done = run_here(copied, grown, MEASURES)
    assert done.counts == {"design": 1, "simulate": 2, "fit": 4, "score": 1, "summarise": 1}
    after = times(copied, "scores")
    assert before.items() <= after.items()
    assert {path.parent.name for path in after.keys() - before.keys()} == {"n-2_t-40"}


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({"seed": 4}, {"simulate": 2, "fit": 4, "score": 1}),
        ({"methods": {"guess": MOCK, "mle": MLE | {"starts": 3}}}, {"fit": 2, "score": 1}),
        ({"observed": str(ROOT / "tests/config/own.csv")}, {}),
        ({"figures": {"size": 9, "compose": {"figure2": {"panels": ["bias", "rmse"]}}}}, {}),
    ],
)
def test_what_depends_on_a_change_of_the_config_is_computed_again_at_once(finished, changes, again):
    """Though the record of the study is written anew as well."""
    counts = plan(finished, FINISHED | changes, MEASURES, config={"overwrite": "true"}).counts
    assert counts == {"design": 1, "summarise": 1} | again


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"seed": 4}, r"seed \(there 3, here 4\)"),
        ({"task": FINISHED["task"] | {"arms": [0.2, 0.8]}}, "task.arms"),
        ({"methods": {"mle": MLE | {"starts": 3}}}, r"methods.mle.starts \(there 2, here 3\)"),
    ],
)
def test_another_study_over_this_one_is_refused_and_names_what_differs(finished, changes, key):
    with pytest.raises(WorkflowError) as refused:
        plan(finished, FINISHED | changes)
    (sentence,) = str(refused.value).splitlines()
    assert re.search(rf"results/small/? holds the results of another study.*{key}", sentence)
    assert "OVERWRITE=yes" in sentence
    assert plan(finished, FINISHED | changes, config={"overwrite": "true"}).counts["score"] == 1


@pytest.mark.slow
def test_a_method_of_more_replicates_than_before_fits_only_those_that_are_new(tmp_path):
    def method_of(replicates):
        """A study of one cell and six replicates, of which one method fits the first few."""
        few = MOCK | {"replicates": replicates}
        one_cell = {"truth": {"alpha": [0.3], "beta": [3]}, "replicates": 6}
        return study(methods={"guess": MOCK, "few": few}, **one_cell)

    def batches_of_few(planned):
        """Batches that are fitted."""
        return [path.split("/")[-1][:11] for path in planned.outputs("fit") if "/few/" in path]

    assert batches_of_few(plan(tmp_path, method_of(3))) == ["00000-00001", "00002-00003"]
    run(tmp_path, method_of(3), "--until", "fit")
    rows = estimates(tmp_path)
    assert rows.groupby("method")["replicate"].nunique().to_dict() == {"few": 3, "guess": 6}
    pair = [rows[rows["method"] == name].drop(columns="method") for name in ("few", "guess")]
    few, guess = (table[table["replicate"] < 3].reset_index(drop=True) for table in pair)
    pd.testing.assert_frame_equal(few, guess, check_exact=True)
    for replicates, batches in ((3, []), (4, ["00002-00003"]), (2, [])):
        planned = plan(tmp_path, method_of(replicates))
        assert batches_of_few(planned) == batches
        assert planned.counts.get("fit", 0) == len(batches)
    assert batches_of_few(plan(tmp_path, method_of(5))) == ["00002-00003", "00004-00005"]


@pytest.mark.slow
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


def test_a_study_that_was_moved_goes_on(copied, tmp_path):
    """A copy lies elsewhere; with more replicates it has the numbers of a study made at once."""
    moved, whole = copied, tmp_path / "whole"
    whole.mkdir()
    before = times(moved, "estimates")
    assert plan(moved, FINISHED).counts == {}
    large = FINISHED | {"replicates": 6}
    assert run_here(moved, large, MEASURES).counts["fit"] == 4
    assert {path: path.stat().st_mtime_ns for path in before} == before
    run_here(whole, large, MEASURES)
    same_numbers(moved, whole)


@pytest.mark.slow
def test_more_cores_change_no_number(copied, tmp_path):
    moved, whole = copied, tmp_path / "whole"
    whole.mkdir()
    large = FINISHED | {"replicates": 6}
    run(moved, large, MEASURES, cores=8)
    run(whole, large, MEASURES, cores=2)
    same_numbers(moved, whole)


#: What holds when jobs ran or how long they took, besides logs and benchmarks.
TIMED = ("begun.json", "provenance.json", "estimates/", "measures.parquet", "recovery.",
         "convergence.", "report.html")  # fmt: skip


@pytest.mark.slow
def test_more_cores_change_no_byte_but_times(finished, tmp_path):
    """Of data, tables, figures and report; the figure of convergence shows how long fits took."""
    run(tmp_path, FINISHED, cores=2)
    contents = [
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in (folder / "results/small").rglob("*")
            if path.is_file() and not {"logs", "benchmarks"} & {*path.parts}
        }
        for folder in (finished, tmp_path)
    ]
    assert contents[0].keys() == contents[1].keys()
    differing = {name for name in contents[0] if contents[0][name] != contents[1][name]}
    assert [name for name in differing if not any(part in name for part in TIMED)] == []
    same_numbers(finished, tmp_path)
    assert len(contents[0]) > len(differing) + 80


def test_results_of_another_state_of_the_code_are_reported(copied):
    """A file that was copied from elsewhere: Snakemake accepts it, and the provenance shows it."""
    folder = copied
    target = "results/small/provenance.json"
    record = json.loads((folder / target).read_text())
    assert {row["stage"] for row in record["made_by"]} == {"simulate", "guess", "mle"}
    assert all(is_current(row["source"]) for row in record["made_by"])
    assert record["started"] <= record["ended"]
    assert list(mixtures(record["made_by"])) == []
    path = sorted((folder / "results/small/estimates/guess").rglob("*.parquet"))[0]
    origin = {"source": "fitting.batch+fitting.mock:0", "versions": {}}
    write_table(pd.read_parquet(path), path, origin)
    assert run_here(folder, FINISHED, target).counts == {"score": 1, "summarise": 1}
    made_by = json.loads((folder / target).read_text())["made_by"]
    of_guess = {row["source"]: row for row in made_by if row["stage"] == "guess"}
    assert len(of_guess) == 2
    assert of_guess["fitting.batch+fitting.mock:0"]["files"] == 1
    assert not of_guess["fitting.batch+fitting.mock:0"]["settings_match"]
    settings, mixture = mixtures(made_by)
    assert "guess: 1 of 2 files" in settings
    assert "1 by fitting.batch+fitting.mock:0" in mixture


def test_a_truncated_file_is_named_and_the_study_goes_on_where_it_stopped(copied):
    folder = copied
    before = times(folder, "trials", "estimates")
    parts = [f"results/small/{kind}/{CELL}/00000-00003.parquet"
             for kind in ("trials", "estimates/guess")]  # fmt: skip
    trials, missing = (folder / part for part in parts)
    trials.write_bytes(trials.read_bytes()[:100])
    for path in (missing, folder / MEASURES):
        path.unlink()
    shutil.rmtree(folder / "results/small/scores")
    failed = snakemake(folder, parts[1], "--configfile", write(folder, FINISHED))
    text = failed.stdout + failed.stderr
    assert failed.returncode != 0
    assert f"{parts[0]} cannot be read" in text
    assert "delete it and rerun the workflow" in text
    assert "`make partial`" in text
    assert "Traceback" not in text
    trials.unlink()
    resumed = run_here(folder, FINISHED, MEASURES)
    assert resumed.counts == {"simulate": 1, "fit": 2, "score": 1, "summarise": 1}
    kept = [path for path in before if CELL not in path.parts]
    assert all(path.stat().st_mtime_ns == before[path] for path in kept)


def test_a_summary_needs_nothing_but_the_scores(copied):
    """Data and estimates, which are large, may be deleted."""
    before = {path.name: path.read_bytes() for path in (copied / MEASURES).parent.glob("*.csv")}
    for kind in ("trials", "truth", "estimates"):
        shutil.rmtree(copied / "results/small" / kind)
    assert plan(copied, FINISHED).counts == {}
    (copied / MEASURES).unlink()
    assert run_here(copied, FINISHED, MEASURES).counts == {"summarise": 1}
    for name, content in before.items():
        assert (copied / MEASURES).with_name(name).read_bytes() == content


def test_a_fresh_clone_computes_nothing_again_and_a_changed_door_what_it_made(copied, tmp_path):
    """Times of scripts are those of the clone; what they say is what counts."""
    project, folder = tmp_path / "project", copied
    for name in ("scripts", "workflow", "envs"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (project / "scripts").rglob("*.py"):
        path.touch()
    arguments = (MEASURES, "--configfile", write(folder, FINISHED), "--dry-run",
                 "--workflow-profile", project / "workflow/profiles/laptop")  # fmt: skip
    entry = project / "workflow/Snakefile"
    fresh = snakemake(folder, *arguments, snakefile=entry)
    assert "Nothing to be done" in fresh.stdout + fresh.stderr
    with (project / "scripts/score.py").open("a") as door:
        door.write("\nCHANGED = True\n")
    changed = snakemake(folder, *arguments, snakefile=entry)
    counts = jobs(changed.stdout + changed.stderr)
    assert counts["score"] == 1
    assert not {"simulate", "fit"} & set(counts)


def test_a_job_on_a_cluster_holds_to_the_study_of_its_head(tmp_path, monkeypatch):
    """It reads config and code anew, days after the head did."""
    target = f"results/small/trials/{CELL}/00000-00001.parquet"
    monkeypatch.setenv(STUDY, "of another config")
    with pytest.raises(WorkflowError, match="the config or the code of this project was changed"):
        plan(tmp_path, study(), target, remote=True)
    monkeypatch.setenv(STUDY, study_stamp(parse(study()).resolved()))
    assert plan(tmp_path, study(), target, remote=True).counts["simulate"] == 1


@pytest.mark.slow
def test_a_launched_job_on_a_cluster_holds_to_the_study_of_its_head(tmp_path, monkeypatch):
    target = f"results/small/trials/{CELL}/00000-00001.parquet"
    arguments = (target, "--configfile", write(tmp_path, study()), "--mode", "remote")
    monkeypatch.setenv(STUDY, "of another config")
    refused = snakemake(tmp_path, *arguments)
    assert refused.returncode != 0
    assert "Traceback" not in refused.stdout + refused.stderr
    assert not (tmp_path / target).exists()
    monkeypatch.setenv(STUDY, study_stamp(parse(study()).resolved()))
    accepted = snakemake(tmp_path, *arguments)
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert (tmp_path / target).exists()
