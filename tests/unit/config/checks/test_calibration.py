"""What the section calibration gets wrong together with methods and tasks."""

import pytest

from rlrecovery.config.reader import parse
from unit.config.experiments import changed, mistakes, sentences, valid

SECTION = {"participants": 5, "trials": 20}


def with_section(**changes):
    """The valid config with a calibration and a method that can be calibrated."""
    raw = changed({"calibration": SECTION | changes})
    raw["methods"]["exact"] = {"estimator": "quadrature"}
    return raw


@pytest.mark.parametrize(
    ("changes", "path", "sentence"),
    [
        ({"methods": ["mle"]}, "calibration.methods[0]", "must have a posterior: "),
        ({"methods": ["exakt"]}, "calibration.methods[0]", "did you mean exact"),
        ({"methods": []}, "calibration.methods", "must not be empty"),
        ({"fewer": {"exakt": 30}}, "calibration.fewer.exakt", "is no method of the calibration"),
        (
            {"fewer": {"exact": 600}},
            "calibration.fewer.exact",
            "at most 500, the data_sets",
        ),
        ({"task": "still"}, "calibration.task", "is only allowed in a study with tasks"),
        ({"data_sets": 10}, "calibration.data_sets", "must be at least 20"),
        ({"truth": "posterior"}, "calibration.truth", "must be prior"),
        ({"trial": 3}, "calibration.trial", "did you mean 'trials'?"),
    ],
)
def test_a_mistake_is_one_sentence(changes, path, sentence):
    ((where, said),) = mistakes(with_section(**changes))
    assert where == path
    assert sentence in said


def test_trials_must_go_with_the_blocks_of_the_task():
    raw = with_section(trials=21)
    raw["task"]["blocks"] = 2
    raw["trials"] = [20]
    assert sentences(raw) == [
        "calibration.trials is 21, but must be a multiple of task.blocks, which is 2"
    ]


def test_a_study_without_a_posterior_cannot_be_calibrated():
    raw = changed({"calibration": SECTION})
    raw["methods"] = {"mle": raw["methods"]["mle"]}
    (said,) = sentences(raw)
    assert said.startswith("calibration needs a method with a posterior")


def test_a_truth_from_the_prior_names_the_section():
    (said,) = sentences(changed({"truth": "prior"}))
    assert "add the section calibration" in said


def test_a_task_is_named_where_there_are_several():
    raw = with_section(task="other")
    raw["tasks"] = {"first": raw.pop("task"), "second": valid()["task"]}
    assert sentences(raw) == ['calibration.task is "other", but must be first or second']
    raw["calibration"]["task"] = "second"
    assert parse(raw).calibration.task == "second"
