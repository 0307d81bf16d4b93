"""``python -m rlrecovery.config help``, ``schema`` or ``check FILE``."""

from __future__ import annotations

import signal

if __name__ == "__main__":  # Ctrl-C ends the command without a traceback, even during the imports
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import json
import sys
from collections.abc import Sequence

from rlrecovery.config.json_schema import json_schema
from rlrecovery.config.manual import manual
from rlrecovery.config.mistakes import wrapped
from rlrecovery.config.reader import ConfigError, load
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import cells_of, methods_of


def _summary(experiment: Experiment) -> str:
    cells = len(cells_of(experiment))
    return (
        f"run {experiment.run}, {cells} cell{'s' * (cells != 1)} of {experiment.replicates} "
        f"replicates, methods {', '.join(methods_of(experiment))}"
    )


def _font_note(experiment: Experiment) -> str | None:
    """What figures use instead of a font that is not installed."""
    if experiment.figures.font is None:
        return None
    from rlrecovery.config.fonts import missing_font  # slow

    reason = missing_font(experiment.figures.font)
    return reason and f"note: figures.font: {reason}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the JSON schema or the manual, or check a config (exit status 1 for mistakes)."""
    parser = argparse.ArgumentParser(prog="python -m rlrecovery.config", description=main.__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("schema", help="print the JSON schema for editors")
    verbs.add_parser("help", help="print the manual: every key, explained")
    verbs.add_parser("check", help="check a config").add_argument("file", metavar="FILE")
    given = parser.parse_args(arguments)
    try:
        if given.verb == "schema":
            print(json.dumps(json_schema(), indent=2))
        elif given.verb == "help":
            print(manual())
        else:
            experiment = load(given.file)
            print(wrapped(f"{given.file} is valid: {_summary(experiment)}"))
            if note := _font_note(experiment):
                print(wrapped(note))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
