"""Checks of models, variants, true values and populations."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np

from rlrecovery.config.checks.sections import GeneratingModel, Sections, parameters_of_variant
from rlrecovery.config.checks.tasks import outside
from rlrecovery.config.mistakes import (
    DISTRIBUTION,
    Mistake,
    Path,
    closest_keys,
    dotted,
    either,
    interval,
    missing,
    mistake,
    wrong_choice,
)
from rlrecovery.models.base import Learner, Model, Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import MODELS
from rlrecovery.models.prior_settings import Draws
from rlrecovery.models.variants import VariantSettings
from rlrecovery.simulation.population import number_of_draws, population_truth

#: Distance of a participant from the location of the population, in SDs, which hardly any exceeds.
FAR = 6
#: Parameters that a variant may add, and how.
_ADDED = {"lapse": "lapse: true", "start_value": "start_value: free"}


def check_models(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes about models, variants, true values and populations."""
    yield from _alternatives(sections)
    yield from _names(sections)
    for name, variant in sections.experiment.variants.items():
        yield from _variant(("variants", name), variant)
    for entry in sections.generating_models:
        yield from _parameters(entry)
        for parameter in entry.model.parameters:
            yield from _support(entry, parameter)


def _alternatives(sections: Sections) -> Iterator[Mistake]:
    """Check that exactly one of two alternative keys is given."""
    experiment = sections.experiment
    pairs = [("task", "tasks"), *((key, "models") for key in ("model", "truth", "population"))]
    for key, other in pairs:
        if not (sections.readable(key) and sections.readable(other)):
            continue
        given = [getattr(experiment, name) is not None for name in (key, other)]
        if all(given):
            yield mistake((key,), f"and {other} cannot be combined")
        elif not any(given) and key != "truth":
            yield Mistake((key,), f"either {key} or {other} is required")


def _names(sections: Sections) -> Iterator[Mistake]:
    """Check that named models exist."""
    experiment, model_names = sections.experiment, sections.model_names
    named: list[tuple[Path, str | None]] = [
        (("model",), experiment.model),
        *((("methods", name, "model"), m.model) for name, m in experiment.methods.items()),
        *((("models", "fit", i), name) for i, name in enumerate(sections.fit)),
        *((path, name) for name, path in sections.simulated.items() if path),
    ]
    unclear = not sections.readable("variants") and not experiment.variants
    for path, name in named:
        if name is not None and name not in model_names and not unclear:
            yield wrong_choice(path, name, model_names)
    for name, variant in experiment.variants.items():
        if variant.model not in MODELS:
            yield wrong_choice(("variants", name, "model"), variant.model, list(MODELS))


def _variant(path: Path, variant: VariantSettings) -> Iterator[Mistake]:
    """Check that a variant fixes its own parameters, at valid values, and not all of them."""
    name = str(path[-1])
    if name in MODELS:
        yield mistake(path, "has the name of a model; choose another name")
        return
    if variant.model not in MODELS:
        return
    parameters = {parameter.name: parameter for parameter in parameters_of_variant(variant)}
    fixed = (*path, "fixed")
    for key in variant.fixed:
        if key in _ADDED and key not in parameters:
            yield mistake((*fixed, key), f"is only allowed with {_ADDED[key]}")
    others = [key for key in variant.fixed if key not in _ADDED]
    yield from unknown_parameters(fixed, others, list(parameters), [name])
    for key, value in variant.fixed.items():
        if key in parameters:
            ends = parameters[key].support
            yield from outside((*fixed, key), value, ends, f"must be {interval(*ends)}")
    if set(parameters) <= set(variant.fixed):
        yield mistake(fixed, f"must leave at least one parameter free: {', '.join(parameters)}")
    if variant.start_value == "free" and not _has_start_value(MODELS[variant.model]):
        start = (*path, "start_value")
        text = f"{variant.model} has no start value, so {dotted(start)} cannot be free"
        yield Mistake(start, text)


def _has_start_value(model: Model) -> bool:
    """Whether the hidden state depends on the start value."""
    anything = dict.fromkeys(model.names, 0.5)
    states = [model.initial(Learner(model, 2, start).bind(anything)) for start in (0.0, 1.0)]
    return states[0] != states[1]


def unknown_parameters(
    section: Path, given: Collection[str], names: Sequence[str], models: Sequence[str]
) -> Iterator[Mistake]:
    """Yield a mistake for each key of a section that is not a parameter (`names`) of models."""
    for name, guess in closest_keys(given, names).items():
        hint = f" (did you mean {guess}?)" if guess else ""
        text = f"is not a parameter of {either(models)}{hint}; parameters: {', '.join(names)}"
        yield mistake((*section, name), text)


def absent(given: Collection[str], names: Sequence[str]) -> list[str]:
    """Parameters without an entry, except those with a misspelt entry."""
    meant = closest_keys(given, names).values()
    return [name for name in names if name not in given and name not in meant]


def _parameters(entry: GeneratingModel) -> Iterator[Mistake]:
    """Check that every parameter has a population, and true values or a distribution."""
    names = entry.model.names
    truth, population = entry.truth, entry.population
    for key, section in (("truth", truth), ("population", population)):
        path = (*entry.path, key)
        yield from unknown_parameters(path, section or (), names, [entry.model.name])
    if population is None:
        return
    for name in absent(population, names):
        path = (*entry.path, "population", name)
        yield missing(path, f": must be {{spread: ...}} or {DISTRIBUTION}")
    if truth is None:
        return
    if not truth and all(entry.spread is not None for entry in population.values()):
        yield missing((*entry.path, "truth"), f" (true values of {', '.join(names)})")
        return
    for name in names:
        path, where = (*entry.path, "truth", name), dotted((*entry.path, "population", name))
        drawn = name in population and population[name].spread is None
        if drawn and name in truth:
            kind = "a distribution" if population[name].draws is None else "given by draws"
            yield mistake(path, f"is not allowed because {where} is {kind}")
        elif not drawn and name in absent(truth, names):
            yield mistake(path, f"is required unless {where} is a distribution")


def leaves(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    """Whether an interval extends beyond another."""
    return inner[0] < outer[0] or inner[1] > outer[1]


def wrong_support(path: Path, drawn: Distribution, name: str, ends: tuple[float, float]) -> Mistake:
    """The mistake of a distribution whose support extends beyond an interval."""
    lower, upper = drawn.support()
    text = (
        f"is {drawn} with support from {lower:g} to {upper:g}, but {name} must be {interval(*ends)}"
    )
    return mistake(path, text)


def _support(entry: GeneratingModel, parameter: Parameter) -> Iterator[Mistake]:
    """Check that true values and populations lie in a parameter's support."""
    name, support = parameter.name, parameter.support
    must = f"must be {interval(*support)}"
    yield from outside((*entry.path, "truth", name), entry.values(name), support, must)
    path, drawn = (*entry.path, "population", name), entry.drawn(name)
    draws = (
        None
        if entry.population is None or name not in entry.population
        else (entry.population[name].draws)
    )
    if draws is not None:
        yield from _draws(path, parameter, draws, number_of_draws(entry.population or {}))
    if drawn is None or entry.population is None:
        return
    if leaves(drawn.support(), support):
        yield wrong_support(path, drawn, name, support)
    elif not all(map(math.isfinite, population_truth(parameter, None, entry.population[name]))):
        text = (
            f"is {drawn}, which has no finite mean and SD on the {parameter.transform} scale: too "
            "much probability lies close to the ends of its support"
        )
        yield mistake(path, text)


def _draws(path: Path, parameter: Parameter, draws: Draws, count: int) -> Iterator[Mistake]:
    """Check that draws of a population are possible; `count` is the smallest number of draws."""
    if not len(draws.locations) == len(draws.spreads) == count:
        numbers = f"{len(draws.locations)} locations and {len(draws.spreads)} spreads"
        yield mistake(path, f"has {numbers}, but all parameters must have the same number, {count}")
        return
    locations, spreads = np.array(draws.locations), np.array(draws.spreads)
    with np.errstate(over="ignore"):
        ends = [parameter.to_natural(locations + sign * FAR * spreads) for sign in (-1, 1)]
    possible = np.isfinite(ends).all(axis=0)
    if not possible.all():
        k = int(np.argmin(possible))
        text = (
            f"has a draw with location {locations[k]:g} and SD {spreads[k]:g} on the "
            f"{parameter.transform} scale, with which participants can have infinite values"
        )
        yield mistake(path, text)


def parameters_of(models: Iterable[Model]) -> dict[str, Parameter]:
    """Parameters of several models by name."""
    return {parameter.name: parameter for model in models for parameter in model.parameters}
