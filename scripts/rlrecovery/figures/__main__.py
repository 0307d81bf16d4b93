"""Draw figures: ``python -m rlrecovery.figures NAME SUMMARY``.

With ``--config FILE``, its section ``figures`` is applied, and NAME can be a figure that it
composes, or ``all`` for every figure of the study. The rest of the config is checked too, but does
not matter.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlrecovery.config.figures import FigureSettings
from rlrecovery.config.mistakes import did_you_mean
from rlrecovery.figures.catalogue import FIGURES, available_figures, files, write_figure
from rlrecovery.storage.files import BrokenFile


def main() -> None:
    """Draw the figures and print the paths of their files."""
    parser = argparse.ArgumentParser(
        prog="python -m rlrecovery.figures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "figure", metavar="NAME", help=f"{', '.join(FIGURES)}, one that the config composes, or all"
    )
    parser.add_argument(
        "summary",
        metavar="SUMMARY",
        help="summary/ folder of a run, or a table in it if the figure reads no other",
    )
    parser.add_argument("--folder", default=".", help="folder for the files (default: this one)")
    parser.add_argument("--config", metavar="FILE", help="config with a section figures")
    options = parser.parse_args()
    settings, of_study = _of_config(options.config)
    names = [*FIGURES, *settings.compose, "all"]
    if options.figure not in names:
        hint = did_you_mean(options.figure, names)
        sys.exit(f"error: there is no figure {options.figure}{hint}; figures: {', '.join(names)}")
    if options.figure == "all" and not of_study:
        sys.exit(
            "error: all needs --config, which says which figures the study has; the config.yaml "
            "beside the summary/ folder will do"
        )
    if not Path(options.summary).exists():
        sys.exit(f"error: {options.summary} does not exist; give the summary/ folder of a run")
    for name in of_study if options.figure == "all" else [options.figure]:
        _draw(name, options.summary, options.folder, settings)


def _draw(name: str, summary: str, folder: str, settings: FigureSettings) -> None:
    """Draw a figure and print the paths of its files."""
    try:
        write_figure(name, summary, folder, settings)
    except BrokenFile as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {folder} cannot be written to: {error.strerror}")
    print("\n".join(files(folder, name, settings.formats)))


def _of_config(config: str | None) -> tuple[FigureSettings, list[str]]:
    """Section ``figures`` of a config, or the defaults; and the names of the study's figures."""
    if config is None:
        return FigureSettings(), []
    from rlrecovery.config.reader import ConfigError, load

    try:
        experiment = load(config)
    except ConfigError as error:
        sys.exit(str(error))
    return experiment.figures, [*available_figures(experiment), *experiment.figures.compose]


if __name__ == "__main__":
    main()
