"""Where requirements are met, and how certain that is.

Everything is computed from margins: how far a measure is on the right side of its limit, on the
scale of its surrogate. A requirement of several measures is met where the smallest margin is at
least 0, and so are several requirements.

The error of a margin is that of its surrogate, which is Gaussian. In a parametric bootstrap, which
refits the surrogate to values with other Monte Carlo errors, a design would meet the limit with
probability Phi(margin / error). The 90 % interval of a required size begins where this reaches 5 %
and ends where it reaches 95 %; for one measure these are the percentiles of the bootstrap.

With several measures, the largest of the bootstrapped sizes would be too large: the maximum of
estimates with errors is biased. Instead, a design is certain to meet the requirement if each
measure meets its limit with a probability of 95 %, and certain to miss it if one of them does so
with less than 5 % / k, where k is the number of measures that are not certain (Bonferroni). An
interval then holds the required size with a probability of 90 to 95 %, also if the errors of the
measures depend on each other, as those from the same data do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rlrecovery.advice.scales import Floats
from rlrecovery.advice.surrogate import Points, Surrogate

#: Designs are searched up to this factor beyond the measured numbers of trials and participants.
EXTRAPOLATION = 1.5
#: Probability on each side of the 90 % interval, and its distance in standard errors.
TAIL, CERTAIN = 0.05, 1.6448536269514722
#: Numbers of trials and of participants of a coarse lattice; most participants of a fine one.
TRIALS, PARTICIPANTS, MOST = 61, 17, 400


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

    @property
    def between(self) -> Bounds:
        """The range of the measured designs."""
        t, n = self.measured_trials, self.measured_participants
        return self._replace(trials=(t[0], t[-1]), participants=(n[0], n[-1]))

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
    """Designs with measured and evenly spaced numbers of participants, and some others."""
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


@dataclass(frozen=True)
class Region:
    """Where a requirement is met: arrays of the shape of a lattice, in its order.

    Attributes
    ----------
    margin : array
        Smallest margin; at least 0 where the requirement is met.
    distance : array
        Smallest margin divided by its standard error.
    possible, certain : array
        At least 0 where a design is not certain to miss the requirement, and where it is certain to
        meet it, in standard errors.
    """

    lattice: Lattice
    margin: Floats
    distance: Floats
    possible: Floats
    certain: Floats


def region(requirements: Sequence[Margin], lattice: Lattice) -> Region:
    """Compute where a requirement of one or more measures is met."""
    points = lattice.points
    margins = np.stack([m.sign * (m.surrogate.mean(points) - m.limit) for m in requirements])
    errors = np.stack([m.surrogate.se(points) for m in requirements])
    distances = margins / np.maximum(errors, np.finfo(float).tiny)
    smallest = distances.min(axis=0)
    fields = (margins.min(axis=0), smallest, smallest + reach(distances), smallest - CERTAIN)
    return Region(lattice, *(field.reshape(lattice.shape) for field in fields))


def reach(distances: Floats) -> Floats:
    """Standard errors beyond which a limit is certain to be missed.

    ``distances`` has shape (measures, ...); the result, without the first axis, is the quantile of
    1 - 5 % / k, with the number k of measures that are not certain to meet their limit.
    """
    uncertain = np.maximum((distances < CERTAIN).sum(axis=0), 1)
    return -special.ndtri(TAIL / uncertain)


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
    return _first(margin >= 0, margin, sizes)


def ending(margin: Floats, sizes: Floats) -> Floats:
    """Size at which a margin turns negative again, behind `crossing`; parameters as there.

    Infinite where it does not, or where no size is met.
    """
    return _first(_lost(margin >= 0), margin, sizes)


def _lost(met: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Sizes on the last axis that do not meet a limit, although a smaller one does."""
    return ~met & _ever(met)


def _first(where: NDArray[np.bool_], margin: Floats, sizes: Floats) -> Floats:
    """Where the margin changes its sign before the first size of a mask; infinite without one."""
    first = where.argmax(axis=-1)
    before = np.maximum(first - 1, 0)
    upper, lower = (np.take_along_axis(margin, i[..., None], -1)[..., 0] for i in (first, before))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(first > 0, lower / (lower - upper), 0.0)
    logs = np.log(sizes)
    found = np.exp(logs[before] + share * (logs[first] - logs[before]))
    found = np.where(first > 0, found, sizes[0])
    return np.where(where.any(axis=-1), found, np.inf)


def trusted(bounds: Bounds, requirements: Sequence[Margin]) -> Bounds:
    """Bounds without the sizes beyond the measured ones for which there is no evidence.

    Only the measured range is searched if larger sizes miss a limit that smaller ones meet: on the
    axis of the answer by prediction, on the other one with certainty, because many measures do not
    depend on it. No smaller sizes than the measured ones are searched if the limit is not met
    within the measured range.
    """
    found, measured = region(requirements, coarse(bounds)), bounds.between
    met, certain, missed = found.margin >= 0, found.certain >= 0, found.possible < 0
    if bounds.along == "trials":
        turns = _lost(met) | (missed.T & _ever(certain.T)).T
    else:
        turns = _lost(met.T).T | (missed & _ever(certain))
    if turns.any():
        return measured
    if (region(requirements, coarse(measured)).margin >= 0).any():
        return bounds
    return bounds._replace(
        trials=(measured.trials[0], bounds.trials[1]),
        participants=(measured.participants[0], bounds.participants[1]),
    )


def _ever(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether an entry or one before it on the last axis is true."""
    return np.logical_or.accumulate(mask, axis=-1)


def required_sizes(of: Region, along_trials: bool) -> tuple[Floats, Floats, Floats]:
    """Smallest sizes along an axis that meet the requirements, and the ends of their intervals.

    Each has one entry per number on the other axis; infinite if none within the bounds is enough.
    An interval has no gaps: it ends before sizes that are certain to miss the requirement, also if
    smaller ones, about which less is known, are not.
    """
    sizes = of.lattice.trials if along_trials else of.lattice.participants
    margin, possible, certain = (
        field if along_trials else field.T for field in (of.margin, of.possible, of.certain)
    )
    return (
        crossing(margin, sizes),
        crossing(without_gaps(possible, margin), sizes),
        crossing(certain, sizes),
    )


def without_gaps(possible: Floats, margin: Floats) -> Floats:
    """Replace values before the first size that meets the requirement by the smallest from there.

    Arrays have shape (..., sizes). Where no size meets it, the last one counts.
    """
    met = margin >= 0
    last = margin.shape[-1] - 1
    first = np.where(met.any(axis=-1), met.argmax(axis=-1), last)
    is_before = np.arange(last + 1) <= first[..., None]
    smallest = np.minimum.accumulate(np.where(is_before, possible, np.inf)[..., ::-1], axis=-1)
    return np.where(is_before, smallest[..., ::-1], possible)
