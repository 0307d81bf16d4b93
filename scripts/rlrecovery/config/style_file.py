"""Matplotlib style files: their settings as text, and the mistakes in their lines."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path

from rlrecovery.config.mistakes import did_you_mean
from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.regular import endless_kind

#: Longest style file, in characters; those of Matplotlib have a few hundred lines.
MOST_LETTERS = 100_000
#: Settings that Matplotlib does not take from style files, because they concern the whole program.
_OF_PROGRAM = {
    *("backend", "backend_fallback", "date.epoch", "docstring.hardcopy", "interactive"),
    *("figure.max_open_warning", "figure.raise_window", "savefig.directory", "timezone"),
    *("tk.window_focus", "toolbar"),
}
#: A line up to its comment; ``#`` may stand between double quotes.
_BEFORE_COMMENT = re.compile('(?:[^"#]|"[^"]*"?)*')


def read_style(path: str | os.PathLike[str]) -> tuple[dict[str, str], list[str]]:
    """Read a style file: its settings, and a sentence for every wrong line.

    Raises
    ------
    BrokenFile
        If the file is missing or is not text; the message names it.
    """
    if kind := endless_kind(path):
        raise BrokenFile(f"{path} is {kind}, not a file")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise BrokenFile(f"{path} cannot be read: {reason}") from None
    if len(text) > MOST_LETTERS:
        raise BrokenFile(f"{path} is too long for a style file")
    values: dict[str, str] = {}
    wrong_lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        match = _BEFORE_COMMENT.match(line)
        setting = match[0].strip() if match else ""
        if not setting:
            continue
        key, colon, value = (part.strip() for part in setting.partition(":"))
        reason = _reason(key, _unquoted(value)) if colon else "must be written as name: value"
        if reason is None:
            values[key] = _unquoted(value)
        else:
            wrong_lines.append(f"line {number} of {path}: {reason}")
    return values, wrong_lines


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _reason(key: str, value: str) -> str | None:
    """Why Matplotlib does not accept a setting; None if it does."""
    import matplotlib as mpl  # slow, and only needed for a config with a style file

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            accepted = list(mpl.RcParams({key: value}).values())
        except KeyError:
            hint = did_you_mean(key, mpl.rcParams)
            return f"{key} is not a setting of Matplotlib{hint}"
        except (ValueError, TypeError) as error:
            lines = str(error).splitlines() or ["wrong value"]
            return f"{key} cannot be {value or 'empty'} ({lines[0]})"
    if key in _OF_PROGRAM or key.startswith("webagg."):
        return f"{key} is not a matter of style; remove the line"
    if key == "text.usetex" and accepted == [True]:
        # Names with underscores and signs such as % would be commands.
        return "text.usetex must be False: the text of the figures is not written for LaTeX"
    return None
