"""Values that are allowed but unlikely to be meant: spreads and start values far too large."""

from __future__ import annotations

from collections.abc import Iterator

from rlrecovery.config import study
from rlrecovery.config.mistakes import Mistake, Path, dotted, show
from rlrecovery.config.settings import Experiment
from rlrecovery.simulation.settings import TaskSettings

#: Largest SD of participants on the log-odds or the log scale. At 5, a third of the participants
#: are below 0.007 or above 0.993, or differ from the true value by a factor of 150.
MOST_SPREAD = 5
#: Largest distance of a start value from all rewards, in units of their range.
MOST_RANGES = 10

_SCALES = {"logit": "log-odds", "log": "log"}


def unlikely_values(experiment: Experiment) -> Iterator[Mistake]:
    """Yield a note for each value that is allowed but unlikely to be meant."""
    for name, (model, source) in study.sources(experiment).items():
        section: Path = ("models", "simulate", name) if name else ()
        for parameter in model.model().parameters:
            population = source.population.get(parameter.name)
            spread = None if population is None else population.spread
            scale = _SCALES.get(parameter.transform)
            if spread is not None and spread > MOST_SPREAD and scale:
                path = (*section, "population", parameter.name, "spread")
                text = f"is {show(spread)}, which is an SD on the {scale} scale"
                yield _note(path, f"{text}: most participants will be near the ends of the range")
    for name, task in study.tasks(experiment).items():
        path = ("tasks", name) if name else ("task",)
        yield from _far_values(path, task)


def _far_values(path: Path, task: TaskSettings) -> Iterator[Mistake]:
    """Yield notes for values that no reward comes near."""
    lowest, highest = _range(task)
    furthest = MOST_RANGES * (highest - lowest or 1)
    for key in ("start_value", "neutral"):
        value = getattr(task, key)
        if value is not None and not lowest - furthest <= value <= highest + furthest:
            text = f"is {show(value)}, far from the rewards, which are from {lowest:g} to"
            yield _note((*path, key), f"{text} {highest:g}")


def _range(task: TaskSettings) -> tuple[float, float]:
    """Approximate range of a task's rewards."""
    schedule = task.schedule
    if task.rewards == "bernoulli" and (schedule is None or schedule.holds == "means"):
        return 0.0, 1.0
    rows = schedule.values if schedule is not None and schedule.values else ()
    means = [*(task.arms or ()), *(value for row in rows for value in row)]
    if task.drift is not None:
        means += [task.drift.lower, task.drift.upper]
    noise = 2 * (task.sd or 0)
    return min(means) - noise, max(means) + noise


def _note(path: Path, predicate: str) -> Mistake:
    return Mistake(path, f"{dotted(path)} {predicate}")
