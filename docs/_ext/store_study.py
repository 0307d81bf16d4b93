"""Stores the summary of a finished study for the documentation: ``store_study.py RUN...``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq

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


if __name__ == "__main__":
    for name in sys.argv[1:]:
        store(Path(name))
