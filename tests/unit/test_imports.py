"""The package's imports: rooms in their order, no circles, no private names, no Snakemake.

The order of rooms is the block ``import-order`` of ``docs/architecture.md``. Imports inside
functions and under ``TYPE_CHECKING`` count too.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "scripts" / "rlrecovery"


def room_order() -> list[str]:
    """Rooms in their order, from the documentation."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```import-order\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    return blocks[0].split()


@dataclass(frozen=True)
class Import:
    """One imported name: ``import target``, or ``from target import name``."""

    module: str
    line: int
    target: str
    name: str = ""


@dataclass(frozen=True)
class Module:
    """A module of a package: its full name, whether it is an ``__init__.py``, and its imports."""

    name: str
    is_init: bool
    tree: ast.Module

    @property
    def imports(self) -> Iterator[Import]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (Import(self.name, node.lineno, a.name) for a in node.names)
            elif isinstance(node, ast.ImportFrom):
                target = "." * node.level + (node.module or "")
                yield from (Import(self.name, node.lineno, target, a.name) for a in node.names)


def modules_in(package: Path) -> dict[str, Module]:
    """Modules of a package by their full name."""
    modules = {}
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        is_init = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_init else parts)
        modules[name] = Module(name, is_init, ast.parse(path.read_text(encoding="utf-8")))
    return modules


def room_of(module: str) -> str:
    """Room of a module; empty for the package itself."""
    return [*module.split("."), ""][1]


def target_module(imported: Import, modules: dict[str, Module]) -> str | None:
    """Full name of the module that an import loads; None outside the package."""
    full_name = f"{imported.target}.{imported.name}"
    return next((name for name in (full_name, imported.target) if name in modules), None)


def violations(package: Path, order: Sequence[str]) -> list[str]:
    """One line per violation of the rules of imports."""
    modules = modules_in(package)
    lines = [
        f"{imported.module}:{imported.line} {problem}"
        for module in modules.values()
        for imported in module.imports
        for problem in problems(module, imported, modules, order)
    ]
    lines += [
        f"{module.name}:{line} uses {name}, which is private to another room"
        for module in modules.values()
        for line, name in private_attributes(module, modules)
    ]
    rooms = {room_of(name) for name, module in modules.items() if module.is_init}
    lines += [f"{room}/ is not in the stated order" for room in sorted(rooms - {"", *order})]
    return lines + [f"circle: {' -> '.join(circle)}" for circle in circles(modules)]


def problems(
    module: Module, imported: Import, modules: dict[str, Module], order: Sequence[str]
) -> Iterator[str]:
    """What is wrong with one import."""
    room = room_of(module.name)
    if imported.target.split(".")[0] == "snakemake":
        yield "imports snakemake"
    if imported.target.startswith("."):
        yield "has a relative import"
    if module.is_init and room and imported.target != "__future__":
        yield f"imports {imported.target}, but an __init__.py imports nothing"
    target = target_module(imported, modules)
    if target is None and imported.target.split(".")[0] == module.name.split(".")[0]:
        yield f"imports {imported.target}, which does not exist"
    if target is None or not room:
        return
    target_room = room_of(target)
    if not target_room:
        yield "imports from the package itself; import from the module"
    elif {room, target_room} <= set(order) and order.index(target_room) > order.index(room):
        yield f"({room}) imports {target}, which is in a later room"
    if imported.name.startswith("_") and target_room != room:
        yield f"imports {imported.name}, which is private to another room"


def private_attributes(module: Module, modules: dict[str, Module]) -> Iterator[tuple[int, str]]:
    """Private names that a module takes from a module of another room which it imported whole."""
    aliases = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            target = aliases.get(node.value.id)
            is_private = node.attr.startswith("_") and not node.attr.startswith("__")
            if is_private and target in modules and room_of(target) != room_of(module.name):
                yield node.lineno, f"{node.value.id}.{node.attr}"


def circles(modules: dict[str, Module]) -> list[list[str]]:
    """Circles of imports, each found once from the first module that leads into it."""
    targets = {
        name: sorted({target_module(i, modules) for i in module.imports} - {None, name})
        for name, module in modules.items()
    }
    found, finished = [], set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
        elif name not in finished:
            for target in targets[name]:
                visit(target, [*path, name])
            finished.add(name)

    for name in targets:
        visit(name, [])
    return found


def test_the_package_keeps_its_rules():
    assert "\n".join(violations(PACKAGE, room_order())) == ""


def test_every_stated_room_exists():
    assert [room for room in room_order() if not (PACKAGE / room / "__init__.py").is_file()] == []


def write_package(folder: Path, files: dict[str, str]) -> Path:
    """A made-up package with the rooms ``first`` and ``second``."""
    package = folder / "made"
    files = {"__init__.py": "", "first/__init__.py": "", "second/__init__.py": ""} | files
    for name, text in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    return package


GOOD = {
    "__init__.py": "from made.second.user import use\n",
    "first/__init__.py": '"""Room."""\nfrom __future__ import annotations\n',
    "first/base.py": "import json\nA = _B = 1\n",
    "first/more.py": "from made.first.base import A, _B\n",
    "second/user.py": "from made.first import base\nuse = base.A, base.__name__\n",
}


def test_good_imports_pass(tmp_path):
    assert violations(write_package(tmp_path, GOOD), ["first", "second"]) == []


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("first/bad.py", "import made.second.user", "(first) imports made.second.user"),
        ("first/bad.py", "from made.second import user", "(first) imports made.second.user"),
        ("first/bad.py", "from made.second.user import use", "(first) imports made.second.user"),
        ("first/bad.py", "def f():\n    import made.second.user", "in a later room"),
        ("first/bad.py", "if TYPE:\n    from made.second.user import use", "in a later room"),
        ("second/bad.py", "from made.first.base import _B", "_B, which is private"),
        ("second/bad.py", "from made.first import base as b\nb._B", "b._B, which is private"),
        ("second/bad.py", "from .user import use", "relative import"),
        ("second/bad.py", "from made import use", "the package itself"),
        ("second/bad.py", "from made.first.gone import use", "made.first.gone, which does not"),
        ("second/bad.py", "from snakemake.utils import validate", "imports snakemake"),
        ("second/__init__.py", "from made.second.user import use", "imports nothing"),
        ("second/part/__init__.py", "import json", "imports nothing"),
        ("third/__init__.py", "", "third/ is not in the stated order"),
        ("first/base.py", "from made.first.more import A", "circle: made.first.base -> made.first"),
    ],
)
def test_bad_imports_are_listed(tmp_path, file, text, expected):
    (line,) = violations(write_package(tmp_path, GOOD | {file: text}), ["first", "second"])
    assert expected in line


def test_long_circles_are_found(tmp_path):
    names = ["a", "b", "c"]
    files = {
        f"first/{name}.py": f"import made.first.{names[i - 2]}\n" for i, name in enumerate(names)
    }
    (line,) = violations(write_package(tmp_path, files), ["first", "second"])
    assert line == "circle: made.first.a -> made.first.b -> made.first.c -> made.first.a"
