"""Joint analyses of effects that several tests share: models with effects of all kinds."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pymc as pm
from fits import bayes_settings, one_block, setting, simulated
from unit.forms import without_machine_code

from rlrecovery.fitting.bayes.effect_model import (
    build_effect_model,
    covariate_table,
)
from rlrecovery.fitting.bayes.model import data_arrays
from rlrecovery.fitting.effects import COVARIATE, Effect, EffectModel, standardised
from rlrecovery.models.distributions import Distribution

TRIALS = 8
NORMAL = Distribution.of("Normal", {"mu": 0.2, "sigma": 0.7})
UNIFORM = Distribution.of("Uniform", {"lower": -2.0, "upper": 3.0})
#: Groups 1 and 2 differ in alpha, group 1 in beta; condition 2 has an effect on alpha only, and
#: condition 1 on both; the covariate is correlated with alpha.
EFFECTS = (
    Effect("group", "patient", 1, "alpha"),
    Effect("group", "sibling", 2, "alpha"),
    Effect("group", "patient", 1, "beta"),
    Effect("condition", "drug", 1, "alpha"),
    Effect("condition", "late", 2, "alpha"),
    Effect("condition", "drug", 1, "beta"),
    Effect("covariate", COVARIATE, 0, "alpha"),
)
#: Priors that are not those of the tests' other models: every parameter and level has its own.
POPULATION = {
    "alpha": {
        "location": {"distribution": "Normal", "mu": -0.3, "sigma": 1.2},
        "scale": {"distribution": "HalfNormal", "sigma": 0.8},
    },
    "beta": {
        "location": {"distribution": "Uniform", "lower": -1.0, "upper": 3.0},
        "scale": {"distribution": "Gamma", "alpha": 2.0, "beta": 4.0},
    },
}


def effect_model(sizes, prior=NORMAL, own_spreads=False, effects=EFFECTS):
    """Sessions of all participants in three conditions in mixed order; one session is missing."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(4)
    rng.shuffle(group)
    sessions = np.array(list(itertools.product(range(len(group)), range(3))))
    sessions = rng.permutation(sessions)
    sessions = sessions[~((sessions[:, 0] == 3) & (sessions[:, 1] == 1))]
    return EffectModel(group, sessions[:, 0], sessions[:, 1], effects, prior, own_spreads)


def some_data(rows, seed=5):
    """Data of sessions, one of which has missing responses."""
    rng = np.random.default_rng(seed)
    data = simulated(rng.uniform(0.1, 0.9, rows), rng.uniform(1, 6, rows), TRIALS, seed)
    choices = data.choices.copy()
    choices[1, [2, 5]] = -1
    return one_block(choices, data.rewards)


def with_data(model, data, covariate, likelihood="potential", engine="compiled"):
    method = bayes_settings("partial", likelihood, engine=engine, priors=POPULATION)
    sizes = setting(len(model.participant), TRIALS)
    built = build_effect_model(method, sizes, model)
    arrays = data_arrays(data, likelihood)
    if "covariate" in model.kinds:
        arrays["covariate"] = covariate_table(model, standardised(covariate), TRIALS)
    with built:
        pm.set_data(arrays)
    return built


@functools.cache
def draws_of_the_prior(count=2000):
    """A model with all kinds of effects, and draws of all variables from the prior, one chain."""
    model = effect_model((5, 4, 3))
    covariate = np.random.default_rng(6).normal(size=12)
    built = with_data(model, some_data(len(model.participant)), covariate)
    variables = [v for v in [*built.free_RVs, *built.deterministics] if "scatter" not in v.name]
    with without_machine_code():
        drawn = pm.draw(variables, count, random_seed=1)
    by_name = {v.name: values[None] for v, values in zip(variables, drawn, strict=True)}
    return model, by_name, standardised(covariate)
