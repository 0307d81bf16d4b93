"""Checks of repeated values, numbers of cells and jobs, and lengths of file names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from rlrecovery.config import effects
from rlrecovery.config.checks.calibration import check_calibration
from rlrecovery.config.checks.effects import check_effects
from rlrecovery.config.checks.figures import check_figures
from rlrecovery.config.checks.labels import check_labels
from rlrecovery.config.checks.methods import check_methods
from rlrecovery.config.checks.models import check_models
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.checks.targets import check_targets
from rlrecovery.config.checks.tasks import check_tasks
from rlrecovery.config.mistakes import Mistake, Path, dotted, mistake, repeats, wrong
from rlrecovery.design.cells import UNNAMED, Cell
from rlrecovery.storage.schemas import interval_columns

#: Largest number of cells: at one second per cell they would take twelve days.
MOST_CELLS = 1_000_000
#: Largest number of fit jobs: planning a million takes an hour and 16 GB of memory.
MOST_JOBS = 1_000_000
#: Largest length of a cell's key: file names are limited to 255 bytes including suffixes.
MOST_LETTERS = 200
#: Lists that are crossed into cells, besides true values.
_CROSSED = ("participants", "trials", "missing", "completed")


def cross_checks(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes that involve several keys."""
    yield from check_models(sections)
    yield from check_tasks(sections)
    yield from _repeats(sections)
    yield from _size(sections)
    yield from check_methods(sections)
    yield from check_calibration(sections)
    of_effects = list(check_effects(sections))
    yield from of_effects
    if not of_effects:
        yield from _size_of_effects(sections)
    yield from check_labels(sections)
    yield from check_targets(sections)
    yield from check_figures(sections)
    yield from _names(sections)


def _repeats(sections: Sections) -> Iterator[Mistake]:
    """Check that the values of each list are unique."""
    experiment = sections.experiment
    lists: dict[Path, Sequence[Any]] = {(key,): getattr(experiment, key) for key in _CROSSED}
    lists["completed",] = [_cycle(shares) for shares in experiment.completed]
    lists["models", "fit"] = sections.fit
    lists["interval_levels",] = nominal_levels = experiment.interval_levels
    for entry in sections.generating_models:
        for name, true_values in (entry.truth or {}).items():
            lists[*entry.path, "truth", name] = true_values
    for path, task in sections.tasks.items():
        if task.reversals is not None:
            lists[*path, "reversals", "after"] = task.reversals.after
    for path, values in lists.items():
        yield from repeats(path, values)
    if len({interval_columns(level) for level in nominal_levels}) < len(set(nominal_levels)):
        yield mistake(("interval_levels",), "must contain values that differ by more than 1e-11")


def _cycle(shares: tuple[float, ...]) -> tuple[float, ...]:
    """The shortest cycle of shares with the same effect: (1, 1) is reduced to (1,)."""
    sizes = [n for n in range(1, len(shares)) if len(shares) % n == 0]
    return next((shares[:n] for n in sizes if shares[:n] * (len(shares) // n) == shares), shares)


def _size(sections: Sections) -> Iterator[Mistake]:
    """Check the numbers of cells and of fit jobs."""
    experiment = sections.experiment
    truths = sum(
        math.prod(len(values) for values in (entry.truth or {}).values())
        for entry in sections.generating_models
    )
    sizes = [truths, len(sections.tasks), *(len(getattr(experiment, key)) for key in _CROSSED)]
    cells = math.prod(size or 1 for size in sizes)
    if cells > MOST_CELLS:
        path = ("truth",) if experiment.models is None else ("models", "simulate")
        sentence = f"the study has {cells} cells, the limit is {MOST_CELLS}; see {dotted(path)}"
        yield Mistake(path, sentence)
    elif experiment.most_replicates and experiment.batch_size:
        if experiment.sequential and experiment.most_replicates < experiment.batch_size:
            must = f"must be at least {experiment.batch_size}, the batch_size"
            yield wrong(("replicates", "at_most"), experiment.most_replicates, must)
        simulated = math.ceil(experiment.most_replicates / experiment.batch_size)
        jobs = cells * max(simulated, sum(_batches_fitted(sections)))
        if jobs > MOST_JOBS:
            text = f"{experiment.batch_size} gives {jobs} fit jobs; the limit is {MOST_JOBS}"
            yield mistake(("batch_size",), text)


def _batches_fitted(sections: Sections) -> Iterator[int]:
    """Yield the number of batches that each method fits per cell, with all of its models."""
    experiment = sections.experiment
    for method in experiment.methods.values():
        replicates = min(method.replicates or math.inf, experiment.most_replicates)
        models = len(sections.fit) or 1 if method.model is None else 1
        yield models * math.ceil(replicates / experiment.batch_size)


def _names(sections: Sections) -> Iterator[Mistake]:
    """Check the lengths of cell keys, which are used as file names."""
    sizes = {key: _longest(key, getattr(sections.experiment, key)) for key in _CROSSED}
    tasks = [str(path[-1]) for path in sections.tasks if len(path) > 1]
    for entry in sections.generating_models:
        truth = tuple(
            _longest("truth", [((name, value),) for value in values])[0]
            for name, values in (entry.truth or {}).items()
        )
        model = entry.model.name if entry.path else UNNAMED
        cell = Cell(truth, task=max(tasks, key=len, default=UNNAMED), model=model, **sizes)
        letters = len(cell.key)
        if letters > MOST_LETTERS:
            text = (
                f"gives cell names of up to {letters} characters; the limit is {MOST_LETTERS} "
                "because they are used as file names"
            )
            yield mistake(entry.path or ("truth",), text)


def _size_of_effects(sections: Sections) -> Iterator[Mistake]:
    """Check the number of jobs that analyse effects, and the lengths of their cells' keys."""
    experiment = sections.experiment
    needed = ("methods", "participants", *effects.SECTIONS)
    if not all(map(sections.readable, needed)) or not effects.has_effects(experiment):
        return
    section = effects.settings_of(experiment)
    replicates = section.replicates or experiment.most_replicates
    size = section.batch_size or experiment.batch_size
    if not replicates or not size:
        return
    sizes_of = effects.sizes_of_effects(experiment)
    truths = [len(values) for values in (experiment.truth or {}).values()]
    factors = (experiment.participants, experiment.trials, experiment.missing, experiment.completed)
    lengths = [*truths, *map(len, factors), *map(len, sizes_of.values()), len(sections.tasks)]
    jobs = math.prod(lengths) * len(experiment.methods) * math.ceil(replicates / size)
    if jobs > MOST_JOBS:
        yield mistake(("effects",), f"give {jobs} jobs; the limit is {MOST_JOBS}")
        return
    longest = max((len(key) for key in effects.effect_cells(experiment)), default=0)
    if longest > MOST_LETTERS:
        text = (
            f"gives cell names of up to {longest} characters with the effects; the limit is "
            f"{MOST_LETTERS} because they are used as file names"
        )
        yield mistake(("groups",) if experiment.groups else ("effects",), text)


def _longest(key: str, values: Sequence[Any]) -> Any:
    """The value of a factor with the longest cell key."""
    plain: dict[str, Any] = {"truth": (), "participants": 1, "trials": 1}
    return max(values or (1,), key=lambda value: len(Cell(**(plain | {key: value})).key))
