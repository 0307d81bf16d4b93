"""Choices and learning of simulated participants, trial by trial."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlrecovery.models.base import Learner
from rlrecovery.simulation.task import Course, Floats, Integers, Task


@dataclass(frozen=True)
class Responses:
    """Observable behaviour of participants.

    Attributes
    ----------
    choices : int array, shape (participants, trials)
        Chosen arm from 0; -1 where there was no response.
    rewards : float array, shape (participants, trials)
        Reward of the chosen arm; NaN where there was no response.
    outcomes : float array, shape (participants, trials, arms)
        Outcome of every arm under full feedback; None under partial feedback.
    """

    choices: Integers
    rewards: Floats
    outcomes: Floats | None


@dataclass(frozen=True)
class Behaviour(Responses):
    """`Responses` of participants, and what they come from.

    Attributes
    ----------
    means : float array, shape (participants, trials, arms)
        Mean reward of every arm in each trial.
    states : dict of float array, shape (participants, trials, arms)
        Hidden state before each trial, by name.
    probabilities : float array, shape (participants, trials, arms)
        Choice probabilities in each trial.
    """

    means: Floats
    states: dict[str, Floats]
    probabilities: Floats


class _Trial(NamedTuple):
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
    missing = np.zeros(uniform.shape[:2], dtype=bool) if missing is None else missing
    history = list(_trials(learner, values, task, uniform, missing, means))
    responses = _responses(history, missing, task.full_feedback)
    return Behaviour(
        **vars(responses),
        means=np.stack([trial.means for trial in history], axis=1),
        states={n: np.stack([t.state[n] for t in history], axis=1) for n in history[0].state},
        probabilities=np.stack([trial.probability for trial in history], axis=1),
    )


def respond(
    learner: Learner,
    values: Mapping[str, Floats],
    task: Task,
    uniform: Floats,
    missing: NDArray[np.bool_],
    means: Floats | None = None,
) -> Responses:
    """Simulate as `behave`, but keep only the responses, which takes less memory."""
    trials = _trials(learner, values, task, uniform, missing, means)
    return _responses(trials, missing, task.full_feedback)


def _trials(
    learner: Learner,
    values: Mapping[str, Floats],
    task: Task,
    uniform: Floats,
    missing: NDArray[np.bool_],
    means: Floats | None,
) -> Iterator[_Trial]:
    """Trials in their order, including those without a response; arguments as of `behave`."""
    participants, trials = uniform.shape[:2]
    if means is None:
        means = task.means(participants, trials, np.random.default_rng(0))
    p = learner.bind({name: np.asarray(value)[:, None] for name, value in values.items()})
    blank, row = np.zeros((participants, task.n_arms)), np.arange(participants)
    initial = {name: blank + value for name, value in learner.model.initial(p).items()}
    starts, course = task.starts(trials), Course(task, means, participants)
    state = initial
    for t in range(trials):
        state = initial if starts[t] else state
        probability = _softmax(learner.choice_logits(state, p, blank))
        choice, current_means = draw_choices(probability, uniform[:, t, 0]), course.now(t)
        outcomes = task.pay(current_means, uniform[:, t, 1:])
        reward = outcomes[row, choice]
        yield _Trial(choice, reward, outcomes, current_means, state, probability)
        chosen = (choice[:, None] == np.arange(task.n_arms)).astype(np.float64)
        feedback = outcomes if task.full_feedback else reward[:, None]
        updated = learner.model.update(state, chosen, feedback, p)
        state = {n: np.where(missing[:, t, None], s, updated[n]) for n, s in state.items()}
        course.record(current_means, choice, missing[:, t])


def _responses(
    trials: Iterable[_Trial], missing: NDArray[np.bool_], full_feedback: bool
) -> Responses:
    """Join trials along the second axis, and remove what is `missing`."""
    kept = [(t.choice, t.reward, t.outcomes if full_feedback else None) for t in trials]
    choices, rewards, outcomes = zip(*kept, strict=True)
    return Responses(
        choices=np.where(missing, -1, np.stack(choices, axis=1)),
        rewards=np.where(missing, np.nan, np.stack(rewards, axis=1)),
        outcomes=np.where(missing[:, :, None], np.nan, np.stack(outcomes, axis=1))
        if full_feedback
        else None,
    )


def joined(parts: Sequence[Responses]) -> Responses:
    """Responses of the participants of all parts."""
    outcomes = [part.outcomes for part in parts if part.outcomes is not None]
    return Responses(
        choices=np.concatenate([part.choices for part in parts]),
        rewards=np.concatenate([part.rewards for part in parts]),
        outcomes=np.concatenate(outcomes) if outcomes else None,
    )


def _softmax(odds: Floats) -> Floats:
    """Choice probabilities from log-odds, along the last axis.

    In the function of SciPy, most of the time for a few numbers is spent on its dispatch.
    """
    weights = np.exp(odds - odds.max(axis=-1, keepdims=True))
    probabilities: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return probabilities


def draw_choices(probability: Floats, uniform: Floats) -> Integers:
    """Draw choices of shape (...) from probabilities (..., arms) and numbers (...) in [0, 1).

    The cumulative probabilities are inverted, as by ``numpy.random.Generator.choice``.
    """
    cumulative = probability.cumsum(axis=-1)
    cumulative /= cumulative[..., -1:]
    choices: Integers = (cumulative <= uniform[..., None]).sum(axis=-1)
    return choices
