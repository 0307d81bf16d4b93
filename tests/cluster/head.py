"""Snakemake's own process (the head), which submits a study's jobs to Slurm, and its jobs."""

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
from settings import ROOT

from cluster.slurm import ask, wait_for

PROFILE = ROOT / "workflow/profiles/slurm/config.yaml"

#: Entries for this cluster: it has no accounting, and one node that answers at once.
PROFILE_CHANGES = {
    "slurm-status-command": "squeue",
    "slurm-init-seconds-before-status-checks": 2,
    "max-status-checks-per-second": 1,
    "latency-wait": 20,
}

#: Less memory than any job takes, at the first attempt; enough at the second.
TIGHT = {"mem_mb": "100 * attempt ** 4", "runtime": "10 * attempt"}


def write_profile(folder: Path) -> Path:
    """Write the profile with this cluster's entries; one rule asks for too little memory."""
    profile = yaml.safe_load(PROFILE.read_text())
    profile["default-resources"]["slurm_partition"] = "test"
    profile["set-resources"] = {"summarise": TIGHT}
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(profile | PROFILE_CHANGES))
    return folder


@dataclass(frozen=True)
class Job:
    """A job as Slurm describes it.

    Attributes
    ----------
    number : str
        Slurm's number of the job.
    name : str
        Rule and wildcards.
    state : str
        COMPLETED, FAILED...
    attempt : int
        Number of the attempt, from 1.
    memory : int
        Requested memory, in MiB.
    minutes : int
        Requested time, in minutes.
    """

    number: str
    name: str
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
        Working directory of the study.
    log : Path
        File of its output.
    process : Popen
        The process.
    """

    folder: Path
    log: Path
    process: subprocess.Popen[Any]

    @classmethod
    def start(cls, folder: Path, log: Path, *arguments: object) -> Head:
        """Launch a study in a folder, with its output in a file."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile",
                   "--directory", folder, "--nocolor", *arguments]  # fmt: skip
        with log.open("w") as file:
            process = subprocess.Popen(
                list(map(str, command)), cwd=folder, stdout=file, stderr=file
            )
        return cls(folder, log, process)

    def output(self) -> str:
        """All of its output so far."""
        return self.log.read_text()

    def run_name(self) -> str:
        """The name that all of its jobs have in Slurm."""

        def search() -> re.Match[str] | None:
            return re.search(r"SLURM run ID: (\S+)", self.output())

        wait_for("the name of the run", lambda: search() or self.ended(), 60)
        match = search()
        assert match, self.output()
        return match.group(1)

    def ended(self) -> bool:
        """Whether the process has ended."""
        return self.process.poll() is not None

    def finish(self, seconds: float) -> None:
        """Wait until the study has ended without an error."""
        wait_for("the end of the study", self.ended, seconds)
        assert self.process.returncode == 0, self.output()

    def kill(self) -> None:
        """End the process with SIGKILL, so that it cannot cancel its jobs."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> None:
        """End the process as Ctrl-C does, if it runs: it cancels its jobs."""
        if not self.ended():
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()

    def jobs(self) -> list[Job]:
        """All jobs that this head has submitted."""
        numbers = ask(
            "squeue", "--noheader", "--states=all", f"--name={self.run_name()}", "--format=%i"
        ).split()
        return [self._job(number) for number in sorted(numbers, key=int)]

    def _job(self, number: str) -> Job:
        fields = dict(
            re.findall(r"(\S+?)=(\S*)", ask("scontrol", "--oneliner", "show", "job", number))
        )
        script = ask("scontrol", "write", "batch_script", number, "-")
        attempt = re.search(r"--attempt (\d+)", script)
        assert attempt, script
        hours, minutes, _ = fields["TimeLimit"].rsplit("-", 1)[-1].split(":")
        return Job(
            number=number,
            name=fields["Comment"].removeprefix("rule_"),
            state=fields["JobState"],
            attempt=int(attempt.group(1)),
            memory=_mebibytes(fields["MinMemoryNode"]),
            minutes=60 * int(hours) + int(minutes),
        )

    def processes(self, job: str) -> dict[int, str]:
        """Process numbers of a running job, and the command of each."""
        # It fails before the first process has started and after the last has ended.
        listed = subprocess.run(["scontrol", "listpids", job], capture_output=True, text=True)
        commands = {}
        for number in map(int, re.findall(r"(?m)^(\d+)", listed.stdout)):
            try:
                command = Path(f"/proc/{number}/cmdline").read_bytes()
            except OSError:
                continue
            commands[number] = command.replace(b"\0", b" ").decode()
        return commands


def _mebibytes(text: str) -> int:
    number, unit = float(text[:-1]), text[-1]
    return round(number * {"M": 1, "G": 1024}[unit])


def running_job(head: Head, rule: str, seconds: float) -> tuple[str, str, int]:
    """Wait for a running job of a rule; return its number, its name and a process number.

    The process is that of the rule's script, which a cluster kills when it uses too much memory;
    the two Snakemake processes around it live on.
    """
    end = time.monotonic() + seconds
    query = ("squeue", "--noheader", "--states=R", f"--name={head.run_name()}", "--format=%i %k")
    while time.monotonic() < end and not head.ended():
        for line in ask(*query).splitlines():
            number, comment = line.split(maxsplit=1)
            if comment.startswith(f"rule_{rule}_"):
                for process, command in head.processes(number).items():
                    if f".{rule}.py" in command:
                        return number, comment.removeprefix("rule_"), process
        time.sleep(0.1)
    raise TimeoutError(f"no running job of {rule} within {seconds:.0f} s:\n{head.output()}")
