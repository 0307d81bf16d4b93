"""Read a reward schedule from a CSV file."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Sequence

from rlrecovery.simulation.csv_file import finite_number, read_csv_file
from rlrecovery.storage.files import BrokenFile

_EXPECTED = "a schedule is a CSV file with a header, a column per arm and a row per trial"
#: Names of columns that count trials, in lower case.
_NOT_ARMS = {"", "trial", "trials", "trial_number", "index", "row", "id", "block", "unnamed: 0"}
#: Shortest column that can be said to count; rewards of 0 and 1 have no run of three.
_FEWEST_COUNTS = 3


def read_schedule(path: str | os.PathLike[str]) -> list[list[float]]:
    """Read a file with a header, one row per trial and one column per arm.

    Raises
    ------
    BrokenFile
        If the file is not a schedule; the message names the file and the line.
    """
    file = read_csv_file(path, _EXPECTED)
    if len(file.header) < 2:
        raise BrokenFile(f"{path} has fewer than two columns; {_EXPECTED}")
    if not any(math.isnan(finite_number(name)) for name in file.header):
        raise BrokenFile(f"{path} has no header, only numbers; {_EXPECTED}")
    for name in file.header:
        if name.lower() in _NOT_ARMS:
            raise BrokenFile(f"{path}: column {name!r} is not an arm; {_EXPECTED}")
    means = [_means(position, values) for position, values in file.rows()]
    for name, column in zip(file.header, zip(*means, strict=True), strict=True):
        if _counts_up(column):
            raise BrokenFile(
                f"{path}: column {name!r} counts up by one, as numbers of trials do, and is not "
                f"an arm; {_EXPECTED}"
            )
    return means


def _means(position: str, values: list[str]) -> list[float]:
    for text in values:
        if math.isnan(finite_number(text)):
            raise BrokenFile(f"{position}: {text!r:.40} is not a finite number")
    return [finite_number(text) for text in values]


def _counts_up(column: Sequence[float]) -> bool:
    """Whether numbers are those of trials, over the whole schedule or in every block anew."""
    first = column[0]
    return (
        first.is_integer()
        and max(column) - first >= _FEWEST_COUNTS - 1
        and all(after in (before + 1, first) for before, after in itertools.pairwise(column))
    )
