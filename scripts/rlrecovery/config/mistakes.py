"""Mistakes in a config: path, kind, value and message."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

#: Keys and list indices that lead to a value.
Path = tuple[str | int, ...]
#: Form of a distribution in messages.
DISTRIBUTION = "{distribution: name, and its arguments}"


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes
    ----------
    path : tuple of (str or int)
        Keys that lead to it; empty for a mistake of the whole file.
    kind : str
        Error type of pydantic, or the kind that a check in `rlrecovery.config.checks` assigns.
    value : object
        The value at the path; None if the key is missing.
    sentence : str
        The message: names the key, the value where it helps, and what is allowed.
    line : int, optional
        Line of the file, from 1.
    """

    path: Path
    kind: str
    value: Any
    sentence: str
    line: int | None = None


def mistake(path: Path, kind: str, value: Any, predicate: str) -> Mistake:
    """A mistake whose sentence is the dotted path, followed by `predicate`."""
    return Mistake(path, kind, value, f"{dotted(path)} {predicate}")


def wrong(path: Path, value: Any, kind: str, must: str) -> Mistake:
    """A value that is not allowed; `must` follows the word "but"."""
    return mistake(path, kind, value, f"is {show(value)}, but {must}")


def missing(path: Path, explanation: str) -> Mistake:
    """A required key that is missing."""
    sentence = f"missing required key '{dotted(path)}'{explanation}"
    return Mistake(path, "missing", None, sentence)


def required(path: Path, condition: str) -> Mistake:
    """A missing key that is required under a condition."""
    return mistake(path, "missing", None, f"is required {condition}")


def dotted(path: Path) -> str:
    """Format a path for a message: ``task.arms[1]``."""
    keys = (key if isinstance(key, int) or key.isprintable() else ascii(key) for key in path)
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def show(value: Any) -> str:
    """Format a value as JSON (which is valid YAML) on one line of at most 70 characters."""
    if value is None:
        return "empty"
    text = json.dumps(value, default=str, skipkeys=True, ensure_ascii=False)
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= 70 else f"{text[:67]}..."


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


def closest(name: object, known: Iterable[str]) -> str | None:
    """The valid name most similar to an unknown one; None if no name is similar."""
    if not isinstance(name, str):
        return None
    lower = {word.lower(): word for word in known}
    matches = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[matches[0]] if matches else None


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A suggestion from `closest` to append to a sentence; empty if no name is similar."""
    guess = closest(name, known)
    return f" (did you mean {guess}?)" if guess else ""


def closest_keys(given: Iterable[str], known: Sequence[str]) -> dict[str, str | None]:
    """The most similar valid key for each unknown key; keys that are not given come first."""
    given = list(given)
    absent = [name for name in known if name not in given]
    unknown = [name for name in given if name not in known]
    return {name: closest(name, absent) or closest(name, known) for name in unknown}
