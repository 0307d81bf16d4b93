"""Data sets that are hard to fit by maximum likelihood.

Short and long sessions; participants who always choose the same arm, who alternate, follow the
last reward, guess, or learn with parameters at the ends of their support; missing trials; blocks;
rewards of every kind. Their likelihoods are flat, have ridges, several peaks, or maxima at the
bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.mle.settings import MleSettings
from rlrecovery.likelihood.data import Observations, observations
from rlrecovery.models.base import Learner, Model
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.task import Task

TRIALS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 150, 300, 1000)

#: True values by transform: ordinary ones and the ends of the support.
TRUTHS = {
    "logit": (0.0, 0.001, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 0.999, 1.0),
    "log": (0.0, 0.05, 0.3, 1.0, 3.0, 5.0, 10.0, 30.0, 1000.0),
    "identity": (-2.0, 0.0, 0.5, 1.0, 2.0),
}
BOUNDS = {"logit": (0.0, 1.0), "log": (0.0, 50.0), "identity": (-10.0, 10.0)}
#: Those of the default study: no maximum at an end of the support.
NARROW = {"logit": (0.01, 0.99), "log": (0.05, 50.0), "identity": (-5.0, 5.0)}
WIDE = BOUNDS | {"log": (0.0, 5000.0)}
#: Points per parameter of the grid of starting points, by number of parameters.
GRID = {1: 10, 2: 10, 3: 6, 4: 5}

CHOOSERS = ("learner", "constant", "alternating", "win-stay", "lose-stay", "guessing", "one switch")
#: Half of the participants are learners.
SHARES = np.array([0.5, *[0.5 / (len(CHOOSERS) - 1)] * (len(CHOOSERS) - 1)])


@dataclass(frozen=True)
class Family:
    """Data sets that one model is fitted to.

    Attributes
    ----------
    count : int
        Data sets of one participant among 10,000 in all.
    model : str or dict
        The fitted model, as in the config.
    task : Task
        The task.
    bounds : dict
        Bounds by transform.
    """

    count: int
    model: Any = "rescorla_wagner"
    task: Task = field(default_factory=lambda: Task((0.4, 0.6)))
    bounds: dict[str, tuple[float, float]] = field(default_factory=lambda: BOUNDS)

    @property
    def definition(self) -> Model:
        return ModelSpec.of(self.model).model()

    @property
    def learner(self) -> Learner:
        task = self.task
        return Learner(self.definition, task.n_arms, task.start_value, task.full_feedback)

    def settings(self, **changes: Any) -> MleSettings:
        """Settings of maximum likelihood, as the default study has them."""
        parameters = self.definition.parameters
        return MleSettings.of(
            {
                "estimator": "mle",
                "model": "any",
                "engine": "compiled",
                "bounds": {p.name: list(self.bounds[p.transform]) for p in parameters},
                "grid": GRID[len(parameters)],
                "starts": 3,
                "group_scale": "unconstrained",
            }
            | changes
        )

    def setting(self, data: Observations) -> Setting:
        """Model, task and sizes of a data set."""
        return Setting(self.learner, *data.choices.shape, (0.8, 0.95), self.task)


def _added(model: str, **more: Any) -> dict[str, Any]:
    return {"name": "variant", "model": model, **more}


FAMILIES = {
    "narrow bounds": Family(2000, bounds=NARROW),
    "whole support": Family(1500),
    "wide bounds": Family(700, bounds=WIDE),
    "clear arms": Family(500, task=Task((0.0, 1.0))),
    "three arms": Family(600, task=Task((0.2, 0.5, 0.8))),
    "five arms": Family(400, task=Task((0.1, 0.3, 0.5, 0.7, 0.9), start_value=0.2)),
    "all outcomes": Family(500, task=Task((0.4, 0.6), full_feedback=True)),
    "normal rewards": Family(500, task=Task((0.0, 1.0), sd=1.0, start_value=0.0)),
    "blocks": Family(300, task=Task((0.3, 0.7), blocks=4)),
    "lapse": Family(700, _added("rescorla_wagner", lapse=True)),
    "two rates": Family(800, "rescorla_wagner_two_rates", bounds=NARROW),
    "sticky": Family(400, "rescorla_wagner_sticky"),
    "choice kernel": Family(200, "choice_kernel"),
    "both kernels": Family(300, "rescorla_wagner_choice_kernel"),
    "start value": Family(100, _added("rescorla_wagner", start_value="free")),
    "fixed rate": Family(100, _added("rescorla_wagner", fixed={"alpha": 0.3})),
    "forgetting": Family(100, "rescorla_wagner_forgetting"),
    "counterfactual": Family(100, "rescorla_wagner_counterfactual"),
    "associability": Family(100, "pearce_hall"),
    "uncertainty": Family(100, "kalman_filter"),
}


def hard_data(name: str, share: float = 1.0) -> Iterator[Observations]:
    """Data sets of a family, one for each number of trials; each has several participants.

    `share` is the share of the 10,000 participants that are made.
    """
    family = FAMILIES[name]
    rng = np.random.default_rng([len(name), *map(ord, name)])
    lengths = [trials for trials in TRIALS if trials % family.task.blocks == 0]
    total = max(len(lengths), round(share * family.count))
    for part, trials in enumerate(lengths):
        yield _participants(family, len(range(part, total, len(lengths))), trials, rng)


def _participants(
    family: Family, count: int, trials: int, rng: np.random.Generator
) -> Observations:
    """Participants of all kinds, with the same number of trials."""
    task = family.task
    uniform = rng.random((count, trials, task.n_uniforms))
    missing = rng.random((count, trials)) < np.where(rng.random((count, 1)) < 0.3, 0.3, 0.0)
    missing[:, 0] = False  # so that everybody responded
    values = {p.name: rng.choice(TRUTHS[p.transform], count) for p in family.definition.parameters}
    behaviour = behave(family.learner, values, task, uniform, missing)
    outcomes = _outcomes(behaviour.means, task, rng)
    kinds = rng.choice(CHOOSERS, count, p=SHARES)
    choices, rewards = behaviour.choices.copy(), behaviour.rewards.copy()
    every_outcome = behaviour.outcomes.copy() if task.full_feedback else outcomes
    for i in np.flatnonzero(kinds != "learner"):
        made = _scripted(kinds[i], outcomes[i], task, rng)
        choices[i] = np.where(missing[i], -1, made)
        rewards[i] = outcomes[i][np.arange(trials), made]
        every_outcome[i] = outcomes[i]
    blocks = np.tile(task.block_of_trial(trials), (count, 1))
    return observations(choices, every_outcome if task.full_feedback else rewards, blocks)


def _outcomes(means: np.ndarray, task: Task, rng: np.random.Generator) -> np.ndarray:
    """Outcomes of every arm, shape (participants, trials, arms)."""
    if task.sd is not None:
        return rng.normal(means, task.sd)
    return (rng.random(means.shape) < means).astype(float)


def _scripted(kind: str, outcomes: np.ndarray, task: Task, rng: np.random.Generator) -> np.ndarray:
    """Choices of one participant who follows a rule."""
    trials, arms = outcomes.shape
    if kind == "constant":
        return np.full(trials, rng.integers(arms))
    if kind == "alternating":
        return (np.arange(trials) + rng.integers(arms)) % arms
    if kind == "guessing":
        return rng.integers(arms, size=trials)
    if kind == "one switch":
        return (np.arange(trials) >= rng.integers(trials + 1)).astype(int)
    choices = np.zeros(trials, dtype=int)
    for t in range(1, trials):
        stays = (outcomes[t - 1, choices[t - 1]] > task.neutral) == (kind == "win-stay")
        choices[t] = choices[t - 1] if stays else (choices[t - 1] + 1) % arms
    return choices
