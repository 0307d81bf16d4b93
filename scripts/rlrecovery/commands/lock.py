"""Who works in a folder, for the message of a second run: process, host and time of its start.

Snakemake locks the files of a run but does not record by whom. A run therefore writes a record into
``.snakemake/runs/`` and keeps it locked (``flock``) as long as its process lives, even if that is
killed, so that a number of a process that was given to another one misleads nobody.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: Folder of the records, below the working directory of the workflow.
RECORDS = Path(".snakemake/runs")

#: Part of Snakemake's message about a locked folder.
LOCKED = "Directory cannot be locked"

# The open file keeps the lock of this process.
_own: list[IO[str]] = []


@dataclass(frozen=True)
class Holder:
    """A run that was started in a folder.

    Attributes
    ----------
    process : int
        Number of its process.
    host : str
        Name of the machine.
    since : str
        Time of its start.
    state : str
        ``running``, ``gone``, or ``unknown`` if the machine is another one.
    """

    process: int
    host: str
    since: str
    state: str

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, started on {self.since}"


def record_run(folder: Path = RECORDS) -> None:
    """Record that this process works in the folder, until it ends; stale records are removed."""
    with suppress(OSError):  # a run must not fail because of a message
        folder.mkdir(parents=True, exist_ok=True)
        for path, holder in _records(folder):
            if holder.state == "gone":
                path.unlink(missing_ok=True)
        path = folder / f"{socket.gethostname()}-{os.getpid()}.json"
        file = path.open("w", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        since = time.strftime("%d %b %Y at %H:%M:%S")
        json.dump({"process": os.getpid(), "host": socket.gethostname(), "since": since}, file)
        file.flush()
        _own.append(file)
        atexit.register(_forget, path, os.getpid())


def _forget(path: Path, process: int) -> None:
    if os.getpid() == process:  # not in a fork
        path.unlink(missing_ok=True)


def holders(folder: Path = RECORDS) -> list[Holder]:
    """Runs of the folder by their records: those that are running first, then unknown ones."""
    order = ("running", "unknown", "gone")
    return sorted((holder for _, holder in _records(folder)), key=lambda h: order.index(h.state))


def _records(folder: Path) -> Iterator[tuple[Path, Holder]]:
    """Yield every readable record with its path."""
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError), path.open() as file:
            content = json.load(file)
            process, host = int(content["process"]), str(content["host"])
            yield path, Holder(process, host, str(content["since"]), _state(file, host))


def _state(file: IO[str], host: str) -> str:
    """Whether the process that wrote a record lives; on another machine only if locks say so."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return "running"
    except OSError:  # the file system has no locks
        return "unknown"
    return "gone" if host == socket.gethostname() else "unknown"


def explanation(unlock: str, folder: Path = RECORDS) -> str:
    """Text about a locked folder: who holds it, and what to do.

    `unlock` is the command that removes the lock.
    """
    remedy = f"Remove the lock with `{unlock}`, and run the same command again."
    listed = holders(folder)
    running = [holder for holder in listed if holder.state == "running"]
    if running:
        names = "; ".join(map(str, running))
        return (
            f"error: another run works on the same files in {Path.cwd()}: {names}. Wait until it "
            "has ended, or interrupt it with Ctrl-C in its terminal; then run the same command "
            "again."
        )
    if listed and listed[0].state == "gone":
        return (
            f"error: the files of this run in {Path.cwd()} are still locked by {listed[0]}, which "
            f"was killed. Its finished files are kept. {remedy}"
        )
    by = f"by {listed[0]}" if listed else "by a process that left no record"
    where = f"on {listed[0].host} " if listed else ""
    return (
        f"error: the files of this run in {Path.cwd()} are locked {by}. Check {where}whether it is "
        f"still running, and wait if it is. Otherwise: {remedy[0].lower()}{remedy[1:]}"
    )
