"""The short forms of `make test-kills`."""

import os
import pickle
import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from kills.__main__ import TARGETS, survive
from settings import MLE, MOCK, ROOT, study

from workflow.inprocess import given, run_here
from workflow.runs import MEASURES

TIME = re.compile(rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")
ONE_CELL = {"truth": {"alpha": [0.3], "beta": [3]}}


@pytest.mark.slow
def test_a_study_whose_head_is_killed_ends_with_the_same_numbers(tmp_path):
    """Its jobs live on without it, and its lock stays."""
    summary = survive(
        tmp_path,
        study(**ONE_CELL),
        1,
        random.Random(1),
        victims=("head",),
        within=1.0,
        undisturbed=lambda folder, experiment: run_here(folder, experiment, *TARGETS),
    )
    assert "1 x head" in summary


@pytest.mark.slow
def test_a_study_that_is_killed_in_all_ways_ends_with_the_same_numbers(tmp_path):
    experiment = study(**ONE_CELL, methods={"mle": MLE}, replicates=6, batch_size=1)
    summary = survive(tmp_path, experiment, 3, random.Random(1))
    assert "1 x group, 1 x head, 1 x job" in summary


#: Runs the script of a job, and kills it when it gives a file its name for the n-th time.
KILLED = """
import os, pickle, runpy, signal, sys
from pathlib import Path

script, job, left = sys.argv[1], sys.argv[2], [int(sys.argv[3])]
rename = Path.replace

def killing(self, target):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return rename(self, target)

Path.replace = killing
runpy.run_path(script, {"snakemake": pickle.loads(Path(job).read_bytes())}, run_name="__main__")
"""


def killed(job, write, folder):
    """Run a job that is killed within its write of this number; whether it came so far."""
    (folder / "job.pickle").write_bytes(pickle.dumps(given(job)))
    script = ROOT / "scripts" / f"{job.rule.name}.py"
    command = [sys.executable, "-c", KILLED, script, "job.pickle", write]
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")}
    )
    assert done.returncode in (0, -signal.SIGKILL)
    return done.returncode != 0


def products(folder):
    """Content of the files of a folder that have their names, without times."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log"]
    named = [path for path in files if not path.name.startswith((".", "provenance", "begun"))]
    return {path: TIME.sub(b"", path.read_bytes()) for path in named}


@pytest.mark.parametrize(
    ("partial", "rules", "step"),
    [
        (False, ("typeset",), 10),
        pytest.param(True, ("design", "summarise", "typeset", "report"), 3, marks=pytest.mark.slow),
    ],
)
def test_tables_and_partial_reports_that_are_killed_are_whole(tmp_path, partial, rules, step):
    """No file is torn at any moment, and the same command makes the same files."""
    experiment = study(**ONE_CELL, methods={"guess": MOCK})
    base = Path("results/small/partial" if partial else "results/small")
    run_here(tmp_path, experiment, MEASURES)
    config, targets = ({"partial": "true"}, []) if partial else ({}, [f"{base}/methods/methods.md"])
    jobs = run_here(tmp_path, experiment, *targets, config=config, figures=False).jobs
    whole = products(tmp_path / base)
    for job in (job for job in jobs if job.rule.name in rules):
        for path in job.output:
            (tmp_path / path).unlink()
        writes = 0
        while killed(job, writes, tmp_path):
            assert products(tmp_path / base).items() <= whole.items()
            writes += step
        assert writes >= step
        assert products(tmp_path / base) == whole
