"""Origins of files, finished batches, the record of a run, git state and versions."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from rlrecovery.storage import provenance
from rlrecovery.storage.files import write_table
from rlrecovery.storage.provenance import SIMULATED, add_origins, count_origins, finished

ONE, TWO = "cell-1", "cell-2"
FIRST, SECOND = "00000-00001", "00002-00003"
BATCHES = {ONE: [FIRST, SECOND], TWO: [FIRST]}
OLD = {"source": "fit:1", "versions": {"numpy": "2.5.1"}}
NEW = {"source": "fit:2", "versions": {}}
TABLE = pd.DataFrame({"x": [1]})

#: Batches of two methods that fit all replicates.
FITTED = {name: {FIRST: (0, 2), SECOND: (2, 4)} for name in ("mle", "bayes")}

#: Hashes of the present settings.
EXPECTED = {
    stage: {cell: f"{stage} of {cell}" for cell in (ONE, TWO)}
    for stage in (SIMULATED, "mle", "bayes")
}

#: Hashes that no file has.
NOWHERE = {stage: {ONE: "", TWO: ""} for stage in EXPECTED}


def write_files(run: Path, origins: dict) -> dict[str, str]:
    """Write the files of stages, each with its origin, and return the folders."""
    folders = {kind: str(run / kind) for kind in ("truth", "estimates")}
    for stage, stage_origins in origins.items():
        folder = "truth" if stage == SIMULATED else f"estimates/{stage}"
        paths = [f"{folder}/{cell}/{batch}.parquet" for cell in BATCHES for batch in BATCHES[cell]]
        for path, origin in zip(paths, stage_origins, strict=True):
            write_table(TABLE, run / path, origin)
    return folders


class TestCountOrigins:
    def test_by_stage_and_origin(self, tmp_path):
        origins = {SIMULATED: [OLD] * 3, "mle": [OLD, NEW, OLD], "bayes": [NEW, NEW, None]}
        folders = write_files(tmp_path, origins)
        rows = count_origins(folders, FITTED, BATCHES, NOWHERE)
        assert [(row["stage"], row["source"], row["files"]) for row in rows] == [
            (SIMULATED, "fit:1", 3),
            ("mle", "fit:1", 2),
            ("mle", "fit:2", 1),
            ("bayes", "", 1),
            ("bayes", "fit:2", 2),
        ]
        assert rows[0]["versions"] == {"numpy": "2.5.1"}
        assert json.loads(json.dumps(rows)) == rows

    def test_versions_alone_tell_files_apart(self, tmp_path):
        other = OLD | {"versions": {"numpy": "2.5.2"}}
        folders = write_files(tmp_path, {SIMULATED: [OLD, other, OLD]})
        assert [row["files"] for row in count_origins(folders, {}, BATCHES, NOWHERE)] == [2, 1]

    def test_settings_of_another_config(self, tmp_path):
        hashes = [EXPECTED[SIMULATED][ONE], "of another config", EXPECTED[SIMULATED][TWO]]
        folders = write_files(tmp_path, {SIMULATED: [NEW | {"settings": h} for h in hashes]})
        rows = count_origins(folders, {}, BATCHES, EXPECTED)
        assert [(row["settings_match"], row["files"]) for row in rows] == [(False, 1), (True, 2)]

    def test_a_method_has_no_files_of_replicates_that_it_does_not_fit(self, tmp_path):
        """Of the others, those count that have the replicates of the present config."""
        settings = [EXPECTED["mle"][cell] for cell in (ONE, ONE, TWO)]
        recorded = [{"replicates": [0, 1]}, {"replicates": [2, 4]}, {"replicates": [0, 2]}]
        files = [NEW | {"settings": s} | r for s, r in zip(settings, recorded, strict=True)]
        folders = write_files(tmp_path, {SIMULATED: [NEW] * 3, "mle": files})
        rows = count_origins(folders, {"mle": {FIRST: (0, 1)}}, BATCHES, EXPECTED)[1:]
        assert [(row["settings_match"], row["files"]) for row in rows] == [(False, 1), (True, 1)]
        rows = count_origins(folders, {"mle": FITTED["mle"]}, BATCHES, EXPECTED)[1:]
        assert [(row["settings_match"], row["files"]) for row in rows] == [(False, 1), (True, 2)]


def test_numbers_of_files_add_up(tmp_path):
    origins = {SIMULATED: [OLD] * 3, "mle": [OLD, NEW, OLD], "bayes": [NEW, NEW, None]}
    folders = write_files(tmp_path, origins)
    whole = count_origins(folders, FITTED, BATCHES, NOWHERE)
    parts = [count_origins(folders, FITTED, {cell: BATCHES[cell]}, NOWHERE) for cell in (TWO, ONE)]
    assert add_origins(json.loads(json.dumps(parts))) == whole
    assert add_origins([]) == []


class TestFinished:
    def write(self, run: Path, *paths: str, suffix: str = "", **recorded: list[int]) -> None:
        """Write files that were made for the present settings, or for others with a suffix."""
        for path in paths:
            _, *method, cell, _ = path.split("/")
            expected = EXPECTED[method[0] if method else SIMULATED][cell]
            write_table(TABLE, run / f"{path}.parquet", {"settings": expected + suffix} | recorded)

    def finished(self, run: Path, fitted=FITTED) -> tuple[list[str], dict[str, list[str]]]:
        return finished(str(run), fitted, [ONE, TWO], [FIRST, SECOND], EXPECTED)

    def test_a_batch_is_finished_when_every_method_has_fitted_it(self, tmp_path):
        for stage in ("truth", "estimates/mle"):
            for cell in (ONE, TWO):
                self.write(tmp_path, f"{stage}/{cell}/{FIRST}", f"{stage}/{cell}/{SECOND}")
        self.write(tmp_path, f"estimates/bayes/{ONE}/{SECOND}", f"estimates/bayes/{ONE}/{FIRST}")
        self.write(tmp_path, f"estimates/bayes/{TWO}/.{FIRST}")  # a temporary file
        assert self.finished(tmp_path) == (["mle", "bayes"], {ONE: [FIRST, SECOND]})

    def test_a_method_without_estimates_is_left_out(self, tmp_path):
        self.write(tmp_path, f"truth/{TWO}/{SECOND}", f"estimates/mle/{TWO}/{SECOND}")
        assert self.finished(tmp_path) == (["mle"], {TWO: [SECOND]})

    def test_a_method_is_not_expected_to_fit_replicates_beyond_its_own(self, tmp_path):
        for cell in (ONE, TWO):
            for stage in ("truth", "estimates/mle"):
                self.write(tmp_path, f"{stage}/{cell}/{FIRST}", f"{stage}/{cell}/{SECOND}")
        self.write(tmp_path, f"estimates/bayes/{ONE}/{FIRST}", replicates=[0, 1])
        fitted = FITTED | {"bayes": {FIRST: (0, 1)}}
        # In the other cell nothing can be compared yet.
        assert self.finished(tmp_path, fitted) == (["mle", "bayes"], {ONE: [FIRST, SECOND]})

    def test_a_part_of_a_batch_does_not_count_for_all_of_it(self, tmp_path):
        for stage in ("truth", "estimates/mle"):
            self.write(tmp_path, f"{stage}/{ONE}/{FIRST}", f"{stage}/{ONE}/{SECOND}")
        self.write(tmp_path, f"estimates/bayes/{ONE}/{FIRST}", replicates=[0, 1])
        assert self.finished(tmp_path)[0] == ["mle"]

    def test_estimates_without_truth_do_not_count(self, tmp_path):
        self.write(tmp_path, f"estimates/mle/{ONE}/{FIRST}", f"truth/{ONE}/{SECOND}")
        assert self.finished(tmp_path)[1] == {}
        assert self.finished(tmp_path / "nowhere") == ([], {})

    def test_files_of_other_settings_do_not_count(self, tmp_path):
        """While a study is computed again, old files lie beside new ones."""
        self.write(tmp_path, f"truth/{ONE}/{FIRST}", f"truth/{TWO}/{FIRST}")
        self.write(tmp_path, f"estimates/mle/{ONE}/{FIRST}", suffix=" before")
        self.write(tmp_path, f"estimates/mle/{TWO}/{FIRST}")
        assert self.finished(tmp_path) == (["mle"], {TWO: [FIRST]})

    def test_damaged_files_do_not_count(self, tmp_path):
        self.write(tmp_path, f"truth/{ONE}/{FIRST}", f"estimates/mle/{ONE}/{FIRST}")
        assert self.finished(tmp_path)[0] == ["mle"]
        (tmp_path / f"estimates/mle/{ONE}/{FIRST}.parquet").write_bytes(b"PAR1")
        assert self.finished(tmp_path) == ([], {})


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder of code for which git searches no further up than its parent."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Tester")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "tester@example.org")
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "code.py").write_text("x = 1\n")
    monkeypatch.setattr(provenance, "PACKAGE", folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class TestGitState:
    def test_no_repository(self, folder):
        assert provenance.git_state() is None

    def test_no_commit_yet(self, folder):
        git(folder.parent, "init", "-q")
        assert provenance.git_state() is None

    def test_no_git(self, folder, monkeypatch):
        monkeypatch.setenv("PATH", str(folder))
        assert provenance.git_state() is None

    def test_clean_and_dirty(self, folder):
        top = folder.parent
        git(top, "init", "-q")
        git(top, "add", ".")
        git(top, "commit", "-q", "-m", "first")
        commit = git(top, "rev-parse", "HEAD")
        assert provenance.git_state() == {"commit": commit, "dirty": False}
        (folder / "code.py").write_text("x = 2\n")
        assert provenance.git_state() == {"commit": commit, "dirty": True}
        git(top, "checkout", "-q", ".")
        assert provenance.git_state() == {"commit": commit, "dirty": False}
        (top / "config.yaml").write_text("outside the package, but part of the study")
        assert provenance.git_state() == {"commit": commit, "dirty": True}


def test_versions():
    import numpy
    import pymc

    versions = provenance.versions()
    assert versions["numpy"] == numpy.__version__
    assert versions["pymc"] == pymc.__version__
    assert set(versions) == {"python", *provenance.PACKAGES}
    assert provenance.versions("no-such-package")["no-such-package"] == "not installed"


class TestSameStudy:
    def test_a_cluster_job_compares_with_the_head(self, monkeypatch):
        monkeypatch.delenv(provenance.STUDY, raising=False)
        assert provenance.same_study({"seed": 1}, remote=False)
        assert os.environ[provenance.STUDY] == provenance.study_stamp({"seed": 1})
        assert provenance.same_study({"seed": 1}, remote=True)
        assert not provenance.same_study({"seed": 2}, remote=True)

    def test_a_job_without_a_head_runs(self, monkeypatch):
        monkeypatch.delenv(provenance.STUDY, raising=False)
        assert provenance.same_study({"seed": 1}, remote=True)
