"""What models, their variants, truths and populations get wrong together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rlrecovery.config.draft import Draft, every_parameter_of
from rlrecovery.config.json_schema import Location, locate
from rlrecovery.config.phrases import (
    ADDED,
    absent,
    dotted,
    has_moments,
    leaves,
    one_entry_each,
    outside,
    strays,
    true_values,
    unknown_parameters,
    wrong_name,
)
from rlrecovery.config.sentences import Problem
from rlrecovery.config.settings import Experiment, Source
from rlrecovery.config.words import (
    allowed_at,
    describe,
    did_you_mean,
    either,
    show,
    span,
)
from rlrecovery.models.library import MODELS, Model, Parameter


def check_models(draft: Draft) -> Iterator[Problem]:
    """All mistakes about models and what generates data."""
    for check in (_presence, _names, _variants, _parameters, _supports):
        yield from check(draft)


def _presence(draft: Draft) -> Iterator[Problem]:
    """Of keys that take each other's place, one is there and not both."""
    given = draft.keys()
    pairs = [("tasks", "task"), *(("models", key) for key in ("model", "truth", "population"))]
    there = draft.meant(known=Experiment.model_fields)
    for other, key in pairs:
        if other in given and key in given:
            if draft.empty(other) or draft.empty(key):
                continue  # one sentence is enough
            text = f"{draft.show(key)}, but {other} is given, too; only one may be"
            yield Problem((key,), text)
        elif not {other, key} & there:
            yield Problem((key,), f"missing, but must be {allowed_at(*locate((key,)))}")


def _names(draft: Draft) -> Iterator[Problem]:
    """Models are known by name, and those that compete are different ones."""
    if "variants" in draft.meant(known=Experiment.model_fields) and draft.get("variants") is None:
        return  # which names there are cannot be told
    known = draft.names()
    for path in (("model",), *(("methods", name, "model") for name in draft.keys("methods"))):
        yield from wrong_name(path, draft.get(*path), known)
    for name in draft.keys("variants"):
        path = ("variants", name, "model")
        yield from wrong_name(path, draft.get(*path), list(MODELS))
    for name in draft.keys("models", "simulate"):
        if name not in known:
            text = f"the name of no model, but must be {either(known)}{did_you_mean(name, known)}"
            yield Problem(("models", "simulate", name), text)
    for i, name in draft.entries("models", "fit"):
        yield from wrong_name(("models", "fit", i), name, known)


def _variants(draft: Draft) -> Iterator[Problem]:
    for name in draft.keys("variants"):
        path, settings = ("variants", name), draft.get("variants", name)
        if name in MODELS:
            text = "the name of a model already, but must be a name of its own"
            yield Problem(path, text)
        elif settings is not None and draft.get(*path, "model") in MODELS:
            yield from _variant(draft, path, settings)


def _variant(draft: Draft, path: Location, settings: dict[str, Any]) -> Iterator[Problem]:
    """A variant fixes parameters that it has, at possible values, and not all of them."""
    lapse, start = draft.get(*path, "lapse"), draft.get(*path, "start_value")
    sound = {"model": settings["model"], "lapse": lapse or False, "start_value": start or "task"}
    parameters, fixed = every_parameter_of(sound), (*path, "fixed")
    given, names = draft.keys(*fixed), [parameter.name for parameter in parameters]
    for name in (name for name in given if name in ADDED and name not in names):
        text = f"{draft.show(*fixed, name)}, but {path[-1]} has {name} only with {ADDED[name]}"
        yield Problem((*fixed, name), text)
    for problem in unknown_parameters(draft, fixed, names, [str(path[-1])]):
        if problem.path[-1] not in ADDED:
            yield problem
    for parameter in parameters:
        value, ends = draft.get(*fixed, parameter.name), parameter.support
        if value is not None and not ends[0] <= value <= ends[1]:
            text = f"{show(value)}, but {parameter.name} must be {span(*ends)}"
            yield Problem((*fixed, parameter.name), text)
    if set(names) <= set(given):
        text = f"{draft.show(*fixed)}, but at least one of {', '.join(names)} must stay free"
        yield Problem(fixed, text)
    if start == "free" and not _learns_values(MODELS[settings["model"]]):
        text = f"free, but {settings['model']} learns no values that could start elsewhere"
        yield Problem((*path, "start_value"), text)


def _learns_values(model: Model) -> bool:
    """Whether hidden state starts at the start value."""
    anything = dict.fromkeys(model.names, 0.5)
    return model.initial(model.bind(anything, 0.0, 2)) != model.initial(
        model.bind(anything, 1.0, 2)
    )


def _parameters(draft: Draft) -> Iterator[Problem]:
    """Every parameter is in the population, and has a truth or a distribution, not both."""
    for place, model in draft.sources():
        truth, population = (*place, "truth"), (*place, "population")
        yield from one_entry_each(draft, truth, [model], None)
        if draft.get(*population) is not None:
            allowed = describe(locate((*population, "any"))[1])
            yield from one_entry_each(draft, population, [model], allowed)
            left_out = place and "truth" not in draft.meant(*place, known=Source.model_fields)
            if draft.get(*truth) is not None or left_out:
                yield from _truth_or_distribution(draft, place, model)


def _truth_or_distribution(draft: Draft, place: Location, model: Model) -> Iterator[Problem]:
    truth, population = (*place, "truth"), (*place, "population")
    lacking = absent(draft, truth, list(model.names))
    for name in model.names:
        entry, where = draft.get(*population, name) or {}, dotted((*population, name))
        unclear = draft.has(*population, name) and not entry
        if name in lacking and not unclear and "distribution" not in entry:
            text = f"missing, but must be a list of values, or {where} a distribution"
            yield Problem((*truth, name), text)
        if draft.has(*truth, name) and "distribution" in entry:
            values = draft.show(*truth, name)
            text = f"{values}, but {where} names a distribution; only one may be given"
            yield Problem((*truth, name), text)


def _supports(draft: Draft) -> Iterator[Problem]:
    for place, model in draft.sources():
        for parameter in model.parameters:
            yield from _support(draft, place, parameter)


def _support(draft: Draft, place: Location, parameter: Parameter) -> Iterator[Problem]:
    name, support = parameter.name, parameter.support
    truth, population = (*place, "truth", name), (*place, "population", name)
    wrong = true_values(draft, place, parameter, inside=False)
    yield from strays(truth, wrong, f"{name} must be {span(*support)}")
    drawn = draft.distribution(*population)
    if drawn is not None and leaves(drawn.support(), support):
        yield Problem(population, outside(drawn, f"{name} must be", support))
    elif drawn is not None and not has_moments(parameter, drawn):
        text = (
            f"{drawn}, but must have a mean and an SD on the {parameter.transform} scale that "
            "can be computed: it puts too many people at an end of the support"
        )
        yield Problem(population, text)
