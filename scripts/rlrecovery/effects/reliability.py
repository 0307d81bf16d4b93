"""Agreement of the estimates of two sessions of the same participants, and with the truth."""

from __future__ import annotations

import numpy as np

from rlrecovery.effects.two_step import Points
from rlrecovery.fitting.estimates import NAN, Row
from rlrecovery.simulation.task import Floats

#: Fewest participants whose agreement is measured.
FEWEST = 3


def agreement(first: Points, second: Points, truth: Floats | None) -> Row:
    """Measure the agreement of two sessions in one parameter.

    Parameters
    ----------
    first, second : Points
        Estimates of both sessions; of the first one, those of the first condition are used.
    truth : float array, shape (participants,), optional
        True values of the participants, unconstrained scale; None if the parameter has none.

    Returns
    -------
    dict
        Columns of `rlrecovery.storage.schemas.RETEST_BATCH`, without replicate and parameter.
        Participants without a finite estimate of both sessions are left out. A correlation with
        the truth is missing where the true values do not vary.
    """
    x, y = first.real[0], second.real[0]
    used = np.isfinite(x) & np.isfinite(y)
    count, every = int(used.sum()), len(used)
    row: Row = dict.fromkeys(("icc", "retest_correlation", "truth_correlation"), NAN)
    row |= {"participants_used": count, "status": "ok", "reason": ""}
    if count < FEWEST:
        reason = f"{count} of {every} participants have finite estimates of both sessions"
        return row | {"status": "failed", "reason": reason}
    row |= {
        "icc": icc(x[used], y[used]),
        "retest_correlation": _correlation(x[used], y[used]),
        "truth_correlation": NAN if truth is None else _correlation(x[used], truth[used]),
    }
    if np.isnan(row["icc"]):
        return row | {"status": "failed", "reason": "the estimates of a session do not vary"}
    if count < every:
        reason = f"{every - count} of {every} participants have no finite estimate"
        return row | {"status": "not_converged", "reason": reason}
    return row


def icc(first: Floats, second: Floats) -> float:
    """Intraclass correlation ICC(3,1) of two sessions: their consistency.

    (MSR - MSE) / (MSR + MSE), with the mean squares of participants and of the residuals of a
    two-way analysis of variance (Shrout & Fleiss 1979, Psychol. Bull. 86:420). For two sessions it
    is twice their covariance divided by the sum of their variances. Both arrays have shape
    (participants,); NaN if neither varies.
    """
    x, y = first - first.mean(), second - second.mean()
    total = float(x @ x + y @ y)
    return 2 * float(x @ y) / total if total > 0 else NAN


def _correlation(x: Floats, y: Floats) -> float:
    """Pearson's correlation; NaN where one of the two is constant up to rounding."""
    x_rest, y_rest = x - x.mean(), y - y.mean()
    for values, rest in ((x, x_rest), (y, y_rest)):
        if rest @ rest <= 1e-20 * (values @ values):
            return NAN
    return float(np.clip(x_rest @ y_rest / np.sqrt((x_rest @ x_rest) * (y_rest @ y_rest)), -1, 1))
