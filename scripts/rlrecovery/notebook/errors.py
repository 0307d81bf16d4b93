"""Errors of the package as ``ValueError`` with a sentence for the person at the keyboard."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from numbers import Integral
from typing import Any

from rlrecovery.config.mistakes import did_you_mean, either
from rlrecovery.config.reader import ConfigError
from rlrecovery.storage.files import BrokenFile

#: Source of a config that is no file; a file is named in messages, with the line.
IN_MEMORY = "config"


@contextlib.contextmanager
def as_value_errors() -> Iterator[None]:
    """Raise mistakes of a config and unreadable files as `ValueError`, one line per mistake.

    The frames of the checks, which say nothing about the mistake, are not part of the traceback.
    """
    try:
        yield
    except ConfigError as error:
        lines = str(error).splitlines() if error.source != IN_MEMORY else ()
        sentences = [m.sentence for m in error.mistakes]
        texts = [line.removeprefix("error: ") for line in lines] or sentences
        raise ValueError("\n".join(texts)) from None
    except BrokenFile as error:
        raise ValueError(str(error)) from None


def section(kind: str, value: object, example: str) -> dict[str, Any]:
    """Copy a mapping, empty if it is None; raise a `ValueError` with an example if it is none."""
    if not isinstance(value, Mapping | None):
        raise ValueError(f"{kind} is {value!r}, but must be a mapping such as {example}")
    return dict(value or {})


def check_count(kind: str, value: object) -> None:
    """Raise a `ValueError` if a value is not a whole number of at least 1."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{kind} is {value!r}, but must be a whole number of at least 1")


def check_choice(kind: str, name: object, choices: Collection[object]) -> None:
    """Raise a `ValueError` that lists the choices if a name is none of them."""
    if not any(name is choice or name == choice for choice in choices):
        names = [str(choice) for choice in choices]
        must = either(names) if names else "omitted: there are none"
        raise ValueError(f"{kind} is {name!r}, but must be {must}{did_you_mean(name, names)}")
