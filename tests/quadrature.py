"""The posterior of Rescorla-Wagner learning by brute force, in plain NumPy.

Independent of everything that it checks: its own likelihood, its own Jacobians, no PyTensor, no
shared code. The log-density stands on a dense rectangle over logit(alpha) and log(beta), on which
sums are integrals (the integrand vanishes with all its derivatives at the edges, so the trapezoidal
rule converges faster than any power of the step).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: Beyond these ends a Beta(1, 1) has 2e-6 of its mass, a HalfNormal(10) 4e-6 below and 4e-16 above.
LOGIT_ALPHA = (-14.0, 14.0)
LOG_BETA = (-10.0, 4.4)

#: Nodes per axis of a first look at where the mass is, and the share of it that may be cut off.
COARSE, NEGLIGIBLE = 80, 1e-9


@dataclass(frozen=True)
class Marginal:
    """One parameter's posterior: unconstrained nodes, their natural values, their weights."""

    real: np.ndarray
    natural: np.ndarray
    weights: np.ndarray
    back: Callable[[np.ndarray], np.ndarray]

    @property
    def mean(self):
        return float(self.weights @ self.natural)

    @property
    def sd(self):
        return float(np.sqrt(self.weights @ (self.natural - self.mean) ** 2))

    def quantile(self, probability):
        """Quantile on the natural scale.

        Between the nodes the density is interpolated by its Fourier series, which is as exact as
        the sums over the nodes are; then its trapezoidal distribution function is inverted.
        """
        times, count = 16, len(self.real)
        dense = np.fft.irfft(np.fft.rfft(self.weights), times * count)[: times * (count - 1) + 1]
        dense = np.maximum(dense, 0)
        nodes = np.linspace(self.real[0], self.real[-1], len(dense))
        below = np.concatenate([[0.0], ((dense[1:] + dense[:-1]) / 2).cumsum()])
        return self.back(np.interp(probability, below / below[-1], nodes))

    def interval(self, level):
        """Equal-tailed interval."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)


def log_likelihood(choices, rewards, alpha, beta, start_value=0.5, arms=2):
    """Log-likelihood of one participant at many points.

    choices, rewards: one value per trial, a negative choice being a missing one; alpha and beta
    may have any shapes that go together. The choice is judged before its trial's update.
    """
    alpha, beta = np.broadcast_arrays(np.asarray(alpha, float), np.asarray(beta, float))
    values = [np.full(alpha.shape, float(start_value)) for _ in range(arms)]
    total = np.zeros(alpha.shape)
    for choice, reward in zip(choices, rewards, strict=True):
        if choice < 0:
            continue
        # log P(choice) = -log sum_k exp(beta (Q_k - Q_choice))
        total -= np.logaddexp.reduce([beta * (value - values[choice]) for value in values], axis=0)
        values[choice] = values[choice] + alpha * (reward - values[choice])
    return total


def logit(alpha):
    return np.log(alpha) - np.log1p(-np.asarray(alpha))


def expit(real):
    return 1 / (1 + np.exp(-np.asarray(real)))


def grid(alpha_ends, beta_ends, size):
    """Nodes on the real line: logit(alpha) and log(beta), ends of both included."""
    return np.linspace(*alpha_ends, size), np.linspace(*beta_ends, size)


def best_on_grid(choices, rewards, alpha_ends, beta_ends, size=200, start_value=0.5):
    """Largest log-likelihood on a dense grid between natural-scale ends."""
    real_alpha, real_beta = grid(logit(np.array(alpha_ends)), np.log(beta_ends), size)
    surface = log_likelihood(
        choices, rewards, expit(real_alpha)[:, None], np.exp(real_beta), start_value
    )
    return float(surface.max())


def posterior(choices, rewards, size=150, start_value=0.5, sigma=10.0):
    """Marginals of alpha ~ Beta(1, 1) and beta ~ HalfNormal(sigma), shared by all participants.

    choices, rewards: shape (participants, trials). A coarse rectangle finds where the mass is, a
    fine one covers just that.
    """

    def masses(real_alpha, real_beta):
        density = log_density(choices, rewards, real_alpha[:, None], real_beta, start_value, sigma)
        mass = np.exp(density - density.max())
        return mass / mass.sum()

    coarse = grid(LOGIT_ALPHA, LOG_BETA, COARSE)
    mass = masses(*coarse)
    ends = [_where(nodes, mass.sum(axis=1 - axis)) for axis, nodes in enumerate(coarse)]
    fine_alpha, fine_beta = grid(*ends, size)
    mass = masses(fine_alpha, fine_beta)
    return {
        "alpha": Marginal(fine_alpha, expit(fine_alpha), mass.sum(axis=1), expit),
        "beta": Marginal(fine_beta, np.exp(fine_beta), mass.sum(axis=0), np.exp),
    }


def log_density(choices, rewards, real_alpha, real_beta, start_value=0.5, sigma=10.0):
    """Log posterior density on the real line, up to a constant; Jacobians included."""
    alpha, beta = expit(real_alpha), np.exp(real_beta)
    jacobian_alpha = real_alpha - 2 * np.logaddexp(0, real_alpha)  # log of alpha (1 - alpha)
    jacobian_beta = real_beta  # log of d beta / d log(beta), which is beta
    total = jacobian_alpha + jacobian_beta - 0.5 * (beta / sigma) ** 2
    for chosen, paid in zip(choices, rewards, strict=True):
        total = total + log_likelihood(chosen, paid, alpha, beta, start_value)
    return total


def _where(nodes, weights):
    """Ends of the nodes that hold the mass, one node wider."""
    inside = np.flatnonzero(weights > NEGLIGIBLE * weights.max())
    last = len(nodes) - 1
    return nodes[max(inside[0] - 1, 0)], nodes[min(inside[-1] + 1, last)]
