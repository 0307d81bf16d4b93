"""What the keys of a task get wrong together."""

from __future__ import annotations

from collections.abc import Iterator

from rlrecovery.config.draft import Draft
from rlrecovery.config.json_schema import Location, locate
from rlrecovery.config.phrases import dotted, strays
from rlrecovery.config.sentences import Problem
from rlrecovery.config.settings import Task
from rlrecovery.config.words import allowed_at, show, span


def check_tasks(draft: Draft) -> Iterator[Problem]:
    """All mistakes of all tasks."""
    checks = (_arms, _rewards, _reversals, _drift, _schedule, _blocks, _missing_trials)
    for path in draft.tasks():
        for check in checks:
            yield from check(draft, path)


def _meant(draft: Draft, path: Location) -> set[str]:
    return draft.meant(*path, known=Task.model_fields)


def _kind(draft: Draft, path: Location) -> str | None:
    """How arms pay; None if that cannot be told."""
    if "rewards" not in _meant(draft, path):
        return Task.model_fields["rewards"].default
    return draft.get(*path, "rewards")


def _longest(draft: Draft, path: Location) -> int | None:
    """Trials of the longest block; None if that cannot be told."""
    counts, blocks = draft.get("trials"), draft.get(*path, "blocks")
    return max(counts) // blocks if counts and draft.sound("trials") and blocks else None


def _arms(draft: Draft, path: Location) -> Iterator[Problem]:
    where, there = (*path, "arms"), _meant(draft, path)
    if draft.has(*where) and "schedule" in there:
        text = f"{draft.show(*where)}, but schedule is given, too; only one may be"
        yield Problem(where, text)
    elif not {"arms", "schedule"} & there:
        allowed = allowed_at(*locate(where))
        yield Problem(where, f"missing, but must be {allowed}, where there is no schedule")
    if _kind(draft, path) == "bernoulli":
        wrong = [(i, value) for i, value in draft.entries(*where) if not 0 <= value <= 1]
        yield from strays(where, wrong, f"with rewards bernoulli must be {span(0, 1)}")


def _rewards(draft: Draft, path: Location) -> Iterator[Problem]:
    kind, sd, there = _kind(draft, path), (*path, "sd"), _meant(draft, path)
    if draft.get(*path, "schedule", "holds") == "rewards":
        for key in ("rewards", "sd"):
            value = draft.get(*path, key)
            if value is not None and value != "bernoulli":
                text = f"{show(value)}, but the schedule holds the rewards themselves; leave it out"
                yield Problem((*path, key), text)
    elif kind == "gaussian" and "sd" not in there:
        text = f"missing, but with rewards gaussian must be {allowed_at(*locate(sd))}"
        yield Problem(sd, text)
    elif kind == "bernoulli" and draft.has(*sd):
        yield Problem(sd, f"{draft.show(*sd)}, but only gaussian rewards have an SD; leave it out")


def _not_with_a_schedule(draft: Draft, path: Location) -> Iterator[Problem]:
    if "schedule" in _meant(draft, path[:-1]):
        text = f"{draft.show(*path)}, but a schedule says how arms change; only one may be given"
        yield Problem(path, text)


def _reversals(draft: Draft, path: Location) -> Iterator[Problem]:
    where = (*path, "reversals")
    rule = draft.get(*where)
    if rule is None:
        return
    yield from _not_with_a_schedule(draft, where)
    if not draft.sound(*where):
        return
    correct, within = rule.get("correct", 0), rule.get("within", 0)
    if bool(correct) != bool(within):
        key, other = ("within", "correct") if correct else ("correct", "within")
        value, bound = draft.get(*where, key), correct or within
        what = "missing" if value is None else show(value)
        allowed = f"of at least {bound}" if correct else f"from 1 to {bound}"
        text = f"{what}, but must be a whole number {allowed}, because {other} is {bound}"
        yield Problem((*where, key), text)
    elif not (rule.get("after") or rule.get("every") or correct):
        text = f"{show(rule)}, but must say when: after, every, or correct and within"
        yield Problem(where, text)
    elif correct > within:
        text = f"{correct}, but must be at most {within}, which is within"
        yield Problem((*where, "correct"), text)
    yield from _never(draft, path)


def _never(draft: Draft, path: Location) -> Iterator[Problem]:
    """Reversals after the end of every block, which would silently not happen."""
    longest = _longest(draft, path)
    if longest is None:
        return
    allowed = f"must be less than {longest}, the number of trials of the longest block"
    after, every = (*path, "reversals", "after"), (*path, "reversals", "every")
    late = [(i, place) for i, place in draft.entries(*after) if place >= longest]
    yield from strays(after, late, allowed)
    if (draft.get(*every) or 0) >= longest:
        yield Problem(every, f"{draft.show(*every)}, but {allowed}")


def _drift(draft: Draft, path: Location) -> Iterator[Problem]:
    where = (*path, "drift")
    if draft.get(*where) is None:
        return
    yield from _not_with_a_schedule(draft, where)
    lower, upper = (draft.get(*where, key) for key in ("lower", "upper"))
    if lower is None or upper is None:
        return
    if not lower < upper:
        text = f"{show(lower)}, but must be less than upper, which is {show(upper)}"
        yield Problem((*where, "lower"), text)
        return
    if _kind(draft, path) == "bernoulli":
        for key, value in (("lower", lower), ("upper", upper)):
            if not 0 <= value <= 1:
                text = f"{show(value)}, but with rewards bernoulli must be {span(0, 1)}"
                yield Problem((*where, key), text)
    arms = (*path, "arms")
    wrong = [entry for entry in draft.entries(*arms) if not lower <= entry[1] <= upper]
    yield from strays(arms, wrong, f"must be {span(lower, upper)} because of {dotted(where)}")
    yield from _centre(draft, where, (lower, upper))


def _centre(draft: Draft, where: Location, ends: tuple[float, float]) -> Iterator[Problem]:
    """A pull needs a centre between the bounds, and a centre needs a pull."""
    centre, decay = (*where, "centre"), draft.get(*where, "decay")
    if not draft.sound(*where, "decay") or not draft.sound(*centre):
        return
    value, pulled = draft.get(*centre), decay is not None and decay < 1
    if not pulled and value is not None:
        text = f"{show(value)}, but only a decay below 1 pulls to a centre; leave it out"
        yield Problem(centre, text)
    if pulled and (value is None or not ends[0] <= value <= ends[1]):
        what = "missing" if value is None else show(value)
        text = f"{what}, but with a decay below 1 must be {span(*ends)}, the bounds of the drift"
        yield Problem(centre, text)


def _schedule(draft: Draft, path: Location) -> Iterator[Problem]:
    where, values = (*path, "schedule", "file"), (*path, "schedule", "values")
    rows = draft.get(*values)
    if rows is None or not draft.sound(*path, "schedule"):
        return
    ragged = [i for i, row in enumerate(rows) if len(row) != len(rows[0])]
    if ragged:
        text = f"{show(rows[ragged[0]])}, but must have {len(rows[0])} values, as the first row has"
        yield Problem((*values, ragged[0]), text)
        return
    longest = max((count for _, count in draft.entries("trials")), default=0)
    if longest > len(rows):
        count = f"{len(rows)} row{'s'[: len(rows) > 1]}"
        text = f"{draft.show(*where)}, which has {count}, but trials asks for {longest}"
        yield Problem(where, text)
    means = draft.get(*path, "schedule", "holds") == "means"
    outside = [value for row in rows for value in row if not 0 <= value <= 1]
    if _kind(draft, path) == "bernoulli" and means and outside:
        text = (
            f"{draft.show(*where)}, which contains {show(outside[0])}, but with rewards bernoulli "
            f"a mean must be {span(0, 1)}"
        )
        yield Problem(where, text)


def _blocks(draft: Draft, path: Location) -> Iterator[Problem]:
    where = (*path, "blocks")
    blocks = draft.get(*where)
    uneven = [entry for entry in draft.entries("trials") if blocks and entry[1] % blocks]
    text = f"must be a multiple of {dotted(where)}, which is {blocks}"
    yield from strays(("trials",), uneven, text)


def _missing_trials(draft: Draft, path: Location) -> Iterator[Problem]:
    where = (*path, "missing_trials")
    lists, counts = draft.get(*where), draft.get("trials")
    if not lists or not counts or not draft.sound(*where) or not draft.sound("trials"):
        return
    late = [(i, trial) for i, trials in enumerate(lists) for trial in trials if trial > max(counts)]
    yield from strays(where, late, f"must be at most {max(counts)}, the largest number of trials")
    completed = draft.entries("completed") if draft.sound("completed") else []
    fewest = max(1, round(min([1.0, *(s for _, level in completed for s in level)]) * min(counts)))
    for i, trials in enumerate(lists):
        if len({trial for trial in trials if trial <= fewest}) == fewest:
            text = f"{show(trials)}, but some of {fewest} trials must have a response"
            yield Problem((*where, i), text)
