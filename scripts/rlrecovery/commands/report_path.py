"""``python -m rlrecovery.commands.report_path [--beside] CONFIG``: where the report of a config is."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from rlrecovery.config import load

#: The workflow engine's own report, beside the study's.
BESIDE = "workflow-report.html"


def report_of(config: str) -> Path:
    """Path of the report of a config."""
    return Path("results") / load(config).run / "report.html"


def unwritable(run: str) -> list[str]:
    """Folders of a run, or the nearest one above it, in which nothing can be written."""
    place = Path(run)
    there = next(folder for folder in (place, *place.parents) if folder.is_dir())
    inside = sorted(path for path in place.glob("*") if path.is_dir())
    return [str(folder) for folder in (there, *inside) if not os.access(folder, os.W_OK)]


def sentence(config: str) -> str:
    """One line that says where the report is, or that there is none yet."""
    report = report_of(config)
    if report.is_file():
        return f"The report is {report}: open it in any browser."
    return f"There is no report yet: {report} is not there."


def main() -> None:
    """Print the line, or with ``--beside`` the path of the workflow engine's own report."""
    parser = argparse.ArgumentParser(
        prog="python -m rlrecovery.commands.report_path", description=__doc__
    )
    parser.add_argument("--beside", action="store_true", help="path of the workflow's own report")
    parser.add_argument("config")
    options = parser.parse_args()
    beside = report_of(options.config).with_name(BESIDE)
    print(beside if options.beside else sentence(options.config))


if __name__ == "__main__":
    main()
