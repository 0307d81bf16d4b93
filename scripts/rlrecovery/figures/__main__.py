"""Draw one figure: ``python -m rlrecovery.figures NAME SUMMARY``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlrecovery.figures.catalogue import FIGURES, files, write_figure
from rlrecovery.storage.files import BrokenFile


def main() -> None:
    """Draw the figure and print the paths of its files."""
    parser = argparse.ArgumentParser(prog="python -m rlrecovery.figures", description=__doc__)
    parser.add_argument("figure", choices=FIGURES, metavar="NAME", help=", ".join(FIGURES))
    parser.add_argument(
        "summary",
        metavar="SUMMARY",
        help="summary/ folder of a run, or a table in it if the figure reads no other",
    )
    parser.add_argument("--folder", default=".", help="folder for the files (default: this one)")
    options = parser.parse_args()
    if not Path(options.summary).exists():
        sys.exit(f"error: {options.summary} does not exist; give the summary/ folder of a run")
    try:
        write_figure(options.figure, options.summary, options.folder)
    except BrokenFile as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {options.folder} cannot be written to: {error.strerror}")
    print("\n".join(files(options.folder, options.figure)))


if __name__ == "__main__":
    main()
