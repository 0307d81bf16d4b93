"""What the keys of a task get wrong together, in each of the tasks."""

import pytest

from rlrecovery.config.reader import parse
from unit.config.experiments import GONE, changed, mistakes, sentences, several, valid

PLAIN = valid()["task"]
WALK = {"sd": 0.1, "lower": 0, "upper": 1}

#: Changes of a task with arms [0.4, 0.6] in two blocks of up to 75 trials that make mistakes;
#: their paths and sentences.
TASKS = [
    ({"arms": [0.5, 1.5]}, [("arms[1]", "must be from 0 to 1 with rewards:")]),
    (
        {"arms": [-0.1, 0.5, 2]},
        [
            ("arms[0]", "must be from 0 to 1 with rewards:"),
            ("arms[2]", "must be from 0 to 1 with rewards:"),
        ],
    ),
    ({"rewards": "bernoulli", "arms": [0, 20]}, [("arms[1]", "must be from 0 to 1 with rewards:")]),
    ({"arms": GONE}, [("arms", "is required unless there is a")]),
    ({"arms": GONE, "amrs": [0.4, 0.6]}, [("amrs", "unknown key")]),
    ({"sd": 0.5}, [("sd", "is only allowed with rewards:")]),
    ({"rewards": "bernoulli", "sd": 2}, [("sd", "is only allowed with rewards:")]),
    ({"rewards": "gaussian"}, [("sd", "is required with rewards: gaussian")]),
    ({"rewards": "gaussian", "sd": 0}, [("sd", "must be greater than 0")]),
    ({"rewards": "gausian", "sd": 1}, [("rewards", "must be bernoulli or gaussian (did")]),
    ({"feedback": "ful"}, [("feedback", "must be partial or full (did you")]),
    ({"reset": "false"}, [("reset", "must be true or false")]),
    ({"reset": 0}, [("reset", "must be true or false")]),
    ({"reversals": {}}, [("reversals", "requires after, every, or correct")]),
    (
        {"reversals": {"after": [], "every": 0}},
        [("reversals", "requires after, every, or correct")],
    ),
    (
        {"reversals": {"correct": 9, "within": 8}},
        [("reversals.within", "is required with correct and must")],
    ),
    (
        {"reversals": {"every": 20, "correct": 8}},
        [("reversals.within", "is required with correct and must")],
    ),
    (
        {"reversals": {"correct": 8, "within": 0}},
        [("reversals.within", "is required with correct and must")],
    ),
    (
        {"reversals": {"after": [20], "within": 8}},
        [("reversals.correct", "is required with within and must")],
    ),
    (
        {"reversals": {"after": [75, 20, 80]}},
        [
            ("reversals.after[0]", "must be less than 75, the number"),
            ("reversals.after[2]", "must be less than 75, the number"),
        ],
    ),
    ({"reversals": {"every": 75}}, [("reversals.every", "must be less than 75, the number")]),
    (
        {"reversals": {"after": [20, 20]}},
        [("reversals.after[1]", "repeats the value 20; values must")],
    ),
    ({"reversals": {"after": 40}}, [("reversals.after", "must be a list (write [40])")]),
    ({"reversals": {"after": [0]}}, [("reversals.after[0]", "is 0, but must be at least 1")]),
    ({"reversals": {"every": -1}}, [("reversals.every", "is -1, but must be at least 0")]),
    ({"reversals": {"evry": 20}}, [("reversals.evry", "unknown key")]),
    ({"reversals": None}, [("reversals", "must have a value or be omitted")]),
    ({"drift": WALK | {"lower": 1}}, [("drift.lower", "must be less than upper, which is")]),
    ({"drift": WALK | {"lower": -1}}, [("drift.lower", "must be from 0 to 1 with rewards:")]),
    ({"drift": WALK | {"upper": 100}}, [("drift.upper", "must be from 0 to 1 with rewards:")]),
    ({"drift": WALK | {"sd": 0}}, [("drift.sd", "must be greater than 0")]),
    ({"drift": {"sd": 1, "lower": 0}}, [("drift.upper", "missing required key")]),
    ({"drift": WALK | {"decay": 1.5}}, [("drift.decay", "is 1.5, but must be at most 1")]),
    ({"drift": WALK | {"lower": 0.5}}, [("arms[0]", "must be from 0.5 to 1 because of")]),
    (
        {"rewards": "gaussian", "sd": 4, "arms": [-3, 20], "drift": WALK | {"upper": 100}},
        [("arms[0]", "must be from 0 to 100 because of")],
    ),
    ({"drift": WALK | {"decay": 0.9}}, [("drift.centre", "is required with decay < 1")]),
    (
        {"drift": WALK | {"decay": 0.9, "centre": 50}},
        [("drift.centre", "must be from 0 to 1, the bounds")],
    ),
    ({"drift": WALK | {"centre": 0.5}}, [("drift.centre", "is only allowed with decay < 1")]),
    (
        {"missing_trials": [[5, 151], [7, 600]]},
        [
            ("missing_trials[0][1]", "must be at most 150, the largest"),
            ("missing_trials[1][1]", "must be at most 150, the largest"),
        ],
    ),
    (
        {"missing_trials": [[1], list(range(1, 51))]},
        [("missing_trials[1]", "must leave at least one of the")],
    ),
    ({"missing_trials": []}, [("missing_trials", "is [], but must not be empty")]),
    ({"missing_trials": [5, [7]]}, [("missing_trials[0]", "must be a list (write [5])")]),
    ({"missing_trials": 5}, [("missing_trials", "must be a list (write [[5]])")]),
    ({"missing_trials": [[0]]}, [("missing_trials[0][0]", "is 0, but must be at least 1")]),
    ({"start_value": GONE}, [("start_value", "missing required key")]),
    ({"blocks": GONE}, [("blocks", "missing required key")]),
    ({"block": 2}, [("block", "unknown key")]),
]


def with_task(task: dict, changes: dict, *where: str) -> dict:
    task = {key: value for key, value in (task | changes).items() if value is not GONE}
    if where == ("task",):
        return changed({"task": task})
    return changed({"task": GONE, "tasks": {"first": PLAIN, where[1]: task}})


@pytest.mark.parametrize("where", [("task",), ("tasks", "second")])
@pytest.mark.parametrize(("changes", "expected"), TASKS)
def test_mistakes_in_a_task(changes, expected, where):
    name = ".".join(where)
    raw = with_task(PLAIN | {"blocks": 2}, changes, *where)
    assert mistakes(raw) == [(f"{name}.{path}", words) for path, words in expected]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"task.arms": [0.5, 1.5]},
            "task.arms[1] is 1.5, but must be from 0 to 1 with rewards: bernoulli",
        ),
        (
            {"task.drift": WALK | {"lower": 0.5}},
            "task.arms[0] is 0.4, but must be from 0.5 to 1 because of task.drift",
        ),
        ({"task.reversals": {}}, "task.reversals requires after, every, or correct with within"),
        (
            {"task.reversals": {"every": 150}},
            "task.reversals.every is 150, but must be less than 150, the number of trials of the "
            "longest block",
        ),
        ({"task.sd": 1}, "task.sd is only allowed with rewards: gaussian"),
    ],
)
def test_a_sentence_says_what_the_keys_need(changes, sentence):
    assert sentences(changed(changes)) == [sentence]


def test_trials_are_a_multiple_of_the_blocks_of_every_task():
    assert mistakes(changed({"task.blocks": 3})) == [("trials[0]", "must be a multiple of task")]
    raw = with_task(PLAIN, {"blocks": 4}, "tasks", "second")
    assert mistakes(raw) == [
        ("trials[0]", "must be a multiple of task"),
        ("trials[1]", "must be a multiple of"),
    ]
    assert sentences(raw)[0] == (
        "trials[0] is 50, but must be a multiple of tasks.second.blocks, which is 4"
    )


def test_all_tasks_are_looked_at():
    raw = changed({"tasks.plain.sd": 1, "tasks.restless.sd": GONE}, several)
    assert mistakes(raw) == [
        ("tasks.plain.sd", "is only allowed with rewards:"),
        ("tasks.restless.sd", "is required with rewards: gaussian"),
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


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tasks": {"easy": PLAIN}}, ("task", "and tasks cannot be combined")),
        ({"task": GONE}, ("task", "either task or tasks is required")),
        ({"task": None}, ("task", "must have a value or be omitted")),
        ({"task": GONE, "tasks": {}}, ("tasks", "is {}, but must not be empty")),
        ({"task": GONE, "tasks": None}, ("tasks", "must have a value or be omitted")),
        ({"tasks": None}, ("tasks", "must have a value or be omitted")),
        ({"task": GONE, "tasks": [PLAIN]}, ("tasks", 'is [{"arms": [0.4, 0.6]')),
        ({"task": GONE, "tasks": {"easy": 5}}, ("tasks.easy", "must be a section with the keys")),
        (
            {"task": GONE, "tasks": {"Easy": PLAIN}},
            ("tasks.Easy", "is not a valid name: names must"),
        ),
        (
            {"task": GONE, "tasks": {"a" * 41: PLAIN}},
            ("tasks." + "a" * 41, "is not a valid name: names must"),
        ),
    ],
)
def test_mistakes_in_naming_tasks(changes, expected):
    assert mistakes(changed(changes)) == [expected]


#: A task with a schedule that holds means, as the resolved config has it.
ROWS = [[t % 2, (t + 1) % 2] for t in range(150)]
SCHEDULED = {
    "schedule": {"file": "lab.csv", "holds": "means", "values": ROWS},
    "blocks": 1,
    "start_value": 0.5,
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"arms": [0.5, 0.5]}, [("arms", "cannot be combined with a schedule")]),
        ({"drift": WALK}, [("drift", "cannot be combined with a schedule")]),
        ({"reversals": {"every": 20}}, [("reversals", "cannot be combined with a schedule")]),
        ({"rewards": "gaussian"}, [("sd", "is required with rewards: gaussian")]),
    ],
)
def test_a_schedule_replaces_other_keys(changes, expected):
    raw = changed({"task": SCHEDULED | changes})
    assert mistakes(raw) == [(f"task.{path}", words) for path, words in expected]


def test_a_schedule_of_rewards_needs_no_distribution():
    rewards = SCHEDULED["schedule"] | {"holds": "rewards", "values": [[-3, 20]] * 150}
    task = SCHEDULED | {"schedule": rewards, "rewards": "gaussian", "sd": 1}
    assert mistakes(changed({"task": task})) == [
        ("task.rewards", "is not allowed with a schedule"),
        ("task.sd", "is not allowed with a schedule"),
    ]
    parse(changed({"task": SCHEDULED | {"schedule": rewards}}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"values": [[0, 1], [0, 1, 1]] * 20}, ("values[1]", "must have 2 values, like the")),
        ({"values": [[0, 1]]}, ("file", "there are up to 40 trials")),
        ({"values": [[0, 1]] * 39 + [[0, 2]]}, ("file", "means must be from 0 to 1")),
        ({"values": []}, ("values", "is [], but must not be empty")),
        ({"values": None}, ("values", "must have a value or be omitted")),
        ({"values": [[0, "x"]] * 40}, ("values[0][1]", 'is "x", but must be a number')),
        ({"file": GONE}, ("file", "missing required key")),
        ({"file": GONE, "values": GONE}, ("file", "missing required key")),
        ({"file": 5, "values": GONE}, ("file", "is 5, but must be text")),
        ({"holds": "mean"}, ("holds", "must be rewards or means (did you")),
        ({"holds": GONE}, ("holds", "missing required key")),
    ],
)
def test_mistakes_in_a_resolved_schedule(changes, expected):
    paths = {f"tasks.scheduled.schedule.{key}": value for key, value in changes.items()}
    path, words = expected
    first = mistakes(changed(paths, several))[0]
    assert first == (f"tasks.scheduled.schedule.{path}", words)
