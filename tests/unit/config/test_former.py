"""Which changes of a config make a study another one, and which let it grow."""

import pytest
from settings import MLE, MOCK, POPULATION, bayes, study

from rlrecovery.config.former import differing_keys, refusal
from rlrecovery.config.reader import parse
from rlrecovery.storage.files import write_yaml
from unit.config.experiments import several

METHODS = {"mle": MLE, "nuts": bayes("partial")}
FORMER = study(methods=METHODS)
TASK = FORMER["task"]


def keys(changes, former=FORMER):
    return differing_keys(parse(former), parse(former | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"truth": {"alpha": [0.1, 0.3], "beta": [3]}},
        {"truth": {"alpha": [0.3], "beta": [3, 4]}},
        {"participants": [2, 5], "trials": [40], "missing": [0, 0.1], "completed": [[1], [0.5, 1]]},
        {"replicates": 8, "batch_size": 3, "interval_levels": [0.9]},
        {"methods": METHODS | {"guess": MOCK}},
        {"methods": {"mle": MLE}},
        {"methods": METHODS | {"mle": MLE | {"replicates": 2}}},
        {"methods": {"nuts": METHODS["nuts"], "mle": MLE}},
        {"variants": {"forgetful": {"model": "rescorla_wagner", "lapse": True}}},
        {"labels": {"mle": "ML"}, "figures": {"size": 9}, "limits": {"relative_rmse": [0.5, 1.0]}},
        {"calibration": {"participants": 5, "trials": 20}},
        {"run": "another"},
    ],
)
def test_growth_and_what_is_shown_are_the_same_study(changes):
    assert keys(changes) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seed": 4}, ["seed (there 3, here 4)"]),
        ({"task": TASK | {"arms": [0.2, 0.8]}}, ["task.arms (there [0.3, 0.7], here [0.2, 0.8])"]),
        ({"task": TASK | {"blocks": 2}}, ["task.blocks (there 1, here 2)"]),
        (
            {"population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}}},
            ["population.beta.spread (there 0.2, here 0.3)"],
        ),
        (
            {"methods": METHODS | {"mle": MLE | {"starts": 3, "grid": 7}}},
            ["methods.mle.grid (there 6, here 7)", "methods.mle.starts (there 2, here 3)"],
        ),
        ({"seed": 5, "task": TASK | {"blocks": 2}}, ["seed (there 3, here 5)",
                                                     "task.blocks (there 1, here 2)"]),
    ],
)  # fmt: skip
def test_what_would_replace_results_is_named_with_both_values(changes, expected):
    assert keys(changes) == expected


def test_a_calibration_may_grow_but_not_change_its_design():
    section = {"participants": 5, "trials": 20}
    former = FORMER | {"calibration": section}
    more = section | {"data_sets": 40, "batch_size": 7, "methods": ["nuts"], "fewer": {"nuts": 30}}
    assert keys({"calibration": more}, former) == []
    assert differing_keys(parse(former), parse(FORMER)) == []
    changed = {"calibration": section | {"trials": 30}}
    assert keys(changed, former) == ["calibration.trials (there 20, here 30)"]


def test_another_prior_and_another_estimator_are_named():
    other = POPULATION | {"beta": POPULATION["alpha"]}
    nuts = bayes("partial", priors=other)
    assert all("methods.nuts.priors.beta" in key for key in keys({"methods": {"nuts": nuts}}))
    assert any("methods.mle.estimator" in key for key in keys({"methods": {"mle": MOCK}}))


def test_one_task_and_several_are_two_studies():
    tasks = {"tasks": {"easy": TASK, "hard": TASK | {"arms": [0.4, 0.6]}}}
    one, more = FORMER, {k: v for k, v in FORMER.items() if k != "task"} | tasks
    assert sorted(differing_keys(parse(one), parse(more))) == ["task", "tasks"]
    grown = more | {"tasks": tasks["tasks"] | {"third": TASK}}
    assert differing_keys(parse(more), parse(grown)) == []
    changed = more | {"tasks": tasks["tasks"] | {"hard": TASK}}
    (key,) = differing_keys(parse(more), parse(changed))
    assert key.startswith("tasks.hard.arms")


def test_a_study_of_everything_is_the_same_as_itself():
    assert differing_keys(parse(several()), parse(several())) == []


class TestRefusal:
    @pytest.fixture
    def folder(self, tmp_path):
        write_yaml(parse(FORMER).resolved(), tmp_path / "config.yaml")
        (tmp_path / "estimates").mkdir()
        return tmp_path

    def test_a_sentence_names_folder_keys_and_what_to_do(self, folder):
        sentence = refusal(parse(FORMER | {"seed": 4}), folder)
        assert str(folder) in sentence
        assert "differs in seed (there 3, here 4)." in sentence
        assert "OVERWRITE=yes" in sentence
        assert refusal(parse(FORMER), folder) is None

    def test_without_results_there_is_nothing_to_replace(self, folder):
        (folder / "estimates").rmdir()
        assert refusal(parse(FORMER | {"seed": 4}), folder) is None

    def test_a_record_that_cannot_be_read_is_named(self, folder):
        (folder / "config.yaml").write_text("seed: 3")
        assert "config.yaml cannot be read" in refusal(parse(FORMER), folder)
