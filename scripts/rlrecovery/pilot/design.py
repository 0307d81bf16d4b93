"""The design of a data set of one's own: its task, participants, trials and missing responses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from rlrecovery.predictive.dataset import Dataset
from rlrecovery.predictive.observed_csv import DELIMITERS, REQUIRED, read_observed
from rlrecovery.simulation.csv_file import finite_number, read_csv_file
from rlrecovery.simulation.task import Task
from rlrecovery.storage.files import BrokenFile

#: Largest number of arms; choices beyond are names of stimuli rather than numbers of arms.
MOST_ARMS = 20
#: A session is called incomplete if it lacks more than this share of the trials at its end.
CUT_OFF = 0.1
#: Largest number of sessions whose lengths are listed one by one.
MOST_LENGTHS = 10


@dataclass(frozen=True)
class Sizes:
    """Sizes of a data set, as values of a config.

    Attributes
    ----------
    participants, trials : int
        Number of participants, and of trials of the longest session.
    missing : float
        Share of trials without a response.
    completed : list of float
        Shares of the trials that participants completed.
    """

    participants: int
    trials: int
    missing: float
    completed: list[float]


@dataclass(frozen=True)
class DataDesign(Sizes):
    """Sizes, task and rewards of a data set, as values of a config.

    Attributes
    ----------
    task : dict
        Section ``task``: the mean reward of every arm in the data, as if it were constant.
    unit : float
        SD of rewards that are far from 0 and 1, rounded; otherwise 1.
    """

    task: dict[str, Any]
    unit: float


def read_design(path: str | os.PathLike[str]) -> DataDesign:
    """Read a CSV file as `rlrecovery.predictive.observed_csv.read_observed` does.

    Raises
    ------
    BrokenFile
        If the file has a mistake, or choices that are not numbered from 0.
    """
    n_arms, full_feedback = _arms_in(path)
    # With normally distributed rewards, all rewards are accepted.
    any_rewards = Task(arms=(0.5,) * n_arms, sd=1.0, full_feedback=full_feedback)
    data = read_observed(path, any_rewards)
    rewards = data.rewards[data.responded]
    far = np.abs(rewards).max() > 2
    return DataDesign(
        **vars(sizes_of(data)),
        task=_task(data, n_arms, full_feedback),
        unit=_rounded(rewards.std() or 1.0, 1) if far else 1.0,
    )


def sizes_of(data: Dataset) -> Sizes:
    """Participants, trials, missing responses and lengths of sessions of a data set."""
    participants, trials = data.choices.shape
    lengths = trials - np.argmax(data.responded[:, ::-1], axis=1)
    if lengths.min() >= (1 - CUT_OFF) * trials:
        lengths = np.full(participants, trials)
    shares = np.sort(lengths / trials)
    if len(shares) > MOST_LENGTHS:
        shares = np.quantile(shares, (np.arange(MOST_LENGTHS) + 0.5) / MOST_LENGTHS)
    return Sizes(
        participants=participants,
        trials=trials,
        missing=round(float(1 - data.responded.sum() / lengths.sum()), 3),
        completed=[round(float(share), 2) for share in shares],
    )


def _arms_in(path: str | os.PathLike[str]) -> tuple[int, bool]:
    """Number of arms, and whether there is a column with the outcomes of each.

    A file with other mistakes has two arms; `read_observed` finds its mistakes.
    """
    expected = f"it must be a CSV file with the columns {', '.join(REQUIRED)}"
    file = read_csv_file(path, expected, DELIMITERS)
    if "choice" not in file.header:
        return 2, False
    column = file.header.index("choice")
    numbers = [finite_number(values[column]) for _, values in file.lines if column < len(values)]
    choices = [int(number) for number in numbers if number >= 0 and number.is_integer()]
    if not choices:
        return 2, False
    lowest, highest = min(choices), max(choices)
    if lowest > 0 or highest >= MOST_ARMS:
        raise BrokenFile(
            f"{path}: column choice has numbers from {lowest} to {highest}, but must have the "
            "numbers of the arms, counted from 0"
        )
    n_arms = max(2, highest + 1)
    return n_arms, all(f"reward_{arm}" in file.header for arm in range(n_arms))


def _task(data: Dataset, n_arms: int, full_feedback: bool) -> dict[str, Any]:
    """Section ``task`` with the means, the SD and the blocks of a data set."""
    rewards = data.rewards[data.responded]
    if data.outcomes is not None:
        by_arm = list(data.outcomes[data.responded].T)
    else:
        choices = data.choices[data.responded]
        by_arm = [rewards[choices == arm] for arm in range(n_arms)]
    means = [values.mean() if len(values) else rewards.mean() for values in by_arm]
    feedback = {"feedback": "full"} if full_feedback else {}
    blocks = {"blocks": _blocks(data)}
    if np.isin(rewards, (0, 1)).all():
        arms = [round(float(mean), 2) for mean in means]
        return {"arms": arms, **blocks, "start_value": 0.5, **feedback}
    errors = np.concatenate([v - mean for v, mean in zip(by_arm, means, strict=True)])
    arms, sd = [_rounded(mean, 3) for mean in means], _rounded(errors.std(), 2)
    gaussian = {"arms": arms, "rewards": "gaussian", "sd": sd or 1.0}
    return {**gaussian, **blocks, "start_value": _rounded(rewards.mean(), 2), **feedback}


def _blocks(data: Dataset) -> int:
    """Number of blocks if all are equally long, otherwise 1."""
    trials, blocks = data.choices.shape[1], int(data.blocks.max()) + 1
    if trials % blocks:
        return 1
    equal = np.arange(trials) // (trials // blocks)
    return blocks if (data.blocks == equal).all() else 1


def _rounded(value: float, digits: int) -> float:
    """A number with some significant digits."""
    return float(f"{value:.{digits}g}")
