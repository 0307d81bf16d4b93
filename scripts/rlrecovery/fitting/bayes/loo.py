"""Leave-one-out cross-validation of single choices."""

from __future__ import annotations

import numpy as np
from arviz_stats.base.array import array_stats

from rlrecovery.fitting.estimates import NAN
from rlrecovery.likelihood.compiled import compiled_pointwise
from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Learner
from rlrecovery.simulation.task import Floats


def leave_one_out(learner: Learner, data: Observations, draws: Floats) -> dict[str, float]:
    """Compute the expected log predictive density of single choices.

    Leave-one-out cross-validation by Pareto-smoothed importance sampling (Vehtari, Gelman & Gabry
    2017, Statistics and Computing 27:1413), as implemented in ArviZ. Only the likelihood of the
    left-out choice is removed from the posterior; its effect on hidden state in later trials is
    kept.

    Parameters
    ----------
    learner : Learner
        The fitted model in the task.
    data : Observations
        Data of the participants to whom the draws apply.
    draws : float array, shape (chains, draws, parameters)
        Posterior draws, natural scale.

    Returns
    -------
    dict
        ``elpd_loo``, and ``pareto_k``, the largest of all choices.
    """
    function = compiled_pointwise(learner)
    theta = np.ascontiguousarray(draws.reshape(-1, draws.shape[-1]))
    ess = [float(array_stats.ess(draws[:, :, j], method="mean")) for j in range(draws.shape[2])]
    efficiency = float(np.clip(np.nanmean([*ess, np.nan]) / len(theta), 1e-3, 1.0))
    total, worst = 0.0, -np.inf
    for i in range(len(data.choices)):
        rows = data.rows(slice(i, i + 1))
        arrays = map(np.ascontiguousarray, (rows.choices, rows.rewards, rows.starts))
        pointwise = function(*arrays, theta)[:, rows.choices[0] >= 0]
        # The density of a choice that depends on no parameter, such as the first, is constant.
        constant = np.ptp(pointwise, axis=0) < 1e-10
        total += float(pointwise[0, constant].sum())
        if not constant.all():
            table = pointwise[:, ~constant].T.reshape(-1, *draws.shape[:2])
            density, k, _ = array_stats.loo(table, r_eff=efficiency)
            total, worst = total + float(np.sum(density)), max(worst, float(np.max(k)))
    return {"elpd_loo": total, "pareto_k": worst if np.isfinite(worst) else NAN}
