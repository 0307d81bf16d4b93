"""Reference likelihoods: the equations of the papers as plain loops, apart from the package.

The package defines a model once and uses the definition four times, so that a mistake in it would
be in all four. Each function here goes through one participant's trials with NumPy and
``scipy.special.logsumexp``; speed does not matter.

Conventions: a choice of -1 is a trial without a response; hidden state is reset where ``blocks``
changes; the likelihood of a choice uses the state before the trial's update. A reward that is a
list holds the outcomes of all arms (full feedback), and every arm learns from its own. With a
``lapse``, a choice is random with that probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp


@dataclass(frozen=True)
class Walk:
    """Log-probabilities, hidden states and probabilities of one participant, trial by trial."""

    pointwise: np.ndarray  # (trials,)
    states: dict[str, np.ndarray]  # name to (trials, arms), before each trial
    probabilities: np.ndarray  # (trials, arms)

    @property
    def value(self) -> float:
        return float(self.pointwise.sum())

    def renamed(self, **names: str) -> Walk:
        """The same with other names of states."""
        states = {names.get(name, name): values for name, values in self.states.items()}
        return Walk(self.pointwise, states, self.probabilities)


Rewards = Sequence[float] | Sequence[Sequence[float]]


def shown(choice: int, reward: float | Sequence[float]) -> dict[int, float]:
    """The outcomes that were shown, by arm: the chosen arm's, or all."""
    return dict(enumerate(reward)) if np.ndim(reward) else {choice: reward}


def obtained(choice: int, reward: float | Sequence[float]) -> float:
    """The chosen arm's outcome."""
    return reward[choice] if np.ndim(reward) else reward


def safe(probability):
    """A probability whose logarithm is finite."""
    return probability if probability > 0 else 1e-15


def mixed(log_p: np.ndarray, lapse: float | None) -> np.ndarray:
    """log((1 - lapse) P + lapse / K) of every arm. Zeros are `safe`."""
    if lapse is None:
        return log_p
    return np.log(safe(1 - lapse) * np.exp(log_p) + safe(lapse) / len(log_p))


def rescorla_wagner(
    theta: Sequence[float],
    choices: Sequence[int],
    rewards: Rewards,
    blocks: Sequence[int],
    n_arms: int,
    start_value: float,
    lapse: float | None = None,
) -> Walk:
    """Q_{t+1}(k) = Q_t(k) + alpha (r_t - Q_t(k)) for the chosen k; P(k) ~ exp(beta Q(k))."""
    alpha, beta = theta
    values, block = np.full(n_arms, float(start_value)), None
    pointwise, seen, probabilities = [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            values, block = np.full(n_arms, float(start_value)), this_block
        log_p = mixed(beta * values - logsumexp(beta * values), lapse)
        seen.append(values.copy())
        probabilities.append(np.exp(log_p))
        if choice < 0:
            pointwise.append(0.0)
            continue
        pointwise.append(log_p[choice])
        for k, outcome in shown(choice, reward).items():
            values[k] = values[k] + alpha * (outcome - values[k])
    return Walk(np.array(pointwise), {"q": np.array(seen)}, np.array(probabilities))


def rescorla_wagner_two_rates(
    theta: Sequence[float],
    choices: Sequence[int],
    rewards: Rewards,
    blocks: Sequence[int],
    n_arms: int,
    start_value: float,
    lapse: float | None = None,
) -> Walk:
    """Niv et al. (2012): delta = r - Q; Q += alpha+ delta if delta > 0, else alpha- delta."""
    alpha_positive, alpha_negative, beta = theta
    values, block = np.full(n_arms, float(start_value)), None
    pointwise, seen, probabilities = [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            values, block = np.full(n_arms, float(start_value)), this_block
        log_p = mixed(beta * values - logsumexp(beta * values), lapse)
        seen.append(values.copy())
        probabilities.append(np.exp(log_p))
        if choice < 0:
            pointwise.append(0.0)
            continue
        pointwise.append(log_p[choice])
        for k, outcome in shown(choice, reward).items():
            delta = outcome - values[k]
            if delta > 0:
                values[k] = values[k] + alpha_positive * delta
            else:
                values[k] = values[k] + alpha_negative * delta
    return Walk(np.array(pointwise), {"q": np.array(seen)}, np.array(probabilities))


def two_states(
    theta: Sequence[float],
    choices: Sequence[int],
    rewards: Rewards,
    blocks: Sequence[int],
    n_arms: int,
    start_value: float,
    lapse: float | None = None,
) -> Walk:
    """Wilson & Collins (2019), their RW + CK model, with the first Q a free parameter ``first``.

    CK_{t+1}(k) = CK_t(k) + alpha_c (a_t(k) - CK_t(k)), a_t(k) 1 for the chosen arm and 0 for the
    others; P(k) ~ exp(beta Q(k) + beta_c CK(k)). This is not one of the package's models: the
    tests use it to show that a second hidden state and a free start need no new code.
    """
    alpha, beta, alpha_c, beta_c, first = theta
    values, kernel, block = np.zeros(n_arms), np.zeros(n_arms), None
    pointwise, seen, habits, probabilities = [], [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            values, kernel, block = np.full(n_arms, float(first)), np.zeros(n_arms), this_block
        logits = beta * values + beta_c * kernel
        log_p = mixed(logits - logsumexp(logits), lapse)
        seen.append(values.copy())
        habits.append(kernel.copy())
        probabilities.append(np.exp(log_p))
        if choice < 0:
            pointwise.append(0.0)
            continue
        pointwise.append(log_p[choice])
        for k, outcome in shown(choice, reward).items():
            values[k] = values[k] + alpha * (outcome - values[k])
        for k in range(n_arms):
            kernel[k] = kernel[k] + alpha_c * ((1.0 if k == choice else 0.0) - kernel[k])
    states = {"q": np.array(seen), "c": np.array(habits)}
    return Walk(np.array(pointwise), states, np.array(probabilities))


def walked(theta, choices, rewards, blocks, n_arms, begin, judge, learn, lapse) -> Walk:
    """Trial by trial with a model's own three steps, all on plain arrays.

    ``begin()`` gives the states by name, ``judge(states)`` the log-probability of every arm, and
    ``learn(states, choice, reward)`` changes the states in place.
    """
    block, pointwise, seen, probabilities = None, [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            states, block = begin(), this_block
        log_p = mixed(judge(states), lapse)
        seen.append({name: values.copy() for name, values in states.items()})
        probabilities.append(np.exp(log_p))
        pointwise.append(log_p[choice] if choice >= 0 else 0.0)
        if choice >= 0:
            learn(states, choice, reward)
    states = {name: np.array([s[name] for s in seen]) for name in seen[0]}
    return Walk(np.array(pointwise), states, np.array(probabilities))


def softmax_of(logits):
    return logits - logsumexp(logits)


#: The outcome that is neither good nor bad, midway between 0 and 1.
NEUTRAL = 0.5


def random_responding(theta, choices, rewards, blocks, n_arms, start_value, lapse=None) -> Walk:
    """P(first arm) = b; the others share the rest evenly. Zeros are `safe`."""
    b, other = safe(theta[0]), safe(1 - theta[0])
    p = np.array([b, *[other / (n_arms - 1)] * (n_arms - 1)])
    p = np.log(p / p.sum())
    return walked(
        theta, choices, rewards, blocks, n_arms, dict, lambda s: p, lambda s, c, r: None, lapse
    )


def win_stay_lose_shift(theta, choices, rewards, blocks, n_arms, start_value, lapse=None) -> Walk:
    """P = 1 - eps + eps/K for the arm to stay with after a win; after a loss the other arms share
    1 - eps evenly, and every arm has eps/K besides."""
    eps = theta[0]

    def judge(states):
        last, won = states["last"]
        if last < 0:
            return np.full(n_arms, -np.log(n_arms))
        p = np.full(n_arms, safe(eps) / n_arms)
        if won:
            p[int(last)] += 1 - eps
        else:
            others = [k for k in range(n_arms) if k != last]
            p[others] += (1 - eps) / (n_arms - 1)
        return np.log(p / p.sum())

    def learn(states, choice, reward):
        states["last"][:] = choice, obtained(choice, reward) > NEUTRAL

    walk = walked(
        theta, choices, rewards, blocks, n_arms, lambda: {"last": np.array([-1.0, 0.0])},
        judge, learn, lapse,
    )  # fmt: skip
    last, won = walk.states["last"].T
    chosen = (last[:, None] == np.arange(n_arms)).astype(float)
    states = {"won": chosen * won[:, None], "lost": chosen * (1 - won[:, None])}
    return Walk(walk.pointwise, states, walk.probabilities)


def choice_kernel(theta, choices, rewards, blocks, n_arms, start_value, lapse=None) -> Walk:
    """CK += alpha_c (a - CK) for every arm; P ~ exp(beta_c CK)."""
    alpha_c, beta_c = theta

    def learn(states, choice, reward):
        states["kernel"] += alpha_c * (np.eye(n_arms)[choice] - states["kernel"])

    return walked(
        theta, choices, rewards, blocks, n_arms, lambda: {"kernel": np.zeros(n_arms)},
        lambda s: softmax_of(beta_c * s["kernel"]), learn, lapse,
    )  # fmt: skip


def rescorla_wagner_choice_kernel(
    theta, choices, rewards, blocks, n_arms, start_value, lapse=None
) -> Walk:
    """Wilson & Collins' fifth model: P ~ exp(beta Q + beta_c CK)."""
    alpha, beta, alpha_c, beta_c = theta
    return two_states(
        (alpha, beta, alpha_c, beta_c, start_value), choices, rewards, blocks, n_arms, None, lapse
    ).renamed(c="kernel")


def rescorla_wagner_sticky(
    theta, choices, rewards, blocks, n_arms, start_value, lapse=None
) -> Walk:
    """P ~ exp(beta Q + kappa) for the arm chosen last, exp(beta Q) for the others."""
    alpha, beta, kappa = theta

    def begin():
        return {"q": np.full(n_arms, float(start_value)), "last": np.zeros(n_arms)}

    def judge(states):
        logits = beta * states["q"]
        logits[states["last"] == 1] += kappa
        return softmax_of(logits)

    def learn(states, choice, reward):
        for k, outcome in shown(choice, reward).items():
            states["q"][k] += alpha * (outcome - states["q"][k])
        states["last"][:] = 0
        states["last"][choice] = 1

    return walked(theta, choices, rewards, blocks, n_arms, begin, judge, learn, lapse)


def values_alone(theta, choices, rewards, blocks, n_arms, start_value, beta, change, lapse) -> Walk:
    """Softmax of values that every trial changes, arm by arm.

    ``change(q, chosen, outcome, reward)``: outcome is the arm's own, None where it is not shown,
    and reward is that of the chosen arm.
    """

    def learn(states, choice, reward):
        old, outcomes = states["q"].copy(), shown(choice, reward)
        for k in range(n_arms):
            own = outcomes.get(k)
            states["q"][k] = change(old[k], k == choice, own, obtained(choice, reward))

    return walked(
        theta, choices, rewards, blocks, n_arms,
        lambda: {"q": np.full(n_arms, float(start_value))},
        lambda s: softmax_of(beta * s["q"]), learn, lapse,
    )  # fmt: skip


def rescorla_wagner_forgetting(
    theta, choices, rewards, blocks, n_arms, start_value, lapse=None
) -> Walk:
    """Arms whose outcome is not shown fall back towards the start value."""
    alpha, forgetting, beta = theta
    return values_alone(
        theta, choices, rewards, blocks, n_arms, start_value, beta,
        lambda q, chosen, outcome, reward: (
            q - forgetting * (q - start_value) if outcome is None else q + alpha * (outcome - q)
        ),
        lapse,
    )  # fmt: skip


def rescorla_wagner_counterfactual(
    theta, choices, rewards, blocks, n_arms, start_value, lapse=None
) -> Walk:
    """Arms that are not chosen learn from their own outcome or, where that is not shown, as if they
    had paid the reward mirrored at the neutral outcome."""
    alpha, alpha_u, beta = theta

    def change(q, chosen, outcome, reward):
        if chosen:
            return (1 - alpha) * q + alpha * reward
        seen = NEUTRAL - (reward - NEUTRAL) if outcome is None else outcome
        return (1 - alpha_u) * q + alpha_u * seen

    return values_alone(theta, choices, rewards, blocks, n_arms, start_value, beta, change, lapse)


def pearce_hall(theta, choices, rewards, blocks, n_arms, start_value, lapse=None) -> Walk:
    """delta = r - Q; Q += alpha A delta; A = eta min(1, |delta|) + (1 - eta) A, A from 1."""
    alpha, eta, beta = theta

    def begin():
        return {"q": np.full(n_arms, float(start_value)), "rate": np.ones(n_arms)}

    def learn(states, choice, reward):
        for k, outcome in shown(choice, reward).items():
            delta = outcome - states["q"][k]
            states["q"][k] += alpha * states["rate"][k] * delta
            size = min(1.0, abs(delta))
            states["rate"][k] = eta * size + (1 - eta) * states["rate"][k]

    return walked(
        theta, choices, rewards, blocks, n_arms, begin, lambda s: softmax_of(beta * s["q"]), learn,
        lapse,
    )  # fmt: skip


def kalman_filter(theta, choices, rewards, blocks, n_arms, start_value, lapse=None) -> Walk:
    """Bayes' rule for a normal value seen with a variance of 1: precisions add; then all drift."""
    prior_variance, drift, beta = theta

    def begin():
        return {
            "q": np.full(n_arms, float(start_value)),
            "variance": np.full(n_arms, float(prior_variance)),
        }

    def learn(states, choice, reward):
        for k, outcome in shown(choice, reward).items():
            mean, spread = states["q"][k], states["variance"][k]
            states["q"][k] = (mean + spread * outcome) / (1 + spread)
            states["variance"][k] = spread / (1 + spread)
        states["variance"] += drift

    return walked(
        theta, choices, rewards, blocks, n_arms, begin, lambda s: softmax_of(beta * s["q"]), learn,
        lapse,
    )  # fmt: skip


#: From a model's name to its likelihood.
WALKS: dict[str, Callable[..., Walk]] = {
    "rescorla_wagner": rescorla_wagner,
    "rescorla_wagner_two_rates": rescorla_wagner_two_rates,
    "random_responding": random_responding,
    "win_stay_lose_shift": win_stay_lose_shift,
    "choice_kernel": choice_kernel,
    "rescorla_wagner_choice_kernel": rescorla_wagner_choice_kernel,
    "rescorla_wagner_sticky": rescorla_wagner_sticky,
    "rescorla_wagner_forgetting": rescorla_wagner_forgetting,
    "rescorla_wagner_counterfactual": rescorla_wagner_counterfactual,
    "pearce_hall": pearce_hall,
    "kalman_filter": kalman_filter,
    "two_states": two_states,
}


def central_differences(
    function: Callable[[np.ndarray], float], theta: Sequence[float], step: float = 3e-5
) -> np.ndarray:
    """Gradient by the five-point stencil, whose error is of fourth order in the step.

    A longer step would more often reach over a kink, such as where an error of 1 is.
    """
    theta, gradient = np.asarray(theta, dtype=float), []
    for j in range(len(theta)):
        h = np.zeros(len(theta))
        h[j] = step
        near = function(theta + h) - function(theta - h)
        far = function(theta + 2 * h) - function(theta - 2 * h)
        gradient.append((8 * near - far) / (12 * step))
    return np.array(gradient)
