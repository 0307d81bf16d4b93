"""Checks of repeated values, of numbers of cells and jobs, and of the lengths of file names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from rlrecovery.config.checks.methods import check_methods
from rlrecovery.config.checks.models import check_models
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.checks.tasks import check_tasks
from rlrecovery.config.mistakes import Mistake, Path, wrong
from rlrecovery.design.cells import UNNAMED, Cell
from rlrecovery.storage.schemas import interval_columns

#: More cells than this are a mistake: at a second per cell they would take twelve days.
MOST_CELLS = 1_000_000
#: More jobs than this cannot be planned: a million take an hour and 16 GB of memory.
MOST_JOBS = 1_000_000
#: Longest key of a cell: file names are limited to 255 bytes, and endings are added to it.
MOST_LETTERS = 200
#: Lists that are crossed into cells, besides true values.
_CROSSED = ("participants", "trials", "missing", "completed")


def cross_checks(sections: Sections) -> Iterator[Mistake]:
    """All mistakes that several keys make together."""
    yield from check_models(sections)
    yield from check_tasks(sections)
    yield from _repeats(sections)
    yield from _size(sections)
    yield from check_methods(sections)
    yield from _names(sections)


def _levels(sections: Sections, key: str) -> Sequence[Any]:
    """Levels of a list that is crossed into cells."""
    return getattr(sections.experiment, key) or ()


def _repeats(sections: Sections) -> Iterator[Mistake]:
    """Values of a list must differ."""
    experiment = sections.experiment
    lists: dict[Path, Sequence[Any]] = {(key,): _levels(sections, key) for key in _CROSSED}
    lists["completed",] = [_cycle(shares) for shares in experiment.completed]
    lists["models", "fit"] = sections.fit
    nominal_levels = experiment.interval_levels or ()
    lists["interval_levels",] = nominal_levels
    for source in sections.sources:
        for name, true_values in (source.truth or {}).items():
            lists[*source.path, "truth", name] = true_values
    for path, task in sections.tasks.items():
        if task.reversals is not None:
            lists[*path, "reversals", "after"] = task.reversals.after
    for path, values in lists.items():
        earlier: set[Any] = set()
        for i, value in enumerate(values):
            if value in earlier:
                yield wrong((*path, i), value, "repeated", "the values of a list must differ")
            earlier.add(value)
    if len({interval_columns(level) for level in nominal_levels}) < len(set(nominal_levels)):
        must = "its values must differ by more than 1e-11"
        yield wrong(("interval_levels",), nominal_levels, "repeated", must)


def _cycle(shares: tuple[float, ...]) -> tuple[float, ...]:
    """What participants get in turn, without repeats: (1, 1) and (1,) are the same."""
    sizes = [n for n in range(1, len(shares)) if len(shares) % n == 0]
    return next((shares[:n] for n in sizes if shares[:n] * (len(shares) // n) == shares), shares)


def _size(sections: Sections) -> Iterator[Mistake]:
    """A study has a limited number of cells and of jobs."""
    experiment = sections.experiment
    truths = sum(
        math.prod(len(values) for values in (source.truth or {}).values())
        for source in sections.sources
    )
    sizes = [len(_levels(sections, key)) or 1 for key in _CROSSED]
    cells = (truths or 1) * (len(sections.tasks) or 1) * math.prod(sizes)
    if cells > MOST_CELLS:
        path = ("truth",) if experiment.models is None else ("models", "simulate")
        text = f"is crossed into {cells} cells, but there may be at most {MOST_CELLS}"
        yield Mistake(path, "too_many", cells, text)
    elif experiment.replicates and experiment.batch_size:
        methods = experiment.methods or {}
        fits = sum(len(sections.fit) if m.model is None else 1 for m in methods.values())
        jobs = cells * math.ceil(experiment.replicates / experiment.batch_size) * max(1, fits)
        if jobs > MOST_JOBS:
            must = f"makes {jobs} fit jobs, but there may be at most {MOST_JOBS}"
            text = f"is {experiment.batch_size} and {must}"
            yield Mistake(("batch_size",), "too_many", experiment.batch_size, text)


def _names(sections: Sections) -> Iterator[Mistake]:
    """Files are named by the keys of cells, which may not be too long."""
    sizes = {key: _longest(key, _levels(sections, key)) for key in _CROSSED}
    tasks = [str(path[-1]) for path in sections.tasks if len(path) > 1]
    for source in sections.sources:
        truth = (
            (name, max(values, key=lambda value: _letters("truth", ((name, value),))))
            for name, values in (source.truth or {}).items()
        )
        model = source.model.name if source.path else UNNAMED
        cell = Cell(tuple(truth), task=max(tasks, key=len, default=UNNAMED), model=model, **sizes)
        letters = len(cell.key)
        if letters > MOST_LETTERS:
            text = (
                f"leads to cells with names of up to {letters} letters, but files are named by "
                f"them, so that there may be at most {MOST_LETTERS}"
            )
            yield Mistake(source.path or ("truth",), "too_long", letters, text)


def _longest(key: str, levels: Sequence[Any]) -> Any:
    """The level of a factor that makes the longest key."""
    return max(levels or (1,), key=lambda level: _letters(key, level))


def _letters(key: str, level: Any) -> int:
    plain: dict[str, Any] = {"truth": (), "participants": 1, "trials": 1}
    return len(Cell(**(plain | {key: level})).key)
