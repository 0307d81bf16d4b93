"""The text at the end of a run."""

import os
import time

import pandas as pd
import pytest

from rlrecovery.commands.end_screen import MOST_LINES, flagged, of_failure, of_study
from rlrecovery.storage.schemas import FAILURES, RECOVERY


def tables(totals, flags):
    """Tables ``recovery`` and ``failures`` from numbers of estimates and of flagged ones."""
    rows = [
        {"scope": scope, "method": method, "measure": measure, "n_rows": n}
        for method, counts in totals.items()
        for n in counts
        for scope, measure in (("cell", "share_failed"), ("cell", "bias"), ("grid", "spearman"))
    ]
    recovery = pd.DataFrame(rows).reindex(columns=[*RECOVERY])
    failures = [{"method": m, "status": s, "reason": f"{i}", "rows": n}
                for i, (m, s, n) in enumerate(flags)]  # fmt: skip
    return recovery, pd.DataFrame(failures, columns=[*FAILURES])


def test_flags_are_counted_by_method_and_status():
    """Each of several rows of a method counts, and a method without any is listed too."""
    flags = [("mle", "at_bound", 5), ("mle", "failed", 1), ("mle", "at_bound", 2)]
    flags += [("none", "not_converged", 1)]
    lines = flagged(*tables({"mle": [600, 400], "none": [800], "exact": [200]}, flags))
    assert list(lines) == [
        "9 of 2,000 estimates are flagged (0.45 %):",
        "    mle    8 of 1,000: 7 at a bound, 1 failed",
        "    none   1 of 800: 1 not converged",
        "    exact  0 of 200",
        "They are kept: the report gives every measure with and without them.",
    ]


def test_without_flags_it_is_one_line():
    assert list(flagged(*tables({"mle": [60]}, []))) == ["None of the 60 estimates is flagged."]


def test_a_study_of_many_methods_fits_on_a_screen():
    names = [f"method_{i}" for i in range(40)]
    flags = [(name, "failed", 1) for name in names]
    lines = list(flagged(*tables({name: [10] for name in names}, flags)))
    assert len(lines) == MOST_LINES + 3
    assert lines[-2] == "    and 28 more methods"


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A folder with the summary of a finished study as the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "summary").mkdir()
    for name, table in zip(
        ("recovery", "failures"), tables({"mle": [60]}, [("mle", "failed", 6)]), strict=True
    ):
        table.to_parquet(f"summary/{name}.parquet")
    (tmp_path / "report.html").write_text("<p>")
    return tmp_path


def test_the_report_the_flags_and_the_time_of_a_run(study):
    assert of_study("report.html", "summary", "Jobs done: 3 in 4 min.").splitlines() == [
        "The report is report.html: open it in any browser.",
        "6 of 60 estimates are flagged (10 %):",
        "    mle  6 of 60: 6 failed",
        "They are kept: the report gives every measure with and without them.",
        "Jobs done: 3 in 4 min.",
    ]


def test_with_nothing_to_do_it_says_when_the_report_was_written(study):
    written = time.mktime((2026, 3, 1, 9, 5, 0, 0, 0, -1))
    os.utime("report.html", (written, written))
    text = of_study("report.html", "summary", "")
    assert text.endswith("\nNothing had to be done: the report is of 01 Mar 2026, 09:05.")
    assert "6 of 60" in text


def test_a_damaged_summary_is_named(study):
    (study / "summary/failures.parquet").write_bytes(b"x")
    lines = of_study("report.html", "summary", "Jobs done: 3 in 4 min.").splitlines()
    assert lines[0] == "The report is report.html: open it in any browser."
    assert "summary/failures.parquet cannot be read" in lines[1]
    assert lines[-1] == "Jobs done: 3 in 4 min."


def test_a_failure_names_jobs_and_their_logs():
    failed = [("fit mle cell-1", ["logs/fit/mle.log", "slurm.log"])]
    lines = of_failure(3, 20, failed, "results/small/logs").splitlines()
    assert lines[:4] == [
        "The study is not finished: 3 of 20 jobs are done, 1 failed.",
        "    fit mle cell-1",
        "        logs/fit/mle.log",
        "        slurm.log",
    ]
    assert "`make partial`" in lines[-1]


def test_of_many_failures_some_are_named():
    failed = [(f"fit {i}", [f"{i}.log"]) for i in range(500)]
    text = of_failure(0, 500, failed, "results/small/logs")
    assert "and 488 more; all logs are in results/small/logs/" in text
    assert len(text.splitlines()) < 35


def test_an_interrupted_study_has_no_reason_in_a_log():
    text = of_failure(3, 20, [], "results/small/logs")
    assert "3 of 20 jobs are done.\n" in text
    assert "log" not in text
