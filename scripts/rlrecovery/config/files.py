"""Files that a config names: reward schedules, and a lab's own choices."""

from __future__ import annotations

import csv
import math
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from rlrecovery.config.mistakes import Mistake, Path, show, wrong

_SCHEDULE = "must be a CSV file with a header, a column per arm and a row per trial"
#: Names of columns that count trials, in lower case.
_NOT_ARMS = {"", "trial", "trials", "trial_number", "index", "row", "id", "block", "unnamed: 0"}


class _NoScheduleError(Exception):
    """What is wrong with a file that should hold a schedule."""


def read_schedules(raw: dict[str, Any], folder: pathlib.Path) -> Iterator[Mistake]:
    """Add the content of schedule files to their sections, in place.

    Parameters
    ----------
    raw : dict
        The config as plain values.
    folder : Path
        That of the config, to which paths are relative.
    """
    tasks: dict[Path, Any] = {("task",): raw.get("task")}
    if isinstance(raw.get("tasks"), dict):
        tasks |= {("tasks", name): task for name, task in raw["tasks"].items()}
    for path, task in tasks.items():
        schedule = task.get("schedule") if isinstance(task, dict) else None
        if not isinstance(schedule, dict) or "values" in schedule:  # a resolved config has them
            continue
        file = schedule.get("file")
        if isinstance(file, str):
            try:
                schedule["values"] = _rows(folder / file)
            except _NoScheduleError as error:
                place = (*path, "schedule", "file")
                yield Mistake(place, "file", file, f"is {show(file)}, {error}, but {_SCHEDULE}")


def _rows(path: pathlib.Path) -> list[list[float]]:
    """Numbers of a CSV file with a header; every row as long as the first."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # Excel writes a mark of UTF-8
            reader = csv.reader(file)
            lines = [(reader.line_num, line) for line in reader if line]
    except OSError as error:
        raise _NoScheduleError(f"which cannot be read ({error.strerror})") from None
    except (ValueError, csv.Error):
        raise _NoScheduleError("which cannot be read as text in UTF-8") from None
    columns = len(lines[0][1]) if lines else 0
    if columns < 2:
        raise _NoScheduleError("which has fewer than two columns separated by commas")
    _check_header(lines[0][1])
    if len(lines) < 2:
        raise _NoScheduleError("which has only a header")
    return [_row(line, columns, number) for number, line in lines[1:]]


def _check_header(names: Sequence[str]) -> None:
    """Refuse a first trial instead of a header, and columns that are not arms."""
    if all(math.isfinite(_number(name)) for name in names):
        raise _NoScheduleError("which has numbers instead of a header in its first line")
    for name in names:
        if name.strip().lower() in _NOT_ARMS:
            raise _NoScheduleError(f"which has a column called {show(name)} that is not an arm")


def _number(text: str) -> float:
    try:
        return math.nan if "_" in text else float(text)
    except ValueError:
        return math.nan


def _row(line: Sequence[str], columns: int, number: int) -> list[float]:
    if len(line) != columns:
        raise _NoScheduleError(f"which has {len(line)} values in line {number}, not {columns}")
    for text in line:
        if not math.isfinite(_number(text)):
            raise _NoScheduleError(f"which has {show(text)} in line {number}, not a finite number")
    return [_number(text) for text in line]


def find_observed(raw: dict[str, Any], folder: pathlib.Path) -> Iterator[Mistake]:
    """Make the path of the observed choices one that exists: relative to the config, or as it is.

    Parameters
    ----------
    raw : dict
        The config as plain values; its entry is replaced.
    folder : Path
        That of the config.
    """
    file = raw.get("observed")
    if not isinstance(file, str):
        return
    try:
        paths = [path for path in (folder / file, pathlib.Path(file)) if path.is_file()]
    except (OSError, ValueError):  # a name that no file can have
        paths = []
    if not paths:
        must = "must be a CSV file that exists, relative to the config"
        yield wrong(("observed",), file, "file", must)
    elif set(file) & set("{}"):
        must = "must have no braces in its name: Snakemake would read them as wildcards"
        yield wrong(("observed",), file, "file", must)
    else:
        raw["observed"] = str(paths[0])
