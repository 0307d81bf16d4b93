"""Checks of groups, conditions, the covariate and their analyses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import get_args

import numpy as np

from rlrecovery.config import effects
from rlrecovery.config.checks.models import FAR, unknown_parameters
from rlrecovery.config.checks.sections import GeneratingModel, Sections
from rlrecovery.config.mistakes import (
    Mistake,
    Path,
    did_you_mean,
    either,
    mistake,
    repeats,
    show,
    wrong,
    wrong_choice,
)
from rlrecovery.config.settings import Experiment
from rlrecovery.effects.analyses import possible_analyses
from rlrecovery.effects.settings import Analysis
from rlrecovery.fitting.effects import COVARIATE
from rlrecovery.models.base import Parameter

#: Fewest participants of a group, and fewest beyond the number of groups for a correlation.
FEWEST_OF_GROUP, FEWEST_BEYOND = 2, 3


def check_effects(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes about effects."""
    experiment = sections.experiment
    if not all(map(sections.readable, effects.SECTIONS)) or not effects.has_effects(experiment):
        return
    if experiment.models is not None:
        for key in effects.SECTIONS:
            if getattr(experiment, key) is not None:
                yield mistake((key,), "is not allowed in a study with models; name one model")
        return
    found = [*_groups(experiment), *_conditions(experiment), *_names(experiment)]
    found += [*_values(experiment), *_settings(experiment)]
    for entry in sections.generating_models:
        found += _parameters(sections, entry)
    yield from found
    if sections.readable("participants"):
        yield from _sizes(experiment)
    if sections.readable("methods") and not found:
        yield from _methods(sections)


def _groups(experiment: Experiment) -> Iterator[Mistake]:
    """Check shares, and that only the first group is without differences."""
    groups = experiment.groups
    if not groups:
        return
    total = _total([group.share for group in groups.values()])
    if total != 1:
        yield mistake(("groups",), f"has shares that sum to {total:.6g}, but they must sum to 1")
    yield from _reference("groups", {name: group.shift for name, group in groups.items()})


def _total(shares: Iterable[float]) -> float:
    """Sum of shares; exactly 1 if it differs by rounding errors, as of thirds, only."""
    total = math.fsum(shares)
    return 1.0 if abs(total - 1) <= 1e-6 else total


def _conditions(experiment: Experiment) -> Iterator[Mistake]:
    """Check that only the first condition is without differences, and the SDs of the others."""
    conditions = experiment.conditions
    if not conditions:
        return
    yield from _reference("conditions", {name: c.shift for name, c in conditions.items()})
    for i, (name, condition) in enumerate(conditions.items()):
        for parameter in condition.spread:
            path = ("conditions", name, "spread", parameter)
            if i == 0:
                yield mistake(path, "is not allowed, because the first condition is the reference")
            elif parameter not in condition.shift:
                text = f"needs a shift of {parameter}, such as shift: {{{parameter}: [0]}}"
                yield mistake(path, text)


def _reference(key: str, shifts: Mapping[str, Mapping[str, Sequence[float]]]) -> Iterator[Mistake]:
    first, *others = shifts
    if shifts[first]:
        kind = key.removesuffix("s")
        text = f"is not allowed, because the first {kind} is the reference of the differences"
        yield mistake((key, first, "shift"), text)
    if not any(shifts[name] for name in others):
        yield mistake((key,), f"needs a shift of a parameter in {either(others)}")


def _names(experiment: Experiment) -> Iterator[Mistake]:
    """Check that groups, conditions and the covariate have different names."""
    groups, conditions = experiment.groups or {}, experiment.conditions or {}
    for name in conditions:
        if name in groups:
            yield mistake(("conditions", name), "is the name of a group; choose another name")
    for key, named in (("groups", groups), ("conditions", conditions)):
        if COVARIATE in named and experiment.covariate is not None:
            yield mistake((key, COVARIATE), "must have another name, because there is a covariate")


def _lists(experiment: Experiment) -> Iterator[tuple[Path, str, Sequence[float]]]:
    """Paths, parameters and true values of all effects."""
    for key, named in (("groups", experiment.groups), ("conditions", experiment.conditions)):
        for name, entry in (named or {}).items():
            for parameter, values in entry.shift.items():
                yield (key, name, "shift", parameter), parameter, values
    if experiment.covariate is not None:
        for parameter, values in experiment.covariate.correlation.items():
            yield ("covariate", "correlation", parameter), parameter, values


def _values(experiment: Experiment) -> Iterator[Mistake]:
    """Check that the values of each list are unique, and that correlations are possible."""
    for path, _, values in _lists(experiment):
        yield from repeats(path, values)
        for i, value in enumerate(values):
            if path[0] == "covariate" and not -1 < value < 1:
                yield wrong((*path, i), value, "a correlation must be between -1 and 1")


def _settings(experiment: Experiment) -> Iterator[Mistake]:
    """Check the analyses, the prior of a difference, and that there is anything to simulate."""
    section = effects.settings_of(experiment)
    yield from repeats(("effects", "analyses"), section.analyses)
    lower, upper = section.prior.distribution_object().support()
    if not lower < 0 < upper:
        text = f"allows differences from {lower:g} to {upper:g}, but must allow both signs"
        yield mistake(("effects", "prior"), text)
    if not section.retest and not effects.sizes_of_effects(experiment):
        text = "is false, and without groups, conditions and a covariate there is nothing else"
        yield mistake(("effects", "retest"), text)


def _parameters(sections: Sections, entry: GeneratingModel) -> Iterator[Mistake]:
    """Check the parameters of effects, and that they stay inside their support."""
    model, names = entry.model, entry.model.names
    for path, parameter, values in _lists(sections.experiment):
        if parameter not in names:
            yield from unknown_parameters(path[:-1], [parameter], names, [model.name])
        elif path[0] == "covariate":
            population = (entry.population or {}).get(parameter)
            if population is not None and population.spread == 0 and any(values):
                yield mistake(path, f"is not possible: population.{parameter}.spread is 0")
        else:
            yield from _inside(path, model.parameter(parameter), entry.values(parameter), values)
            if path[0] == "conditions":
                yield from _finite(sections.experiment, path, model.parameter(parameter))


def _finite(experiment: Experiment, path: Path, parameter: Parameter) -> Iterator[Mistake]:
    """Check that the participants' own differences between conditions leave finite values."""
    section, name, _, _ = path
    spread = (experiment.conditions or {})[str(name)].spread.get(parameter.name, 0.0)
    with np.errstate(over="ignore"):
        ends = [float(parameter.to_natural(sign * FAR * spread)) for sign in (-1, 1)]
    if not np.isfinite(ends).all():
        key = (section, name, "spread", parameter.name)
        yield mistake(key, f"is {show(spread)}, with which participants can have infinite values")


def _inside(
    path: Path, parameter: Parameter, truths: Iterable[float], shifts: Sequence[float]
) -> Iterator[Mistake]:
    """Check that a shift changes a parameter and leaves it inside its support."""
    lower, upper = parameter.support
    for truth, (i, shift) in itertools.product(truths, enumerate(shifts)):
        if not shift:
            continue
        if truth in (lower, upper):
            text = f"cannot change {parameter.name} = {truth:g}, an end of its support"
            yield mistake((*path, i), text)
            continue
        with np.errstate(over="ignore"):
            shifted = float(parameter.to_natural(parameter.to_real(truth) + shift))
        if not lower < shifted < upper:
            text = (
                f"is {show(shift)}, which takes {parameter.name} from {truth:g} to {shifted:g}, "
                "out of its support; shifts are on the unconstrained scale"
            )
            yield mistake((*path, i), text)


def _sizes(experiment: Experiment) -> Iterator[Mistake]:
    """Check that every group has participants, and enough of them."""
    design = effects.design_of(experiment)
    if _total(design.shares) != 1:
        return
    for i, number in enumerate(experiment.participants):
        for name, size in zip(design.groups, design.group_sizes(number), strict=True):
            if size < FEWEST_OF_GROUP:
                group = f"group {name} has {size} of them" if name else "effects need at least 2"
                text = f"{group}; a group needs at least {FEWEST_OF_GROUP} participants"
                yield mistake(("participants", i), f"is {number}: {text if name else group}")
        fewest = len(design.groups) + FEWEST_BEYOND
        if design.has_covariate and number < fewest:
            must = f"a correlation within {len(design.groups)} groups needs at least {fewest}"
            if len(design.groups) == 1:
                must = f"a correlation needs at least {fewest}"
            yield wrong(("participants", i), number, must)


def _methods(sections: Sections) -> Iterator[Mistake]:
    """Check the methods whose estimates are analysed."""
    experiment, methods = sections.experiment, sections.experiment.methods
    parameters = {effect.parameter for effect in effects.sizes_of_effects(experiment)}
    suitable = [
        name
        for name, method in methods.items()
        if effects.can_be_analysed(method, sections.models_of(method), parameters)
    ]
    if not suitable:
        text = "need a method that estimates participants, with a model that has "
        needed = either(sorted(parameters)).replace(" or ", " and ") or "parameters"
        yield Mistake(("methods",), f"effects {text}{needed}")
        return
    for i, name in enumerate(effects.settings_of(experiment).methods or ()):
        path = ("effects", "methods", i)
        if name in methods and name not in suitable:
            text = "must estimate participants, with a model that has the parameters of all effects"
            yield wrong(path, name, f"{text}: {either(suitable)}{did_you_mean(name, suitable)}")
        elif name not in methods:
            yield wrong_choice(path, name, suitable)
    yield from _analyses(experiment, suitable)


def _analyses(experiment: Experiment, suitable: Collection[str]) -> Iterator[Mistake]:
    """Check that a method can be used for one of the analyses."""
    section, design = effects.settings_of(experiment), effects.design_of(experiment)
    chosen = [name for name in section.methods or suitable if name in suitable]
    possible = {
        analysis
        for name in chosen
        for analysis in possible_analyses(experiment.methods[name], design)
    }
    if chosen and design.effects and possible.isdisjoint(section.analyses):
        text = f"has none of the analyses that {either(chosen)} can be used for: "
        allowed = [name for name in get_args(Analysis) if name in possible]
        yield mistake(("effects", "analyses"), text + either(allowed))
