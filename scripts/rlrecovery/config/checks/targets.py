"""Checks of the requirements and costs of a design."""

from __future__ import annotations

from collections.abc import Iterator

from rlrecovery.config import effects, study
from rlrecovery.config.checks.sections import Sections
from rlrecovery.config.mistakes import Mistake, Path, either, mistake, wrong, wrong_choice
from rlrecovery.config.targets import (
    ALL,
    OF_INTERVALS,
    OF_POWER,
    P_BEST,
    POWER,
    SMALL,
    TargetSettings,
)

#: Measures between 0 and 1, or 1 in size.
_SHARES = ("coverage", "reliability", P_BEST, POWER, "spearman", "spearman_within")


def check_targets(sections: Sections) -> Iterator[Mistake]:
    """Yield all mistakes about requirements and costs."""
    experiment = sections.experiment
    cost = experiment.cost if sections.readable("cost") else None
    if cost is not None and cost.participant == cost.trial == 0:
        yield mistake(("cost",), "is 0 for participants and for trials; one must be above 0")
    if not sections.readable("targets"):
        return
    for name, target in experiment.targets.items():
        path = ("targets", name)
        if name == ALL:
            yield mistake(path, "must have another name: all requirements together are called all")
        yield from _limit(path, target)
        yield from _nominal(sections, path, target)
        yield from _names(sections, path, target)


def _limit(path: Path, target: TargetSettings) -> Iterator[Mistake]:
    """Check that there is one limit, on the side that the measure needs, and its value."""
    if (target.at_most is None) == (target.at_least is None):
        given = "neither" if target.at_most is None else "both"
        yield mistake(path, f"has {given} of at_most and at_least; it must have one of them")
        return
    key = "at_least" if target.at_most is None else "at_most"
    allowed = "at_most" if target.measure in SMALL else "at_least"
    if key != allowed and target.measure != "coverage":
        text = f"is not allowed for {target.measure}, which needs {allowed}"
        yield mistake((*path, key), text)
    elif target.measure in _SHARES and not 0 < target.limit < 1:
        yield wrong((*path, key), target.limit, "must be between 0 and 1")
    elif target.limit <= 0:
        yield wrong((*path, key), target.limit, "must be greater than 0")


def _nominal(sections: Sections, path: Path, target: TargetSettings) -> Iterator[Mistake]:
    """Check the nominal level against those that the study computes."""
    levels = sections.experiment.interval_levels
    if target.nominal is None or not sections.readable("interval_levels"):
        return
    if target.measure not in OF_INTERVALS:
        text = f"is not allowed for {target.measure}, but only for {either(OF_INTERVALS)}"
        yield mistake((*path, "nominal"), text)
    elif target.nominal not in levels:
        must = f"must be one of interval_levels: {either(levels)}"
        yield wrong((*path, "nominal"), target.nominal, must)


def _names(sections: Sections, path: Path, target: TargetSettings) -> Iterator[Mistake]:
    """Check the names of the method, the model and the parameter."""
    experiment = sections.experiment
    if not all(map(sections.readable, ("methods", "models", "model", "variants"))):
        return
    if any(sections.model(name) is None for name in (*sections.simulated, *sections.fit)):
        return  # which methods there are depends on them
    methods = list(dict.fromkeys([*study.method_names(experiment), *experiment.methods]))
    if target.method is not None and target.method not in methods:
        yield wrong_choice((*path, "method"), target.method, methods)
    if target.measure == POWER:
        yield from _power(sections, path, target)
        return
    for key in OF_POWER:
        if getattr(target, key) is not None:
            yield mistake((*path, key), f"is not allowed for {target.measure}, but only for power")
    if target.measure == P_BEST:
        yield from _best_model(sections, path, target)
        return
    if target.model is not None:
        text = f"is not allowed for {target.measure}, but only for {P_BEST}"
        yield mistake((*path, "model"), text)
    names = dict.fromkeys(name for m in sections.generating_models for name in m.model.names)
    if target.parameter is not None and names and target.parameter not in names:
        yield wrong_choice((*path, "parameter"), target.parameter, list(names))


def _best_model(sections: Sections, path: Path, target: TargetSettings) -> Iterator[Mistake]:
    """Check a requirement for the share of data sets whose generating model fits best."""
    for key in ("parameter", "level"):
        if getattr(target, key) is not None:
            yield mistake((*path, key), f"is not allowed for {P_BEST}")
    if not sections.competing:
        yield mistake(
            (*path, "measure"),
            f"is {P_BEST}, which needs models.fit and a method without a model, because models "
            "must compete",
        )
        return
    both = [name for name in sections.simulated if name in sections.fit]
    if target.model is None:
        yield mistake(path, f"needs the key model, because its measure is {P_BEST}")
    elif target.model not in both:
        yield wrong_choice((*path, "model"), target.model, both)


def _power(sections: Sections, path: Path, target: TargetSettings) -> Iterator[Mistake]:
    """Check a requirement for the share of data sets in which an effect is found."""
    for key in ("level", "model"):
        if getattr(target, key) is not None:
            yield mistake((*path, key), f"is not allowed for {POWER}")
    if not all(map(sections.readable, effects.SECTIONS)):
        return
    sizes_of = effects.sizes_of_effects(sections.experiment)
    if not sizes_of:
        text = "is power, which needs groups, conditions or a covariate whose effect is found"
        yield mistake((*path, "measure"), text)
        return
    for key, attribute in (("effect", "name"), ("parameter", "parameter")):
        value, choices = getattr(target, key), [getattr(effect, attribute) for effect in sizes_of]
        if value is not None and value not in choices:
            yield wrong_choice((*path, key), value, list(dict.fromkeys(choices)))
            return
    sizes = {
        size
        for effect, values in sizes_of.items()
        if target.effect in (None, effect.name) and target.parameter in (None, effect.parameter)
        for size in values
        if size
    }
    if not sizes or (target.size is not None and target.size not in sizes):
        shown = either(sorted(sizes)) if sizes else "no size but 0"
        must = f"must be a size that is simulated: {shown}"
        yield wrong((*path, "size"), 0 if target.size is None else target.size, must)
    analyses = effects.settings_of(sections.experiment).analyses
    if target.analysis is not None and target.analysis not in analyses:
        yield wrong_choice((*path, "analysis"), target.analysis, analyses)
