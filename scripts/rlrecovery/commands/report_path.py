"""Print the path of Snakemake's own report of a study, for ``make report``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlrecovery.config.reader import ConfigError, load


def main(arguments: list[str] | None = None) -> None:
    """Command ``python -m rlrecovery.commands.report_path``."""
    parser = argparse.ArgumentParser(
        prog="python -m rlrecovery.commands.report_path",
        description="Print the path of Snakemake's own report of a study.",
    )
    parser.add_argument("config", help="the config file of the study")
    options = parser.parse_args(arguments)
    try:
        print(Path("results") / load(options.config).run / "workflow-report.html")
    except ConfigError as mistakes:
        sys.exit(str(mistakes))


if __name__ == "__main__":
    main()
