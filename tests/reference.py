"""Likelihoods written out from the papers' equations: plain loops, one participant, no package.

The package says a model once and uses it four times, so a mistake in that one place would be in
all four. These functions share nothing with it: each walks through one participant's trials with
NumPy and ``scipy.special.logsumexp`` and is slow on purpose.

Conventions: a choice of -1 is a trial without a response; a change of ``blocks`` starts the values
again; the choice of a trial is judged before its reward is learnt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp


@dataclass(frozen=True)
class Walk:
    """What one participant's walk through the trials gives."""

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


def rescorla_wagner(
    theta: Sequence[float],
    choices: Sequence[int],
    rewards: Sequence[float],
    blocks: Sequence[int],
    n_arms: int,
    start_value: float,
) -> Walk:
    """Q_{t+1}(k) = Q_t(k) + alpha (r_t - Q_t(k)) for the chosen k; P(k) ~ exp(beta Q(k))."""
    alpha, beta = theta
    values, block = np.full(n_arms, float(start_value)), None
    pointwise, seen, probabilities = [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            values, block = np.full(n_arms, float(start_value)), this_block
        log_p = beta * values - logsumexp(beta * values)
        seen.append(values.copy())
        probabilities.append(np.exp(log_p))
        if choice < 0:
            pointwise.append(0.0)
            continue
        pointwise.append(log_p[choice])
        values[choice] = values[choice] + alpha * (reward - values[choice])
    return Walk(np.array(pointwise), {"q": np.array(seen)}, np.array(probabilities))


def rescorla_wagner_two_rates(
    theta: Sequence[float],
    choices: Sequence[int],
    rewards: Sequence[float],
    blocks: Sequence[int],
    n_arms: int,
    start_value: float,
) -> Walk:
    """Niv et al. (2012): delta = r - Q; Q += alpha+ delta if delta > 0, else alpha- delta."""
    alpha_positive, alpha_negative, beta = theta
    values, block = np.full(n_arms, float(start_value)), None
    pointwise, seen, probabilities = [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            values, block = np.full(n_arms, float(start_value)), this_block
        log_p = beta * values - logsumexp(beta * values)
        seen.append(values.copy())
        probabilities.append(np.exp(log_p))
        if choice < 0:
            pointwise.append(0.0)
            continue
        pointwise.append(log_p[choice])
        delta = reward - values[choice]
        if delta > 0:
            values[choice] = values[choice] + alpha_positive * delta
        else:
            values[choice] = values[choice] + alpha_negative * delta
    return Walk(np.array(pointwise), {"q": np.array(seen)}, np.array(probabilities))


def two_states(
    theta: Sequence[float],
    choices: Sequence[int],
    rewards: Sequence[float],
    blocks: Sequence[int],
    n_arms: int,
    start_value: float,
) -> Walk:
    """Wilson & Collins (2019), their RW + CK model, with the first Q a free parameter ``first``.

    CK_{t+1}(k) = CK_t(k) + alpha_c (a_t(k) - CK_t(k)), a_t(k) 1 for the chosen arm and 0 for the
    others; P(k) ~ exp(beta Q(k) + beta_c CK(k)). A free start is not one of the package's models:
    the tests use it to show that a second hidden state and a free start need no new code.
    """
    alpha, beta, alpha_c, beta_c, first = theta
    values, kernel, block = np.zeros(n_arms), np.zeros(n_arms), None
    pointwise, seen, habits, probabilities = [], [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            values, kernel, block = np.full(n_arms, float(first)), np.zeros(n_arms), this_block
        logits = beta * values + beta_c * kernel
        log_p = logits - logsumexp(logits)
        seen.append(values.copy())
        habits.append(kernel.copy())
        probabilities.append(np.exp(log_p))
        if choice < 0:
            pointwise.append(0.0)
            continue
        pointwise.append(log_p[choice])
        values[choice] = values[choice] + alpha * (reward - values[choice])
        for k in range(n_arms):
            kernel[k] = kernel[k] + alpha_c * ((1.0 if k == choice else 0.0) - kernel[k])
    states = {"q": np.array(seen), "c": np.array(habits)}
    return Walk(np.array(pointwise), states, np.array(probabilities))


def walked(theta, choices, rewards, blocks, n_arms, begin, judge, learn) -> Walk:
    """Trial by trial with a model's own three steps, all on plain arrays.

    ``begin()`` gives the states by name, ``judge(states)`` the log-probability of every arm, and
    ``learn(states, choice, reward)`` changes the states in place.
    """
    block, pointwise, seen, probabilities = None, [], [], []
    for choice, reward, this_block in zip(choices, rewards, blocks, strict=True):
        if this_block != block:
            states, block = begin(), this_block
        log_p = judge(states)
        seen.append({name: values.copy() for name, values in states.items()})
        probabilities.append(np.exp(log_p))
        pointwise.append(log_p[choice] if choice >= 0 else 0.0)
        if choice >= 0:
            learn(states, choice, reward)
    states = {name: np.array([s[name] for s in seen]) for name in seen[0]}
    return Walk(np.array(pointwise), states, np.array(probabilities))


def safe(probability):
    """A probability whose logarithm is finite."""
    return probability if probability > 0 else 1e-15


def softmax_of(logits):
    return logits - logsumexp(logits)


def random_responding(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """P(first arm) = b; the others share the rest evenly. Zeros are `safe`."""
    b, other = safe(theta[0]), safe(1 - theta[0])
    p = np.array([b, *[other / (n_arms - 1)] * (n_arms - 1)])
    p = np.log(p / p.sum())
    return walked(theta, choices, rewards, blocks, n_arms, dict, lambda s: p, lambda s, c, r: None)


def win_stay_lose_shift(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
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
        states["last"][:] = choice, reward > start_value

    walk = walked(
        theta, choices, rewards, blocks, n_arms, lambda: {"last": np.array([-1.0, 0.0])},
        judge, learn,
    )  # fmt: skip
    last, won = walk.states["last"].T
    chosen = (last[:, None] == np.arange(n_arms)).astype(float)
    states = {"won": chosen * won[:, None], "lost": chosen * (1 - won[:, None])}
    return Walk(walk.pointwise, states, walk.probabilities)


def choice_kernel(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """CK += alpha_c (a - CK) for every arm; P ~ exp(beta_c CK)."""
    alpha_c, beta_c = theta

    def learn(states, choice, reward):
        states["kernel"] += alpha_c * (np.eye(n_arms)[choice] - states["kernel"])

    return walked(
        theta, choices, rewards, blocks, n_arms, lambda: {"kernel": np.zeros(n_arms)},
        lambda s: softmax_of(beta_c * s["kernel"]), learn,
    )  # fmt: skip


def rescorla_wagner_choice_kernel(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """Wilson & Collins' fifth model: P ~ exp(beta Q + beta_c CK)."""
    alpha, beta, alpha_c, beta_c = theta
    return two_states(
        (alpha, beta, alpha_c, beta_c, start_value), choices, rewards, blocks, n_arms, start_value
    ).renamed(c="kernel")


def rescorla_wagner_sticky(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """P ~ exp(beta Q + kappa) for the arm chosen last, exp(beta Q) for the others."""
    alpha, beta, kappa = theta

    def begin():
        return {"q": np.full(n_arms, float(start_value)), "last": np.zeros(n_arms)}

    def judge(states):
        logits = beta * states["q"]
        logits[states["last"] == 1] += kappa
        return softmax_of(logits)

    def learn(states, choice, reward):
        states["q"][choice] += alpha * (reward - states["q"][choice])
        states["last"][:] = 0
        states["last"][choice] = 1

    return walked(theta, choices, rewards, blocks, n_arms, begin, judge, learn)


def values_alone(theta, choices, rewards, blocks, n_arms, start_value, beta, change) -> Walk:
    """Softmax of values that every trial changes: ``change(q, k, chosen, reward)`` per arm."""

    def learn(states, choice, reward):
        old = states["q"].copy()
        for k in range(n_arms):
            states["q"][k] = change(old[k], k == choice, reward)

    return walked(
        theta, choices, rewards, blocks, n_arms,
        lambda: {"q": np.full(n_arms, float(start_value))},
        lambda s: softmax_of(beta * s["q"]), learn,
    )  # fmt: skip


def rescorla_wagner_forgetting(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """Arms that are not chosen fall back towards the start value."""
    alpha, forgetting, beta = theta
    return values_alone(
        theta, choices, rewards, blocks, n_arms, start_value, beta,
        lambda q, chosen, reward: (
            q + alpha * (reward - q) if chosen else q - forgetting * (q - start_value)
        ),
    )  # fmt: skip


def rescorla_wagner_counterfactual(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """Arms that are not chosen learn as if they had paid the reward mirrored at the start value."""
    alpha, alpha_u, beta = theta
    return values_alone(
        theta, choices, rewards, blocks, n_arms, start_value, beta,
        lambda q, chosen, reward: (
            (1 - alpha) * q + alpha * reward
            if chosen
            else (1 - alpha_u) * q + alpha_u * (start_value - (reward - start_value))
        ),
    )  # fmt: skip


def pearce_hall(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """delta = r - Q; Q += alpha A delta; A = eta min(1, |delta|) + (1 - eta) A, A from 1."""
    alpha, eta, beta = theta

    def begin():
        return {"q": np.full(n_arms, float(start_value)), "rate": np.ones(n_arms)}

    def learn(states, choice, reward):
        delta = reward - states["q"][choice]
        states["q"][choice] += alpha * states["rate"][choice] * delta
        size = min(1.0, abs(delta))
        states["rate"][choice] = eta * size + (1 - eta) * states["rate"][choice]

    return walked(
        theta, choices, rewards, blocks, n_arms, begin, lambda s: softmax_of(beta * s["q"]), learn
    )


def kalman_filter(theta, choices, rewards, blocks, n_arms, start_value) -> Walk:
    """Bayes' rule for a normal value seen with a variance of 1: precisions add; then all drift."""
    prior_variance, drift, beta = theta

    def begin():
        return {
            "q": np.full(n_arms, float(start_value)),
            "variance": np.full(n_arms, float(prior_variance)),
        }

    def learn(states, choice, reward):
        mean, spread = states["q"][choice], states["variance"][choice]
        states["q"][choice] = (mean + spread * reward) / (1 + spread)
        states["variance"][choice] = spread / (1 + spread)
        states["variance"] += drift

    return walked(
        theta, choices, rewards, blocks, n_arms, begin, lambda s: softmax_of(beta * s["q"]), learn
    )


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
    function: Callable[[np.ndarray], float], theta: Sequence[float], step: float = 1e-4
) -> np.ndarray:
    """Gradient by the five-point stencil, whose error is of fourth order in the step."""
    theta, gradient = np.asarray(theta, dtype=float), []
    for j in range(len(theta)):
        h = np.zeros(len(theta))
        h[j] = step
        near = function(theta + h) - function(theta - h)
        far = function(theta + 2 * h) - function(theta - 2 * h)
        gradient.append((8 * near - far) / (12 * step))
    return np.array(gradient)
