"""Answers in sentences, for ``make advise`` and the report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rlrecovery.advice.answer import Answer, Interval
from rlrecovery.advice.measured import Measured
from rlrecovery.advice.region import EXTRAPOLATION, Bounds
from rlrecovery.config.settings import Experiment
from rlrecovery.config.study import sources
from rlrecovery.config.targets import ALL, P_BEST, POWER
from rlrecovery.report.numbers import enumeration

#: Most designs and true values that a sentence lists.
_MOST = 6
#: Largest share of estimates without an interval that is not mentioned.
_LEFT_OUT = 0.05
#: What a measured design gives, in the order of a sentence.
_VERDICTS = {"met": "met by", "unclear": "unclear within the Monte Carlo error for",
             "missed": "not met by"}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """The answers to a requirement, or to all: heading, and a paragraph per method."""

    heading: str
    paragraphs: tuple[tuple[str, str], ...]


def sections(answers: Sequence[Answer], experiment: Experiment) -> Iterator[Section]:
    """Yield the answers of each requirement, and of all together."""
    for name in [*experiment.targets, ALL]:
        group = [answer for answer in answers if answer.requirement == name]
        if name != ALL and not group:
            text = "no method of this study has this measure, or its Monte Carlo error is unknown."
            yield Section(_limit_text(experiment, name, ()), (("", text),))
        elif group:
            paragraphs = tuple((answer.method, " ".join(_answer(answer))) for answer in group)
            joint = name == ALL
            heading = "All requirements together" if joint else _limit_text(experiment, name, group)
            yield Section(heading, paragraphs)


def _limit_text(experiment: Experiment, name: str, group: Sequence[Answer]) -> str:
    """A requirement in words, or as it stands in the config if no method has the measure."""
    target = experiment.targets[name]
    side = "at least" if target.sign > 0 else "at most"
    written = [target.measure, target.effect, target.parameter, target.level, target.model]
    entries = group[0].entries if group else ()
    words = list(dict.fromkeys(entry.quantity for entry in entries))
    quantity = enumeration(words) if words else " ".join(filter(None, written))
    return f"{name}: {quantity} {side} {target.limit:g}"


def introduction(answers: Sequence[Answer], experiment: Experiment) -> str:
    """What the answers are based on."""
    over = {
        "truths": "Requirements apply to means over the true values of the grid.",
        "worst": "Requirements apply to every true value of the grid.",
    }[experiment.over]
    correlations = [m for a in answers for m in a.entries if m.target.measure == "spearman"]
    if experiment.over == "worst" and any(not m.truth for m in correlations):
        over = f"{over[:-1]}; the rank correlation (spearman) is one over all of them."
    if not any(source.truth for _, source in sources(experiment).values()):
        over = "Requirements apply to means over the populations from which participants are drawn."
    return (
        f"{over} Sizes are searched up to a factor of {EXTRAPOLATION:g} beyond the measured ones. "
        "Numbers in parentheses are 90 % intervals from the Monte Carlo error of the study; with "
        "a size at the upper end, a requirement is met with a probability of 95 %."
    )


def _answer(answer: Answer) -> Iterator[str]:
    """Yield the sentences of an answer."""
    near_zero = dict.fromkeys(m.quantity for m in answer.entries if m.near_zero)
    if near_zero:
        yield (
            f"More replicates are needed for a required size: the {enumeration([*near_zero])} is "
            "less than two Monte Carlo errors in some designs."
        )
    elif not answer.surrogates:
        yield "The measured designs do not determine how the measure depends on their size."
    elif not answer.reachable:
        yield f"Not reachable within the bounds, {bounds_text(answer.bounds)}."
    else:
        yield from _frontier(answer)
        yield from _cheapest(answer)
    yield _measured(answer)
    yield from _left_out_note(answer)
    yield from _type_1_note(answer)
    yield from _selection_note(answer)
    yield from _surrogate_notes(answer)


def bounds_text(bounds: Bounds) -> str:
    """The designs that are searched: ``10 to 60 participants with 40 to 360 trials``."""
    n, t = (_range(pair) for pair in (bounds.participants, bounds.trials))
    return f"{n} participants with {t} trials"


def _range(pair: tuple[int, int]) -> str:
    return f"{pair[0]}" if pair[0] == pair[1] else f"{pair[0]} to {pair[1]}"


def _frontier(answer: Answer) -> Iterator[str]:
    """Sizes that are needed with each measured number on the other axis, and where they end."""
    bounds = answer.bounds
    shown = bounds.measured_participants if answer.along_trials else bounds.measured_trials
    smallest = (bounds.trials if answer.along_trials else bounds.participants)[0]
    needs, ends = [], []
    for n in _few(shown):
        size, ending = answer.required(n), answer.endings[n]
        if math.isinf(ending) or size.value > smallest:
            needs.append((size_text(answer, size), n))
        if math.isfinite(ending):
            ends.append((_end_text(answer, ending), n))
    only = f", the only measured number of {_axes(answer)[1]}" if _is_single(answer) else ""
    if needs:
        yield f"Needs {_listed(answer, needs)}{only}."
    if ends:
        yield f"Met up to {_listed(answer, ends)}{only if not needs else ''}, but not with more."
    if bounds == bounds.between:
        yield "As larger designs would miss it again, only the measured range was searched."


def _axes(answer: Answer) -> tuple[str, str]:
    """Names of the axis of the answer, and of the other one."""
    axes = ("trials", "participants")
    return axes if answer.along_trials else axes[::-1]


def _listed(answer: Answer, sizes: Sequence[tuple[str, int]]) -> str:
    """Sizes with numbers on the other axis: ``81 trials with 15 participants and 70 with 40``."""
    axis, other = _axes(answer)
    (size, n), *further = sizes
    texts = [f"{size} {axis} with {n} {other}", *(f"{size} with {n}" for size, n in further)]
    return enumeration(texts)


def _end_text(answer: Answer, ending: float) -> str:
    """A size that was met, rounded down to whole steps."""
    step = answer.bounds.blocks if answer.along_trials else 1
    return f"{math.floor(ending / step + 1e-9) * step}"


def _is_single(answer: Answer) -> bool:
    """Whether only one number was measured on the other axis."""
    bounds = answer.bounds
    return len(bounds.measured_participants if answer.along_trials else bounds.measured_trials) == 1


def _few(sizes: Sequence[int]) -> list[int]:
    """All sizes, or some of them, with the first and the last."""
    if len(sizes) <= _MOST:
        return list(sizes)
    places = np.linspace(0, len(sizes) - 1, _MOST).round().astype(int)
    return [sizes[i] for i in places]


def size_text(answer: Answer, interval: Interval) -> str:
    """A required size with its interval: ``81 (70 to 94)``."""
    low, high = answer.bounds.trials if answer.along_trials else answer.bounds.participants
    step = answer.bounds.blocks if answer.along_trials else 1
    value, lower, upper = (_whole(end, step, low, high) for end in interval)
    if lower == upper:
        return value
    return f"{value} ({lower} to {upper})"


def _whole(size: float, step: int, low: int, high: int) -> str:
    """A size, rounded up to whole steps; beyond the bounds, the bound."""
    whole = math.ceil(size / step - 1e-9) * step if math.isfinite(size) else math.inf
    if whole > high:
        return f"more than {high}"
    return f"{low} or fewer" if size <= low else f"{whole}"


def _cheapest(answer: Answer) -> Iterator[str]:
    """The cheapest design and its cost."""
    best = answer.cheapest
    if best is None:
        if answer.cost is not None and not answer.is_supported:
            yield "No cheapest design is given, because nothing within the measured range meets it."
        return
    notes = []
    n, t = (best.participants, best.trials)
    if not answer.bounds.is_measured(t, n):
        notes.append("beyond the measured designs")
    low, high = answer.bounds.participants
    if low < high and n == low:
        notes.append("with the fewest participants that were searched")
    note = f", {' and '.join(notes)}" if notes else ""
    interval = size_text(answer, best.size).partition(" (")[2]
    interval = f" ({interval}" if interval else ""
    trials, participants = (interval, "") if answer.along_trials else ("", interval)
    yield (
        f"Cheapest: {n} participants{participants} with {t} trials{trials}{note}, at a cost of "
        f"{_amount(best.cost.value)}{_cost_interval(best.cost)}."
    )


def _cost_interval(cost: Interval) -> str:
    if not math.isfinite(cost.upper):
        return f" (at least {_amount(cost.lower)})"
    return f" ({_amount(cost.lower)} to {_amount(cost.upper)})"


def _amount(value: float) -> str:
    """A cost with at least four digits."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _measured(answer: Answer) -> str:
    """What the measured designs give."""
    groups: dict[str, list[str]] = {}
    for (n, t), verdict in answer.designs.items():
        value = _value(answer.entries[0], n, t) if len(answer.entries) == 1 else ""
        groups.setdefault(verdict, []).append(f"{n} × {t}{value}")
    if not groups:
        return "No design has all of the measures."
    texts = [
        f"{words} {enumeration(_shortened(groups[verdict]))}"
        for verdict, words in _VERDICTS.items()
        if verdict in groups
    ]
    return f"Measured designs (participants × trials): {'; '.join(texts)}."


def _shortened(names: list[str]) -> list[str]:
    """A list of limited length."""
    if len(names) <= _MOST:
        return names
    return [*names[: _MOST - 1], f"{len(names) - _MOST + 1} others"]


def _value(entry: Measured, participants: int, trials: int) -> str:
    """A measured value with its MCSE."""
    i = np.flatnonzero((entry.participants == participants) & (entry.trials == trials))[0]
    return f" ({entry.value[i]:.3g} ± {entry.mcse[i]:.1g})"


def _left_out_note(answer: Answer) -> Iterator[str]:
    """The share of estimates without an interval, if it is not small."""
    shares = {m.quantity: m.left_out for m in answer.entries if m.left_out > _LEFT_OUT}
    if shares:
        yield (
            f"The {enumeration([*shares])} leaves out estimates without an interval, up to "
            f"{100 * max(shares.values()):.2g} % in a cell."
        )


def _type_1_note(answer: Answer) -> Iterator[str]:
    """The type I error of the analysis, if it is known to be above nominal."""
    entries = [entry for entry in answer.entries if np.isfinite(entry.type_1)]
    if entries:
        worst = max(entries, key=lambda entry: entry.type_1)
        yield (
            f"Where there is no effect, {worst.method} finds one in {100 * worst.type_1:.2g} % of "
            f"data sets (nominal {100 * worst.nominal_type_1:g} %), so that this power does not "
            "count."
        )


def _selection_note(answer: Answer) -> Iterator[str]:
    """The criterion of model selection, or the analysis, that counts for all requirements."""
    for measure, words in ((P_BEST, "the share of best fits"), (POWER, "power")):
        names = list(dict.fromkeys(m.method for m in answer.entries if m.target.measure == measure))
        if names and answer.requirement == ALL:
            yield f"For {words}, {enumeration(names)} counts."


def _surrogate_notes(answer: Answer) -> Iterator[str]:
    """How measures are interpolated, if it is not by planes that were tested."""
    pairs = list(zip(answer.entries, answer.surrogates, strict=False))
    curved = [m.subject for m, s in pairs if s.kind == "process"]
    if curved and answer.requirement != ALL:
        yield (
            f"A plane in log trials and log participants does not fit the {enumeration(curved)}; "
            "a Gaussian process is used."
        )
    if answer.requirement != ALL and any(np.isnan(s.p_value) for _, s in pairs):
        yield "The designs are too few to test whether a plane fits."
