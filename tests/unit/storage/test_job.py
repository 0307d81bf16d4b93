"""A job writes a log, ends on a broken file with one line, and hides no other error."""

from __future__ import annotations

import errno
import logging
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from rlrecovery.storage.files import BrokenFile, read_table
from rlrecovery.storage.fingerprint import source_fingerprint
from rlrecovery.storage.job import logged

log = logging.getLogger("rlrecovery.somewhere")
SOURCE = source_fingerprint("storage.job")


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "logs" / "fit" / "mle" / "one.log")


@pytest.fixture(autouse=True)
def loggers_are_restored():
    names = ("rlrecovery", "py.warnings")
    before = [list(logging.getLogger(name).handlers) for name in names]
    yield
    assert [list(logging.getLogger(name).handlers) for name in names] == before


def test_messages_are_written_to_the_file(path):
    with logged(path, SOURCE):
        log.info("cell %s: %d of %d", "n-1_t-2", 3, 4)
        log.debug("details")
    lines = Path(path).read_text().splitlines()
    assert lines[0].endswith("INFO cell n-1_t-2: 3 of 4")
    assert lines[-1].endswith("INFO done")
    assert len(lines) == 2


def test_messages_are_written_while_the_job_runs(path):
    with logged(path, SOURCE):
        log.info("half way")
        assert "half way" in Path(path).read_text()


def test_a_second_run_starts_a_new_log(path):
    for text in ("first", "second"):
        with logged(path, SOURCE):
            log.info(text)
    assert "first" not in Path(path).read_text()
    assert "second" in Path(path).read_text()


def test_after_the_job_nothing_more_is_written(path):
    with logged(path, SOURCE):
        pass
    before = Path(path).read_text()
    log.warning("from another job")
    assert Path(path).read_text() == before


def test_a_broken_file_is_one_line(path, tmp_path):
    broken = tmp_path / "trials.parquet"
    broken.write_bytes(b"PAR1")
    with pytest.raises(SystemExit) as caught, logged(path, SOURCE):
        read_table(broken)
    message = caught.value.code
    assert message.startswith(f"error: {broken} cannot be read")
    text = Path(path).read_text()
    assert str(broken) in text
    assert "Traceback" not in text
    assert "INFO done" not in text


def test_the_exit_status_is_not_zero(path):
    with pytest.raises(SystemExit) as caught, logged(path, SOURCE):
        raise BrokenFile("x.csv does not exist")
    assert caught.value.code == "error: x.csv does not exist"  # a text exits with status 1


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, OSError])
def test_any_other_error_is_raised_on_with_its_traceback_in_the_log(path, error):
    with pytest.raises(error, match="what went wrong"), logged(path, SOURCE):
        raise error("what went wrong")
    text = Path(path).read_text()
    assert "ERROR this job failed" in text
    assert "Traceback" in text
    assert f"{error.__name__}: what went wrong" in text
    assert "INFO done" not in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left", "a.csv"), ("disk is full", "a.csv")),
        (OSError(errno.ENOSPC, "No space left"), ("disk is full", "of compiled code")),
        (OSError(errno.EDQUOT, "Quota exceeded"), ("quota",)),
        (OSError(errno.EROFS, "Read-only", "a.csv"), ("read-only", "a.csv")),
        (PermissionError(errno.EACCES, "Denied", "a.csv"), ("permission", "a.csv")),
        (MemoryError(), ("too little memory",)),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), ("too little memory",)),
    ],
)
def test_errors_of_the_machine_are_one_line(path, error, words):
    with pytest.raises(SystemExit) as caught, logged(path, SOURCE):
        raise error
    assert all(word in caught.value.code for word in words)
    assert "\n" not in caught.value.code
    assert caught.value.code.removeprefix("error: ") in Path(path).read_text()
    assert "Traceback" not in Path(path).read_text()


#: Imports a library when only a few MiB are left of what a limit allows.
LIMITED = """
import importlib, resource, sys
import numpy
from rlrecovery.storage.job import logged
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
with logged(sys.argv[1], sys.argv[2]):
    if sys.argv[4] == "limited":
        resource.setrlimit(resource.RLIMIT_AS, (used + 8 * 2**20,) * 2)
    elif sys.argv[4] == "missing":
        raise ImportError("libnone.so: cannot open shared object file: No such file or directory")
    importlib.import_module(sys.argv[3])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory in use is read from /proc")
@pytest.mark.parametrize("library", ["llvmlite.binding", "scipy.linalg"])
def test_a_library_that_a_limit_of_memory_does_not_let_in_is_one_line(path, library):
    command = [sys.executable, "-c", LIMITED, path, SOURCE, library]
    done = subprocess.run([*command, "limited"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: too little memory for this job")
    assert len(done.stderr.splitlines()) == 1
    missing = subprocess.run([*command, "missing"], capture_output=True, text=True)
    assert "Traceback" in missing.stderr  # without a limit it is another mistake


def test_a_log_that_cannot_be_opened_is_one_line(path, monkeypatch):
    def mkdir(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system", path)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(SystemExit) as caught, logged(path, SOURCE):
        pass
    assert caught.value.code.startswith("error: ")
    assert path in caught.value.code


def test_sigterm_ends_the_job_in_order(path):
    previous, cleaned_up = signal.getsignal(signal.SIGTERM), []

    def job():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            cleaned_up.append(True)

    with pytest.raises(SystemExit) as caught, logged(path, SOURCE):
        job()
    assert cleaned_up
    assert "SIGTERM" in caught.value.code
    assert signal.getsignal(signal.SIGTERM) is previous


@pytest.mark.parametrize("source", ["storage.job:0123456789abcdef", "all:0123456789abcdef"])
def test_a_job_of_other_code_than_planned_does_not_start(path, source):
    started = []
    with pytest.raises(SystemExit) as caught, logged(path, source):
        started.append(True)
    assert not started
    assert "was changed after the study was started" in caught.value.code


def test_warnings_are_written_to_the_file(path):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with logged(path, SOURCE):
            warnings.warn("mind the gap", RuntimeWarning, stacklevel=1)
    assert "RuntimeWarning: mind the gap" in Path(path).read_text()


def test_warnings_are_restored_afterwards(path):
    before = warnings.showwarning
    with logged(path, SOURCE):
        assert warnings.showwarning is not before
    assert warnings.showwarning is before
