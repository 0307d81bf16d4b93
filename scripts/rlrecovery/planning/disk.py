"""How much disk a study takes, from the sizes of files that were written.

Sizes are of whole blocks, as a disk counts them: tens of thousands of small files take more than
they hold. All numbers were read off finished studies; compression does better with some data than
with others, so that they hold within a factor of two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rlrecovery.design.cells import Cell, generator_of
from rlrecovery.models.library import find_model
from rlrecovery.planning.resources import Load

#: Bytes of a block, and of what the workflow engine writes down about each file that it made.
BLOCK, NOTED = 4096, 8192

#: Bytes of a table without rows: trials, truth, and estimates with one more for each level.
EMPTY_TRIALS, EMPTY_TRUTH, EMPTY_ESTIMATES, EMPTY_LEVEL = 4200, 3300, 11000, 1300

#: Bytes per trial, where rewards are 0 or 1 and where they are any number; per true value.
BINARY, REAL, TRUE_VALUE = 0.45, 8.5, 10

#: Bytes per number of a row of estimates: all but those that are constant take what they are.
NUMBER = 8

#: Bytes of a log: at its start and per data set.
LOG, LOG_LINE = 500, 150

#: Bytes of scores per cell and method, and of comparisons per cell.
SCORES, PAIRED = 8200, 6000

#: Bytes per figure in all its forms, and of summary, tables and report together; number of files
#: that there are once.
FIGURE, ONCE, FIXED_FILES = 570_000, 4_500_000, 150


def on_disk(*sizes: float) -> int:
    """Bytes of files in whole blocks."""
    return sum(BLOCK * math.ceil(size / BLOCK) for size in sizes)


def trials_bytes(experiment: Mapping[str, Any], cell: Cell, load: Load) -> int:
    """Bytes of a job that simulates: trials, truth, log, benchmark and what is noted of them."""
    generator = generator_of(experiment, cell)
    binary = generator["task"].get("rewards", "bernoulli") == "bernoulli"
    parameters = len(find_model(generator["model"]).names)
    trials = EMPTY_TRIALS + (BINARY if binary else REAL) * load.all_trials
    values = load.replicates * (load.participants + 2) * parameters
    return on_disk(trials, EMPTY_TRUTH + TRUE_VALUE * values, LOG, BLOCK) + 2 * NOTED


def estimates_bytes(method: Mapping[str, Any], levels: int, load: Load) -> int:
    """Bytes of a job that fits: estimates, log, benchmark and what is noted of them.

    Parameters
    ----------
    method : mapping
        An entry of the config's ``methods``, with the model that it fits.
    levels : int
        Number of interval levels.
    load : Load
        Participants, trials and replicates.
    """
    people = 0 if method.get("pooling") == "complete" else load.participants
    rows = load.replicates * (people + 2) * len(find_model(method["model"]).names)
    numbers = 2 + 2 * levels + {"bayes": 3, "mock": -2 - levels}.get(method["estimator"], 0)
    table = EMPTY_ESTIMATES + EMPTY_LEVEL * levels + NUMBER * numbers * rows
    return on_disk(table, LOG + LOG_LINE * load.replicates, BLOCK) + NOTED


def per_cell(methods: int) -> int:
    """Bytes of a job that scores."""
    return methods * (on_disk(SCORES) + NOTED) + on_disk(PAIRED, LOG, BLOCK) + NOTED


def fixed_bytes(figures: int) -> int:
    """Bytes of what there is once: summary, tables, report, and this many figures."""
    return ONCE + figures * FIGURE
