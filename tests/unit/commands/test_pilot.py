"""`make pilot`: from a file to a page and a valid config, or one sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml
from settings import ROOT, study, write

from rlrecovery.commands.pilot import main
from rlrecovery.config.reader import load

EXAMPLE = ROOT / "tests/config/pilot.yaml"
HEADER = "participant,trial,choice,reward\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def example(folder, data_sets=2):
    """The example of the documentation with fewer data sets and participants."""
    raw = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    raw["pilot"] |= {"data_sets": data_sets, "draws": 100}
    text = (EXAMPLE.parent / "pilot.csv").read_text(encoding="utf-8")
    lines = text.splitlines()
    few = [lines[0], *(line for line in lines[1:] if line[:3] in ("s01", "s02", "s03", "s04"))]
    (folder / "pilot.csv").write_text("\n".join(few))
    return write(folder, raw)


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_all_files_are_written_and_the_same_again(folder, capsys):
    config = example(folder)
    assert main([str(config)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("How much the pilot data say")
    assert all(len(line) <= 80 or str(folder) in line for line in said.splitlines())
    steps = [line.strip() for line in said.splitlines()[-2:]]
    assert steps == [
        f"make {verb} CONFIG={folder}/study_planned.yaml" for verb in ("run", "advise")
    ]
    page = (folder / "results/pilot-pilot/pilot.html").read_text()
    assert "make run CONFIG=study_planned.yaml" in page
    assert str(folder) not in page
    made = folder / "results/pilot-pilot"
    names = {path.name for path in made.iterdir()}
    assert {"pilot.html", "pilot_draws.csv", "participants.csv", "shrinkage.svg"} <= names
    planned = load(folder / "study_planned.yaml")
    assert len(planned.population["alpha"].draws.locations) == 100
    assert planned.participants == (2, 4, 8)
    assert planned.observed is not None
    before = contents(folder)
    assert main([str(config), "--data", "pilot.csv"]) == 0  # the planned config is replaced
    after = contents(folder)
    assert {k: v for k, v in after.items() if "html" not in k} == {
        k: v for k, v in before.items() if "html" not in k
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEADER.replace("reward", "outcome") + "a,1,1,1\n", "has no column reward"),
        (HEADER + "a,1,B,1\n", "line 2: choice is 'B'"),
        (HEADER + "a,1,,\n", "has no responses"),
        (HEADER + "a,1,1,win\n", "line 2: reward is 'win'"),
        ("", "is empty"),
    ],
)
def test_a_wrong_file_is_one_sentence(folder, capsys, text, words):
    Path("data.csv").write_text(text)
    assert main([str(write(folder, study())), "--data", "data.csv"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.startswith("error: data.csv")
    assert words in output.err
    assert not (folder / "study_planned.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "changes", "words"),
    [
        ([], {}, "give DATA=file.csv, or set observed in the config"),
        (["--data", "no.csv"], {}, "no.csv does not exist"),
        (["--data", "a.csv", "--write", "study.yaml"], {}, "study.yaml exists; choose another"),
        (["--data", "a.csv"], {"run": "?"}, "run is"),
        (["--data", "a.csv"], {"task": None, "tasks": {}}, "one task"),
    ],
)
def test_a_wrong_use_is_one_sentence(folder, capsys, arguments, changes, words):
    Path("a.csv").write_text(HEADER + "a,1,1,1\n")
    raw = study(**changes)
    if raw["task"] is None:
        task = study()["task"]
        raw = {k: v for k, v in raw.items() if k != "task"} | {"tasks": {"x": task, "y": task}}
    assert main([str(write(folder, raw)), *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert words in error


def test_another_file_is_not_replaced(folder, capsys):
    config = example(folder)
    (folder / "study_planned.yaml").write_text("run: mine\n")
    assert main([str(config)]) == 2
    assert "exists; choose another name with WRITE=..." in capsys.readouterr().err
    assert (folder / "study_planned.yaml").read_text() == "run: mine\n"
