"""Every model's own parameters come back from many trials."""

import numpy as np
import pytest

from rlrecovery.estimators.base import Setting
from rlrecovery.estimators.mle import MaximumLikelihood
from rlrecovery.likelihood import observations
from rlrecovery.models import MODELS
from rlrecovery.simulate import behave
from rlrecovery.tasks import BernoulliArms

#: Ordinary values by transform, and bounds around them.
TRUTHS = {"logit": (0.3, 0.6, 0.2, 0.5), "log": (3.0, 1.5), "identity": (0.8,)}
BOUNDS = {"logit": [0, 1], "log": [0, 50], "identity": [-10, 10]}
#: Where ordinary values would leave nothing to see.
SPECIAL = {"kalman_filter": {"prior_variance": 0.5, "drift": 0.05, "beta": 3.0}}
ARMS, START, PEOPLE, TRIALS = BernoulliArms((0.3, 0.5, 0.7)), 0.5, 4, 2000


def truth_of(model):
    counts, values = dict.fromkeys(TRUTHS, 0), {}
    for parameter in model.parameters:
        kind = parameter.transform
        values[parameter.name] = TRUTHS[kind][counts[kind] % len(TRUTHS[kind])]
        counts[kind] += 1
    return SPECIAL.get(model.name, values)


@pytest.mark.parametrize("model", list(MODELS))
def test_simulated_parameters_are_estimated(model):
    definition, truth = MODELS[model], truth_of(MODELS[model])
    uniform = np.random.default_rng(8).random((PEOPLE, TRIALS, 2))
    values = {name: np.full(PEOPLE, value) for name, value in truth.items()}
    blocks = np.arange(TRIALS) // 100
    acted = behave(definition, values, ARMS, blocks, uniform, START)
    data = observations(acted.choices, acted.rewards, np.tile(blocks, (PEOPLE, 1)))
    method = {
        "engine": "compiled", "grid": 6, "starts": 3, "group_scale": "unconstrained",
        "bounds": {p.name: BOUNDS[p.transform] for p in definition.parameters},
    }  # fmt: skip
    setting = Setting(definition, 3, START, PEOPLE, TRIALS, (0.95,))
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
