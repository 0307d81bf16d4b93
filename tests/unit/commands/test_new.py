"""``make new``: short configs that pass the check, for every task and model and for data."""

import random

import pytest

from rlrecovery.commands.first_config import TASKS
from rlrecovery.commands.new import ALIASES, main, usage
from rlrecovery.config.reader import load
from rlrecovery.models.library import MODELS


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The working directory, new and empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_csv(path, rows, header="participant,trial,choice,reward"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]))


def pilot(path, participants=4, trials=30, reward=lambda arm: int(arm == 1), arms=2):
    draw = random.Random(1)
    choices = [(i, t, draw.randrange(arms)) for i in range(participants) for t in range(trials)]
    write_csv(path, [(i, t, arm, reward(arm)) for i, t, arm in choices])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", MODELS)
def test_every_task_and_model_gives_a_short_valid_config(folder, capsys, task, model):
    assert main([f"TASK={task}", f"MODEL={model}"]) == 0
    path = folder / f"{task}.yaml"
    assert len(path.read_text().splitlines()) <= 20
    experiment = load(path)
    assert (experiment.run, experiment.model) == (task, model)
    assert "mle" in experiment.methods
    output = capsys.readouterr().out.splitlines()
    assert output[-1] == f"Next: make run CONFIG={task}.yaml"


def test_options_set_arms_trials_and_participants(folder):
    assert main(["ARMS=0.1,0.5,0.9", "TRIALS=40, 80 120", "PARTICIPANTS=7", "NAME=mine"]) == 0
    experiment = load(folder / "mine.yaml")
    assert experiment.task.arms == (0.1, 0.5, 0.9)
    assert experiment.trials == (40, 80, 120)
    assert experiment.participants == (7,)
    assert experiment.run == "mine"


def test_a_number_of_arms_gives_evenly_spaced_means(folder):
    assert main(["ARMS=5"]) == 0
    assert load(folder / "bandit.yaml").task.arms == (0.3, 0.4, 0.5, 0.6, 0.7)


def test_a_short_session_still_has_a_reversal(folder):
    assert main(["TASK=reversal", "TRIALS=20"]) == 0
    assert load(folder / "reversal.yaml").task.reversals.every == 10


@pytest.mark.parametrize("alias", ALIASES)
def test_models_have_other_names(folder, alias):
    assert main([f"MODEL={alias}"]) == 0
    assert load(folder / "bandit.yaml").model == ALIASES[alias]


def test_a_name_with_a_space_is_quoted_in_the_next_command(folder, capsys):
    assert main(["NAME=my study"]) == 0
    assert load(folder / "my study.yaml").run == "my_study"
    assert "make run CONFIG='my study.yaml'" in capsys.readouterr().out


def test_the_path_can_be_given(folder):
    (folder / "configs").mkdir()
    assert main(["CONFIG=configs/first.yaml", "TASK=blocks"]) == 0
    assert load(folder / "configs/first.yaml").run == "first"


@pytest.mark.parametrize("taken", ["bandit.yaml", "results/bandit"])
def test_nothing_is_overwritten(folder, capsys, taken):
    (folder / taken).mkdir(parents=True)
    assert main(["TASK=bandit"]) == 2
    assert f"error: {taken} exists; choose another name" in capsys.readouterr().err
    assert not (folder / "bandit.yaml").is_file()


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("TASK=revrsal", "did you mean reversal?"),
        ("MODEL=rescorla_wagner_two_rate", "did you mean rescorla_wagner_two_rates?"),
        ("TRAILS=100", "unknown option TRAILS (did you mean TRIALS?)"),
        ("TRIALS=many", 'TRIALS is "many", but must be whole numbers'),
        ("TRIALS=0", "trials[0] is 0, but must be at least 1"),
        ("ARMS=0.5,2", "task.arms[1] is 2.0, but must be from 0 to 1"),
        ("CONFIG=none/first.yaml", "none/first.yaml cannot be written"),
        ("FROM=none.csv", "none.csv does not exist"),
    ],
)
def test_a_wrong_option_is_one_line(folder, capsys, option, words):
    assert main([option]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert list(folder.iterdir()) == []


def test_without_options_all_of_them_are_listed(folder, capsys):
    assert main([]) == 0
    output = capsys.readouterr().out
    assert output.rstrip("\n") == usage()
    assert max(map(len, output.splitlines())) <= 80
    assert all(f"  {name} " in output for name in (*TASKS, *MODELS))
    assert list(folder.iterdir()) == []


def test_a_data_set_gives_its_design(folder):
    pilot(folder / "pilot.csv")
    assert main(["FROM=pilot.csv"]) == 0
    experiment = load(folder / "pilot.yaml")
    assert experiment.task.arms == (0.0, 1.0)
    assert experiment.task.rewards == "bernoulli"
    assert (experiment.participants, experiment.trials) == ((4,), (30,))
    assert experiment.missing == (0.0,)
    assert experiment.observed == "pilot.csv"
    assert len((folder / "pilot.yaml").read_text().splitlines()) <= 20


def test_the_path_of_the_data_is_relative_to_the_config(folder):
    for name in ("data", "configs"):
        (folder / name).mkdir()
    pilot(folder / "data/pilot.csv")
    assert main(["FROM=data/pilot.csv", "CONFIG=configs/pilot.yaml"]) == 0
    assert "observed: ../data/pilot.csv" in (folder / "configs/pilot.yaml").read_text()


def test_a_task_replaces_that_of_the_data(folder):
    pilot(folder / "pilot.csv")
    assert main(["FROM=pilot.csv", "TASK=reversal", "TRIALS=30,60"]) == 0
    experiment = load(folder / "pilot.yaml")
    assert experiment.task.reversals is not None
    assert experiment.task.arms == (0.2, 0.8)
    assert experiment.trials == (30, 60)


def test_a_large_unit_of_rewards_scales_all_that_concerns_beta(folder):
    pilot(folder / "points.csv", reward=lambda arm: (20, 50, 80)[arm], arms=3)
    assert main(["FROM=points.csv"]) == 0
    experiment = load(folder / "points.yaml")
    assert experiment.task.rewards == "gaussian"
    assert experiment.task.arms == (20.0, 50.0, 80.0)
    assert max(experiment.truth["beta"]) < 1
    assert experiment.methods["mle"].bounds["beta"][1] == pytest.approx(2, rel=0.5)
    assert experiment.methods["mle"].bounds["alpha"] == (0.01, 0.99)
    prior = experiment.methods["bayes"].priors["beta"].distribution_object()
    assert dict(prior.arguments)["sigma"] == pytest.approx(0.4, rel=0.5)
