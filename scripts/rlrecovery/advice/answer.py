"""Which designs meet requirements: one answer per requirement and method, and one for all together.

Every answer has the frontier with its interval, the cheapest design, and what the measured designs
give.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from rlrecovery.advice.measured import Measured, by_requirement, measured
from rlrecovery.advice.region import (
    Bounds,
    Lattice,
    Margin,
    coarse,
    crossing,
    drawn_margins,
    fine,
    margins,
    quantiles,
)
from rlrecovery.advice.scales import Floats, transform, transform_scores
from rlrecovery.advice.surrogate import Points, Surrogate, fit_surrogate
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import competitors, methods_of, tasks
from rlrecovery.config.targets import ALL, P_BEST, CostSettings
from rlrecovery.score.results import Summary

#: Seed of the draws of every answer, so that an answer does not depend on the others.
SEED = 20190305
#: A measured design is certain if its margin is this many standard errors from 0.
CERTAIN = 1.645
#: What a measured design gives, within its Monte Carlo error.
Verdict = Literal["met", "unclear", "missed"]


class Interval(NamedTuple):
    """A required size, with its 90 % interval; infinite beyond the bounds of the search."""

    value: float
    lower: float
    upper: float


class Cheapest(NamedTuple):
    """The cheapest design, the interval of its size along the axis of the answer, and its cost."""

    participants: int
    trials: int
    size: Interval
    cost: Interval


@dataclass(frozen=True)
class Answer:
    """Answer to one requirement, or to all, with one method.

    Attributes
    ----------
    requirement, method : str
        Name of the requirement (`ALL` for all), and of the method as the report shows it.
    entries : tuple of Measured
        All measures that must be on the right side of their limits.
    surrogates : tuple of Surrogate
        Their surrogates; none if a measure has designs that do not determine one.
    bounds : Bounds
        Designs that are searched.
    cost : CostSettings, optional
        Cost of a design.
    """

    requirement: str
    method: str
    entries: tuple[Measured, ...]
    surrogates: tuple[Surrogate, ...]
    bounds: Bounds
    cost: CostSettings | None = None
    draws: int = field(default=1000)

    @cached_property
    def margins(self) -> list[Margin]:
        """Surrogates with their limits; none without surrogates."""
        pairs = zip(self.entries, self.surrogates, strict=False)
        return [
            Margin(s, float(transform(m.scale, m.target.limit)), m.target.sign) for m, s in pairs
        ]

    @property
    def along_trials(self) -> bool:
        """Whether the answer is a number of trials, and not of participants."""
        return self.bounds.along == "trials"

    @cached_property
    def lattice(self) -> Lattice:
        """Designs of the draws, with the participants of the cheapest one."""
        cheapest = self._cheapest_design
        return coarse(self.bounds, () if cheapest is None else cheapest[:1])

    @cached_property
    def drawn(self) -> Floats:
        """Drawn margins, shape (draws, participants, trials)."""
        rng = np.random.default_rng(SEED)
        return drawn_margins(self.margins, self.lattice, rng, self.draws)

    @cached_property
    def probability(self) -> Floats:
        """Probability that a design of `lattice` meets the requirements, given the data."""
        return (self.drawn >= 0).mean(axis=0)

    @cached_property
    def frontier(self) -> list[tuple[int, Interval]]:
        """Required size along the axis of the answer, for each number on the other axis."""
        others = self.lattice.participants if self.along_trials else self.lattice.trials
        value = _needed(margins(self.margins, self.lattice), self.lattice, self.along_trials)
        lower, upper = quantiles(self._drawn_needed)
        ends = zip(others, value, lower, upper, strict=True)
        return [(int(n), Interval(*map(float, interval))) for n, *interval in ends]

    @cached_property
    def _drawn_needed(self) -> Floats:
        """Required sizes of all draws, shape (draws, numbers on the other axis)."""
        return _needed(self.drawn, self.lattice, self.along_trials)

    @property
    def reachable(self) -> bool:
        """Whether a design within the bounds meets the requirements."""
        return bool(self.margins) and self._best_margin >= 0

    @cached_property
    def _best_margin(self) -> float:
        return float(margins(self.margins, fine(self.bounds)).max())

    @cached_property
    def _cheapest_design(self) -> tuple[int, int] | None:
        """Participants and trials of the cheapest design within the bounds."""
        if self.cost is None or not self.margins:
            return None
        lattice = fine(self.bounds)
        needed = _needed(margins(self.margins, lattice), lattice, self.along_trials)
        designs = [
            (self.cost.total(*design), *design)
            for other, size in zip(
                lattice.participants if self.along_trials else lattice.trials, needed, strict=True
            )
            if (design := self.design(other, size)) is not None
        ]
        return min(designs)[1:] if designs else None

    def design(self, other: float, needed: float) -> tuple[int, int] | None:
        """Smallest whole design with a required size; None outside of the bounds."""
        step = self.bounds.blocks if self.along_trials else 1
        largest = self.bounds.trials[1] if self.along_trials else self.bounds.participants[1]
        if not needed <= largest:
            return None
        size = math.ceil(needed / step - 1e-9) * step
        if size > largest:
            return None
        return (int(other), size) if self.along_trials else (size, int(other))

    @cached_property
    def cheapest(self) -> Cheapest | None:
        """The cheapest design with its intervals; None without a cost or such a design."""
        design = self._cheapest_design
        if design is None or self.cost is None:
            return None
        n, t = self.lattice.participants, self.lattice.trials
        needed = self._drawn_needed
        costs = self.cost.total(n, needed) if self.along_trials else self.cost.total(needed, t)
        ends = quantiles(np.where(np.isfinite(needed), costs, np.inf).min(axis=1))
        cost = Interval(self.cost.total(*design), *map(float, ends))
        other = design[0] if self.along_trials else design[1]
        return Cheapest(*design, self.required(other), cost)

    def required(self, other: float) -> Interval:
        """Required size for a number on the other axis, one of `frontier`."""
        return dict(self.frontier)[int(other)]

    @cached_property
    def designs(self) -> dict[tuple[int, int], Verdict]:
        """What each design gives that all measures were computed in, by participants and trials."""
        verdicts: dict[tuple[int, int], list[Verdict]] = {}
        for entry in self.entries:
            for size, verdict in zip(_sizes(entry), _verdicts(entry), strict=True):
                verdicts.setdefault(size, []).append(verdict)
        whole = {k: v for k, v in sorted(verdicts.items()) if len(v) == len(self.entries)}
        order: tuple[Verdict, ...] = ("missed", "unclear", "met")
        return {size: min(found, key=order.index) for size, found in whole.items()}


def _needed(margin: Floats, lattice: Lattice, along_trials: bool) -> Floats:
    """Smallest sizes along an axis with a margin of at least 0."""
    if along_trials:
        return crossing(margin, lattice.trials)
    return crossing(np.swapaxes(margin, -1, -2), lattice.participants)


def _sizes(entry: Measured) -> list[tuple[int, int]]:
    pairs = zip(entry.participants, entry.trials, strict=True)
    return [(int(n), int(t)) for n, t in pairs]


def _verdicts(entry: Measured) -> list[Verdict]:
    """What the measured values give."""
    values, errors = transform_scores(entry.scale, entry.value, entry.mcse, entry.n)
    limit = float(transform(entry.scale, entry.target.limit))
    distances = entry.target.sign * (values - limit) / errors
    return ["met" if d >= CERTAIN else "missed" if d <= -CERTAIN else "unclear" for d in distances]


def answers(summary: Summary, experiment: Experiment) -> list[Answer]:
    """Answer the requirements of a study.

    Parameters
    ----------
    summary : Summary
        Its tables ``recovery`` and ``selection``.
    experiment : Experiment
        Its config, with ``targets``.

    Returns
    -------
    list of Answer
        One per requirement and method, in the order of the config, followed by one per method for
        all requirements, if there are several.
    """
    groups = by_requirement(measured(summary, experiment))
    surrogates: dict[int, Surrogate | None] = {}
    blocks = math.lcm(*(task.blocks for task in tasks(experiment).values()))

    def answer(name: str, method: str, entries: Sequence[Measured]) -> Answer:
        for entry in entries:
            if id(entry) not in surrogates:
                surrogates[id(entry)] = _surrogate(entry)
        fitted = [surrogates[id(entry)] for entry in entries]
        complete = tuple(s for s in fitted if s is not None)
        bounds = Bounds.of(
            [int(t) for entry in entries for t in entry.trials],
            [int(n) for entry in entries for n in entry.participants],
            blocks,
        )
        usable = complete if len(complete) == len(fitted) else ()
        return Answer(name, method, tuple(entries), usable, bounds, experiment.cost)

    single = [answer(name, method, entries) for (name, method), entries in groups.items()]
    joint = [
        answer(ALL, method, entries) for method, entries in _joint(summary, experiment, groups)
    ]
    return [*single, *joint]


def _surrogate(entry: Measured) -> Surrogate | None:
    """Fit the surrogate of a measure."""
    values, errors = transform_scores(entry.scale, entry.value, entry.mcse, entry.n)
    usable = np.isfinite(values)
    points = Points(entry.trials[usable], entry.participants[usable])
    return fit_surrogate(points, values[usable], errors[usable])


def _joint(
    summary: Summary,
    experiment: Experiment,
    groups: Mapping[tuple[str, str], list[Measured]],
) -> Iterator[tuple[str, list[Measured]]]:
    """Yield the methods that have all requirements, with their measures.

    A requirement for a method of its own, or for the share of best fits, is part of the answer of
    every method; of several criteria of model selection, the first one counts.
    """
    if len(experiment.targets) < 2:
        return
    contests = competitors(methods_of(experiment))
    for method in summary.methods:
        contest = contests.get(summary.method_of.get(method, method), ("",))[0]
        parts = []
        for name, target in experiment.targets.items():
            shared = target.method is not None or target.measure == P_BEST
            of_name = [g for (requirement, _), g in groups.items() if requirement == name]
            part = groups.get((name, method)) or next(
                (g for g in of_name if shared and (target.method or g[0].name == contest)), None
            )
            parts.append(part)
        if all(parts):
            yield method, [entry for part in parts for entry in part or ()]
