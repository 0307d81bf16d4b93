"""Scales on which measures are close to planes in log trials and log participants.

Errors and widths are on a log scale, shares on the logit scale and correlations on Fisher's scale,
the inverse hyperbolic tangent. Monte Carlo standard errors (MCSE) follow by the delta method.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rlrecovery.config.targets import SMALL

Floats = NDArray[np.float64]
Scale = Literal["log", "logit", "atanh"]

#: Measures that are roots of means of squares.
ROOTS = ("rmse", "empirical_se", "relative_rmse")
#: Replicates that the mean relative error of all designs counts as, beside those of a design.
_PRIOR = 5
#: Largest correlation in size that is transformed.
_MOST = 1 - 1e-9


def scale_of(measure: str) -> Scale:
    """Scale of a measure of `rlrecovery.config.targets.MeasureName`."""
    if measure in SMALL:
        return "log"
    return "atanh" if measure.startswith("spearman") else "logit"


def transform(scale: Scale, value: ArrayLike) -> Floats:
    """Transform values to a scale; not a number outside of its range."""
    value = np.asarray(value, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "log":
            return np.log(value)
        if scale == "logit":
            return np.log(value) - np.log1p(-value)
        return np.arctanh(value)


def back(scale: Scale, transformed: ArrayLike) -> Floats:
    """Inverse of `transform`."""
    transformed = np.asarray(transformed, float)
    if scale == "log":
        return np.exp(transformed)
    return 1 / (1 + np.exp(-transformed)) if scale == "logit" else np.tanh(transformed)


def with_errors(
    scale: Scale, value: ArrayLike, mcse: ArrayLike, n: ArrayLike
) -> tuple[Floats, Floats]:
    """Measures and their MCSEs on the natural scale, also of shares without one.

    Parameters
    ----------
    value, mcse, n : array, shape (designs,)
        Measures, their MCSEs and numbers of replicates.

    Returns
    -------
    tuple of array, shape (designs,)
        Values and MCSEs; an MCSE that is not known is not a number.

    Notes
    -----
    The MCSE of a share of 0 or 1 is estimated as 0. As in Anscombe (1956), Biometrika 43:461, half
    a replicate is added to both outcomes: the share is p = (n value + 1/2) / (n + 1), and its MCSE
    sqrt(p (1 - p) / (n + 1)).
    """
    values, errors, counts = (np.array(column, float) for column in (value, mcse, n))
    if scale == "logit":
        is_certain = ~(errors > 0) & (values >= 0) & (values <= 1)
        share = np.where(is_certain, (counts * values + 0.5) / (counts + 1), 0.5)
        values = np.where(is_certain, share, values)
        errors = np.where(is_certain, np.sqrt(share * (1 - share) / (counts + 1)), errors)
    return values, np.where(errors > 0, errors, np.nan)


def transform_scores(
    scale: Scale, value: ArrayLike, mcse: ArrayLike, n: ArrayLike
) -> tuple[Floats, Floats]:
    """Transform measures and their MCSEs; parameters as in `with_errors`.

    Returns
    -------
    tuple of array, shape (designs,)
        Values and MCSEs on the scale; not a number where they are not known.

    Notes
    -----
    The slopes of the logit and of Fisher's scale are infinite at the ends of their ranges. A value
    that is closer to an end than its MCSE, or beyond, is moved to that distance, so that the MCSE
    on the scale is at most about 1. Shares of 0 and 1, with their half replicate, are not.
    """
    values, errors = with_errors(scale, value, mcse, n)
    if scale == "logit":
        closest = np.where(np.asarray(mcse) > 0, np.minimum(errors, 0.5), 0.0)
        values = np.clip(values, closest, 1 - closest)
    if scale == "atanh":
        most = np.clip(1 - errors, 0, _MOST)
        values = np.clip(values, -most, most)
    slopes = {"log": values, "logit": values * (1 - values), "atanh": 1 - values**2}
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = errors / slopes[scale]
    result = transform(scale, values)
    usable = np.isfinite(result) & np.isfinite(errors) & (errors > 0)
    return np.where(usable, result, np.nan), np.where(usable, errors, np.nan)


def t_factor(n: ArrayLike) -> Floats:
    """Factor of an estimated MCSE so that normal quantiles give 90 % intervals of Student's t.

    ``n`` has the numbers of replicates; the t distribution has n - 1 degrees of freedom.
    """
    degrees = np.maximum(np.asarray(n, float) - 1, 1.0)
    return special.stdtrit(degrees, 0.95) / special.ndtri(0.95)


def for_few_replicates(
    measure: str, values: Floats, errors: Floats, n: Floats
) -> tuple[Floats, Floats]:
    """Values and MCSEs on the scale of a measure, for fits that take the MCSEs for known.

    Parameters
    ----------
    measure : str
        One of `rlrecovery.config.targets.MeasureName`.
    values, errors, n : array, shape (designs,)
        Results of `transform_scores`, finite, and the numbers of replicates.

    Returns
    -------
    tuple of array, shape (designs,)
        Values and MCSEs.

    Notes
    -----
    With few replicates, values that are small by chance have small MCSEs and would weigh most. The
    squared MCSE of a design is therefore averaged with the mean of all designs, which counts as
    five replicates, and enlarged by `t_factor`. The logarithm of a root of a mean of squares is
    too small by the squared MCSE on the log scale (second term of its Taylor series).
    """
    squares = errors**2
    shrunk = ((n - 1) * squares + _PRIOR * squares.mean()) / (n - 1 + _PRIOR)
    values = values + shrunk if measure in ROOTS else values
    return values, np.sqrt(shrunk) * t_factor(n)
