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

#: The name of all modules in a fingerprint.
_ALL = "all"

#: Prefix of the scripts beside the package: ``door.fit`` is ``scripts/fit.py``.
_DOOR = f"{PACKAGE.name}.door."


def settings_hash(values: object) -> str:
    """SHA-256 of plain values (as JSON); the order of keys does not matter."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@cache
def source_fingerprint(*modules: str) -> str:
    """Names of modules, and a hash of their code and of all code of this package that they import.

    Modules have names within the package, such as ``"fitting.batch"``, or ``"door.fit"`` for a
    script.
    The result is a text such as ``door.fit+fitting.batch:0123456789abcdef``.

    Raises
    ------
    ValueError
        If there is no such module.
    """
    digest = hashlib.sha256(json.dumps(code_behind(*modules), sort_keys=True).encode())
    return f"{'+'.join(sorted(modules))}:{digest.hexdigest()[:16]}"


def whole_fingerprint() -> str:
    """Hash of all modules of the package, and of its page templates byte for byte."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix == ".py":
            digest.update(_parsed(path)[0].encode())
        elif path.suffix in {".j2", ".css", ".js"}:
            digest.update(path.read_bytes())
    return f"{_ALL}:{digest.hexdigest()[:16]}"


def is_current(fingerprint: str) -> bool:
    """Whether a fingerprint matches the current code."""
    modules = fingerprint.rpartition(":")[0]
    try:
        return fingerprint == (
            whole_fingerprint() if modules == _ALL else source_fingerprint(*modules.split("+"))
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
        # The wrapper of jobs does not affect the results.
        if path and module not in code and module != f"{PACKAGE.name}.storage.job":
            code[module], imports = _parsed(path)
            waiting += imports
    return code


def _file_of(module: str) -> Path | None:
    """Source file of a module or script; None if it does not exist."""
    if module.startswith(_DOOR):
        candidates = [PACKAGE.parent / f"{module.removeprefix(_DOOR)}.py"]
    else:
        path = PACKAGE.joinpath(*module.split(".")[1:])
        candidates = [path / "__init__.py", path.with_suffix(".py")]
    return next((file for file in candidates if file.is_file()), None)


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    """Syntax tree of a file without documentation, as text, and the names that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = tuple(name for name in _imports(tree) if name.split(".")[0] == PACKAGE.name)
    _remove_documentation(tree)
    return ast.dump(tree), imports


def _imports(tree: ast.Module) -> Iterator[str]:
    """Full names of imported modules and objects, including imports inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _remove_documentation(tree: ast.Module) -> None:
    """Remove docstrings (also of attributes), and the descriptions of pydantic fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"Field", "pydantic.Field"}:
            node.keywords = [keyword for keyword in node.keywords if keyword.arg != "description"]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
