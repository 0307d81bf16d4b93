"""The log-likelihood as a function of NumPy arrays, by either engine.

PyTensor is not imported here, because jobs that find the compiled form of their model on disk do
not need it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from rlrecovery.likelihood.compiled import Compiled, compiled_gradient, compiled_values
from rlrecovery.likelihood.data import Observations
from rlrecovery.models.base import Learner
from rlrecovery.simulation.task import Floats

#: How a log-likelihood is computed; the values are the same. ``compiled``: code generated from the
#: model's definition. ``scan``: the definition itself.
Engine = Literal["compiled", "scan"]

#: ``(data, theta) -> (values, gradients)``, or only values.
Evaluator = Callable[[Observations, Floats], Any]


def value_and_gradient(learner: Learner, engine: Engine) -> Evaluator:
    """Prepare the log-likelihood and its gradient on the natural scale.

    Returns
    -------
    callable
        ``(data, theta) -> (values, gradients)`` with theta of shape (participants, parameters),
        values (participants,) and gradients of the shape of theta. Data of one participant can be
        combined with any number of rows of theta.
    """
    if engine == "scan":
        return _scan(learner)
    function = compiled_gradient(learner)
    return lambda data, theta: function(data.choices, data.rewards, data.starts, theta)


def values_only(learner: Learner, engine: Engine) -> Evaluator:
    """Prepare the log-likelihood without its gradient, for many points.

    Returns
    -------
    callable
        ``(data, theta) -> values``; see `value_and_gradient`.
    """
    if engine == "scan":
        both = _scan(learner)
        return lambda data, theta: both(data, theta)[0]
    return _Values(compiled_values(learner))


@dataclass(frozen=True)
class _Values:
    """The compiled log-likelihood; two of them are equal if they have the same compiled code."""

    function: Compiled

    def __call__(self, data: Observations, theta: Floats) -> Any:
        return self.function(data.choices, data.rewards, data.starts, theta)


def _scan(learner: Learner) -> Evaluator:
    from rlrecovery.likelihood.scan import scan_evaluator

    return scan_evaluator(learner)
