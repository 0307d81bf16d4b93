"""The Makefile: its help, its environment, and what a run shows and does on a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from settings import ROOT, study, write

#: A study with many short jobs.
MANY = study(truth={"alpha": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "beta": [1, 2, 3]})
CONFIG = "my study.yaml"
#: Longest time in seconds until a run on a terminal is interrupted and has ended.
LONGEST = 100


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files of the project that `make` needs, without an environment."""
    for name in ("Makefile", "Snakefile", "workflow", "scripts", "envs"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def make(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `make` with the environment of the tests in place of the project's own."""
    return subprocess.run(
        ["make", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        env=environment_of_make() | environment,
    )


def environment_of_make() -> dict[str, str]:
    """The environment without the variables of a `make` that runs the tests."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


def installed() -> list[str]:
    """Options of `make` that replace the project's environment by that of the tests."""
    return [f"BIN={Path(sys.executable).parent}", "READY="]


#: Runs `make` with standard input as its terminal, from which it gets signals. Tests in the
#: background of a shell ignore some of these, and so would all processes that they start.
ON_TERMINAL = """
import fcntl, os, signal, sys, termios
for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("make", ["make", *sys.argv[1:]])
"""


def interrupted(project: Path, *arguments: str, at: str) -> tuple[int, str, str]:
    """Run `make` on a pseudo-terminal and press Ctrl-C when a text appears.

    Returns the exit status, and what was shown before and after Ctrl-C.
    """
    terminal, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ON_TERMINAL, *arguments],
        cwd=project,
        env=environment_of_make() | {"TERM": "xterm"},
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    before, shown, began = b"", b"", time.monotonic()
    while time.monotonic() - began < LONGEST:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            text = os.read(terminal, 65536)
        except OSError:  # the end, on Linux
            break
        if not text:  # the end, on macOS
            break
        shown += text
        if not before and re.search(at.encode(), shown):
            os.write(terminal, b"\x03")
            before, shown = shown, b""
    else:
        os.killpg(process.pid, signal.SIGINT)
    os.close(terminal)
    status = process.wait()
    assert before, shown
    return status, before.decode(errors="replace"), shown.decode(errors="replace")


def without_bars(shown: str) -> list[str]:
    """Lines of text that remain on a terminal: without controls, bars and their frame."""
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("^C", "")
    lines = (line.strip() for line in re.split(r"[\r\n]+", text))
    return [line for line in lines if line and not re.search("[─│╭╰]", line)]


def test_make_alone_lists_every_verb_without_installing_anything(project):
    help_text = make(project, "help")
    assert help_text.returncode == 0
    assert make(project).stdout == help_text.stdout
    lines = help_text.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    (phony,) = re.findall(r"(?m)^\.PHONY: (.*)$", (ROOT / "Makefile").read_text())
    listed = [line.split()[0] for line in lines if re.match(r"  [a-z]", line)]
    assert sorted(listed) == sorted(set(phony.split()) - {"FORCE"})
    assert all(line.endswith(".") for line in lines if re.match(r"  [a-z]", line))
    assert not (project / ".venv").exists()


@pytest.fixture
def fake_uv(tmp_path: Path) -> str:
    """A search path with a `uv` that only notes that it was called."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "uv"
    script.write_text('#!/bin/sh\nmkdir -p .venv/bin\necho "$1" >> uv-calls\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_the_environment_is_made_again_when_the_content_of_the_lock_changes(project, fake_uv):
    (project / "envs").unlink()
    shutil.copytree(ROOT / "envs", project / "envs")
    lock, calls = project / "envs/requirements.lock", project / "uv-calls"

    def installs() -> int:
        assert make(project, ".venv/ready", PATH=fake_uv).returncode == 0
        return calls.read_text().splitlines().count("pip")

    assert installs() == 1
    later = time.time() + 1000
    os.utime(lock, (later, later))  # as after a checkout
    assert installs() == 1
    lock.write_text(lock.read_text() + "# another\n")
    assert installs() == 2
    assert installs() == 2


def test_a_failed_installation_is_not_taken_for_a_finished_one(project, fake_uv):
    uv = Path(fake_uv.split(os.pathsep)[0]) / "uv"
    uv.write_text("#!/bin/sh\nmkdir -p .venv\ntest $1 = venv\n")
    assert make(project, ".venv/ready", PATH=fake_uv).returncode != 0
    assert not (project / ".venv/ready").exists()


@pytest.mark.skipif(shutil.which("flock") is None, reason="flock is not installed")
def test_of_two_first_commands_one_installs_and_the_other_waits(project, fake_uv):
    uv = Path(fake_uv.split(os.pathsep)[0]) / "uv"
    uv.write_text(uv.read_text() + "sleep 0.5\n")
    environment = environment_of_make() | {"PATH": fake_uv}
    both = [subprocess.Popen(["make", ".venv/ready"], cwd=project, env=environment) for _ in "ab"]
    assert [one.wait() for one in both] == [0, 0]
    assert (project / "uv-calls").read_text().splitlines().count("pip") == 1
    assert (project / ".venv/ready").read_bytes() == (ROOT / "envs/requirements.lock").read_bytes()


def test_a_config_may_have_a_space_in_its_name(project):
    write(project, MANY, CONFIG)
    done = make(project, "check", f"CONFIG={CONFIG}", *installed())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{CONFIG} is valid: run small, 18 cells")
    plan = make(project, "-n", "run", "plan", "report", "replicate", f"CONFIG={CONFIG}")
    assert CONFIG not in plan.stdout  # it is passed on through the environment
    assert plan.stdout.count('"$CONFIG"') >= 6


def test_overwrite_reaches_snakemake_only_when_it_is_yes(project):
    for value, times in (("yes", 1), ("no", 0)):
        shown = make(project, "-n", "run", f"OVERWRITE={value}")
        assert shown.stdout.count("--config overwrite=true") == times


def test_new_takes_options_from_the_command_line_alone(project):
    options = ("TASK=reversal", "NAME=my study", "CORES=1", *installed())
    done = make(project, "new", *options, MODEL="wrong")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Next: make run CONFIG='my study.yaml'"
    assert (project / CONFIG).is_file()
    wrong = make(project, "new", "TRAILS=20", *installed())
    assert "unknown option TRAILS (did you mean TRIALS?)" in wrong.stderr


@pytest.mark.slow
def test_a_run_shows_bars_and_an_interruption_prints_one_line(project):
    write(project, MANY, CONFIG)
    arguments = ("run", f"CONFIG={CONFIG}", "CORES=2", *installed())
    status, before, after = interrupted(project, *arguments, at=r"simulate.*━.* [1-9]\d*%")
    assert status != 0
    assert "Total Progress" in before
    (line,) = without_bars(after)
    done = re.fullmatch(
        r"Interrupted: (\d+) of \d+ jobs are done and kept; run the same command again to go on\.",
        line,
    )
    assert done is not None
    assert int(done[1]) > 0
    kept = list((project / "results/small/trials").rglob("*.parquet"))
    assert kept
    rest = make(project, "plan", f"CONFIG={CONFIG}", *installed())
    assert rest.returncode == 0  # the folder is not locked
    assert max(map(len, rest.stdout.splitlines())) <= 80
    left = re.search(r"(?m)^simulate +(\d+)$", rest.stdout)
    assert left is not None
    assert 0 < int(left[1]) < 36


def test_a_run_that_is_interrupted_early_prints_one_line(project):
    write(project, MANY, CONFIG)
    arguments = ("run", f"CONFIG={CONFIG}", "CORES=2", *installed())
    status, _, after = interrupted(project, *arguments, at="workflow specific profile")
    assert status != 0
    (line,) = without_bars(after)
    assert line.startswith("Interrupted: ")
