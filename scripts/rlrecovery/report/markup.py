"""Text with citations, names and equations: a part of Pandoc's Markdown, converted to LaTeX.

The part is ``[@key; @key]`` for citations, backticks for names, ``$`` and ``$$`` for mathematics,
and a backslash before a character that is meant literally. In LaTeX, citations need natbib and
displayed equations amsmath.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from rlrecovery.report.latex import _LATEX
from rlrecovery.report.templating import TEMPLATES

#: What a span of text is.
Kind = Literal["display", "math", "name", "cite", "escape", "plain"]

_SPANS = re.compile(
    r"\$\$(?P<display>.+?)\$\$|\$(?P<math>[^$]+)\$|`(?P<name>[^`]+)`|\[(?P<cite>@[^\]]+)\]"
    r"|\\(?P<escape>.)|(?P<plain>[^$`\[\\]+|.)",
    re.DOTALL,
)

_CITED = re.compile(r"@([A-Za-z0-9]+)")

#: Characters that LaTeX reads as commands, or that look different in its fonts.
_IN_TEXT = _LATEX | str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "−": "$-$",
        "±": r"$\pm$",
        "∞": r"$\infty$",
        "×": r"$\times$",
        "–": "--",
        "’": "'",
        "“": "``",
        "”": "''",
    }
)


class Paragraph(NamedTuple):
    """A paragraph with its run-in title (without a full stop), both in Markdown."""

    title: str
    text: str


class Span(NamedTuple):
    """A part of a text: its kind, and its content without the characters that mark it.

    The content of ``cite`` is the keys, separated by commas.
    """

    kind: Kind
    content: str


def literal(text: str) -> str:
    """Escape what Markdown would read as markup."""
    return re.sub(r"([\\`*_\[\]{}<>#$@~^|])", r"\\\1", text)


def name(text: str) -> str:
    """Mark a name, such as that of a method."""
    return f"`{text}`"


def math(latex: str) -> str:
    """Mark mathematics within a line."""
    return f"${latex}$"


def display(lines: Iterable[str]) -> str:
    """Mark equations, one per line, aligned at ``&``."""
    body = " \\\\\n".join(lines)
    return f"\n\n$$\n\\begin{{aligned}}\n{body}\n\\end{{aligned}}\n$$\n\n"


def cite(*keys: str) -> str:
    """Mark a citation of one or more works, by their keys in ``references.bib``."""
    return f"[{'; '.join(f'@{key}' for key in keys)}]"


def clauses(items: Sequence[str]) -> str:
    """Join items that may contain "and": ``a and b, and c``; more than two by semicolons."""
    if len(items) < 3:
        return ", and ".join(items)
    return f"{'; '.join(items[:-1])}; and {items[-1]}"


def spans(text: str) -> Iterator[Span]:
    """Divide a text into its parts; an escaped character is ``plain``."""
    for match in _SPANS.finditer(text):
        kind, content = match.lastgroup, match[match.lastgroup or 0]
        if kind == "escape":
            kind = "plain"
        if kind == "cite":
            content = ",".join(_CITED.findall(content))
        yield Span(kind, content)  # type: ignore[arg-type]


def cited(texts: Iterable[str]) -> list[str]:
    """Keys of the works that texts cite, in the order of their first citation."""
    keys = [
        key
        for text in texts
        for span in spans(text)
        if span.kind == "cite"
        for key in span.content.split(",")
    ]
    return list(dict.fromkeys(keys))


def markdown_of(paragraphs: Iterable[Paragraph]) -> str:
    """Write paragraphs in Markdown."""
    return "\n\n".join(f"**{title}.** {text.strip()}" for title, text in paragraphs) + "\n"


def latex_of(paragraphs: Iterable[Paragraph]) -> str:
    """Write paragraphs in LaTeX."""
    return (
        "\n\n".join(
            f"\\paragraph{{{latex_text(title)}.}}\n{latex_text(text.strip())}"
            for title, text in paragraphs
        )
        + "\n"
    )


def latex_text(text: str) -> str:
    """Convert a text to LaTeX."""
    converted = "".join(map(_latex_span, spans(text)))
    # An empty line would end the paragraph.
    return converted.replace("\n\n\\[", "\n\\[").replace("\\]\n\n", "\\]\n")


def _latex_span(span: Span) -> str:
    match span.kind:
        case "display":
            return f"\\[{span.content}\\]"
        case "math":
            return f"${span.content}$"
        case "name":
            return f"\\texttt{{{span.content.translate(_IN_TEXT)}}}"
        case "cite":
            return f"\\citep{{{span.content}}}"
    return span.content.translate(_IN_TEXT)


@functools.cache
def references() -> dict[str, str]:
    """Entries of ``templates/references.bib`` by key, in their order."""
    text = (TEMPLATES / "references.bib").read_text(encoding="utf-8")
    entries = re.split(r"(?m)^(?=@)", text)
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry.strip() for entry in entries[1:]}


def bibliography(keys: Iterable[str]) -> str:
    """Write the entries of some works in BibTeX, in alphabetical order of their keys."""
    entries = references()
    return "\n\n".join(entries[key] for key in sorted(set(keys))) + "\n"
