"""Whether a path can be read to an end: a pipe or a device may never end, or never begin."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: Kinds of things that are not files of a disk, by the test for them.
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def endless_kind(path: str | os.PathLike[str]) -> str | None:
    """What is at a path if reading it may never end; None for a file, a folder or nothing.

    Links are followed. Files are checked with this before they are opened, because opening a pipe
    waits until another program writes to it.
    """
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return None
    return next((kind for is_kind, kind in _KINDS if is_kind(mode)), None)
