"""`make test-cluster`: run a small study through Slurm, with a killed job and a killed head.

Its numbers must be, bit by bit, those of a study without Slurm.
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

from settings import BAYES, MLE, study, write
from workflow.runs import MEASURES, same_numbers, snakemake

from cluster.head import Head, running_job, write_profile
from cluster.slurm import Unavailable, ask, cluster, install, wait_for

METHODS = {"mle": MLE, "bayes": BAYES, "hierarchical": BAYES | {"pooling": "partial"}}
TARGETS = ("results/small/design.csv", MEASURES)

#: Seconds after which the test gives up waiting.
PATIENCE = 900


def main() -> int:
    """Run the test; the exit code is 0 also where CI has no cluster to test on."""
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
        print(f"The folder of the failed test is {folder}", file=sys.stderr)
        raise
    print(report)
    shutil.rmtree(folder)
    return 0


def compare_with_slurm(folder: Path) -> str:
    """Run a study with and without Slurm, compare the two and describe what happened."""
    submitted, local, own = folder / "submitted", folder / "local", folder / "slurm"
    for new in (submitted, local, own):
        new.mkdir()
    config = write(folder, study(methods=METHODS))
    started = time.monotonic()
    with cluster(own):
        up = time.monotonic()
        description = through_slurm(submitted, config, write_profile(folder / "profile"))
        done = time.monotonic()
    launch = snakemake(local, *TARGETS, "--configfile", config, cores=2)
    assert launch.returncode == 0, launch.stdout + launch.stderr
    rows, tables = same_numbers(submitted, local)
    again = snakemake(submitted, *TARGETS, "--configfile", config, "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr, again.stdout
    return (
        f"{description}\n"
        f"{rows} estimates and {tables} summary tables are, bit by bit, those of a study without "
        "Slurm, and Snakemake finds nothing to be done.\n"
        f"{up - started:.0f} s to start the cluster, {done - up:.0f} s for the study."
    )


def through_slurm(folder: Path, config: Path, profile: Path) -> str:
    """Run a study to its end although its head and then a job are killed."""
    arguments = (*TARGETS, "--configfile", config, "--workflow-profile", profile)
    first = Head.start(folder, folder.parent / "first.log", *arguments)
    try:
        wait_for(
            "three estimated batches",
            lambda: len(finished(folder, "estimates")) >= 3 or first.ended(),
            PATIENCE,
        )
        assert not first.ended(), first.output()
        first.kill()
    finally:
        first.interrupt()
    cancelled, kept = cancel_jobs(first), finished(folder)
    assert snakemake(folder, "--unlock", "--configfile", config).returncode == 0
    second = Head.start(folder, folder.parent / "second.log", *arguments)
    try:
        number, name, process = running_job(second, "fit", PATIENCE)
        os.kill(process, signal.SIGKILL)
        second.finish(PATIENCE)
    finally:
        second.interrupt()
    changed = [path for path, when in kept.items() if path.stat().st_mtime_ns != when]
    assert not changed, f"finished files were made again: {changed}"
    return (
        f"The head process was killed: {cancelled} jobs outlived it and were cancelled, and all "
        f"{len(kept)} finished tables were kept.\n{attempts(first, second, number, name)}"
    )


def cancel_jobs(head: Head) -> int:
    """Cancel the jobs of a killed head, as the documentation says; return how many there were."""
    query = ("squeue", "--noheader", f"--name={head.run_name()}")
    count = len(ask(*query).splitlines())
    subprocess.run(["scancel", f"--name={head.run_name()}"], check=True)
    wait_for("the end of the cancelled jobs", lambda: not ask(*query), 120)
    return count


def finished(folder: Path, kind: str = "") -> dict[Path, int]:
    """When each table was written, without those that Snakemake does not know as finished."""
    tables = set((folder / "results/small" / kind).rglob("*.parquet"))
    return {path: path.stat().st_mtime_ns for path in tables - unfinished(folder)}


def unfinished(folder: Path) -> set[Path]:
    """Files that Snakemake has marked as incomplete: a mark's name is the encoded file name."""
    marks = folder / ".snakemake/incomplete"
    names = [path.relative_to(marks).parts for path in marks.rglob("*") if path.is_file()]
    encoded = ["".join(part.removeprefix("@") for part in parts) for parts in names]
    return {folder / base64.urlsafe_b64decode(name).decode() for name in encoded}


def attempts(first: Head, second: Head, number: str, name: str) -> str:
    """Check that killed jobs were repeated and asked for more; describe all jobs."""
    later = second.jobs()
    jobs = [*first.jobs(), *later]
    states = Counter(job.state for job in jobs)
    lines = [f"{len(jobs)} jobs in Slurm: " + ", ".join(f"{n} {s}" for s, n in states.items())]
    reasons = {name: f"process killed in job {number}", "summarise": "too little memory"}
    for repeated, reason in reasons.items():
        tries = [job for job in later if job.name == repeated]
        assert [job.attempt for job in tries] == [1, 2], tries
        assert [job.state for job in tries] == ["FAILED", "COMPLETED"], tries
        assert tries[0].memory < tries[1].memory, tries
        assert tries[0].minutes < tries[1].minutes, tries
        asked = " then ".join(f"{job.memory} MiB and {job.minutes} min" for job in tries)
        lines.append(f"{repeated}: {reason}; attempts 1 and 2 asked for {asked}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
