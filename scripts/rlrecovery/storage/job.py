"""What every door into the package needs: a log file, and errors that speak to a person."""

from __future__ import annotations

import errno
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.provenance import is_current

log = logging.getLogger(__name__)


#: What the system says no with, as something to do.
REASONS = {
    errno.ENOSPC: "the disk is full{where}; make room and run the workflow again",
    errno.EDQUOT: "the disk quota is used up{where}; make room and run the workflow again",
    errno.EROFS: "the results lie on a disk that is read-only{where}",
    errno.EACCES: "the results may not be written there{where}: check whose folder that is",
    errno.EPERM: "the results may not be written there{where}: check whose folder that is",
}


class _Log(logging.FileHandler):
    """A log file that is silent where the disk is full."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Not a traceback for every message that finds no room."""


def _told_to_end(*_: object) -> NoReturn:
    sys.exit("error: this job was told to end")


def _opened(path: str) -> _Log:
    """The log file; a sentence where there can be none."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handler = _Log(path, mode="w", encoding="utf-8")
    except OSError as error:
        if error.errno not in REASONS:
            raise
        sys.exit(f"error: {_reason(error)}")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


def _reason(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    return REASONS[error.errno or 0].format(where=where)


def _hold_to(source: str) -> None:
    if not is_current(source):
        raise BrokenFile(
            "the code of this project was changed after the study was started. Start the study "
            "again: what depends on the change is computed anew, and the rest is kept."
        )


def _end(sentence: str) -> NoReturn:
    log.error("%s", sentence)
    sys.exit(f"error: {sentence}")


@contextmanager
def logged(path: str, source: str) -> Iterator[None]:
    """Send log messages to a file while a job works.

    A job of other code than it was planned with does not begin: what it made would be mixed with
    what was made before. A `BrokenFile` ends the job with its sentence alone, as do a full disk and
    a folder that may not be written; any other exception goes into the log in full and on to the
    caller.

    Parameters
    ----------
    path : str
        Log file; its folder is made.
    source : str
        Fingerprint of the code that the job was planned with.
    """
    handler = _opened(path)
    ours = logging.getLogger("rlrecovery")
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(handler)
    # A cluster ends jobs by SIGTERM first: what is half written is then removed.
    before = signal.signal(signal.SIGTERM, _told_to_end)
    try:
        _hold_to(source)
        yield
        log.info("done")
    except BrokenFile as error:
        _end(str(error))
    except OSError as error:
        if error.errno not in REASONS:
            log.exception("this job failed")
            raise
        _end(_reason(error))
    except MemoryError:
        _end("there is too little memory for this job; on a cluster its next attempt asks for more")
    except Exception:
        log.exception("this job failed")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
        logging.captureWarnings(False)
        ours.removeHandler(handler)
        logging.getLogger("py.warnings").removeHandler(handler)
        with suppress(OSError):  # on a full disk what matters has been said elsewhere
            handler.close()
