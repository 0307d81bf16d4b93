"""``make validate``: published settings run again, our numbers beside theirs.

Five things are compared: the numbers of the public notebook that this project starts from
(exactly), figure 5B of Wilson & Collins (2019), eLife 8:e49547 (within Monte Carlo error), what is
said of the trade-off between learning rate and inverse temperature, and the calibration of the
exact hierarchical posterior, and a design on the planner's frontier. Where ours differ, the output
says so and why; the exit code is 1 if a number that must be met is not.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rlrecovery.storage.files import BrokenFile
from validation.calibration import calibrated
from validation.notebook import notebook
from validation.planner import planner
from validation.tradeoff import tradeoff
from validation.wilson_collins import wilson_collins


def main() -> int:
    """Print the comparisons."""
    parser = argparse.ArgumentParser(prog="make validate", description="Our numbers beside theirs.")
    parser.add_argument("--models", type=Path, required=True, help="summary of models.yaml")
    parser.add_argument("--reversals", type=Path, required=True, help="summary of reversals.yaml")
    parser.add_argument("--targets", type=Path, required=True, help="config of the planner")
    parser.add_argument("--fresh", type=Path, required=True, help="config that planner.py wrote")
    given = parser.parse_args()
    try:
        met = [notebook(), wilson_collins(given.models), tradeoff(given.reversals)]
        met += [calibrated(), planner(given.targets, given.fresh)]
    except BrokenFile as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print("\nAll that must be met is met." if all(met) else "\nNot all that must be met is met.")
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
