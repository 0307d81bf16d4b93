"""Summary statistics of the choices that draws of parameters predict.

Choices are predicted in two ways. `forward_statistics` simulates the task again, so that
participants see the outcomes of their own choices. `one_step_statistics` draws every choice given
the observed history before it; a model may predict choices well in this way, but not reproduce the
data when it is simulated forward (Palminteri, Wyart & Koechlin 2017, Trends in Cognitive Sciences
21:425).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.special import softmax

from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Learner
from rlrecovery.predictive.dataset import Dataset
from rlrecovery.predictive.statistics import Statistics, statistics
from rlrecovery.simulation.behaviour import draw_choices
from rlrecovery.simulation.task import Floats, Task

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
    layout = observed.layout(task)
    parts = []
    for part in _parts(values, layout.missing.size):
        own = {name: v[part] for name, v in values.items()}
        drawn = observed.simulated_again(layout, learner, own, rng)
        if observed.means is None:
            drawn = replace(drawn, means=None)
        parts.append(statistics(drawn, task.neutral, task.n_arms))
    return _joined(parts)


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
