"""`make test-cluster`: a small study through Slurm, with a killed job and a killed head process.

It must end with the numbers of a study on one computer, bit by bit.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pandas as pd
from workflow.runs import BAYES, MEASURES, MLE, estimates, snakemake, study, write

from cluster.head import Head, working, write_profile
from cluster.slurm import Unavailable, ask, cluster, install, wait_for

#: Long enough to be caught at work.
METHODS = {
    "mle": MLE,
    "bayes": BAYES | {"tune": 1000, "draws": 4000},
    "hierarchical": BAYES | {"pooling": "partial"},
}
TARGETS = ("results/small/design.csv", MEASURES)

#: Seconds after which something is taken to hang.
PATIENCE = 900


def main() -> int:
    """Exit code: 0 if all is well, or if there can be no cluster here and nobody asked for one."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything is stopped
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    try:
        install()
        report = compare_with_slurm(folder)
    except Unavailable as why:
        print(f"\n*** NOT TESTED ON A CLUSTER: {why} ***\n", file=sys.stderr)
        shutil.rmtree(folder)
        return 0 if os.environ.get("CI") else 1
    except BaseException:
        print(f"What was done until then is in {folder}", file=sys.stderr)
        raise
    print(report)
    shutil.rmtree(folder)
    return 0


def compare_with_slurm(folder: Path) -> str:
    """The same study twice, in two folders; what was seen, in words."""
    there, here, own = folder / "there", folder / "here", folder / "slurm"
    for each in (there, here, own):
        each.mkdir()
    config = write(folder, study(methods=METHODS))
    started = time.monotonic()
    with cluster(own):
        up = time.monotonic()
        seen = through_slurm(there, config, write_profile(folder / "profile"))
        done = time.monotonic()
    alone = snakemake(here, *TARGETS, "--configfile", config)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    rows, tables = compare(there, here)
    again = snakemake(there, *TARGETS, "--configfile", config, "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr, again.stdout
    return (
        f"{seen}\n"
        f"{rows} estimates and {tables} summary tables are, bit by bit, those of a study without "
        "Slurm, for which nothing is left to be done.\n"
        f"{up - started:.0f} s to start the cluster, {done - up:.0f} s for the study."
    )


def through_slurm(folder: Path, config: Path, profile: Path) -> str:
    """A study to its end, although a job and then the head process are killed."""
    arguments = (*TARGETS, "--configfile", config, "--workflow-profile", profile)
    first = Head.start(folder, folder.parent / "first.log", *arguments)
    try:
        number, what, process = working(first, "fit", "bayes", PATIENCE)
        os.kill(process, signal.SIGKILL)
        wait_for("a second attempt", lambda: completed(first, what, 2) or first.ended(), PATIENCE)
        assert not first.ended(), first.said()
        first.kill()
    finally:
        first.interrupt()
    left = after_the_head(first)
    kept = finished(folder)
    assert snakemake(folder, "--unlock", "--configfile", config).returncode == 0
    second = Head.start(folder, folder.parent / "second.log", *arguments)
    try:
        second.finish(PATIENCE)
    finally:
        second.interrupt()
    changed = [path for path, when in kept.items() if path.stat().st_mtime_ns != when]
    assert not changed, f"finished files were made again: {changed}"
    told = f"{left} jobs outlived the head process and were cancelled; {len(kept)} files were kept."
    return f"{attempts(first, second, number, what)}\n{told}"


def completed(head: Head, what: str, attempt: int) -> bool:
    """Whether that attempt of a job has come to a good end."""
    ends = [(job.what, job.attempt, job.state) for job in head.jobs()]
    return (what, attempt, "COMPLETED") in ends


def after_the_head(head: Head) -> int:
    """Do what the README says after a head process was killed; how many jobs had outlived it."""
    mine = ("squeue", "--noheader", f"--name={head.name()}")
    left = len(ask(*mine).splitlines())
    subprocess.run(["scancel", f"--name={head.name()}"], check=True)
    wait_for("the end of the cancelled jobs", lambda: not ask(*mine), 120)
    return left


def finished(folder: Path) -> dict[Path, int]:
    """When each of the tables that are there was written."""
    found = (folder / "results").rglob("*.parquet")
    return {path: path.stat().st_mtime_ns for path in found}


def attempts(first: Head, second: Head, number: str, what: str) -> str:
    """Check that what was killed came back and asked for more; say how many jobs there were."""
    jobs = [*first.jobs(), *second.jobs()]
    states = Counter(job.state for job in jobs)
    lines = [f"{len(jobs)} jobs in Slurm: " + ", ".join(f"{n} {s}" for s, n in states.items())]
    for name, why in ((what, f"process killed in job {number}"), ("design", "too little memory")):
        tries = [job for job in jobs if job.what == name]
        assert [job.attempt for job in tries] == [1, 2], tries
        assert [job.state for job in tries] == ["FAILED", "COMPLETED"], tries
        assert tries[0].memory < tries[1].memory, tries
        assert tries[0].minutes < tries[1].minutes, tries
        asked = " then ".join(f"{job.memory} MiB and {job.minutes} min" for job in tries)
        lines.append(f"{name}: {why}; attempts 1 and 2 asked for {asked}")
    return "\n".join(lines)


def compare(there: Path, here: Path) -> tuple[int, int]:
    """Hold the numbers of two studies together; how many estimates and tables there are."""
    one, two = estimates(there), estimates(here)
    pd.testing.assert_frame_equal(one, two, check_exact=True)
    tables = sorted(path.name for path in (here / MEASURES).parent.glob("*.csv"))
    assert "recovery.csv" in tables
    for name in tables:
        pair = [pd.read_csv((base / MEASURES).parent / name) for base in (there, here)]
        if "measure" in pair[0]:  # how long a fit took is no number of the study
            pair = [table[table["measure"] != "seconds"] for table in pair]
        pd.testing.assert_frame_equal(*pair, check_exact=True)
    return len(one), len(tables)


if __name__ == "__main__":
    sys.exit(main())
