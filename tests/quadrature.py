"""The posterior of Rescorla-Wagner learning by brute force, in plain NumPy.

It shares no code with the package: it has its own likelihood and its own Jacobians. The log-density
is evaluated on a dense rectangle over logit(alpha) and log(beta), on which sums are integrals: the
integrand vanishes with all its derivatives at the edges, so that the trapezoidal rule converges
faster than any power of the step.
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


def log_likelihood(choices, rewards, alpha, beta, start_value=0.5, arms=2, lapse=0.0):
    """Log-likelihood of one participant at many points.

    choices, rewards: one value per trial, a negative choice being a missing one; with full feedback
    a reward is a list of all arms' outcomes. The parameters may have any shapes that go together.
    The choice is judged before its trial's update.
    """
    return sum(log_probabilities(choices, rewards, alpha, beta, start_value, arms, lapse))


def log_probabilities(choices, rewards, alpha, beta, start_value=0.5, arms=2, lapse=0.0):
    """Log-probability of one choice after the other, each at all points."""
    alpha, beta, start, lapse = np.broadcast_arrays(
        *(np.asarray(value, float) for value in (alpha, beta, start_value, lapse))
    )
    values = [start + 0.0 for _ in range(arms)]
    yield np.zeros(alpha.shape)  # of nobody's choices
    for choice, reward in zip(choices, rewards, strict=True):
        if choice < 0:
            yield np.zeros(alpha.shape)
            continue
        # log P(choice) = -log sum_k exp(beta (Q_k - Q_choice))
        term = -np.logaddexp.reduce([beta * (value - values[choice]) for value in values], axis=0)
        yield np.log((1 - lapse) * np.exp(term) + lapse / arms) if lapse.any() else term
        for k, outcome in enumerate(reward) if np.ndim(reward) else [(choice, reward)]:
            values[k] = values[k] + alpha * (outcome - values[k])


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


def log_evidence(choices, rewards, size=400, start_value=0.5, sigma=10.0):
    """Logarithm of the integral of likelihood times prior, over the whole rectangle."""
    real_alpha, real_beta = grid(LOGIT_ALPHA, LOG_BETA, size)
    density = log_density(choices, rewards, real_alpha[:, None], real_beta, start_value, sigma)
    top = density.max()
    cell = (real_alpha[1] - real_alpha[0]) * (real_beta[1] - real_beta[0])
    # The half-normal density at 0 is the constant that `log_density` leaves out.
    return top + np.log(np.exp(density - top).sum() * cell * np.sqrt(2 / np.pi) / sigma)


def log_left_out(choices, rewards, size=300):
    """Log-probability of each choice of one participant given all others, hidden state as it was.

    Of p(y) / p(y_t) the integral with respect to the posterior is 1 / p(y_t | the others).
    """
    mass, alpha, beta = rectangle(choices, rewards, size)
    _, *terms = log_probabilities(choices, rewards, alpha[:, None], beta)
    return np.array([-np.log((mass * np.exp(-term)).sum()) for term in terms])


def posterior_draws(choices, rewards, count, rng, size=700):
    """Draws of one participant's alpha and beta, shape (count, 2): nodes of a dense rectangle."""
    mass, alpha, beta = rectangle(choices, rewards, size)
    places = np.unravel_index(rng.choice(mass.size, count, p=mass.ravel()), mass.shape)
    return np.column_stack(
        [nodes[place] for nodes, place in zip((alpha, beta), places, strict=True)]
    )


def rectangle(choices, rewards, size):
    """Posterior masses of one participant on the whole rectangle, and its nodes."""
    real_alpha, real_beta = grid(LOGIT_ALPHA, LOG_BETA, size)
    density = log_density([choices], [rewards], real_alpha[:, None], real_beta)
    mass = np.exp(density - density.max())
    return mass / mass.sum(), expit(real_alpha), np.exp(real_beta)


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
