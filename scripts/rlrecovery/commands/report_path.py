"""Print the path of the report of a config."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlrecovery.config.reader import ConfigError, load


def report_path(config: str) -> Path:
    """Path of the report of a config file."""
    return Path("results") / load(config).run / "report.html"


def describe(report: Path) -> str:
    """Message with the path of a report, or that it does not exist yet."""
    if report.is_file():
        return f"The report is {report}: open it in any browser."
    return f"There is no report yet: {report} does not exist."


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
        report = report_path(options.config)
    except ConfigError as mistakes:
        sys.exit(str(mistakes))
    if options.workflow_report:
        print(report.with_name("workflow-report.html"))
    else:
        print(describe(report))


if __name__ == "__main__":
    main()
