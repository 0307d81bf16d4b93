"""What the keys of a task get wrong together is one sentence per mistake, in each of the tasks."""

import json

import pytest

from rlrecovery.config import ConfigError, load, parse
from unit.config.experiments import GONE, TASK_KEYS, changed, problems, several, valid

PLAIN = valid()["task"]
WALK = {"sd": 0.1, "lower": 0, "upper": 1}
PROBABILITY = "with rewards bernoulli must be a number from 0 to 1"
LONGEST = "must be less than 75, the number of trials of the longest block"
WHEN = "but must say when: after, every, or correct and within"

#: Changes of a task with arms [0.4, 0.6] in two blocks of up to 75 trials; key, sentence.
TASKS = [
    # arms and rewards
    ({"arms": [0.5, 1.5]}, "arms contains 1.5, but " + PROBABILITY),
    ({"arms": [-0.1, 0.5, 2]}, "arms contains -0.1, 2, but " + PROBABILITY),
    ({"rewards": "bernoulli", "arms": [0, 20]}, "arms contains 20, but " + PROBABILITY),
    (
        {"arms": GONE},
        "arms is missing, but must be a list of at least 2 values, each a number, where there is "
        "no schedule",
    ),
    (
        {"arms": GONE, "amrs": [0.4, 0.6]},
        f"amrs is [0.4, 0.6], but there is no such key; the keys here are {TASK_KEYS} (did you "
        "mean arms?)",
    ),
    ({"sd": 0.5}, "sd is 0.5, but only gaussian rewards have an SD; leave it out"),
    (
        {"rewards": "bernoulli", "sd": 2},
        "sd is 2, but only gaussian rewards have an SD; leave it out",
    ),
    (
        {"rewards": "gaussian"},
        "sd is missing, but with rewards gaussian must be a number greater than 0",
    ),
    ({"rewards": "gaussian", "sd": 0}, "sd is 0, but must be a number greater than 0"),
    ({"rewards": "gausian", "sd": 1},
     "rewards is 'gausian', but must be bernoulli or gaussian (did you mean gaussian?)"),
    ({"feedback": "ful"}, "feedback is 'ful', but must be partial or full (did you mean full?)"),
    ({"reset": "false"},
     "reset is 'false', but must be true or false (write false without quotes)"),
    ({"reset": 0}, "reset is 0, but must be true or false"),
    # reversals
    ({"reversals": {}}, "reversals is {}, " + WHEN),
    ({"reversals": {"after": [], "every": 0}}, "reversals is {after: [], every: 0}, " + WHEN),
    (
        {"reversals": {"correct": 9, "within": 8}},
        "reversals.correct is 9, but must be at most 8, which is within",
    ),
    (
        {"reversals": {"every": 20, "correct": 8}},
        "reversals.within is missing, but must be a whole number of at least 8, because correct "
        "is 8",
    ),
    (
        {"reversals": {"correct": 8, "within": 0}},
        "reversals.within is 0, but must be a whole number of at least 8, because correct is 8",
    ),
    (
        {"reversals": {"after": [20], "within": 8}},
        "reversals.correct is missing, but must be a whole number from 1 to 8, because within is 8",
    ),
    ({"reversals": {"after": [75, 20, 80]}}, "reversals.after contains 75, 80, but " + LONGEST),
    ({"reversals": {"every": 75}}, "reversals.every is 75, but " + LONGEST),
    (
        {"reversals": {"after": [20, 20]}},
        "reversals.after contains 20 more than once, but its values must differ",
    ),
    (
        {"reversals": {"after": 40}},
        "reversals.after is 40, but must be a list of any number of values, each a whole number "
        "of at least 1 (write [40])",
    ),
    ({"reversals": {"after": [0]}},
     "reversals.after contains 0, but must be a whole number of at least 1"),
    ({"reversals": {"every": -1}},
     "reversals.every is -1, but must be a whole number of at least 0"),
    (
        {"reversals": {"evry": 20}},
        "reversals.evry is 20, but there is no such key; the keys here are after, every, correct, "
        "within (did you mean every?)",
    ),
    (
        {"reversals": None},
        "reversals is empty, but must be a section with the keys after, every, correct, within",
    ),
    # drift
    (
        {"drift": WALK | {"lower": 1}},
        "drift.lower is 1, but must be less than upper, which is 1",
    ),
    ({"drift": WALK | {"lower": -1}}, "drift.lower is -1, but " + PROBABILITY),
    ({"drift": WALK | {"upper": 100}}, "drift.upper is 100, but " + PROBABILITY),
    ({"drift": WALK | {"sd": 0}}, "drift.sd is 0, but must be a number greater than 0"),
    ({"drift": {"sd": 1, "lower": 0}}, "drift.upper is missing, but must be a number"),
    (
        {"drift": WALK | {"decay": 1.5}},
        "drift.decay is 1.5, but must be a number greater than 0 and of at most 1",
    ),
    (
        {"drift": WALK | {"lower": 0.5}},
        "arms contains 0.4, but must be a number from 0.5 to 1 because of {where}.drift",
    ),
    (
        {"rewards": "gaussian", "sd": 4, "arms": [-3, 20], "drift": WALK | {"upper": 100}},
        "arms contains -3, but must be a number from 0 to 100 because of {where}.drift",
    ),
    (
        {"drift": WALK | {"decay": 0.9}},
        "drift.centre is missing, but with a decay below 1 must be a number from 0 to 1, the "
        "bounds of the drift",
    ),
    (
        {"drift": WALK | {"decay": 0.9, "centre": 50}},
        "drift.centre is 50, but with a decay below 1 must be a number from 0 to 1, the bounds of "
        "the drift",
    ),
    (
        {"drift": WALK | {"centre": 0.5}},
        "drift.centre is 0.5, but only a decay below 1 pulls to a centre; leave it out",
    ),
    # trials without a response
    (
        {"missing_trials": [[5, 151], [7, 600]]},
        "missing_trials contains 151, 600, but must be at most 150, the largest number of trials",
    ),
    (
        {"missing_trials": [[1], list(range(1, 51))]},
        "missing_trials contains [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, "
        "19,..., but some of 50 trials must have a response",
    ),
    (
        {"missing_trials": []},
        "missing_trials is [], but must be a list of at least 1 list, each of any number of "
        "values, each a whole number of at least 1",
    ),
    (
        {"missing_trials": [5, [7]]},
        "missing_trials contains 5, but must be a list of any number of values, each a whole "
        "number of at least 1 (write [5])",
    ),
    (
        {"missing_trials": 5},
        "missing_trials is 5, but must be a list of at least 1 list, each of any number of "
        "values, each a whole number of at least 1 (write [[5]])",
    ),
    ({"missing_trials": [[0]]},
     "missing_trials contains 0, but must be a whole number of at least 1"),
    # other keys
    ({"start_value": GONE}, "start_value is missing, but must be a number"),
    ({"blocks": GONE}, "blocks is missing, but must be a whole number of at least 1"),
    ({"block": 2}, "block is 2, but there is no such key; the keys here are " + TASK_KEYS
     + " (did you mean blocks?)"),
]  # fmt: skip


def with_task(task: dict, changes: dict, *where: str) -> dict:
    task = {key: value for key, value in (task | changes).items() if value is not GONE}
    if where == ("task",):
        return changed({"task": task})
    return changed({"task": GONE, "tasks": {"first": PLAIN, where[1]: task}})


@pytest.mark.parametrize("where", [("task",), ("tasks", "second")])
@pytest.mark.parametrize(("changes", "sentence"), TASKS)
def test_one_mistake_in_a_task_is_one_sentence(changes, sentence, where):
    name = ".".join(where)
    raw = with_task(PLAIN | {"blocks": 2}, changes, *where)
    assert problems(raw) == [f"{name}.{sentence}".replace("{where}", name)]


def test_trials_are_a_multiple_of_the_blocks_of_every_task():
    assert problems(with_task(PLAIN, {"blocks": 4}, "tasks", "second")) == [
        "trials contains 50, 150, but must be a multiple of tasks.second.blocks, which is 4"
    ]


def test_all_tasks_are_looked_at():
    raw = changed({"tasks.plain.sd": 1, "tasks.restless.sd": GONE}, several)
    assert problems(raw) == [
        "tasks.plain.sd is 1, but only gaussian rewards have an SD; leave it out",
        "tasks.restless.sd is missing, but with rewards gaussian must be a number greater than 0",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": [-20, 300], "rewards": "gaussian", "sd": 1e-3},
        {"reversals": {"after": [74], "every": 74, "correct": 1, "within": 1}},
        {"reversals": {"every": 60}},  # in the long sessions alone
        {"reversals": {"correct": 8, "within": 8}, "drift": WALK},
        {"drift": WALK | {"decay": 1}},
        {"drift": WALK | {"decay": 0.5, "centre": 1}},
        {"missing_trials": [[], [150, 1], list(range(1, 50))]},
        {"feedback": "full", "reset": False},
    ],
)
def test_these_tasks_are_fine(changes):
    parse(with_task(PLAIN | {"blocks": 2}, changes, "task"))
    parse(with_task(PLAIN | {"blocks": 2}, changes, "tasks", "second"))


# -------------------------------------------------------------------------------- tasks by name


SECTION = "a section with at least one task, each under its name"
FEW = f"a section with the keys {TASK_KEYS}"
WORD = "text of up to 40 lower-case letters, digits and _ that starts with a letter"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"tasks": {"easy": PLAIN}},
            "task is {arms: [0.4, 0.6], blocks: 1, start_value: 0.5}, but tasks is given, too; "
            "only one may be",
        ),
        ({"task": GONE}, f"task is missing, but must be {FEW}"),
        ({"task": None}, f"task is empty, but must be {FEW}"),
        ({"task": GONE, "tasks": {}}, f"tasks is {{}}, but must be {SECTION}"),
        ({"task": GONE, "tasks": None}, f"tasks is empty, but must be {SECTION}"),
        ({"tasks": None}, f"tasks is empty, but must be {SECTION}"),
        ({"task": GONE, "tasks": [PLAIN]}, "tasks is [{arms: [0.4, 0.6], blocks: 1, start_value: "
         f"0.5}}], but must be {SECTION}"),
        ({"task": GONE, "tasks": {"easy": 5}}, f"tasks.easy is 5, but must be {FEW}"),
        ({"task": GONE, "tasks": {"Easy": PLAIN}},
         f"tasks.Easy is no valid name of a task, but a name must be {WORD}"),
        ({"task": GONE, "tasks": {"a" * 41: PLAIN}},
         f"tasks.{'a' * 41} is no valid name of a task, but a name must be {WORD}"),
    ],
)  # fmt: skip
def test_one_mistake_in_naming_tasks_is_one_sentence(changes, sentence):
    assert problems(changed(changes)) == [sentence]


# ------------------------------------------------------------------------------------ schedules


CSV = "but must be a CSV file with a header, a column per arm and a row per trial"
ROWS = "".join(f"{t % 2},{(t + 1) % 2}\n" for t in range(150))


def scheduled(tmp_path, content, **changes) -> list[str]:
    """Sentences on a config with a schedule that holds means, without the key of the file."""
    if content is not None:
        (tmp_path / "lab.csv").write_bytes(
            content.encode() if isinstance(content, str) else content
        )
    schedule = {"file": "lab.csv", "holds": "means"}
    task = {"schedule": schedule, "blocks": 1, "start_value": 0.5} | changes
    with pytest.raises(ConfigError) as caught:
        parse(changed({"task": task}), source=str(tmp_path / "config.yaml"))
    prefix = "task.schedule.file is 'lab.csv', "
    found = [problem.removeprefix(prefix) for problem in caught.value.problems]
    return [problem.removeprefix("which ") for problem in found]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, f"cannot be read (No such file or directory), {CSV}"),
        ("", f"has less than two columns with commas in between, {CSV}"),
        ("\n\n", f"has less than two columns with commas in between, {CSV}"),
        ("a\n1\n", f"has less than two columns with commas in between, {CSV}"),
        ("a;b\n1;2\n", f"has less than two columns with commas in between, {CSV}"),
        ("a,b\n", f"has a header and nothing else, {CSV}"),
        (
            ROWS,
            f"whose first line is numbers: the first trial would be lost as a header, {CSV}",
        ),
        ("trial,a,b\n1,0,1\n", f"has a column called 'trial', but each must be an arm, {CSV}"),
        (",a,b\n0,0,1\n", f"has a column called '', but each must be an arm, {CSV}"),
        ("a,b\n1_0,0\n", f"has '1_0' in line 2, not a finite number, {CSV}"),
        ("a,b\n1,0\n\n1\n", f"has 1 value in line 4, not 2, {CSV}"),
        ("a,b\n1,0,1\n", f"has 3 values in line 2, not 2, {CSV}"),
        ("a,b\n1,\n", f"has '' in line 2, not a finite number, {CSV}"),
        ("a,b\n1,0\nhalf,0\n", f"has 'half' in line 3, not a finite number, {CSV}"),
        ("a,b\n1,nan\n", f"has 'nan' in line 2, not a finite number, {CSV}"),
        ("a,b\n1,1e999\n", f"has '1e999' in line 2, not a finite number, {CSV}"),
        (b"a,b\n\xff\xfe,1\n", f"cannot be read as text in UTF-8, {CSV}"),
        ("a,b\n" + "1" * 200_000 + ",1\n", f"cannot be read as text in UTF-8, {CSV}"),
        ("a,b\n1,0\n", "has 1 row, but trials asks for 150"),
        ("a,b\n1,0\n0,1\n", "has 2 rows, but trials asks for 150"),
        (
            "a,b\n" + ROWS + "0,2\n",
            "contains 2.0, but with rewards bernoulli a mean must be a number from 0 to 1",
        ),
    ],
)
def test_a_wrong_schedule_is_one_sentence(tmp_path, content, sentence):
    assert scheduled(tmp_path, content) == [sentence]


@pytest.mark.parametrize(
    ("file", "what"),
    [(".", "Is a directory"), ("", "Is a directory"), ("x" * 300, "File name too long")],
)
def test_a_schedule_that_is_no_file_is_one_sentence(tmp_path, file, what):
    task = {"schedule": {"file": file, "holds": "means"}, "blocks": 1, "start_value": 0.5}
    with pytest.raises(ConfigError) as caught:
        parse(changed({"task": task}), source=str(tmp_path / "config.yaml"))
    (sentence,) = caught.value.problems
    assert sentence.endswith(f", which cannot be read ({what}), {CSV}")


def test_a_null_character_in_a_path_is_one_sentence():
    task = {"schedule": {"file": "\0", "holds": "means"}, "blocks": 1, "start_value": 0.5}
    assert problems(changed({"task": task})) == [
        rf"task.schedule.file is '\x00', which cannot be read as text in UTF-8, {CSV}"
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"arms": [0.5, 0.5]},
            "task.arms is [0.5, 0.5], but schedule is given, too; only one may be",
        ),
        (
            {"drift": WALK},
            "task.drift is {sd: 0.1, lower: 0, upper: 1}, but a schedule says how arms change; "
            "only one may be given",
        ),
        (
            {"reversals": {"every": 20}},
            "task.reversals is {every: 20}, but a schedule says how arms change; only one may be "
            "given",
        ),
        (
            {"rewards": "gaussian"},
            "task.sd is missing, but with rewards gaussian must be a number greater than 0",
        ),
    ],
)
def test_what_a_schedule_takes_the_place_of(tmp_path, changes, sentence):
    assert scheduled(tmp_path, "a,b\n" + ROWS, **changes) == [sentence]


def test_a_schedule_of_rewards_needs_no_distribution(tmp_path):
    rewards = {"file": "lab.csv", "holds": "rewards"}
    changes = {"schedule": rewards, "rewards": "gaussian", "sd": 1}
    assert scheduled(tmp_path, "a,b\n" + "-3,20\n" * 150, **changes) == [
        "task.rewards is 'gaussian', but the schedule holds the rewards themselves; leave it out",
        "task.sd is 1, but the schedule holds the rewards themselves; leave it out",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"values": [[0, 1], [0, 1, 1]]},
            "values contains [0, 1, 1], but must have 2 values, as the first row has",
        ),
        (
            {"values": []},
            "values is [], but must be a list of at least 1 list, each of at least 2 values, each "
            "a number",
        ),
        (
            {"values": None},
            "values is empty, but must be a list of at least 1 list, each of at least 2 values, "
            "each a number",
        ),
        ({"values": [[1]] * 40},
         "values contains [1], but must be a list of at least 2 values, each a number"),
        ({"values": [[0, "x"]] * 40}, "values contains 'x', but must be a number"),
        ({"file": GONE}, "file is missing, but must be text"),
        ({"file": GONE, "values": GONE}, "file is missing, but must be text"),
        ({"file": 5, "values": GONE}, "file is 5, but must be text"),
        ({"holds": "mean"},
         "holds is 'mean', but must be rewards or means (did you mean means?)"),
        ({"holds": GONE}, "holds is missing, but must be rewards or means"),
    ],
)  # fmt: skip
def test_one_mistake_in_a_resolved_schedule_is_one_sentence(changes, sentence):
    paths = {f"tasks.scheduled.schedule.{key}": value for key, value in changes.items()}
    assert problems(changed(paths, several)) == [f"tasks.scheduled.schedule.{sentence}"]


def test_a_schedule_stands_beside_the_config_and_the_resolved_config_without_it(tmp_path):
    folder = tmp_path / "deep"
    folder.mkdir()
    # As Excel saves it: with a mark of UTF-8, DOS line ends and an empty last line.
    text = ("\ufeffleft,right\n" + ROWS + "\n").replace("\n", "\r\n")
    (folder / "lab.csv").write_bytes(text.encode())
    task = {"schedule": {"file": "lab.csv", "holds": "means"}, "blocks": 1, "start_value": 0.5}
    path = folder / "config.yaml"
    path.write_text(json.dumps(changed({"task": task})))
    experiment = load(path)
    assert experiment.task.arms is None
    assert experiment.task.schedule.values[:2] == ((0.0, 1.0), (1.0, 0.0))
    assert len(experiment.task.schedule.values) == 150
    resolved = experiment.resolved()
    (folder / "lab.csv").unlink()
    assert parse(resolved, source="elsewhere/config.yaml") == experiment
    with pytest.raises(ConfigError, match="No such file"):
        load(path)


def test_parsing_does_not_put_a_schedule_into_its_input(tmp_path):
    (tmp_path / "lab.csv").write_text("a,b\n" + ROWS)
    task = {"schedule": {"file": "lab.csv", "holds": "means"}, "blocks": 1, "start_value": 0.5}
    raw = changed({"task": task})
    parse(raw, source=str(tmp_path / "config.yaml"))
    assert raw["task"] == task
