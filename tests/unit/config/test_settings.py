"""The keys of config.yaml have their types, cannot be changed, and survive a round trip."""

import json
import pickle

import pytest
import yaml

from rlrecovery.config.reader import parse
from rlrecovery.fitting.mock.settings import MockSettings
from rlrecovery.models.distributions import Distribution
from unit.config.experiments import (
    FLAT,
    GONE,
    HALF,
    ROOT,
    changed,
    mistakes,
    several,
    two_rates,
    valid,
)


@pytest.mark.parametrize(
    "raw", [valid(), several(), yaml.safe_load((ROOT / "config.yaml").read_text())]
)
def test_the_resolved_dump_round_trips(raw):
    experiment = parse(raw)
    dump = experiment.resolved()
    assert parse(dump) == experiment
    assert parse(yaml.safe_load(yaml.safe_dump(dump))) == experiment
    assert parse(json.loads(json.dumps(dump))).resolved() == dump
    assert pickle.loads(pickle.dumps(experiment)) == experiment


def test_the_fields_have_their_types():
    experiment = parse(valid())
    assert experiment.truth == {"alpha": (0.2, 0.5, 0.8), "beta": (2.0, 5.0)}
    assert all(type(value) is float for value in experiment.truth["beta"])
    assert experiment.trials == (50, 150)
    assert experiment.task.arms == (0.4, 0.6)
    assert experiment.interval_levels == (0.5, 0.95)
    assert experiment.methods["mle"].bounds == {"alpha": (0.0, 1.0), "beta": (0.0, 50.0)}
    assert experiment.methods["bayes"].convergence.rhat == 1.01


def test_a_mock_has_a_model_and_nothing_else():
    method = parse(valid()).methods["mock"]
    assert isinstance(method, MockSettings)
    assert method.plain() == {"estimator": "mock", "model": "rescorla_wagner"}


def test_the_experiment_is_frozen():
    experiment = parse(valid())
    with pytest.raises(ValueError, match="frozen"):
        experiment.seed = 2
    with pytest.raises(ValueError, match="frozen"):
        experiment.methods["mle"].grid = 2


@pytest.mark.parametrize(
    "changes",
    [
        {"truth.alpha": [0, 1], "truth.beta": [0]},
        {"participants": [1], "trials": [1]},
        {"task.blocks": 3, "trials": [3, 150]},
        {"task.arms": [0.5, 0.5, 0, 1]},
        {"task.start_value": -2},
        {"methods.two": two_rates()},
        {"methods.mle.grid": 2, "methods.mle.starts": 4},
        {"methods.mle.group_scale": "natural"},
        {"methods.bayes.engine": "scan"},
        {"methods.bayes.likelihood": "categorical", "methods.bayes.engine": "scan"},
        {"methods": {"mock": {"estimator": "mock", "model": "rescorla_wagner_two_rates"}}},
        {"methods.bayes.pooling": "complete", "methods.bayes.point": "median"},
        {"truth": {}, "population.alpha": FLAT, "population.beta": HALF},
        {"truth.alpha": GONE, "population.alpha": {**FLAT, "alpha": 2, "beta": 2}},
        {
            "model": "rescorla_wagner_two_rates",
            "truth": {"alpha_positive": [0.1], "alpha_negative": [0.9], "beta": [3]},
            "population": {
                name: {"spread": 0.1} for name in ("alpha_positive", "alpha_negative", "beta")
            },
        },
        {"methods.bayes.priors.alpha": {"distribution": "Uniform", "lower": 0.2, "upper": 0.8}},
        {"replicates": 2, "batch_size": 1000},
        {"seed": 2**128 - 1, "run": "2024_a-B"},
    ],
)
def test_these_are_fine(changes):
    parse(changed(changes))


def test_every_key_of_the_study_is_required():
    for key in valid():
        assert mistakes(changed({key: GONE})) == [(key, "required")]


def test_only_the_estimator_of_a_method_is_required():
    raw = changed({"methods.hierarchical.priors": {}})
    for name, method in raw["methods"].items():
        for key in method:
            changes = {f"methods.{name}.{key}": GONE, "methods.hierarchical.priors": {}}
            if key == "estimator":
                assert mistakes(changed(changes)) == [(f"methods.{name}.{key}", "required")]
            else:
                parse(changed(changes))


def test_a_population_has_a_spread_or_a_distribution():
    changes = {"truth.alpha": GONE, "population.alpha": {**FLAT, "alpha": 2}}
    population = parse(changed(changes)).population
    assert population["alpha"].spread is None
    expected = Distribution.of("Beta", {"alpha": 2, "beta": 1})
    assert population["alpha"].distribution_object() == expected
    assert population["beta"].spread == 0
    assert population["beta"].distribution_object() is None
    assert population["alpha"].plain() == {**FLAT, "alpha": 2.0}
    assert population["beta"].plain() == {"spread": 0.0}
