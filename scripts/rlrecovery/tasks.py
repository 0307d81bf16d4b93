"""Tasks: what a participant faces, as arms that pay and trials that form blocks.

Arms turn a uniform random number into a reward, so that a simulation is a pure function of its
uniform numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Arms(Protocol):
    """Anything that pays a reward for a choice."""

    @property
    def n_arms(self) -> int:
        """Number of arms, at least 2."""

    def reward(self, choice: Integers, uniform: Floats) -> Floats:
        """Reward of each choice; `choice` and `uniform` have one shape, so has the result."""


@dataclass(frozen=True)
class BernoulliArms:
    """Arms that pay 1 with their own probability and 0 otherwise."""

    probabilities: tuple[float, ...]

    @property
    def n_arms(self) -> int:
        """Number of arms."""
        return len(self.probabilities)

    def reward(self, choice: Integers, uniform: Floats) -> Floats:
        """1 where the uniform number is below the chosen arm's probability, else 0."""
        return (uniform < np.asarray(self.probabilities)[choice]).astype(np.float64)


@dataclass(frozen=True)
class GaussianArms:
    """Arms that pay a normally distributed amount with their own mean and one SD."""

    means: tuple[float, ...]
    sd: float

    @property
    def n_arms(self) -> int:
        """Number of arms."""
        return len(self.means)

    def reward(self, choice: Integers, uniform: Floats) -> Floats:
        """The chosen arm's mean plus the normal quantile of the uniform number."""
        # random() can return exactly 0, whose normal quantile is minus infinity.
        quantile = ndtri(np.maximum(uniform, np.finfo(np.float64).tiny))
        return np.asarray(self.means)[choice] + self.sd * quantile


@dataclass(frozen=True)
class Task:
    """Arms, blocks and the value that learning starts from.

    Attributes
    ----------
    arms : Arms
        What the arms pay.
    blocks : int
        Number of equally long blocks; learning starts afresh in each.
    start_value : float
        Q of every arm before the first trial of a block.
    """

    arms: Arms
    blocks: int
    start_value: float

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


def task_from_config(task: Mapping[str, Any]) -> Task:
    """The task that the ``task`` section of a config describes."""
    return Task(BernoulliArms(tuple(task["arms"])), task["blocks"], task["start_value"])
