"""What a file of pilot data holds, and what looks odd about it, in sentences."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlrecovery.predictive.dataset import Dataset
from rlrecovery.predictive.observed_csv import observed_data, observed_file, participant_names
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.simulation.task import Floats, Task

#: Normal quantile of a one-sided test: 5 % of participants who choose at random are below chance.
ONE_SIDED = 1.645
#: Distance of the rewards from those of the task, in standard errors, that is no chance.
FAR_REWARDS = 4.0
#: Participants with fewer responses hardly count.
FEW_RESPONSES = 10
#: Most names that a sentence lists, and most different rewards whose shares are listed.
MOST_NAMES, MOST_REWARDS = 8, 4


@dataclass(frozen=True)
class PilotData:
    """A data set of one's own.

    Attributes
    ----------
    path : str
        The file.
    task : Task
        The task of the participants.
    names : list of str
        Names of the participants with a response, in the order of `data`.
    silent : list of str
        Names of participants without any response, who are left out.
    data : Dataset
        Choices and rewards.
    codes : tuple of str
        How the arms are called in the file.
    """

    path: str
    task: Task
    names: list[str]
    silent: list[str]
    data: Dataset
    codes: tuple[str, ...]


def read_pilot(path: str | os.PathLike[str], task: Task, settings: PilotSettings) -> PilotData:
    """Read a file of pilot data.

    Raises
    ------
    BrokenFile
        If the file has a mistake; the message names the line or column and the allowed values.
    """
    file = observed_file(path, task, settings)
    data, names = observed_data(file, task), participant_names(file)
    active = data.responded.any(axis=1)
    return PilotData(
        path=str(path),
        task=task,
        names=[name for name, here in zip(names, active, strict=True) if here],
        silent=[name for name, here in zip(names, active, strict=True) if not here],
        data=_rows(data, active),
        codes=settings.choices or tuple(map(str, range(task.n_arms))),
    )


def _rows(data: Dataset, kept: NDArray[np.bool_]) -> Dataset:
    """The data of some participants."""
    return Dataset(
        choices=data.choices[kept],
        rewards=data.rewards[kept],
        blocks=data.blocks[kept],
        means=None if data.means is None else data.means[kept],
        outcomes=None if data.outcomes is None else data.outcomes[kept],
    )


def facts(pilot: PilotData) -> list[str]:
    """What was read: participants, trials, missing responses, choices and rewards."""
    data, responses = pilot.data, pilot.data.responded.sum(axis=1)
    lengths = _lengths(data)
    chosen = data.choices[data.responded]
    shares = [f"{code} {_percent((chosen == arm).mean())}" for arm, code in enumerate(pilot.codes)]
    blocks = int(data.blocks.max()) + 1
    in_blocks = f" in {blocks} blocks" if blocks > 1 else ""
    people = f"{len(pilot.names)} participant{'s' * (len(pilot.names) > 1)}"
    return [
        f"{people} with {_range(lengths)} trials each{in_blocks}, {lengths.sum()} trials in all.",
        f"{lengths.sum() - responses.sum()} of these trials "
        f"({_percent(1 - responses.sum() / lengths.sum())}) have no response.",
        f"Choices: {', '.join(shares)}.",
        f"Rewards: {_rewards(data.rewards[data.responded])}.",
    ]


def oddities(pilot: PilotData) -> list[str]:
    """What looks odd, one sentence each."""
    return [
        *_silent(pilot),
        *_few_responses(pilot),
        *_constant(pilot),
        *_below_chance(pilot),
        *_unlike_the_task(pilot),
    ]


def _silent(pilot: PilotData) -> Iterator[str]:
    if pilot.silent:
        are = "are" if len(pilot.silent) > 1 else "is"
        yield f"{_people(pilot.silent)} did nothing (no response at all) and {are} left out."


def _few_responses(pilot: PilotData) -> Iterator[str]:
    few = _named(pilot, pilot.data.responded.sum(axis=1) < FEW_RESPONSES)
    if few:
        yield f"{_people(few)} responded in fewer than {FEW_RESPONSES} trials."


def _constant(pilot: PilotData) -> Iterator[str]:
    """Participants who always choose the same arm, and rewards that never differ."""
    data = pilot.data
    highest = np.where(data.responded, data.choices, -1).max(axis=1)
    lowest = np.where(data.responded, data.choices, pilot.task.n_arms).min(axis=1)
    constant = (highest == lowest) & (data.responded.sum(axis=1) > 1)
    if names := _named(pilot, constant):
        yield f"{_people(names)} always chose the same arm, which says little about learning."
    rewards = data.rewards[data.responded]
    if np.ptp(rewards) == 0:
        yield f"All rewards are {rewards[0]:g}, so nothing could be learnt from them."


def chance(pilot: PilotData) -> tuple[Floats, Floats, NDArray[np.int64]] | None:
    """Share of choices of the best arm and the share of random choices, by participant.

    The third array has the number of choices. The arm with the highest mean reward at a trial is
    the best; trials on which all arms are equal are left out. None where the task does not say
    which arm is best: with random walks, and reversals that depend on the choices.
    """
    data = pilot.data
    if data.means is None:
        return None
    best = data.means == data.means.max(axis=-1, keepdims=True)
    counted = data.responded & ~best.all(axis=-1)
    hit = np.take_along_axis(best, np.maximum(data.choices, 0)[..., None], axis=-1)[..., 0]
    number = counted.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (hit & counted).sum(axis=1) / number
        random = (best.mean(axis=-1) * counted).sum(axis=1) / number
    return share, random, number


def _below_chance(pilot: PilotData) -> Iterator[str]:
    """Participants who chose the best arm less often than at random."""
    known = chance(pilot)
    if known is None:
        yield "Chance is not known, because the task does not fix which arm is best at each trial."
        return
    share, random, number = known
    if not number.any():
        yield "Chance is not known, because all arms of the task are equally good."
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        below = share < random - ONE_SIDED * np.sqrt(random * (1 - random) / number)
    if names := _named(pilot, below):
        yield (
            f"{_people(names)} chose the best arm less often than {_percent(np.nanmean(random))}, "
            "which is chance: the task of the config says which arm has the highest mean reward "
            "at each trial (one-sided test at 5 %)."
        )


def _unlike_the_task(pilot: PilotData) -> Iterator[str]:
    """Whether the rewards of the arms are those of the task; swapped codes of arms are not."""
    data, task = pilot.data, pilot.task
    if data.means is None:
        return
    expected = np.take_along_axis(data.means, np.maximum(data.choices, 0)[..., None], axis=-1)
    expected = expected[..., 0][data.responded]
    errors = data.rewards[data.responded] - expected
    if task.schedule is not None and task.schedule.holds == "rewards":
        wrong, count = np.abs(errors) > 1e-9, len(errors)
        if wrong.any():
            yield (
                f"{wrong.sum()} of {count} rewards are not those of the task's schedule; check the "
                "order of the arms (pilot.choices), the trials and the schedule."
            )
        return
    variance = task.sd**2 if task.sd is not None else expected * (1 - expected)
    scale = float(np.sqrt(np.sum(np.broadcast_to(variance, errors.shape))))
    if abs(errors.sum()) > FAR_REWARDS * scale:
        yield (
            f"The mean reward is {data.rewards[data.responded].mean():.3g}, but the task of the "
            f"config gives {expected.mean():.3g} for these choices; check the order of the arms "
            "(pilot.choices) and the task."
        )


def _lengths(data: Dataset) -> NDArray[np.int64]:
    """Number of trials up to the last response of each participant."""
    trials = data.choices.shape[1]
    lengths: NDArray[np.int64] = trials - np.argmax(data.responded[:, ::-1], axis=1)
    return lengths


def _named(pilot: PilotData, which: NDArray[np.bool_]) -> list[str]:
    return [name for name, here in zip(pilot.names, which, strict=True) if here]


def _people(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"Participant{'s' * (len(names) > 1)} {shown}{more}"


def _range(values: Iterable[int]) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"


def _rewards(rewards: Floats) -> str:
    values, counts = np.unique(rewards, return_counts=True)
    if len(values) > MOST_REWARDS:
        return f"from {values[0]:g} to {values[-1]:g}, mean {rewards.mean():.3g}"
    shares = counts / len(rewards)
    return ", ".join(f"{v:g} ({_percent(s)})" for v, s in zip(values, shares, strict=True))


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
