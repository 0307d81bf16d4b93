"""Sentences that several checks have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from rlrecovery.config.draft import Draft
from rlrecovery.config.json_schema import Location
from rlrecovery.config.sentences import Problem
from rlrecovery.config.words import did_you_mean, either, every, pair_up, show, span
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import Model, Parameter
from rlrecovery.simulate.batch import population_truth

#: Most of a drawn population that may lie where a method cannot find it.
MOST_OUTSIDE = 0.01
#: Parameters that a variant may add, and how.
ADDED = {"lapse": "lapse: true", "start_value": "start_value: free"}


def dotted(path: Location) -> str:
    """A place in the words of a sentence."""
    return ".".join(map(str, path))


def strays(path: Location, values: Sequence[tuple[int, float]], text: str) -> Iterator[Problem]:
    """One sentence on all entries of a list that break one rule."""
    if values:
        first = ", ".join(show(value) for _, value in values[:5])
        more = f" and {len(values) - 5} more" if len(values) > 5 else ""
        yield Problem((*path, values[0][0]), f"{first}{more}, but {text}")


def leaves(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    """Whether an interval is not wholly inside another."""
    return inner[0] < outer[0] or inner[1] > outer[1]


def outside(drawn: Distribution, must: str, allowed: tuple[float, float]) -> str:
    """What is wrong with a distribution that can leave an interval."""
    return f"{drawn}, which can be {span(*drawn.support())}, but {must} {span(*allowed)}"


def wrong_name(path: Location, name: object, known: Sequence[str]) -> Iterator[Problem]:
    """A name that is none of those that are known; other types are wrong values already."""
    if isinstance(name, str) and name not in known:
        yield Problem(path, f"{show(name)}, but must be {either(known)}{did_you_mean(name, known)}")


def parameters_of(models: Iterable[Model]) -> dict[str, Parameter]:
    """Parameters of all models, each once, by name."""
    return {parameter.name: parameter for model in models for parameter in model.parameters}


def unknown_parameters(
    draft: Draft, section: Location, names: Sequence[str], owners: Sequence[str]
) -> Iterator[Problem]:
    """Entries of a section that are of no parameter of the models of these names."""
    one = len(owners) == 1
    who = owners[0] if one else f"none of {every(owners)}"
    have = "has no such parameter; it has" if one else "has such a parameter; they have"
    for name, guess in pair_up(draft.keys(*section), names).items():
        hint = f" (did you mean {guess}?)" if guess else ""
        text = f"{draft.show(*section, name)}, but {who} {have} {', '.join(names)}{hint}"
        yield Problem((*section, name), text)


def absent(draft: Draft, section: Location, names: Sequence[str]) -> list[str]:
    """Parameters without an entry, but for those that a misspelt entry was meant for."""
    given = draft.keys(*section)
    meant = pair_up(given, names).values()
    return [name for name in names if name not in given and name not in meant]


def one_entry_each(
    draft: Draft, section: Location, models: Sequence[Model], allowed: str | None
) -> Iterator[Problem]:
    """A section has entries of no other parameters and, if `allowed` is given, of all."""
    names = list(parameters_of(models))
    yield from unknown_parameters(draft, section, names, [model.name for model in models])
    for name in absent(draft, section, names) if allowed else ():
        owners = [model.name for model in models if name in model.names]
        have = "has" if len(owners) == 1 else "have"
        text = f"missing, but must be {allowed}: {every(owners)} {have} this parameter"
        yield Problem((*section, name), text)


def true_values(
    draft: Draft, place: Location, parameter: Parameter, inside: bool
) -> list[tuple[int, float]]:
    """True values of a parameter in its support (or outside of it), with their places."""
    lower, upper = parameter.support
    given = draft.entries(*place, "truth", parameter.name)
    return [(i, value) for i, value in given if (lower <= value <= upper) == inside]


def has_moments(parameter: Parameter, drawn: Distribution) -> bool:
    """Whether the group's truth of a drawn population is a number."""
    spec = {"distribution": drawn.name, **drawn.as_dict()}
    return all(map(math.isfinite, population_truth(parameter, None, spec)))


def truths_within(
    draft: Draft, ends: tuple[float, float], parameter: Parameter, cause: Location
) -> Iterator[Problem]:
    """No truth may lie where a method cannot go."""
    because = f"because of {dotted(cause)}"
    for place, model in draft.sources():
        if parameter.name in model.names:
            yield from _source_within(draft, place, ends, parameter, because)


def _source_within(
    draft: Draft, place: Location, ends: tuple[float, float], parameter: Parameter, because: str
) -> Iterator[Problem]:
    given = true_values(draft, place, parameter, inside=True)
    beyond = [entry for entry in given if not ends[0] <= entry[1] <= ends[1]]
    path = (*place, "truth", parameter.name)
    yield from strays(path, beyond, f"must be {span(*ends)} {because}")
    drawn = draft.distribution(*place, "population", parameter.name)
    if drawn is not None and not leaves(drawn.support(), parameter.support):
        frozen = drawn.frozen()
        if float(frozen.cdf(ends[0]) + frozen.sf(ends[1])) > MOST_OUTSIDE:
            share = f"in at least {1 - MOST_OUTSIDE:.0%} of people"
            text = f"{drawn}, but must be {span(*ends)} {share} {because}"
            yield Problem((*place, "population", parameter.name), text)
