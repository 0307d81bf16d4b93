"""Data sets of a calibration: truths drawn from the priors, and choices simulated from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rlrecovery.calibration.generator import PriorGenerator
from rlrecovery.calibration.truths import Truths, draw_truths
from rlrecovery.likelihood.data import Observations, observations
from rlrecovery.simulation.behaviour import respond


class DataSet(NamedTuple):
    """One simulated data set: its number, its true parameters and its observations."""

    replicate: int
    truths: Truths
    data: Observations


def simulated(generator: PriorGenerator, replicates: Sequence[int]) -> list[DataSet]:
    """Simulate data sets by the fitted model.

    They are simulated together, but from random numbers of their own: each is the same as when it
    is simulated alone.
    """
    task, setting = generator.task.task(), generator.setting()
    n, trials = generator.participants, generator.trials
    truths = [
        draw_truths(generator.method.settings, setting.model, n, generator.rng(r, "truth"))
        for r in replicates
    ]
    values = {
        name: np.concatenate([truth.natural[name] for truth in truths])
        for name in setting.model.names
    }
    shape = (n, trials, task.n_uniforms)
    uniform = np.concatenate([generator.rng(r, "trials").random(shape) for r in replicates])
    rngs = [generator.rng(r, "means") for r in replicates] if task.drift else []
    missing = np.tile(task.missing(n, trials), (len(replicates), 1))
    means = task.means(n, trials, *rngs)
    responses = respond(setting.learner, values, task, uniform, missing, means)
    shown = responses.rewards if responses.outcomes is None else responses.outcomes
    blocks = np.tile(task.block_of_trial(trials) * task.reset, (n * len(replicates), 1))
    data = observations(responses.choices, shown, blocks)
    return [
        DataSet(replicate, truth, data.rows(slice(i * n, (i + 1) * n)))
        for i, (replicate, truth) in enumerate(zip(replicates, truths, strict=True))
    ]
