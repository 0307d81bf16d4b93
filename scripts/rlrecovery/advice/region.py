"""Where requirements are met: frontier, interval, and the cheapest design.

Everything is computed from margins: how far a measure is on the right side of its limit, on the
scale of its surrogate. A requirement of several measures is met where the smallest margin is at
least 0, and so are several requirements. Intervals are from a parametric bootstrap: each draw
replaces every surrogate by one within its Monte Carlo error. Errors of different measures are
treated as independent, although they are computed from the same data sets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rlrecovery.advice.scales import Floats
from rlrecovery.advice.surrogate import Points, Surrogate

#: Designs are searched up to this factor beyond the measured numbers of trials and participants.
EXTRAPOLATION = 1.5
#: Tail probabilities of the 90 % interval.
TAILS = (0.05, 0.95)
#: Numbers of draws, of trials, and of participants of the draws, and largest of all participants.
DRAWS, TRIALS, PARTICIPANTS, MOST = 1000, 61, 17, 400


class Bounds(NamedTuple):
    """The designs that are searched: smallest and largest numbers, and the measured numbers.

    An axis with a single measured number is not searched.
    """

    trials: tuple[int, int]
    participants: tuple[int, int]
    measured_trials: tuple[int, ...]
    measured_participants: tuple[int, ...]
    blocks: int

    @classmethod
    def of(cls, trials: Sequence[int], participants: Sequence[int], blocks: int = 1) -> Bounds:
        """Bounds around measured numbers; trials are multiples of ``blocks``."""
        t, n = (tuple(sorted({int(v) for v in values})) for values in (trials, participants))
        return cls(_around(t, blocks), _around(n, 1), t, n, blocks)

    @property
    def along(self) -> str:
        """The axis on which an answer is given: ``trials`` unless only participants differ."""
        only_participants = len(self.measured_trials) == 1 < len(self.measured_participants)
        return "participants" if only_participants else "trials"

    def is_measured(self, trials: float, participants: float) -> bool:
        """Whether a design is within the range of the measured ones."""
        t, n = self.measured_trials, self.measured_participants
        return t[0] <= trials <= t[-1] and n[0] <= participants <= n[-1]


def _around(measured: tuple[int, ...], step: int) -> tuple[int, int]:
    """Smallest and largest multiple of a step within the limit of extrapolation."""
    if len(measured) == 1:
        return measured[0], measured[0]
    low = math.ceil(measured[0] / EXTRAPOLATION / step) * step
    return max(low, step), math.floor(measured[-1] * EXTRAPOLATION / step) * step


class Margin(NamedTuple):
    """One measure that must be met: its surrogate, and its limit on the same scale."""

    surrogate: Surrogate
    limit: float
    sign: int


class Lattice(NamedTuple):
    """Designs in rows of participants and columns of trials."""

    participants: Floats
    trials: Floats

    @property
    def points(self) -> Points:
        """All designs, row by row."""
        n, t = np.meshgrid(self.participants, self.trials, indexing="ij")
        return Points(t.ravel(), n.ravel())

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of columns."""
        return self.participants.size, self.trials.size


def coarse(bounds: Bounds, participants: Sequence[int] = ()) -> Lattice:
    """The designs of the draws: measured and evenly spaced numbers of participants, and others."""
    spaced = np.geomspace(*bounds.participants, PARTICIPANTS).round()
    rows = np.unique([*spaced, *bounds.measured_participants, *participants])
    return Lattice(rows.astype(float), _columns(bounds))


def fine(bounds: Bounds) -> Lattice:
    """Every number of participants, or up to `MOST` of them."""
    low, high = bounds.participants
    if high - low < MOST:
        return Lattice(np.arange(low, high + 1, dtype=float), _columns(bounds))
    return Lattice(np.unique(np.geomspace(low, high, MOST).round()), _columns(bounds))


def _columns(bounds: Bounds) -> Floats:
    """Numbers of trials, evenly spaced in their logarithm."""
    return np.unique(np.geomspace(*bounds.trials, TRIALS))


def margins(requirements: Sequence[Margin], lattice: Lattice) -> Floats:
    """Smallest margin of each design, shape of the lattice."""
    values = [m.sign * (m.surrogate.mean(lattice.points) - m.limit) for m in requirements]
    return np.min(values, axis=0).reshape(lattice.shape)


def drawn_margins(
    requirements: Sequence[Margin], lattice: Lattice, rng: np.random.Generator, count: int = DRAWS
) -> Floats:
    """Smallest margins within the Monte Carlo error, shape (count, participants, trials)."""
    points, smallest = lattice.points, np.full((count, math.prod(lattice.shape)), np.inf)
    for m in requirements:
        drawn = m.sign * (m.surrogate.draws(points, count, rng) - m.limit)
        np.minimum(smallest, drawn, out=smallest)
    return smallest.reshape(count, *lattice.shape)


def crossing(margin: Floats, sizes: Floats) -> Floats:
    """Smallest size at which a margin is at least 0.

    Parameters
    ----------
    margin : array, shape (..., sizes)
        Margins; between two sizes they are interpolated linearly in the logarithm of the size.
    sizes : array, shape (sizes,)
        Ascending.

    Returns
    -------
    array, shape (...)
        The first of ``sizes`` if it is met there, infinite if it is met nowhere.
    """
    met = margin >= 0
    first = met.argmax(axis=-1)
    before = np.maximum(first - 1, 0)
    upper, lower = (np.take_along_axis(margin, i[..., None], -1)[..., 0] for i in (first, before))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(first > 0, lower / (lower - upper), 0.0)
    logs = np.log(sizes)
    found = np.exp(logs[before] + share * (logs[first] - logs[before]))
    found = np.where(first > 0, found, sizes[0])
    return np.where(met.any(axis=-1), found, np.inf)


def quantiles(draws: Floats) -> tuple[Floats, Floats]:
    """Ends of the central 90 % of draws, along the first axis; draws may be infinite."""
    low, high = (np.quantile(draws, tail, axis=0, method="inverted_cdf") for tail in TAILS)
    return low, high
