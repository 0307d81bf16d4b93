"""What a study spends on starting jobs, from the benchmarks that its jobs wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from rlrecovery.config.study import read_resolved

#: Rules whose jobs are all overhead: they make no data, estimates or measures.
DRAWING = ("figure", "typeset", "report", "example", "predict", "design", "summarise")


def jobs_of_study(folder: Path) -> pd.DataFrame:
    """CPU seconds of every job of a run: columns ``kind`` and ``cpu_seconds``.

    ``kind`` is the rule; of fits, estimator and pooling as in `benchmarks.jobs.METHODS`.
    """
    kinds = {}
    for name, method in read_resolved(folder / "config.yaml").methods.items():
        pooling = getattr(method, "pooling", "")
        kinds[name] = method.estimator + (f", pooling {pooling}" if pooling else "")
    rows = []
    for path in sorted((folder / "benchmarks").rglob("*.tsv")):
        rule, *parts = path.relative_to(folder / "benchmarks").parts
        cpu = float(pd.read_csv(path, sep="\t")["cpu_time"].iloc[0])
        rows.append((kinds[parts[0]] if rule == "fit" else rule, cpu))
    return pd.DataFrame(rows, columns=["kind", "cpu_seconds"])


def share_of_starts(jobs: pd.DataFrame, starts: Mapping[str, float]) -> float:
    """Share of CPU time in starting jobs, drawing and reporting.

    Parameters
    ----------
    jobs : DataFrame
        From `jobs_of_study`.
    starts : mapping
        CPU seconds of a job that hardly does anything, by kind; jobs of `DRAWING` need none.
    """
    used = jobs.groupby("kind")["cpu_seconds"].agg(["sum", "size"])
    overhead = [
        row["sum"] if kind in DRAWING else min(row["sum"], starts[kind] * row["size"])
        for kind, row in used.iterrows()
    ]
    return float(sum(overhead) / used["sum"].sum())
