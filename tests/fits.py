"""Data sets and fitters that several tests share; what takes seconds to compile is made once."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd

from rlrecovery.fit.base import Setting
from rlrecovery.fit.mle import MaximumLikelihood
from rlrecovery.likelihood.scan import Observations, observations
from rlrecovery.models.library import RESCORLA_WAGNER
from rlrecovery.simulate.batch import behave
from rlrecovery.simulate.task import Task
from rlrecovery.storage.files import conform, estimates_columns

#: The seed of the first public notebook.
KNOWN_SEED = sum(map(ord, "RL_PyMC"))
LEVELS = (0.8, 0.95)
ARMS, START = (0.4, 0.6), 0.5
#: Participants of every pooled model in the tests, so that they share compiled code.
PEOPLE = 5

MLE = {
    "estimator": "mle",
    "model": "rescorla_wagner",
    "engine": "compiled",
    "bounds": {"alpha": [0, 1], "beta": [0, 50]},
    "grid": 10,
    "starts": 3,
    "group_scale": "unconstrained",
}
FLAT = {
    "alpha": {"distribution": "Beta", "alpha": 1, "beta": 1},
    "beta": {"distribution": "HalfNormal", "sigma": 10},
}
POPULATION = {
    "alpha": {
        "location": {"distribution": "Normal", "mu": 0, "sigma": 1.5},
        "scale": {"distribution": "HalfNormal", "sigma": 1},
    },
    "beta": {
        "location": {"distribution": "Normal", "mu": 1, "sigma": 1},
        "scale": {"distribution": "HalfNormal", "sigma": 1},
    },
}


QUADRATURE = {
    "estimator": "quadrature",
    "model": "rescorla_wagner",
    "engine": "compiled",
    "priors": FLAT,
    "point": "mean",
}


def bayes_method(pooling="none", likelihood="potential", **changes):
    """A ``methods`` entry of the config."""
    method = {
        "estimator": "bayes",
        "model": "rescorla_wagner",
        "pooling": pooling,
        "likelihood": likelihood,
        "engine": "compiled",
        "priors": POPULATION if pooling == "partial" else FLAT,
        "point": "mean",
        "chains": 4,
        "tune": 1000,
        "draws": 2000,
        "target_accept": 0.9,
        "convergence": {"rhat": 1.01, "ess_bulk": 400, "ess_tail": 400, "divergences": 0},
    }
    return method | changes


def setting(participants=1, trials=150, levels=LEVELS, full=False):
    return Setting(RESCORLA_WAGNER, len(ARMS), START, participants, trials, levels, full)


def maximum_likelihood(participants=1, trials=150, **changes):
    return MaximumLikelihood.of(MLE | changes, setting(participants, trials))


@functools.cache
def _compiled(pooling, likelihood, people):
    from rlrecovery.fit.bayes import build_model
    from rlrecovery.fit.nuts import compile_model

    method = bayes_method(pooling, likelihood)
    return compile_model(build_model(method, setting(people), people))


def compiled(pooling, likelihood="potential"):
    """Compiled once in a test run; its data, the number of trials included, are replaced."""
    return _compiled(pooling, likelihood, 1 if pooling == "none" else PEOPLE)


def bayes(pooling="none", likelihood="potential", participants=1, trials=150, **changes):
    """A fitter with the shared compiled model."""
    from rlrecovery.fit.bayes import Bayes

    method = bayes_method(pooling, likelihood, **changes)
    return Bayes(method, setting(participants, trials), compiled(pooling, likelihood))


def simulated(alpha, beta, trials, seed, full=False):
    """One or more participants' observations; alpha and beta are numbers or of equal length."""
    alpha, beta = np.atleast_1d(alpha).astype(float), np.atleast_1d(beta).astype(float)
    values, task = {"alpha": alpha, "beta": beta}, Task(ARMS, start_value=START, full=full)
    uniform = np.random.default_rng(seed).random((len(alpha), trials, task.numbers))
    behaviour = behave(RESCORLA_WAGNER, values, task, uniform)
    return one_block(behaviour.choices, behaviour.outcomes if full else behaviour.rewards)


def one_block(choices, rewards) -> Observations:
    choices = np.atleast_2d(np.asarray(choices, dtype=np.int64))
    rewards = np.atleast_2d(np.asarray(rewards, dtype=np.float64))
    return observations(choices, rewards, np.zeros_like(choices))


def constant_chooser(trials, seed=0):
    """Only ever arm 1."""
    rewards = np.random.default_rng(seed).random(trials) < ARMS[1]
    return one_block(np.ones(trials), rewards)


def alternating_chooser(trials, seed=0):
    choices = np.arange(trials) % 2
    rewards = np.random.default_rng(seed).random(trials) < np.asarray(ARMS)[choices]
    return one_block(choices, rewards)


def stacked(*data):
    """Participants one below the other."""
    return Observations(
        *(np.concatenate([getattr(d, name) for d in data]) for name in Observations.__annotations__)
    )


def table(rows, levels=LEVELS):
    """Rows of a fit as the table that lands on disk, without what differs from run to run."""
    complete = conform([{"replicate": 0, **row} for row in rows], estimates_columns(levels))
    return complete.drop(columns="seconds")


def assert_same(one, other):
    """Equal bit for bit, missing values included."""
    pd.testing.assert_frame_equal(table(one), table(other), check_exact=True)


def targets_of(rows):
    return [(row["level"], row["participant"], row["parameter"]) for row in rows]
