"""Run Snakemake's linter on the workflow; exit with 1 if it finds a problem.

One of its rules is not followed: a function that only the rules of one file need stands in that
file, beside these rules, and not in ``common.smk``.
"""

from __future__ import annotations

import re
import subprocess
import sys

ACCEPTED = {"Mixed rules and functions in same snakefile.:"}


def problems() -> str:
    """What the linter prints if it finds a problem that is not accepted; empty otherwise."""
    command = [sys.executable, "-m", "snakemake", "--lint"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    printed = done.stdout + done.stderr
    titles = set(re.findall(r"(?m)^    \* (.*)$", printed))
    clean = done.returncode == 0 or (titles and titles <= ACCEPTED)
    return "" if clean else printed


if __name__ == "__main__":
    sys.exit(problems() or 0)
