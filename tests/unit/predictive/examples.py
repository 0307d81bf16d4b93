"""Tasks, methods and data sets that several tests of predictive checks share."""

import numpy as np
from settings import FLAT, QUADRATURE, bayes

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.registry import Method
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.generator import Generator, learner_in
from rlrecovery.simulation.settings import TaskSettings

BANDIT = {"arms": [0.3, 0.7], "blocks": 2, "start_value": 0.5}
SEQUENCE = np.random.default_rng(0).random((24, 2)).round(2).tolist()
#: Every kind of task, each with a length of 24 trials.
TASKS = {
    "blocks": BANDIT | {"blocks": 3},
    "no reset": BANDIT | {"blocks": 3, "reset": False},
    "reversals": BANDIT | {"reversals": {"after": [5], "every": 8}},
    "reversals, no reset": BANDIT | {"reversals": {"every": 5}, "reset": False},
    "reversals after learning": BANDIT | {"reversals": {"correct": 3, "within": 4}},
    "random walk": BANDIT
    | {"drift": {"sd": 0.1, "lower": 0.1, "upper": 0.9}, "rewards": "gaussian", "sd": 0.1},
    "full feedback": BANDIT | {"feedback": "full"},
    "scheduled rewards": {
        "blocks": 1,
        "start_value": 0.5,
        "schedule": {"file": "schedule.csv", "holds": "rewards", "values": SEQUENCE},
    },
    "scheduled means": {
        "blocks": 2,
        "start_value": 0.5,
        "schedule": {"file": "schedule.csv", "holds": "means", "values": SEQUENCE},
        "missing_trials": [[2, 3], []],
    },
}

CELL = Cell(truth=(("alpha", 0.4), ("beta", 4.0)), participants=4, trials=30)


def quadrature(model="rescorla_wagner", priors=FLAT):
    """A method with the exact posterior."""
    return Method.of(QUADRATURE | {"model": model, "priors": priors}, "exact")


def sampler(pooling, **changes):
    """A small method that samples."""
    return Method.of(bayes(pooling, **({"tune": 60, "draws": 60} | changes)), "sampled")


def generator(task=BANDIT, model="rescorla_wagner", spread=0.3, seed=11, population=None):
    population = population or {
        name: {"spread": spread} for name in ModelSpec.of(model).model().names
    }
    return Generator.of({"seed": seed, "model": model, "task": task, "population": population})


def faced(task=BANDIT):
    """The task as an object."""
    return TaskSettings.of(task).task()


def learner(task=BANDIT, model="rescorla_wagner"):
    """A model in a task."""
    return learner_in(ModelSpec.of(model), faced(task))


def setting(participants, trials, task=BANDIT, model="rescorla_wagner"):
    return Setting(learner(task, model), participants, trials, (), faced(task))


def seed(number=0):
    return np.random.SeedSequence(number)


def constant(count, participants):
    """The true parameters of `CELL` as that many draws of all participants."""
    return {name: np.full((count, participants), value) for name, value in CELL.truth}


def random_data(rng, participants, trials, n_arms):
    """Choices with gaps and unequal ends, rewards of three sizes, and unequal blocks."""
    choices = rng.integers(n_arms, size=(participants, trials))
    choices[rng.random((participants, trials)) < 0.2] = -1
    ends = rng.integers(1, trials + 1, size=participants)
    choices[np.arange(trials) >= ends[:, None]] = -1
    rewards = rng.integers(3, size=(participants, trials)) / 2
    rewards[choices < 0] = np.nan
    blocks = np.cumsum(rng.random((participants, trials)) < 0.1, axis=1)
    return choices, rewards, blocks
