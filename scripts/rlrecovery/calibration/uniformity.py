"""Whether values are uniform in (0, 1): tests, and simultaneous bands of distribution functions.

ArviZ computes both. The test (``pot_c``) combines tests of all order statistics and is valid for
dependent values (Tesso & Vehtari 2026, arXiv:2603.02928). The bands are those of Säilynoja, Bürkner
& Vehtari (2022), Statistics and Computing 32:32.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from arviz_stats.base.array import array_stats
from arviz_stats.ecdf_utils import compute_ecdf, ecdf_pit

from rlrecovery.simulation.task import Floats

#: Probability that a whole distribution function of uniform values stays within the band.
BAND_LEVEL = 0.95

#: Values are not uniform if the p-value, adjusted by `holm`, is smaller.
SIGNIFICANCE = 0.05

#: Simulations of the band, and their seed.
SIMULATIONS, SEED = 4000, 1

#: Values are moved this far inside (0, 1). The distribution function of a grid is not known beyond
#: its ends, where it is 1e-5 or less from 0 or 1, and the test rejects for a value of exactly 0.
SMALLEST = 1e-5


class Band(NamedTuple):
    """Simultaneous band of the distribution function of n uniform values.

    Attributes
    ----------
    points : float array, shape (n + 1,)
        Points from 0 to 1 at which the function is evaluated.
    lower, upper : float array, shape (n + 1,)
        Ends of the band at these points.
    """

    points: Floats
    lower: Floats
    upper: Floats


def inside_unit(values: Floats) -> Floats:
    """Move values that are 0 or 1, or nearly so, by up to `SMALLEST` into (0, 1)."""
    return np.clip(values, SMALLEST, 1 - SMALLEST)


def p_uniform(values: Floats) -> float:
    """p-value of the hypothesis that values are uniform; NaN without values."""
    if not len(values):
        return float("nan")
    p, _, _ = array_stats.uniformity_test(inside_unit(values), method="pot_c")
    return float(np.ravel(p)[0])


@cache
def band(n: int) -> Band:
    """Band that contains the distribution function of `n` uniform values with `BAND_LEVEL`."""
    rng = np.random.default_rng(SEED)
    evenly = (np.arange(n) + 0.5) / n  # the band depends on their number only
    points, _, lower, upper = ecdf_pit(evenly, BAND_LEVEL, SIMULATIONS, rng=rng)
    return Band(points, lower, upper)


def shares_below(values: Floats, points: Floats) -> Floats:
    """Distribution function of values at points."""
    shares: Floats = compute_ecdf(values, points)
    return shares


def is_inside(values: Floats) -> bool:
    """Whether the distribution function of values stays within its band; at least two values."""
    limits = band(len(values))
    shares = shares_below(inside_unit(values), limits.points)
    return bool(((shares >= limits.lower) & (shares <= limits.upper)).all())


def in_central_interval(values: Floats) -> Floats:
    """Probability of the smallest central interval that contains the truth, from PIT values.

    It is uniform if they are. Its distribution function at p is the coverage of intervals with the
    nominal level p.
    """
    return np.abs(2 * values - 1)


def holm(p: Floats) -> Floats:
    """Adjust p-values for the number of tests (Holm 1979, Scand. J. Statistics 6:65).

    The probability that any of the true hypotheses has an adjusted value below s is at most s. NaN
    counts as no test.
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * p[order]))
    return adjusted
