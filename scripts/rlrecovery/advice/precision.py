"""How precise a frontier is, and which designs to measure next."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rlrecovery.advice.answer import Answer
from rlrecovery.advice.region import Region, crossing, without_gaps
from rlrecovery.advice.scales import Floats
from rlrecovery.config.targets import ALL

#: A new number is no new level if it is within this factor of a measured one.
NEAR = 1.15
#: Smallest and largest factor by which replicates grow in one round.
GROWTH = (1.25, 4.0)


class Place(NamedTuple):
    """A point of a frontier, with the half-widths of its interval as shares of the sizes.

    The interval can be given along either axis; a half-width is infinite if the interval reaches
    beyond the bounds, and on an axis with a single measured number.
    """

    participants: float
    trials: float
    along_participants: float
    along_trials: float

    @property
    def width(self) -> float:
        """The smaller half-width: a steep frontier is wide in one direction only."""
        return min(self.along_participants, self.along_trials)


@dataclass(frozen=True)
class Step:
    """What to add to a study: a level of one axis, or replicates of all cells.

    ``width`` is the largest half-width of the present intervals, infinite if no design within the
    bounds meets the requirements.
    """

    requirement: str
    method: str
    width: float
    trials: int | None = None
    participants: int | None = None
    replicates: int | None = None


def decisive(answers: Sequence[Answer]) -> list[Answer]:
    """The answers to all requirements together, or to the only one; those with surrogates."""
    joint = [answer for answer in answers if answer.requirement == ALL]
    return [answer for answer in joint or answers if answer.surrogates]


def places(answer: Answer) -> Iterator[Place]:
    """Yield the points of the frontier within the measured range of the other axis."""
    found, bounds = answer.region, answer.bounds
    lattice = found.lattice
    for i, (other, interval) in enumerate(answer.frontier):
        size = interval.value
        n, t = (other, size) if answer.along_trials else (size, other)
        low, high = bounds.measured_participants[0], bounds.measured_participants[-1]
        if not math.isfinite(size) or (answer.along_trials and not low <= n <= high):
            continue
        row = i if answer.along_trials else _nearest(lattice.participants, n)
        column = _nearest(lattice.trials, t)
        along_trials = _half_width(found, np.s_[row, :], lattice.trials, t)
        along_participants = _half_width(found, np.s_[:, column], lattice.participants, n)
        yield Place(n, t, along_participants, along_trials)


def _nearest(sizes: Floats, size: float) -> int:
    return int(np.abs(np.log(sizes / size)).argmin())


def _half_width(found: Region, line: Any, sizes: Floats, value: float) -> float:
    """Half-width of the interval of the required size on a line, as a share of the size."""
    if sizes.size == 1:
        return math.inf
    possible = without_gaps(found.possible[line], found.margin[line])
    return float((crossing(found.certain[line], sizes) - crossing(possible, sizes)) / (2 * value))


def widest(answer: Answer) -> Place | None:
    """The point of a frontier with the widest interval; None if it has no points."""
    return max(places(answer), key=lambda place: place.width, default=None)


def next_step(answers: Sequence[Answer], replicates: int, within: float) -> Step | None:
    """What to measure next.

    Parameters
    ----------
    answers : sequence of Answer
        All answers; those that are `decisive` count.
    replicates : int
        Present number of replicates.
    within : float
        Largest half-width of the interval of a frontier, as a share of the size.

    Returns
    -------
    Step or None
        For the widest interval, a level at its place of the frontier, or more replicates if there
        is one nearby. If no answer has a frontier within the bounds, the level at the end of the
        bounds that comes closest to the limits. None if all intervals are narrow enough.
    """
    candidates = decisive(answers)
    found = [(place, a) for a in candidates if (place := widest(a)) is not None]
    if found:
        place, answer = max(found, key=lambda pair: pair[0].width)
        return None if place.width <= within else _refine(answer, place, replicates, within)
    steps = (_extend(answer) for answer in candidates)
    return next((step for step in steps if step is not None), None)


def _refine(answer: Answer, place: Place, replicates: int, within: float) -> Step:
    """A new level where the frontier is, or more replicates."""
    bounds = answer.bounds
    step = bounds.blocks
    trials = max(step, round(place.trials / step) * step)
    participants = round(place.participants)
    new_trials = len(bounds.measured_trials) > 1 and _is_new(trials, bounds.measured_trials)
    new_participants = len(bounds.measured_participants) > 1 and _is_new(
        participants, bounds.measured_participants
    )
    who = (answer.requirement, answer.method, place.width)
    if new_trials and (place.along_trials <= place.along_participants or not new_participants):
        return Step(*who, trials=trials)
    if new_participants:
        return Step(*who, participants=participants)
    growth = min(max((place.width / within) ** 2, GROWTH[0]), GROWTH[1])
    return Step(*who, replicates=math.ceil(replicates * growth))


def _is_new(size: int, measured: Sequence[int]) -> bool:
    return all(max(size / other, other / size) > NEAR for other in measured)


def _extend(answer: Answer) -> Step | None:
    """The largest searched size, on the axis that brings the measures closer to their limits."""
    lattice, bounds, margin = answer.region.lattice, answer.bounds, answer.region.margin
    if (margin >= 0).all():
        return None
    n = _nearest(lattice.participants, bounds.measured_participants[-1])
    t = _nearest(lattice.trials, bounds.measured_trials[-1])
    gains = {
        "trials": (margin[n, -1] - margin[n, t], bounds.trials[1], bounds.measured_trials),
        "participants": (
            margin[-1, t] - margin[n, t],
            bounds.participants[1],
            bounds.measured_participants,
        ),
    }
    axis = max(gains, key=lambda name: gains[name][0])
    gain, size, measured = gains[axis]
    if gain <= 0 or not _is_new(size, measured):
        return None
    return Step(answer.requirement, answer.method, math.inf, **{axis: size})
