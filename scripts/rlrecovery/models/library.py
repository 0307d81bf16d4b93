"""The models, each defined once; `rlrecovery.models.base` states the contract.

To add a model, write one `Model` and add it to `MODELS`; the package needs no other change. The
tests also need the model in their reference loop.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from rlrecovery.models.base import Model, Parameter, State, log, outcome_shown, positive
from rlrecovery.models.distributions import Distribution


def _normal(mu: float, sigma: float) -> Distribution:
    return Distribution.of("Normal", {"mu": mu, "sigma": sigma})


def _half_normal(sigma: float) -> Distribution:
    return Distribution.of("HalfNormal", {"sigma": sigma})


# Below, `priors` are the prior of a value, and those of a population's location and SD; `bounds`
# are those of maximum likelihood. The likelihood often has no maximum in a softmax weight; beyond
# 50, choices cannot distinguish its values.


def learning_rate(
    name: str, symbol: str, meaning: str, bounds: tuple[float, float] = (0.01, 0.99)
) -> Parameter:
    """A parameter in [0, 1] with the usual default priors and bounds."""
    prior = Distribution.of("Beta", {"alpha": 1, "beta": 1})
    priors = prior, _normal(0, 1.5), _half_normal(1)
    return Parameter(name, symbol, meaning, (0.0, 1.0), "logit", *priors, bounds)


def inverse_temperature(name: str, symbol: str, meaning: str) -> Parameter:
    """A non-negative softmax weight with the usual default priors and bounds."""
    priors = _half_normal(10), _normal(1, 1), _half_normal(1)
    return Parameter(name, symbol, meaning, (0.0, math.inf), "log", *priors, (0.05, 50.0))


def variance(name: str, symbol: str, meaning: str, location: float) -> Parameter:
    """A variance relative to that of the outcomes, with typical value exp(location)."""
    priors = _half_normal(2), _normal(location, 1.5), _half_normal(1)
    return Parameter(name, symbol, meaning, (0.0, math.inf), "log", *priors, (0.001, 20.0))


def _unbounded(
    name: str, symbol: str, meaning: str, bounds: tuple[float, float], **priors: Distribution
) -> Parameter:
    """A parameter that can be any number."""
    support = (-math.inf, math.inf)
    return Parameter(name, symbol, meaning, support, "identity", bounds=bounds, **priors)


ALPHA = learning_rate("alpha", r"\alpha", "learning rate")
BETA = inverse_temperature("beta", r"\beta", "inverse temperature")
CHOICE_RATE = learning_rate("alpha_choice", r"\alpha_c", "learning rate of the choice kernel")
CHOICE_WEIGHT = inverse_temperature("beta_choice", r"\beta_c", "weight of the choice kernel")
# Its bounds are wide, because lapse rates are often close to 0.
LAPSE = learning_rate("lapse", r"\lambda", "probability of a random choice", (0.001, 0.999))
START_VALUE = _unbounded(
    "start_value",
    "Q_0",
    "value of every arm before the first trial",
    bounds=(-2.0, 3.0),
    prior=_normal(0.5, 0.5),
    location=_normal(0.5, 0.5),
    scale=_half_normal(0.5),
)
STICKINESS = _unbounded(
    "stickiness",
    r"\kappa",
    "stickiness: extra log-odds of the last choice",
    bounds=(-10.0, 10.0),
    prior=_normal(0, 2),
    location=_normal(0, 1),
    scale=_half_normal(1),
)


def _start(p: SimpleNamespace) -> State:
    return {"q": p.start_value}


def _softmax_of_values(state: State, p: SimpleNamespace) -> Any:
    return p.beta * state["q"]


def _delta_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    return {"q": state["q"] + p.alpha * outcome_shown(chosen, p) * (reward - state["q"])}


def _two_rates_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    error = reward - state["q"]
    rate = p.alpha_positive * (error > 0) + p.alpha_negative * (error <= 0)
    return {"q": state["q"] + rate * outcome_shown(chosen, p) * error}


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
    title="Rescorla-Wagner learning with separate rates for positive and negative errors",
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
    """Any arm is chosen at random with probability epsilon; otherwise the rule is followed."""
    lapse = positive(p.epsilon) / p.n_arms
    stay = log((1 - p.epsilon + lapse) / lapse)
    shift = log(((1 - p.epsilon) / (p.n_arms - 1) + lapse) / lapse)
    return stay * state["won"] - shift * state["lost"]


WIN_STAY_LOSE_SHIFT = Model(
    name="win_stay_lose_shift",
    title="Noisy win-stay, lose-shift; a win is a reward above the neutral outcome",
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
    title="Choice kernel: arms that were chosen often are chosen again",
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
    title="Rescorla-Wagner learning with perseveration: the last chosen arm has extra weight",
    citation=(
        "the one-lag case of Lau & Glimcher (2005), Journal of the Experimental Analysis of "
        "Behavior 84:555, whose regression has many lags"
    ),
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
        "Rescorla-Wagner learning with forgetting: values of arms whose outcome is not shown decay "
        "to the start value; nothing decays in a trial without a response"
    ),
    citation=(
        "Ito & Doya (2009), Journal of Neuroscience 29:9861, where values decay to 0; Collins & "
        "Frank (2012), European Journal of Neuroscience 35:1024, let the values of all arms decay"
    ),
    parameters=(ALPHA, learning_rate("forgetting", r"\varphi", "rate of forgetting"), BETA),
    initial=_start,
    logit=_softmax_of_values,
    update=lambda state, chosen, reward, p: {
        "q": state["q"]
        + p.alpha * outcome_shown(chosen, p) * (reward - state["q"])
        + p.forgetting * (1 - outcome_shown(chosen, p)) * (p.start_value - state["q"])
    },
)


def _counterfactual_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    """Under partial feedback, arms not chosen learn from the reward mirrored at the neutral one."""
    other = reward if p.full_feedback else 2 * p.neutral - reward
    chosen_step = p.alpha * chosen * (reward - state["q"])
    return {"q": state["q"] + chosen_step + p.alpha_other * (1 - chosen) * (other - state["q"])}


RESCORLA_WAGNER_COUNTERFACTUAL = Model(
    name="rescorla_wagner_counterfactual",
    title=(
        "Rescorla-Wagner learning with counterfactual updating: arms not chosen learn, at a rate "
        "of their own, from their own outcome or, under partial feedback, from the reward mirrored "
        "at the neutral outcome: 1 - r for rewards of 0 and 1"
    ),
    citation=(
        "after Gläscher, Hampton & O'Doherty (2009), Cerebral Cortex 19:483, whose model has one "
        "learning rate for both arms"
    ),
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
    """The size of an error is capped at 1, because values diverge at a learning rate above 1."""
    error, rate = reward - state["q"], state["rate"]
    size = abs(error) * (abs(error) < 1) + (abs(error) >= 1)
    return {
        "q": state["q"] + p.kappa * rate * outcome_shown(chosen, p) * error,
        "rate": rate + p.eta * outcome_shown(chosen, p) * (size - rate),
    }


PEARCE_HALL = Model(
    name="pearce_hall",
    title="Pearce-Hall learning: the learning rate follows the size of recent errors",
    citation=(
        "Pearce & Hall (1980), Psychological Review 87:532; as in Li, Schiller, Schoenbaum, Phelps "
        "& Daw (2011), Nature Neuroscience 14:1250"
    ),
    parameters=(
        learning_rate("kappa", r"\kappa", "learning rate at associability 1"),
        learning_rate("eta", r"\eta", "rate at which associability follows the size of errors"),
        BETA,
    ),
    initial=lambda p: {"q": p.start_value, "rate": 1.0},
    logit=_softmax_of_values,
    update=_associability_rule,
)


def _kalman_rule(state: State, chosen: Any, reward: Any, p: SimpleNamespace) -> State:
    seen = outcome_shown(chosen, p)
    gain = seen * state["variance"] / (state["variance"] + 1)
    # With outcomes of variance 1, the posterior variance of an observed value is its gain.
    return {
        "q": state["q"] + gain * (reward - state["q"]),
        "variance": gain + (1 - seen) * state["variance"] + p.drift,
    }


KALMAN_FILTER = Model(
    name="kalman_filter",
    title=(
        "Kalman filter: the learning rate follows the uncertainty of values that drift as random "
        "walks; nothing drifts in a trial without a response"
    ),
    citation=(
        "Daw, O'Doherty, Dayan, Seymour & Dolan (2006), Nature 441:876, here without decay towards "
        "a centre and with outcomes of variance 1"
    ),
    parameters=(
        variance("prior_variance", "v_0", "variance of values before the first trial", 0.0),
        variance("drift", r"\omega", "variance added to every value per trial", -2.0),
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


def every_parameter() -> Iterator[Parameter]:
    """All parameters of all models, followed by those that only variants have."""
    for model in MODELS.values():
        yield from model.parameters
    yield from (LAPSE, START_VALUE)
