"""`make test-cluster`: a small study through Slurm, with a killed job and a killed head process.

It must end with the numbers of a study on one computer, bit by bit.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from workflow.runs import BAYES, MEASURES, MLE, same_numbers, snakemake, study, write

from cluster.head import Head, working, write_profile
from cluster.slurm import Unavailable, ask, cluster, install, wait_for

METHODS = {"mle": MLE, "bayes": BAYES, "hierarchical": BAYES | {"pooling": "partial"}}
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
    rows, tables = same_numbers(there, here)
    again = snakemake(there, *TARGETS, "--configfile", config, "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr, again.stdout
    return (
        f"{seen}\n"
        f"{rows} estimates and {tables} summary tables are, bit by bit, those of a study without "
        "Slurm, for which nothing is left to be done.\n"
        f"{up - started:.0f} s to start the cluster, {done - up:.0f} s for the study."
    )


def through_slurm(folder: Path, config: Path, profile: Path) -> str:
    """A study to its end, although first the head process and then a job are killed."""
    arguments = (*TARGETS, "--configfile", config, "--workflow-profile", profile)
    first = Head.start(folder, folder.parent / "first.log", *arguments)
    try:
        wait_for(
            "three estimated batches",
            lambda: len(finished(folder, "estimates")) >= 3 or first.ended(),
            PATIENCE,
        )
        assert not first.ended(), first.said()
        first.kill()
    finally:
        first.interrupt()
    left, kept = after_the_head(first), finished(folder)
    assert snakemake(folder, "--unlock", "--configfile", config).returncode == 0
    second = Head.start(folder, folder.parent / "second.log", *arguments)
    try:
        number, what, process = working(second, "fit", PATIENCE)
        os.kill(process, signal.SIGKILL)
        second.finish(PATIENCE)
    finally:
        second.interrupt()
    changed = [path for path, when in kept.items() if path.stat().st_mtime_ns != when]
    assert not changed, f"finished files were made again: {changed}"
    return (
        f"The head process was killed: {left} jobs outlived it and were cancelled, and all "
        f"{len(kept)} finished tables were kept.\n{attempts(first, second, number, what)}"
    )


def after_the_head(head: Head) -> int:
    """Do what the README says after a head process was killed; how many jobs had outlived it."""
    mine = ("squeue", "--noheader", f"--name={head.name()}")
    left = len(ask(*mine).splitlines())
    subprocess.run(["scancel", f"--name={head.name()}"], check=True)
    wait_for("the end of the cancelled jobs", lambda: not ask(*mine), 120)
    return left


def finished(folder: Path, kind: str = "") -> dict[Path, int]:
    """When each table was written, those left out whose good end nobody noticed."""
    found = (folder / "results/small" / kind).rglob("*.parquet")
    known = set(found) - unfinished(folder)
    return {path: path.stat().st_mtime_ns for path in known}


def unfinished(folder: Path) -> set[Path]:
    """Files that Snakemake has marked as being made: each mark's name is the file's, encoded."""
    marks = folder / ".snakemake/incomplete"
    names = [path.relative_to(marks).parts for path in marks.rglob("*") if path.is_file()]
    encoded = ["".join(part.removeprefix("@") for part in parts) for parts in names]
    return {folder / base64.urlsafe_b64decode(name).decode() for name in encoded}


def attempts(first: Head, second: Head, number: str, what: str) -> str:
    """Check that what was killed came back and asked for more; say how many jobs there were."""
    later = second.jobs()
    jobs = [*first.jobs(), *later]
    states = Counter(job.state for job in jobs)
    lines = [f"{len(jobs)} jobs in Slurm: " + ", ".join(f"{n} {s}" for s, n in states.items())]
    killed = {what: f"process killed in job {number}", "summarise": "too little memory"}
    for name, why in killed.items():
        tries = [job for job in later if job.what == name]
        assert [job.attempt for job in tries] == [1, 2], tries
        assert [job.state for job in tries] == ["FAILED", "COMPLETED"], tries
        assert tries[0].memory < tries[1].memory, tries
        assert tries[0].minutes < tries[1].minutes, tries
        asked = " then ".join(f"{job.memory} MiB and {job.minutes} min" for job in tries)
        lines.append(f"{name}: {why}; attempts 1 and 2 asked for {asked}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
