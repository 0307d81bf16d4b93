"""Allowed values that are unlikely to be meant are noticed, and no others."""

import math

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


def test_draws_of_a_population_outside_the_bounds_of_a_method_are_noticed():
    """Of two draws of beta, half of the participants of one are above 50."""
    population = {
        "alpha": {"locations": [0, 0], "spreads": [1, 0]},
        "beta": {"locations": [math.log(50), 1], "spreads": [0.5, 0.2]},
    }
    raw = changed({"population": population})
    del raw["truth"]
    (note,) = notes(raw)
    assert note == (
        "methods.mle.bounds.beta",
        "methods.mle.bounds.beta is [0.0, 50.0], but 25 % of the participants that the draws of "
        "the population give have beta beyond",
    )
    population["beta"]["locations"][0] = 2
    assert notes(raw | {"population": population}) == []
