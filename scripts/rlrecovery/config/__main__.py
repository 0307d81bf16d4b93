"""``python -m rlrecovery.config help`` or ``schema``; `rlrecovery.commands.check` checks a file."""

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the JSON schema or the manual."""
    parser = argparse.ArgumentParser(prog="python -m rlrecovery.config", description=main.__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("schema", help="print the JSON schema for editors")
    verbs.add_parser("help", help="print the manual: every key, explained")
    given = parser.parse_args(arguments)
    print(json.dumps(json_schema(), indent=2) if given.verb == "schema" else manual())
    return 0


if __name__ == "__main__":
    sys.exit(main())
