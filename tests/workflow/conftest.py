"""One finished study for all tests of this folder."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from workflow.runs import FINISHED, run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a study that Snakemake ran to its report; read it only.

    Workers of one session share it: the first makes it, and the others wait. What Snakemake wrote
    is in its file ``output.txt``.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, output = shared / "finished", shared / "finished/output.txt"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not output.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            output.write_text(run(folder, FINISHED))
    return folder


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """Folder of a copy of the finished study, with all times kept; a test may change it."""
    return Path(shutil.copytree(finished, tmp_path / "copied"))
