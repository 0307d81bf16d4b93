"""The package is light to import, and its rooms build on each other in one direction."""

import ast
import subprocess
import sys
from pathlib import Path

from rlrecovery import config
from unit.config.experiments import ROOT

#: From the ground up; each imports only from those before it, and so there are no cycles.
ROOMS = [
    "fields", "distributions", "settings", "schema", "words", "sentences", "draft",
    "phrases", "check_tasks", "check_models", "check_methods", "checks",
    "reading", "help", "command", "__init__", "__main__",
]  # fmt: skip
FOLDER = Path(config.__file__).parent


def rooms_imported_by(room: str) -> set[str]:
    tree = ast.parse((FOLDER / f"{room}.py").read_text())
    imports = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[2] for name in imports if name.startswith("rlrecovery.config.")}


def test_rooms_import_only_from_those_below_them():
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == sorted(ROOMS)
    for place, room in enumerate(ROOMS):
        assert rooms_imported_by(room) <= set(ROOMS[:place]), room


def test_every_public_name_is_there():
    assert all(hasattr(config, name) for name in config.__all__)


def test_importing_brings_no_pymc():
    slow = "{'pymc', 'pytensor', 'nutpie', 'arviz'}"
    code = f"import sys, rlrecovery.config; sys.exit(bool({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "scripts", check=False)
    assert done.returncode == 0
