"""Summary statistics of the choices that draws of parameters predict.

Choices are predicted in two ways. `forward_statistics` simulates the task again, so that
participants see the outcomes of their own choices. `one_step_statistics` draws every choice given
the observed history before it; a model may predict choices well in this way, but not reproduce the
data when it is simulated forward (Palminteri, Wyart & Koechlin 2017, Trends in Cognitive Sciences
21:425).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Learner
from rlrecovery.predictive.dataset import Dataset, first_trial_of_block
from rlrecovery.predictive.statistics import Statistics, statistics
from rlrecovery.simulation.behaviour import behave, draw_choices
from rlrecovery.simulation.task import Floats, Integers, Task

#: Trials (draws x participants x trials) simulated at once, to bound the memory for hidden states
#: and probabilities.
MAX_TRIALS = 500_000


def forward_statistics(
    learner: Learner,
    task: Task,
    values: Mapping[str, Floats],
    observed: Dataset,
    rng: np.random.Generator,
) -> Statistics:
    """Compute statistics of data sets in which the task is simulated again.

    Missing trials and lengths of blocks are as in the observed data set; random walks of the arms
    are drawn again. ``values`` has the parameters by name, natural scale, shape (draws,
    participants). Returns `statistics` of shape (draws,).
    """
    layout = Layout.of(task, observed)
    parts = []
    for part in _parts(values, layout.missing.size):
        drawn = layout.simulate(learner, {name: v[part] for name, v in values.items()}, rng)
        if observed.means is None:
            drawn = replace(drawn, means=None)
        parts.append(statistics(drawn, task.neutral, task.n_arms))
    return _joined(parts)


@dataclass(frozen=True)
class Layout:
    """The trials of a data set in rows, within which learning and mean rewards continue.

    If learning restarts in every block, a row is a block of a participant, of any length; otherwise
    it is all trials of a participant.
    """

    #: The task within a row.
    task: Task
    #: Block of each trial of the data set, and its row and column: shape (participants, trials).
    blocks: Integers
    row: Integers
    column: Integers
    #: Participant of each row.
    participant: Integers
    #: Trial of the data set in each row and column; 0 after the end of a row.
    trial: Integers
    #: Whether there is no response; true after the end of a row.
    missing: NDArray[np.bool_]

    @classmethod
    def of(cls, task: Task, observed: Dataset) -> Layout:
        """Split a data set into rows."""
        participants, trials = observed.choices.shape
        column = np.arange(trials) - first_trial_of_block(observed.blocks * task.reset)
        row = np.cumsum(column == 0).reshape(participants, trials) - 1
        shape = (int(row[-1, -1]) + 1, int(column.max()) + 1)
        participant = np.zeros(shape[0], dtype=np.int64)
        trial = np.zeros(shape, dtype=np.int64)
        missing = np.ones(shape, dtype=bool)
        participant[row] = np.arange(participants)[:, None]
        trial[row, column] = np.arange(trials)
        missing[row, column] = ~observed.responded
        if task.reset or task.is_stationary or task.schedule is not None:
            task = replace(task, blocks=1)
        return cls(task, observed.blocks, row, column, participant, trial, missing)

    def simulate(
        self, learner: Learner, values: Mapping[str, Floats], rng: np.random.Generator
    ) -> Dataset:
        """Simulate one data set per draw of the parameters, shape (draws, participants, trials)."""
        draws = len(next(iter(values.values())))
        rows, columns = self.missing.shape
        row_values = {name: drawn[:, self.participant].ravel() for name, drawn in values.items()}
        if self.task.schedule:
            means = np.tile(np.array(self.task.schedule.values)[self.trial], (draws, 1, 1))
        else:
            means = self.task.means(draws * rows, columns, rng)
        uniform = rng.random((draws * rows, columns, self.task.n_uniforms))
        missing = np.tile(self.missing, (draws, 1))
        behaviour = behave(learner, row_values, self.task, uniform, missing, means)

        def by_trial(array: Any) -> Any:
            """Rearrange values from rows and columns to participants and trials."""
            return array.reshape(draws, rows, *array.shape[1:])[:, self.row, self.column]

        return Dataset(
            choices=by_trial(behaviour.choices),
            rewards=by_trial(behaviour.rewards),
            blocks=self.blocks,
            means=by_trial(behaviour.means),
            outcomes=None if behaviour.outcomes is None else by_trial(behaviour.outcomes),
        )


def one_step_statistics(
    learner: Learner,
    task: Task,
    values: Mapping[str, Floats],
    observed: Dataset,
    rng: np.random.Generator,
) -> Statistics:
    """Compute statistics of choices that are each drawn given the observed history before them.

    The previous response and its reward are also read from the observed history. Parameters and
    return value are those of `forward_statistics`.
    """
    data = observed.observations(task)
    theta = np.stack([values[name] for name in learner.names], axis=-1)
    parts = []
    for part in _parts(values, observed.choices.size):
        choices = []
        for i in range(len(observed.choices)):
            p = choice_probabilities(learner, data.rows(slice(i, i + 1)), theta[part, i])
            choices.append(draw_choices(p, rng.random(p.shape[:-1])))
        drawn = np.where(observed.responded, np.stack(choices, axis=1), -1)
        data_sets = replace(observed, choices=drawn)
        parts.append(statistics(data_sets, task.neutral, task.n_arms, history=observed))
    return _joined(parts)


def choice_probabilities(learner: Learner, data: Observations, theta: Floats) -> Floats:
    """Choice probabilities of one participant, each given the observed history before the trial.

    ``data`` has shape (1, trials) and ``theta`` (draws, parameters), natural scale; the result has
    shape (draws, trials, arms). Where there was no response, it has no meaning.
    """
    from rlrecovery.likelihood.compiled import compiled_logits

    logits, _ = compiled_logits(learner)(data.choices, data.rewards, data.starts, theta)
    probabilities: Floats = softmax(logits, axis=-1)
    return probabilities


def _parts(values: Mapping[str, Floats], trials: int) -> Iterator[slice]:
    """Slices of the draws with at most `MAX_TRIALS` trials each, and at least one draw."""
    draws, step = len(next(iter(values.values()))), max(1, MAX_TRIALS // trials)
    yield from (slice(first, first + step) for first in range(0, draws, step))


def _joined(parts: Sequence[Statistics]) -> Statistics:
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
