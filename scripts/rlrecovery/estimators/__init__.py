"""Estimators: maximum likelihood, Bayes, and a mock, behind one small interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rlrecovery.estimators.base import Fitter, Setting


def make_fitter(method: Mapping[str, Any], setting: Setting) -> Fitter:
    """The fitter of a method, ready for one cell.

    Parameters
    ----------
    method : mapping
        An entry of the config's ``methods``.
    setting : Setting
        Model, task, sizes and interval levels.

    Notes
    -----
    Each estimator is imported when it is asked for: maximum likelihood does not pay for PyMC.
    """
    match method["estimator"]:
        case "mle":
            from rlrecovery.estimators.mle import MaximumLikelihood

            return MaximumLikelihood.of(method, setting)
        case "bayes":
            from rlrecovery.estimators.bayes import Bayes

            return Bayes.of(method, setting)
        case "mock":
            from rlrecovery.estimators.mock import Mock

            return Mock(setting)
    raise ValueError(f"unknown estimator {method['estimator']!r}")
