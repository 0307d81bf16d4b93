"""The reference part of the documentation, written from the code before Sphinx reads its sources.

`write_reference` is called when the builder starts. A page whose text has not changed is not
written again, so that Sphinx keeps what it has made of it.
"""

from __future__ import annotations

from pathlib import Path

from reference_pages.api import api_page
from reference_pages.commands import commands_page
from reference_pages.config import config_page
from reference_pages.measures import measures_page
from reference_pages.models import models_page
from reference_pages.tables import tables_page
from reference_pages.tasks import tasks_page


def pages(folder: Path) -> dict[str, str]:
    """Texts of all pages by file name; files that they include are relative to the folder."""
    return {
        "config.md": config_page(folder),
        "models.md": models_page(),
        "tasks.md": tasks_page(folder),
        "measures.md": measures_page(),
        "tables.md": tables_page(),
        "commands.md": commands_page(),
        "api.md": api_page(),
    }


def write_reference(folder: Path) -> None:
    """Write the pages into a folder, as far as their text has changed; remove other pages."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = pages(folder)
    for path in folder.glob("*.md"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
