"""Hashes of the source code and of the settings that a result depends on.

The hash of source code is computed from the syntax trees of modules, without docstrings and
descriptions of settings. A change of code changes the hash, and Snakemake then reruns the jobs that
depend on it. Comments, documentation and layout do not affect it.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

#: Folder of the package.
PACKAGE = Path(__file__).parents[1]

#: Suffixes of the other files that determine the content of a report.
_TEMPLATES = {".j2", ".css", ".js"}

#: Separator of modules in a fingerprint, and the name of all of them.
_AND, _ALL = "+", "all"

#: Prefix of the scripts beside the package: ``door.fit`` is ``scripts/fit.py``.
_DOOR = f"{PACKAGE.name}.door."

#: The job wrapper does not affect the results.
_IGNORED = f"{PACKAGE.name}.storage.job"


def settings_hash(values: object) -> str:
    """SHA-256 of plain values (as JSON); the order of keys does not matter."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@cache
def source_fingerprint(*modules: str) -> str:
    """Hash of the code of modules and of all modules of this package that they import.

    Parameters
    ----------
    *modules : str
        Names within the package, such as ``"fit.mle"``, or ``"door.fit"`` for a script.

    Returns
    -------
    str
        Names and hash, such as ``fit.batch+fit.mle:0123456789abcdef``.

    Raises
    ------
    ValueError
        If there is no such module.
    """
    digest = hashlib.sha256(json.dumps(code_behind(*modules), sort_keys=True).encode())
    return f"{_AND.join(sorted(modules))}:{digest.hexdigest()[:16]}"


def whole_fingerprint() -> str:
    """Hash of all modules of the package, and of its page templates byte for byte."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            digest.update(_parsed(path)[0].encode())
        elif path.suffix in _TEMPLATES:
            digest.update(path.read_bytes())
    return f"{_ALL}:{digest.hexdigest()[:16]}"


def is_current(fingerprint: str) -> bool:
    """Whether a fingerprint matches the current code."""
    modules = fingerprint.rpartition(":")[0]
    try:
        return fingerprint == (
            whole_fingerprint() if modules == _ALL else source_fingerprint(*modules.split(_AND))
        )
    except ValueError:  # the module no longer exists
        return False


def code_behind(*modules: str) -> dict[str, str]:
    """Syntax trees, as text, of modules and their imports, by full name."""
    waiting, code = [f"{PACKAGE.name}.{module}" for module in modules], dict[str, str]()
    for module in waiting:
        if _file_of(module) is None:
            raise ValueError(f"{module} is not a module of this package")
    while waiting:
        module = waiting.pop()
        path = _file_of(module)
        if path is None or module in code or module == _IGNORED:
            continue
        code[module], imports = _parsed(path)
        waiting += imports
    return code


def _file_of(module: str) -> Path | None:
    """Source file of a module or script; None if it does not exist."""
    if module.startswith(_DOOR):
        script = PACKAGE.parent / f"{module.removeprefix(_DOOR)}.py"
        return script if script.is_file() else None
    path = PACKAGE.joinpath(*module.split(".")[1:])
    candidates = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in candidates if file.is_file()), None)


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    """Syntax tree of a file without documentation, as text, and the names that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = tuple(dict.fromkeys(_imports(tree)))
    return ast.dump(_without_documentation(tree)), imports


def _imports(tree: ast.Module) -> Iterator[str]:
    """Full names that a module imports from this package, including imports inside functions.

    They may be modules or other objects, as in ``from rlrecovery.fit.base import Row``.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] == PACKAGE.name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE.name:
            yield str(node.module)
            yield from (f"{node.module}.{a.name}" for a in node.names)


def _without_documentation(tree: ast.Module) -> ast.Module:
    """A syntax tree without docstrings, and without the descriptions of pydantic fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"Field", "pydantic.Field"}:
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "description"]
    return tree
