"""Tests of means and of Pearson's correlation, each with its estimate and interval."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from rlrecovery.simulation.task import Floats, Integers

#: A variance below this share of the mean square is rounding error around a constant.
ROUNDING = 1e-20


class NotTestable(ValueError):
    """A test cannot be computed from the data; the message says why."""


class Tested(NamedTuple):
    """An estimated effect with its test.

    Attributes
    ----------
    estimate, se : float
        The estimate and its standard error; the latter is NaN for rank tests of a difference.
    lower, upper : float
        Interval with the nominal level of 1 - significance; NaN if there is none.
    p : float
        Two-sided p-value.
    """

    estimate: float
    se: float
    lower: float
    upper: float
    p: float


def welch(values: Floats, reference: Floats, significance: float) -> Tested:
    """Compare the means of two groups with unequal variances (Welch 1947, Biometrika 34:28).

    Parameters
    ----------
    values, reference : float array, shape (participants,)
        Values of a group and of the reference.
    significance : float
        1 minus the nominal level of the interval.

    Raises
    ------
    NotTestable
        If a group has fewer than two participants, or no group varies.
    """
    sizes = np.array([len(values), len(reference)])
    if sizes.min() < 2:
        raise NotTestable("a group has estimates of fewer than 2 participants")
    parts = np.array([_variance(values), _variance(reference)]) / sizes
    if parts.sum() == 0:
        raise NotTestable("the estimates do not vary within groups")
    df = parts.sum() ** 2 / (parts**2 / (sizes - 1)).sum()
    difference = float(values.mean() - reference.mean())
    return _t_test(difference, float(np.sqrt(parts.sum())), float(df), significance)


def paired_t(differences: Floats, significance: float) -> Tested:
    """Compare the mean of the participants' differences, shape (participants,), with 0.

    Raises
    ------
    NotTestable
        If there are fewer than two participants, or if all differences are equal.
    """
    if len(differences) < 2:
        raise NotTestable("fewer than 2 participants have estimates in both conditions")
    variance = _variance(differences)
    if variance == 0:
        raise NotTestable("the differences of all participants are equal")
    se = float(np.sqrt(variance / len(differences)))
    return _t_test(float(differences.mean()), se, len(differences) - 1, significance)


def pearson_within(
    values: Floats, covariate: Floats, group: Integers, significance: float
) -> Tested:
    """Pearson's correlation of the deviations from the means of groups.

    The correlation of n participants in g groups has the distribution of one of n - g + 1
    participants. All arrays have shape (participants,).

    Raises
    ------
    NotTestable
        If there are too few participants, or if values or covariate do not vary within groups.
    """
    x, y = (_minus_group_means(array, group) for array in (values, covariate))
    return correlation_of(x, y, len(values) - len(np.unique(group)) - 1, significance)


def correlation_of(
    x: Floats, y: Floats, df: int, significance: float, of_ranks: bool = False
) -> Tested:
    """Correlation of deviations with a mean of 0, with its t test and Fisher's interval.

    Parameters
    ----------
    x, y : float array, shape (participants,)
        The deviations.
    df : int
        Degrees of freedom of the t test: n - 2 for one group of n participants.
    significance : float
        1 minus the nominal level of the interval.
    of_ranks : bool
        Whether it is Spearman's correlation. The standard error of its Fisher transform is
        sqrt((1 + r^2 / 2) / (df - 1)) (Bonett & Wright 2000, Psychometrika 65:23), that of
        Pearson's is 1 / sqrt(df - 1).
    """
    if df < 2:
        raise NotTestable("too few participants have estimates for a correlation")
    scale = np.sqrt((x @ x) * (y @ y))
    if scale == 0:
        raise NotTestable("the estimates or the covariate do not vary within groups")
    r = float(np.clip(x @ y / scale, -1, 1))
    with np.errstate(divide="ignore"):
        t, z = np.divide(abs(r) * np.sqrt(df), np.sqrt(1 - r**2)), np.arctanh(r)
    z_se = np.sqrt((1 + of_ranks * r**2 / 2) / (df - 1))
    reach = -ndtri(significance / 2) * z_se
    ends = np.tanh([z - reach, z + reach])
    p = 2 * float(stdtr(df, -t))
    return Tested(r, float((1 - r**2) * z_se), float(ends[0]), float(ends[1]), p)


def _t_test(estimate: float, se: float, df: float, significance: float) -> Tested:
    reach = -float(stdtrit(df, significance / 2)) * se
    p = 2 * float(stdtr(df, -abs(estimate) / se))
    return Tested(estimate, se, estimate - reach, estimate + reach, p)


def _variance(values: Floats) -> float:
    """Sample variance; 0 if it is rounding error."""
    variance = float(values.var(ddof=1))
    return variance if variance > ROUNDING * float(np.mean(values**2)) else 0.0


def _minus_group_means(values: Floats, group: Integers) -> Floats:
    """Deviations from the means of groups; exactly 0 in groups that do not vary."""
    deviations = np.zeros(len(values))
    for index in np.unique(group):
        own = values[group == index]
        if len(own) > 1 and _variance(own) > 0:
            deviations[group == index] = own - own.mean()
    return deviations
