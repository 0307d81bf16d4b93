"""Folders of what PyTensor, Numba, Matplotlib and Snakemake keep, also if the home is read-only.

PyTensor and Snakemake do not start without a folder that they can write to. Home
folders are read-only in some containers and on some clusters, or do not exist.

Compiled code is run as it is found. A folder of it in which others can write, or that belongs to
somebody else, is therefore refused, and new ones are made for the user alone.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

_ADVICE = "set the environment variable PYTENSOR_FLAGS=base_compiledir=FOLDER"


def ensure_writable_caches() -> None:
    """Choose other folders by environment variables where the standard ones cannot be written to.

    The other folder is below that of temporary files and belongs to the user alone, because code is
    read from it. Processes that this one starts use it too. It must be called before PyTensor,
    Matplotlib or Snakemake is imported; afterwards nothing changes.

    Raises
    ------
    SystemExit
        If others can write to a folder of compiled code; in an interactive session ImportError.
    """
    if sys.platform == "win32":
        return
    flags, folders = pytensor_flags(), pytensor_folders()
    compiled = folders.get("base_compiledir") or "~/.pytensor"
    named = (folders.get("compiledir"), os.environ.get("NUMBA_CACHE_DIR"))
    _refuse_open(Path(name).expanduser() for name in named if name)
    if not _is_writable(compiled):
        with suppress(OSError):  # PyTensor says what is wrong
            _use_private_folder(compiled, flags)
        return
    base = Path(compiled).expanduser()
    with suppress(OSError):  # the same
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_open(_code_folders(base))


def _use_private_folder(compiled: str, flags: dict[str, str]) -> None:
    """Set environment variables, so that a folder other than `compiled` is used, and say so."""
    folder = _private_folder()
    print(
        f"note: {compiled} cannot be written to, so that compiled code is kept in {folder}; to "
        f"keep it longer, {_ADVICE}",
        file=sys.stderr,
    )
    flags["base_compiledir"] = str(folder / "pytensor")
    os.environ["PYTENSOR_FLAGS"] = ",".join(f"{name}={value}" for name, value in flags.items())
    if not _is_writable(os.environ.get("XDG_CACHE_HOME") or "~/.cache"):
        os.environ["XDG_CACHE_HOME"] = str(folder)  # Snakemake
    if not _is_writable(f"{os.environ.get('XDG_CONFIG_HOME') or '~/.config'}/matplotlib"):
        os.environ.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))


def pytensor_flags() -> dict[str, str]:
    """Settings of PyTensor in its environment variable, by name."""
    entries = [entry.partition("=") for entry in os.environ.get("PYTENSOR_FLAGS", "").split(",")]
    return {name.strip(): value.strip() for name, _, value in entries if name.strip()}


def pytensor_folders() -> dict[str, str]:
    """Folders of compiled code as PyTensor is told them: its flags, then its files of settings."""
    return _folders_in_files() | pytensor_flags()


def _folders_in_files() -> dict[str, str]:
    """Folders that PyTensor's own files of settings name, as it reads them."""
    names = os.environ.get("PYTENSORRC", "~/.pytensorrc").split(os.pathsep)
    paths = [path for path in map(os.path.expanduser, names) if os.path.isfile(path)]
    if not paths:
        return {}
    import configparser  # not in every job

    variables = {name: os.environ.get(name, "") for name in ("LSCRATCH", "TMPDIR", "TEMP", "TMP")}
    user = os.environ.get("USER", Path(os.path.expanduser("~")).name)
    defaults = {**variables, "USER": user, "PID": str(os.getpid())}
    with suppress(configparser.Error, ValueError):  # PyTensor says what is wrong
        return _folders_named(paths, defaults)
    return {}


def _folders_named(paths: list[str], defaults: dict[str, str]) -> dict[str, str]:
    """Folders in the section ``global`` of files; of two values the last one holds."""
    import configparser

    folders = {}
    for name in ("base_compiledir", "compiledir"):
        for kind in (configparser.RawConfigParser(), configparser.ConfigParser(defaults)):
            kind.read(paths)
            with suppress(configparser.InterpolationError):  # then as it is written
                folders[name] = kind.get("global", name, fallback="")
    return folders


def _refuse_open(folders: Iterable[Path]) -> None:
    """Stop if others can write to one of some folders."""
    refused = next(filter(None, map(_refusal, folders)), None)
    if refused is not None:
        _stop(refused)


def _code_folders(base: Path) -> Iterator[Path]:
    """Yield a folder of compiled code, and the folders in it that others may reach."""
    try:
        yield base
        is_closed = not base.stat().st_mode & 0o011
        with os.scandir(base) as entries:
            inner = [Path(entry) for entry in entries if entry.is_dir()]
    except OSError:
        return
    # What is in a folder that only the user can enter is safe, unless it is elsewhere.
    yield from sorted(path for path in inner if not is_closed or path.is_symlink())


def _refusal(folder: Path) -> str | None:
    """One sentence if others can write to a folder or its owner is somebody else."""
    try:
        states = (folder.lstat(), folder.stat())  # of a link, and of what it leads to
    except OSError:
        return None
    owners = [state.st_uid for state in states if state.st_uid != os.getuid()]
    holds = "and what it holds is run as code"
    if owners:
        return f"{folder} belongs to {_name_of(owners[0])}, {holds}: to use another one, {_ADVICE}"
    if states[1].st_mode & 0o022:
        mode = stat.filemode(states[1].st_mode)
        return (
            f"other users can write to {folder} ({mode}, owner {_name_of(os.getuid())}), {holds}: "
            f"delete it, and it is made again for you alone, or, to use another one, {_ADVICE}"
        )
    return None


def _name_of(user: int) -> str:
    """Name of a user, or the number of one without a name."""
    import pwd  # not in every job, and not on Windows

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _stop(sentence: str) -> NoReturn:
    """End the program, or in an interactive session the import."""
    if hasattr(sys, "ps1"):
        raise ImportError(sentence)
    sys.exit(f"error: {sentence}")


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
