"""Cognitive models: each is said once, elementwise over arms, and used four times.

The simulator runs a model's functions on NumPy arrays, the likelihood runs the same functions
inside a ``pytensor.scan``, and figures trace hidden state with them. So they may use only the
arithmetic that NumPy arrays and PyTensor variables share: ``+ - * / **``, ``abs``, comparisons, and
`log` of this module. Everything has the arms as its last axis; a parameter has length 1 there.

To add a model, write one `Model` and put it into `MODELS`; nothing else changes. A variant of one
(a lapse rate, a parameter at a fixed value, a free start value) is made by `find_model`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from rlrecovery.models.distributions import Distribution

if TYPE_CHECKING:
    from rlrecovery.simulate.task import Task

State = dict[str, Any]

#: Stands for a probability of 0 where its logarithm is taken: 0 and 1 are allowed as truths.
SMALLEST = 1e-15


def positive(probability: Any) -> Any:
    """A probability, `SMALLEST` in place of 0."""
    # A product, not a sum: of sums PyTensor may change the order, and 1 + 1e-15 - 1 is not 1e-15.
    return probability * (probability > 0) + SMALLEST * (probability <= 0)


def log(value: Any) -> Any:
    """Natural logarithm of NumPy or PyTensor values, for the functions of a model."""
    if isinstance(value, float | int | np.ndarray | np.generic):
        return np.log(value)
    import pytensor.tensor as pt  # the simulator needs no PyTensor

    return pt.log(value)


def exp(value: Any) -> Any:
    """Exponential of NumPy or PyTensor values."""
    if isinstance(value, float | int | np.ndarray | np.generic):
        return np.exp(value)
    import pytensor.tensor as pt

    return pt.exp(value)


def with_lapse(probability: Any, p: SimpleNamespace) -> Any:
    """Log-probability of an arm that is chosen at random with probability ``p.lapse``.

    Every arm is then equally likely: (1 - lapse) * softmax + lapse / arms, as in Wilson & Collins
    (2019), eLife 8:e49547. Logarithms of probabilities are log-odds too, so that whatever takes
    log-odds takes these. At a lapse of 0 or 1, 1e-15 stands in its place.
    """
    return log(positive(1 - p.lapse) * probability + positive(p.lapse) / p.n_arms)


def shown(chosen: Any, p: SimpleNamespace) -> Any:
    """1 for arms whose outcome was shown, else 0: the chosen arm, or all where feedback is full."""
    return 1.0 if p.full else chosen


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
        arm and 0 elsewhere, ``reward`` has length 1 on the axis of arms, or each arm's own outcome
        where feedback is full.
    fixed : tuple of (str, float)
        Parameters that are held at a value, and so are not among `parameters`.
    lapse : bool
        Whether a choice is random with probability ``p.lapse``, see `with_lapse`.
    neutral : float
        The task's neutral outcome, see `facing`.

    Notes
    -----
    ``p`` carries the parameters and ``p.start_value``, the start value of Q, ``p.neutral``, the
    outcome that is neither good nor bad, ``p.arm``, the place of the arm from 0, ``p.n_arms``, the
    number of arms, and ``p.full``, whether the outcomes of all arms are shown (`shown` says of
    which).
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
    neutral: float = 0.5

    def facing(self, task: Task) -> Model:
        """The same model where a task says which outcome is neither good nor bad."""
        return replace(self, neutral=task.neutral)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters, in order."""
        return tuple(parameter.name for parameter in self.parameters)

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name."""
        return self.parameters[self.names.index(name)]

    def bind(
        self,
        values: Mapping[str, Any],
        start_value: float,
        n_arms: int,
        arm: Any = None,
        full: bool = False,
    ) -> SimpleNamespace:
        """Parameters as the functions of a model take them.

        Parameters
        ----------
        values : mapping
            Free parameters by name, NumPy or PyTensor, with a last axis of length 1 for the arms.
        start_value : float
            Value of every arm before the first trial of a block, unless that is a parameter.
        n_arms : int
            Number of arms.
        arm : int, optional
            The one arm that the functions are applied to; all of them, along the last axis, if it
            is not given.
        full : bool
            Whether the outcomes of all arms are shown, or that of the chosen one alone.
        """
        arm = np.arange(n_arms, dtype=np.float64) if arm is None else float(arm)
        known = {"start_value": start_value, "arm": arm, "n_arms": n_arms, "full": full}
        known["neutral"] = self.neutral
        return SimpleNamespace(**(known | dict(self.fixed) | dict(values)))

    def choice_logits(self, state: State, p: SimpleNamespace, blank: Any) -> Any:
        """Log-odds of all arms, along the last axis, lapses included.

        Parameters
        ----------
        state : dict
            Hidden state, NumPy or PyTensor.
        p : SimpleNamespace
            From `bind`, for all arms.
        blank : array
            Zeros in the shape of the result.
        """
        odds = self.logit(state, p) + blank
        if not self.lapse:
            return odds
        weights = exp(odds - odds.max(axis=-1, keepdims=True))
        return with_lapse(weights / weights.sum(axis=-1, keepdims=True), p)


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


def inverse_temperature(name: str, symbol: str, meaning: str) -> Parameter:
    """A non-negative weight in the softmax with the default priors of the field."""
    return _non_negative(name, symbol, meaning, 10, {"mu": 1, "sigma": 1})


def variance(name: str, symbol: str, meaning: str, location: float) -> Parameter:
    """A variance in units of the outcomes' own, with a typical value of exp(location)."""
    return _non_negative(name, symbol, meaning, 2, {"mu": location, "sigma": 1.5})


def _non_negative(
    name: str, symbol: str, meaning: str, sigma: float, location: Mapping[str, float]
) -> Parameter:
    """A parameter from 0 up: SD of its half-normal prior, and the normal one of its location."""
    return Parameter(
        name=name,
        symbol=symbol,
        meaning=meaning,
        support=(0.0, float("inf")),
        transform="log",
        prior=Distribution.of("HalfNormal", {"sigma": sigma}),
        location=Distribution.of("Normal", location),
        scale=Distribution.of("HalfNormal", {"sigma": 1}),
    )


ALPHA = learning_rate("alpha", r"\alpha", "learning rate")
BETA = inverse_temperature("beta", r"\beta", "inverse temperature")
CHOICE_RATE = learning_rate("alpha_choice", r"\alpha_c", "learning rate of the choice kernel")
CHOICE_WEIGHT = inverse_temperature("beta_choice", r"\beta_c", "weight of the choice kernel")
LAPSE = learning_rate("lapse", r"\lambda", "probability of a random choice")
START_VALUE = Parameter(
    name="start_value",
    symbol="Q_0",
    meaning="value of every arm before the first trial",
    support=(float("-inf"), float("inf")),
    transform="identity",
    prior=Distribution.of("Normal", {"mu": 0.5, "sigma": 0.5}),
    location=Distribution.of("Normal", {"mu": 0.5, "sigma": 0.5}),
    scale=Distribution.of("HalfNormal", {"sigma": 0.5}),
)
STICKINESS = Parameter(
    name="stickiness",
    symbol=r"\kappa",
    meaning="stickiness: log-odds of the last choice beyond its value",
    support=(float("-inf"), float("inf")),
    transform="identity",
    prior=Distribution.of("Normal", {"mu": 0, "sigma": 2}),
    location=Distribution.of("Normal", {"mu": 0, "sigma": 1}),
    scale=Distribution.of("HalfNormal", {"sigma": 1}),
)


def _start(p: SimpleNamespace) -> State:
    return {"q": p.start_value}


def _softmax_of_values(state: State, p: SimpleNamespace) -> Any:
    return p.beta * state["q"]


def _delta_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    return {"q": state["q"] + p.alpha * shown(chosen, p) * (reward - state["q"])}


def _two_rates_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    error = reward - state["q"]
    rate = p.alpha_positive * (error > 0) + p.alpha_negative * (error <= 0)
    return {"q": state["q"] + rate * shown(chosen, p) * error}


RESCORLA_WAGNER = Model(
    name="rescorla_wagner",
    title="Rescorla-Wagner learning with softmax choice",
    citation=(
        "Rescorla & Wagner (1972), in Classical Conditioning II; softmax choice as in "
        "Wilson & Collins (2019), eLife 8:e49547"
    ),
    parameters=(ALPHA, BETA),
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


def _side_bias(state: State, p: SimpleNamespace) -> Any:
    odds = positive(p.side_bias) / positive(1 - p.side_bias)
    return 1.0 * (p.arm == 0) * log(odds * (p.n_arms - 1))


RANDOM_RESPONDING = Model(
    name="random_responding",
    title="Random responding with a bias for the first arm",
    citation="Wilson & Collins (2019), eLife 8:e49547",
    parameters=(learning_rate("side_bias", "b", "probability of the first arm"),),
    initial=lambda p: {},
    logit=_side_bias,
    update=lambda state, chosen, reward, p: {},
)


def _win_or_lose(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    return {"won": chosen * (reward > p.neutral), "lost": chosen * (reward <= p.neutral)}


def _stay_or_shift(state: State, p: SimpleNamespace) -> Any:
    """With probability epsilon any arm is chosen, else the rule is followed."""
    lapse = positive(p.epsilon) / p.n_arms
    stay = log((1 - p.epsilon + lapse) / lapse)
    shift = log(((1 - p.epsilon) / (p.n_arms - 1) + lapse) / lapse)
    return stay * state["won"] - shift * state["lost"]


WIN_STAY_LOSE_SHIFT = Model(
    name="win_stay_lose_shift",
    title="Noisy win-stay, lose-shift; a win is a reward above the neutral one",
    citation="Wilson & Collins (2019), eLife 8:e49547",
    parameters=(learning_rate("epsilon", r"\epsilon", "probability of a random choice"),),
    initial=lambda p: {"won": 0.0, "lost": 0.0},
    logit=_stay_or_shift,
    update=_win_or_lose,
)


def _kernel_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    return {"kernel": state["kernel"] + p.alpha_choice * (chosen - state["kernel"])}


CHOICE_KERNEL = Model(
    name="choice_kernel",
    title="Choice kernel: what was chosen often is chosen again",
    citation="Wilson & Collins (2019), eLife 8:e49547",
    parameters=(CHOICE_RATE, CHOICE_WEIGHT),
    initial=lambda p: {"kernel": 0.0},
    logit=lambda state, p: p.beta_choice * state["kernel"],
    update=_kernel_rule,
)

RESCORLA_WAGNER_CHOICE_KERNEL = Model(
    name="rescorla_wagner_choice_kernel",
    title="Rescorla-Wagner learning with a choice kernel",
    citation="Wilson & Collins (2019), eLife 8:e49547",
    parameters=(ALPHA, BETA, CHOICE_RATE, CHOICE_WEIGHT),
    initial=lambda p: {"q": p.start_value, "kernel": 0.0},
    logit=lambda state, p: p.beta * state["q"] + p.beta_choice * state["kernel"],
    update=lambda state, chosen, reward, p: {
        **_delta_rule(state, chosen, reward, p),
        **_kernel_rule(state, chosen, reward, p),
    },
)

RESCORLA_WAGNER_STICKY = Model(
    name="rescorla_wagner_sticky",
    title="Rescorla-Wagner learning with perseveration",
    citation="Lau & Glimcher (2005), Journal of the Experimental Analysis of Behavior 84:555",
    parameters=(ALPHA, BETA, STICKINESS),
    initial=lambda p: {"q": p.start_value, "last": 0.0},
    logit=lambda state, p: p.beta * state["q"] + p.stickiness * state["last"],
    update=lambda state, chosen, reward, p: {
        **_delta_rule(state, chosen, reward, p),
        "last": chosen,
    },
)

RESCORLA_WAGNER_FORGETTING = Model(
    name="rescorla_wagner_forgetting",
    title=(
        "Rescorla-Wagner learning; values of arms whose outcome is not shown fall back to where "
        "they started"
    ),
    citation=(
        "Collins & Frank (2012), European Journal of Neuroscience 35:1024; with a start value of 0 "
        "as in Ito & Doya (2009), Journal of Neuroscience 29:9861"
    ),
    parameters=(ALPHA, learning_rate("forgetting", r"\varphi", "rate of forgetting"), BETA),
    initial=_start,
    logit=_softmax_of_values,
    update=lambda state, chosen, reward, p: {
        "q": state["q"]
        + p.alpha * shown(chosen, p) * (reward - state["q"])
        + p.forgetting * (1 - shown(chosen, p)) * (p.start_value - state["q"])
    },
)


def _counterfactual_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    """Without an outcome of its own, an arm learns from the reward's mirror image."""
    other = reward if p.full else 2 * p.neutral - reward
    mine = p.alpha * chosen * (reward - state["q"])
    return {"q": state["q"] + mine + p.alpha_other * (1 - chosen) * (other - state["q"])}


RESCORLA_WAGNER_COUNTERFACTUAL = Model(
    name="rescorla_wagner_counterfactual",
    title=(
        "Rescorla-Wagner learning; arms not chosen learn from their own outcome or, where that is "
        "not shown, from the reward mirrored at the neutral one: 1 - r for rewards of 0 and 1"
    ),
    citation="Gläser, Hampton & O'Doherty (2009), Cerebral Cortex 19:483",
    parameters=(
        ALPHA,
        learning_rate("alpha_other", r"\alpha_u", "learning rate of arms not chosen"),
        BETA,
    ),
    initial=_start,
    logit=_softmax_of_values,
    update=_counterfactual_rule,
)


def _associability_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    """Errors above 1 count as 1: with a learning rate above 1 values would run away."""
    error, rate = reward - state["q"], state["rate"]
    size = abs(error) * (abs(error) < 1) + (abs(error) >= 1)
    return {
        "q": state["q"] + p.kappa * rate * shown(chosen, p) * error,
        "rate": rate + p.eta * shown(chosen, p) * (size - rate),
    }


PEARCE_HALL = Model(
    name="pearce_hall",
    title="Pearce-Hall learning: the learning rate follows the size of recent errors",
    citation=(
        "Pearce & Hall (1980), Psychological Review 87:532; as in Li, Schiller, Schoenbaum, Phelps "
        "& Daw (2011), Nature Neuroscience 14:1250"
    ),
    parameters=(
        learning_rate("kappa", r"\kappa", "learning rate at an associability of 1"),
        learning_rate("eta", r"\eta", "rate at which associability follows the errors"),
        BETA,
    ),
    initial=lambda p: {"q": p.start_value, "rate": 1.0},
    logit=_softmax_of_values,
    update=_associability_rule,
)


def _kalman_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    seen = shown(chosen, p)
    gain = seen * state["variance"] / (state["variance"] + 1)
    # With outcomes of variance 1 the variance of a value that was just seen is its gain.
    return {
        "q": state["q"] + gain * (reward - state["q"]),
        "variance": gain + (1 - seen) * state["variance"] + p.drift,
    }


KALMAN_FILTER = Model(
    name="kalman_filter",
    title="Kalman filter: learning by uncertainty, in arms whose values are random walks",
    citation=(
        "Daw, O'Doherty, Dayan, Seymour & Dolan (2006), Nature 441:876, here without decay towards "
        "a centre and with outcomes of variance 1"
    ),
    parameters=(
        variance("prior_variance", "v_0", "variance of values before the first trial", 0.0),
        variance("drift", r"\omega", "variance that a trial adds to every value", -2.0),
        BETA,
    ),
    initial=lambda p: {"q": p.start_value, "variance": p.prior_variance},
    logit=_softmax_of_values,
    update=_kalman_rule,
)

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        RESCORLA_WAGNER,
        RESCORLA_WAGNER_TWO_RATES,
        RANDOM_RESPONDING,
        WIN_STAY_LOSE_SHIFT,
        CHOICE_KERNEL,
        RESCORLA_WAGNER_CHOICE_KERNEL,
        RESCORLA_WAGNER_STICKY,
        RESCORLA_WAGNER_FORGETTING,
        RESCORLA_WAGNER_COUNTERFACTUAL,
        PEARCE_HALL,
        KALMAN_FILTER,
    )
}


def find_model(spec: str | Mapping[str, Any]) -> Model:
    """The model of a name, or a variant of it.

    Parameters
    ----------
    spec : str or mapping
        A key of `MODELS`, or one entry of the config's ``variants`` with its ``name``: ``model``
        (a key of `MODELS`), ``fixed`` (values by parameter), ``lapse`` (whether it has a lapse
        rate) and ``start_value`` (``"task"``, or ``"free"`` where it is a parameter).
    """
    if isinstance(spec, str):
        return MODELS[spec]
    fixed = tuple(sorted(spec.get("fixed", {}).items()))
    free_start = spec.get("start_value", "task") == "free"
    return _variant(MODELS[spec["model"]], spec["name"], fixed, bool(spec.get("lapse")), free_start)


@functools.cache
def _variant(
    base: Model, name: str, fixed: tuple[tuple[str, float], ...], lapse: bool, free_start: bool
) -> Model:
    """One object per variant: machine code is remembered by it."""
    parameters = (*base.parameters, *[LAPSE] * lapse, *[START_VALUE] * free_start)
    changes = [
        *(["with a lapse rate"] if lapse else []),
        *(["with the start value as a parameter"] if free_start else []),
        *(f"{parameter} fixed at {value:g}" for parameter, value in fixed),
    ]
    return replace(
        base,
        name=name,
        title=", ".join([base.title, *changes]),
        parameters=tuple(p for p in parameters if p.name not in dict(fixed)),
        fixed=fixed,
        lapse=lapse,
    )


def every_parameter() -> Iterator[Parameter]:
    """The parameters of all models, then those that variants add."""
    for model in MODELS.values():
        yield from model.parameters
    yield from (LAPSE, START_VALUE)
