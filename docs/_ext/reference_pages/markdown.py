"""Parts of a MyST page: text of the package with its code and equations, lists, anchors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from rlrecovery.report.markup import literal

ROOT = Path(__file__).parents[3]

#: Code between single or double backticks.
_CODE = re.compile(r"(``.+?``|`[^`]+`)")


def prose(text: str) -> str:
    """Text of a docstring or description on one line; only names in backticks are markup."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(part if _CODE.fullmatch(part) else literal(part) for part in parts)


def code(text: str) -> str:
    """Mark a name or value, as code."""
    return f"`{text}`"


def anchored(level: int, title: str, label: str) -> str:
    """A heading with an anchor."""
    return f"({label})=\n{'#' * level} {title}"


def definitions(entries: Iterable[tuple[str, Iterable[str]]]) -> str:
    """A definition list: terms, each with paragraphs."""
    return "\n\n".join(
        f"{term}\n: " + "\n\n  ".join(paragraph for paragraph in paragraphs if paragraph)
        for term, paragraphs in entries
    )


def bullets(items: Iterable[str]) -> str:
    """A list with bullets."""
    return "\n".join(f"- {item}" for item in items)


def equation(latex: str) -> str:
    """A displayed equation."""
    return f"$$\n{latex}\n$$"


def page(title: str, label: str, after: str, *parts: str) -> str:
    """A page: title, what the reader can do with it, and its parts."""
    note = "% Written by docs/_ext/reference_pages from the code; changes here are lost."
    return "\n\n".join([note, anchored(1, title, label), after, *filter(None, parts)]) + "\n"


def included(file: str, lines: tuple[int, int], folder: Path) -> str:
    """Lines of a file of the project (the first and the last, from 1), read by Sphinx."""
    path = Path(os.path.relpath(ROOT / file, folder.resolve())).as_posix()
    first, last = lines
    options = f":language: yaml\n:lines: {first}-{last}\n:dedent:\n:caption: {file}"
    return f"```{{literalinclude}} {path}\n{options}\n```"
