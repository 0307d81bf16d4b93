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
    mistake,
    wrong,
)
from rlrecovery.fitting.base import MethodSettings, Pooling
from rlrecovery.models.base import Model, Parameter
from rlrecovery.models.prior_settings import PopulationPrior, Prior

#: Largest share of a population that may lie outside a method's bounds or prior support.
MOST_OUTSIDE = 0.01


def check_methods(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes about methods."""
    yield from _competition(sections)
    yield from _names(sections)
    for name, method in sections.experiment.methods.items():
        models, path = sections.models_of(method), ("methods", name)
        yield from _replicates(sections, path, method)
        yield from _intervals(sections, path, method)
        if models:
            yield from _size(path, method, models)
            yield from _parameters(sections, path, method, models)


def _competition(sections: Sections) -> Iterator[Mistake]:
    """Check methods without a model against ``models.fit``."""
    experiment, competing, fit = sections.experiment, sections.competing, sections.fit
    if not sections.readable("models") or experiment.models is None:
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


def _replicates(sections: Sections, path: Path, method: MethodSettings) -> Iterator[Mistake]:
    """Check that a method does not fit more replicates than there are."""
    most = sections.experiment.most_replicates
    if method.replicates is not None and most and method.replicates > most:
        must = f"must be at most {most}, the study's replicates"
        yield wrong((*path, "replicates"), method.replicates, must)


def _intervals(sections: Sections, path: Path, method: MethodSettings) -> Iterator[Mistake]:
    """Check keys that depend on the nominal levels."""
    if sections.readable("interval_levels"):
        found = method.interval_mistake(sections.experiment.interval_levels)
        if found is not None:
            key, text = found
            yield mistake((*path, key), text)


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


def _parameters(
    sections: Sections, path: Path, method: MethodSettings, models: list[Model]
) -> Iterator[Mistake]:
    """Check bounds and priors, the default bounds of parameters without any included."""
    parameters, model_names = parameters_of(models), [model.name for model in models]
    bounds, priors = method.bounds_by_parameter(), method.priors_by_parameter() or {}
    for key, given in (("bounds", bounds or {}), ("priors", priors)):
        yield from unknown_parameters((*path, key), given, list(parameters), model_names)
    for name in () if bounds is None else absent(bounds, list(parameters)):
        default = method.default_bounds(parameters[name])
        if default is not None:
            cause = f"the default of {dotted((*path, 'bounds', name))}"
            yield from _truths_within(sections, cause, parameters[name], default)
    for name, parameter in parameters.items():
        if bounds is not None and name in bounds:
            yield from _bounds(sections, (*path, "bounds", name), parameter, bounds[name])
        if name in priors:
            pooling = method.pooling_of_participants()
            yield from _prior(sections, (*path, "priors", name), parameter, priors[name], pooling)


def _bounds(
    sections: Sections, path: Path, parameter: Parameter, bounds: tuple[float, ...]
) -> Iterator[Mistake]:
    lower, upper = bounds
    if not lower < upper:
        yield wrong(path, bounds, "must be [lower, upper] with lower < upper")
        return
    if leaves((lower, upper), parameter.support):
        yield wrong(path, bounds, f"{parameter.name} must be {interval(*parameter.support)}")
    yield from _truths_within(sections, dotted(path), parameter, (lower, upper))


def _prior(
    sections: Sections, path: Path, parameter: Parameter, prior: Prior, pooling: Pooling
) -> Iterator[Mistake]:
    natural = not isinstance(prior, PopulationPrior)
    if natural == (pooling == "partial"):
        form = "{location: ..., scale: ...}" if natural else DISTRIBUTION
        yield wrong(path, prior.plain(), f"must be {form} with pooling: {pooling}")
    elif isinstance(prior, PopulationPrior):
        scale = prior.scale.distribution_object()
        if leaves(scale.support(), (0, math.inf)):
            yield wrong_support((*path, "scale"), scale, "an SD", (0, math.inf))
    else:
        drawn = prior.distribution_object()
        if leaves(drawn.support(), parameter.support):
            yield wrong_support(path, drawn, parameter.name, parameter.support)
        yield from _truths_within(sections, dotted(path), parameter, drawn.support())


def _truths_within(
    sections: Sections, cause: str, parameter: Parameter, ends: tuple[float, float]
) -> Iterator[Mistake]:
    """Check that true values and populations lie within bounds or a prior's support."""
    for entry in sections.generating_models:
        if parameter.name not in entry.model.names:
            continue
        must = f"must be {interval(*ends)} because of {cause}"
        lower, upper = parameter.support
        path = (*entry.path, "truth", parameter.name)
        for i, value in enumerate(entry.values(parameter.name)):
            if lower <= value <= upper:  # others have already been reported
                yield from outside((*path, i), value, ends, must)
        drawn = entry.drawn(parameter.name)
        if drawn is None or leaves(drawn.support(), parameter.support):
            continue
        frozen = drawn.frozen()
        if float(frozen.cdf(ends[0]) + frozen.sf(ends[1])) > MOST_OUTSIDE:
            share = f"{1 - MOST_OUTSIDE:.0%} of its participants"
            path = (*entry.path, "population", parameter.name)
            yield mistake(path, f"is {drawn}, but {share} {must}")
