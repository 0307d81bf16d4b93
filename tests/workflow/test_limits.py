"""What a study makes of extreme truths, of wrong configs and of a very large design."""

import json
import subprocess
import sys

import numpy as np
import pytest
import yaml
from settings import BAYES, MLE, MOCK, QUADRATURE, ROOT, study, write
from snakemake.exceptions import WorkflowError

from workflow.inprocess import plan, run_here
from workflow.runs import MEASURES, REPORT, estimates, jobs, run, snakemake

EDGE = {
    "truth": {"alpha": [0, 1], "beta": [0, 1000]},
    "population": {"alpha": {"spread": 0}, "beta": {"spread": 0}},
    "participants": [1],
    "trials": [1],
    "replicates": 2,
}
SAMPLERS = {"bayes": BAYES, "together": BAYES | {"pooling": "partial"}}


@pytest.mark.parametrize(
    ("methods", "rows", "target"),
    [
        ({"mle": MLE, "exact": QUADRATURE}, 4 + 2, MEASURES),
        pytest.param(SAMPLERS, 2 + 6, REPORT, marks=pytest.mark.slow),
    ],
)
def test_truths_at_the_edge_are_rows_with_a_status(tmp_path, methods, rows, target):
    run_here(tmp_path, study(**EDGE, methods=methods), target)
    table = estimates(tmp_path)
    assert len(table) == 4 * 2 * rows
    flagged = table[table["status"] != "ok"]
    assert (flagged["reason"] != "").all()
    assert "mle" not in methods or (flagged["method"] == "mle").any()
    assert (tmp_path / target).stat().st_size > 0


@pytest.mark.slow
def test_both_engines_give_the_same_study(tmp_path):
    tables = []
    for engine in ("compiled", "scan"):
        smoke = yaml.safe_load((ROOT / "tests/config/smoke.yaml").read_text())
        methods = {name: m | {"engine": engine} for name, m in smoke["methods"].items()}
        folder = tmp_path / engine
        folder.mkdir()
        run(folder, smoke | {"methods": methods}, "results/smoke/summary/recovery.csv", cores=2)
        tables.append(estimates(folder, "smoke"))
    fast, slow = tables
    exact = fast["method"].isin(["mle", "exact"])
    numbers = ["estimate", "se", *[c for c in fast if c.startswith(("lower", "upper"))]]
    np.testing.assert_allclose(fast.loc[exact, numbers], slow.loc[exact, numbers], 1e-5, 1e-9)
    assert fast.loc[exact, "status"].tolist() == slow.loc[exact, "status"].tolist()
    # A last digit changes a sampler's path, so draws agree within their Monte Carlo error.
    one, other = (table[~exact] for table in tables)
    mcse = np.hypot(*(table["se"] / np.sqrt(table["ess_bulk"]) for table in (one, other)))
    assert ((one["estimate"] - other["estimate"]).abs() < 6 * mcse).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch_size": 0}, ["batch_size", "0"]),
        ({"replicates": 1}, ["replicates", "1"]),
        ({"truth": {"alpha": [], "beta": [3]}}, ["truth.alpha"]),
        ({"truth": {"alpha": [1.5], "beta": [3]}}, ["truth.alpha", "1.5"]),
        ({"surprise": 1}, ["surprise"]),
        ({"methods": {"x": MOCK | {"model": "nonsense"}}}, ["methods.x.model", "nonsense"]),
    ],
)
def test_a_wrong_config_stops_before_any_job_with_a_sentence(tmp_path, changes, words):
    with pytest.raises(WorkflowError) as stopped:
        plan(tmp_path, study(**changes))
    (sentence,) = str(stopped.value).splitlines()
    assert sentence.startswith("error: ")
    assert all(word in sentence for word in words)
    assert not (tmp_path / "results").exists()


def test_all_mistakes_are_told_at_once_and_without_a_traceback(tmp_path):
    config = write(tmp_path, study(batch_size=0, seed="x", trials=[10, 10]))
    stopped = snakemake(tmp_path, "--configfile", config)
    text = stopped.stdout + stopped.stderr
    assert stopped.returncode != 0
    assert sum(line.startswith("error: ") for line in text.splitlines()) == 3
    assert "Traceback" not in text
    assert not (tmp_path / "results").exists()


#: A dry run that says at its end how many functions it called, and its peak of memory in MiB.
MEASURED = """
import atexit, cProfile, json, pstats, re, sys
from pathlib import Path
from snakemake.cli import main

profile = cProfile.Profile()

def finish():
    profile.disable()
    peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
    print("took", json.dumps([pstats.Stats(profile).total_calls, int(peak) / 1024]))

atexit.register(finish)
profile.enable()
main(sys.argv[1:])
"""


def planned(folder, experiment):
    """Jobs, calls and MiB of planning a study."""
    config = write(folder, experiment)
    command = ["-c", MEASURED, "--snakefile", ROOT / "Snakefile", "--directory", folder, "-c1",
               "-n", "--quiet", "rules", "--configfile", config]  # fmt: skip
    launch = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True)
    assert launch.returncode == 0, launch.stderr
    line = next(line for line in launch.stdout.splitlines() if line.startswith("took "))
    return jobs(launch.stdout)["total"], *json.loads(line.removeprefix("took "))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
def test_planning_grows_with_the_jobs_and_not_faster(tmp_path):
    """Each further job costs the same: in calls of functions, which no other program disturbs."""
    paper = yaml.safe_load((ROOT / "tests/config/paper.yaml").read_text())
    sizes = [planned(tmp_path, paper | {"batch_size": size}) for size in (200, 100, 50)]
    number, calls, memory = np.array(sizes).T
    assert number[-1] > 3800
    calls_per_job = np.diff(calls) / np.diff(number)
    assert calls_per_job[1] < 1.05 * calls_per_job[0]
    memory_per_job = np.diff(memory) / np.diff(number)
    assert memory[-1] + 1.5 * memory_per_job[-1] * (40_000 - number[-1]) < 2048


@pytest.mark.parametrize(
    "place", ["results/small", pytest.param("results", marks=pytest.mark.slow)]
)
def test_a_dead_link_in_place_of_the_results_is_a_sentence(tmp_path, place):
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).symlink_to(tmp_path / "nowhere")
    launch = snakemake(tmp_path, MEASURES, "--configfile", write(tmp_path, study()))
    output = launch.stdout + launch.stderr
    assert launch.returncode == 1
    assert f"error: {place}: there must be a folder" in output
    assert "Traceback" not in output
