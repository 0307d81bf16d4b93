"""Folders of what PyTensor, Numba, Matplotlib and Snakemake keep, if the home is read-only.

PyTensor and Snakemake do not start without a folder that they can write to. Home
folders are read-only in some containers and on some clusters, or do not exist.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path


def ensure_writable_caches() -> None:
    """Choose other folders by environment variables where the standard ones cannot be written to.

    The other folder is below that of temporary files and belongs to the user alone, because code is
    read from it. Processes that this one starts use it too. It must be called before PyTensor,
    Matplotlib or Snakemake is imported; afterwards nothing changes.
    """
    entries = [entry.partition("=") for entry in os.environ.get("PYTENSOR_FLAGS", "").split(",")]
    flags = {name.strip(): value.strip() for name, _, value in entries if name.strip()}
    compiled = flags.get("base_compiledir") or "~/.pytensor"
    if sys.platform == "win32" or _is_writable(compiled):
        return
    try:
        folder = _private_folder()
    except OSError:
        return  # PyTensor says what is wrong
    print(
        f"note: {compiled} cannot be written to, so that compiled code is kept in {folder}; to "
        "keep it longer, set the environment variable PYTENSOR_FLAGS=base_compiledir=FOLDER",
        file=sys.stderr,
    )
    flags["base_compiledir"] = str(folder / "pytensor")
    os.environ["PYTENSOR_FLAGS"] = ",".join(f"{name}={value}" for name, value in flags.items())
    if not _is_writable(os.environ.get("XDG_CACHE_HOME") or "~/.cache"):
        os.environ["XDG_CACHE_HOME"] = str(folder)  # Snakemake
    if not _is_writable(f"{os.environ.get('XDG_CONFIG_HOME') or '~/.config'}/matplotlib"):
        os.environ.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))


def _is_writable(path: str) -> bool:
    """Whether a folder can be written to, or be made below the nearest one that exists."""
    expanded = os.path.expanduser(path)
    if expanded.startswith("~"):  # no home folder is known
        return False
    folder = Path(expanded)
    nearest = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), None)
    return nearest is not None and nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _private_folder() -> Path:
    """A folder below that of temporary files in which nobody else can write."""
    import tempfile  # not in every job

    folder = Path(tempfile.gettempdir()) / f"rlrecovery-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    is_private = status.st_uid == os.getuid() and not status.st_mode & 0o077
    if is_private and stat.S_ISDIR(status.st_mode):
        return folder
    return Path(tempfile.mkdtemp(prefix="rlrecovery-"))
