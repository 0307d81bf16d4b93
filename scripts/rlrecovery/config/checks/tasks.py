"""Checks of tasks: rewards, blocks, reversals, drift, schedules and missing trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.mistakes import Mistake, Path, dotted, interval, mistake, wrong
from rlrecovery.simulation.changes import DriftSettings, ReversalSettings
from rlrecovery.simulation.settings import TaskSettings

_PROBABILITY = "must be from 0 to 1 with rewards: bernoulli"


def check_tasks(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes about tasks."""
    trials = sections.experiment.trials
    for path, task in sections.tasks.items():
        yield from _means(path, task)
        yield from _rewards(path, task)
        if task.reversals is not None:
            yield from _reversals((*path, "reversals"), task.reversals)
        if task.drift is not None:
            yield from _drift((*path, "drift"), task.drift, task)
        if trials:
            yield from check_trials(path, task, {("trials", i): n for i, n in enumerate(trials)})
            yield from _missing_trials(path, task, trials, sections.experiment.completed)


def outside(
    path: Path, value: float | Sequence[float], ends: tuple[float, float], must: str
) -> Iterator[Mistake]:
    """Yield a mistake for a number, or each entry of a list, that lies outside a range."""
    if isinstance(value, Sequence):
        for i, entry in enumerate(value):
            yield from outside((*path, i), entry, ends, must)
    elif not ends[0] <= value <= ends[1]:
        yield wrong(path, value, must)


def _means(path: Path, task: TaskSettings) -> Iterator[Mistake]:
    """Check that mean rewards are specified exactly once."""
    schedule = task.schedule
    if task.arms is None and schedule is None:
        yield mistake((*path, "arms"), "is required unless there is a schedule")
    for key in ("arms", "reversals", "drift"):
        if schedule is not None and getattr(task, key) is not None:
            yield mistake((*path, key), "cannot be combined with a schedule")
    if task.rewards == "bernoulli" and task.arms is not None:
        yield from outside((*path, "arms"), task.arms, (0, 1), _PROBABILITY)
    rows = (schedule and schedule.values) or ()
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            must = f"must have {len(rows[0])} values, like the first row"
            yield wrong((*path, "schedule", "values", i), row, must)
    if schedule is not None and schedule.holds == "means" and task.rewards == "bernoulli":
        beyond = [value for row in rows for value in row if not 0 <= value <= 1]
        if beyond:
            text = f"contains the mean {beyond[0]}, but means {_PROBABILITY}"
            yield mistake((*path, "schedule", "file"), text)


def _rewards(path: Path, task: TaskSettings) -> Iterator[Mistake]:
    if task.schedule is not None and task.schedule.holds == "rewards":
        text = "is not allowed with a schedule that holds rewards"
        if task.rewards != "bernoulli":
            yield mistake((*path, "rewards"), text)
        if task.sd is not None:
            yield mistake((*path, "sd"), text)
    elif task.rewards == "gaussian" and task.sd is None:
        yield mistake((*path, "sd"), "is required with rewards: gaussian")
    elif task.rewards == "bernoulli" and task.sd is not None:
        yield mistake((*path, "sd"), "is only allowed with rewards: gaussian")


def _reversals(path: Path, rule: ReversalSettings) -> Iterator[Mistake]:
    correct, within = rule.correct, rule.within
    if correct and correct > within:
        yield mistake((*path, "within"), f"is required with correct and must be at least {correct}")
    elif within and not correct:
        yield mistake((*path, "correct"), f"is required with within and must be from 1 to {within}")
    elif not (rule.after or rule.every or correct):
        yield mistake(path, "requires after, every, or correct with within")


def _drift(path: Path, rule: DriftSettings, task: TaskSettings) -> Iterator[Mistake]:
    lower, upper = rule.lower, rule.upper
    if not lower < upper:
        yield wrong((*path, "lower"), lower, f"must be less than upper, which is {upper}")
        return
    if task.rewards == "bernoulli":
        yield from outside((*path, "lower"), lower, (0, 1), _PROBABILITY)
        yield from outside((*path, "upper"), upper, (0, 1), _PROBABILITY)
    must = f"must be {interval(lower, upper)} because of {dotted(path)}"
    yield from outside((*path[:-1], "arms"), task.arms or (), (lower, upper), must)
    centre = rule.centre
    if rule.decay == 1 and centre is not None:
        yield mistake((*path, "centre"), "is only allowed with decay < 1")
    if rule.decay < 1 and centre is None:
        yield mistake((*path, "centre"), "is required with decay < 1")
    elif rule.decay < 1 and centre is not None:
        must = f"must be {interval(lower, upper)}, the bounds of the drift"
        yield from outside((*path, "centre"), centre, (lower, upper), must)


def check_trials(path: Path, task: TaskSettings, trials: Mapping[Path, int]) -> Iterator[Mistake]:
    """Check numbers of trials, by path, against blocks, reversals and the length of a schedule."""
    for key, count in trials.items():
        if count % task.blocks:
            must = f"must be a multiple of {dotted((*path, 'blocks'))}, which is {task.blocks}"
            yield wrong(key, count, must)
    most = max(trials.values())
    if task.reversals is not None:
        longest = most // task.blocks
        must = f"must be less than {longest}, the number of trials of the longest block"
        section = (*path, "reversals")
        for i, trial in enumerate(task.reversals.after):
            if trial >= longest:
                yield wrong((*section, "after", i), trial, must)
        if task.reversals.every >= longest:
            yield wrong((*section, "every"), task.reversals.every, must)
    if task.schedule is not None and task.schedule.values is not None:
        rows = len(task.schedule.values)
        if rows < most:
            text = f"has {rows} rows, but there are up to {most} trials"
            yield mistake((*path, "schedule", "file"), text)


def _missing_trials(
    path: Path, task: TaskSettings, trials: Sequence[int], completed: Sequence[Sequence[float]]
) -> Iterator[Mistake]:
    """Check that trials without a response exist and that others have a response."""
    shortest = min(share for shares in completed for share in shares)
    fewest = max(1, round(shortest * min(trials)))
    for i, without in enumerate(task.missing_trials or ()):
        keys = (*path, "missing_trials", i)
        for k, trial in enumerate(without):
            if trial > max(trials):
                must = f"must be at most {max(trials)}, the largest number of trials"
                yield wrong((*keys, k), trial, must)
        if len({trial for trial in without if trial <= fewest}) == fewest:
            text = f"must leave at least one of the first {fewest} trials with a response"
            yield mistake(keys, text)
