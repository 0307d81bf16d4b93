from dataclasses import replace

import numpy as np
import pytest

from rlrecovery.predictive.dataset import simulated_dataset
from rlrecovery.predictive.observed_csv import known_means, read_observed
from rlrecovery.storage.files import BrokenFile
from unit.predictive.examples import BANDIT, CELL, TASKS, faced, generator

HEADER = "participant,trial,choice,reward\n"
FULL_HEADER = "participant,trial,choice,reward,reward_0,reward_1\n"


def read(folder, text, task=BANDIT, encoding="utf-8"):
    path = folder / "own.csv"
    path.write_bytes(text.encode(encoding))
    return read_observed(path, faced(task))


def as_csv(dataset, names, first):
    """Lines as software may write them: empty choices, and none after the last response."""
    lines = ["note,participant,trial,block,choice,reward"]
    for i, name in enumerate(names):
        for t in range(1 + np.flatnonzero(dataset.responded[i])[-1]):
            answer = f"{dataset.choices[i, t]},{dataset.rewards[i, t]:g}"
            answer = answer if dataset.responded[i, t] else ","
            lines.append(f"x,{name},{t + first},{'ab'[dataset.blocks[i, t]]},{answer}")
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("first", [0, 1, 101])
def test_a_file_gives_the_data_set_that_it_was_written_from(tmp_path, first):
    task = TASKS["reversals"]
    cell = replace(CELL, missing=0.2, completed=(1.0, 0.6))
    expected = simulated_dataset(cell, generator(task))
    text = as_csv(expected, ["Zoë", "03", "a b", '"x, y"'], first)
    dataset = read(tmp_path, text, task, "utf-8-sig")
    responded = expected.responded
    np.testing.assert_array_equal(dataset.choices, expected.choices)
    np.testing.assert_array_equal(dataset.rewards, expected.rewards)
    np.testing.assert_array_equal(dataset.blocks[responded], expected.blocks[responded])
    np.testing.assert_array_equal(dataset.means[responded], expected.means[responded])
    assert dataset.outcomes is None


def test_without_a_column_the_blocks_are_those_of_the_task(tmp_path):
    text = "trial,participant,reward,choice\n2,a,1.0,0.0\n1,a,0,1\n\n3,a,,-1\n4,a,NA,NA\n3,b,0,1\n"
    dataset = read(tmp_path, text)
    np.testing.assert_array_equal(dataset.choices, [[1, 0, -1, -1], [-1, -1, 1, -1]])
    np.testing.assert_array_equal(dataset.blocks, [[0, 0, 1, 1]] * 2)
    np.testing.assert_array_equal(dataset.rewards[0], [0, 1, np.nan, np.nan])
    np.testing.assert_array_equal(dataset.means, np.broadcast_to([0.3, 0.7], (2, 4, 2)))


def test_a_block_starts_wherever_its_name_changes(tmp_path):
    rows = ["p,1,A", "p,2,B", "p,3,B", "p,4,A", "q,2,A", "q,4,A"]
    text = "participant,trial,block,choice,reward\n" + "\n".join(f"{row},0,1" for row in rows)
    np.testing.assert_array_equal(read(tmp_path, text).blocks, [[0, 1, 1, 2], [0, 0, 0, 0]])


def test_full_feedback_is_read_with_the_outcomes_of_all_arms(tmp_path):
    text = "participant,trial,choice,reward,reward_1,reward_0\na,1,1,0,0,1\na,2,,,,\n"
    dataset = read(tmp_path, text, TASKS["full feedback"])
    np.testing.assert_array_equal(dataset.outcomes[0], [[1, 0], [np.nan, np.nan]])


@pytest.mark.parametrize("name", ["random walk", "scheduled rewards"])
def test_rewards_other_than_0_and_1_are_read_where_the_task_pays_them(tmp_path, name):
    dataset = read(tmp_path, HEADER + "a,1,1,0.3\na,2,1,-2", TASKS[name])
    np.testing.assert_array_equal(dataset.rewards, [[0.3, -2]])


@pytest.mark.parametrize("name", list(TASKS))
def test_means_are_known_where_the_task_alone_determines_them(name):
    task = faced(TASKS[name])
    means = known_means(task, np.tile(task.block_of_trial(24), (3, 1)))
    if name in ("reversals after learning", "random walk"):
        assert means is None
    else:
        expected = task.means(3, 24, np.random.default_rng(0))
        np.testing.assert_array_equal(means, np.broadcast_to(expected, (3, 24, 2)))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("participant,trial,reward\na,1,1", "no column choice"),
        ("participant|trial|choice|reward\na|1|1|0", "no column participant"),
        ("participant,trial,choice,reward,trial\na,1,1,1,1", "more than one column trial"),
        (HEADER + "a,1,1,1\na,2,1", "line 3 has 3 values"),
        (HEADER + ",1,1,1", "line 2: participant is empty"),
        ("block," + HEADER + ",a,1,1,1", "line 2: block is empty"),
        (HEADER + "a,one,1,1", "line 2: trial is 'one'"),
        (HEADER + "a,1.5,1,1", "line 2: trial is '1.5'"),
        (HEADER + "a,,1,1", "line 2: trial is ''"),
        (HEADER + "a,1,2,1", "line 2: choice is '2', but must be one of the arms 0, 1"),
        (HEADER + "a,1,left,1", "line 2: choice is 'left'"),
        (HEADER + "a,1,-2,1", "line 2: choice is '-2'"),
        (HEADER + "a,1,0.5,1", "line 2: choice is '0.5'"),
        (HEADER + "a,1,1,", "line 2: reward is empty"),
        (HEADER + "a,1,1,win", "line 2: reward is 'win'"),
        (HEADER + "a,1,1,10", "line 2: reward is '10', but must be 0 or 1"),
        (HEADER + "a,1,1,1\na,2,1,1\na,1,0,0", "line 4: participant 'a' already has a trial 1 in "
         "line 2"),
        (HEADER + "a,1,1,1\na,3,1,1", "column trial skips from 1 to 3"),
        (HEADER + "a,1,,\na,2,-1,", "no responses"),
        (HEADER + "a,-1,1,1\na,0,1,1", "line 2: trial is '-1', but must be a whole number of at "
         "least 0"),
        (HEADER + "a,0,1,1\na,1,1,0\nb,1,1,1\nb,2,1,1", "participant 'a' starts with trial 0 and "
         "participant 'b' with trial 1; count the trials of all participants from the same number"),
        (HEADER + "a,1,1,1\na,2,,1", "line 3: reward is '1', but there was no response; leave it "
         "empty"),
        (HEADER + "a,1,1,1\na,2,-1,-1", "line 3: reward is '-1', but there was no response"),
        (HEADER + "a,1,1,1\na,2,NA,won", "line 3: reward is 'won', but there was no response"),
        (HEADER + "a,1,1,1", "number of trials, 1, cannot be divided into the 2 equal blocks"),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_in_one_line_with_its_position(tmp_path, text, mistake):
    with pytest.raises(BrokenFile) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "own.csv"))
    assert mistake in message
    assert "\n" not in message


@pytest.mark.parametrize("nothing", ["", "NA", "nan", "0", "0.0"])
def test_a_trial_without_a_response_may_have_no_reward_or_a_reward_of_0(tmp_path, nothing):
    dataset = read(tmp_path, HEADER + f"a,1,1,1\na,2,,{nothing}\n")
    np.testing.assert_array_equal(dataset.rewards, [[1, np.nan]])


def test_participants_may_miss_the_first_trials(tmp_path):
    dataset = read(tmp_path, HEADER + "a,1,1,1\na,2,1,1\nb,2,0,1\n")
    np.testing.assert_array_equal(dataset.choices, [[1, 1], [-1, 0]])


@pytest.mark.parametrize(
    ("name", "text", "mistake"),
    [
        ("full feedback", HEADER + "a,1,1,1\na,2,1,1", "no column reward_0"),
        ("full feedback", FULL_HEADER + "a,1,1,1,1,0", "line 2: reward is 1 but reward_1 is 0"),
        ("full feedback", FULL_HEADER + "a,1,1,1,,1", "line 2: reward_0 is empty"),
        (
            "scheduled rewards",
            HEADER + "".join(f"a,{t},1,0.1\n" for t in range(25)),
            "25 trials, but the task's schedule has only 24",
        ),
        (
            "reversals, no reset",
            "block," + HEADER + "".join(f"{t > 3},a,{t},1,1\n" for t in range(10)),
            "column block must have the 2 equal blocks",
        ),
    ],
)
def test_a_mistake_that_depends_on_the_task_is_reported(tmp_path, name, text, mistake):
    with pytest.raises(BrokenFile, match=mistake):
        read(tmp_path, text, TASKS[name])


def test_a_file_that_does_not_exist_is_reported_with_the_columns_it_should_have(tmp_path):
    columns = "with the columns participant, trial, choice, reward"
    with pytest.raises(BrokenFile, match=columns):
        read_observed(tmp_path / "own.csv", faced())
