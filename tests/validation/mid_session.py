"""A learning rate that changes within a session: exact posteriors of a published design.

The design is that of the package frmtmb.learn (help page ``frmtmb.learn``, section on the Laplace
approximation): 40 participants, two arms that pay with probability .7 and .3 and are swapped in
mid-session, Q = 0 at the start, and

    logit alpha = logit(.30) + shift * (after the swap) + N(0, .5),    shift = 1, beta = 3,

with one beta and one shift for all participants. The page gives bias and coverage of 100 maximum
likelihood estimates with Wald intervals by the Laplace approximation. Here the joint posterior of
intercept, shift, log beta and the SD is computed without approximation: the integral over each
participant's learning rate is exact for a likelihood that is linear between nodes, and the four
other unknowns are on a grid. It shares no code with the package.

The shift is no condition of a config: Q is kept over the swap, so the sessions are not apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.interpolate import CubicSpline
from scipy.special import expit, logit

PARTICIPANTS, SD = 40, 0.5
#: Unknowns, and the values that generate the data.
NAMES = ("intercept", "shift", "log beta", "log SD")
TRUTH = np.array([logit(0.3), 1.0, np.log(3.0), np.log(SD)])
#: Published bias and coverage, by number of trials.
PUBLISHED = {
    100: {"bias": (0.009, -0.015, 0.003, -0.266), "coverage": (0.97, 0.94, 0.95, 0.99)},
    20: {"bias": (-0.026, 0.009, 0.016, -1.596), "coverage": (0.92, 0.91, 0.96, 0.95)},
}

#: Weak priors: normal for the first three unknowns (mean, SD), half-normal for the SD.
PRIORS = ((0.0, 2.0), (0.0, 2.0), (1.0, 1.0))
SCALE = 1.0

#: Participants' values at which likelihoods are tabulated; beyond the ends they are constant.
VALUES = np.linspace(-5.0, 4.0, 67)
#: Windows of the first look, nodes per axis, looks, and half-width of the next window in SDs.
WINDOWS = np.array([[-3.0, 1.5], [-2.0, 4.0], [0.0, 2.5], [np.log(0.01), np.log(4.0)]])
NODES, LOOKS, HALF_WIDTH = (11, 11, 11, 23), 4, 4.5


@dataclass(frozen=True)
class Marginals:
    """Posterior means and equal-tailed 95 % intervals of `NAMES`."""

    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def simulate(trials, rng):
    """Choices and rewards of one data set, shape (participants, trials)."""
    own = TRUTH[0] + SD * rng.normal(size=PARTICIPANTS)
    q, rows = np.zeros((PARTICIPANTS, 2)), np.arange(PARTICIPANTS)
    choices = np.empty((PARTICIPANTS, trials), dtype=int)
    rewards = np.empty((PARTICIPANTS, trials))
    for t in range(trials):
        after = t >= trials // 2
        choice = (rng.random(PARTICIPANTS) < expit(3.0 * (q[:, 1] - q[:, 0]))).astype(int)
        pays = np.where((choice == 0) ^ after, 0.7, 0.3)
        reward = (rng.random(PARTICIPANTS) < pays).astype(float)
        q[rows, choice] += expit(own + TRUTH[1] * after) * (reward - q[rows, choice])
        choices[:, t], rewards[:, t] = choice, reward
    return choices, rewards


def table(choices, rewards, shifts, log_betas):
    """Log-likelihoods, shape (participants, values, shifts, betas)."""
    trials, betas = choices.shape[1], np.exp(log_betas)
    q = np.zeros((2, len(choices), len(VALUES), 1))
    total = np.zeros((len(choices), len(VALUES), 1, len(betas)))
    for t in range(trials):
        after = t >= trials // 2
        alpha = expit(VALUES[:, None] + (shifts if after else np.zeros(1)))
        second = (choices[:, t] == 1)[:, None, None]
        chosen, other = np.where(second, q[1], q[0]), np.where(second, q[0], q[1])
        total = total - np.logaddexp(0.0, (other - chosen)[..., None] * betas)
        updated = chosen + alpha * (rewards[:, t, None, None] - chosen)
        q = np.stack([np.where(second, other, updated), np.where(second, updated, other)])
    return total


def population_weights(means, sds):
    """Integrals of a normal density times hat functions at `VALUES`, shape (means, sds, values)."""
    mu, s = means[:, None, None], sds[None, :, None]
    z = (VALUES - mu) / s
    below, density, step = stats.norm.cdf(z), stats.norm.pdf(z), VALUES[1] - VALUES[0]
    mass = np.diff(below, axis=-1)
    first_moment = mu * mass - s * np.diff(density, axis=-1)
    to_right = (first_moment - VALUES[:-1] * mass) / step
    weights = np.zeros(z.shape)
    weights[..., 1:] += to_right
    weights[..., :-1] += mass - to_right
    weights[..., 0] += below[..., 0]
    weights[..., -1] += 1 - below[..., -1]
    return np.maximum(weights, 0)  # rounding errors can be negative


def log_posterior(choices, rewards, axes):
    """Log posterior density on a grid of `NAMES`, up to a constant."""
    means, shifts, log_betas, log_sds = axes
    log_likelihoods = table(choices, rewards, shifts, log_betas)
    largest = log_likelihoods.max(axis=1, keepdims=True)
    likelihoods = np.exp(log_likelihoods - largest)
    weights = population_weights(means, np.exp(log_sds)).reshape(-1, len(VALUES))
    flat = likelihoods.transpose(1, 0, 2, 3).reshape(len(VALUES), -1)
    integrals = (weights @ flat).reshape(len(means), len(log_sds), *largest[:, 0].shape)
    log_density = np.log(np.maximum(integrals, 1e-300)).sum(axis=2) + largest[:, 0].sum(axis=0)
    log_density = log_density.transpose(0, 2, 3, 1)
    for k, (mu, sd) in enumerate(PRIORS):
        shape = [-1 if j == k else 1 for j in range(4)]
        log_density = log_density + stats.norm.logpdf(axes[k], mu, sd).reshape(shape)
    return log_density + stats.halfnorm.logpdf(np.exp(log_sds), scale=SCALE) + log_sds


def fit(choices, rewards):
    """Posterior of one data set: windows are moved to the mass, then marginals are summarised."""
    windows = WINDOWS.copy()
    for look in range(LOOKS):
        axes = [np.linspace(*ends, count) for ends, count in zip(windows, NODES, strict=True)]
        density = log_posterior(choices, rewards, axes)
        density = np.exp(density - density.max())
        marginals = [density.sum(axis=tuple(set(range(4)) - {k})) for k in range(4)]
        if look < LOOKS - 1:
            for k in range(3):  # the posterior of the SD reaches far down: its window stays
                weights = marginals[k] / marginals[k].sum()
                mean = weights @ axes[k]
                sd = np.sqrt(weights @ (axes[k] - mean) ** 2)
                half = HALF_WIDTH * max(sd, 0.4 * (axes[k][1] - axes[k][0]))
                windows[k] = mean - half, mean + half
    summaries = np.array([summary(*pair) for pair in zip(axes, marginals, strict=True)])
    return Marginals(*summaries.T)


def summary(nodes, density):
    """Mean and equal-tailed 95 % interval; the log-density is interpolated by a spline."""
    dense = np.linspace(nodes[0], nodes[-1], 2000)
    log_density = CubicSpline(nodes, np.log(np.maximum(density, 1e-280)))(dense)
    weights = np.exp(log_density - log_density.max())
    weights /= weights.sum()
    below = weights.cumsum() - weights / 2
    return [weights @ dense, *np.interp([0.025, 0.975], below, dense)]


def bias_and_coverage(trials, replicates, seed):
    """Bias, its standard error and coverage of `NAMES`, each of shape (4,)."""
    rng = np.random.default_rng(seed)
    posteriors = [fit(*simulate(trials, rng)) for _ in range(replicates)]
    errors = np.array([p.mean for p in posteriors]) - TRUTH
    covered = np.array([(p.lower < TRUTH) & (p.upper > TRUTH) for p in posteriors])
    standard_error = errors.std(axis=0, ddof=1) / np.sqrt(replicates)
    return errors.mean(axis=0), standard_error, covered.mean(axis=0)
