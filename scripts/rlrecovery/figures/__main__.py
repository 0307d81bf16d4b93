"""``python -m rlrecovery.figures NAME SUMMARY``: one figure alone, for who restyles it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlrecovery.figures.catalogue import FIGURES, files, write_figure
from rlrecovery.storage.files import BrokenFile


def main() -> None:
    """Draw one figure and say where its files are."""
    parser = argparse.ArgumentParser(prog="python -m rlrecovery.figures", description=__doc__)
    parser.add_argument("figure", choices=FIGURES, metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument(
        "summary", metavar="SUMMARY",
        help="a run's summary/ folder, or one of its tables if the figure needs no other",
    )  # fmt: skip
    parser.add_argument("--folder", default=".", help="where the files go (here, if not given)")
    options = parser.parse_args()
    if not Path(options.summary).exists():
        sys.exit(f"error: {options.summary} is not there; give a run's summary/ folder")
    try:
        write_figure(options.figure, options.summary, options.folder)
    except BrokenFile as mistake:
        sys.exit(f"error: {mistake}")
    print("\n".join(files(options.folder, options.figure)))


if __name__ == "__main__":
    main()
