"""Checks of methods against models, true values and populations."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rlrecovery.config.checks.models import (
    absent,
    leaves,
    parameters_of,
    unknown_parameters,
    wrong_support,
)
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.checks.tasks import outside
from rlrecovery.config.mistakes import (
    DISTRIBUTION,
    Mistake,
    Path,
    dotted,
    either,
    interval,
    missing,
    mistake,
    wrong,
)
from rlrecovery.fit.base import MethodSettings
from rlrecovery.models.base import Model, Parameter
from rlrecovery.models.prior_settings import PopulationPrior

#: Largest share of a population that may lie outside a method's bounds or prior support.
MOST_OUTSIDE = 0.01


def check_methods(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes about methods."""
    yield from _competition(sections)
    yield from _names(sections)
    for name, method in sections.experiment.methods.items():
        models, path = sections.models_of(method), ("methods", name)
        if not models:
            continue
        yield from _size(path, method, models)
        yield from _parameters(path, method, models)
        for parameter in parameters_of(models).values():
            yield from _bounds(sections, path, method, parameter)
            yield from _prior(sections, path, method, parameter)


def _competition(sections: Sections) -> Iterator[Mistake]:
    """Check methods without a model against ``models.fit``."""
    experiment, competing, fit = sections.experiment, sections.competing, sections.fit
    if not sections.readable("models"):
        return
    if experiment.models is None:
        for name in competing:
            choices = either(sections.model_names)
            yield missing(("methods", name, "model"), f": must be {choices}")
        return
    methods = experiment.methods
    if not sections.readable("methods") or not methods:
        return
    path, simulated = ("models", "fit"), list(sections.simulated)
    if not competing:
        yield mistake(path, "is unused: every method sets its own model")
    elif not any(methods[name].scores_models() for name in competing):
        sentence = (
            "none of the methods that fit all models of models.fit provides a model-selection "
            "criterion; set loo: true or add another estimator"
        )
        yield Mistake(path, sentence)
    if len(competing) == len(methods) and not {*fit} & {*simulated}:
        yield wrong(path, fit, f"must contain a generating model: {either(simulated)}")


def _names(sections: Sections) -> Iterator[Mistake]:
    """Check that the names ``<method>_<model>`` of methods without a model are unique."""
    fits: dict[str, tuple[str, str]] = {}
    for name in sections.competing:
        for model in sections.fit:
            owner = fits.setdefault(f"{name}_{model}", (name, model))
            if owner != (name, model):
                text = (
                    f"fitted with {model} has the same name as {owner[0]} fitted with {owner[1]}; "
                    "rename one of them"
                )
                yield mistake(("methods", name), text)
    for name in sections.experiment.methods:
        if name in fits:
            method, model = fits[name]
            text = f"has the name of {method} fitted with {model}; rename one of them"
            yield mistake(("methods", name), text)


def _size(path: Path, method: MethodSettings, models: list[Model]) -> Iterator[Mistake]:
    """Check settings whose limits depend on the model, and the number of parameters."""
    widest = max(models, key=lambda model: len(model.names))
    number = len(widest.names)
    excess = method.excess(number)
    if excess is not None:
        yield wrong((*path, excess.key), excess.value, excess.limit)
    if method.max_parameters is not None and number > method.max_parameters:
        text = (
            f"cannot be {widest.name}, which has {number} free parameters: the limit of "
            f"estimator {method.estimator} is {method.max_parameters}"
        )
        yield mistake((*path, "model"), text)


def _parameters(path: Path, method: MethodSettings, models: list[Model]) -> Iterator[Mistake]:
    """Check the keys of bounds and priors, and that every parameter has bounds."""
    names = list(parameters_of(models))
    bounds, priors = method.bounds_by_parameter(), method.priors_by_parameter()
    for key, given in (("bounds", bounds), ("priors", priors)):
        yield from unknown_parameters((*path, key), given or {}, names, [m.name for m in models])
    if bounds is not None:
        for name in absent(bounds, names):
            yield missing((*path, "bounds", name), ": must be [lower, upper]")


def _bounds(
    sections: Sections, path: Path, method: MethodSettings, parameter: Parameter
) -> Iterator[Mistake]:
    name, keys = parameter.name, (*path, "bounds", parameter.name)
    bounds = (method.bounds_by_parameter() or {}).get(name)
    if bounds is None:
        return
    lower, upper = bounds
    if not lower < upper:
        yield wrong(keys, bounds, "must be [lower, upper] with lower < upper")
        return
    if leaves((lower, upper), parameter.support):
        yield wrong(keys, bounds, f"{name} must be {interval(*parameter.support)}")
    yield from _truths_within(sections, keys, parameter, (lower, upper))


def _prior(
    sections: Sections, path: Path, method: MethodSettings, parameter: Parameter
) -> Iterator[Mistake]:
    prior = (method.priors_by_parameter() or {}).get(parameter.name)
    if prior is None:
        return
    name, keys = parameter.name, (*path, "priors", parameter.name)
    pooling, natural = method.pooling_of_participants(), not isinstance(prior, PopulationPrior)
    if natural == (pooling == "partial"):
        form = "{location: ..., scale: ...}" if natural else DISTRIBUTION
        yield wrong(keys, prior.plain(), f"must be {form} with pooling: {pooling}")
    elif not isinstance(prior, PopulationPrior):
        drawn = prior.distribution_object()
        if leaves(drawn.support(), parameter.support):
            yield wrong_support(keys, drawn, name, parameter.support)
        yield from _truths_within(sections, keys, parameter, drawn.support())
    else:
        scale = prior.scale.distribution_object()
        if leaves(scale.support(), (0, math.inf)):
            yield wrong_support((*keys, "scale"), scale, "an SD", (0, math.inf))


def _truths_within(
    sections: Sections, cause: Path, parameter: Parameter, ends: tuple[float, float]
) -> Iterator[Mistake]:
    """Check that true values and populations lie within bounds or a prior's support."""
    for source in sections.sources:
        if parameter.name not in source.model.names:
            continue
        must = f"must be {interval(*ends)} because of {dotted(cause)}"
        lower, upper = parameter.support
        path = (*source.path, "truth", parameter.name)
        for i, value in enumerate(source.values(parameter.name)):
            if lower <= value <= upper:  # others have already been reported
                yield from outside((*path, i), value, ends, must)
        drawn = source.drawn(parameter.name)
        if drawn is None or leaves(drawn.support(), parameter.support):
            continue
        frozen = drawn.frozen()
        if float(frozen.cdf(ends[0]) + frozen.sf(ends[1])) > MOST_OUTSIDE:
            share = f"{1 - MOST_OUTSIDE:.0%} of its participants"
            path = (*source.path, "population", parameter.name)
            yield mistake(path, f"is {drawn}, but {share} {must}")
