"""Choices and learning of simulated participants, trial by trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from rlrecovery.models.base import Learner
from rlrecovery.simulate.task import Course, Floats, Integers, Task


@dataclass(frozen=True)
class Behaviour:
    """Observable behaviour of participants, and their hidden states.

    Attributes
    ----------
    choices : int array, shape (participants, trials)
        Chosen arm from 0; -1 where there was no response.
    rewards : float array, shape (participants, trials)
        Reward of the chosen arm; NaN where there was no response.
    outcomes : float array, shape (participants, trials, arms)
        Outcome of every arm under full feedback; None under partial feedback.
    means : float array, shape (participants, trials, arms)
        Mean reward of every arm in each trial.
    states : dict of float array, shape (participants, trials, arms)
        Hidden state before each trial, by name.
    probabilities : float array, shape (participants, trials, arms)
        Choice probabilities in each trial.
    """

    choices: Integers
    rewards: Floats
    outcomes: Floats | None
    means: Floats
    states: dict[str, Floats]
    probabilities: Floats


@dataclass(frozen=True)
class _Trial:
    """One trial of all participants."""

    choice: Integers
    reward: Floats
    outcomes: Floats
    means: Floats
    state: dict[str, Floats]
    probability: Floats


def behave(
    learner: Learner,
    values: Mapping[str, Floats],
    task: Task,
    uniform: Floats,
    missing: NDArray[np.bool_] | None = None,
    means: Floats | None = None,
) -> Behaviour:
    """Simulate choices and learning.

    Parameters
    ----------
    learner : Learner
        The model in this task.
    values : mapping of float array, shape (participants,)
        Parameters by name, natural scale.
    task : Task
        The task.
    uniform : float array, shape (participants, trials, numbers)
        `Task.n_uniforms` uniform numbers in [0, 1): the first decides the choice (see
        `draw_choices`), the others the rewards.
    missing : bool array, shape (participants, trials), optional
        Trials without a response: no choice, no reward and no learning. Participants with fewer
        trials than others have missing trials at the end.
    means : float array, shape (participants or 1, trials, arms), optional
        From `Task.means`; optional if the arms do not drift.
    """
    participants, trials = uniform.shape[:2]
    missing = np.zeros((participants, trials), dtype=bool) if missing is None else missing
    if means is None:
        means = task.means(participants, trials, np.random.default_rng(0))
    p = learner.bind({name: np.asarray(value)[:, None] for name, value in values.items()})
    blank = np.zeros((participants, task.n_arms))
    initial = {name: blank + value for name, value in learner.model.initial(p).items()}
    starts, course = task.starts(trials), Course(task, means, participants)
    state, history = initial, []
    for t in range(trials):
        state = initial if starts[t] else state
        probability = softmax(learner.choice_logits(state, p, blank), axis=-1)
        choice, current_means = draw_choices(probability, uniform[:, t, 0]), course.now(t)
        outcomes = task.pay(current_means, uniform[:, t, 1:])
        reward = np.take_along_axis(outcomes, choice[:, None], axis=1)
        history.append(_Trial(choice, reward[:, 0], outcomes, current_means, state, probability))
        chosen = (choice[:, None] == np.arange(task.n_arms)).astype(np.float64)
        feedback = outcomes if task.full_feedback else reward
        updated = learner.model.update(state, chosen, feedback, p)
        state = {n: np.where(missing[:, t, None], s, updated[n]) for n, s in state.items()}
        course.record(current_means, choice, missing[:, t])
    return _joined(history, missing, task.full_feedback)


def _joined(history: list[_Trial], missing: NDArray[np.bool_], full_feedback: bool) -> Behaviour:
    """Trials stacked into arrays, with choices and outcomes removed where there is no response."""

    def stacked(name: str) -> Any:
        """An attribute of every trial, stacked along the second axis."""
        return np.stack([getattr(trial, name) for trial in history], axis=1)

    no_response = missing[:, :, None]
    names = list(history[0].state)
    return Behaviour(
        choices=np.where(missing, -1, stacked("choice")),
        rewards=np.where(missing, np.nan, stacked("reward")),
        outcomes=np.where(no_response, np.nan, stacked("outcomes")) if full_feedback else None,
        means=stacked("means"),
        states={n: np.stack([trial.state[n] for trial in history], axis=1) for n in names},
        probabilities=stacked("probability"),
    )


def draw_choices(probability: Floats, uniform: Floats) -> Integers:
    """Draw choices of shape (...) from probabilities (..., arms) and numbers (...) in [0, 1).

    The cumulative probabilities are inverted, as by ``numpy.random.Generator.choice``.
    """
    cumulative = probability.cumsum(axis=-1)
    cumulative /= cumulative[..., -1:]
    choices: Integers = (cumulative <= uniform[..., None]).sum(axis=-1)
    return choices
