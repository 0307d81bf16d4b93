"""Mistakes in a config, and the words that messages share."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

#: Keys and list indices that lead to a value.
Path = tuple[str | int, ...]
#: Form of a distribution in messages.
DISTRIBUTION = "{distribution: name, and its arguments}"
#: Bits of the largest whole number that is shown with all of its digits.
_MOST_BITS = 1000
#: Columns of a terminal.
COLUMNS = 80


@dataclass(frozen=True)
class Mistake:
    """The path of a mistake, its message and its line (from 1).

    The message names the key, the value where it helps, and what is allowed. The path is empty for
    a mistake of the whole file.
    """

    path: Path
    sentence: str
    line: int | None = None


def mistake(path: Path, predicate: str) -> Mistake:
    """A mistake whose sentence is the dotted path, followed by `predicate`."""
    return Mistake(path, f"{dotted(path)} {predicate}")


def wrong(path: Path, value: Any, must: str) -> Mistake:
    """A value that is not allowed; `must` follows the word "but"."""
    return mistake(path, f"is {show(value)}, but {must}")


def wrong_choice(path: Path, value: Any, choices: Sequence[Any]) -> Mistake:
    """A value that is none of the choices."""
    return wrong(path, value, f"must be {either(choices)}{did_you_mean(value, choices)}")


def repeats(path: Path, values: Sequence[Any]) -> Iterator[Mistake]:
    """Yield a mistake for each value of a list that is there before."""
    earlier: set[Any] = set()
    for i, value in enumerate(values):
        if value in earlier:
            yield mistake((*path, i), f"repeats the value {show(value)}; values must be unique")
        earlier.add(value)


def missing(path: Path, explanation: str) -> Mistake:
    """A required key that is missing."""
    return Mistake(path, f"missing required key '{dotted(path)}'{explanation}")


def dotted(path: Path) -> str:
    """Format a path for a message: ``task.arms[1]``."""
    keys = (key if isinstance(key, int) or key.isprintable() else ascii(key) for key in path)
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def show(value: Any) -> str:
    """Format a value as JSON (which is valid YAML) on one line of at most 70 characters."""
    if value is None:
        return "empty"
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"a number of {math.floor(math.log10(abs(value)) + 1e-9) + 1} digits"
    try:
        text = json.dumps(value, default=str, skipkeys=True, ensure_ascii=False)
    except ValueError:  # Python writes no number of thousands of digits
        return "a value that contains a number of thousands of digits"
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= 70 else f"{text[:67]}..."


def wrapped(text: str, indent: str = "") -> str:
    """Break a line into lines of at most `COLUMNS` characters; words are kept whole."""
    return textwrap.fill(
        text,
        COLUMNS,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def either(words: Iterable[Any]) -> str:
    """Join alternatives: ``a, b or c``."""
    *first, last = map(str, words)
    return f"{', '.join(first)} or {last}" if first else last


def interval(lower: float, upper: float) -> str:
    """Describe a range of numbers, to follow "must be"."""
    if math.isinf(lower) and math.isinf(upper):
        return "any number"
    if math.isinf(upper):
        return f"at least {lower:g}"
    return f"at most {upper:g}" if math.isinf(lower) else f"from {lower:g} to {upper:g}"


def closest(name: object, valid_names: Iterable[str]) -> str | None:
    """The valid name most similar to an unknown one; None if no name is similar."""
    if not isinstance(name, str):
        return None
    by_lower_case = {word.lower(): word for word in valid_names}
    matches = get_close_matches(name.lower(), by_lower_case, n=1)
    return by_lower_case[matches[0]] if matches else None


def did_you_mean(name: object, valid_names: Iterable[str]) -> str:
    """A suggestion from `closest` to append to a sentence; empty if no name is similar."""
    guess = closest(name, valid_names)
    return f" (did you mean {guess}?)" if guess else ""


def closest_keys(given: Iterable[str], valid_keys: Sequence[str]) -> dict[str, str | None]:
    """The most similar valid key for each unknown key; keys that are not given come first."""
    given = list(given)
    absent = [name for name in valid_keys if name not in given]
    unknown = [name for name in given if name not in valid_keys]
    return {name: closest(name, absent) or closest(name, valid_keys) for name in unknown}
