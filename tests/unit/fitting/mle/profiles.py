"""Participants and fits that the tests of profiles share."""

import functools

import fits
import numpy as np
from scipy.special import chdtri

from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.mle.fitter import MaximumLikelihood
from rlrecovery.fitting.mle.settings import MleSettings
from rlrecovery.models.base import Learner
from rlrecovery.models.library import MODELS

NARROW = {"alpha": [0.01, 0.99], "beta": [0.05, 50]}
WHOLE = {"alpha": [0, 1], "beta": [0, 50]}
LEVELS = (0.5, 0.8, 0.95)


@functools.cache
def participants(trials, count=12):
    """Participants of all kinds."""
    rng = np.random.default_rng([trials, 20])
    alpha, beta = rng.uniform(0, 1, count), rng.uniform(0, 12, count)
    return fits.simulated(alpha, beta, trials, trials)


def fitter(data, bounds=NARROW, model="rescorla_wagner", **changes):
    """Maximum likelihood with profile-likelihood intervals at `LEVELS`."""
    entry = fits.MLE | {"interval": "profile", "bounds": bounds} | changes
    learner = Learner(MODELS[model], 2, fits.START)
    setting = Setting(learner, *data.choices.shape, LEVELS, fits.TASK)
    return MaximumLikelihood.of(MleSettings.of(entry), setting)


@functools.cache
def maxima(trials):
    """The fitter of `participants`, and their maxima."""
    data = participants(trials)
    fit = fitter(data)
    return fit, list(fit.search.maxima(data))


def brute_force(search, one, size=301):
    """Ends of the intervals of one participant from a fine grid of a two-parameter model.

    Shape (parameters, levels, 2); and the widest gap of the values within, (parameters, levels).
    """
    axes = [np.linspace(*bounds, size) for bounds in search.box]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    values = search.evaluate(one, points)[0].reshape(size, size)
    ends, gaps = np.empty((2, len(LEVELS), 2)), np.empty((2, len(LEVELS)))
    for j, axis in enumerate(axes):
        profile = values.max(axis=1 - j)
        for k, level in enumerate(LEVELS):
            above = profile - profile.max() + chdtri(1, 1 - level) / 2
            inside = np.flatnonzero(above >= 0)
            gaps[j, k] = np.diff(axis[inside]).max(initial=0.0)
            for side, (own, step) in enumerate(((inside[0], -1), (inside[-1], 1))):
                is_open = own in (0, size - 1) and not 0 <= own + step < size
                share = 0.0 if is_open else above[own] / (above[own] - above[own + step])
                ends[j, k, side] = axis[own] + share * step * (axis[1] - axis[0])
    return ends, gaps
