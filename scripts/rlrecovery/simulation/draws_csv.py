"""Read draws of a population from a CSV file, such as those that `make pilot` writes."""

from __future__ import annotations

import math
import os

from rlrecovery.simulation.csv_file import CsvFile, finite_number, read_csv_file
from rlrecovery.storage.files import BrokenFile

#: Ends of the names of the columns of a parameter.
LOCATION, SPREAD = "_location", "_spread"
#: Column that counts the draws, which is not read.
_COUNTER = "draw"
_EXPECTED = (
    f"draws of a population are a CSV file with columns <parameter>{LOCATION} and "
    f"<parameter>{SPREAD} on the unconstrained scale, and one row per draw"
)


def read_draws(path: str | os.PathLike[str]) -> dict[str, dict[str, list[float]]]:
    """Read a file with columns ``<parameter>_location`` and ``<parameter>_spread``.

    Returns
    -------
    dict
        For each parameter ``locations`` and ``spreads``, one number per row of the file.

    Raises
    ------
    BrokenFile
        If the file has a mistake; the message names the column or line.
    """
    file = read_csv_file(path, _EXPECTED)
    columns = [name for name in file.header if name != _COUNTER]
    for name in columns:
        if columns.count(name) > 1:
            raise BrokenFile(f"{path} has more than one column {name}; remove all but one")
        partner = _partner(name)
        if partner is None:
            raise BrokenFile(f"{path}: column {name} is not expected; {_EXPECTED}")
        if partner not in columns:
            raise BrokenFile(f"{path} has a column {name} but no column {partner}; {_EXPECTED}")
    values = _numbers(file)
    parameters = [name.removesuffix(LOCATION) for name in columns if name.endswith(LOCATION)]
    return {
        name: {"locations": values[f"{name}{LOCATION}"], "spreads": values[f"{name}{SPREAD}"]}
        for name in parameters
    }


def _partner(name: str) -> str | None:
    """The other column of the same parameter; None for a column of another kind."""
    for end, other in ((LOCATION, SPREAD), (SPREAD, LOCATION)):
        if name.endswith(end) and name != end:
            return name.removesuffix(end) + other
    return None


def _numbers(file: CsvFile) -> dict[str, list[float]]:
    """Numbers of all columns but the counter."""
    values: dict[str, list[float]] = {name: [] for name in file.header if name != _COUNTER}
    for position, row in file.rows():
        for name, text in zip(file.header, row, strict=True):
            if name == _COUNTER:
                continue
            number = finite_number(text)
            if math.isnan(number):
                raise BrokenFile(f"{position}: {name} is {text!r:.40}, not a finite number")
            if name.endswith(SPREAD) and number < 0:
                raise BrokenFile(f"{position}: {name} is {text}, but an SD must be at least 0")
            values[name].append(number)
    return values
