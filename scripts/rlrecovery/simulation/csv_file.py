"""Read CSV files written by hand, with line numbers for error messages."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.regular import endless_kind


@dataclass(frozen=True)
class CsvFile:
    """A CSV file as text, without its empty lines.

    `lines` has the number of each line in the file, counted from 1, and its values. `form` and
    `unit` are what messages call the file and its rows; a table in memory has others.
    """

    path: str | os.PathLike[str]
    header: list[str]
    lines: list[tuple[object, list[str]]]
    form: str = "a comma-separated file"
    unit: str = "line"

    def rows(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the position (file and line, for messages) and the values of each row.

        Raises
        ------
        BrokenFile
            If a row is longer or shorter than the header.
        """
        for number, values in self.lines:
            position = f"{self.path}, {self.unit} {number}"
            if len(values) != len(self.header):
                lengths = f"{len(values)} values, but the header has {len(self.header)}"
                raise BrokenFile(f"{position} has {lengths}")
            yield position, values


def read_csv_file(path: str | os.PathLike[str], expected: str, delimiters: str = ",") -> CsvFile:
    """Read a CSV file (UTF-8, with or without a byte order mark) with a header and rows.

    pandas is not used: it fills short rows and does not report the lines of a file. Of several
    `delimiters`, the one that splits the first line into most columns is used, and the first of
    them if none does.

    Raises
    ------
    BrokenFile
        If the file cannot be read, is empty or has only a header; the message ends with `expected`.
    """
    if kind := endless_kind(path):
        raise BrokenFile(f"{path} is {kind}, not a file; {expected}")
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            text = file.read()
        rows_of_text = io.StringIO(text, newline="")
        reader = csv.reader(rows_of_text, delimiter=_delimiter(text, delimiters))
        lines: list[tuple[object, list[str]]] = [
            (reader.line_num, [value.strip() for value in line]) for line in reader
        ]
    except FileNotFoundError:
        raise BrokenFile(f"{path} does not exist; {expected}") from None
    except OSError as error:
        raise BrokenFile(f"{path} cannot be read ({error.strerror}); {expected}") from None
    except UnicodeDecodeError:
        raise BrokenFile(f"{path} is not UTF-8 text; {expected}") from None
    except csv.Error as error:
        raise BrokenFile(f"{path} is not valid CSV ({error}); {expected}") from None
    lines = [(number, values) for number, values in lines if any(values)]
    if not lines:
        raise BrokenFile(f"{path} is empty; {expected}")
    (_, header), *rows = lines
    if not rows:
        raise BrokenFile(f"{path} has a header but no rows; {expected}")
    return CsvFile(path, header, rows)


def _delimiter(text: str, delimiters: str) -> str:
    """The delimiter that splits the first line with content into most columns."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(delimiters, key=lambda one: len(next(csv.reader([first], delimiter=one), ())))


def finite_number(text: str) -> float:
    """Convert text to a number; NaN unless it is a finite number.

    Underscores, which Python allows between digits, are not accepted.
    """
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    return value if math.isfinite(value) else math.nan
