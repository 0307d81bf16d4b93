"""The message of a second run says who works in the folder, and what to do."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rlrecovery.commands import lock

ROOT = Path(__file__).parents[3]
UNLOCK = ".venv/bin/snakemake --unlock"


@pytest.fixture
def run(tmp_path):
    """A process that works in a folder."""
    code = "from rlrecovery.commands import lock; lock.record_run(); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_run_that_works_in_the_folder_is_named(run, tmp_path):
    folder = tmp_path / lock.RECORDS
    (holder,) = lock.holders(folder)
    assert (holder.process, holder.host, holder.state) == (
        run.pid,
        socket.gethostname(),
        "running",
    )
    text = lock.explanation(UNLOCK, folder)
    named = rf": process {run.pid} on {holder.host}, started on \d\d \w+ \d{{4}} at [\d:]+\. Wait"
    assert re.search(named, text)
    assert UNLOCK not in text  # never while it is running
    assert "\n" not in text


def test_its_record_goes_with_it(run, tmp_path):
    run.communicate("\n")
    assert run.returncode == 0
    assert list((tmp_path / lock.RECORDS).iterdir()) == []


def test_a_run_that_was_killed_is_named_with_the_command_that_unlocks(run, tmp_path, monkeypatch):
    folder = tmp_path / lock.RECORDS
    run.send_signal(signal.SIGKILL)
    run.wait()
    (holder,) = lock.holders(folder)
    assert holder.state == "gone"
    text = lock.explanation(UNLOCK, folder)
    assert f"locked by {holder}, which was killed" in text
    assert text.endswith(f"Remove the lock with `{UNLOCK}`, and run the same command again.")
    monkeypatch.setattr(lock, "_own", [])
    lock.record_run(folder)  # the next run removes its record
    assert [h.process for h in lock.holders(folder)] == [os.getpid()]


def test_a_run_on_another_machine_is_to_be_checked_there(tmp_path):
    record = {"process": 1, "host": "node7", "since": "01 Jan 2030 at 12:00:00"}
    (tmp_path / "node7-1.json").write_text(json.dumps(record))
    text = lock.explanation(UNLOCK, tmp_path)
    assert (
        "locked by process 1 on node7, started on 01 Jan 2030 at 12:00:00. Check on node7" in text
    )
    assert f"Otherwise: remove the lock with `{UNLOCK}`" in text


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"process": "x"}', "\x00"])
def test_without_a_readable_record_the_text_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / "a.json").write_text(content)
    assert lock.holders(tmp_path) == []
    assert "locked by a process that left no record. Check whether" in lock.explanation(
        UNLOCK, tmp_path
    )


def test_a_record_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "file").touch()
    lock.record_run(tmp_path / "file" / "runs")
