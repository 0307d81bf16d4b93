"""Checks that look at several keys at once: what no single key can know."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from rlrecovery.config.checks.methods import check_methods
from rlrecovery.config.checks.models import check_models
from rlrecovery.config.checks.tasks import check_tasks
from rlrecovery.config.draft import Draft
from rlrecovery.config.json_schema import Location
from rlrecovery.config.sentences import Problem
from rlrecovery.config.words import show
from rlrecovery.design.cells import Cell
from rlrecovery.models.library import Model
from rlrecovery.storage.files import interval_columns

#: More cells than this are a mistake: even at a second per cell they take twelve days.
MOST_CELLS = 1_000_000
#: More jobs than this cannot be planned: a million take an hour and 16 GB of memory.
MOST_JOBS = 1_000_000
#: Longest key of a cell: file systems take names of 255 bytes, and endings are added to it.
MOST_LETTERS = 200

#: Lists that are crossed into cells, besides truths.
_CROSSED = ("participants", "trials", "missing", "completed")


def _truth_lists(draft: Draft) -> Iterator[list[Location]]:
    """Places of the lists of true values, for each source of data."""
    names = draft.keys("models", "simulate")
    several = [("models", "simulate", name) for name in names]
    for place in several if draft.has("models") else [()]:
        yield [(*place, "truth", name) for name in draft.keys(*place, "truth")]


def _levels(draft: Draft, path: Location) -> list[tuple[int, Any]]:
    """Sound entries of a list as values that can be compared, with their places."""
    entries = [(i, value) for i, value in draft.entries(*path) if draft.sound(*path, i)]
    return [(i, _once(tuple(value)) if isinstance(value, list) else value) for i, value in entries]


def _once(turns: tuple[Any, ...]) -> tuple[Any, ...]:
    """What participants get in turn, without repeats: (1, 1) and (1,) are the same."""
    sizes = [n for n in range(1, len(turns)) if len(turns) % n == 0]
    return next((turns[:n] for n in sizes if turns[:n] * (len(turns) // n) == turns), turns)


def _check_repeats(draft: Draft) -> Iterator[Problem]:
    truths = [path for paths in _truth_lists(draft) for path in paths]
    after = [(*path, "reversals", "after") for path in draft.tasks()]
    others = [*((name,) for name in _CROSSED), ("interval_levels",), ("models", "fit")]
    for path in (*truths, *after, *others):
        seen: set[Any] = set()
        told: set[Any] = set()
        for place, value in _levels(draft, path):
            if value in seen and value not in told:
                text = f"{show(value)} more than once, but its values must differ"
                yield Problem((*path, place), text)
                told.add(value)
            seen.add(value)
    levels = {value for _, value in draft.entries("interval_levels")}
    if len({interval_columns(level) for level in levels}) < len(levels):
        text = "a list with values that differ by less than 1e-11, but they must be distinct"
        yield Problem(("interval_levels",), text)


def _check_size(draft: Draft) -> Iterator[Problem]:
    truths = sum(
        math.prod(max(1, len(draft.entries(*path))) for path in paths)
        for paths in _truth_lists(draft)
    )
    sizes = [max(1, len(draft.entries(name))) for name in _CROSSED]
    cells = truths * max(1, len(draft.tasks())) * math.prod(sizes)
    if cells > MOST_CELLS:
        text = f"crossed with participants and trials into {cells} cells, but there may be"
        path = ("models", "simulate") if draft.has("models") else ("truth",)
        yield Problem(path, f"{text} {MOST_CELLS} at most")
    replicates, size = draft.get("replicates"), draft.get("batch_size")
    if replicates and size:
        contests = draft.contests()
        models = max(1, len(draft.entries("models", "fit")))
        fits = sum(models if name in contests else 1 for name in draft.keys("methods"))
        jobs = cells * math.ceil(replicates / size) * max(1, fits)
        if jobs > MOST_JOBS and cells <= MOST_CELLS:
            text = f"{size}, which makes {jobs} fit jobs, but there may be {MOST_JOBS} at most"
            yield Problem(("batch_size",), text)


def _check_keys(draft: Draft) -> Iterator[Problem]:
    """Keys of cells become names of files, which may not be too long."""
    found: dict[Location, tuple[int, str]] = {}
    for place, model in draft.sources():
        parts = list(_parts(draft, place, model))
        letters = len(Cell((), 1, 1).key) + sum(length for length, _, _ in parts)
        _, path, what = max(parts, default=(0, (), ""), key=lambda part: part[0])
        found[path] = max(found.get(path, (0, "")), (letters, what))
    for path, (letters, what) in found.items():
        if letters > MOST_LETTERS:
            text = (
                f"{what}, which makes a cell's name of {letters} letters, but there may be "
                f"{MOST_LETTERS} at most, because files are named by it"
            )
            yield Problem(path, text)


def _parts(draft: Draft, place: Location, model: Model) -> Iterator[tuple[int, Location, str]]:
    """Letters that the longest level of each factor adds to a key, its place, and it in words."""
    plain = {"truth": (), "participants": 1, "trials": 1}

    def letters(**level: Any) -> int:
        """How much longer a level makes a key."""
        return len(Cell(**(plain | level)).key) - len(Cell(**plain).key)

    if place:
        yield letters(model=model.name), place, "the name of a model"
    tasks = [path for path in draft.tasks() if path != ("task",)]
    if tasks:
        longest = max(tasks, key=lambda path: len(str(path[-1])))
        yield letters(task=longest[-1]), longest, "the name of a task"
    truths = [(*place, "truth", name) for name in model.names]
    for path in (*truths, *((name,) for name in _CROSSED)):
        name = path[-1]
        added = [
            (letters(**({name: v} if path == (name,) else {"truth": ((name, v),)})), i, v)
            for i, v in _levels(draft, path)
        ]
        if added:
            most, i, value = max(added, key=lambda entry: entry[0])
            yield most, (*path, i), show(value)


_CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    check_models,
    check_tasks,
    _check_repeats,
    _check_size,
    check_methods,
    _check_keys,
)


def cross_checks(draft: Draft) -> Iterator[Problem]:
    """All mistakes that only several keys together make."""
    for check in _CHECKS:
        yield from check(draft)
