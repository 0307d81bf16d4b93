"""Allowed values that are unlikely to be meant are noticed, and no others."""

import pytest

from rlrecovery.config.mistakes import dotted
from rlrecovery.config.reader import load, parse
from rlrecovery.config.unlikely import unlikely_values
from unit.config.experiments import ROOT, changed, several

GAUSSIAN = {"arms": [40, 60], "rewards": "gaussian", "sd": 5, "blocks": 1}
FILES = [ROOT / "config.yaml", *sorted((ROOT / "tests" / "config").glob("*.yaml"))]


def notes(raw):
    return [(dotted(note.path), note.sentence) for note in unlikely_values(parse(raw))]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "population.alpha.spread",
            1000,
            "is 1000.0, which is an SD on the log-odds scale: most participants will be near the "
            "ends of the range",
        ),
        (
            "population.beta.spread",
            5.5,
            "is 5.5, which is an SD on the log scale: most participants will be near the ends of "
            "the range",
        ),
        (
            "task.start_value",
            1e9,
            "is 1000000000.0, far from the rewards, which are from 0 to 1",
        ),
        ("task.neutral", -11, "is -11.0, far from the rewards, which are from 0 to 1"),
    ],
)
def test_an_unlikely_value_is_one_note(path, value, sentence):
    assert notes(changed({path: value})) == [(path, f"{path} {sentence}")]


def test_rewards_of_a_task_set_what_is_far():
    assert notes(changed({"task": GAUSSIAN | {"start_value": 50}})) == []
    assert notes(changed({"task": GAUSSIAN | {"start_value": -300}})) == []
    far = "task.start_value is -500.0, far from the rewards, which are from 30 to 70"
    assert notes(changed({"task": GAUSSIAN | {"start_value": -500}})) == [("task.start_value", far)]


def test_tasks_and_models_by_name_have_their_paths():
    raw = changed(
        {
            "tasks.scheduled.start_value": 100,
            "tasks.restless.start_value": 2000,
            "models.simulate.rescorla_wagner.population.beta.spread": 9,
        },
        several,
    )
    assert [path for path, _ in notes(raw)] == [
        "models.simulate.rescorla_wagner.population.beta.spread",
        "tasks.restless.start_value",
        "tasks.scheduled.start_value",
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_committed_config_has_such_a_value(path):
    assert list(unlikely_values(load(path))) == []
