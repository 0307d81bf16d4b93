"""Settings of a task: from the config to the task, and the values that seeds depend on."""

import pytest

from rlrecovery.simulation.changes import ReversalSettings
from rlrecovery.simulation.settings import TaskSettings
from rlrecovery.simulation.task import Schedule, Task
from unit.simulation.test_task import DAW

#: Every key that has a default, with it.
DEFAULTS = {
    "rewards": "bernoulli",
    "reset": True,
    "feedback": "partial",
}
BASE = {"arms": [0.1, 0.2, 0.7], "blocks": 4, "start_value": 0.25}


def task_of(plain):
    return TaskSettings.of(plain).task()


def canonical(plain):
    return TaskSettings.of(plain).canonical()


class TestFromConfig:
    def test_a_plain_task(self):
        expected = Task((0.1, 0.2, 0.7), 4, 0.25)
        assert task_of(BASE) == expected
        assert task_of(DEFAULTS | BASE) == expected

    @pytest.mark.parametrize(
        ("changes", "neutral"),
        [
            ({}, 0.5),
            ({"start_value": 1.0}, 0.5),
            ({"rewards": "gaussian", "sd": 2.0}, 0.25),
            ({"schedule": {"file": "a.csv", "holds": "means", "values": [[0, 1]]}}, 0.5),
            ({"schedule": {"file": "a.csv", "holds": "rewards", "values": [[0, 1]]}}, 0.25),
            ({"rewards": "gaussian", "sd": 2.0, "neutral": 50}, 50.0),
            ({"neutral": 0}, 0.0),
        ],
    )
    def test_the_neutral_outcome(self, changes, neutral):
        assert task_of(BASE | changes).neutral == neutral

    def test_everything(self):
        task = task_of(
            BASE
            | {
                "rewards": "gaussian",
                "sd": 2.0,
                "reset": False,
                "feedback": "full",
                "reversals": {"after": [40, 80], "every": 0, "correct": 8, "within": 10},
                "drift": {"sd": 2.8, "lower": 1, "upper": 100, "decay": 0.9836, "centre": 50},
                "missing_trials": [[5, 17], []],
            }
        )
        assert task == Task(
            arms=(0.1, 0.2, 0.7),
            blocks=4,
            start_value=0.25,
            sd=2.0,
            reset=False,
            full_feedback=True,
            reversals=ReversalSettings(after=(40, 80), correct=8, within=10),
            drift=DAW,
            missing_trials=((5, 17), ()),
            neutral=0.25,
        )
        hash(task)

    def test_parts_of_a_section_may_be_left_out(self):
        task = task_of(BASE | {"reversals": {"every": 20}})
        assert task.reversals == ReversalSettings(every=20)

    def test_a_schedule_takes_the_place_of_arms(self):
        schedule = {"file": "a.csv", "holds": "rewards", "values": [[1, 0], [0, 1]]}
        task = task_of({"blocks": 1, "start_value": 0.5, "schedule": schedule})
        assert task.schedule == Schedule("rewards", ((1.0, 0.0), (0.0, 1.0)))
        assert (task.arms, task.n_arms) == ((), 2)

    def test_an_sd_is_of_gaussian_rewards_only(self):
        assert task_of(BASE | {"rewards": "bernoulli", "sd": 2.0}).sd is None


class TestCanonical:
    def test_defaults_are_dropped(self):
        assert canonical(BASE) == BASE
        assert canonical(DEFAULTS | BASE) == BASE
        assert canonical(DEFAULTS | BASE | {"rewards": "bernoulli", "reset": True}) == BASE

    @pytest.mark.parametrize(
        "change",
        [
            {"rewards": "gaussian", "sd": 1.0},
            {"reset": False},
            {"feedback": "full"},
            {"reversals": {"after": [40], "every": 0, "correct": 0, "within": 0}},
            {"drift": {"sd": 0.1, "lower": 0.0, "upper": 1.0, "decay": 1.0}},
            {"missing_trials": [[1]]},
        ],
    )
    def test_everything_else_is_kept(self, change):
        assert canonical(DEFAULTS | BASE | change) == BASE | change

    def test_sections_of_a_task_are_complete(self):
        reversals = {"after": [40], "every": 0, "correct": 0, "within": 0}
        assert canonical(BASE | {"reversals": {"after": [40]}})["reversals"] == reversals

    def test_of_a_sequence_its_numbers_count_and_not_its_file(self):
        schedule = {"holds": "rewards", "values": [[1, 0]]}
        one, other = ({**schedule, "file": name} for name in ("a.csv", "b/c.csv"))
        assert canonical(BASE | {"schedule": one}) == canonical(BASE | {"schedule": other})
        assert canonical(BASE | {"schedule": one}) == BASE | {"schedule": schedule}
        assert "file" in one
        assert canonical(BASE | {"schedule": one | {"values": [[0, 1]]}}) != canonical(
            BASE | {"schedule": one}
        )
