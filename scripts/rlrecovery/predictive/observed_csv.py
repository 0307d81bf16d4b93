"""Reads your own data from a CSV file."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlrecovery.predictive.dataset import Dataset
from rlrecovery.predictive.own_format import NO_RESPONSE, converted
from rlrecovery.predictive.settings import PilotSettings
from rlrecovery.simulation.csv_file import CsvFile, finite_number, read_csv_file
from rlrecovery.simulation.layout import first_trial_of_block
from rlrecovery.simulation.task import Floats, Integers, Task
from rlrecovery.storage.files import BrokenFile

#: Columns that every file must have.
REQUIRED = ("participant", "trial", "choice", "reward")
#: What may separate the values of a line.
DELIMITERS = ",;\t"


def read_observed(
    path: str | os.PathLike[str], task: Task, reading: PilotSettings | None = None
) -> Dataset:
    """Read a data set from a CSV file, and add the mean rewards if the task determines them.

    Parameters
    ----------
    path : path
        A CSV file, separated by commas, semicolons or tabs, with the columns ``participant`` (any
        names), ``trial`` (whole numbers from 0 or more that count through all blocks, or start anew
        in each), ``choice`` (counted from 0; -1 or empty if there was no
        response), ``reward`` (empty or 0 without a response) and, optionally, ``block`` (any names;
        a block starts where the name changes). With full feedback, ``reward_0``, ``reward_1``, ...
        are the outcomes of the arms. Other columns are ignored. Without ``block``, the blocks are
        those of the task.
    task : Task
        The task of the participants.
    reading : PilotSettings, optional
        Names of the columns and codes of the arms, where they differ from these.

    Raises
    ------
    BrokenFile
        If the file has a mistake; the message names the line or column and the allowed values.
    """
    return observed_data(observed_file(path, task, reading), task)


def observed_file(
    path: str | os.PathLike[str], task: Task, reading: PilotSettings | None = None
) -> CsvFile:
    """The rows of a file, with the columns and codes that `observed_data` expects."""
    reading = PilotSettings() if reading is None else reading
    columns = ", ".join(getattr(reading.columns, name, name) for name in _required(task))
    expected = "it must be a CSV file (with commas, semicolons or tabs) with the columns " + columns
    if reading.choices is not None and len(reading.choices) != task.n_arms:
        raise BrokenFile(
            f"{path} cannot be read: pilot.choices has {len(reading.choices)} codes, but the task "
            f"has {task.n_arms} arms"
        )
    return converted(read_csv_file(path, expected, DELIMITERS), reading)


def participant_names(file: CsvFile) -> list[str]:
    """Names of the participants, in the order of the rows of `observed_data`."""
    column = file.header.index("participant")
    return list(dict.fromkeys(values[column] for _, values in file.lines))


def observed_data(file: CsvFile, task: Task) -> Dataset:
    """Check and convert a data set that is already in memory; otherwise like `read_observed`."""
    path, trials = file.path, _trials_in(file, task)
    first, length = _trial_range(path, trials)
    row_of = {name: i for i, name in enumerate(dict.fromkeys(t.participant for t in trials))}
    rows = np.array([row_of[trial.participant] for trial in trials])
    columns = np.array([trial.number - first for trial in trials])

    def table(values: Sequence[Any], missing: Any) -> Any:
        """Arrange values of the trials as (participants, trials, ...), filled with `missing`."""
        array = np.array(values)
        filled = np.full((len(row_of), length, *array.shape[1:]), missing, dtype=array.dtype)
        filled[rows, columns] = array
        return filled

    choices = table([trial.choice for trial in trials], -1)
    if not (choices >= 0).any():
        raise BrokenFile(f"{path} has no responses: every choice is empty or -1")
    blocks = _blocks(path, task, table([trial.block for trial in trials], ""))
    if task.schedule and length > len(task.schedule.values):
        raise BrokenFile(
            f"{path} has {length} trials, but the task's schedule has only "
            f"{len(task.schedule.values)}; it must have a row for every trial"
        )
    rewards = table([trial.reward for trial in trials], math.nan)
    outcomes = table([trial.outcomes for trial in trials], math.nan) if task.full_feedback else None
    return Dataset(choices, rewards, blocks, known_means(task, blocks), outcomes)


@dataclass(frozen=True)
class _Trial:
    """One line of the file; `position` identifies it in messages.

    Without a response, `choice` is -1 and the reward and outcomes are NaN; with partial feedback,
    the outcomes are NaN.
    """

    position: str
    participant: str
    block: str
    number: int
    choice: int
    reward: float
    outcomes: tuple[float, ...]

    @classmethod
    def of(cls, position: str, values: Mapping[str, str], task: Task) -> _Trial:
        """Check and convert the values of a line."""
        for name in ("participant", "block"):
            if values.get(name) == "":
                raise BrokenFile(f"{position}: {name} is empty, but must be a name or a number")
        number = finite_number(values["trial"])
        if not (number.is_integer() and number >= 0):
            raise BrokenFile(
                f"{position}: trial is {values['trial']!r}, but must be a whole number of at least "
                "0"
            )
        choice = _choice(position, values["choice"], task.n_arms)
        reward, outcomes = math.nan, (math.nan,) * task.n_arms
        if choice >= 0:
            reward = _reward(position, values, "reward", task)
        elif values["reward"].lower() not in NO_RESPONSE and finite_number(values["reward"]) != 0:
            raise BrokenFile(
                f"{position}: reward is {values['reward']!r}, but there was no response; leave it "
                "empty, or correct the choice"
            )
        if choice >= 0 and task.full_feedback:
            names = _outcome_columns(task)
            outcomes = tuple(_reward(position, values, name, task) for name in names)
            if outcomes[choice] != reward:
                raise BrokenFile(
                    f"{position}: reward is {reward:g} but {names[choice]} is "
                    f"{outcomes[choice]:g}; they must be equal because arm {choice} was chosen"
                )
        block = values.get("block", "")
        return cls(position, values["participant"], block, int(number), choice, reward, outcomes)


def _outcome_columns(task: Task) -> list[str]:
    """Columns with the outcomes of all arms; none with partial feedback."""
    return [f"reward_{arm}" for arm in range(task.n_arms)] if task.full_feedback else []


def _required(task: Task) -> list[str]:
    """Columns that the data of a task must have."""
    return [*REQUIRED, *_outcome_columns(task)]


def _trials_in(file: CsvFile, task: Task) -> list[_Trial]:
    """Check and convert each row."""
    required = _required(task)
    for name in required:
        if name not in file.header:
            expected = f"it must be {file.form} with the columns {', '.join(required)}"
            raise BrokenFile(f"{file.path} has no column {name}; {expected}")
    for name in (*required, "block"):
        if file.header.count(name) > 1:
            raise BrokenFile(f"{file.path} has more than one column {name}; remove all but one")
    return [
        _Trial.of(position, dict(zip(file.header, values, strict=True)), task)
        for position, values in file.rows()
    ]


def _choice(position: str, text: str, n_arms: int) -> int:
    value = -1.0 if text.lower() in NO_RESPONSE else finite_number(text)
    if not value.is_integer() or not -1 <= value < n_arms:
        arms = ", ".join(map(str, range(n_arms)))
        raise BrokenFile(
            f"{position}: choice is {text!r}, but must be one of the arms {arms}, or -1 or empty "
            "if there was no response; pilot.choices of a config names other codes"
        )
    return int(value)


def _reward(position: str, values: Mapping[str, str], name: str, task: Task) -> float:
    text = values[name]
    value = finite_number(text)
    if math.isnan(value):
        wrong = f"{name} is {text!r}" if text else f"{name} is empty"
        raise BrokenFile(f"{position}: {wrong}, but must be a number if there was a response")
    scheduled = task.schedule is not None and task.schedule.holds == "rewards"
    if task.sd is None and not scheduled and value not in (0, 1):
        raise BrokenFile(f"{position}: {name} is {text!r}, but must be 0 or 1, as in the task")
    return value


def _trial_range(path: str | os.PathLike[str], trials: Sequence[_Trial]) -> tuple[int, int]:
    """Number of the first trial, and number of trials; checks that they are consecutive."""
    positions: dict[tuple[str, int], str] = {}
    for trial in trials:
        key = (trial.participant, trial.number)
        if key in positions:
            earlier = positions[key].rsplit(", ", 1)[-1]
            raise BrokenFile(
                f"{trial.position}: participant {trial.participant!r} already has a trial "
                f"{trial.number} in {earlier}; trials must be numbered through all blocks"
            )
        positions[key] = trial.position
    _same_first_number(path, trials)
    numbers = sorted({trial.number for trial in trials})
    for number, following in itertools.pairwise(numbers):
        if following != number + 1:
            raise BrokenFile(
                f"{path}: column trial skips from {number} to {following}; trials must be "
                "consecutive, so write a trial without a response as a line with an empty choice"
            )
    return numbers[0], len(numbers)


def _same_first_number(path: str | os.PathLike[str], trials: Sequence[_Trial]) -> None:
    """Refuse participants that start with trial 0 beside others that start with trial 1.

    The latter either missed a trial or are counted from 1, which the file does not tell. A later
    first number is that of a participant who missed the first trials.
    """
    first: dict[str, int] = {}
    for trial in trials:
        first[trial.participant] = min(trial.number, first.get(trial.participant, trial.number))
    by_number = {number: participant for participant, number in reversed(first.items())}
    if {0, 1} <= set(by_number):
        raise BrokenFile(
            f"{path}: participant {by_number[0]!r} starts with trial 0 and participant "
            f"{by_number[1]!r} with trial 1; count the trials of all participants from the same "
            "number, and write a trial without a response as a line with an empty choice"
        )


def _blocks(path: str | os.PathLike[str], task: Task, names: NDArray[np.str_]) -> Integers:
    """Blocks of all trials, from 0. A trial without a line is in the preceding block."""
    participants, trials = names.shape
    divisible = trials % task.blocks == 0
    if not (names != "").any():
        if not divisible:
            raise BrokenFile(
                f"{path}: its number of trials, {trials}, cannot be divided into the {task.blocks} "
                "equal blocks of the task; add a column block"
            )
        return np.tile(task.block_of_trial(trials), (participants, 1))
    last_named = np.maximum.accumulate(np.where(names != "", np.arange(trials), 0), axis=1)
    names = np.take_along_axis(names, last_named, axis=1)
    # Trials before a participant's first line have no name and are in the first block.
    change = (names[:, 1:] != names[:, :-1]) & (names[:, :-1] != "")
    blocks = np.cumsum(np.pad(change, ((0, 0), (1, 0))), axis=1)
    learning_continues = not task.reset and not task.is_stationary and task.schedule is None
    if learning_continues and not (divisible and (blocks == task.block_of_trial(trials)).all()):
        raise BrokenFile(
            f"{path}: column block must have the {task.blocks} equal blocks of the task, because "
            "its arms change while learning continues from block to block"
        )
    return blocks


def known_means(task: Task, blocks: Integers) -> Floats | None:
    """Mean rewards of the arms, shape (participants, trials, arms).

    None if they depend on a random walk or on the choices. Otherwise they follow from the task and
    the blocks, an array of shape (participants, trials).
    """
    if task.drift or (task.reversals and task.reversals.correct):
        return None
    participants, trials = blocks.shape
    if task.schedule:
        return np.tile(np.array(task.schedule.values)[None, :trials], (participants, 1, 1))
    position = np.arange(trials) - first_trial_of_block(blocks)
    length = int(position.max()) + 1
    return replace(task, blocks=1).means(1, length, np.random.default_rng(0))[0][position]
