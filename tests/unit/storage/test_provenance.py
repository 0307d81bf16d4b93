"""Fingerprints move with the code and with nothing else; git state and versions."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from rlrecovery.storage import provenance


class Copy:
    """A copy of the package that a test may edit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fingerprint(self, *modules: str) -> str:
        forget()
        return provenance.source_fingerprint(*modules)

    def whole(self) -> str:
        forget()
        return provenance.whole_fingerprint()

    def edit(self, module: str, old: str, new: str) -> None:
        path = self.folder / module
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {module}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def append(self, module: str, text: str) -> None:
        with (self.folder / module).open("a", encoding="utf-8") as file:
            file.write(text)


def forget() -> None:
    provenance.source_fingerprint.cache_clear()
    provenance._parsed.cache_clear()


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "rlrecovery"
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(provenance.PACKAGE, folder, ignore=ignored)
    monkeypatch.setattr(provenance, "PACKAGE", folder)
    yield Copy(folder)
    forget()


class TestSourceFingerprint:
    def test_form(self):
        assert re.fullmatch(r"simulate:[0-9a-f]{16}", provenance.source_fingerprint("simulate"))
        both = provenance.source_fingerprint("fit", "estimators.mle")
        assert re.fullmatch(r"estimators\.mle\+fit:[0-9a-f]{16}", both)

    def test_it_is_current_until_that_code_changes(self, package):
        made = [package.fingerprint("simulate"), package.fingerprint("wording"), package.whole()]
        assert all(map(provenance.is_current, made))
        package.append("simulate.py", "\nADDED = 1\n")
        forget()
        assert list(map(provenance.is_current, made)) == [False, True, False]

    def test_a_copy_is_the_same(self, package):
        copied = package.fingerprint("simulate")
        package.folder = provenance.PACKAGE
        assert copied == package.fingerprint("simulate")

    @pytest.mark.parametrize(
        ("module", "old", "new"),
        [
            ("simulate.py", "log = logging", "# a comment\nlog = logging"),
            ("simulate.py", '"""Let participants choose and learn.', '"""Another docstring.'),
            ("simulate.py", '"""Simulation: model', '"""Now the title: model'),
            ("simulate.py", "state, steps = fresh, []", "state, steps = (fresh,\n        [])"),
            ("design.py", '"""One combination of generating', '"""Another: of generating'),
            ("tasks.py", "\nclass Task:", "\n# fmt: off\n\n\nclass Task:"),
        ],
    )  # fmt: skip
    def test_comments_docstrings_and_layout_do_not_count(self, package, module, old, new):
        before = package.fingerprint("simulate"), package.whole()
        package.edit(module, old, new)
        assert (package.fingerprint("simulate"), package.whole()) == before

    @pytest.mark.parametrize(
        ("module", "old", "new"),
        [
            ("simulate.py", "(cumulative <= uniform", "(cumulative < uniform"),
            ("models.py", "return p.beta * state", "return 2 * p.beta * state"),  # imported
            (
                "distributions.py",
                "expon(scale=1 / lam",
                "expon(scale=lam",
            ),  # imported by an imported one
            ("tables.py", '"reward": "float64"', '"reward": "float32"'),
        ],
    )
    def test_changed_expressions_do(self, package, module, old, new):
        before = package.fingerprint("simulate")
        package.edit(module, old, new)
        assert package.fingerprint("simulate") != before

    def test_a_string_that_is_no_docstring_counts(self, package):
        package.append("simulate.py", 'LABEL = "one"\n')
        before = package.fingerprint("simulate")
        package.edit("simulate.py", 'LABEL = "one"', 'LABEL = "two"')
        assert package.fingerprint("simulate") != before

    @pytest.mark.parametrize("module", ["report.py", "scores.py", "kernel.py", "doors.py"])
    def test_modules_that_are_not_imported_do_not(self, package, module):
        before, whole = package.fingerprint("simulate"), package.whole()
        package.append(module, "\nMORE = 1\n")
        assert package.fingerprint("simulate") == before
        assert package.whole() != whole

    def test_imports_inside_functions_count(self, package):
        """The likelihood imports its compiled form only where it is used."""
        assert (
            "\n    from rlrecovery.likelihood.compiled"
            in (package.folder / "likelihood.py").read_text()
        )
        before = package.fingerprint("likelihood")
        package.append("kernel.py", "\nMORE = 1\n")
        assert package.fingerprint("likelihood") != before

    @pytest.mark.parametrize(
        "line",
        [
            "import rlrecovery.fresh",
            "from rlrecovery import fresh",
            "from rlrecovery.fresh import MORE",
            "import rlrecovery.fresh as other",
        ],
    )
    def test_every_way_to_import(self, package, line):
        (package.folder / "fresh.py").write_text("MORE = 1\n")
        package.append("tasks.py", f"\n{line}\n")
        before = package.fingerprint("simulate")
        (package.folder / "fresh.py").write_text("MORE = 2\n")
        assert package.fingerprint("simulate") != before

    def test_modules_that_import_each_other(self, package):
        (package.folder / "ping.py").write_text("import rlrecovery.pong\n")
        (package.folder / "pong.py").write_text("import rlrecovery.ping\n")
        before = package.fingerprint("ping")
        package.append("pong.py", "MORE = 1\n")
        assert package.fingerprint("ping") != before

    def test_sub_packages(self, package):
        before = package.fingerprint("estimators.mle"), package.fingerprint("estimators.mock")
        package.append("estimators/mle.py", "\nMORE = 1\n")
        assert package.fingerprint("estimators.mle") != before[0]
        assert package.fingerprint("estimators.mock") == before[1]
        assert package.fingerprint("estimators") != package.fingerprint("estimators.mle")

    def test_several_modules_are_one_set(self, package):
        one = package.fingerprint("simulate", "scores")
        assert one == package.fingerprint("scores", "simulate")
        assert one not in {package.fingerprint("simulate"), package.fingerprint("scores")}

    @pytest.mark.parametrize("module", ["nonsense", "models.MODELS", "estimators.nonsense"])
    def test_an_unknown_module_is_an_error(self, module):
        with pytest.raises(ValueError, match=f"rlrecovery.{module} is not a module of this"):
            provenance.source_fingerprint(module)


class TestWholeFingerprint:
    def test_templates_count_as_they_are(self, package):
        template = next(package.folder.rglob("*.j2"))
        before, simulation = package.whole(), package.fingerprint("simulate")
        template.write_text(template.read_text() + " ")
        assert package.whole() != before
        assert package.fingerprint("simulate") == simulation

    def test_other_files_do_not(self, package):
        before = package.whole()
        (package.folder / "notes.txt").write_text("hello")
        assert package.whole() == before


@pytest.fixture
def no_git_around(tmp_path, monkeypatch):
    """Git looks no further up than the test's own folder, and has a name to commit under."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A Tester")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "tester@example.org")
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "code.py").write_text("x = 1\n")
    monkeypatch.setattr(provenance, "PACKAGE", folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class TestGit:
    def test_no_repository(self, no_git_around):
        assert provenance.git_state() is None

    def test_no_commit_yet(self, no_git_around):
        git(no_git_around.parent, "init", "-q")
        assert provenance.git_state() is None

    def test_no_git(self, no_git_around, monkeypatch):
        monkeypatch.setenv("PATH", str(no_git_around))
        assert provenance.git_state() is None

    def test_clean_then_dirty(self, no_git_around):
        top = no_git_around.parent
        git(top, "init", "-q")
        git(top, "add", ".")
        git(top, "commit", "-q", "-m", "first")
        commit = git(top, "rev-parse", "HEAD")
        assert provenance.git_state() == {"commit": commit, "dirty": False}
        (no_git_around / "code.py").write_text("x = 2\n")
        assert provenance.git_state() == {"commit": commit, "dirty": True}
        git(top, "checkout", "-q", ".")
        assert provenance.git_state() == {"commit": commit, "dirty": False}
        (top / "config.yaml").write_text("outside the package, but part of the study")
        assert provenance.git_state() == {"commit": commit, "dirty": True}


def test_a_version_is_read_once(monkeypatch):
    """Every job of a study asks for some when it is planned."""
    asked = []
    monkeypatch.setattr(provenance.metadata, "version", lambda name: asked.append(name) or "1")
    provenance._version.cache_clear()
    try:
        found = [provenance.versions("numpy", "scipy") for _ in range(3)]
    finally:
        provenance._version.cache_clear()
    assert found[0] == found[2]
    assert found[0]["scipy"] == "1"
    assert asked == ["numpy", "scipy"]


def test_versions():
    import numpy
    import pymc

    found = provenance.versions()
    assert next(iter(found)) == "python"
    assert found["numpy"] == numpy.__version__
    assert found["pymc"] == pymc.__version__
    assert set(found) == {"python", *provenance.PACKAGES}


def test_config_hash():
    one = provenance.config_hash({"run": "a", "task": {"arms": [0.4, 0.6], "blocks": 1}})
    assert one == provenance.config_hash({"task": {"blocks": 1, "arms": [0.4, 0.6]}, "run": "a"})
    assert one != provenance.config_hash({"run": "a", "task": {"arms": [0.6, 0.4], "blocks": 1}})
    assert re.fullmatch(r"[0-9a-f]{64}", one)


def test_provenance_is_json_with_all_parts():
    experiment = {"run": "smoke", "seed": 7, "trials": [3]}
    found = provenance.provenance(experiment, "abc", provenance.versions())
    assert json.loads(json.dumps(found)) == found
    assert (found["run"], found["seed"], found["source_fingerprint"]) == ("smoke", 7, "abc")
    assert found["config_sha256"] == provenance.config_hash(experiment)
    assert found["versions"] == provenance.versions()
    started = datetime.datetime.fromisoformat(found["started"])
    assert abs(datetime.datetime.now(datetime.UTC) - started) < datetime.timedelta(minutes=1)
    assert set(found) == {
        *("run", "seed", "versions", "git", "config_sha256", "source_fingerprint"),
        *("started", "platform"),
    }
