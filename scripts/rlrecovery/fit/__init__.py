"""Estimators: maximum likelihood, Bayes by sampling or by a grid, a mock; one small interface."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from rlrecovery.fit.base import Fitter, Setting

#: From the ``estimator`` of a method to the fitter in the module of that name.
FITTERS = {
    "mle": "MaximumLikelihood",
    "bayes": "Bayes",
    "quadrature": "Quadrature",
    "mock": "Mock",
}


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
    An estimator's module is imported when it is asked for: maximum likelihood does not pay for
    PyMC, and a change in one estimator's code does not count as a change in the others'.
    """
    name = method["estimator"]
    if name not in FITTERS:
        raise ValueError(f"unknown estimator {name!r}; known are {', '.join(FITTERS)}")
    module = import_module(f"{__name__}.{name}")
    return getattr(module, FITTERS[name]).of(method, setting)
