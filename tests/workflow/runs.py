"""Small studies for the workflow tests, and a way to run Snakemake on them in another folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).parents[2]

MOCK = {"estimator": "mock", "model": "rescorla_wagner"}
MLE = {
    "estimator": "mle",
    "model": "rescorla_wagner",
    "engine": "compiled",
    "bounds": {"alpha": [0, 1], "beta": [0, 1000]},
    "grid": 6,
    "starts": 2,
    "group_scale": "unconstrained",
}
BAYES = {
    "estimator": "bayes",
    "model": "rescorla_wagner",
    "pooling": "none",
    "likelihood": "potential",
    "engine": "compiled",
    "priors": {},
    "point": "mean",
    "chains": 2,
    "tune": 100,
    "draws": 100,
    "target_accept": 0.9,
    "convergence": {"rhat": 1.05, "ess_bulk": 50, "ess_tail": 50, "divergences": 0},
}


def study(**changes):
    """A small valid experiment; keywords replace its top-level keys."""
    return {
        "run": "small",
        "seed": 3,
        "task": {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5},
        "model": "rescorla_wagner",
        "truth": {"alpha": [0.3, 0.6], "beta": [3]},
        "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.2}},
        "participants": [2],
        "trials": [20],
        "replicates": 4,
        "batch_size": 2,
        "interval_levels": [0.5, 0.95],
        "methods": {"guess": MOCK},
    } | changes


def write(folder, experiment, name="study.yaml"):
    """The experiment as a file in a folder."""
    path = Path(folder) / name
    path.write_text(yaml.safe_dump(experiment, sort_keys=False))
    return path


def snakemake(folder, *arguments, cores=2):
    """Run Snakemake on the project's workflow with another working directory."""
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile",
        "--directory", folder, "--cores", cores, "--nocolor", *arguments,
    ]  # fmt: skip
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=folder,
        env=os.environ | {"PYTHONPATH": ""},
    )  # fmt: skip


#: A study up to its measures: figures and report, most of the time of a small one, left out.
MEASURES = "results/small/summary/recovery.csv"
REPORT = "results/small/report.html"


def run(folder, experiment, *targets, cores=2):
    """Run a study up to some targets, or to its end; the output of Snakemake, which succeeded."""
    done = snakemake(folder, *targets, "--configfile", write(folder, experiment), cores=cores)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def estimates(folder, run="small"):
    """All estimates of a study in one table, in an order that does not depend on batches."""
    base = Path(folder) / "results" / run / "estimates"
    tables = [
        pd.read_parquet(path).assign(method=path.parts[-3], cell=path.parts[-2])
        for path in base.rglob("*.parquet")
    ]
    keys = ["method", "cell", "replicate", "level", "participant", "parameter"]
    table = pd.concat(tables).sort_values(keys, ignore_index=True)
    return table.drop(columns="seconds")


def same_numbers(one, other):
    """Hold two runs of one study together, bit by bit; counts of their estimates and tables."""
    mine = estimates(one)
    pd.testing.assert_frame_equal(mine, estimates(other), check_exact=True)
    tables = sorted(path.name for path in (Path(other) / MEASURES).parent.glob("*.csv"))
    assert "recovery.csv" in tables
    for name in tables:
        pair = [pd.read_csv((Path(base) / MEASURES).parent / name) for base in (one, other)]
        if "measure" in pair[0]:  # how long a fit took is no number of the study
            pair = [table[table["measure"] != "seconds"] for table in pair]
        pd.testing.assert_frame_equal(*pair, check_exact=True)
    return len(mine), len(tables)


def jobs(output):
    """Counts of jobs per rule in the output of a dry run."""
    return {rule: int(n) for rule, n in re.findall(r"^([a-z_]+) +(\d+)$", output, re.M)}
