"""Repeated values, too many cells or jobs, and file names that are too long are mistakes."""

import pytest

from rlrecovery.config.reader import parse
from rlrecovery.config.study import cells_of
from unit.config.experiments import changed, mistakes, sentences, several

#: Changes that make mistakes; their paths and sentences.
TOGETHER = [
    ({"truth.alpha": [0.5, 0.2, 0.50]}, [("truth.alpha[2]", "repeats the value 0.5; values")]),
    (
        {"truth.beta": [2, 2.0, 2]},
        [
            ("truth.beta[1]", "repeats the value 2.0; values"),
            ("truth.beta[2]", "repeats the value 2.0; values"),
        ],
    ),
    ({"completed": [[1], [0.5, 1], [1, 1]]}, [("completed[2]", "repeats the value [1.0]; values")]),
    ({"participants": [10, 5, 10]}, [("participants[2]", "repeats the value 10; values must")]),
    ({"trials": [50, 50]}, [("trials[1]", "repeats the value 50; values must")]),
    ({"missing": [0, 0.1, 0.10]}, [("missing[2]", "repeats the value 0.1; values")]),
    (
        {"completed": [[1], [0.6, 1], [1, 0.6], [0.60, 1.0]]},
        [("completed[3]", "repeats the value [0.6, 1.0]")],
    ),
    ({"interval_levels": [0.5, 0.50]}, [("interval_levels[1]", "repeats the value 0.5; values")]),
    (
        {"truth.alpha": [i / 1000 for i in range(1001)], "participants": list(range(1, 1000))},
        [("truth", "the study has 3999996 cells, the")],
    ),
    (
        {"interval_levels": [0.5, 0.95, 0.95 + 1e-14]},
        [("interval_levels", "must contain values that differ")],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), TOGETHER)
def test_repeated_values_and_too_many_cells_are_mistakes(changes, expected):
    assert mistakes(changed(changes)) == expected


def test_everything_that_is_crossed_counts_as_cells():
    many = {"participants": list(range(1, 501)), "missing": [i / 100 for i in range(99)]}
    cells = (4 + 1) * 4 * 500 * 2 * 99 * 2
    assert mistakes(changed(many, several)) == [
        ("models.simulate", f"the study has {cells} cells, the limit is 1000000; see")
    ]


def test_everything_that_is_fitted_counts_as_jobs():
    jobs = 160 * 1000 * (3 * 3 + 2)
    assert sentences(changed({"replicates": 1000, "batch_size": 1}, several)) == [
        f"batch_size 1 gives {jobs} fit jobs; the limit is 1000000"
    ]


def test_more_jobs_than_can_be_planned_are_refused():
    raw = changed({"replicates": 10**8, "batch_size": 1})
    assert mistakes(raw) == [("batch_size", "1 gives")]


LONG = "a" * 40


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"truth.beta": [2, 1e-200]}, ("truth", "gives cell names of up to 228")),
        ({"missing": [1e-300]}, ("truth", "gives cell names of up to 340")),
    ],
)
def test_a_level_that_makes_file_names_too_long_is_a_mistake(changes, expected):
    assert mistakes(changed(changes)) == [expected]


def test_names_that_make_file_names_too_long_are_one_mistake():
    raw = several()
    source = {"truth": {"alpha": [1 / 3], "beta": [10 / 3], "lapse": [1 / 7]}}
    source["population"] = {name: {"spread": 1} for name in source["truth"]}
    raw["variants"][LONG] = {"model": "rescorla_wagner", "lapse": True}
    raw["models"]["simulate"][LONG] = source
    raw["tasks"][LONG] = raw["tasks"].pop("plain")
    raw["completed"] = [[0.25, 0.5, 0.75, 1]]
    assert mistakes(raw) == [(f"models.simulate.{LONG}", "gives cell names of up to 217")]
    raw["completed"] = [[1]]
    assert max(map(len, cells_of(parse(raw)))) == 189


def test_a_share_per_participant_makes_no_long_name():
    shares = [round(0.5 + i / 1000, 3) for i in range(80)]
    assert max(map(len, cells_of(parse(changed({"completed": [shares]}))))) < 100
