"""Draw one figure: ``python -m rlrecovery.figures NAME SUMMARY``.

With ``--config FILE``, its section ``figures`` is applied, and NAME can be a figure that it
composes. The rest of the config is checked too, but does not matter.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlrecovery.config.figures import FigureSettings
from rlrecovery.config.mistakes import did_you_mean
from rlrecovery.figures.catalogue import FIGURES, files, write_figure
from rlrecovery.storage.files import BrokenFile


def main() -> None:
    """Draw the figure and print the paths of its files."""
    parser = argparse.ArgumentParser(
        prog="python -m rlrecovery.figures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "figure", metavar="NAME", help=f"{', '.join(FIGURES)}, or a figure that the config composes"
    )
    parser.add_argument(
        "summary",
        metavar="SUMMARY",
        help="summary/ folder of a run, or a table in it if the figure reads no other",
    )
    parser.add_argument("--folder", default=".", help="folder for the files (default: this one)")
    parser.add_argument("--config", metavar="FILE", help="config with a section figures")
    options = parser.parse_args()
    settings = _settings(options.config)
    names = [*FIGURES, *settings.compose]
    if options.figure not in names:
        hint = did_you_mean(options.figure, names)
        sys.exit(f"error: there is no figure {options.figure}{hint}; figures: {', '.join(names)}")
    if not Path(options.summary).exists():
        sys.exit(f"error: {options.summary} does not exist; give the summary/ folder of a run")
    try:
        write_figure(options.figure, options.summary, options.folder, settings)
    except BrokenFile as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {options.folder} cannot be written to: {error.strerror}")
    print("\n".join(files(options.folder, options.figure, settings.formats)))


def _settings(config: str | None) -> FigureSettings:
    """Section ``figures`` of a config, or the defaults."""
    if config is None:
        return FigureSettings()
    from rlrecovery.config.reader import ConfigError, load

    try:
        return load(config).figures
    except ConfigError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
