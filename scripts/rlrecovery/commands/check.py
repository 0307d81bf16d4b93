"""``make check``: report all mistakes of a config, what it takes, and what is unlikely to be meant.

This is no part of the room ``config``, because what a study takes is known to ``planning`` alone.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":  # Ctrl-C ends the command without a traceback, even during the imports
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import sys
from collections.abc import Iterator, Sequence

from rlrecovery.config.calibrations import calibrated_batches
from rlrecovery.config.decimal_commas import decimal_commas
from rlrecovery.config.effects import effect_batches, effect_cells
from rlrecovery.config.mistakes import Mistake, wrapped
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, methods_of
from rlrecovery.config.unlikely import unlikely_values
from rlrecovery.config.yaml_file import Document, read_yaml
from rlrecovery.planning.size import in_words, size_of, too_large
from rlrecovery.report.numbers import plural


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a config; return exit status 1 if it has mistakes or is too large for any machine."""
    parser = argparse.ArgumentParser(
        prog="python -m rlrecovery.commands.check", description=main.__doc__
    )
    parser.add_argument("file", metavar="FILE", help="config file of a study")
    file = parser.parse_args(arguments).file
    document = read_yaml(file)
    commas = list(decimal_commas(document.root)) if document.root is not None else []
    try:
        experiment = load(file)
        size = size_of(experiment)
        if excess := list(too_large(size)):
            raise ConfigError(excess, file)
    except ConfigError as error:
        print(error, file=sys.stderr)
        for note in _placed(commas, file, document):
            print(note, file=sys.stderr)
        return 1
    print(wrapped(f"{file} is valid: {_summary(experiment)}"))
    print(wrapped(in_words(size)))
    for note in _placed([*commas, *unlikely_values(experiment)], file, document):
        print(wrapped(note))
    if font := _font_note(experiment):
        print(wrapped(font))
    return 0


def _placed(notes: Sequence[Mistake], file: str, document: Document) -> Iterator[str]:
    """Notes as text, with file and line like mistakes."""
    for note in notes:
        line = note.line or document.line(note.path)
        yield f"note: {file}{'' if line is None else f':{line}'}: {note.sentence}"


def _summary(experiment: Experiment) -> str:
    cells = len(cells_of(experiment))
    return (
        f"run {experiment.run}, {cells} cell{'s' * (cells != 1)} of {_at_most(experiment)} "
        f"replicates, methods {', '.join(methods_of(experiment))}{_calibrations(experiment)}"
        f"{_effects(experiment)}"
    )


def _at_most(experiment: Experiment) -> str:
    return f"{'at most ' if experiment.sequential else ''}{experiment.most_replicates}"


def _calibrations(experiment: Experiment) -> str:
    """The methods that are calibrated over the prior, with their numbers of data sets."""
    data_sets = {
        name: sum(stop - start for start, stop in ranges.values())
        for name, ranges in calibrated_batches(experiment).items()
    }
    listed = ", ".join(f"{name} ({number} data sets)" for name, number in data_sets.items())
    return f"; calibration over the prior of {listed}" if listed else ""


def _effects(experiment: Experiment) -> str:
    """The cells with effects and the methods that analyse them, with their numbers of data sets."""
    data_sets = {
        name: sum(stop - start for start, stop in ranges.values())
        for name, ranges in effect_batches(experiment).items()
    }
    if not data_sets:
        return ""
    listed = ", ".join(f"{name} ({number} data sets each)" for name, number in data_sets.items())
    return f"; {plural(len(effect_cells(experiment)), 'cell')} with effects, analysed by {listed}"


def _font_note(experiment: Experiment) -> str | None:
    """What figures use instead of a font that is not installed."""
    if experiment.figures.font is None:
        return None
    from rlrecovery.config.fonts import missing_font  # slow

    reason = missing_font(experiment.figures.font)
    return reason and f"note: figures.font: {reason}"


if __name__ == "__main__":
    sys.exit(main())
