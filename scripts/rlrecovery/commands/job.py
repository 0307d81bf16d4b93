"""A job of a run as far as it is printed, and how its process ended."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path

from rlrecovery.commands.time_left import Kind

_STATUS = re.compile(r"returned non-zero exit status (\d+)")
_SIGNAL = re.compile(r"died with <Signals\.(\w+)")


@dataclass(frozen=True)
class Job:
    """A job that was started.

    Attributes
    ----------
    label : str
        Rule and wildcards, as they are printed.
    kind : Kind
        Rule, method and size; jobs of one kind take about the same time.
    benchmark : str
        Path of its benchmark; empty without one.
    """

    label: str
    kind: Kind
    benchmark: str

    @property
    def seconds(self) -> float | None:
        """Wall time from its benchmark; None if that cannot be read."""
        try:
            names, values = Path(self.benchmark).read_text(encoding="utf-8").splitlines()[:2]
            return float(dict(zip(names.split("\t"), values.split("\t"), strict=True))["s"])
        except (OSError, ValueError, KeyError):
            return None


def end_of_process(message: str) -> str:
    """How a process ended, from Snakemake's message of an exception; empty if it is about another.

    That is the exit status, or the name of the signal that ended the process.
    """
    if ended := _SIGNAL.search(message):
        name = ended[1]
    elif exited := _STATUS.search(message):
        number = int(exited[1]) - 128  # a shell reports a signal in this way
        if number not in set(signal.Signals):
            return f"exit status {exited[1]}"
        name = signal.Signals(number).name
    else:
        return ""
    return f"{name}, usually because memory ran out" if name == "SIGKILL" else name
