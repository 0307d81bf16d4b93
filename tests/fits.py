"""Data sets and fitters that several tests share; what takes seconds to compile is made once."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pandas as pd
import settings

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.mle.fitter import MaximumLikelihood
from rlrecovery.fitting.mle.settings import MleSettings
from rlrecovery.likelihood.data import Observations, observations
from rlrecovery.models.base import Learner
from rlrecovery.models.library import RESCORLA_WAGNER
from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.task import Task
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import estimates_columns

#: Seed of the data set of the first public notebook.
KNOWN_SEED = sum(map(ord, "RL_PyMC"))
LEVELS = (0.8, 0.95)
ARMS, START = (0.4, 0.6), 0.5
TASK = Task(ARMS, start_value=START)
#: Participants of every pooled model in the tests, so that they share compiled code.
PARTICIPANTS = 5

MLE = settings.MLE | {"bounds": {"alpha": [0, 1], "beta": [0, 50]}, "grid": 10, "starts": 3}
QUADRATURE = settings.QUADRATURE
FLAT, POPULATION = settings.FLAT, settings.POPULATION


def bayes_method(pooling="none", likelihood="potential", **changes):
    """A ``methods`` entry of the config."""
    more = settings.THOROUGH | {"draws": 2000, "likelihood": likelihood}
    return settings.bayes(pooling, **(more | changes))


def bayes_settings(pooling="none", likelihood="potential", **changes):
    from rlrecovery.fitting.bayes.settings import BayesSettings

    return BayesSettings.of(bayes_method(pooling, likelihood, **changes))


def learner(model=RESCORLA_WAGNER, n_arms=2, full_feedback=False):
    return Learner(model, n_arms, START, full_feedback)


def setting(participants=1, trials=150, levels=LEVELS, full_feedback=False, model=RESCORLA_WAGNER):
    own = learner(model, full_feedback=full_feedback)
    return Setting(own, participants, trials, levels, replace(TASK, full_feedback=full_feedback))


def maximum_likelihood(participants=1, trials=150, **changes):
    return MaximumLikelihood.of(MleSettings.of(MLE | changes), setting(participants, trials))


@functools.cache
def _compiled(pooling, likelihood, participants):
    from rlrecovery.fitting.bayes.model import build_model
    from rlrecovery.fitting.bayes.nuts import compile_model

    method = bayes_settings(pooling, likelihood)
    return compile_model(build_model(method, setting(participants), participants))


def compiled(pooling, likelihood="potential"):
    """Compiled once in a test run; its data, the number of trials included, are replaced."""
    return _compiled(pooling, likelihood, 1 if pooling == "none" else PARTICIPANTS)


def bayes(pooling="none", likelihood="potential", participants=1, trials=150, **changes):
    """A fitter with the shared compiled model."""
    from rlrecovery.fitting.bayes.fitter import Bayes

    method = bayes_settings(pooling, likelihood, **changes)
    return Bayes(method, setting(participants, trials), compiled(pooling, likelihood))


def simulated(alpha, beta, trials, seed, full_feedback=False):
    """One or more participants' observations; alpha and beta are numbers or of equal length."""
    alpha, beta = np.atleast_1d(alpha).astype(float), np.atleast_1d(beta).astype(float)
    task = replace(TASK, full_feedback=full_feedback)
    uniform = np.random.default_rng(seed).random((len(alpha), trials, task.n_uniforms))
    values = {"alpha": alpha, "beta": beta}
    behaviour = behave(learner(full_feedback=full_feedback), values, task, uniform)
    return one_block(behaviour.choices, behaviour.outcomes if full_feedback else behaviour.rewards)


def one_block(choices, rewards) -> Observations:
    choices = np.atleast_2d(np.asarray(choices, dtype=np.int64))
    rewards = np.atleast_2d(np.asarray(rewards, dtype=np.float64))
    return observations(choices, rewards, np.zeros_like(choices))


def constant_chooser(trials, seed=0):
    """Always arm 1."""
    rewards = np.random.default_rng(seed).random(trials) < ARMS[1]
    return one_block(np.ones(trials), rewards)


def alternating_chooser(trials, seed=0):
    choices = np.arange(trials) % 2
    rewards = np.random.default_rng(seed).random(trials) < np.asarray(ARMS)[choices]
    return one_block(choices, rewards)


def stacked(*data):
    """The participants of several data sets as one data set."""
    return Observations(
        *(np.concatenate([getattr(d, name) for d in data]) for name in Observations.__annotations__)
    )


def table(rows, levels=LEVELS):
    """Rows of a fit as the table that is written, without times, which differ from run to run."""
    complete = conform([{"replicate": 0, **row} for row in rows], estimates_columns(levels))
    return complete.drop(columns="seconds")


def assert_same(one, other):
    """Equal bit for bit, missing values included."""
    pd.testing.assert_frame_equal(table(one), table(other), check_exact=True)


def targets_of(rows):
    return [(row["level"], row["participant"], row["parameter"]) for row in rows]
