"""Tasks: the arms, their reward schedule, and the blocks that trials form.

Rewards are computed from uniform random numbers, so a simulation is a pure function of these
numbers. Mean rewards may change at fixed trials, once a participant has learnt, from trial to trial
(see `rlrecovery.simulation.changes`), or along a given sequence (`Schedule`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from rlrecovery.simulation.changes import DriftSettings, ReversalSettings

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def block_starts(blocks: Any) -> NDArray[np.bool_]:
    """Where a new block starts, along the last axis of an array with the block of each trial."""
    return np.diff(blocks, axis=-1, prepend=blocks[..., :1] - 1) != 0


@dataclass(frozen=True)
class Schedule:
    """A given sequence: the reward of each arm in each trial, or its mean reward.

    The shape of `values` is (trials, arms).
    """

    holds: Literal["rewards", "means"]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Task:
    """A bandit task; its attributes are described by `rlrecovery.simulation.settings.TaskSettings`.

    Here `arms` are empty with a schedule, `sd` is None for rewards of 1 or 0, and attributes are
    None for changes of mean rewards that do not happen.
    """

    arms: tuple[float, ...]
    blocks: int = 1
    start_value: float = 0.5
    sd: float | None = None
    reset: bool = True
    full_feedback: bool = False
    reversals: ReversalSettings | None = None
    drift: DriftSettings | None = None
    schedule: Schedule | None = None
    missing_trials: tuple[tuple[int, ...], ...] = ()
    neutral: float = 0.5

    @property
    def n_arms(self) -> int:
        """Number of arms."""
        return len(self.schedule.values[0]) if self.schedule else len(self.arms)

    @property
    def n_uniforms(self) -> int:
        """Uniform random numbers per trial: one for the choice, the others for rewards."""
        return 1 + (self.n_arms if self.full_feedback else 1)

    @property
    def is_stationary(self) -> bool:
        """Whether mean rewards are constant."""
        return not (self.reversals or self.drift or self.schedule)

    def block_of_trial(self, trials: int) -> Integers:
        """Block of each trial, from 0, shape (trials,).

        Raises
        ------
        ValueError
            If the blocks cannot be equally long.
        """
        if trials % self.blocks:
            raise ValueError(f"{trials} trials do not divide into {self.blocks} equal blocks")
        return np.arange(trials) // (trials // self.blocks)

    def starts(self, trials: int) -> NDArray[np.bool_]:
        """Where hidden state is reset, shape (trials,)."""
        if self.reset:
            return block_starts(self.block_of_trial(trials))
        return np.arange(trials) == 0

    def means(self, participants: int, trials: int, *rngs: np.random.Generator) -> Floats:
        """Mean reward of every arm, shape (participants or 1, trials, arms).

        Reversals that depend on choices are not included. Without drift no random number is drawn,
        and one row stands for all participants. With drift, each of `rngs` draws a data set of
        `participants`, and the data sets are joined along the first axis.
        """
        if self.schedule:
            return np.array(self.schedule.values, dtype=np.float64)[None, :trials]
        start, length = np.array([self.arms], dtype=np.float64), trials // self.blocks
        if self.drift:
            start = np.repeat(start, participants, axis=0)
            parts = [self.drift.walk(start, length, *rngs) for _ in range(self.blocks)]
            return self._reversed(np.concatenate(parts, axis=1), length)
        return self._reversed(np.repeat(start[:, None], trials, axis=1), length)

    def _reversed(self, means: Floats, length: int) -> Floats:
        """Apply the fixed reversals to each block of `length` trials."""
        if not self.reversals:
            return means
        reversals = np.cumsum([self.reversals.happens_before(trial) for trial in range(length)])
        arms = np.arange(self.n_arms)
        order = (arms - np.tile(reversals, means.shape[1] // length)[:, None]) % self.n_arms
        return np.take_along_axis(means, order[None], axis=2)

    def pay(self, means: Floats, uniform: Floats) -> Floats:
        """Outcome of every arm, shape (participants, arms).

        `means` are mean rewards or, with a schedule of rewards, the rewards themselves; `uniform`
        has uniform numbers in [0, 1), one per participant or one per arm.
        """
        if self.schedule and self.schedule.holds == "rewards":
            return means + np.zeros_like(uniform)
        if self.sd is None:
            return (uniform < means).astype(np.float64)
        # random() can return exactly 0, and the normal quantile of 0 is minus infinity.
        return means + self.sd * ndtri(np.maximum(uniform, np.finfo(np.float64).tiny))

    def missing(self, participants: int, trials: int) -> NDArray[np.bool_]:
        """Trials that `missing_trials` leaves without a response, shape (participants, trials)."""
        missing = np.zeros((participants, trials), dtype=bool)
        for i in range(participants if self.missing_trials else 0):
            index = np.array(self.missing_trials[i % len(self.missing_trials)], dtype=int) - 1
            missing[i, index[index < trials]] = True
        return missing


class Course:
    """Mean rewards that each participant faces, trial by trial, with reversals after learning.

    Parameters
    ----------
    task : Task
        The rules.
    means : float array, shape (participants or 1, trials, arms)
        From `Task.means`.
    participants : int
        Number of participants.
    """

    def __init__(self, task: Task, means: Floats, participants: int) -> None:
        self._task, self._means, self._participants = task, means, participants
        self._block_length = means.shape[1] // task.blocks
        self._start_block()

    def _start_block(self) -> None:
        """Undo reversals that depend on choices, and forget the choices.

        The last `within` responses of a participant since a reversal are a row of `_hits`, which
        is false where there have been fewer.
        """
        within = self._task.reversals.within if self._task.reversals else 0
        self._reversals = np.zeros(self._participants, dtype=np.int64)
        self._hits = np.zeros((self._participants, within), dtype=bool)

    def now(self, trial: int) -> Floats:
        """Mean reward of every arm in a trial, shape (participants, arms)."""
        if trial % self._block_length == 0:
            self._start_block()
        n_arms = self._task.n_arms
        means = np.broadcast_to(self._means[:, trial], (self._participants, n_arms))
        if not self._reversals.any():
            return means
        order = (np.arange(n_arms) - self._reversals[:, None]) % n_arms
        return np.take_along_axis(means, order, axis=1)

    def record(self, means: Floats, choice: Integers, missing: NDArray[np.bool_]) -> None:
        """Count choices of the best arm, and reverse the arms once there are enough.

        `means` come from `now`; the choice of a participant is ignored where it is `missing`.
        """
        rule = self._task.reversals
        if rule is None or not rule.correct:
            return
        chosen = np.take_along_axis(means, np.maximum(choice, 0)[:, None], axis=1)[:, 0]
        is_best = chosen == means.max(axis=1)  # all tied arms are best
        hits = np.concatenate([self._hits[:, 1:], is_best[:, None]], axis=1)
        self._hits = np.where(missing[:, None], self._hits, hits)
        enough = ~missing & (self._hits.sum(axis=1) >= rule.correct)
        self._reversals += enough
        self._hits[enough] = False
