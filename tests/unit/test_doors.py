"""Every door writes a log, ends on a broken file with one sentence, and hides no other error."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest

from rlrecovery.doors import logged
from rlrecovery.tables import BrokenFile, read_table

log = logging.getLogger("rlrecovery.somewhere")


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "logs" / "fit" / "mle" / "one.log")


@pytest.fixture(autouse=True)
def loggers_are_left_as_they_were():
    names = ("rlrecovery", "py.warnings")
    before = [list(logging.getLogger(name).handlers) for name in names]
    yield
    assert [list(logging.getLogger(name).handlers) for name in names] == before


def test_messages_land_in_the_file(path):
    with logged(path):
        log.info("cell %s: %d of %d", "n-1_t-2", 3, 4)
        log.debug("details")
    lines = Path(path).read_text().splitlines()
    assert lines[0].endswith("INFO cell n-1_t-2: 3 of 4")
    assert lines[-1].endswith("INFO done")
    assert len(lines) == 2


def test_they_are_there_while_the_job_works(path):
    with logged(path):
        log.info("half way")
        assert "half way" in Path(path).read_text()


def test_a_second_run_starts_a_new_log(path):
    for text in ("first", "second"):
        with logged(path):
            log.info(text)
    assert "first" not in Path(path).read_text()
    assert "second" in Path(path).read_text()


def test_after_the_job_nothing_more_is_written(path):
    with logged(path):
        pass
    before = Path(path).read_text()
    log.warning("from another job")
    assert Path(path).read_text() == before


def test_a_broken_file_is_one_sentence(path, tmp_path):
    broken = tmp_path / "trials.parquet"
    broken.write_bytes(b"PAR1")
    with pytest.raises(SystemExit) as caught, logged(path):
        read_table(broken)
    sentence = caught.value.code
    assert sentence.startswith(f"error: {broken} cannot be read")
    text = Path(path).read_text()
    assert str(broken) in text
    assert "Traceback" not in text
    assert "INFO done" not in text


def test_the_exit_status_is_not_zero(path):
    with pytest.raises(SystemExit) as caught, logged(path):
        raise BrokenFile("x.csv is not there")
    assert caught.value.code == "error: x.csv is not there"  # a text exits with status 1


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError, MemoryError])
def test_any_other_error_goes_on_with_its_traceback_in_the_log(path, error):
    with pytest.raises(error, match="what went wrong"), logged(path):
        raise error("what went wrong")
    text = Path(path).read_text()
    assert "ERROR this job failed" in text
    assert "Traceback" in text
    assert f"{error.__name__}: what went wrong" in text
    assert "INFO done" not in text


def test_warnings_land_in_the_file_too(path):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with logged(path):
            warnings.warn("mind the gap", RuntimeWarning, stacklevel=1)
    assert "RuntimeWarning: mind the gap" in Path(path).read_text()


def test_warnings_afterwards_go_where_they_went_before(path):
    before = warnings.showwarning
    with logged(path):
        assert warnings.showwarning is not before
    assert warnings.showwarning is before
