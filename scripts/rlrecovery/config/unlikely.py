"""Values that are allowed but unlikely to be meant: spreads, start values and bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.special import ndtr

from rlrecovery.config import study
from rlrecovery.config.mistakes import Mistake, Path, dotted, show
from rlrecovery.config.settings import Experiment
from rlrecovery.models.base import Parameter
from rlrecovery.models.prior_settings import Draws
from rlrecovery.simulation.settings import TaskSettings

#: Largest SD of participants on the log-odds or the log scale. At 5, a third of the participants
#: are below 0.007 or above 0.993, or differ from the true value by a factor of 150.
MOST_SPREAD = 5
#: Largest distance of a start value from all rewards, in units of their range.
MOST_RANGES = 10
#: Share of the participants of a population outside a method's bounds that is mentioned.
MOST_OUTSIDE = 0.01

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
    yield from _draws_outside_bounds(experiment)
    for name, task in study.tasks(experiment).items():
        path = ("tasks", name) if name else ("task",)
        yield from _far_values(path, task)


def _draws_outside_bounds(experiment: Experiment) -> Iterator[Mistake]:
    """Yield a note for bounds that many participants of a population with draws are outside of.

    For a distribution this is a mistake. Draws are what data say, so that the bounds are at fault,
    or the data say next to nothing.
    """
    for model, source in study.sources(experiment).values():
        for parameter in model.model().parameters:
            draws = source.population[parameter.name].draws
            for name, method in experiment.methods.items() if draws is not None else ():
                bounds = (method.bounds_by_parameter() or {}).get(parameter.name)
                if bounds is None or draws is None:
                    continue
                share = _share_outside(parameter, draws, bounds)
                if share > MOST_OUTSIDE:
                    text = (
                        f"is {show(list(bounds))}, but {100 * share:.0f} % of the participants "
                        f"that the draws of the population give have {parameter.name} beyond"
                    )
                    yield _note(("methods", name, "bounds", parameter.name), text)


def _share_outside(parameter: Parameter, draws: Draws, bounds: Sequence[float]) -> float:
    """Share of the participants of all draws outside of bounds on the natural scale."""
    locations, spreads = np.array(draws.locations), np.array(draws.spreads)
    with np.errstate(divide="ignore", invalid="ignore"):
        below, above = (
            ndtr(sign * (float(parameter.to_real(end)) - locations) / spreads)
            for sign, end in zip((1, -1), bounds, strict=True)
        )
    return float(np.nanmean(below + above))


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
