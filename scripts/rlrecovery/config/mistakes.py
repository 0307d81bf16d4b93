"""A mistake in a config: where it is, what kind it is, and the sentence that reports it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

#: Keys and list indices that lead to a value.
Path = tuple[str | int, ...]
#: How a distribution is written.
DISTRIBUTION = "{distribution: name, and its arguments}"


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes
    ----------
    path : tuple of (str or int)
        Where it is; empty for a mistake of the whole file.
    kind : str
        What kind of mistake: pydantic's error type, or a word of the check that found it.
    value : object
        The value there; None if the key is missing.
    text : str
        The rest of the sentence after the path.
    line : int, optional
        Line of the file, from 1.
    """

    path: Path
    kind: str
    value: Any
    text: str
    line: int | None = None

    @property
    def sentence(self) -> str:
        """The mistake in words: the key, the value and what is allowed."""
        return f"{dotted(self.path)} {self.text}" if self.path else self.text


def wrong(path: Path, value: Any, kind: str, must: str) -> Mistake:
    """A value that is not allowed; `must` follows the word "but"."""
    return Mistake(path, kind, value, f"is {show(value)}, but {must}")


def missing(path: Path, must: str) -> Mistake:
    """A key that must be given; `must` follows the word "but"."""
    return Mistake(path, "missing", None, f"is missing, but {must}")


def dotted(path: Path) -> str:
    """A path as it appears in sentences: ``task.arms[1]``."""
    keys = (key if isinstance(key, int) or key.isprintable() else ascii(key) for key in path)
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".")


def show(value: Any) -> str:
    """A value as JSON, which YAML contains, on one line of at most 70 characters."""
    if value is None:
        return "empty"
    text = json.dumps(value, default=str, skipkeys=True, ensure_ascii=False)
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= 70 else f"{text[:67]}..."


def either(words: Iterable[Any]) -> str:
    """Alternatives in words: a, b or c."""
    *first, last = map(str, words)
    return f"{', '.join(first)} or {last}" if first else last


def interval(lower: float, upper: float) -> str:
    """The numbers between two ends in words, to follow "must be"."""
    if math.isinf(lower) and math.isinf(upper):
        return "any number"
    if math.isinf(upper):
        return f"at least {lower:g}"
    return f"at most {upper:g}" if math.isinf(lower) else f"from {lower:g} to {upper:g}"


def closest(name: object, known: Iterable[str]) -> str | None:
    """The known name that a wrong one was probably meant to be, if there is one."""
    if not isinstance(name, str):
        return None
    lower = {word.lower(): word for word in known}
    matches = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[matches[0]] if matches else None


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """`closest` as a question to append to a sentence; empty if no name is close."""
    guess = closest(name, known)
    return f" (did you mean {guess}?)" if guess else ""


def closest_keys(given: Iterable[str], known: Sequence[str]) -> dict[str, str | None]:
    """Each unknown key with the known one that was probably meant; absent keys come first."""
    given = list(given)
    absent = [name for name in known if name not in given]
    unknown = [name for name in given if name not in known]
    return {name: closest(name, absent) or closest(name, known) for name in unknown}
