"""Spreads the pages that run much over the processes that read pages at once.

Sphinx gives each process a run of neighbouring pages in alphabetical order, so that one of them
would read all tutorials while the others have nothing left to do.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

#: Beginnings of blocks that are run, in Markdown and in notebooks.
RUN = re.compile(r'^```\{(?:command|code-cell)\}|"cell_type": "code"', re.MULTILINE)
#: Runs of pages with about the same work.
SHARES = 4


def spread(app: Sphinx, env: BuildEnvironment, pages: list[str]) -> None:
    """Deal the pages out in the order of their work, in place."""
    by_work = sorted(pages, key=lambda page: (-_work(Path(env.doc2path(page))), page))
    pages[:] = [page for share in range(SHARES) for page in by_work[share::SHARES]]


def _work(path: Path) -> int:
    """Number of blocks of a page that are run."""
    return len(RUN.findall(path.read_text(encoding="utf-8")))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the step."""
    app.connect("env-before-read-docs", spread)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
