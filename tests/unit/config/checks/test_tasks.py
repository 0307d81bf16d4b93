"""What the keys of a task get wrong together, in each of the tasks."""

import pytest

from rlrecovery.config.reader import parse
from unit.config.experiments import GONE, changed, mistakes, sentences, several, valid

PLAIN = valid()["task"]
WALK = {"sd": 0.1, "lower": 0, "upper": 1}

#: Changes of a task with arms [0.4, 0.6] in two blocks of up to 75 trials that make mistakes;
#: their paths, values and kinds.
TASKS = [
    ({"arms": [0.5, 1.5]}, [("arms[1]", 1.5, "range")]),
    ({"arms": [-0.1, 0.5, 2]}, [("arms[0]", -0.1, "range"), ("arms[2]", 2.0, "range")]),
    ({"rewards": "bernoulli", "arms": [0, 20]}, [("arms[1]", 20.0, "range")]),
    ({"arms": GONE}, [("arms", None, "missing")]),
    ({"arms": GONE, "amrs": [0.4, 0.6]}, [("amrs", [0.4, 0.6], "extra_forbidden")]),
    ({"sd": 0.5}, [("sd", 0.5, "unused")]),
    ({"rewards": "bernoulli", "sd": 2}, [("sd", 2.0, "unused")]),
    ({"rewards": "gaussian"}, [("sd", None, "missing")]),
    ({"rewards": "gaussian", "sd": 0}, [("sd", 0, "greater_than")]),
    ({"rewards": "gausian", "sd": 1}, [("rewards", "gausian", "literal_error")]),
    ({"feedback": "ful"}, [("feedback", "ful", "literal_error")]),
    ({"reset": "false"}, [("reset", "false", "bool_type")]),
    ({"reset": 0}, [("reset", 0, "bool_type")]),
    ({"reversals": {}}, [("reversals", None, "missing")]),
    ({"reversals": {"after": [], "every": 0}}, [("reversals", None, "missing")]),
    ({"reversals": {"correct": 9, "within": 8}}, [("reversals.within", 8, "range")]),
    ({"reversals": {"every": 20, "correct": 8}}, [("reversals.within", 0, "range")]),
    ({"reversals": {"correct": 8, "within": 0}}, [("reversals.within", 0, "range")]),
    ({"reversals": {"after": [20], "within": 8}}, [("reversals.correct", 0, "range")]),
    (
        {"reversals": {"after": [75, 20, 80]}},
        [("reversals.after[0]", 75, "range"), ("reversals.after[2]", 80, "range")],
    ),
    ({"reversals": {"every": 75}}, [("reversals.every", 75, "range")]),
    ({"reversals": {"after": [20, 20]}}, [("reversals.after[1]", 20, "repeated")]),
    ({"reversals": {"after": 40}}, [("reversals.after", 40, "tuple_type")]),
    ({"reversals": {"after": [0]}}, [("reversals.after[0]", 0, "greater_than_equal")]),
    ({"reversals": {"every": -1}}, [("reversals.every", -1, "greater_than_equal")]),
    ({"reversals": {"evry": 20}}, [("reversals.evry", 20, "extra_forbidden")]),
    ({"reversals": None}, [("reversals", None, "empty")]),
    ({"drift": WALK | {"lower": 1}}, [("drift.lower", 1.0, "range")]),
    ({"drift": WALK | {"lower": -1}}, [("drift.lower", -1.0, "range")]),
    ({"drift": WALK | {"upper": 100}}, [("drift.upper", 100.0, "range")]),
    ({"drift": WALK | {"sd": 0}}, [("drift.sd", 0, "greater_than")]),
    ({"drift": {"sd": 1, "lower": 0}}, [("drift.upper", None, "missing")]),
    ({"drift": WALK | {"decay": 1.5}}, [("drift.decay", 1.5, "less_than_equal")]),
    ({"drift": WALK | {"lower": 0.5}}, [("arms[0]", 0.4, "range")]),
    (
        {"rewards": "gaussian", "sd": 4, "arms": [-3, 20], "drift": WALK | {"upper": 100}},
        [("arms[0]", -3.0, "range")],
    ),
    ({"drift": WALK | {"decay": 0.9}}, [("drift.centre", None, "missing")]),
    ({"drift": WALK | {"decay": 0.9, "centre": 50}}, [("drift.centre", 50.0, "range")]),
    ({"drift": WALK | {"centre": 0.5}}, [("drift.centre", 0.5, "unused")]),
    (
        {"missing_trials": [[5, 151], [7, 600]]},
        [("missing_trials[0][1]", 151, "range"), ("missing_trials[1][1]", 600, "range")],
    ),
    (
        {"missing_trials": [[1], list(range(1, 51))]},
        [("missing_trials[1]", tuple(range(1, 51)), "range")],
    ),
    ({"missing_trials": []}, [("missing_trials", (), "too_short")]),
    ({"missing_trials": [5, [7]]}, [("missing_trials[0]", 5, "tuple_type")]),
    ({"missing_trials": 5}, [("missing_trials", 5, "tuple_type")]),
    ({"missing_trials": [[0]]}, [("missing_trials[0][0]", 0, "greater_than_equal")]),
    ({"start_value": GONE}, [("start_value", None, "missing")]),
    ({"blocks": GONE}, [("blocks", None, "missing")]),
    ({"block": 2}, [("block", 2, "extra_forbidden")]),
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
    assert mistakes(raw) == [(f"{name}.{path}", value, kind) for path, value, kind in expected]


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
        (
            {"task.reversals": {}},
            "task.reversals requires after, every, or correct with within",
        ),
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
    assert mistakes(changed({"task.blocks": 3})) == [("trials[0]", 50, "multiple")]
    raw = with_task(PLAIN, {"blocks": 4}, "tasks", "second")
    assert mistakes(raw) == [("trials[0]", 50, "multiple"), ("trials[1]", 150, "multiple")]
    assert sentences(raw)[0] == (
        "trials[0] is 50, but must be a multiple of tasks.second.blocks, which is 4"
    )


def test_all_tasks_are_looked_at():
    raw = changed({"tasks.plain.sd": 1, "tasks.restless.sd": GONE}, several)
    assert mistakes(raw) == [
        ("tasks.plain.sd", 1.0, "unused"),
        ("tasks.restless.sd", None, "missing"),
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
        ({"tasks": {"easy": PLAIN}}, ("task", None, "conflict")),
        ({"task": GONE}, ("task", None, "missing")),
        ({"task": None}, ("task", None, "empty")),
        ({"task": GONE, "tasks": {}}, ("tasks", {}, "too_short")),
        ({"task": GONE, "tasks": None}, ("tasks", None, "empty")),
        ({"tasks": None}, ("tasks", None, "empty")),
        ({"task": GONE, "tasks": [PLAIN]}, ("tasks", [PLAIN], "dict_type")),
        ({"task": GONE, "tasks": {"easy": 5}}, ("tasks.easy", 5, "model_type")),
        ({"task": GONE, "tasks": {"Easy": PLAIN}}, ("tasks.Easy", "Easy", "name")),
        ({"task": GONE, "tasks": {"a" * 41: PLAIN}}, ("tasks." + "a" * 41, "a" * 41, "name")),
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
        ({"arms": [0.5, 0.5]}, [("arms", None, "conflict")]),
        ({"drift": WALK}, [("drift", None, "conflict")]),
        ({"reversals": {"every": 20}}, [("reversals", None, "conflict")]),
        ({"rewards": "gaussian"}, [("sd", None, "missing")]),
    ],
)
def test_a_schedule_replaces_other_keys(changes, expected):
    raw = changed({"task": SCHEDULED | changes})
    assert mistakes(raw) == [(f"task.{path}", value, kind) for path, value, kind in expected]


def test_a_schedule_of_rewards_needs_no_distribution():
    rewards = SCHEDULED["schedule"] | {"holds": "rewards", "values": [[-3, 20]] * 150}
    task = SCHEDULED | {"schedule": rewards, "rewards": "gaussian", "sd": 1}
    assert mistakes(changed({"task": task})) == [
        ("task.rewards", "gaussian", "unused"),
        ("task.sd", 1.0, "unused"),
    ]
    parse(changed({"task": SCHEDULED | {"schedule": rewards}}))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"values": [[0, 1], [0, 1, 1]] * 20}, ("values[1]", (0.0, 1.0, 1.0), "length")),
        ({"values": [[0, 1]]}, ("file", 1, "length")),
        ({"values": [[0, 1]] * 39 + [[0, 2]]}, ("file", 2.0, "range")),
        ({"values": []}, ("values", (), "too_short")),
        ({"values": None}, ("values", None, "empty")),
        ({"values": [[0, "x"]] * 40}, ("values[0][1]", "x", "float_type")),
        ({"file": GONE}, ("file", None, "missing")),
        ({"file": GONE, "values": GONE}, ("file", None, "missing")),
        ({"file": 5, "values": GONE}, ("file", 5, "string_type")),
        ({"holds": "mean"}, ("holds", "mean", "literal_error")),
        ({"holds": GONE}, ("holds", None, "missing")),
    ],
)
def test_mistakes_in_a_resolved_schedule(changes, expected):
    paths = {f"tasks.scheduled.schedule.{key}": value for key, value in changes.items()}
    path, value, kind = expected
    first = mistakes(changed(paths, several))[0]
    assert first == (f"tasks.scheduled.schedule.{path}", value, kind)
