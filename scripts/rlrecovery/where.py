"""``python -m rlrecovery.where CONFIG``: where the report of a config is."""

from __future__ import annotations

import sys
from pathlib import Path

from rlrecovery.config import load


def main(config: str) -> str:
    """One line that says where the report is, or that there is none yet."""
    report = Path("results") / load(config).run / "report.html"
    if report.is_file():
        return f"The report is {report}: open it in any browser."
    return f"There is no report yet: {report} is not there."


if __name__ == "__main__":
    print(main(sys.argv[1]))
