"""Converts a file of choices with other columns and codes to the form that `observed_csv` reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rlrecovery.predictive.settings import ColumnNames, PilotSettings
from rlrecovery.simulation.csv_file import CsvFile, finite_number
from rlrecovery.storage.files import BrokenFile

#: Values of ``choice`` (besides -1) and of ``reward`` for a trial without a response, in lower
#: case. The reward may also be 0, which software records when nothing was paid.
NO_RESPONSE = ("", "na", "nan")
#: A number with a decimal comma, and one whose comma may also separate thousands.
_COMMA, _THOUSANDS = re.compile(r"[+-]?\d+,\d+"), re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
#: A number with a decimal point.
_POINT = re.compile(r"[+-]?\d*\.\d+")


def converted(file: CsvFile, reading: PilotSettings) -> CsvFile:
    """The same data with the columns, arms and numbers of a file of our own.

    Columns get the names ``participant``, ``trial``, ``choice``, ``reward``, ``block`` and
    ``reward_0``, ...; arms are counted from 0; numbers have a decimal point; and trials that start
    anew in every block count through all blocks.

    Raises
    ------
    BrokenFile
        If a named column is missing, a choice is none of the codes, or numbers are ambiguous.
    """
    file = replace(file, header=_renamed(file, reading.columns))
    file = _with_decimal_points(file)
    if reading.choices is not None:
        file = _recoded(file, [str(code) for code in reading.choices])
    return _numbered_through(file)


def _renamed(file: CsvFile, columns: ColumnNames) -> list[str]:
    """The header with our own names.

    A column that has one of these names although another one was named in its place is ignored.
    """
    own = {key: name for key, name in columns if isinstance(name, str)}
    own |= {f"reward_{arm}": name for arm, name in enumerate(columns.outcomes or ())}
    given = {key: name for key, name in own.items() if key != name}
    for key, name in given.items():
        if name not in file.header:
            raise BrokenFile(
                f"{file.path} has no column {name}, which the config names as the column of "
                f"{key}; its columns are {', '.join(file.header)}"
            )
        if file.header.count(name) > 1:
            raise BrokenFile(f"{file.path} has more than one column {name}; remove all but one")
    new = {name: key for key, name in given.items()}
    if len(new) < len(given):
        twice = next(name for name in new if list(given.values()).count(name) > 1)
        raise BrokenFile(f"{file.path}: the config names column {twice} for two quantities")
    return [new.get(name, f"{name} (not used)" if name in given else name) for name in file.header]


def _columns(file: CsvFile, *names: str) -> list[int]:
    """Positions of the columns with these names, and of the outcomes of arms."""
    return [
        i
        for i, name in enumerate(file.header)
        if name in names or re.fullmatch(r"reward_\d+", name)
    ]


def _with_decimal_points(file: CsvFile) -> CsvFile:
    """Numbers of trials and rewards with a decimal point in place of a comma."""
    columns = _columns(file, "trial", "reward")
    values = [row[i] for _, row in file.lines for i in columns if i < len(row)]
    commas = [value for value in values if _COMMA.fullmatch(value)]
    if not commas:
        return file
    point = next((value for value in values if _POINT.fullmatch(value)), None)
    if point is not None:
        raise BrokenFile(
            f"{file.path} has numbers with a decimal comma, such as {commas[0]}, and others with a "
            f"decimal point, such as {point}; write all of them with a decimal point"
        )
    if all(_THOUSANDS.fullmatch(value) for value in commas):
        raise BrokenFile(
            f"{file.path}: the comma of {commas[0]} may be a decimal comma or separate thousands; "
            "write numbers with a decimal point"
        )

    def with_point(row: Sequence[str]) -> list[str]:
        """A row with decimal points."""
        return [
            value.replace(",", ".") if i in columns and _COMMA.fullmatch(value) else value
            for i, value in enumerate(row)
        ]

    return replace(file, lines=[(number, with_point(row)) for number, row in file.lines])


def _recoded(file: CsvFile, codes: Sequence[str]) -> CsvFile:
    """Choices as numbers of arms."""
    if "choice" not in file.header:
        return file
    column, lines = file.header.index("choice"), list[tuple[object, list[str]]]()
    for number, values in file.lines:
        row = list(values)
        if column < len(row):
            row[column] = _arm(f"{file.path}, {file.unit} {number}", row[column], codes)
        lines.append((number, row))
    return replace(file, lines=lines)


def _arm(position: str, text: str, codes: Sequence[str]) -> str:
    """Number of the arm that a code means; empty if there was no response."""
    if text in codes:
        return str(codes.index(text))
    if text.lower() in NO_RESPONSE or text == "-1":
        return ""
    # Numbers may be written in other ways, such as 1.0 for 1.
    same = [i for i, code in enumerate(codes) if finite_number(code) == finite_number(text)]
    if same:
        return str(same[0])
    raise BrokenFile(
        f"{position}: choice is {text!r}, but must be one of {', '.join(codes)} (pilot.choices of "
        "the config), or empty or NA if there was no response"
    )


def _numbered_through(file: CsvFile) -> CsvFile:
    """Numbers of trials that count through all blocks, also if they start anew in each block.

    The blocks of a participant stand in the order of the file. A block is as long as the longest
    one at the same place in the order of any participant.
    """
    names = ("participant", "block", "trial")
    if any(file.header.count(name) != 1 for name in names):
        return file
    rows = [tuple(row[file.header.index(name)] for name in names) for _, row in _whole_rows(file)]
    if len({(who, trial) for who, _, trial in rows}) == len(rows) or len(set(rows)) < len(rows):
        return file  # they count through all blocks, or a trial is repeated
    numbers = [finite_number(trial) for *_, trial in rows]
    if not all(number.is_integer() and number >= 0 for number in numbers):
        return file
    place, blocks = _places(rows)
    first = min(numbers)
    lengths = [0.0] * max(len(own) for own in blocks.values())
    for row, number in zip(rows, numbers, strict=True):
        lengths[place[row[:2]]] = max(lengths[place[row[:2]]], number - first + 1)
    before = [sum(lengths[:k]) for k in range(len(lengths))]
    through = iter(
        f"{number + before[place[row[:2]]]:.0f}" for row, number in zip(rows, numbers, strict=True)
    )
    column = file.header.index("trial")
    lines: list[tuple[object, list[str]]] = [
        (number, [*row[:column], next(through), *row[column + 1 :]])
        if len(row) == len(file.header)
        else (number, row)
        for number, row in file.lines
    ]
    return replace(file, lines=lines)


def _whole_rows(file: CsvFile) -> Iterator[tuple[object, list[str]]]:
    """Rows as long as the header; the others are reported by `CsvFile.rows`."""
    return (line for line in file.lines if len(line[1]) == len(file.header))


def _places(
    rows: Sequence[tuple[str, ...]],
) -> tuple[Mapping[tuple[str, ...], int], Mapping[str, list[str]]]:
    """Place of each participant's blocks in the order of the file, and these blocks."""
    blocks: dict[str, list[str]] = {}
    place: dict[tuple[str, ...], int] = {}
    for who, block, _ in rows:
        own = blocks.setdefault(who, [])
        if (who, block) not in place:
            place[who, block] = len(own)
            own.append(block)
    return place, blocks
