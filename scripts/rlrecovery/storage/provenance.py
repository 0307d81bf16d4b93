"""Where numbers come from: versions, git state, and fingerprints of source code."""

from __future__ import annotations

import ast
import datetime
import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from rlrecovery.storage.works import plain_hash

PACKAGE = Path(__file__).parents[1]

#: Packages whose versions decide the numbers, in the order in which the report lists them.
PACKAGES = (
    "numpy", "scipy", "pandas", "pytensor", "numba", "pymc", "nutpie", "arviz-stats", "matplotlib",
    "seaborn", "altair",
)  # fmt: skip


#: Environment variable that holds the stamp of a run.
STUDY = "RLRECOVERY_STUDY"

#: What a fingerprint names: modules one after the other, or all there are.
_AND, _ALL = "+", "all"
#: Doors are the scripts beside the package: ``door.fit``.
_DOOR = f"{PACKAGE.name}.door."


def _file_of(module: str) -> Path | None:
    """Source file of a module of this package or of a door; None for a name that is neither."""
    if module.startswith(_DOOR):
        door = PACKAGE.parent / f"{module.removeprefix(_DOOR)}.py"
        return door if door.is_file() else None
    path = PACKAGE.joinpath(*module.split(".")[1:])
    if path.with_suffix(".py").is_file() and path != PACKAGE:
        return path.with_suffix(".py")
    return path / "__init__.py" if (path / "__init__.py").is_file() else None


def _imports(tree: ast.Module) -> Iterator[str]:
    """Names of this package's modules that a module imports, at its top or inside functions."""
    name = PACKAGE.name
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == name:
            yield str(node.module)
            yield from (f"{node.module}.{a.name}" for a in node.names)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
    return tree


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    """A file's code without comments and docstrings, and the modules that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = tuple(dict.fromkeys(_imports(tree)))
    return ast.dump(_without_docstrings(tree)), imports


@cache
def source_fingerprint(*modules: str) -> str:
    """Hash of the code of modules of this package and of all that they import from it.

    Comments, docstrings and layout do not count, so that only a change that can change a number
    makes jobs run again.

    Parameters
    ----------
    *modules : str
        Names below the package, for instance ``"simulate.batch"`` or ``"fit.mle"``, and doors:
        ``"door.fit"``.

    Returns
    -------
    str
        The names and the hash: ``fit.batch+fit.mle:0123456789abcdef``.
    """
    waiting, seen = [f"{PACKAGE.name}.{module}" for module in modules], {}
    for module in waiting:
        if _file_of(module) is None:
            raise ValueError(f"{module} is not a module of this package")
    while waiting:
        module = waiting.pop()
        path = _file_of(module)
        # How a job writes its log and how it ends change no number.
        if path is None or module in seen or module == f"{PACKAGE.name}.storage.job":
            continue
        seen[module], imports = _parsed(path)
        waiting += imports
    digest = hashlib.sha256(json.dumps(seen, sort_keys=True).encode())
    return f"{_AND.join(sorted(modules))}:{digest.hexdigest()[:16]}"


def whole_fingerprint() -> str:
    """Hash of the whole package: every module, and its page templates as they are."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            digest.update(_parsed(path)[0].encode())
        elif path.suffix in {".j2", ".css", ".js"}:
            digest.update(path.read_bytes())
    return f"{_ALL}:{digest.hexdigest()[:16]}"


def is_current(fingerprint: str) -> bool:
    """Whether the code that a fingerprint is of is still as it was then."""
    modules = fingerprint.rpartition(":")[0]
    try:
        return fingerprint == (
            whole_fingerprint() if modules == _ALL else source_fingerprint(*modules.split(_AND))
        )
    except ValueError:  # of a module that is no more
        return False


def study_stamp(experiment: Mapping[str, Any]) -> str:
    """What all jobs of a run must have in common: the config and the code."""
    return f"{config_hash(experiment)} {whole_fingerprint()}"


def same_study(experiment: Mapping[str, Any], remote: bool) -> bool:
    """Whether config and code are those that the head process of a run started with.

    The head leaves its stamp in the environment, which a cluster hands on to jobs.

    Parameters
    ----------
    experiment : mapping
        The resolved experiment, as it is read now.
    remote : bool
        Whether this is a job on a cluster, and not the head.
    """
    stamp = study_stamp(experiment)
    if not remote:
        os.environ[STUDY] = stamp
    return os.environ.get(STUDY, stamp) == stamp


def git_state() -> dict[str, Any] | None:
    """Commit and whether files differ from it; None outside a git repository."""

    def git(*arguments: str) -> str:
        """What git prints."""
        command = ["git", "-C", str(PACKAGE), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return None


def versions(*packages: str) -> dict[str, str]:
    """Python's version and those of some packages, or of all that decide the numbers.

    A package that is not installed says so: figures are drawn from a summary without a sampler.
    """
    python = {"python": platform.python_version()}
    return python | {name: _version(name) for name in packages or PACKAGES}


@cache  # reading a package's metadata takes a millisecond, and every job of a study asks for some
def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def config_hash(experiment: Mapping[str, Any]) -> str:
    """SHA-256 of a resolved experiment, independent of the order and comments of its file."""
    return plain_hash(experiment)


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def provenance(
    experiment: Mapping[str, Any], fingerprint: str, used: Mapping[str, str]
) -> dict[str, Any]:
    """All that is needed to trace a run; `used` are versions by package."""
    return {
        "run": experiment["run"],
        "seed": experiment["seed"],
        "versions": dict(used),
        "git": git_state(),
        "config_sha256": config_hash(experiment),
        "source_fingerprint": fingerprint,
        "started": now(),
        "platform": platform.platform(),
    }
