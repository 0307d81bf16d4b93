"""Stores the summary of a finished study for the documentation: ``store_study.py RUN...``."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from rlrecovery.figures.catalogue import write_figure

STUDIES = Path(__file__).resolve().parents[1] / "studies"
RECORDS = ("config.yaml", "design.csv", "provenance.json")


def store(run: Path) -> None:
    """Copy what figures and report are made from; tables as small Parquet files."""
    folder = STUDIES / run.name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "summary").mkdir(parents=True)
    for name in RECORDS:
        shutil.copy(run / name, folder / name)
    for path in sorted((run / "summary").iterdir()):
        if path.suffix == ".parquet":
            pq.write_table(
                pq.read_table(path), folder / "summary" / path.name,
                compression="zstd", compression_level=19,
            )  # fmt: skip
        elif not path.with_suffix(".parquet").exists():
            shutil.copy(path, folder / "summary" / path.name)


def draw_picture() -> None:
    """Draw the picture of the README from the default study."""
    with tempfile.TemporaryDirectory() as folder:
        write_figure("answer", STUDIES / "default" / "summary", folder)
        shutil.copy(Path(folder) / "answer.svg", STUDIES.parent / "answer.svg")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        store(Path(name))
    draw_picture()
