"""Jinja templates with escaping, and helpers that embed scripts, figures and captions."""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import jinja2
from docutils.core import publish_parts
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


@functools.cache
def environment() -> jinja2.Environment:
    """Return the environment of the templates; an undefined variable is an error.

    The filter ``tight`` keeps a value, its MCSE and a per cent sign on one line.
    """
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["tight"] = _tight
    return templates


def _tight(text: str) -> str:
    """Replace spaces around ± and before % with non-breaking spaces."""
    space = "\N{NO-BREAK SPACE}"
    return text.replace(" ±", f"{space}±").replace("± ", f"±{space}").replace(" %", f"{space}%")


def inline_scripts(sources: Sequence[str]) -> tuple[list[Markup], str]:
    """Return scripts for a page, and their hashes for its content security policy."""
    digests = (hashlib.sha256(source.encode()).digest() for source in sources)
    hashes = (f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return [Markup(source) for source in sources], " ".join(hashes)


def paragraphs(text: str) -> Markup:
    """Convert reStructuredText to HTML; file inclusion and raw HTML are disabled."""
    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "report_level": 5,
        "_disable_config": True,
    }
    return Markup(publish_parts(text, writer="html5", settings_overrides=settings)["fragment"])
