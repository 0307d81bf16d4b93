"""The process that hands a study's jobs to Slurm and waits for them, as a user would start it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from workflow.runs import ROOT

from cluster.slurm import ask, wait_for

PROFILE = ROOT / "workflow/profiles/slurm/config.yaml"

#: What one would change for this cluster: it keeps no accounts, and on one node nothing takes long.
OWN = {
    "slurm-status-command": "squeue",
    "slurm-init-seconds-before-status-checks": 2,
    "max-status-checks-per-second": 1,
    "latency-wait": 20,
}

#: Less memory than any job takes, at the first attempt; enough at the second.
TIGHT = {"mem_mb": "100 * attempt ** 4", "runtime": "10 * attempt"}


def write_profile(folder: Path) -> Path:
    """The project's profile with this cluster's entries, one rule being short of memory."""
    profile = yaml.safe_load(PROFILE.read_text())
    profile["default-resources"]["slurm_partition"] = "test"
    profile["set-resources"]["summarise"] = TIGHT
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(profile | OWN))
    return folder


@dataclass(frozen=True)
class Job:
    """A job as Slurm remembers it.

    Attributes
    ----------
    number : str
        Slurm's number of it.
    what : str
        Rule and wildcards.
    state : str
        COMPLETED, FAILED...
    attempt : int
        Which one it is.
    memory : int
        MiB that it asked for.
    minutes : int
        Minutes that it asked for.
    """

    number: str
    what: str
    state: str
    attempt: int
    memory: int
    minutes: int


@dataclass
class Head:
    """A running head process.

    Attributes
    ----------
    folder : Path
        The study's.
    log : Path
        What it says.
    process : Popen
        It.
    """

    folder: Path
    log: Path
    process: subprocess.Popen[Any]

    @classmethod
    def start(cls, folder: Path, log: Path, *arguments: object) -> Head:
        """Start one in a folder; what it says goes into a file."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile",
                   "--directory", folder, "--nocolor", *arguments]  # fmt: skip
        with log.open("w") as file:
            process = subprocess.Popen(
                list(map(str, command)), cwd=folder, stdout=file, stderr=file
            )
        return cls(folder, log, process)

    def said(self) -> str:
        """All that it has said so far."""
        return self.log.read_text()

    def name(self) -> str:
        """The name that all its jobs have."""

        def found() -> re.Match[str] | None:
            return re.search(r"SLURM run ID: (\S+)", self.said())

        wait_for("the name of the run", lambda: found() or self.ended(), 60)
        match = found()
        assert match, self.said()
        return match.group(1)

    def ended(self) -> bool:
        """Whether it is over."""
        return self.process.poll() is not None

    def finish(self, seconds: float) -> None:
        """Wait for its good end."""
        wait_for("the end of the study", self.ended, seconds)
        assert self.process.returncode == 0, self.said()

    def kill(self) -> None:
        """End it at once, with no chance to cancel its jobs."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> None:
        """End it as Ctrl-C does, if it runs: it cancels its jobs."""
        if not self.ended():
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def jobs(self) -> list[Job]:
        """All jobs that it has submitted."""
        numbers = ask(
            "squeue", "--noheader", "--states=all", f"--name={self.name()}", "--format=%i"
        ).split()
        return [self._job(number) for number in sorted(numbers, key=int)]

    def _job(self, number: str) -> Job:
        told = dict(
            re.findall(r"(\S+?)=(\S*)", ask("scontrol", "--oneliner", "show", "job", number))
        )
        script = ask("scontrol", "write", "batch_script", number, "-")
        attempt = re.search(r"--attempt (\d+)", script)
        assert attempt, script
        hours, minutes, _ = told["TimeLimit"].rsplit("-", 1)[-1].split(":")
        return Job(
            number=number,
            what=told["Comment"].removeprefix("rule_"),
            state=told["JobState"],
            attempt=int(attempt.group(1)),
            memory=_mebibytes(told["MinMemoryNode"]),
            minutes=60 * int(hours) + int(minutes),
        )

    def processes(self, job: str) -> dict[int, str]:
        """Process numbers of a running job with the commands that they are."""
        # Fails as long as, and as soon as, there are none.
        listed = subprocess.run(["scontrol", "listpids", job], capture_output=True, text=True)
        found = {}
        for number in map(int, re.findall(r"(?m)^(\d+)", listed.stdout)):
            try:
                command = Path(f"/proc/{number}/cmdline").read_bytes()
            except OSError:
                continue
            found[number] = command.replace(b"\0", b" ").decode()
        return found


def _mebibytes(text: str) -> int:
    number, unit = float(text[:-1]), text[-1]
    return round(number * {"M": 1, "G": 1024}[unit])


def working(head: Head, rule: str, seconds: float) -> tuple[str, str, int]:
    """A running job of a rule: its number, what it is, and the process at work.

    That is the process of the rule's script, which a cluster kills when it wants too much memory;
    the two of Snakemake around it live on.
    """
    end, mine = time.monotonic() + seconds, ("--states=R", f"--name={head.name()}")
    while time.monotonic() < end and not head.ended():
        for line in ask("squeue", "--noheader", *mine, "--format=%i %k").splitlines():
            number, what = line.split(maxsplit=1)
            if what.startswith(f"rule_{rule}_"):
                for process, command in head.processes(number).items():
                    if f".{rule}.py" in command:
                        return number, what.removeprefix("rule_"), process
        time.sleep(0.1)
    raise TimeoutError(f"no running job of {rule} within {seconds:.0f} s:\n{head.said()}")
