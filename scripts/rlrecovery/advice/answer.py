"""Which designs meet requirements: one answer per requirement and method, and one for all together.

Every answer has the frontier with its interval, the cheapest design, and what the measured designs
give.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from rlrecovery.advice.fit import fit_surrogate
from rlrecovery.advice.measured import Measured, by_requirement, measured, origin
from rlrecovery.advice.region import (
    CERTAIN,
    Bounds,
    Margin,
    Region,
    coarse,
    ending,
    fine,
    reach,
    region,
    required_sizes,
    trusted,
)
from rlrecovery.advice.scales import (
    Floats,
    for_few_replicates,
    t_factor,
    transform,
    transform_scores,
    with_errors,
)
from rlrecovery.advice.surrogate import Points, Surrogate
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import competitors, methods_of, tasks
from rlrecovery.config.targets import ALL, P_BEST, POWER, CostSettings, TargetSettings
from rlrecovery.score.results import Summary

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
    def region(self) -> Region:
        """Where the requirements are met, also with the participants of the cheapest design."""
        cheapest = self._cheapest_design
        others = () if cheapest is None else cheapest[:1]
        return region(self.margins, coarse(self.bounds, others))

    @cached_property
    def frontier(self) -> list[tuple[int, Interval]]:
        """Required size along the axis of the answer, for each number on the other axis."""
        lattice = self.region.lattice
        others = lattice.participants if self.along_trials else lattice.trials
        sizes = zip(others, *required_sizes(self.region, self.along_trials), strict=True)
        return [(int(n), Interval(*map(float, interval))) for n, *interval in sizes]

    @cached_property
    def endings(self) -> dict[int, float]:
        """Sizes from which the requirements are missed again, as `frontier`; infinite if none."""
        lattice, margin = self.region.lattice, self.region.margin
        if self.along_trials:
            pairs = zip(lattice.participants, ending(margin, lattice.trials), strict=True)
        else:
            pairs = zip(lattice.trials, ending(margin.T, lattice.participants), strict=True)
        return {int(other): float(size) for other, size in pairs}

    @property
    def reachable(self) -> bool:
        """Whether a design within the bounds meets the requirements."""
        return bool(self.margins) and float(self._fine.margin.max()) >= 0

    @cached_property
    def is_supported(self) -> bool:
        """Whether a measured design meets the requirements, or one between measured designs."""
        if not self.margins:
            return False
        between = region(self.margins, coarse(self.bounds.between))
        return "met" in self.designs.values() or bool((between.margin >= 0).any())

    @cached_property
    def _fine(self) -> Region:
        """Where the requirements are met, for every number of participants."""
        return region(self.margins, fine(self.bounds))

    @cached_property
    def _cheapest_design(self) -> tuple[int, int] | None:
        """Participants and trials of the cheapest design within the bounds."""
        if self.cost is None or not self.is_supported:
            return None
        lattice = self._fine.lattice
        needed, _, _ = required_sizes(self._fine, self.along_trials)
        others = lattice.participants if self.along_trials else lattice.trials
        designs = [
            (self.cost.total(*design), *design)
            for other, size in zip(others, needed, strict=True)
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
        other = design[0] if self.along_trials else design[1]
        cost = Interval(self.cost.total(*design), *self._cost_ends())
        return Cheapest(*design, self.required(other), cost)

    def _cost_ends(self) -> Iterator[float]:
        """Smallest costs of designs that may meet the requirements, and that certainly do."""
        assert self.cost is not None
        lattice = self._fine.lattice
        for needed in required_sizes(self._fine, self.along_trials)[1:]:
            finite = np.isfinite(needed)
            sizes = np.where(finite, needed, 0.0)
            pair = (lattice.participants, sizes) if self.along_trials else (sizes, lattice.trials)
            yield float(np.where(finite, self.cost.total(*pair), np.inf).min())

    def required(self, other: float) -> Interval:
        """Required size for a number on the other axis, one of `frontier`."""
        return dict(self.frontier)[int(other)]

    @cached_property
    def designs(self) -> dict[tuple[int, int], Verdict]:
        """What each design gives that all measures were computed in, by participants and trials."""
        distances: dict[tuple[int, int], list[float]] = {}
        for entry in self.entries:
            for size, distance in zip(_sizes(entry), _distances(entry), strict=True):
                distances.setdefault(size, []).append(distance)
        whole = {k: v for k, v in sorted(distances.items()) if len(v) == len(self.entries)}
        return {size: _verdict(np.array(values)) for size, values in whole.items()}


def _sizes(entry: Measured) -> list[tuple[int, int]]:
    pairs = zip(entry.participants, entry.trials, strict=True)
    return [(int(n), int(t)) for n, t in pairs]


def _distances(entry: Measured) -> Floats:
    """Standard errors by which measured values are on the right side of the limit."""
    values, errors = with_errors(entry.scale, entry.value, entry.mcse, entry.n)
    return entry.target.sign * (values - entry.target.limit) / (errors * t_factor(entry.n))


def _verdict(distances: Floats) -> Verdict:
    """What measured values give, from the distances of all measures of a design."""
    smallest = distances.min()
    if smallest >= CERTAIN:
        return "met"
    return "missed" if smallest < -reach(distances) else "unclear"


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
        """Answer from measures, whose surrogates are shared with other answers."""
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
        found = Answer(name, method, tuple(entries), usable, bounds, experiment.cost)
        if not usable:
            return found
        return dataclasses.replace(found, bounds=trusted(bounds, found.margins))

    single = [answer(name, method, entries) for (name, method), entries in groups.items()]
    joint = [
        answer(ALL, method, entries) for method, entries in _joint(summary, experiment, groups)
    ]
    return [*single, *joint]


def _surrogate(entry: Measured) -> Surrogate | None:
    """Fit the surrogate of a measure.

    The size of a bias near 0 has none: its mean is that of the Monte Carlo error, which does not
    depend on the size of the design as the bias does.
    """
    if entry.near_zero:
        return None
    values, errors = transform_scores(entry.scale, entry.value, entry.mcse, entry.n)
    usable = np.isfinite(values)
    if not usable.any():
        return None
    points = Points(entry.trials[usable], entry.participants[usable])
    scores = (values[usable], errors[usable], entry.n[usable])
    return fit_surrogate(points, *for_few_replicates(entry.target.measure, *scores))


def _joint(
    summary: Summary,
    experiment: Experiment,
    groups: Mapping[tuple[str, str], list[Measured]],
) -> Iterator[tuple[str, list[Measured]]]:
    """Yield the methods that have all requirements, with their measures.

    A requirement for a method of its own, for the share of best fits or for power is part of the
    answer of every method, with the measures of the same task and missing responses; of several
    criteria of model selection, or analyses of effects, the first one counts.
    """
    if len(experiment.targets) < 2:
        return
    contests = competitors(methods_of(experiment))
    for method in summary.methods:
        config_name = summary.method_of.get(method, method)
        contest = contests.get(config_name, ("",))[0]
        parts = [
            groups.get((name, method))
            or _shared(name, target, contest or config_name, origin(summary, method), groups)
            for name, target in experiment.targets.items()
        ]
        if all(parts):
            yield method, [entry for part in parts for entry in part]


def _shared(
    name: str,
    target: TargetSettings,
    own_name: str,
    of: tuple[str, str],
    groups: Mapping[tuple[str, str], list[Measured]],
) -> list[Measured]:
    """Measures of a requirement that methods share, from data like those of a method.

    ``own_name`` (in the config) and ``of`` (model and label of the other factors) are those of the
    method. Data of the same generating model come first; the share of best fits may be that of
    another one.
    """
    if target.method is None and target.measure not in (P_BEST, POWER):
        return []
    model, variant = of
    candidates = [
        group
        for (requirement, _), group in groups.items()
        if requirement == name
        and group[0].variant == variant
        and (target.method or group[0].name == own_name)
    ]
    return min(candidates, key=lambda group: group[0].model != model, default=[])
