"""A mistake in a config: where it is, what kind it is, and the sentence that reports it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

#: Keys and list indices that lead to a value.
Path = tuple[str | int, ...]


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
    parts = (f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in path)
    return "".join(parts).removeprefix(".")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key) else ascii(key)


def _flow(value: Any) -> str:
    """A value in YAML's flow style."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        entries = (f"{_bare(key)}: {_bare(item)}" for key, item in value.items())
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_bare, value))}]"
    if isinstance(value, str):
        return repr(value) if value.isprintable() else ascii(value)
    return repr(value) if isinstance(value, int | float) else str(value)


def _bare(value: Any) -> str:
    return value if isinstance(value, str) and value.isidentifier() else _flow(value)


def show(value: Any) -> str:
    """A value on one line of at most 70 characters."""
    text = _flow(value)
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
