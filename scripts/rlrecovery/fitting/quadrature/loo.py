"""Leave-one-out cross-validation of single choices, from an exact posterior."""

from __future__ import annotations

import numpy as np

from rlrecovery.likelihood.compiled import compiled_pointwise
from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Learner
from rlrecovery.simulation.task import Floats

#: Smaller masses are left out: a choice would have to be less probable than this to matter there.
NEGLIGIBLE = 1e-16

#: Points for which the log-probabilities of all choices are in memory at the same time.
GROUP_POINTS = 4_000


def leave_one_out(learner: Learner, data: Observations, points: Floats, mass: Floats) -> float:
    """Compute the expected log predictive density of single choices.

    The density of choice y given all others is 1 / E[1 / p(y)], the expectation being over the
    posterior given all choices (Gelfand, Dey & Chang 1992, Bayesian Statistics 4:147). On a grid
    this is exact; `rlrecovery.fitting.bayes.loo` estimates the same quantity from draws. Only the
    likelihood of the left-out choice is removed; its effect on hidden state in later trials is
    kept.

    Parameters
    ----------
    learner : Learner
        The fitted model in the task.
    data : Observations
        Data of the participants to whom the posterior applies.
    points : float array, shape (points, parameters)
        Points of the grid, natural scale.
    mass : float array, shape (points,)
        Their posterior mass.
    """
    kept = mass > NEGLIGIBLE
    points, mass = np.ascontiguousarray(points[kept]), mass[kept] / mass[kept].sum()
    function, total = compiled_pointwise(learner), 0.0
    for i in range(len(data.choices)):
        row = data.rows(slice(i, i + 1))
        arrays = [np.ascontiguousarray(a) for a in (row.choices, row.rewards, row.starts)]
        inverse = np.zeros(row.choices.shape[1])
        for first in range(0, len(points), GROUP_POINTS):
            group = slice(first, first + GROUP_POINTS)
            inverse += mass[group] @ np.exp(-function(*arrays, points[group]))
        total -= float(np.log(inverse)[row.choices[0] >= 0].sum())
    return total
