"""True parameters of every model are recovered from many trials."""

import dataclasses

import numpy as np
import pytest
from settings import MLE

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.mle.fitter import MaximumLikelihood
from rlrecovery.fitting.mle.settings import MleSettings
from rlrecovery.likelihood.data import observations
from rlrecovery.models.base import Learner
from rlrecovery.models.library import MODELS
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.changes import DriftSettings
from rlrecovery.simulation.task import Task

#: Ordinary values by transform, and bounds around them.
TRUTHS = {"logit": (0.3, 0.6, 0.2, 0.5), "log": (3.0, 1.5), "identity": (0.8,)}
BOUNDS = {"logit": [0, 1], "log": [0, 50], "identity": [-10, 10]}
#: Where ordinary values would leave nothing to see.
SPECIAL = {"kalman_filter": {"prior_variance": 0.5, "drift": 0.05, "beta": 3.0}}
PARTICIPANTS, TRIALS = 4, 2000
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
    "full": dataclasses.replace(TASK, full_feedback=True),
    "full and normal": Task((0.0, 0.5, 1.0), 20, sd=0.5, full_feedback=True),
    "carried over": dataclasses.replace(
        TASK, reset=False, drift=DriftSettings(sd=0.08, lower=0.1, upper=0.9)
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


def assert_recovered(model, task):
    truth, rng = truth_of(model), np.random.default_rng(8)
    learner = Learner(model, 3, task.start_value, task.full_feedback)
    values = {name: np.full(PARTICIPANTS, value) for name, value in truth.items()}
    uniform = rng.random((PARTICIPANTS, TRIALS, task.n_uniforms))
    means = task.means(PARTICIPANTS, TRIALS, rng)
    behaviour = behave(learner, values, task, uniform, means=means)
    blocks = np.tile(task.block_of_trial(TRIALS) * task.reset, (PARTICIPANTS, 1))
    rewards = behaviour.outcomes if task.full_feedback else behaviour.rewards
    data = observations(behaviour.choices, rewards, blocks)
    bounds = {p.name: BOUNDS[p.transform] for p in model.parameters}
    method = MleSettings.of(MLE | {"grid": 6, "starts": 3, "bounds": bounds})
    fitter = MaximumLikelihood.of(method, Setting(learner, PARTICIPANTS, TRIALS, (0.95,), task))
    for maximum in fitter.search.maxima(data):
        assert maximum.converged
        assert not maximum.at_bound.any()
        real = [p.to_real(truth[p.name]) for p in model.parameters]
        z = (maximum.point - real) / maximum.se
        # Four participants and at most four parameters: |z| > 4.5 has a chance of 1 in 10,000.
        assert (np.abs(z) < 4.5).all(), (truth, z)
        assert (maximum.se < 1.5).all(), maximum.se


@pytest.mark.parametrize("model", list(MODELS))
def test_simulated_parameters_are_estimated(model):
    assert_recovered(MODELS[model], TASK)


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_of_variants_are_estimated(variant):
    assert_recovered(ModelSpec.of({"name": variant, **VARIANTS[variant]}).model(), CLEAR)


@pytest.mark.parametrize("task", TASKS)
def test_they_are_from_other_tasks(task):
    assert_recovered(MODELS["rescorla_wagner"], TASKS[task])


@pytest.mark.parametrize("model", ["kalman_filter", "rescorla_wagner_counterfactual"])
@pytest.mark.parametrize("feedback", ["full"])
@pytest.mark.slow
def test_they_are_from_outcomes_of_all_arms(model, feedback):
    assert_recovered(MODELS[model], TASKS["full"])
