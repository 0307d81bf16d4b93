"""Cognitive models: each is said once, elementwise over arms, and used four times.

The simulator runs a model's functions on NumPy arrays, the likelihood runs the same functions
inside a ``pytensor.scan``, and figures trace hidden state with them. So they may use only the
arithmetic that NumPy arrays and PyTensor variables share: ``+ - * / **`` and comparisons.
Everything has the arms as its last axis; a parameter has length 1 there.

To add a model, write one `Model` and put it into `MODELS`; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from scipy.special import expit, logit

from rlrecovery.distributions import Distribution

State = dict[str, Any]


@dataclass(frozen=True)
class Transform:
    """A map from a parameter's support to the real line and back.

    Attributes
    ----------
    name : str
        ``"logit"``, ``"log"`` or ``"identity"``.
    to_real, to_natural : callable
        The map and its inverse, elementwise on NumPy arrays.
    slope : callable
        Derivative of `to_natural` with respect to the unconstrained value, given the natural one;
        the delta method uses it to carry a standard error to the natural scale.
    """

    name: str
    to_real: Callable[[Any], Any]
    to_natural: Callable[[Any], Any]
    slope: Callable[[Any], Any]


def _log(value: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(value)


TRANSFORMS: dict[str, Transform] = {
    "logit": Transform("logit", logit, expit, lambda natural: natural * (1 - natural)),
    "log": Transform("log", _log, np.exp, lambda natural: natural),
    "identity": Transform("identity", np.asarray, np.asarray, np.ones_like),
}


@dataclass(frozen=True)
class Parameter:
    """One quantity of a model.

    Attributes
    ----------
    name : str
        As in config, tables and figures.
    symbol : str
        For axes, in mathtext without the dollar signs.
    meaning : str
        A few words for the report.
    support : tuple of float
        Lowest and highest possible value; the ends themselves are allowed as truths.
    transform : str
        Key of `TRANSFORMS`; takes the support to the real line.
    prior : Distribution
        On the natural scale, where participants are not pooled or are pooled completely.
    location, scale : Distribution
        Priors of the population's location and SD on the unconstrained scale (partial pooling).
    """

    name: str
    symbol: str
    meaning: str
    support: tuple[float, float]
    transform: str
    prior: Distribution
    location: Distribution
    scale: Distribution

    def to_real(self, value: Any) -> Any:
        """Natural to unconstrained scale."""
        return TRANSFORMS[self.transform].to_real(value)

    def to_natural(self, value: Any) -> Any:
        """Unconstrained to natural scale."""
        return TRANSFORMS[self.transform].to_natural(value)

    def slope(self, natural: Any) -> Any:
        """Derivative of the natural with respect to the unconstrained value."""
        return TRANSFORMS[self.transform].slope(natural)


@dataclass(frozen=True)
class Model:
    """A learning rule and a choice rule, elementwise over arms.

    Attributes
    ----------
    name : str
        As in config, tables and figures.
    title : str
        For people.
    citation : str
        Where the model comes from.
    parameters : tuple of Parameter
        The free parameters, in the order in which every array of parameters has them.
    initial : callable
        ``initial(p) -> state``: hidden state before the first trial of a block, scalars by name.
    logit : callable
        ``logit(state, p) -> array``: log-odds of each arm; softmax of it gives the choice.
    update : callable
        ``update(state, chosen, reward, p) -> state`` after a trial; ``chosen`` is 1 for the chosen
        arm and 0 elsewhere, ``reward`` has length 1 on the axis of arms.

    Notes
    -----
    ``p`` carries the free parameters and, as ``p.start_value``, the config's start value of Q.
    """

    name: str
    title: str
    citation: str
    parameters: tuple[Parameter, ...]
    initial: Callable[[SimpleNamespace], State]
    logit: Callable[[State, SimpleNamespace], Any]
    update: Callable[[State, Any, Any, SimpleNamespace], State]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name."""
        return self.parameters[self.names.index(name)]

    def bind(self, values: Mapping[str, Any], start_value: float) -> SimpleNamespace:
        """Parameters as the functions of a model take them.

        Parameters
        ----------
        values : mapping
            Free parameters by name, NumPy or PyTensor, with a last axis of length 1 for the arms.
        start_value : float
            Value of every arm before the first trial of a block.
        """
        return SimpleNamespace(start_value=start_value, **values)


def learning_rate(name: str, symbol: str, meaning: str) -> Parameter:
    """A learning rate in [0, 1] with the default priors of the field."""
    return Parameter(
        name=name,
        symbol=symbol,
        meaning=meaning,
        support=(0.0, 1.0),
        transform="logit",
        prior=Distribution.of("Beta", {"alpha": 1, "beta": 1}),
        location=Distribution.of("Normal", {"mu": 0, "sigma": 1.5}),
        scale=Distribution.of("HalfNormal", {"sigma": 1}),
    )


BETA = Parameter(
    name="beta",
    symbol=r"\beta",
    meaning="inverse temperature",
    support=(0.0, float("inf")),
    transform="log",
    prior=Distribution.of("HalfNormal", {"sigma": 10}),
    location=Distribution.of("Normal", {"mu": 1, "sigma": 1}),
    scale=Distribution.of("HalfNormal", {"sigma": 1}),
)


def _start(p: SimpleNamespace) -> State:
    return {"q": p.start_value}


def _softmax_of_values(state: State, p: SimpleNamespace) -> Any:
    return p.beta * state["q"]


def _delta_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    return {"q": state["q"] + p.alpha * chosen * (reward - state["q"])}


def _two_rates_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    error = reward - state["q"]
    rate = p.alpha_positive * (error > 0) + p.alpha_negative * (error <= 0)
    return {"q": state["q"] + rate * chosen * error}


RESCORLA_WAGNER = Model(
    name="rescorla_wagner",
    title="Rescorla-Wagner learning with softmax choice",
    citation=(
        "Rescorla & Wagner (1972), in Classical Conditioning II; softmax choice as in "
        "Wilson & Collins (2019), eLife 8:e49547"
    ),
    parameters=(learning_rate("alpha", r"\alpha", "learning rate"), BETA),
    initial=_start,
    logit=_softmax_of_values,
    update=_delta_rule,
)

RESCORLA_WAGNER_TWO_RATES = Model(
    name="rescorla_wagner_two_rates",
    title="Rescorla-Wagner learning with a rate for each sign of the prediction error",
    citation="Niv, Edlund, Dayan & O'Doherty (2012), Journal of Neuroscience 32:551",
    parameters=(
        learning_rate("alpha_positive", r"\alpha^{+}", "learning rate after positive errors"),
        learning_rate("alpha_negative", r"\alpha^{-}", "learning rate after negative errors"),
        BETA,
    ),
    initial=_start,
    logit=_softmax_of_values,
    update=_two_rates_rule,
)

MODELS: dict[str, Model] = {
    model.name: model for model in (RESCORLA_WAGNER, RESCORLA_WAGNER_TWO_RATES)
}
