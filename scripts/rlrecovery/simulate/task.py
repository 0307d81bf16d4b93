"""Tasks: what a participant faces, as arms that pay and trials that form blocks.

Arms turn a uniform random number into a reward, so that a simulation is a pure function of its
uniform numbers. What the arms pay may change: at fixed trials or when a participant has learnt
(`Reversals`), from trial to trial (`Drift`), or as a lab's own sequence says (`Schedule`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Keys of the config's ``task`` that came later than the others, with what an older config means.
#: A seed does not depend on a key that says nothing new.
PLAIN = {
    "rewards": "bernoulli",
    "sd": None,
    "reset": True,
    "feedback": "partial",
    "reversals": None,
    "drift": None,
    "schedule": None,
    "missing_trials": None,
    "neutral": None,
}


@dataclass(frozen=True)
class Reversals:
    """When the arms trade places: each takes over what its neighbour to the left paid.

    Attributes
    ----------
    after : tuple of int
        Numbers of trials of a block after which they do.
    every : int
        They do after every so many trials of a block; 0 for never.
    correct, within : int
        They do after a participant chose the best arm in so many of so many responses, counted
        anew after each reversal; 0 for never.
    """

    after: tuple[int, ...] = ()
    every: int = 0
    correct: int = 0
    within: int = 0

    def at(self, place: int) -> bool:
        """Whether the arms trade places before the trial of that place in its block, from 0."""
        return place > 0 and (place in self.after or (self.every > 0 and place % self.every == 0))


@dataclass(frozen=True)
class Drift:
    """A Gaussian random walk of every arm's mean, kept within bounds by reflection.

    With a decay below 1 the walk is pulled towards a centre, as in Daw, O'Doherty, Dayan, Seymour
    & Dolan (2006), Nature 441:876: ``mean' = decay * mean + (1 - decay) * centre + sd * normal``.

    Attributes
    ----------
    sd : float
        SD of a step.
    lower, upper : float
        Bounds.
    decay, centre : float
        How much of the distance from the centre is kept in a step; 1 for a plain walk.
    """

    sd: float
    lower: float
    upper: float
    decay: float = 1.0
    centre: float = 0.0

    def walk(self, start: Floats, steps: int, rng: np.random.Generator) -> Floats:
        """Means over steps, the start first.

        Parameters
        ----------
        start : float array, shape (people, arms)
            Means at the first trial.
        steps : int
            Number of trials.
        rng : Generator
            One normal number per person, trial and arm.

        Returns
        -------
        float array, shape (people, steps, arms)
        """
        noise = self.sd * rng.standard_normal((len(start), steps, start.shape[1]))
        means = [start]
        for t in range(1, steps):
            free = self.decay * means[-1] + (1 - self.decay) * self.centre + noise[:, t]
            means.append(self.reflected(free))
        return np.stack(means, axis=1)

    def reflected(self, values: Floats) -> Floats:
        """Values folded back into the bounds, however far beyond they are."""
        width = self.upper - self.lower
        return self.upper - np.abs(np.mod(values - self.lower, 2 * width) - width)


@dataclass(frozen=True)
class Schedule:
    """A lab's own sequence.

    Attributes
    ----------
    holds : str
        ``"rewards"``: what each arm pays at each trial; ``"means"``: the mean that it pays from.
    values : tuple of tuple of float, shape (trials, arms)
        The sequence.
    """

    holds: str
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Task:
    """Arms, blocks and the value that learning starts from.

    Attributes
    ----------
    arms : tuple of float
        Mean reward of every arm at the beginning of a block; empty with a schedule.
    blocks : int
        Number of equally long blocks; the arms start afresh in each.
    start_value : float
        Q of every arm before the first trial.
    sd : float, optional
        SD of normally distributed rewards; None where a reward is 1 or 0.
    reset : bool
        Whether learning starts afresh in each block, too.
    full : bool
        Whether the outcomes of all arms are shown, or that of the chosen one alone.
    reversals, drift, schedule
        How the arms change; None where they do not.
    missing_trials : tuple of tuple of int
        Trials without a response, from 1: a list for each participant, in turn; empty for none.
    neutral : float
        Outcome that is neither good nor bad: one above it is a win.
    """

    arms: tuple[float, ...]
    blocks: int = 1
    start_value: float = 0.5
    sd: float | None = None
    reset: bool = True
    full: bool = False
    reversals: Reversals | None = None
    drift: Drift | None = None
    schedule: Schedule | None = None
    missing_trials: tuple[tuple[int, ...], ...] = ()
    neutral: float = 0.5

    @property
    def n_arms(self) -> int:
        """Number of arms."""
        return len(self.schedule.values[0]) if self.schedule else len(self.arms)

    @property
    def numbers(self) -> int:
        """Uniform numbers that a trial takes: one for the choice, the others for rewards."""
        return 1 + (self.n_arms if self.full else 1)

    @property
    def steady(self) -> bool:
        """Whether the arms pay the same from the first trial to the last."""
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
        """Where hidden state starts, shape (trials,)."""
        change = np.diff(self.block_of_trial(trials), prepend=-1) != 0
        return change if self.reset else np.arange(trials) == 0

    def means(self, people: int, trials: int, rng: np.random.Generator) -> Floats:
        """Mean reward of every arm before anyone chooses, shape (people or 1, trials, arms).

        Reversals after learning are not in it, because they depend on choices. Without a drift no
        random number is drawn, and one row serves all people.
        """
        if self.schedule:
            return np.array(self.schedule.values, dtype=np.float64)[None, :trials]
        start, length = np.array([self.arms], dtype=np.float64), trials // self.blocks
        if self.drift:
            start = np.repeat(start, people, axis=0)
            parts = [self.drift.walk(start, length, rng) for _ in range(self.blocks)]
            return self._turned(np.concatenate(parts, axis=1), length)
        return self._turned(np.repeat(start[:, None], trials, axis=1), length)

    def _turned(self, means: Floats, length: int) -> Floats:
        """Means with the reversals at fixed trials of each block of a length."""
        if not self.reversals:
            return means
        turns = np.cumsum([self.reversals.at(place) for place in range(length)])
        arms = np.arange(self.n_arms)
        order = (arms - np.tile(turns, means.shape[1] // length)[:, None]) % self.n_arms
        return np.take_along_axis(means, order[None], axis=2)

    def pay(self, means: Floats, uniform: Floats) -> Floats:
        """Outcome of every arm.

        Parameters
        ----------
        means : float array, shape (people, arms)
            Mean rewards; with a schedule of rewards, these themselves.
        uniform : float array, shape (people, 1) or (people, arms)
            Uniform numbers in [0, 1).
        """
        if self.schedule and self.schedule.holds == "rewards":
            return means + np.zeros_like(uniform)
        if self.sd is None:
            return (uniform < means).astype(np.float64)
        # random() can return exactly 0, whose normal quantile is minus infinity.
        return means + self.sd * ndtri(np.maximum(uniform, np.finfo(np.float64).tiny))

    def missing(self, people: int, trials: int) -> NDArray[np.bool_]:
        """Trials that the task itself leaves without a response, shape (people, trials)."""
        gone = np.zeros((people, trials), dtype=bool)
        for i in range(people if self.missing_trials else 0):
            mine = np.array(self.missing_trials[i % len(self.missing_trials)], dtype=int) - 1
            gone[i, mine[mine < trials]] = True
        return gone


@dataclass
class Course:
    """What the arms are worth to each participant, trial by trial, as they choose.

    Attributes
    ----------
    task : Task
        The rules.
    means : float array, shape (people or 1, trials, arms)
        From `Task.means`.
    people : int
        Number of participants.
    """

    task: Task
    means: Floats
    people: int
    _turns: Integers = field(init=False)
    _hits: list[list[bool]] = field(init=False)

    def __post_init__(self) -> None:
        self._turns = np.zeros(self.people, dtype=np.int64)
        self._hits = [[] for _ in range(self.people)]
        self._length = self.means.shape[1] // self.task.blocks

    def now(self, trial: int) -> Floats:
        """Mean reward of every arm at a trial, shape (people, arms)."""
        if trial % self._length == 0:  # a block starts with the arms as they were
            self.__post_init__()
        here = np.broadcast_to(self.means[:, trial], (self.people, self.task.n_arms))
        if not self._turns.any():
            return here
        order = (np.arange(self.task.n_arms) - self._turns[:, None]) % self.task.n_arms
        return np.take_along_axis(here, order, axis=1)

    def note(self, here: Floats, choice: Integers, missing: NDArray[np.bool_]) -> None:
        """Count responses to the best arm, and turn the arms where there were enough."""
        rule = self.task.reversals
        if rule is None or not rule.correct:
            return
        taken = np.take_along_axis(here, np.maximum(choice, 0)[:, None], axis=1)[:, 0]
        right = taken == here.max(axis=1)  # of a tie, all are best
        for i in np.flatnonzero(~missing):
            self._hits[i] = [*self._hits[i], bool(right[i])][-rule.within :]
            if sum(self._hits[i]) >= rule.correct:
                self._turns[i] += 1
                self._hits[i] = []


def task_from_config(task: Mapping[str, Any]) -> Task:
    """The task that the ``task`` section of a config describes."""
    given = PLAIN | dict(task)
    changes = {"reversals": Reversals, "drift": Drift}
    made = {key: kind(**_frozen(given[key])) for key, kind in changes.items() if given[key]}
    schedule = given["schedule"]
    if schedule:
        values = tuple(tuple(map(float, row)) for row in schedule["values"])
        made["schedule"] = Schedule(schedule["holds"], values)
    return Task(
        arms=tuple(given.get("arms") or ()),
        blocks=given["blocks"],
        start_value=given["start_value"],
        sd=given["sd"] if given["rewards"] == "gaussian" else None,
        reset=given["reset"],
        full=given["feedback"] == "full",
        missing_trials=tuple(tuple(each) for each in given["missing_trials"] or ()),
        neutral=_neutral(given),
        **made,
    )


def _neutral(given: Mapping[str, Any]) -> float:
    """The neutral outcome: midway between 0 and 1, and elsewhere what is expected at first."""
    if given["neutral"] is not None:
        return float(given["neutral"])
    own = given["schedule"] and given["schedule"]["holds"] == "rewards"
    return given["start_value"] if own or given["rewards"] == "gaussian" else 0.5


def _frozen(section: Mapping[str, Any]) -> dict[str, Any]:
    """A section whose lists are tuples."""
    return {k: tuple(v) if isinstance(v, Sequence) else v for k, v in section.items()}


def said(task: Mapping[str, Any]) -> dict[str, Any]:
    """A ``task`` section without the keys that say nothing new; what seeds depend on."""
    kept = {k: v for k, v in task.items() if k not in PLAIN or v != PLAIN[k]}
    if kept.get("schedule"):  # the sequence counts, wherever it was read from
        kept["schedule"] = {k: v for k, v in kept["schedule"].items() if k != "file"}
    return kept
