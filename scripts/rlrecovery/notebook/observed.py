"""A data set of one's own, from a DataFrame or a CSV file, checked as the config's ``observed``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from rlrecovery.config.mistakes import closest
from rlrecovery.predictive.dataset import Dataset
from rlrecovery.predictive.observed_csv import DELIMITERS, REQUIRED, observed_data
from rlrecovery.predictive.own_format import converted
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.simulation.csv_file import CsvFile, finite_number, read_csv_file
from rlrecovery.simulation.task import Task

#: What `fit` accepts as data.
type Data = pd.DataFrame | str | os.PathLike[str]

#: Largest number of arms that choices can mean where the task does not say how many there are.
MOST_ARMS = 20


class Observed(NamedTuple):
    """One data set.

    Attributes
    ----------
    replicate : int
        Its number; 0 without a column ``replicate``.
    names : list
        Names of the participants as in the data, in the order of the arrays.
    data : Dataset
        Choices, rewards and blocks.
    """

    replicate: int
    names: list[Any]
    data: Dataset


class Table:
    """Rows of a DataFrame or a CSV file, as text, with the names of participants as they were.

    Raises
    ------
    BrokenFile
        If the file cannot be read.
    ValueError
        If a column is missing, or there are no rows.
    """

    def __init__(self, data: Data) -> None:
        needed = f"have the columns {', '.join(REQUIRED)}"
        if isinstance(data, pd.DataFrame):
            self.file, self.names = _from_frame(data)
        elif isinstance(data, str | os.PathLike):
            file = read_csv_file(Path(data), f"it must be comma-separated and {needed}", DELIMITERS)
            self.file = converted(file, PilotSettings())
            self.names = _numbers(self.file)
        else:
            raise ValueError(f"data must be a DataFrame, or the path of a CSV file, and {needed}")
        header = self.file.header
        for name in REQUIRED:
            if name not in header:
                guess = closest(name, [column for column in header if column not in REQUIRED])
                hint = f" (rename column {guess}?)" if guess else ""
                raise ValueError(f"{self.file.path} has no column {name}{hint}; it must {needed}")
        if not self.file.lines:
            raise ValueError(f"{self.file.path} has no rows")

    def arms(self) -> int:
        """Number of arms that the choices need, at least two."""
        column = self.file.header.index("choice")
        numbers = [finite_number(row[column]) for _, row in self.file.lines if column < len(row)]
        choices = [int(n) for n in numbers if n >= 0]
        if choices and (min(choices) > 0 or max(choices) >= MOST_ARMS):
            raise ValueError(
                f"column choice has numbers from {min(choices)} to {max(choices)}, but must have "
                "the numbers of the arms, counted from 0; if it has, give the number of arms, as "
                'in task={"arms": 2}'
            )
        return max(2, max(choices, default=0) + 1)

    def trials(self) -> int:
        """Number of different trials."""
        column = self.file.header.index("trial")
        return len({row[column] for _, row in self.file.lines if column < len(row)})

    def has_outcomes(self, arms: int) -> bool:
        """Whether there is a column with the outcomes of each arm."""
        return all(f"reward_{arm}" in self.file.header for arm in range(arms))

    def data_sets(self, task: Task) -> Iterator[Observed]:
        """Check and convert the data set of each replicate.

        Raises
        ------
        BrokenFile
            If there is a mistake; the message names the row.
        """
        for replicate, file in self._by_replicate().items():
            column = file.header.index("participant")
            texts = dict.fromkeys(values[column] for _, values in file.lines)
            data = observed_data(file, task)
            yield Observed(replicate, [self.names.get(text, text) for text in texts], data)

    def _by_replicate(self) -> Mapping[int, CsvFile]:
        """The rows of each replicate."""
        if "replicate" not in self.file.header:
            return {0: self.file}
        if self.file.header.count("replicate") > 1:
            raise ValueError(
                f"{self.file.path} has more than one column replicate; remove all but one"
            )
        column, rows = self.file.header.index("replicate"), dict[int, list[Any]]()
        for number, values in self.file.lines:
            value = finite_number(values[column]) if column < len(values) else 0.0
            if not (value.is_integer() and value >= 0):
                raise ValueError(
                    f"{self.file.path}, {self.file.unit} {number}: replicate is "
                    f"{values[column]!r}, but must be a whole number of at least 0"
                )
            rows.setdefault(int(value), []).append((number, values))
        return {key: replace(self.file, lines=lines) for key, lines in sorted(rows.items())}


def _from_frame(frame: pd.DataFrame) -> tuple[CsvFile, dict[str, Any]]:
    """The rows of a DataFrame as text, and its participants by their text."""
    header = [str(column) for column in frame.columns]
    columns = [_texts(frame.iloc[:, i]) for i in range(len(header))]
    lines: list[tuple[object, list[str]]] = [
        (label, list(row))
        for label, row in zip(frame.index, zip(*columns, strict=True), strict=bool(header))
    ]
    names: dict[str, Any] = {}
    if "participant" in header:
        i = header.index("participant")
        names = dict(zip(columns[i], frame.iloc[:, i].tolist(), strict=True))
    return CsvFile("data", header, lines, form="a table", unit="row"), names


def _numbers(file: CsvFile) -> dict[str, Any]:
    """Participants of a file by their text if all are whole numbers; otherwise empty."""
    if "participant" not in file.header:
        return {}
    column = file.header.index("participant")
    texts = {row[column] for _, row in file.lines if column < len(row)}
    are_numbers = all(text.isascii() and text.isdigit() for text in texts)
    distinct = len({int(text) for text in texts}) == len(texts) if are_numbers else False
    return {text: int(text) for text in texts} if distinct else {}


def _texts(values: pd.Series) -> list[str]:
    """Values as text that reads back as the same number; missing values are empty."""
    present = values.notna().tolist()
    return [
        str(value).strip() if here else ""
        for value, here in zip(values.tolist(), present, strict=True)
    ]
