"""HTML from templates: what is filled in is escaped, and nothing is loaded from outside."""

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
    """The package's templates; a missing variable is an error.

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
    """Replace the spaces around ± and before % by non-breaking ones."""
    space = "\N{NO-BREAK SPACE}"
    return text.replace(" ±", f"{space}±").replace("± ", f"±{space}").replace(" %", f"{space}%")


def own_script(name: str) -> str:
    """Source of a script in the templates folder."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def inline_scripts(sources: Sequence[str]) -> tuple[list[Markup], str]:
    """Scripts to be put into a page, and their hashes for its content security policy."""
    digests = (hashlib.sha256(source.encode()).digest() for source in sources)
    hashes = (f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return [Markup(source) for source in sources], " ".join(hashes)


def svg_uri(svg: str) -> str:
    """An SVG as a data URI, so that its identifiers cannot clash with those of another."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def paragraphs(text: str) -> Markup:
    """HTML of reStructuredText, which may include neither files nor raw HTML."""
    settings = {
        "file_insertion_enabled": False,
        "raw_enabled": False,
        "report_level": 5,
        "_disable_config": True,
    }
    return Markup(publish_parts(text, writer="html5", settings_overrides=settings)["fragment"])
