"""Checks that look at several keys at once: what no single key can know."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from rlrecovery.config.draft import Draft
from rlrecovery.config.schema import Location, locate
from rlrecovery.config.sentences import Problem
from rlrecovery.config.words import describe, did_you_mean, either, pair_up, show, span
from rlrecovery.distributions import Distribution
from rlrecovery.models import MODELS, Model, Parameter
from rlrecovery.simulate import population_truth
from rlrecovery.tables import interval_columns

#: More cells than this are a mistake: even at a second per cell they take twelve days.
MOST_CELLS = 1_000_000
#: More jobs than this cannot be planned: a million take an hour and 16 GB of memory.
MOST_JOBS = 1_000_000
#: More points than this of the grid that starts the searches take more memory than they are worth.
MOST_POINTS = 1_000_000
#: More free parameters than this would need millions of nodes of a grid.
MOST_PARAMETERS = 3
#: Most of a drawn population that may lie where a method cannot find it.
MOST_OUTSIDE = 0.01


def _strays(path: Location, values: Sequence[tuple[int, float]], text: str) -> Iterator[Problem]:
    """One sentence on all entries of a list that break one rule."""
    if values:
        first = ", ".join(show(value) for _, value in values[:5])
        more = f" and {len(values) - 5} more" if len(values) > 5 else ""
        yield Problem((*path, values[0][0]), f"{first}{more}, but {text}")


def _leaves(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    return inner[0] < outer[0] or inner[1] > outer[1]


def _unknown_parameters(draft: Draft, section: Location, model: Model) -> Iterator[Problem]:
    for name, guess in pair_up(draft.keys(*section), model.names).items():
        names = ", ".join(model.names) + (f" (did you mean {guess}?)" if guess else "")
        value = draft.show(*section, name)
        text = f"{value}, but {model.name} has no such parameter; it has {names}"
        yield Problem((*section, name), text)


def _absent(draft: Draft, section: Location, model: Model) -> list[str]:
    """Parameters without an entry, but for those that a misspelt entry was meant for."""
    given = draft.keys(*section)
    meant = pair_up(given, model.names).values()
    return [name for name in model.names if name not in given and name not in meant]


def _missing(draft: Draft, section: Location, model: Model, allowed: str) -> Iterator[Problem]:
    for name in _absent(draft, section, model):
        text = f"missing, but must be {allowed}: {model.name} has this parameter"
        yield Problem((*section, name), text)


def _check_models(draft: Draft) -> Iterator[Problem]:
    places = [("model",), *(("methods", name, "model") for name in draft.keys("methods"))]
    for path in places:
        name = draft.get(*path)
        if isinstance(name, str) and name not in MODELS:
            text = f"{show(name)}, but must be {either(MODELS)}{did_you_mean(name, MODELS)}"
            yield Problem(path, text)


def _check_parameters(draft: Draft) -> Iterator[Problem]:
    """Every parameter is in the population, and has a truth or a distribution, not both."""
    model = draft.model("model")
    if model is None:
        return
    for section in ("truth", "population"):
        yield from _unknown_parameters(draft, (section,), model)
    if draft.get("population") is None:
        return
    allowed = describe(locate(("population", "any"))[1])
    yield from _missing(draft, ("population",), model, allowed)
    if draft.get("truth") is not None:
        yield from _check_sources(draft, model)


def _check_sources(draft: Draft, model: Model) -> Iterator[Problem]:
    absent = _absent(draft, ("truth",), model)
    for name in model.names:
        entry = draft.get("population", name) or {}
        unclear = name in draft.keys("population") and not entry
        if name in absent and not unclear and "distribution" not in entry:
            text = f"missing, but must be a list of values, or population.{name} a distribution"
            yield Problem(("truth", name), text)
        if name in draft.keys("truth") and "distribution" in entry:
            values = draft.show("truth", name)
            text = f"{values}, but population.{name} names a distribution; only one may be given"
            yield Problem(("truth", name), text)


def _truths(draft: Draft, parameter: Parameter) -> list[tuple[int, float]]:
    """True values of a parameter that lie in its support, with their places."""
    lower, upper = parameter.support
    given = draft.numbers("truth", parameter.name)
    return [(i, value) for i, value in given if lower <= value <= upper]


def _check_supports(draft: Draft) -> Iterator[Problem]:
    model = draft.model("model")
    for parameter in model.parameters if model else ():
        name, support = parameter.name, parameter.support
        given = draft.numbers("truth", name)
        strays = [(i, value) for i, value in given if not support[0] <= value <= support[1]]
        yield from _strays(("truth", name), strays, f"{name} must be {span(*support)}")
        drawn = draft.distribution("population", name)
        if drawn is not None and _leaves(drawn.support(), support):
            yield Problem(("population", name), _outside(drawn, f"{name} must be", support))
        elif drawn is not None and not _has_moments(parameter, drawn):
            text = (
                f"{drawn}, but must have a mean and an SD on the {parameter.transform} scale that "
                "can be computed: it puts too many people at an end of the support"
            )
            yield Problem(("population", name), text)


def _has_moments(parameter: Parameter, drawn: Distribution) -> bool:
    """Whether the group's truth of a drawn population is a number."""
    spec = {"distribution": drawn.name, **drawn.as_dict()}
    return all(map(math.isfinite, population_truth(parameter, None, spec)))


def _outside(drawn: Distribution, must: str, allowed: tuple[float, float]) -> str:
    return f"{drawn}, which can be {span(*drawn.support())}, but {must} {span(*allowed)}"


def _check_truths_within(
    draft: Draft, ends: tuple[float, float], parameter: Parameter, cause: Location
) -> Iterator[Problem]:
    """No truth may lie where a method cannot go."""
    strays = [entry for entry in _truths(draft, parameter) if not ends[0] <= entry[1] <= ends[1]]
    because = f"because of {'.'.join(map(str, cause))}"
    yield from _strays(("truth", parameter.name), strays, f"must be {span(*ends)} {because}")
    drawn = draft.distribution("population", parameter.name)
    if drawn is not None and not _leaves(drawn.support(), parameter.support):
        frozen = drawn.frozen()
        outside = float(frozen.cdf(ends[0]) + frozen.sf(ends[1]))
        if outside > MOST_OUTSIDE:
            share = f"in at least {1 - MOST_OUTSIDE:.0%} of people"
            text = f"{drawn}, but must be {span(*ends)} {share} {because}"
            yield Problem(("population", parameter.name), text)


def _check_repeats(draft: Draft) -> Iterator[Problem]:
    truths = [("truth", name) for name in draft.keys("truth")]
    for path in (*truths, ("participants",), ("trials",), ("interval_levels",)):
        seen: set[float] = set()
        told: set[float] = set()
        for place, value in draft.numbers(*path):
            if value in seen and value not in told:
                yield Problem(
                    (*path, place), f"{show(value)} more than once, but its values must differ"
                )
                told.add(value)
            seen.add(value)
    levels = {value for _, value in draft.numbers("interval_levels")}
    if len({interval_columns(level) for level in levels}) < len(levels):
        text = "a list with values that differ by less than 1e-11, but they must be distinct"
        yield Problem(("interval_levels",), text)


def _check_trials(draft: Draft) -> Iterator[Problem]:
    blocks = draft.get("task", "blocks")
    strays = [entry for entry in draft.numbers("trials") if blocks and entry[1] % blocks]
    yield from _strays(("trials",), strays, f"must be a multiple of task.blocks, which is {blocks}")


def _check_size(draft: Draft) -> Iterator[Problem]:
    truths = [("truth", name) for name in draft.keys("truth")]
    lists = [draft.numbers(*path) for path in (*truths, ("participants",), ("trials",))]
    cells = math.prod(max(1, len(values)) for values in lists)
    if cells > MOST_CELLS:
        text = f"crossed with participants and trials into {cells} cells, but there may be"
        yield Problem(("truth",), f"{text} {MOST_CELLS} at most")
    replicates, size = draft.get("replicates"), draft.get("batch_size")
    if replicates and size:
        jobs = cells * math.ceil(replicates / size) * max(1, len(draft.keys("methods")))
        if jobs > MOST_JOBS and cells <= MOST_CELLS:
            text = f"{size}, which makes {jobs} fit jobs, but there may be {MOST_JOBS} at most"
            yield Problem(("batch_size",), text)


def _check_bounds(draft: Draft, section: Location, parameter: Parameter) -> Iterator[Problem]:
    path = (*section, parameter.name)
    ends = [value for _, value in draft.numbers(*path)]
    if len(ends) < 2:
        return
    if not ends[0] < ends[1]:
        yield Problem(path, f"{show(ends)}, but its lower end must be less than its upper end")
        return
    if _leaves((ends[0], ends[1]), parameter.support):
        allowed = f"but {parameter.name} must be {span(*parameter.support)}"
        yield Problem(path, f"{show(ends)}, {allowed}")
    yield from _check_truths_within(draft, (ends[0], ends[1]), parameter, path)


def _check_mle(draft: Draft) -> Iterator[Problem]:
    for method, model in draft.methods_with_models("mle"):
        section = ("methods", method, "bounds")
        if draft.get(*section) is not None:
            yield from _unknown_parameters(draft, section, model)
            yield from _missing(draft, section, model, "[lower, upper]")
            for parameter in model.parameters:
                yield from _check_bounds(draft, section, parameter)
        grid, starts = draft.get("methods", method, "grid"), draft.get("methods", method, "starts")
        points = grid ** len(model.names) if grid and starts else math.inf
        if grid and grid ** len(model.names) > MOST_POINTS:
            text = f"{grid}, but must have at most {MOST_POINTS} points over all parameters"
            yield Problem(("methods", method, "grid"), text)
        if starts and starts > points:
            text = f"{starts}, but must be at most {points}, the number of points of the grid"
            yield Problem(("methods", method, "starts"), text)


def _check_natural_prior(draft: Draft, path: Location, parameter: Parameter) -> Iterator[Problem]:
    prior = draft.distribution(*path)
    if prior is None:
        return
    if _leaves(prior.support(), parameter.support):
        yield Problem(path, _outside(prior, f"{parameter.name} must be", parameter.support))
    yield from _check_truths_within(draft, prior.support(), parameter, path)


def _check_prior(draft: Draft, method: str, parameter: Parameter) -> Iterator[Problem]:
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
        yield from _check_natural_prior(draft, path, parameter)
    else:
        scale = draft.distribution(*path, "scale")
        if scale is not None and _leaves(scale.support(), (0, math.inf)):
            text = _outside(scale, "an SD must be", (0, math.inf))
            yield Problem((*path, "scale"), text)


def _check_bayes(draft: Draft) -> Iterator[Problem]:
    for method, model in draft.methods_with_models("bayes"):
        section = ("methods", method, "priors")
        if draft.get(*section) is not None:
            yield from _unknown_parameters(draft, section, model)
            for parameter in model.parameters:
                yield from _check_prior(draft, method, parameter)


def _check_quadrature(draft: Draft) -> Iterator[Problem]:
    for method, model in draft.methods_with_models("quadrature"):
        if len(model.names) > MOST_PARAMETERS:
            text = (
                f"{model.name}, which has {len(model.names)} free parameters, but quadrature takes "
                f"{MOST_PARAMETERS} at most; estimator bayes takes any number"
            )
            yield Problem(("methods", method, "model"), text)
        section = ("methods", method, "priors")
        if draft.get(*section) is not None:
            yield from _unknown_parameters(draft, section, model)
            for parameter in model.parameters:
                yield from _check_natural_prior(draft, (*section, parameter.name), parameter)


_CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    _check_models,
    _check_parameters,
    _check_supports,
    _check_repeats,
    _check_trials,
    _check_size,
    _check_mle,
    _check_bayes,
    _check_quadrature,
)


def cross_checks(draft: Draft) -> Iterator[Problem]:
    """All mistakes that only several keys together make."""
    for check in _CHECKS:
        yield from check(draft)
