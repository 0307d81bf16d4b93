"""Print the path of the report of a config."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlrecovery.config.reader import ConfigError, load


def main(arguments: list[str] | None = None) -> None:
    """Command ``python -m rlrecovery.commands.report_path``."""
    parser = argparse.ArgumentParser(
        prog="python -m rlrecovery.commands.report_path",
        description="Print the path of the report of a config.",
    )
    parser.add_argument(
        "--workflow-report", action="store_true", help="print the path of Snakemake's own report"
    )
    parser.add_argument("config", help="the config file of the study")
    options = parser.parse_args(arguments)
    try:
        report = Path("results") / load(options.config).run / "report.html"
    except ConfigError as mistakes:
        sys.exit(str(mistakes))
    if options.workflow_report:
        print(report.with_name("workflow-report.html"))
    elif report.is_file():
        print(f"The report is {report}: open it in any browser.")
    else:
        print(f"There is no report yet: {report} does not exist.")


if __name__ == "__main__":
    main()
