"""What every door into the package needs: a log file, and errors that speak to a person."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rlrecovery.tables import BrokenFile

log = logging.getLogger(__name__)


@contextmanager
def logged(path: str) -> Iterator[None]:
    """Send log messages to a file while a job works.

    A `BrokenFile` ends the job with its sentence alone; any other exception goes into the log in
    full and on to the caller.

    Parameters
    ----------
    path : str
        Log file; its folder is made.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, mode="w", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    ours = logging.getLogger("rlrecovery")
    ours.setLevel(logging.INFO)
    ours.addHandler(handler)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addHandler(handler)
    try:
        yield
        log.info("done")
    except BrokenFile as error:
        log.error("%s", error)
        sys.exit(f"error: {error}")
    except Exception:
        log.exception("this job failed")
        raise
    finally:
        logging.captureWarnings(False)
        ours.removeHandler(handler)
        logging.getLogger("py.warnings").removeHandler(handler)
        handler.close()
