"""`make test-kills`: a study that is killed at random moments and resumed, beside an unharmed one.

Killed with SIGKILL, in turn: Snakemake's own process, one job, and the whole process group. Its
tables must be, bit by bit, those of a study that nobody disturbed.
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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workflow.runs import BAYES, MEASURES, MLE, ROOT, same_numbers, snakemake, study, write

METHODS = {"mle": MLE, "bayes": BAYES, "hierarchical": BAYES | {"pooling": "partial"}}
TARGETS = ("results/small/design.csv", MEASURES)

#: Seconds after the first job of a run within which something is killed.
WITHIN = 6.0


def main() -> int:
    """Exit code: 0 if the numbers are the same."""
    parser = argparse.ArgumentParser(prog="make test-kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="how many, at the least")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the moments")
    options = parser.parse_args()
    print(f"{options.kills} kills at moments of seed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    print(survive(folder, large(options.kills), options.kills, random.Random(options.seed)))
    shutil.rmtree(folder)
    return 0


def large(kills: int) -> dict[str, Any]:
    """A study with a few jobs for every kill."""
    return study(methods=METHODS, replicates=max(4, kills), batch_size=1)


def survive(folder: Path, experiment: Mapping[str, Any], kills: int, moments: random.Random) -> str:
    """The same study twice in a folder, once with kills; what was seen, in words.

    Parameters
    ----------
    folder : Path
        A new one; it is left as it is where the studies differ.
    experiment : mapping
        A config of the run ``small``.
    kills : int
        How many there must be. The study ends afterwards.
    moments : Random
        When, and what.
    """
    hurt, whole = folder / "hurt", folder / "whole"
    for each in (hurt, whole):
        each.mkdir()
    arguments = (*TARGETS, "--configfile", write(folder, experiment))
    started, done, lives = time.monotonic(), Counter[str](), 0
    while sum(done.values()) < kills:
        lives += 1
        unlock(hurt, arguments)
        done += one_life(hurt, arguments, moments, ("head", "job", "group"), sum(done.values()))
        assert lives < 5 * kills, f"only {dict(done)} in {lives} runs"
    unlock(hurt, arguments)
    last = snakemake(hurt, *arguments, "--rerun-incomplete")
    assert last.returncode == 0, last.stdout + last.stderr
    middle = time.monotonic()
    alone = snakemake(whole, *arguments)
    assert alone.returncode == 0, alone.stdout + alone.stderr
    rows, tables = same_numbers(hurt, whole)
    return (
        f"Killed with SIGKILL: {', '.join(f'{n} x {what}' for what, n in sorted(done.items()))}, "
        f"in {lives} runs; the last one ended the study.\n"
        f"{rows} estimates and {tables} summary tables are, bit by bit, those of an undisturbed "
        f"study.\n{middle - started:.0f} s with kills, {time.monotonic() - middle:.0f} s without."
    )


def unlock(folder: Path, arguments: tuple[Any, ...]) -> None:
    """What a user is told to do after a crash."""
    if (folder / ".snakemake").is_dir():
        assert snakemake(folder, *arguments, "--unlock").returncode == 0


def one_life(
    folder: Path,
    arguments: tuple[Any, ...],
    moments: random.Random,
    victims: tuple[str, ...],
    before: int,
) -> Counter[str]:
    """Run the study until its head is gone, killing; the victims in turn, from the `before`-th."""
    done: Counter[str] = Counter()
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory",
               folder, "--cores", 2, "--nocolor", "--keep-going", "--rerun-incomplete",
               *arguments]  # fmt: skip
    with (folder.parent / "hurt.log").open("a") as log:
        head = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        while head.poll() is None:
            if not list(jobs_of(head.pid)):
                time.sleep(0.05)
                continue
            time.sleep(moments.uniform(0, WITHIN))
            what = victims[(before + done.total()) % len(victims)]
            done[what] += kill(what, head)
    finally:
        if head.poll() is None:
            os.killpg(head.pid, signal.SIGKILL)
            head.wait()
    wait_for_orphans(folder)
    return done


def kill(what: str, head: subprocess.Popen[Any]) -> int:
    """Kill it, if it is still there; how many were."""
    jobs = list(jobs_of(head.pid))
    if head.poll() is not None or (what == "job" and not jobs):
        return 0
    if what == "job":
        os.kill(jobs[-1], signal.SIGKILL)
        return 1
    if what == "head":
        os.kill(head.pid, signal.SIGKILL)
    else:
        os.killpg(head.pid, signal.SIGKILL)
    head.wait()
    return 1


def jobs_of(session: int) -> Iterator[int]:
    """Processes of a session that run a rule's script."""
    for number, words in processes():
        try:
            mine = os.getsid(number) == session
        except ProcessLookupError:
            continue
        if mine and ".snakemake/scripts/" in words:
            yield number


def processes() -> Iterator[tuple[int, str]]:
    """All processes with their command lines."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words:
            yield int(path.name), words


def wait_for_orphans(folder: Path) -> None:
    """Jobs outlive a killed head; a user who starts again in a hurry meets some of them."""
    end = time.monotonic() + 2
    while time.monotonic() < end and any(str(folder) in words for _, words in processes()):
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
