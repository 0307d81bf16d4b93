"""Pages of HTML from templates: what is put in is escaped, and nothing may be missing."""

from __future__ import annotations

from pathlib import Path

import jinja2

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> jinja2.Environment:
    """The package's templates; their filter ``tight`` keeps a value and its MCSE together."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["tight"] = lambda text: (
        text.replace(" ±", "\N{NO-BREAK SPACE}±")
        .replace("± ", "±\N{NO-BREAK SPACE}")
        .replace(" %", "\N{NO-BREAK SPACE}%")
    )
    return made
