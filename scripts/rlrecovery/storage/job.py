"""Job wrapper: log file, SIGTERM, and errors of the machine as readable messages."""

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
from rlrecovery.storage.fingerprint import is_current

log = logging.getLogger(__name__)

#: Message by error number of the operating system; ``{file}`` is the file, in parentheses. Where an
#: error of a full disk names no file, `_DISKS` stands there.
MESSAGES = {
    errno.ENOSPC: "the disk is full{file}; free some space and rerun the workflow",
    errno.EDQUOT: "the disk quota is used up{file}; free some space and rerun the workflow",
    errno.EROFS: "the results are on a read-only disk{file}",
    errno.EACCES: "no permission to write the results{file}: check who owns that folder",
    errno.EPERM: "no permission to write the results{file}: check who owns that folder",
}

#: The disks to which jobs write.
_DISKS = " (that of the results, of compiled code or of temporary files)"


@contextmanager
def logged(path: str, source: str) -> Iterator[None]:
    """Run the body of a job with a log file and readable errors.

    The job exits with a one-line message after a `BrokenFile`, too little memory, a full disk or
    missing write permission. The log file `path` contains this message, or the traceback of any
    other error, which is raised again. If the fingerprint `source` of the code has changed since
    the job was planned, the job does not start: its results would be mixed with earlier ones.
    """
    handler = _open_log(path)
    package_log, warnings_log = logging.getLogger("rlrecovery"), logging.getLogger("py.warnings")
    package_log.setLevel(logging.INFO)
    package_log.addHandler(handler)
    logging.captureWarnings(True)
    warnings_log.addHandler(handler)
    # Clusters end jobs with SIGTERM: exit in order, so that temporary files are removed.
    previous = signal.signal(signal.SIGTERM, _exit_on_sigterm)
    try:
        if not is_current(source):
            raise BrokenFile(
                "the code of this project was changed after the study was started. Restart the "
                "study: only results that depend on the change are recomputed."
            )
        yield
        log.info("done")
    except Exception as error:
        message = _message(error)
        if message is None:
            log.exception("this job failed")
            raise
        log.error("%s", message)
        sys.exit(f"error: {message}")
    finally:
        signal.signal(signal.SIGTERM, previous)
        logging.captureWarnings(False)
        package_log.removeHandler(handler)
        warnings_log.removeHandler(handler)
        with suppress(OSError):  # a full disk has been reported already
            handler.close()


class _LogFile(logging.FileHandler):
    """A log file that ignores errors while writing, such as a full disk."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Ignore the error; the default prints a traceback for every message."""


def _open_log(path: str) -> _LogFile:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path, mode="w", encoding="utf-8")
    except OSError as error:
        message = _message(error)
        if message is None:
            raise
        sys.exit(f"error: {message}")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    return handler


def _message(error: Exception) -> str | None:
    """One-line message for an error of the machine or of a file; None for all other errors."""
    if isinstance(error, BrokenFile):
        return str(error)
    if isinstance(error, MemoryError) or _lacks_memory(error):
        return "too little memory for this job; on a cluster, the next attempt requests more"
    if isinstance(error, OSError) and error.errno in MESSAGES:
        unnamed = _DISKS if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        file = f" ({error.filename})" if error.filename else unnamed
        return MESSAGES[error.errno].format(file=file)
    return None


def _lacks_memory(error: Exception) -> bool:
    """Whether an error says in another way that memory ran out.

    Libraries are loaded into memory: under a limit (``ulimit -v``), which a job reaches while it
    imports them, the error is about the library, and not even a `MemoryError`.
    """
    if not isinstance(error, OSError | ImportError):
        return False
    is_library = "shared object" in str(error) and _memory_is_limited()
    return getattr(error, "errno", None) == errno.ENOMEM or is_library


def _memory_is_limited() -> bool:
    """Whether the address space of this process has a limit."""
    if sys.platform == "win32":
        return False
    import resource  # not on Windows

    return resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY


def _exit_on_sigterm(*_: object) -> NoReturn:
    sys.exit("error: this job was terminated (SIGTERM)")
