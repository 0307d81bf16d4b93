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


def choice_kernel(
    theta: Sequence[float],
    choices: Sequence[int],
    rewards: Sequence[float],
    blocks: Sequence[int],
    n_arms: int,
    start_value: float,
) -> Walk:
    """Wilson & Collins (2019), their RW + CK model, with the first Q a free parameter ``first``.

    CK_{t+1}(k) = CK_t(k) + alpha_c (a_t(k) - CK_t(k)), a_t(k) 1 for the chosen arm and 0 for the
    others; P(k) ~ exp(beta Q(k) + beta_c CK(k)). Not one of the package's models: the tests use it
    to show that a second hidden state and a free start need no new code.
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


#: From a model's name to its likelihood.
WALKS: dict[str, Callable[..., Walk]] = {
    "rescorla_wagner": rescorla_wagner,
    "rescorla_wagner_two_rates": rescorla_wagner_two_rates,
    "choice_kernel": choice_kernel,
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
