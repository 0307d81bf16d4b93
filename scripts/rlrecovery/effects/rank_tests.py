"""Rank tests, each with its estimate and interval.

The intervals of Hodges & Lehmann (1963, Ann. Math. Statist. 34:598) consist of all differences that
the test does not reject: they do not contain 0 if and only if the p-value is at most the
significance level, unless estimates are tied. Null distributions are exact for fewer than
`FEWEST_FOR_NORMAL` participants without ties, as in R; otherwise normal, with the variance given
the ties and with a correction for continuity.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtr, ndtri

from rlrecovery.effects.mean_tests import NotTestable, Tested, correlation_of
from rlrecovery.fitting.estimates import NAN
from rlrecovery.simulation.task import Floats, Integers

#: Participants (of a group, for two groups) from which null distributions are normal.
FEWEST_FOR_NORMAL = 50


def mann_whitney(values: Floats, reference: Floats, significance: float) -> Tested:
    """Compare two groups by the Mann-Whitney test (Wilcoxon's rank sum test).

    The estimate is the median of all differences between a participant of the group and one of the
    reference. For the arguments, see `rlrecovery.effects.mean_tests.welch`.

    Raises
    ------
    NotTestable
        If a group has fewer than two participants, or if all values are equal.
    """
    n, m = len(values), len(reference)
    if min(n, m) < 2:
        raise NotTestable("a group has estimates of fewer than 2 participants")
    counts = np.unique(np.concatenate([values, reference]), return_counts=True)[1]
    if len(counts) == 1:
        raise NotTestable("all estimates are equal")
    differences = np.sort((values[:, None] - reference).ravel())
    if counts.max() == 1 and max(n, m) < FEWEST_FOR_NORMAL:
        return _tested(differences, significance, _rank_sum_distribution(n, m))
    ties = float((counts.astype(float) ** 3 - counts).sum())
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    return _tested(differences, significance, float(np.sqrt(variance)))


def signed_rank(differences: Floats, significance: float) -> Tested:
    """Compare the participants' differences with 0 by Wilcoxon's signed rank test.

    The estimate is the median of the Walsh averages (the means of all pairs of participants, each
    with itself too). Differences of 0 are ranked, but do not count for either sign (Pratt 1959, J.
    Amer. Statist. Assoc. 54:655).

    Raises
    ------
    NotTestable
        If there are fewer than two participants, or if all differences are 0.
    """
    n = len(differences)
    if n < 2:
        raise NotTestable("fewer than 2 participants have estimates in both conditions")
    if not differences.any():
        raise NotTestable("the differences of all participants are 0")
    one, other = np.triu_indices(n)
    averages = np.sort((differences[one] + differences[other]) / 2)
    sizes = np.abs(differences)
    if len(np.unique(sizes)) == n and sizes.min() > 0 and n < FEWEST_FOR_NORMAL:
        return _tested(averages, significance, _signed_rank_distribution(n))
    ranks = midranks(sizes)[differences != 0]
    return _tested(averages, significance, float(np.sqrt((ranks**2).sum() / 4)))


def spearman_within(
    values: Floats, covariate: Floats, group: Integers, significance: float
) -> Tested:
    """Spearman's correlation of ranks within groups.

    Ranks are divided by the number of participants of the group plus 1, so that groups of different
    sizes have the same scale. With one group it is Spearman's correlation. In a normal population
    with the correlation r it estimates 6 / pi asin(r / 2), which is closer to 0 than r by up to
    0.018. For arguments and errors, see `rlrecovery.effects.mean_tests.pearson_within`.
    """
    groups = np.unique(group)
    x, y = np.zeros(len(values)), np.zeros(len(values))
    for index in groups:
        own = group == index
        scale = own.sum() + 1
        x[own] = midranks(values[own]) / scale - 0.5
        y[own] = midranks(covariate[own]) / scale - 0.5
    return correlation_of(x, y, len(values) - len(groups) - 1, significance, of_ranks=True)


def midranks(values: Floats) -> Floats:
    """Ranks from 1; ties get their average rank."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[index]
    return ranks


def _tested(candidates: Floats, significance: float, null: Floats | float) -> Tested:
    """Test and interval from the sorted differences or Walsh averages.

    The test statistic is their number above 0. `null` is its distribution function under the null
    hypothesis at 0, 1, ..., or its SD where it is approximately normal; it is symmetric.
    """
    count = len(candidates)
    statistic = int((candidates > 0).sum()) + int((candidates == 0).sum()) / 2
    smaller = min(statistic, count - statistic)
    if isinstance(null, float):
        p = min(1.0, 2 * float(ndtr((smaller + 0.5 - count / 2) / null)))
        rejected = int(np.floor(count / 2 - 0.5 + ndtri(significance / 2) * null)) + 1
    else:
        p = min(1.0, 2 * float(null[int(smaller)]))
        rejected = int((2 * null <= significance).sum())
    ends = (NAN, NAN)
    if rejected > 0:
        ends = float(candidates[rejected - 1]), float(candidates[-rejected])
    return Tested(float(np.median(candidates)), NAN, *ends, p)


@lru_cache(maxsize=64)
def _rank_sum_distribution(n: int, m: int) -> Floats:
    """Distribution function of the Mann-Whitney statistic of groups of n and m participants.

    The largest of all values belongs to the first group with probability n / (n + m), and then
    exceeds m values of the other one (Mann & Whitney 1947, Ann. Math. Statist. 18:50).
    """
    of_first = [np.ones(1)] * (m + 1)  # probabilities for 0 and for each number up to m
    for i in range(1, n + 1):
        of_next = [np.ones(1)]
        for j in range(1, m + 1):
            probabilities = np.zeros(i * j + 1)
            probabilities[j:] += i / (i + j) * of_first[j]
            probabilities[: i * (j - 1) + 1] += j / (i + j) * of_next[j - 1]
            of_next.append(probabilities)
        of_first = of_next
    return np.cumsum(of_first[m])


@lru_cache(maxsize=64)
def _signed_rank_distribution(n: int) -> Floats:
    """Distribution function of the sum of those ranks 1, ..., n that have a positive sign."""
    probabilities = np.ones(1)
    for rank in range(1, n + 1):
        nothing = np.zeros(rank)
        probabilities = (np.r_[probabilities, nothing] + np.r_[nothing, probabilities]) / 2
    return np.cumsum(probabilities)
