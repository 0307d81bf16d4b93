"""The design that is read from a data set."""

import numpy as np
import pytest

from rlrecovery.pilot.design import read_design
from rlrecovery.storage.files import BrokenFile
from unit.commands.test_new import write_csv


def session(participant, choices, reward=lambda arm: arm, first=1):
    """Rows of one participant; an empty choice is no response."""
    return [
        (participant, first + t, arm, "" if arm == "" else reward(arm))
        for t, arm in enumerate(choices)
    ]


def test_missing_responses_are_a_share(tmp_path):
    write_csv(tmp_path / "a.csv", session("a", [0, 1, "", 1] * 5) + session("b", [0, 1] * 10))
    pilot = read_design(tmp_path / "a.csv")
    assert (pilot.participants, pilot.trials) == (2, 20)
    assert pilot.missing == 0.125
    assert pilot.completed == [1, 1]


def test_sessions_that_end_early_are_not_missing_responses(tmp_path):
    write_csv(tmp_path / "a.csv", session("a", [0, 1] * 5) + session("b", [0, 1] * 10))
    pilot = read_design(tmp_path / "a.csv")
    assert pilot.missing == 0
    assert pilot.completed == [0.5, 1]


def test_many_sessions_are_summarised(tmp_path):
    rows = [row for i in range(1, 41) for row in session(f"p{i}", [0, 1] * i)]
    write_csv(tmp_path / "a.csv", rows)
    pilot = read_design(tmp_path / "a.csv")
    assert pilot.participants == 40
    assert len(pilot.completed) == 10
    assert np.mean(pilot.completed) == pytest.approx(np.mean(np.arange(1, 41) / 40), abs=0.01)


def test_equal_blocks_are_counted_and_unequal_ones_are_not(tmp_path):
    header = "participant,trial,choice,reward,block"
    for name, borders, expected in (("a", [5, 10, 15], 4), ("b", [5, 12], 1)):
        rows = [(1, t, t % 2, t % 2, int(np.searchsorted(borders, t, "right"))) for t in range(20)]
        write_csv(tmp_path / f"{name}.csv", rows, header)
        assert read_design(tmp_path / f"{name}.csv").task["blocks"] == expected


def test_outcomes_of_all_arms_are_full_feedback(tmp_path):
    rows = [(1, t, t % 2, (t // 2) % 2, 1 - t % 2 or (t // 2) % 2, 1) for t in range(20)]
    rows = [(i, t, arm, (zero, one)[arm], zero, one) for i, t, arm, _, zero, one in rows]
    write_csv(tmp_path / "a.csv", rows, "participant,trial,choice,reward,reward_0,reward_1")
    task = read_design(tmp_path / "a.csv").task
    assert task["feedback"] == "full"
    assert task["arms"] == [0.75, 1.0]


def test_an_arm_that_was_never_chosen_has_the_mean_of_all_rewards(tmp_path):
    write_csv(tmp_path / "a.csv", session("a", [0, 2] * 10, reward=lambda arm: arm // 2))
    assert read_design(tmp_path / "a.csv").task["arms"] == [0.0, 0.5, 1.0]


def test_other_rewards_are_normally_distributed(tmp_path):
    write_csv(tmp_path / "a.csv", session("a", [0, 1] * 10, reward=lambda arm: arm - 0.5))
    pilot = read_design(tmp_path / "a.csv")
    assert pilot.task["rewards"] == "gaussian"
    assert pilot.task["arms"] == [-0.5, 0.5]
    assert pilot.task["start_value"] == 0
    assert pilot.unit == 1


@pytest.mark.parametrize("choices", [[1, 2] * 5, [0, 101] * 5])
def test_choices_that_are_not_numbers_of_arms_are_refused(tmp_path, choices):
    write_csv(tmp_path / "a.csv", session("a", choices, reward=lambda arm: 1))
    with pytest.raises(BrokenFile, match="counted from 0"):
        read_design(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("header", "rows", "words"),
    [
        ("participant,trial,choice,reward", [(1, 1, "left", 1)], "choice is 'left'"),
        ("participant,trial,reward", [(1, 1, 1)], "has no column choice"),
        ("participant,trial,choice,reward", [(1, 1, "", "")], "has no responses"),
        ("participant,trial,choice,reward", [(1, 1)], "has 2 values"),
    ],
)
def test_other_mistakes_are_those_of_observed_data(tmp_path, header, rows, words):
    write_csv(tmp_path / "a.csv", rows, header)
    with pytest.raises(BrokenFile, match=words):
        read_design(tmp_path / "a.csv")
