"""Add replicates to the cells of a run whose MCSEs are above the limits of its config.

`make run` calls it after each summary. It writes the new numbers to the file ``replicates.json`` of
the run and says what it did; the data sets themselves are made by the next run of Snakemake.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":  # Ctrl-C ends the command without a traceback, even during the imports
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rlrecovery.config.former import refusal
from rlrecovery.config.mistakes import wrapped
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.config.replicates import STATE, record_replicates, replicates_by_cell
from rlrecovery.config.settings import Experiment
from rlrecovery.report.growth_text import limits_text
from rlrecovery.report.numbers import plural
from rlrecovery.score.growth import excesses, grown
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import BrokenFile

#: Exit statuses: replicates were added, none are to be added, and a mistake.
GROWN, ENOUGH, FAILED = 0, 3, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Add replicates where they are needed; return one of the exit statuses."""
    parser = argparse.ArgumentParser(prog="python -m rlrecovery.commands.grow", description=__doc__)
    parser.add_argument("config", type=Path, help="config file of a study with a summary")
    parser.add_argument(
        "--forget", action="store_true", help="forget the numbers of a former study of this name"
    )
    options = parser.parse_args(arguments)
    try:
        experiment = load(options.config)
        run = Path("results") / experiment.run
        if options.forget:
            forget(experiment, run)
            return ENOUGH
        new = grow(experiment, run)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return FAILED
    except BrokenFile as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    if new:
        print(wrapped(_added(experiment, new)))
    return GROWN if new else ENOUGH


def grow(experiment: Experiment, run: Path) -> dict[str, int]:
    """Record new numbers of replicates of the cells that need more; return these.

    Parameters
    ----------
    experiment : Experiment
        The config.
    run : Path
        Folder of the run, with the summary of the present replicates.

    Raises
    ------
    BrokenFile
        If the summary cannot be read.
    """
    if experiment.sequential is None:
        return {}
    numbers = replicates_by_cell(experiment, run)
    summary = load_summary(run / "summary", ("recovery",))
    new = grown(excesses(summary, experiment, numbers), experiment, numbers)
    if new:
        record_replicates(numbers | new, run)
    return new


def forget(experiment: Experiment, run: Path) -> None:
    """Delete the numbers of replicates if the folder holds another study, which is replaced."""
    if refusal(experiment, run):
        for name in (STATE, f"{STATE}.sha256"):
            (run / name).unlink(missing_ok=True)


def _added(experiment: Experiment, new: Mapping[str, int]) -> str:
    low, high = min(new.values()), max(new.values())
    sizes = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    return (
        f"Replicates are added to {plural(len(new), 'cell')}, which then "
        f"{'has' if len(new) == 1 else 'have'} {sizes}, until {limits_text(experiment, 'is')}."
    )


if __name__ == "__main__":
    sys.exit(main())
