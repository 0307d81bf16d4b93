"""Launches of Snakemake on the project's workflow, and comparisons of the results of two studies.

A launch costs seconds, and so does each of its jobs. Where a test needs the list of jobs, the text
of an error or the numbers of a study alone, `workflow.inprocess` has them for a fraction of that.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from settings import MLE, MOCK, ROOT, study, write

#: Targets of a study named "small". Up to its measures, no figures are drawn.
MEASURES = "results/small/summary/recovery.csv"
REPORT = "results/small/report.html"

#: The study that is run to its report once per session, by the fixture `finished`.
FINISHED = study(methods={"guess": MOCK, "mle": MLE}, batch_size=4)


def snakemake(
    folder: str | Path, *arguments: object, cores: int = 1, snakefile: Path = ROOT / "Snakefile"
) -> subprocess.CompletedProcess[str]:
    """Launch Snakemake with a folder as its working directory."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile]
    options = ["--directory", folder, "--cores", cores, "--nocolor"]
    return subprocess.run(
        [str(word) for word in (*command, *options, *arguments)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": ""},
    )


def run(folder: str | Path, experiment: dict[str, Any], *targets: str, cores: int = 1) -> str:
    """Launch a study up to some targets, by default to its report; return what Snakemake wrote."""
    launch = snakemake(folder, *targets, "--configfile", write(folder, experiment), cores=cores)
    assert launch.returncode == 0, launch.stdout + launch.stderr
    return launch.stdout + launch.stderr


def estimates(folder: str | Path, run: str = "small") -> pd.DataFrame:
    """All estimates of a study in one table, in an order that does not depend on batches."""
    base = Path(folder) / "results" / run / "estimates"
    tables = [
        pd.read_parquet(path).assign(method=path.parts[-3], cell=path.parts[-2])
        for path in base.rglob("*.parquet")
    ]
    keys = ["method", "cell", "replicate", "level", "participant", "parameter"]
    table = pd.concat(tables).sort_values(keys, ignore_index=True)
    return table.drop(columns="seconds")


def same_numbers(folder: str | Path, other: str | Path) -> tuple[int, int]:
    """Assert that two runs of one study agree bit by bit; return counts of estimates and tables."""
    rows = estimates(folder)
    pd.testing.assert_frame_equal(rows, estimates(other), check_exact=True)
    names = sorted(path.name for path in (Path(other) / MEASURES).parent.glob("*.csv"))
    assert "recovery.csv" in names
    for name in names:
        pair = [pd.read_csv((Path(base) / MEASURES).parent / name) for base in (folder, other)]
        if "measure" in pair[0]:  # how long a fit took differs between two runs
            pair = [table[table["measure"] != "seconds"] for table in pair]
        pd.testing.assert_frame_equal(*pair, check_exact=True)
    return len(rows), len(names)


def jobs(output: str) -> dict[str, int]:
    """Counts of jobs per rule in the output of a dry run."""
    return {rule: int(n) for rule, n in re.findall(r"^([a-z_]+) +(\d+)$", output, re.M)}
