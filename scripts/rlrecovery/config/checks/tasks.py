"""Checks of the keys of a task, and of its blocks and missing trials against the trials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.mistakes import Mistake, Path, dotted, interval, missing, wrong
from rlrecovery.simulate.settings import DriftSettings, ReversalSettings, TaskSettings

_PROBABILITY = "with rewards bernoulli must be from 0 to 1"


def check_tasks(sections: Sections) -> Iterator[Mistake]:
    """All mistakes of all tasks."""
    trials = sections.experiment.trials or ()
    for path, task in sections.tasks.items():
        yield from _means(path, task)
        yield from _rewards(path, task)
        if task.reversals is not None:
            yield from _reversals((*path, "reversals"), task.reversals)
        if task.drift is not None:
            yield from _drift((*path, "drift"), task.drift, task)
        if trials:
            yield from _trials(path, task, trials)
            yield from _missing_trials(path, task, trials, sections.experiment.completed)


def outside(
    path: Path, values: Sequence[float], ends: tuple[float, float], must: str
) -> Iterator[Mistake]:
    """Entries of a list that do not lie between two ends."""
    for i, value in enumerate(values):
        if not ends[0] <= value <= ends[1]:
            yield wrong((*path, i), value, "range", must)


def _means(path: Path, task: TaskSettings) -> Iterator[Mistake]:
    """What arms pay is given once: by arms, reversals and drift, or by a schedule."""
    schedule = task.schedule
    if task.arms is None and schedule is None:
        yield missing((*path, "arms"), "must be given where there is no schedule")
    for key in ("arms", "reversals", "drift"):
        if schedule is not None and getattr(task, key) is not None:
            text = "is given together with schedule; only one may be"
            yield Mistake((*path, key), "conflict", None, text)
    if task.rewards == "bernoulli" and task.arms is not None:
        yield from outside((*path, "arms"), task.arms, (0, 1), _PROBABILITY)
    rows = (schedule and schedule.values) or ()
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            must = f"must have {len(rows[0])} values, like the first row"
            yield wrong((*path, "schedule", "values", i), row, "length", must)
    if schedule is not None and schedule.holds == "means" and task.rewards == "bernoulli":
        beyond = [value for row in rows for value in row if not 0 <= value <= 1]
        if beyond:
            text = f"names a file that contains {beyond[0]}, but a mean {_PROBABILITY}"
            yield Mistake((*path, "schedule", "file"), "range", beyond[0], text)


def _rewards(path: Path, task: TaskSettings) -> Iterator[Mistake]:
    if task.schedule is not None and task.schedule.holds == "rewards":
        must = "the schedule holds the rewards themselves; leave it out"
        if task.rewards != "bernoulli":
            yield wrong((*path, "rewards"), task.rewards, "unused", must)
        if task.sd is not None:
            yield wrong((*path, "sd"), task.sd, "unused", must)
    elif task.rewards == "gaussian" and task.sd is None:
        yield missing((*path, "sd"), "must be given with rewards gaussian")
    elif task.rewards == "bernoulli" and task.sd is not None:
        yield wrong(
            (*path, "sd"), task.sd, "unused", "only gaussian rewards have an SD; leave it out"
        )


def _reversals(path: Path, rule: ReversalSettings) -> Iterator[Mistake]:
    correct, within = rule.correct, rule.within
    if correct and correct > within:
        must = f"must be at least {correct}, because correct is {correct}"
        yield wrong((*path, "within"), within, "range", must)
    elif within and not correct:
        must = f"must be from 1 to {within}, because within is {within}"
        yield wrong((*path, "correct"), correct, "range", must)
    elif not (rule.after or rule.every or correct):
        text = "never happen: give after, every, or correct and within"
        yield Mistake(path, "missing", None, text)


def _drift(path: Path, rule: DriftSettings, task: TaskSettings) -> Iterator[Mistake]:
    lower, upper = rule.lower, rule.upper
    if not lower < upper:
        must = f"must be less than upper, which is {upper}"
        yield wrong((*path, "lower"), lower, "range", must)
        return
    if task.rewards == "bernoulli":
        for key, end in (("lower", lower), ("upper", upper)):
            if not 0 <= end <= 1:
                yield wrong((*path, key), end, "range", _PROBABILITY)
    must = f"must be {interval(lower, upper)} because of {dotted(path)}"
    yield from outside((*path[:-1], "arms"), task.arms or (), (lower, upper), must)
    centre = rule.centre
    if rule.decay == 1 and centre is not None:
        must = "only a decay below 1 pulls to a centre; leave it out"
        yield wrong((*path, "centre"), centre, "unused", must)
    if rule.decay < 1 and centre is None:
        yield missing((*path, "centre"), "must be given with a decay below 1")
    elif rule.decay < 1 and centre is not None and not lower <= centre <= upper:
        must = f"must be {interval(lower, upper)}, the bounds of the drift"
        yield wrong((*path, "centre"), centre, "range", must)


def _trials(path: Path, task: TaskSettings, trials: Sequence[int]) -> Iterator[Mistake]:
    """Trials make whole blocks, reversals lie inside of blocks, and a schedule is long enough."""
    for i, count in enumerate(trials):
        if count % task.blocks:
            must = f"must be a multiple of {dotted((*path, 'blocks'))}, which is {task.blocks}"
            yield wrong(("trials", i), count, "multiple", must)
    if task.reversals is not None:
        longest = max(trials) // task.blocks
        must = f"must be less than {longest}, the number of trials of the longest block"
        place = (*path, "reversals")
        for i, trial in enumerate(task.reversals.after):
            if trial >= longest:
                yield wrong((*place, "after", i), trial, "range", must)
        if task.reversals.every >= longest:
            yield wrong((*place, "every"), task.reversals.every, "range", must)
    if task.schedule is not None and task.schedule.values is not None:
        rows = len(task.schedule.values)
        if rows < max(trials):
            text = f"names a file with {rows} rows, but trials asks for {max(trials)}"
            yield Mistake((*path, "schedule", "file"), "length", rows, text)


def _missing_trials(
    path: Path, task: TaskSettings, trials: Sequence[int], completed: Sequence[Sequence[float]]
) -> Iterator[Mistake]:
    """Trials without a response exist, and leave some with one."""
    shortest = min(share for shares in completed for share in shares)
    fewest = max(1, round(shortest * min(trials)))
    for i, without in enumerate(task.missing_trials or ()):
        place = (*path, "missing_trials", i)
        for k, trial in enumerate(without):
            if trial > max(trials):
                must = f"must be at most {max(trials)}, the largest number of trials"
                yield wrong((*place, k), trial, "range", must)
        if len({trial for trial in without if trial <= fewest}) == fewest:
            must = f"at least one of {fewest} trials must have a response"
            yield wrong(place, without, "range", must)
