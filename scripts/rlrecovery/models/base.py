"""The model contract: parameters, hidden state, a learning rule and a choice rule.

A model is defined once, elementwise over arms. The definition is used by the simulator on NumPy
arrays, by the likelihood inside a ``pytensor.scan``, by the compiled likelihood, which is generated
from it, and by figures of the hidden state. Its functions must therefore be limited to arithmetic
that NumPy arrays and PyTensor variables share: ``+ - * / **``, ``abs``, comparisons, and `log` and
`exp` of this module. The last axis of arrays holds the arms; parameters have length 1 along it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, logit

from rlrecovery.models.distributions import Distribution

State = dict[str, Any]

#: Replaces a probability of 0 before its logarithm is taken, because 0 is allowed as a true value.
SMALLEST = 1e-15


def positive(probability: Any) -> Any:
    """A probability, with `SMALLEST` in place of 0."""
    # A product rather than a sum: PyTensor may reorder sums, and 1 + 1e-15 - 1 is not 1e-15.
    return probability * (probability > 0) + SMALLEST * (probability <= 0)


def log(value: Any) -> Any:
    """Natural logarithm of a NumPy or PyTensor value."""
    return _elementwise("log", value)


def exp(value: Any) -> Any:
    """Exponential of a NumPy or PyTensor value."""
    return _elementwise("exp", value)


def _elementwise(function: str, value: Any) -> Any:
    if isinstance(value, float | int | np.ndarray | np.generic):
        return getattr(np, function)(value)
    import pytensor.tensor as pt  # imported here because the simulator does not need PyTensor

    return getattr(pt, function)(value)


def with_lapse(probability: Any, p: SimpleNamespace) -> Any:
    """Log-probability of an arm when a choice is random with probability ``p.lapse``.

    A random choice takes every arm with equal probability: (1 - lapse) * softmax + lapse / arms, as
    in Wilson & Collins (2019), eLife 8:e49547. Log-probabilities are valid log-odds, so they can be
    used wherever log-odds are expected. A lapse rate of 0 or 1 is replaced by 1e-15 or 1 - 1e-15.
    """
    return log(positive(1 - p.lapse) * probability + positive(p.lapse) / p.n_arms)


def outcome_shown(chosen: Any, p: SimpleNamespace) -> Any:
    """1 for arms whose outcome was shown, else 0: the chosen arm, or all under full feedback."""
    return 1.0 if p.full_feedback else chosen


class Transform(NamedTuple):
    """A map from a parameter's support to the real line, and its inverse.

    `to_real` and `to_natural` work elementwise on NumPy arrays. `slope` is the derivative of
    `to_natural` with respect to the unconstrained value, as a function of the natural value; the
    delta method uses it to convert standard errors to the natural scale.
    """

    to_real: Callable[[Any], Any]
    to_natural: Callable[[Any], Any]
    slope: Callable[[Any], Any]


def _log_of_zero_allowed(value: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(value)


TRANSFORMS: dict[str, Transform] = {
    "logit": Transform(logit, expit, lambda natural: natural * (1 - natural)),
    "log": Transform(_log_of_zero_allowed, np.exp, lambda natural: natural),
    "identity": Transform(np.asarray, np.asarray, np.ones_like),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a model.

    Attributes
    ----------
    name : str
        Name in the config, tables and figures.
    symbol : str
        Axis label, in mathtext without the dollar signs.
    meaning : str
        Short description for the report.
    support : tuple of float
        Smallest and largest possible value; the ends themselves are allowed as true values.
    transform : str
        Key of `TRANSFORMS`; maps the support to the real line.
    prior : Distribution
        Default prior on the natural scale, for estimation without pooling or with complete pooling.
    location, scale : Distribution
        Default priors of the population's location and SD on the unconstrained scale, for partial
        pooling.
    bounds : tuple of float
        Default bounds of estimates on the natural scale, for maximum likelihood.
    """

    name: str
    symbol: str
    meaning: str
    support: tuple[float, float]
    transform: str
    prior: Distribution
    location: Distribution
    scale: Distribution
    bounds: tuple[float, float]

    def to_real(self, value: Any) -> Any:
        """Convert from the natural to the unconstrained scale."""
        return TRANSFORMS[self.transform].to_real(value)

    def to_natural(self, value: Any) -> Any:
        """Convert from the unconstrained to the natural scale."""
        return TRANSFORMS[self.transform].to_natural(value)

    def slope(self, natural: Any) -> Any:
        """Derivative of the natural with respect to the unconstrained value."""
        return TRANSFORMS[self.transform].slope(natural)


@dataclass(frozen=True)
class Model:
    """A learning rule and a choice rule, defined elementwise over arms.

    Attributes
    ----------
    name : str
        Name in the config, tables and figures.
    title : str
        One-line description for the report.
    citation : str
        Source of the model.
    parameters : tuple of Parameter
        Free parameters, in the order used by every array of parameters.
    initial : callable
        ``initial(p) -> state``: hidden state before the first trial of a block, scalars by name.
    logit : callable
        ``logit(state, p) -> array``: log-odds of each arm; their softmax gives the choice.
    update : callable
        ``update(state, chosen, reward, p) -> state`` after a trial; ``chosen`` is 1 for the chosen
        arm and 0 elsewhere, ``reward`` has length 1 along the axis of arms, or holds each arm's
        own outcome under full feedback.
    fixed : tuple of (str, float)
        Fixed parameters and their values; they are not among `parameters`.
    lapse : bool
        Whether a choice is random with probability ``p.lapse``, see `with_lapse`.

    Notes
    -----
    ``p`` has the parameters and the attributes added by `Learner.bind`: ``start_value``, the
    initial value of every arm; ``neutral``, the outcome that is neither good nor bad; ``arm``, the
    index of the arm from 0; ``n_arms``, the number of arms; and ``full_feedback``, whether the
    outcomes of all arms are shown (see `outcome_shown`).
    """

    name: str
    title: str
    citation: str
    parameters: tuple[Parameter, ...]
    initial: Callable[[SimpleNamespace], State]
    logit: Callable[[State, SimpleNamespace], Any]
    update: Callable[[State, Any, Any, SimpleNamespace], State]
    fixed: tuple[tuple[str, float], ...] = ()
    lapse: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    def parameter(self, name: str) -> Parameter:
        """The free parameter with this name."""
        return self.parameters[self.names.index(name)]


@dataclass(frozen=True)
class Learner:
    """A model in a task, without parameter values and data.

    `start_value`, which applies unless it is a parameter, `full_feedback` and `neutral` are those
    of the task, see `rlrecovery.simulation.task.Task`.
    """

    model: Model
    n_arms: int
    start_value: float = 0.5
    full_feedback: bool = False
    neutral: float = 0.5

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the model's free parameters, in order."""
        return self.model.names

    def bind(self, values: Mapping[str, Any], arm: int | None = None) -> SimpleNamespace:
        """Combine parameter values and task for the functions of a model.

        The free parameters in `values`, NumPy or PyTensor, have a last axis of length 1, for the
        arms. The functions then compute all arms, along the last axis, or a single `arm`.
        """
        task = {name: value for name, value in vars(self).items() if name != "model"}
        task["arm"] = np.arange(self.n_arms, dtype=np.float64) if arm is None else float(arm)
        return SimpleNamespace(**(task | dict(self.model.fixed) | dict(values)))

    def choice_logits(self, state: State, p: SimpleNamespace, blank: Any) -> Any:
        """Log-odds of all arms, along the last axis, including lapses.

        `p` comes from `bind`, for all arms; `blank` has zeros in the shape of the result.
        """
        odds = self.model.logit(state, p) + blank
        if not self.model.lapse:
            return odds
        weights = exp(odds - odds.max(axis=-1, keepdims=True))
        return with_lapse(weights / weights.sum(axis=-1, keepdims=True), p)
