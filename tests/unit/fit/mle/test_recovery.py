"""Every model's own parameters come back from many trials."""

import dataclasses

import numpy as np
import pytest

from rlrecovery.fit.base import Setting
from rlrecovery.fit.mle import MaximumLikelihood
from rlrecovery.likelihood.data import observations
from rlrecovery.models.library import MODELS
from rlrecovery.models.variants import find_model
from rlrecovery.simulate.batch import behave
from rlrecovery.simulate.task import Drift, Task

#: Ordinary values by transform, and bounds around them.
TRUTHS = {"logit": (0.3, 0.6, 0.2, 0.5), "log": (3.0, 1.5), "identity": (0.8,)}
BOUNDS = {"logit": [0, 1], "log": [0, 50], "identity": [-10, 10]}
#: Where ordinary values would leave nothing to see.
SPECIAL = {"kalman_filter": {"prior_variance": 0.5, "drift": 0.05, "beta": 3.0}}
PEOPLE, TRIALS = 4, 2000
TASK = Task((0.3, 0.5, 0.7), 20)
#: Arms so different that a wrong choice of who knows them is a lapse: otherwise it may be noise.
CLEAR = Task((0.0, 1.0, 2.0), 20, sd=0.5)
#: What a variant adds; its start value is seen anew in every block.
VARIANTS = {
    "lapse": {"model": "rescorla_wagner", "lapse": True},
    "start": {"model": "rescorla_wagner", "start_value": "free"},
    "fixed": {"model": "rescorla_wagner_sticky", "fixed": {"stickiness": 0.8}},
}
#: An optimistic start: nearer to all rewards it could hardly be told from others.
ADDED = {"lapse": 0.15, "start_value": 1.2}
TASKS = {
    "full": dataclasses.replace(TASK, full=True),
    "full and normal": Task((0.0, 0.5, 1.0), 20, sd=0.5, full=True),
    "carried over": dataclasses.replace(
        TASK, reset=False, drift=Drift(sd=0.08, lower=0.1, upper=0.9)
    ),
}


def truth_of(model):
    counts, values = dict.fromkeys(TRUTHS, 0), {}
    for parameter in model.parameters:
        kind = parameter.transform
        values[parameter.name] = TRUTHS[kind][counts[kind] % len(TRUTHS[kind])]
        counts[kind] += 1
    added = {name: ADDED[name] for name in ADDED if name in values}
    return SPECIAL.get(model.name, values) | added


def assert_recovered(definition, task):
    truth, rng = truth_of(definition), np.random.default_rng(8)
    values = {name: np.full(PEOPLE, value) for name, value in truth.items()}
    uniform = rng.random((PEOPLE, TRIALS, task.numbers))
    acted = behave(definition, values, task, uniform, means=task.means(PEOPLE, TRIALS, rng))
    blocks = np.tile(task.block_of_trial(TRIALS) * task.reset, (PEOPLE, 1))
    data = observations(acted.choices, acted.outcomes if task.full else acted.rewards, blocks)
    method = {
        "engine": "compiled", "grid": 6, "starts": 3, "group_scale": "unconstrained",
        "bounds": {p.name: BOUNDS[p.transform] for p in definition.parameters},
    }  # fmt: skip
    setting = Setting(definition, 3, task.start_value, PEOPLE, TRIALS, (0.95,), task.full)
    fitter = MaximumLikelihood.of(method, setting)
    for i in range(PEOPLE):
        found = fitter.maximise(data.rows(slice(i, i + 1)))
        assert found.converged
        assert not found.at_bound.any()
        real = [p.to_real(truth[p.name]) for p in definition.parameters]
        z = (found.point - real) / found.se
        # Four people and four parameters at the most: 4.5 errors by chance once in ten thousand.
        assert (np.abs(z) < 4.5).all(), (truth, z)
        assert (found.se < 1.5).all(), found.se


@pytest.mark.parametrize("model", list(MODELS))
def test_simulated_parameters_are_estimated(model):
    assert_recovered(MODELS[model], TASK)


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_of_variants_are_estimated(variant):
    assert_recovered(find_model({"name": variant, **VARIANTS[variant]}), CLEAR)


@pytest.mark.parametrize("task", TASKS)
def test_they_are_from_other_tasks(task):
    assert_recovered(MODELS["rescorla_wagner"], TASKS[task])


@pytest.mark.parametrize("model", ["kalman_filter", "rescorla_wagner_counterfactual"])
@pytest.mark.parametrize("feedback", ["full"])
@pytest.mark.slow
def test_they_are_from_outcomes_of_all_arms(model, feedback):
    assert_recovered(MODELS[model], TASKS["full"])
