"""Stores the summary of a finished study for the documentation: ``store_study.py RUN...``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from rlrecovery.figures.catalogue import write_figure
from rlrecovery.storage.digest import SUFFIX
from rlrecovery.storage.files import read_parquet, read_text, write_parquet, write_with_digest

STUDIES = Path(__file__).resolve().parents[1] / "studies"
RECORDS = ("config.yaml", "design.csv", "provenance.json")


def store(run: Path) -> None:
    """Copy what figures and report are made from; tables as small Parquet files.

    What is copied is compared with its digest first, and gets one in the copy.
    """
    folder = STUDIES / run.name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "summary").mkdir(parents=True)
    for name in RECORDS:
        _copy(run / name, folder / name)
    for path in sorted((run / "summary").iterdir()):
        if path.suffix == ".parquet":
            table = pq.read_table(read_parquet(path))
            small = {"compression": "zstd", "compression_level": 19}
            write_parquet(table, folder / "summary" / path.name, **small)
        elif path.suffix != SUFFIX and not path.with_suffix(".parquet").exists():
            _copy(path, folder / "summary" / path.name)


def _copy(source: Path, target: Path) -> None:
    """Copy a text file with its digest."""
    write_with_digest(read_text(source), target)


def draw_picture() -> None:
    """Draw the picture of the README from the default study."""
    with tempfile.TemporaryDirectory() as folder:
        write_figure("answer", STUDIES / "default" / "summary", folder)
        shutil.copy(Path(folder) / "answer.svg", STUDIES.parent / "answer.svg")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        store(Path(name))
    draw_picture()
