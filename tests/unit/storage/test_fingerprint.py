"""Fingerprints change with the code behind a module and with nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rlrecovery.storage import fingerprint

#: A small package, and a script beside it. ``work.py`` imports in every way that is allowed.
FILES = {
    "fit.py": "from rlrecovery.room.work import run\nrun()\n",
    "rlrecovery/__init__.py": "",
    "rlrecovery/room/__init__.py": '"""A room."""\n',
    "rlrecovery/room/work.py": '''"""Title."""
import numpy as np

from rlrecovery.room.base import SIZE, Settings


def run(x: int) -> int:
    """Compute something."""
    from rlrecovery.room.lazy import late

    # why
    return late(x + SIZE)
''',
    "rlrecovery/room/base.py": '''"""Base."""
from pydantic import BaseModel, Field

from rlrecovery.room.deep import DEPTH

SIZE = DEPTH + 1


class Settings(BaseModel):
    """Settings."""

    draws: int = Field(ge=1, description="Number of draws.")
    chains: int = 2
    """Number of chains."""
''',
    "rlrecovery/room/deep.py": "DEPTH = 1\n",
    "rlrecovery/room/lazy.py": "def late(x):\n    return x\n",
    "rlrecovery/room/other.py": "LABEL = 'one'\n",
    "rlrecovery/storage/job.py": "import rlrecovery.room.work\n",
    "rlrecovery/report/page.j2": "<p>{{ text }}</p>\n",
}


class Tree:
    """A made-up package that a test may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, *modules: str) -> str:
        clear_caches()
        return fingerprint.source_fingerprint(*modules)

    def whole(self) -> str:
        clear_caches()
        return fingerprint.whole_fingerprint()

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        assert path.read_text().count(old) == 1
        path.write_text(path.read_text().replace(old, new))

    def append(self, file: str, text: str = "\nMORE = 1\n") -> None:
        with (self.folder / file).open("a") as handle:
            handle.write(text)


def clear_caches() -> None:
    fingerprint.source_fingerprint.cache_clear()
    fingerprint._parsed.cache_clear()


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path / "rlrecovery")
    yield Tree(tmp_path)
    clear_caches()


class TestSourceFingerprint:
    def test_form(self, tree):
        assert re.fullmatch(r"room\.work:[0-9a-f]{16}", tree.of("room.work"))
        assert re.fullmatch(r"door\.fit\+room\.work:[0-9a-f]{16}", tree.of("room.work", "door.fit"))

    def test_modules_behind_a_script(self, tree):
        names = ["door.fit", *(f"room.{name}" for name in ("base", "deep", "lazy", "work"))]
        assert sorted(fingerprint.code_behind("door.fit")) == [
            f"rlrecovery.{name}" for name in names
        ]

    def test_it_is_current_until_the_code_changes(self, tree):
        before = [tree.of("room.work"), tree.of("room.other"), tree.whole()]
        assert all(map(fingerprint.is_current, before))
        tree.append("rlrecovery/room/deep.py")
        clear_caches()
        assert list(map(fingerprint.is_current, before)) == [False, True, False]

    def test_a_module_that_no_longer_exists_is_not_current(self, tree):
        assert not fingerprint.is_current("room.gone:0123456789abcdef")

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            ("room/work.py", "# why", "# another comment"),
            ("room/work.py", '"""Title."""', '"""Another title."""'),
            ("room/work.py", '"""Compute something."""', '"""Compute."""'),
            ("room/work.py", "late(x + SIZE)", "late(\n        x + SIZE)"),
            ("room/base.py", '"""Settings."""', '"""Other settings."""'),
            ("room/base.py", "Number of draws.", "How many draws."),
            ("room/base.py", "Number of chains.", "How many chains."),
        ],
    )
    def test_documentation_and_layout_do_not_count(self, tree, file, old, new):
        before = tree.of("room.work"), tree.whole()
        tree.replace(f"rlrecovery/{file}", old, new)
        assert (tree.of("room.work"), tree.whole()) == before

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            ("room/work.py", "x + SIZE", "x - SIZE"),
            ("room/base.py", "DEPTH + 1", "DEPTH + 2"),  # imported
            ("room/base.py", "ge=1", "ge=2"),
            ("room/deep.py", "DEPTH = 1", "DEPTH = 2"),  # imported by an imported module
            ("room/lazy.py", "return x", "return -x"),  # imported inside a function
        ],
    )
    def test_expressions_count(self, tree, file, old, new):
        before = tree.of("room.work")
        tree.replace(f"rlrecovery/{file}", old, new)
        assert tree.of("room.work") != before

    def test_strings_that_are_no_documentation_count(self, tree):
        before = tree.of("room.other")
        tree.replace("rlrecovery/room/other.py", "'one'", "'two'")
        assert tree.of("room.other") != before

    @pytest.mark.parametrize("file", ["room/other.py", "storage/job.py"])
    def test_modules_that_are_not_imported_do_not_count(self, tree, file):
        tree.append("rlrecovery/room/lazy.py", "\nimport rlrecovery.storage.job\n")
        before, whole = tree.of("room.work"), tree.whole()
        tree.append(f"rlrecovery/{file}")
        assert tree.of("room.work") == before
        assert tree.whole() != whole

    @pytest.mark.parametrize(
        "line",
        [
            "import rlrecovery.room.other",
            "from rlrecovery.room import other",
            "from rlrecovery.room.other import LABEL",
            "import rlrecovery.room.other as alias",
        ],
    )
    def test_every_form_of_import(self, tree, line):
        tree.append("rlrecovery/room/deep.py", f"\n{line}\n")
        before = tree.of("room.work")
        tree.append("rlrecovery/room/other.py")
        assert tree.of("room.work") != before

    def test_modules_that_import_each_other(self, tree):
        tree.append("rlrecovery/room/deep.py", "\nimport rlrecovery.room.work\n")
        before = tree.of("room.deep")
        tree.append("rlrecovery/room/lazy.py")
        assert tree.of("room.deep") != before

    def test_order_of_modules_does_not_count(self, tree):
        assert tree.of("room.work", "room.other") == tree.of("room.other", "room.work")
        assert tree.of("room.work", "room.other") != tree.of("room.work")

    @pytest.mark.parametrize("module", ["nonsense", "room.base.SIZE", "door.nonsense"])
    def test_unknown_modules_are_an_error(self, tree, module):
        with pytest.raises(ValueError, match=f"rlrecovery.{module} is not a module"):
            tree.of(module)


class TestWholeFingerprint:
    def test_templates_count_byte_for_byte(self, tree):
        before = tree.of("room.work"), tree.whole()
        tree.append("rlrecovery/report/page.j2", " ")
        assert tree.whole() != before[1]
        assert tree.of("room.work") == before[0]

    def test_other_files_do_not_count(self, tree):
        before = tree.whole()
        (tree.folder / "rlrecovery/notes.txt").write_text("hello")
        assert tree.whole() == before


@pytest.mark.parametrize("estimator", ["mle", "bayes", "quadrature", "mock"])
def test_fits_depend_on_their_own_fitter_only(estimator):
    """Changing the fitter of one estimator must not run the jobs of another again."""
    modules = fingerprint.code_behind("door.fit", f"fitting.{estimator}.fitter")
    fitters = {name for name in modules if re.fullmatch(r"rlrecovery\.fitting\.\w+\.fitter", name)}
    assert fitters == {f"rlrecovery.fitting.{estimator}.fitter"}
    assert not {name.split(".")[1] for name in modules} & {"score", "figures", "report"}


def test_settings_hash():
    one = fingerprint.settings_hash({"run": "a", "task": {"arms": [0.4, 0.6], "blocks": 1}})
    reordered = {"task": {"blocks": 1, "arms": [0.4, 0.6]}, "run": "a"}
    assert one == fingerprint.settings_hash(reordered)
    assert one != fingerprint.settings_hash({"run": "a", "task": {"arms": [0.6, 0.4], "blocks": 1}})
    assert re.fullmatch(r"[0-9a-f]{64}", one)
