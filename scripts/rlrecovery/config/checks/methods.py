"""What methods get wrong together with models and truths."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rlrecovery.config.draft import Draft
from rlrecovery.config.json_schema import Location
from rlrecovery.config.phrases import (
    leaves,
    one_entry_each,
    outside,
    parameters_of,
    truths_within,
)
from rlrecovery.config.sentences import Problem
from rlrecovery.config.settings import Experiment
from rlrecovery.config.words import either, show, span
from rlrecovery.models.library import Parameter

#: More points than this of the grid that starts the searches take more memory than they are worth.
MOST_POINTS = 1_000_000
#: More free parameters than this would need millions of nodes of a grid.
MOST_PARAMETERS = 3


def check_methods(draft: Draft) -> Iterator[Problem]:
    """All mistakes about methods."""
    for check in (_contests, _scores, _called_the_same, _mle, _bayes, _quadrature):
        yield from check(draft)


def _contests(draft: Draft) -> Iterator[Problem]:
    """Methods without a model need models that compete, and these need such a method."""
    contests, fit = draft.contests(), draft.get("models", "fit")
    if "models" not in draft.meant(known=Experiment.model_fields):
        for name in contests:
            text = f"missing, but must be {either(draft.names())}"
            yield Problem(("methods", name, "model"), text)
    elif fit is not None and not contests and draft.sound("methods") and draft.keys("methods"):
        text = f"{show(fit)}, but every method names a model; one without is fitted with each"
        yield Problem(("models", "fit"), text)
    simulated, methods = draft.keys("models", "simulate"), draft.keys("methods")
    readable = fit is not None and draft.sound("models") and draft.sound("methods")
    if readable and simulated and len(contests) == len(methods) and not {*fit} & {*simulated}:
        text = f"{show(fit)}, but must contain one of {', '.join(simulated)}, which generate data"
        yield Problem(("models", "fit"), text)


def _scores(draft: Draft) -> Iterator[Problem]:
    """Competing models need a score that they are compared by; a mock stands for any method."""
    fit, contests = draft.get("models", "fit"), draft.contests()
    if fit is None or not contests or not draft.sound("methods"):
        return
    methods = [draft.get("methods", name) for name in contests]
    if not any(m["estimator"] != "bayes" or m.get("loo") for m in methods):
        text = (
            f"{show(fit)}, but no method that is fitted with each has a score to compare them by: "
            "mle, quadrature, and bayes with loo: true have"
        )
        yield Problem(("models", "fit"), text)


def _called_the_same(draft: Draft) -> Iterator[Problem]:
    """A method without a model becomes one per model, and these have names, too."""
    contests, fit = draft.contests(), [model for _, model in draft.entries("models", "fit")]
    taken = {f"{name}_{model}": (name, model) for name in contests for model in fit}
    for (name, model), call in {(n, m): f"{n}_{m}" for n in contests for m in fit}.items():
        if taken[call] != (name, model):
            text = f"called {call} where it is fitted with {model}, but so is"
            yield Problem(("methods", name), f"{text} {_fit(*taken[call])}; rename one")
    for name in draft.keys("methods"):
        if name in taken:
            text = f"the name of {_fit(*taken[name])} already, but must be a name of its own"
            yield Problem(("methods", name), text)


def _fit(method: str, model: str) -> str:
    return f"{method} fitted with {model}"


def _mle(draft: Draft) -> Iterator[Problem]:
    for method, models in draft.methods_with_models("mle"):
        section = ("methods", method, "bounds")
        if draft.get(*section) is not None:
            yield from one_entry_each(draft, section, models, "[lower, upper]")
            for parameter in parameters_of(models).values():
                yield from _bounds(draft, section, parameter)
        grid, starts = draft.get("methods", method, "grid"), draft.get("methods", method, "starts")
        points = grid ** max(len(model.names) for model in models) if grid else None
        if points and points > MOST_POINTS:
            text = f"{grid}, but must have at most {MOST_POINTS} points over all parameters"
            yield Problem(("methods", method, "grid"), text)
        if points and starts and starts > points:
            text = f"{starts}, but must be at most {points}, the number of points of the grid"
            yield Problem(("methods", method, "starts"), text)


def _bounds(draft: Draft, section: Location, parameter: Parameter) -> Iterator[Problem]:
    path = (*section, parameter.name)
    ends = [value for _, value in draft.entries(*path)]
    if len(ends) < 2:
        return
    if not ends[0] < ends[1]:
        yield Problem(path, f"{show(ends)}, but its lower end must be less than its upper end")
        return
    if leaves((ends[0], ends[1]), parameter.support):
        allowed = f"but {parameter.name} must be {span(*parameter.support)}"
        yield Problem(path, f"{show(ends)}, {allowed}")
    yield from truths_within(draft, (ends[0], ends[1]), parameter, path)


def _bayes(draft: Draft) -> Iterator[Problem]:
    for method, models in draft.methods_with_models("bayes"):
        section = ("methods", method, "priors")
        yield from one_entry_each(draft, section, models, None)
        for parameter in parameters_of(models).values():
            yield from _prior(draft, method, parameter)


def _prior(draft: Draft, method: str, parameter: Parameter) -> Iterator[Problem]:
    path = ("methods", method, "priors", parameter.name)
    entry, pooling = draft.get(*path), draft.get("methods", method, "pooling")
    if entry is None or pooling is None:
        return
    natural = "distribution" in entry
    if natural == (pooling == "partial"):
        needs = "{distribution: name, and its arguments}"
        needs = "{location: ..., scale: ...}" if natural else needs
        yield Problem(path, f"{show(entry)}, but with pooling {pooling} must be {needs}")
    elif natural:
        yield from _natural_prior(draft, path, parameter)
    else:
        scale = draft.distribution(*path, "scale")
        if scale is not None and leaves(scale.support(), (0, math.inf)):
            yield Problem((*path, "scale"), outside(scale, "an SD must be", (0, math.inf)))


def _natural_prior(draft: Draft, path: Location, parameter: Parameter) -> Iterator[Problem]:
    prior = draft.distribution(*path)
    if prior is None:
        return
    if leaves(prior.support(), parameter.support):
        yield Problem(path, outside(prior, f"{parameter.name} must be", parameter.support))
    yield from truths_within(draft, prior.support(), parameter, path)


def _quadrature(draft: Draft) -> Iterator[Problem]:
    contests = draft.contests()
    for method, models in draft.methods_with_models("quadrature"):
        for model in (model for model in models if len(model.names) > MOST_PARAMETERS):
            key = "estimator" if method in contests else "model"
            what = f"quadrature, but models.fit has {model.name}" if method in contests else None
            text = (
                f"{what or model.name}, which has {len(model.names)} free parameters, "
                f"{'and' if what else 'but'} quadrature takes {MOST_PARAMETERS} at most; "
                "estimator bayes takes any number"
            )
            yield Problem(("methods", method, key), text)
        section = ("methods", method, "priors")
        yield from one_entry_each(draft, section, models, None)
        for name, parameter in parameters_of(models).items():
            yield from _natural_prior(draft, (*section, name), parameter)
