"""The methods section states the values of the config."""

import pandas as pd
import pytest
import summaries

from rlrecovery.config.settings import Experiment
from rlrecovery.report.methods_text import (
    conventions,
    mechanisms,
    methods,
    predictive_check,
    scales,
    study_size,
)
from rlrecovery.report.task_text import task_text
from rlrecovery.simulation.settings import TaskSettings


@pytest.fixture(scope="module")
def experiment():
    return Experiment.of(summaries.experiment(replicates=6, participants=(5,)))


def test_the_size_of_the_study(experiment, run, summary):
    size = study_size(experiment, pd.read_csv(run / "design.csv"), summary)
    assert (size["cells"], size["designs"], size["truths"]) == (12, 2, 6)
    assert (size["replicates"], size["data_sets"]) == (6, 72)
    assert size["trials"] == "50 and 150"


def test_methods_of_fewer_replicates_are_named(run, summary):
    plain = summaries.experiment(replicates=6, participants=(5,))
    sentence = "bayes fits only the first 2 replicates of every cell"
    for replicates, named in ((None, False), (6, False), (2, True)):
        if replicates:
            plain["methods"]["bayes"]["replicates"] = replicates
        experiment = Experiment.of(plain)
        size = study_size(experiment, pd.read_csv(run / "design.csv"), summary)
        assert size["fewer"] == sentence * named
        text = dict(mechanisms(experiment))["Replicates"]
        assert text.endswith(f"the same data. {sentence}." if named else "the same data.")
    assert ("replicates", "2") in methods(experiment)[1][2]


def test_data_generation_has_every_factor(experiment):
    texts = dict(mechanisms(experiment))
    assert "0.4, 0.6" in texts["Task"]
    assert texts["True values"].startswith("alpha: 0.2, 0.5, 0.8; beta: 2, 5;")
    assert "SD 0.4" in texts["Population"]
    assert "Missing responses" not in texts


def test_drawn_parameters_and_missing_trials_are_stated():
    distributions = {
        "alpha": {"distribution": "Beta", "alpha": 2.0, "beta": 2.0},
        "beta": {"spread": 0.0},
    }
    plain = summaries.experiment(truth={}, population=distributions)
    plain |= {"missing": [0.0, 0.1], "completed": [[0.5, 1.0]]}
    texts = dict(mechanisms(Experiment.of(plain)))
    assert "Beta(alpha=2, beta=2)" in texts["Population"]
    assert texts["True values"].startswith("None")
    assert "0 %, 10 %" in texts["Missing responses"]
    assert "50 %, 100 %" in texts["Completed trials"]


def test_every_setting_of_a_method_is_listed(experiment):
    settings = {name: dict(entries) for name, _, entries in methods(experiment)}
    assert settings["mle"]["bounds.beta"] == "0.0, 50.0"
    assert settings["bayes"]["priors.alpha"] == "Beta(alpha=1, beta=1)"
    assert settings["bayes"]["convergence.rhat"] == "1.01"
    assert methods(experiment)[0][:2] == ("mle", experiment.methods["mle"].describe())


def test_estimands_and_conventions_have_the_scales_and_bounds(experiment):
    assert "logit for alpha" in scales(experiment)
    assert "mle: alpha in [0, 1]; mle: beta in [0, 50]" in conventions(experiment)["bounds"]


def test_predictions_are_by_a_method_with_a_posterior(experiment):
    assert predictive_check(experiment).startswith(
        "Predictions by bayes for the first simulated data set"
    )
    without = Experiment.of(summaries.experiment(methods=("mle",)))
    assert predictive_check(without) == ""


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({"arms": [0.2, 0.8]}, ["2-armed", "0.2, 0.8"]),
        ({"arms": [1.0, 2.0], "rewards": "gaussian", "sd": 1.5}, ["1, 2", "SD 1.5"]),
        ({"arms": [0.2, 0.8], "reversals": {"after": [40], "every": 9}}, ["trial 40", "every 9"]),
        ({"arms": [0.2, 0.8], "reversals": {"correct": 8, "within": 10}}, ["8 of the last 10"]),
        (
            {"arms": [0.4, 0.6], "drift": {"sd": 0.1, "lower": 0.2, "upper": 0.9}},
            ["SD 0.1", "0.2 and 0.9"],
        ),
        (
            {"schedule": {"file": "my.csv", "holds": "means", "values": [[0.1, 0.2, 0.3]]}},
            ["3-armed", "my.csv", "means"],
        ),
    ],
)
def test_a_task_is_described_with_its_numbers(changes, numbers):
    settings = TaskSettings.of({"blocks": 2, "start_value": 0.25} | changes)
    text = task_text(settings)
    for number in [*numbers, "2 blocks", "0.25"]:
        assert number in text
