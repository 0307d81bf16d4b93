"""`make test-kills`: compare a study that is killed at random moments with an undisturbed one.

SIGKILL hits in turn Snakemake's own process (the head), one job, and the whole process group. The
tables of the resumed study must be, bit by bit, those of the undisturbed one.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from settings import BAYES, MLE, ROOT, study, write
from workflow.runs import MEASURES, run, same_numbers, snakemake

METHODS = {"mle": MLE, "bayes": BAYES, "hierarchical": BAYES | {"pooling": "partial"}}
TARGETS = ("results/small/design.csv", MEASURES)
VICTIMS = ("head", "job", "group")

#: Seconds after the first job of a run within which something is killed.
WITHIN = 6.0


def main() -> int:
    """Run the test; the exit code is 0 if the numbers are the same."""
    parser = argparse.ArgumentParser(prog="make test-kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="least number of kills")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the moments")
    options = parser.parse_args()
    print(f"{options.kills} kills at moments of seed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    experiment = study(methods=METHODS, replicates=max(4, options.kills), batch_size=1)
    print(survive(folder, experiment, options.kills, random.Random(options.seed)))
    shutil.rmtree(folder)
    return 0


def launch_undisturbed(folder: Path, experiment: dict[str, Any]) -> None:
    """Run a study as a user does, with nothing killed."""
    run(folder, experiment, *TARGETS, cores=2)


def survive(
    folder: Path,
    experiment: dict[str, Any],
    kills: int,
    moments: random.Random,
    *,
    victims: tuple[str, ...] = VICTIMS,
    within: float = WITHIN,
    undisturbed: Callable[[Path, dict[str, Any]], object] = launch_undisturbed,
) -> str:
    """Run a study twice, once with kills, compare the two and describe what happened.

    Parameters
    ----------
    folder : Path
        A new folder; where the studies differ, both are left in it.
    experiment : dict
        Config of a study named ``small``.
    kills : int
        Least number of kills before the study is resumed for the last time.
    moments : Random
        Draws when something is killed.
    victims : tuple of str
        What is killed, in turn: ``head``, ``job`` or ``group``.
    within : float
        Longest time in seconds between a look for running jobs and a kill.
    undisturbed : callable
        Runs the study in another folder without kills.
    """
    killed_folder, whole_folder = folder / "killed", folder / "whole"
    for new in (killed_folder, whole_folder):
        new.mkdir()
    arguments = (*TARGETS, "--configfile", write(folder, experiment))
    started, killed, launches = time.monotonic(), Counter[str](), 0
    while killed.total() < kills:
        launches += 1
        unlock(killed_folder, arguments)
        turn = killed.total() % len(victims)
        following = victims[turn:] + victims[:turn]
        killed += launch_and_kill(killed_folder, arguments, moments, following, within)
        assert launches < 5 * kills, f"only {dict(killed)} in {launches} launches"
    unlock(killed_folder, arguments)
    resumed = snakemake(killed_folder, *arguments, "--rerun-incomplete", cores=2)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    middle = time.monotonic()
    undisturbed(whole_folder, experiment)
    rows, tables = same_numbers(killed_folder, whole_folder)
    counts = ", ".join(f"{n} x {victim}" for victim, n in sorted(killed.items()))
    return (
        f"Killed with SIGKILL: {counts}, in {launches} launches; one more ended the study.\n"
        f"{rows} estimates and {tables} summary tables are, bit by bit, those of an undisturbed "
        f"study.\n{middle - started:.0f} s with kills, {time.monotonic() - middle:.0f} s without."
    )


def unlock(folder: Path, arguments: tuple[Any, ...]) -> None:
    """Remove the lock, as Snakemake tells its users after a crash."""
    if (folder / ".snakemake").is_dir():
        assert snakemake(folder, *arguments, "--unlock").returncode == 0


def launch_and_kill(
    folder: Path,
    arguments: tuple[Any, ...],
    moments: random.Random,
    victims: tuple[str, ...],
    within: float,
) -> Counter[str]:
    """Launch a study and kill one victim after the other until Snakemake's process has ended."""
    killed: Counter[str] = Counter()
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory",
               folder, "--cores", 2, "--nocolor", "--keep-going", "--rerun-incomplete",
               *arguments]  # fmt: skip
    with (folder.parent / "killed.log").open("a") as log:
        head = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        while head.poll() is None:
            if not list(jobs_of(head.pid)):
                time.sleep(0.05)
                continue
            time.sleep(moments.uniform(0, within))
            victim = victims[killed.total() % len(victims)]
            killed[victim] += kill(victim, head)
    finally:
        if head.poll() is None:
            os.killpg(head.pid, signal.SIGKILL)
            head.wait()
    wait_for_orphans(folder)
    return killed


def kill(victim: str, head: subprocess.Popen[Any]) -> int:
    """Kill a victim if it runs; return how many were killed."""
    jobs = list(jobs_of(head.pid))
    if head.poll() is not None or (victim == "job" and not jobs):
        return 0
    if victim == "job":
        os.kill(jobs[-1], signal.SIGKILL)
        return 1
    if victim == "head":
        os.kill(head.pid, signal.SIGKILL)
    else:
        os.killpg(head.pid, signal.SIGKILL)
    head.wait()
    return 1


def jobs_of(session: int) -> Iterator[int]:
    """Process numbers of a session's jobs: they run a rule's script."""
    for number, command in processes():
        try:
            in_session = os.getsid(number) == session
        except ProcessLookupError:
            continue
        if in_session and ".snakemake/scripts/" in command:
            yield number


def processes() -> Iterator[tuple[int, str]]:
    """Numbers and command lines of all processes."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if command:
            yield int(path.name), command


def wait_for_orphans(folder: Path) -> None:
    """Wait up to 2 s for jobs that outlive their head; a user in a hurry meets some of them."""
    end = time.monotonic() + 2
    while time.monotonic() < end and any(str(folder) in command for _, command in processes()):
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
