"""What pilot data hold, and what looks odd about them."""

import numpy as np
import pytest

from rlrecovery.pilot.reading import chance, facts, oddities
from rlrecovery.simulation.changes import ReversalSettings
from rlrecovery.simulation.task import Schedule, Task
from rlrecovery.storage.files import BrokenFile
from unit.pilot.examples import TASK, pilot, read_rows, session

#: A participant who chooses the better arm (1) mostly and is paid as the task says.
GOOD = ([1, 1, 1, 1, 0] * 4, [1, 1, 1, 0, 0] * 4)


def test_the_example_is_described():
    sentences = facts(pilot())
    assert sentences[0] == "4 participants with 100 trials each in 2 blocks, 400 trials in all."
    assert sentences[1].endswith("have no response.")
    assert sentences[2].startswith("Choices: A ")
    assert sentences[3].startswith("Rewards: 0 (")
    assert oddities(pilot()) == []


def test_sizes_choices_and_rewards_are_counted(tmp_path):
    rows = session("a", [0, 1, "", 1], [0, 1, 1, 1]) + session("b", [1, 1], [0, 1])
    assert facts(read_rows(tmp_path, rows)) == [
        "2 participants with 2 to 4 trials each, 6 trials in all.",
        "1 of these trials (16.7 %) have no response.",
        "Choices: 0 20 %, 1 80 %.",
        "Rewards: 0 (40 %), 1 (60 %).",
    ]


def test_many_different_rewards_are_a_range(tmp_path):
    task = Task(arms=(0.0, 1.0), sd=1.0, start_value=0.5)
    rows = session("a", [0, 1] * 3, [0.5, -1.25, 2, 3, 4, 5])
    assert facts(read_rows(tmp_path, rows, task))[3] == "Rewards: from -1.25 to 5, mean 2.21."


def test_participants_who_did_nothing_are_left_out_and_named(tmp_path):
    rows = session("a", *GOOD) + session("none", [""] * 20, [0] * 20)
    data = read_rows(tmp_path, rows)
    assert (data.names, data.silent, len(data.data.choices)) == (["a"], ["none"], 1)
    assert oddities(data) == ["Participant none did nothing (no response at all) and is left out."]


def test_nobody_who_did_anything_is_a_mistake(tmp_path):
    with pytest.raises(BrokenFile, match="has no responses: every choice is empty or -1"):
        read_rows(tmp_path, session("a", [""] * 3, [0] * 3))


def test_constant_choosers_few_responses_and_constant_rewards_are_named(tmp_path):
    rows = session("same", [1] * 20, [1] * 20) + session("few", [1, 0], [1, 1])
    odd = oddities(read_rows(tmp_path, rows))
    assert odd[0] == "Participant few responded in fewer than 10 trials."
    assert odd[1].startswith("Participant same always chose the same arm")
    assert odd[2] == "All rewards are 1, so nothing could be learnt from them."


def test_those_below_chance_are_named_with_what_chance_is(tmp_path):
    choices = [0, 0, 0, 0, 1] * 8
    rows = session("low", choices, [int(t % 5 == 0) for t in range(40)])
    rows += session("good", *(part * 2 for part in GOOD))
    (odd,) = oddities(read_rows(tmp_path, rows))
    assert odd.startswith(
        "Participant low chose the best arm less often than 50 %, which is chance"
    )


def test_chance_by_brute_force(tmp_path):
    """Three arms, two of which are equally good, which reverse; some responses are missing."""
    task = Task(arms=(0.5, 0.5, 0.2), start_value=0.5, reversals=ReversalSettings(after=(3,)))
    rng = np.random.default_rng(1)
    choices = rng.integers(3, size=30).tolist()
    choices[4] = ""
    data = read_rows(tmp_path, session("a", choices, [1] * 30), task)
    share, random, number = chance(data)
    best = [{0, 1}] * 3 + [{1, 2}] * 27  # the means move one arm to the right
    made = [(c, b) for c, b in zip(choices, best, strict=True) if c != ""]
    assert number.tolist() == [29]
    assert share[0] == pytest.approx(np.mean([c in b for c, b in made]))
    assert random[0] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (
            Task(arms=(0.2, 0.8), start_value=0.5, reversals=ReversalSettings(correct=3, within=4)),
            "the task does not fix which arm is best",
        ),
        (Task(arms=(0.5, 0.5), start_value=0.5), "all arms of the task are equally good"),
    ],
)
def test_chance_that_is_not_known_is_said(tmp_path, task, words):
    data = read_rows(tmp_path, session("a", *GOOD), task)
    assert any(words in sentence for sentence in oddities(data))


def test_rewards_unlike_those_of_the_task_are_said(tmp_path):
    """As after swapped codes: the arm that pays 0.8 of the time pays 0.2."""
    rows = session("a", [1] * 4 + [0] * 36, ([0, 0, 0, 1] + [1, 1, 1, 1, 0, 1] * 6))
    odd = oddities(read_rows(tmp_path, rows))
    assert any("but the task of the config gives 0.26 for these choices" in s for s in odd)


def test_rewards_unlike_a_schedule_are_counted(tmp_path):
    schedule = Schedule("rewards", ((1.0, 0.0), (0.0, 1.0), (1.0, 0.0)))
    task = Task(arms=(), start_value=0.5, schedule=schedule)
    odd = oddities(read_rows(tmp_path, session("a", [0, 1, 1], [1, 1, 1]), task))
    assert any(s.startswith("1 of 3 rewards are not those of the task's schedule") for s in odd)


def test_long_lists_of_names_are_cut(tmp_path):
    rows = [row for k in range(11) for row in session(f"p{k}", [0, 1], [0, 1])]
    odd = oddities(read_rows(tmp_path, rows, TASK))
    assert odd[0] == (
        "Participants p0, p1, p2, p3, p4, p5, p6, p7 and 3 more responded in fewer than 10 trials."
    )
