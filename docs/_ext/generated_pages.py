"""Writes the pages of the reference before the site is built."""

from __future__ import annotations

from pathlib import Path

from reference_pages import write_reference
from sphinx.application import Sphinx


def write_pages(app: Sphinx) -> None:
    """Write ``docs/reference/generated``."""
    write_reference(Path(app.srcdir) / "reference" / "generated")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the step."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
