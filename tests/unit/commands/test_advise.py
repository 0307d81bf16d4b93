"""``make advise``: answers, the config of the next designs, and rounds."""

import subprocess
from pathlib import Path

import pytest
import summaries
import yaml

from rlrecovery.commands import advise
from rlrecovery.config.reader import load, parse
from rlrecovery.storage.files import write_yaml

TARGETS = {
    "precise": {"measure": "rmse", "parameter": "alpha", "level": "participant", "at_most": 0.12}
}
CONFIG = """# A study with requirements.
run: mock
seed: 20220417

task: {{arms: [0.4, 0.6], blocks: 1, start_value: 0.5}}
model: rescorla_wagner
truth: {{alpha: [0.2, 0.8], beta: [5.0]}}
population: {{alpha: {{spread: 0.4}}, beta: {{spread: 0.4}}}}
participants: [5, 10]   # a pilot study
trials: [50, 150]
replicates: 20
batch_size: 20
interval_levels: [0.5, 0.8, 0.9, 0.95]
methods:
  mle: {{estimator: mle, bounds: {{alpha: [0, 1], beta: [0, 50]}}}}
{more}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A folder with the results of a study."""
    folder = tmp_path_factory.mktemp("study")
    results(folder / "results/mock", parse(yaml.safe_load(text(targets=TARGETS))))
    return folder


def results(run, experiment):
    """Write random results of a study, of a few replicates only."""
    summaries.write_run(run, experiment.resolved() | {"replicates": 20})
    write_yaml(experiment.resolved(), run / "config.yaml")


@pytest.fixture
def folder(study, monkeypatch):
    """The same folder, as the working directory."""
    monkeypatch.chdir(study)
    return study


def text(**keys):
    return CONFIG.format(more=yaml.safe_dump(keys) if keys else "")


def write(folder, name="study.yaml", **keys):
    (folder / name).write_text(text(**keys))
    return name


def test_answers_are_printed(folder, capsys):
    config = write(folder, targets=TARGETS, cost={"participant": 10, "trial": 0.1})
    assert advise.main([config]) == 0
    said = capsys.readouterr().out
    assert "precise: RMSE of alpha of participants at most 0.12\n  mle: Needs " in said
    assert "Cheapest: " in said
    assert "\nNext: " in said
    assert max(map(len, said.splitlines())) <= 82


def test_what_is_not_measured_yet_is_said(folder, capsys):
    whole = write(folder, targets=TARGETS)
    assert advise.main([whole]) == 0
    assert "Note:" not in capsys.readouterr().out
    more = text(targets=TARGETS).replace("trials: [50, 150]", "trials: [50, 150, 300]")
    (folder / "more.yaml").write_text(more.replace("replicates: 20", "replicates: 40"))
    assert advise.main(["more.yaml"]) == 0
    note = " ".join(capsys.readouterr().out.split("\n\n")[0].split())
    assert note.startswith("Note: more.yaml has 4 cells, replicates from 20 on that are not")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "has no targets"),
        ({"targets": TARGETS, "run": "other"}, "has no results yet"),
        ({"targets": TARGETS, "seed": 5}, "holds the results of another study"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(folder, capsys, keys, words):
    written = yaml.safe_load(text()) | keys
    (folder / "study.yaml").write_text(yaml.safe_dump(written))
    assert advise.main(["study.yaml"]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_a_config_with_mistakes_is_not_answered(folder, capsys):
    config = write(folder, targets={"precise": TARGETS["precise"] | {"measure": "rmsee"}})
    assert advise.main([config]) == 1
    assert "did you mean rmse?" in capsys.readouterr().err


def test_the_next_designs_are_written(folder, capsys):
    config = write(folder, targets=TARGETS, within=0.01)
    assert advise.main([config, "--write", "next.yaml"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "next.yaml adds them: " in said
    before, after = (yaml.safe_load((folder / f).read_text()) for f in (config, "next.yaml"))
    changed = {key for key in after if after[key] != before[key]}
    assert len(changed) == 1
    assert changed < {"trials", "participants", "replicates"}
    assert "# A study with requirements." in (folder / "next.yaml").read_text()


def test_options_that_are_not_allowed(folder, capsys):
    config = write(folder, targets=TARGETS)
    for options in (["--rounds", "0"], ["--rounds", "x"], ["--budget", "-1"], ["--budget", "x"]):
        with pytest.raises(SystemExit):
            advise.main([config, *options])
        assert "not" in capsys.readouterr().err


@pytest.fixture
def runs(monkeypatch):
    """Configs that were run, with random results."""
    commands = []

    def run(command, **_):
        config = command[command.index("--configfile") + 1]
        commands.append(config)
        results(Path("results/mock"), load(config))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(advise.subprocess, "run", run)
    return commands


def test_rounds_run_the_config_of_each_round(folder, capsys, runs):
    config = write(folder, targets=TARGETS, within=0.01)
    assert advise.main([config, "--rounds", "2", "--write", "rounds.yaml"]) == 0
    assert runs == ["study.yaml", "rounds.yaml", "rounds.yaml"]
    said = capsys.readouterr().out
    assert "Round 1 of 2: " in said
    assert "The config is rounds.yaml." in said


def test_rounds_end_when_nothing_is_next(folder, capsys, runs, monkeypatch):
    config = write(folder, targets=TARGETS)
    monkeypatch.setattr(advise, "next_step", lambda *_: None)
    assert advise.main([config, "--rounds", "4"]) == 0
    assert runs == ["study.yaml"]
    assert "nothing; the intervals of all frontiers are within 10 %" in capsys.readouterr().out


def test_rounds_end_before_the_budget_is_used_up(folder, capsys, runs):
    config = write(folder, targets=TARGETS, within=0.01)
    assert advise.main([config, "--rounds", "4", "--budget", "1e-9"]) == 0
    assert runs == ["study.yaml"]
    assert "Stopped: " in capsys.readouterr().out


def test_a_study_that_fails_ends_the_rounds(folder, capsys, monkeypatch):
    config = write(folder, targets=TARGETS)
    failed = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(advise.subprocess, "run", lambda *_, **__: failed)
    assert advise.main([config, "--rounds", "1"]) == 1
    assert "did not finish" in capsys.readouterr().err
