"""The experiment as ``config.yaml`` describes it: strict, frozen, and explained key by key.

The pydantic models say which keys there are, what each means and what it may be; the manual
(``python -m rlrecovery.config help``) and the JSON schema for editors are printed from them. What
no single key can know (a truth outside a method's bounds, a parameter without a truth) is said by
the checks further down. All mistakes are found in one go, one sentence each.
"""

from __future__ import annotations

import argparse
import copy
import functools
import json
import math
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, Union

import numpy as np
import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic.json_schema import GenerateJsonSchema

from rlrecovery.distributions import Distribution, families
from rlrecovery.models import MODELS, Model, Parameter

#: More cells than this are a mistake: even at a second per cell they take twelve days.
MOST_CELLS = 1_000_000

Location = tuple[str | int, ...]


class ConfigError(Exception):
    """A config that cannot be run.

    Attributes
    ----------
    problems : list of str
        One sentence per mistake, each with the key, the value and what is allowed.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(list(problems))
        self.problems = list(problems)

    def __str__(self) -> str:
        return "\n".join(f"error: {problem}" for problem in self.problems)


# ------------------------------------------------------------------ the keys and their meaning


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_RUN = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
_METHOD = "^[a-z][a-z0-9_]*$"
#: Patterns in words, for sentences and the manual.
_PATTERNS = {
    _RUN: "text of letters, digits, _ and - that starts with a letter or a digit",
    _METHOD: "text of lower-case letters, digits and _ that starts with a letter",
}

Probability = Annotated[float, Field(ge=0, le=1)]
Numbers = Annotated[tuple[float, ...], Field(min_length=1), BeforeValidator(_as_tuple)]
Counts = Annotated[
    tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1), BeforeValidator(_as_tuple)
]
Arms = Annotated[tuple[Probability, ...], Field(min_length=2), BeforeValidator(_as_tuple)]
Levels = Annotated[
    tuple[Annotated[float, Field(gt=0, lt=1)], ...],
    Field(min_length=1),
    BeforeValidator(_as_tuple),
]
Bounds = Annotated[tuple[float, ...], Field(min_length=2, max_length=2), BeforeValidator(_as_tuple)]


class _Section(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True
    )


class DistributionSettings(_Section):
    """A named distribution with its arguments, both as PyMC names them."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            with np.errstate(all="ignore"):
                ends = self.distribution_object().support()
        except ArithmeticError:
            ends = (math.nan, math.nan)
        if any(math.isnan(end) for end in ends):
            raise ValueError("its arguments must not be too large or too small to compute with")
        return self

    def distribution_object(self) -> Distribution:
        """The distribution that these settings name."""
        arguments = dict(self)
        return Distribution.of(arguments.pop("distribution"), arguments)

    # The classes of the families are made below and cannot be looked up by name in this module.
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _restore, (self.model_dump(),)


def _restore(settings: dict[str, Any]) -> DistributionSettings:
    return _FAMILIES[settings["distribution"]](**settings)


_MEANINGS = {
    "Beta.alpha": "First shape",
    "Beta.beta": "Second shape",
    "Exponential.lam": "Rate, 1 / mean",
    "Gamma.alpha": "Shape",
    "Gamma.beta": "Rate, alpha / mean",
    "HalfNormal.sigma": "SD of the normal distribution that is folded at 0",
    "LogNormal.mu": "Mean of the logarithm",
    "LogNormal.sigma": "SD of the logarithm",
    "Normal.mu": "Mean",
    "Normal.sigma": "SD",
    "Uniform.lower": "Lowest value",
    "Uniform.upper": "Highest value",
}


def _argument(family: str, name: str, others: Iterable[str]) -> Any:
    """Type and description of one argument; the family itself is asked what it refuses."""
    try:
        Distribution.of(family, {**dict.fromkeys(others, 1.0), name: -1.0})
        allowed: dict[str, float] = {}
    except ValueError as error:
        allowed = {"gt": 0} if "greater than 0" in str(error) else {}
    meaning = _MEANINGS.get(f"{family}.{name}", f"Argument {name} of {family}")
    return float, Field(description=f"{meaning}; as in PyMC.", **allowed)


def _family(name: str, arguments: Sequence[str]) -> type[DistributionSettings]:
    named = (Literal[name], Field(description="Name of the distribution, as in PyMC."))
    fields = {argument: _argument(name, argument, arguments) for argument in arguments}
    settings = create_model(name, __base__=DistributionSettings, distribution=named, **fields)
    settings.__doc__ = f"{name}({', '.join(arguments)})"
    return settings


_FAMILIES = {name: _family(name, arguments) for name, arguments in families().items()}
_TAGGED = [Annotated[settings, Tag(name)] for name, settings in _FAMILIES.items()]
AnyDistribution = Annotated[Union[*_FAMILIES.values()], Field(discriminator="distribution")]


class Spread(_Section):
    """Participants scatter normally around the cell's truth on the unconstrained scale."""

    spread: float = Field(
        ge=0,
        description=(
            "SD of the participants around the cell's truth on the model's unconstrained scale "
            "(logit for a learning rate, log for an inverse temperature); 0 makes them identical."
        ),
    )


class PopulationPrior(_Section):
    """Priors of a population on the unconstrained scale, for partial pooling."""

    location: AnyDistribution = Field(
        description="Prior of the population's location on the unconstrained scale; any."
    )
    scale: AnyDistribution = Field(
        description="Prior of the population's SD on the unconstrained scale; never negative."
    )


#: Forms that are told by their keys and not by the name of a distribution.
_FORMS = ("Spread", "PopulationPrior")


def _form(value: Any) -> str | None:
    """Which form an entry of `population` or `priors` has; None if it cannot be told."""
    if isinstance(value, BaseModel):
        return type(value).__name__
    if not isinstance(value, dict):
        return None
    hierarchical = bool({"location", "scale"} & set(value))
    if ("distribution" in value) + ("spread" in value) + hierarchical != 1:
        return None
    if "distribution" in value:
        name = value["distribution"]
        return name if isinstance(name, str) and name in _FAMILIES else "unknown"
    return "PopulationPrior" if hierarchical else "Spread"


class Population(
    RootModel[Annotated[Union[Annotated[Spread, Tag("Spread")], *_TAGGED], Discriminator(_form)]]
):
    """How participants differ in it: by a spread around the truth, or as a distribution says."""

    model_config = ConfigDict(strict=True, frozen=True)

    @property
    def spread(self) -> float | None:
        """SD on the unconstrained scale, or None where a distribution is named."""
        return self.root.spread if isinstance(self.root, Spread) else None

    def distribution_object(self) -> Distribution | None:
        """The distribution that participants are drawn from, or None where they have a spread."""
        return None if isinstance(self.root, Spread) else self.root.distribution_object()


Prior = Annotated[
    Union[*_TAGGED, Annotated[PopulationPrior, Tag("PopulationPrior")]], Discriminator(_form)
]


class Task(_Section):
    """What a participant faces."""

    arms: Arms = Field(
        description=(
            "Probability of reward 1 (otherwise the reward is 0) of each arm. As many arms as "
            "probabilities."
        )
    )
    blocks: int = Field(
        ge=1,
        description=(
            "Number of blocks that the trials are cut into, all equally long. Every block starts "
            "again from start_value."
        ),
    )
    start_value: float = Field(
        description=(
            "Expected reward of every arm before the first trial of a block. 0.5 lies midway "
            "between the rewards 0 and 1."
        )
    )


class MleMethod(_Section):
    """Maximum likelihood, participant by participant, and the two-step group estimate."""

    estimator: Literal["mle"] = Field(
        description="Kind of method: maximum likelihood, every participant alone."
    )
    model: str = Field(
        description="Model that is fitted; may differ from the one that generates the data."
    )
    engine: Literal["compiled", "scan"] = Field(
        description=(
            "How the log-likelihood is computed; the numbers are the same. compiled: machine code "
            "generated from the model's definition, many times faster. scan: the definition "
            "itself, a pytensor.scan over trials."
        )
    )
    bounds: dict[str, Annotated[Bounds, Field(description="Lower and upper end.")]] = Field(
        description=(
            "Per free parameter of the model, [lower, upper] on the natural scale: where the "
            "maximum is searched. Estimates at a bound are kept, flagged and counted. Truths must "
            "lie within."
        )
    )
    grid: int = Field(
        ge=2,
        description="Points per parameter of the coarse grid whose best points start the searches.",
    )
    starts: int = Field(
        ge=1,
        description=(
            "Number of local searches per participant, from that many best points of the grid; the "
            "best end point is the estimate. At most the number of points of the grid."
        ),
    )
    group_scale: Literal["unconstrained", "natural"] = Field(
        description=(
            "Scale on which the participants' estimates are averaged into the group estimate: the "
            "model's unconstrained scale (the group's truth is its population's location there), "
            "or the natural one."
        )
    )


class Convergence(_Section):
    """What a posterior must satisfy; rows that fail one are kept, flagged and counted."""

    rhat: float = Field(
        gt=1, description="Largest R-hat; 1.01 is advised by Vehtari et al. (2021)."
    )
    ess_bulk: float = Field(
        ge=0,
        description=(
            "Smallest effective sample size of the bulk; the same authors advise 100 per chain."
        ),
    )
    ess_tail: float = Field(ge=0, description="Smallest effective sample size of the tails.")
    divergences: int = Field(ge=0, description="Largest number of divergent transitions.")


class BayesMethod(_Section):
    """The posterior by NUTS."""

    estimator: Literal["bayes"] = Field(description="Kind of method: the posterior, by NUTS.")
    model: str = Field(
        description="Model that is fitted; may differ from the one that generates the data."
    )
    pooling: Literal["none", "partial", "complete"] = Field(
        description=(
            "none: every participant alone. partial: hierarchical, participants scatter around a "
            "group location with a group SD, both estimated. complete: one value for all."
        )
    )
    likelihood: Literal["potential", "categorical"] = Field(
        description=(
            "How the model is written; the posterior is the same. potential: the log-likelihood is "
            "added as a term, which is fast. categorical: choices are random variables, which also "
            "gives predictive draws and pointwise log-likelihoods."
        )
    )
    engine: Literal["compiled", "scan"] = Field(
        description=(
            "How the log-likelihood is computed; the numbers are the same. compiled: machine code "
            "generated from the model's definition, many times faster. scan: the definition "
            "itself, a pytensor.scan over trials; a categorical likelihood needs it."
        )
    )
    priors: dict[str, Annotated[Prior, Field(description="Its prior.")]] = Field(
        default_factory=dict,
        description=(
            "Per parameter of the model. With pooling none or complete a distribution on the "
            "natural scale; with pooling partial one for location and one for scale. A parameter "
            "that is left out gets the model's default prior, and the resolved config shows it. "
            "Truths must lie in the prior's support."
        ),
    )
    point: Literal["mean", "median"] = Field(
        description="Which number of the posterior is the estimate."
    )
    chains: int = Field(
        ge=2, description="Number of chains; R-hat compares them and needs two at the least."
    )
    tune: int = Field(ge=1, description="Warm-up draws per chain; not kept.")
    draws: int = Field(ge=4, description="Kept draws per chain.")
    target_accept: float = Field(
        gt=0,
        lt=1,
        description=(
            "Acceptance rate that the step size is tuned to; nearer to 1 means smaller steps and "
            "fewer divergences."
        ),
    )
    convergence: Convergence = Field(
        description="Criteria of convergence; rows that fail one are kept, flagged and counted."
    )

    def prior_distributions(self) -> dict[str, Distribution]:
        """Natural-scale prior per parameter (pooling none or complete; empty if partial)."""
        return {
            name: prior.distribution_object()
            for name, prior in self.priors.items()
            if isinstance(prior, DistributionSettings)
        }

    def location_distributions(self) -> dict[str, Distribution]:
        """Prior of each parameter's population location (pooling partial; else empty)."""
        return {
            name: prior.location.distribution_object()
            for name, prior in self.priors.items()
            if isinstance(prior, PopulationPrior)
        }

    def scale_distributions(self) -> dict[str, Distribution]:
        """Prior of each parameter's population SD (pooling partial; else empty)."""
        return {
            name: prior.scale.distribution_object()
            for name, prior in self.priors.items()
            if isinstance(prior, PopulationPrior)
        }


Method = Annotated[MleMethod | BayesMethod, Field(discriminator="estimator")]


class Experiment(_Section):
    """One recovery study, complete; nothing in it is about the machine.

    Made by `load` or `parse`, which also check what the keys must satisfy together.
    """

    run: str = Field(
        pattern=_RUN,
        description="Name of the run; its results land in the folder results/<run>/.",
    )
    seed: int = Field(
        ge=0,
        description=(
            "Root of all randomness. The same seed gives the same numbers; another seed is "
            "another, equally good, study."
        ),
    )
    task: Task = Field(description="What every participant faces.")
    model: str = Field(description="Model that generates the data.")
    truth: dict[str, Annotated[Numbers, Field(description="Its true values.")]] = Field(
        description=(
            "Per parameter of the model, the true values to study. They are crossed with each "
            "other, with participants and with trials into cells. A parameter whose population "
            "names a distribution has no list here."
        )
    )
    population: dict[str, Population] = Field(
        description=(
            "Per parameter of the model, how the participants of a data set differ: {spread: SD} "
            "around the cell's truth, or {distribution: name, arguments} to draw each participant "
            "anew whatever the cell."
        )
    )
    participants: Counts = Field(
        description="Numbers of participants per data set, crossed into cells."
    )
    trials: Counts = Field(
        description=(
            "Numbers of trials per participant over all blocks, crossed into cells; each a "
            "multiple of task.blocks."
        )
    )
    replicates: int = Field(
        ge=2,
        description=(
            "Data sets per cell. They make the Monte Carlo standard error of every number, for "
            "which two are needed at the least."
        ),
    )
    batch_size: int = Field(
        ge=1,
        description="Replicates that one job handles: cuts the work and never changes a number.",
    )
    interval_levels: Levels = Field(
        description="Nominal levels at which coverage and width of intervals are reported."
    )
    methods: dict[Annotated[str, Field(pattern=_METHOD)], Method] = Field(
        min_length=1,
        description=(
            "The methods to compare, each under a name of your choice; all fit the same data. "
            "Their order changes no number."
        ),
        json_schema_extra={"additionalProperties": False},
    )


# ------------------------------------------------------------------------- the schema in words


class _Untitled(GenerateJsonSchema):
    """Titles would only repeat the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@functools.cache
def _schema() -> dict[str, Any]:
    schema = Experiment.model_json_schema(schema_generator=_Untitled)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


def json_schema() -> dict[str, Any]:
    """JSON schema of ``config.yaml``, for editors."""
    return copy.deepcopy(_schema())


def _resolve(node: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = _schema()["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return node


def _child(node: Mapping[str, Any], key: str | int) -> Mapping[str, Any]:
    """Schema of one entry of a section or of a list; empty if there is no such entry."""
    if isinstance(key, int):
        return node.get("items", {})
    if "properties" in node:
        return node["properties"].get(key, {})
    named = [*node.get("patternProperties", {}).values(), node.get("additionalProperties") or {}]
    return named[0]


def _variant(node: Mapping[str, Any], tag: str) -> Mapping[str, Any]:
    """Schema of one form of a union; pydantic tells which by a tag in an error's location."""
    mapping = node.get("discriminator", {}).get("mapping", {})
    return {"$ref": mapping.get(tag, tag)}


def _locate(location: Location) -> tuple[Location, Mapping[str, Any]]:
    """Path of an error in the user's words (without pydantic's tags) and the schema there."""
    path: Location = ()
    node: Mapping[str, Any] = _schema()
    for segment in location:
        node = _resolve(node)
        if "oneOf" in node:
            node = _variant(node, str(segment))
        else:
            path, node = (*path, segment), _child(node, segment)
    return path, _resolve(node)


def _either(words: Iterable[Any]) -> str:
    *most, last = [str(word) for word in words]
    return f"{', '.join(most)} or {last}" if most else last


def _range(node: Mapping[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    if above is not None and below is not None:
        return f" between {above:g} and {below:g}, ends excluded"
    if low is not None:
        return f" of at least {low:g}"
    return "" if above is None else f" greater than {above:g}"


def _describe_list(node: Mapping[str, Any]) -> str:
    least = node["minItems"]
    how_many = f"{least}" if least == node.get("maxItems") else f"at least {least}"
    each = f"value{'s'[: least > 1]}, each"
    return f"a list of {how_many} {each} {_describe(_resolve(node['items']))}"


def _describe_section(node: Mapping[str, Any]) -> str:
    if "properties" in node:
        return f"a section with the keys {', '.join(node['properties'])}"
    if "patternProperties" in node:
        return "a section with at least one method, each under its name"
    return "a section with one entry per parameter"


def _describe_union(node: Mapping[str, Any]) -> str:
    return _either(dict.fromkeys(_form_in_words(_resolve(variant)) for variant in node["oneOf"]))


def _form_in_words(variant: Mapping[str, Any]) -> str:
    properties = variant["properties"]
    if "estimator" in properties:
        return f"a section with estimator: {properties['estimator']['const']}"
    if "distribution" in properties:
        return "{distribution: name, and its arguments}"
    return "{" + ", ".join(f"{key}: ..." for key in properties) + "}"


def _describe(node: Mapping[str, Any]) -> str:
    """What is allowed at a place of the schema, to follow the words "must be"."""
    node = _resolve(node)
    if "oneOf" in node:
        return _describe_union(node)
    if "enum" in node or "const" in node:
        return _either(node.get("enum", [node.get("const")]))
    kinds: dict[str, Callable[[], str]] = {
        "integer": lambda: f"a whole number{_range(node)}",
        "number": lambda: f"a number{_range(node)}",
        "string": lambda: _PATTERNS.get(node.get("pattern", ""), "text"),
        "array": lambda: _describe_list(node),
        "object": lambda: _describe_section(node),
    }
    return kinds[node["type"]]()


def _allowed(path: Location, node: Mapping[str, Any]) -> str:
    """As `_describe`, but models are named: a schema that did would change with every model."""
    return _either(MODELS) if path[-1] == "model" else _describe(node)


# ---------------------------------------------------------------------- sentences about mistakes


class _Problem(NamedTuple):
    """A mistake: where, what, and whether the value there is of no further use."""

    path: Location
    text: str
    spoils: bool = True

    def sentence(self) -> str:
        within = isinstance(self.path[-1], int)
        keys = [key for key in self.path if not isinstance(key, int)]
        where = ".".join(key if re.fullmatch(r"[\w-]+", key) else ascii(key) for key in keys)
        return f"{where} {'contains' if within else 'is'} {self.text}"


def _flow(value: Any) -> str:
    """A value as YAML would have it, on one line."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_bare(k)}: {_bare(item)}" for k, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_bare(item) for item in value) + "]"
    return ascii(value) if isinstance(value, str) and not value.isprintable() else _repr(value)


def _repr(value: Any) -> str:
    return repr(value) if isinstance(value, str | int | float) else f"{value}"


def _bare(value: Any) -> str:
    plain = isinstance(value, str) and value.isidentifier()
    return value if plain else _flow(value)


def _show(value: Any) -> str:
    text = _flow(value)
    return text if len(text) <= 70 else f"{text[:67]}..."


def _closest(name: str, known: Iterable[str]) -> str | None:
    lower = {word.lower(): word for word in known}
    found = get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[found[0]] if found else None


def _did_you_mean(name: Any, known: Iterable[str]) -> str:
    found = _closest(name, known) if isinstance(name, str) else None
    return f" (did you mean {found}?)" if found else ""


def _pair_up(given: Iterable[str], known: Sequence[str]) -> dict[str, str | None]:
    """Each unknown name with the known one that was probably meant, absent ones first."""
    given = list(given)
    absent = [name for name in known if name not in given]
    unknown = [name for name in given if name not in known]
    return {name: _closest(name, absent) or _closest(name, known) for name in unknown}


def _as_number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _spellings(number: Decimal, whole: bool) -> str:
    """How YAML wants a number that it took for text, because its float needs dot and sign."""
    mantissa, _, exponent = f"{number:e}".partition("e")
    scientific = f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}"
    if abs(number.adjusted()) > 15:
        return "" if whole else f" (write {scientific})"
    plain = f"{number:f}"
    return f" (write {plain})" if whole else f" (write {plain} or {scientific})"


def _hint(value: Any, node: Mapping[str, Any]) -> str:
    """What to write instead, where that can be guessed."""
    kind = node.get("type")
    if isinstance(value, str) and kind in ("number", "integer"):
        number = _as_number(value)
        if number is None or (kind == "integer" and number != number.to_integral_value()):
            return ""
        if "e" in value.lower():
            return _spellings(number, whole=kind == "integer")
        return f" (write {value.strip()} without quotes)"
    if isinstance(value, float) and kind == "integer" and value.is_integer() and value < 1e15:
        return f" (write {value:.0f})"
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and kind == "array" and node["minItems"] == 1:
        return f" (write [{value!r}])"
    if "pattern" in node and value is not None and not isinstance(value, str | list | dict):
        return " (put it in quotes)"
    return ""


def _must(value: Any, path: Location, node: Mapping[str, Any]) -> str:
    allowed = _allowed(path, node)
    if isinstance(value, float) and not math.isfinite(value) and node.get("type") == "number":
        allowed = allowed.replace("a number", "a finite number", 1)
    return f"{_show(value)}, but must be {allowed}{_hint(value, node)}"


def _value(raw: Any, path: Location) -> Any:
    for key in path:
        raw = raw[key]
    return raw


def _without_form(path: Location, node: Mapping[str, Any], value: Any) -> _Problem:
    """A union whose form cannot be told."""
    known = [key for variant in node["oneOf"] for key in _resolve(variant)["properties"]]
    meant = _pair_up(value if isinstance(value, dict) else (), known)
    hints = [f" (did you mean {key} instead of {name}?)" for name, key in meant.items() if key]
    hint = hints[0] if hints else ""
    key = node.get("discriminator", {}).get("propertyName")
    if key is None or not isinstance(value, dict):
        return _Problem(path, f"{_must(value, path, node)}{hint}")
    return _Problem((*path, key), f"missing, but must be {_either(_choices(node, key))}{hint}")


def _choices(node: Mapping[str, Any], key: str) -> list[str]:
    properties = [_resolve(variant)["properties"] for variant in node["oneOf"]]
    return [each[key]["const"] for each in properties if key in each]


def _wrong_form(path: Location, node: Mapping[str, Any], value: Any) -> _Problem:
    """A union whose form is named, but unknown."""
    key = node.get("discriminator", {}).get("propertyName", "distribution")
    choices, name = _choices(node, key), value[key]
    text = f"{_show(name)}, but must be {_either(choices)}{_did_you_mean(name, choices)}"
    return _Problem((*path, key), text)


def _translate(error: Mapping[str, Any], raw: Any) -> _Problem:
    """One of pydantic's errors (but for unknown keys) in our words."""
    # A user's key may also be called "[key]"; only names of methods have a pattern.
    if error["type"] == "string_pattern_mismatch" and error["loc"][-1] == "[key]":
        text = f"no valid name of a method, but a name must be {_PATTERNS[_METHOD]}"
        return _Problem(error["loc"][:-1], text, spoils=False)
    path, node = _locate(error["loc"])
    if error["type"] == "missing":
        return _Problem(path, f"missing, but must be {_allowed(path, node)}")
    value = _value(raw, path)
    if error["type"] == "union_tag_not_found" or error.get("ctx", {}).get("tag") in _FORMS:
        return _without_form(path, node, value)
    if error["type"] == "union_tag_invalid":
        return _wrong_form(path, node, value)
    if error["type"] == "value_error":
        return _Problem(path, f"{_show(value)}, but {error['ctx']['error']}")
    if error["type"] == "literal_error":
        return _Problem(
            path, f"{_must(value, path, node)}{_did_you_mean(value, node.get('enum', ()))}"
        )
    return _Problem(path, _must(value, path, node))


def _unknown_keys(errors: Sequence[Mapping[str, Any]], raw: Any) -> tuple[list[_Problem], set]:
    """Sentences on unknown keys, and the required keys that were probably meant by them."""
    problems, meant = [], set()
    for error in errors:
        section, node = _locate(error["loc"][:-1])
        key, known = error["loc"][-1], list(node["properties"])
        guess = _pair_up(_value(raw, section), known)[key]
        text = (
            f"{_show(_value(raw, (*section, key)))}, but there is no such key; the keys here are "
            f"{', '.join(known)}" + (f" (did you mean {guess}?)" if guess else "")
        )
        problems.append(_Problem((*section, key), text))
        meant.add((*section, guess))
    return problems, meant


def _is_short(error: Mapping[str, Any], raw: Any) -> bool:
    return len(_value(raw, _locate(error["loc"])[0])) < error["ctx"]["min_length"]


def _wrong_keys_and_values(raw: dict[str, Any]) -> list[_Problem]:
    """All that the pydantic models find wrong."""
    try:
        Experiment.model_validate(raw)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    else:
        return []
    # Pydantic counts only the sound entries of a list: one that is wrong does not make it short.
    errors = [e for e in errors if e["type"] != "too_short" or _is_short(e, raw)]
    unknown = [error for error in errors if error["type"] == "extra_forbidden"]
    problems, meant = _unknown_keys(unknown, raw)
    for error in errors:
        if error["type"] != "extra_forbidden":
            problem = _translate(error, raw)
            if error["type"] != "missing" or problem.path not in meant:
                problems.append(problem)
    return problems


# ------------------------------------------------------------ checks that look at several keys


class _Draft:
    """A config with mistakes in it, of which only the sound parts can be read."""

    def __init__(self, raw: dict[str, Any], problems: Iterable[_Problem]) -> None:
        self._raw = raw
        self._broken = {problem.path for problem in problems if problem.spoils}

    def get(self, *path: str | int) -> Any:
        """The value there, or None if there is none or it is broken."""
        value: Any = self._raw
        for depth, key in enumerate(path, start=1):
            if path[:depth] in self._broken:
                return None
            value = value.get(key) if isinstance(key, str) else value[key]
            if value is None:
                return None
        return value

    def show(self, *path: str | int) -> str:
        """The value there in words, also if it is broken."""
        return _show(_value(self._raw, path))

    def keys(self, *path: str) -> list[str]:
        """Keys of a section, also of entries that are broken."""
        return list(self.get(*path) or ())

    def numbers(self, *path: str) -> list[tuple[int, float]]:
        """Sound entries of a list, with their places."""
        count = len(self.get(*path) or ())
        return [(i, self.get(*path, i)) for i in range(count) if (*path, i) not in self._broken]

    def model(self, *path: str) -> Model | None:
        """The model named there, if it is known."""
        return MODELS.get(self.get(*path) or "")

    def distribution(self, *path: str) -> Distribution | None:
        """The distribution there, if there is one without a mistake in it."""
        settings = self.get(*path)
        hurt = any(broken[: len(path)] == path for broken in self._broken)
        if settings is None or hurt or "distribution" not in settings:
            return None
        arguments = {key: value for key, value in settings.items() if key != "distribution"}
        return Distribution.of(settings["distribution"], arguments)

    def methods(self, estimator: str) -> list[tuple[str, Model]]:
        """Methods of one kind whose model is known."""
        names = [n for n in self.keys("methods") if self.get("methods", n) is not None]
        kind = [n for n in names if self.get("methods", n, "estimator") == estimator]
        models = [(n, self.model("methods", n, "model")) for n in kind]
        return [(n, model) for n, model in models if model is not None]


def _span(lower: float, upper: float) -> str:
    if math.isinf(upper):
        return "any number" if math.isinf(lower) else f"a number of at least {lower:g}"
    return f"a number {'of at most' if math.isinf(lower) else f'from {lower:g} to'} {upper:g}"


def _strays(path: Location, values: Sequence[tuple[int, float]], text: str) -> Iterator[_Problem]:
    """One sentence on all entries of a list that break one rule."""
    if values:
        first = ", ".join(_show(value) for _, value in values[:5])
        more = f" and {len(values) - 5} more" if len(values) > 5 else ""
        yield _Problem((*path, values[0][0]), f"{first}{more}, but {text}")


def _leaves(inner: tuple[float, float], outer: tuple[float, float]) -> bool:
    return inner[0] < outer[0] or inner[1] > outer[1]


def _unknown_parameters(draft: _Draft, section: Location, model: Model) -> Iterator[_Problem]:
    for name, guess in _pair_up(draft.keys(*section), model.names).items():
        names = ", ".join(model.names) + (f" (did you mean {guess}?)" if guess else "")
        value = draft.show(*section, name)
        text = f"{value}, but {model.name} has no such parameter; it has {names}"
        yield _Problem((*section, name), text)


def _absent(draft: _Draft, section: Location, model: Model) -> list[str]:
    """Parameters without an entry, but for those that a misspelt entry was meant for."""
    given = draft.keys(*section)
    meant = _pair_up(given, model.names).values()
    return [name for name in model.names if name not in given and name not in meant]


def _missing(draft: _Draft, section: Location, model: Model, allowed: str) -> Iterator[_Problem]:
    for name in _absent(draft, section, model):
        text = f"missing, but must be {allowed}: {model.name} has this parameter"
        yield _Problem((*section, name), text)


def _check_models(draft: _Draft) -> Iterator[_Problem]:
    places = [("model",), *(("methods", name, "model") for name in draft.keys("methods"))]
    for path in places:
        name = draft.get(*path)
        if isinstance(name, str) and name not in MODELS:
            text = f"{_show(name)}, but must be {_either(MODELS)}{_did_you_mean(name, MODELS)}"
            yield _Problem(path, text)


def _check_parameters(draft: _Draft) -> Iterator[_Problem]:
    """Every parameter is in the population, and has a truth or a distribution, not both."""
    model = draft.model("model")
    if model is None:
        return
    for section in ("truth", "population"):
        yield from _unknown_parameters(draft, (section,), model)
    if draft.get("population") is None:
        return
    allowed = _describe(_locate(("population", "any"))[1])
    yield from _missing(draft, ("population",), model, allowed)
    if draft.get("truth") is not None:
        yield from _check_sources(draft, model)


def _check_sources(draft: _Draft, model: Model) -> Iterator[_Problem]:
    absent = _absent(draft, ("truth",), model)
    for name in model.names:
        entry = draft.get("population", name) or {}
        unclear = name in draft.keys("population") and not entry
        if name in absent and not unclear and "distribution" not in entry:
            text = f"missing, but must be a list of values, or population.{name} a distribution"
            yield _Problem(("truth", name), text)
        if name in draft.keys("truth") and "distribution" in entry:
            values = draft.show("truth", name)
            text = f"{values}, but population.{name} names a distribution; only one may be given"
            yield _Problem(("truth", name), text)


def _truths(draft: _Draft, parameter: Parameter) -> list[tuple[int, float]]:
    """True values of a parameter that lie in its support, with their places."""
    lower, upper = parameter.support
    given = draft.numbers("truth", parameter.name)
    return [(i, value) for i, value in given if lower <= value <= upper]


def _check_supports(draft: _Draft) -> Iterator[_Problem]:
    model = draft.model("model")
    for parameter in model.parameters if model else ():
        name, support = parameter.name, parameter.support
        given = draft.numbers("truth", name)
        strays = [(i, value) for i, value in given if not support[0] <= value <= support[1]]
        yield from _strays(("truth", name), strays, f"{name} must be {_span(*support)}")
        drawn = draft.distribution("population", name)
        if drawn is not None and _leaves(drawn.support(), support):
            yield _Problem(("population", name), _outside(drawn, f"{name} must be", support))


def _outside(drawn: Distribution, must: str, allowed: tuple[float, float]) -> str:
    return f"{drawn}, which can be {_span(*drawn.support())}, but {must} {_span(*allowed)}"


def _check_truths_within(
    draft: _Draft, ends: tuple[float, float], parameter: Parameter, cause: Location
) -> Iterator[_Problem]:
    """No truth may lie where a method cannot go."""
    strays = [entry for entry in _truths(draft, parameter) if not ends[0] <= entry[1] <= ends[1]]
    text = f"must be {_span(*ends)} because of {'.'.join(map(str, cause))}"
    yield from _strays(("truth", parameter.name), strays, text)


def _check_repeats(draft: _Draft) -> Iterator[_Problem]:
    truths = [("truth", name) for name in draft.keys("truth")]
    for path in (*truths, ("participants",), ("trials",), ("interval_levels",)):
        seen: set[float] = set()
        told: set[float] = set()
        for place, value in draft.numbers(*path):
            if value in seen and value not in told:
                yield _Problem(
                    (*path, place), f"{_show(value)} more than once, but its values must differ"
                )
                told.add(value)
            seen.add(value)


def _check_trials(draft: _Draft) -> Iterator[_Problem]:
    blocks = draft.get("task", "blocks")
    strays = [entry for entry in draft.numbers("trials") if blocks and entry[1] % blocks]
    yield from _strays(("trials",), strays, f"must be a multiple of task.blocks, which is {blocks}")


def _check_size(draft: _Draft) -> Iterator[_Problem]:
    truths = [("truth", name) for name in draft.keys("truth")]
    lists = [draft.numbers(*path) for path in (*truths, ("participants",), ("trials",))]
    cells = math.prod(max(1, len(values)) for values in lists)
    if cells > MOST_CELLS:
        text = f"crossed with participants and trials into {cells} cells, but there may be"
        yield _Problem(("truth",), f"{text} {MOST_CELLS} at most")


def _check_bounds(draft: _Draft, section: Location, parameter: Parameter) -> Iterator[_Problem]:
    path = (*section, parameter.name)
    ends = [value for _, value in draft.numbers(*path)]
    if len(ends) < 2:
        return
    if not ends[0] < ends[1]:
        yield _Problem(path, f"{_show(ends)}, but its lower end must be less than its upper end")
        return
    if _leaves((ends[0], ends[1]), parameter.support):
        allowed = f"but {parameter.name} must be {_span(*parameter.support)}"
        yield _Problem(path, f"{_show(ends)}, {allowed}")
    yield from _check_truths_within(draft, (ends[0], ends[1]), parameter, path)


def _check_mle(draft: _Draft) -> Iterator[_Problem]:
    for method, model in draft.methods("mle"):
        section = ("methods", method, "bounds")
        if draft.get(*section) is not None:
            yield from _unknown_parameters(draft, section, model)
            yield from _missing(draft, section, model, "[lower, upper]")
            for parameter in model.parameters:
                yield from _check_bounds(draft, section, parameter)
        grid, starts = draft.get("methods", method, "grid"), draft.get("methods", method, "starts")
        points = grid ** len(model.names) if grid and starts else math.inf
        if starts and starts > points:
            text = f"{starts}, but must be at most {points}, the number of points of the grid"
            yield _Problem(("methods", method, "starts"), text)


def _check_natural_prior(draft: _Draft, path: Location, parameter: Parameter) -> Iterator[_Problem]:
    prior = draft.distribution(*path)
    if prior is None:
        return
    if _leaves(prior.support(), parameter.support):
        yield _Problem(path, _outside(prior, f"{parameter.name} must be", parameter.support))
    yield from _check_truths_within(draft, prior.support(), parameter, path)


def _check_prior(draft: _Draft, method: str, parameter: Parameter) -> Iterator[_Problem]:
    path = ("methods", method, "priors", parameter.name)
    entry, pooling = draft.get(*path), draft.get("methods", method, "pooling")
    if entry is None or pooling is None:
        return
    natural = "distribution" in entry
    if natural == (pooling == "partial"):
        needs = "{distribution: name, and its arguments}"
        needs = "{location: ..., scale: ...}" if natural else needs
        yield _Problem(path, f"{_show(entry)}, but with pooling {pooling} must be {needs}")
    elif natural:
        yield from _check_natural_prior(draft, path, parameter)
    else:
        scale = draft.distribution(*path, "scale")
        if scale is not None and _leaves(scale.support(), (0, math.inf)):
            text = _outside(scale, "an SD must be", (0, math.inf))
            yield _Problem((*path, "scale"), text)


def _check_bayes(draft: _Draft) -> Iterator[_Problem]:
    for method, model in draft.methods("bayes"):
        section = ("methods", method, "priors")
        if draft.get(*section) is not None:
            yield from _unknown_parameters(draft, section, model)
            for parameter in model.parameters:
                yield from _check_prior(draft, method, parameter)


_CHECKS: tuple[Callable[[_Draft], Iterator[_Problem]], ...] = (
    _check_models,
    _check_parameters,
    _check_supports,
    _check_repeats,
    _check_trials,
    _check_size,
    _check_mle,
    _check_bayes,
)


# ------------------------------------------------------------------------------------ reading


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which also notes keys that are given twice."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeats: list[str] = []

    # Here and not where mappings are built, since merging (`<<`) may override keys.
    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        first: dict[Any, int] = {}
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            line = key.start_mark.line + 1
            if (key.tag, key.value) in first:
                where = f"line {line}, but stands in line {first[key.tag, key.value]} already"
                self.repeats.append(
                    f"{_bare(key.value)} is given again in {where}; keep one of them"
                )
            first.setdefault((key.tag, key.value), line)
        return node


def _read(path: str | os.PathLike[str]) -> tuple[Any, list[str]]:
    """Content of a YAML file, and sentences on keys that are given twice."""
    try:
        loader = _Loader(Path(path).read_text(encoding="utf-8"))
        return loader.get_single_data(), loader.repeats
    except FileNotFoundError:
        problem = f"{path} is not there; it must be a YAML file that describes an experiment"
    except OSError as error:
        problem = f"{path} cannot be read ({error.strerror}); it must be a YAML file"
    except UnicodeDecodeError:
        problem = f"{path} is not text in UTF-8, but must be"
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = f"{path} is not valid YAML{where}: {error.problem or error.context}"
    except (yaml.YAMLError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        problem = f"{path} is not valid YAML: {what.splitlines()[0]}"
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        problem = f"{path} holds a value that YAML cannot read: {error}"  # as in 2024-13-45
    raise ConfigError([problem])


def _text(text: str) -> str:
    r"""Text that can be printed: YAML lets half a character through, as in ``"\ud800"``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _plain(value: Any, path: Location, problems: list[_Problem]) -> Any:
    """A copy of plain dicts and lists whose keys are text, cut where it is absurd."""
    if isinstance(value, Mapping | list | tuple) and len(path) > 12:
        return "nested too deeply"
    if isinstance(value, Mapping):
        for key in (key for key in value if not isinstance(key, str)):
            text = f"{_show(value[key])}, but a key must be text; put it in quotes"
            problems.append(_Problem((*path, _flow(key)), text))
        kept = {_text(key): item for key, item in value.items() if isinstance(key, str)}
        return {key: _plain(item, (*path, key), problems) for key, item in kept.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, (*path, place), problems) for place, item in enumerate(value)]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and value.bit_length() > 1000:
        return math.inf if value > 0 else -math.inf
    return value


def _default_prior(parameter: Parameter, pooling: str) -> dict[str, Any]:
    def written(prior: Distribution) -> dict[str, Any]:
        return {"distribution": prior.name, **prior.as_dict()}

    if pooling == "partial":
        return {"location": written(parameter.location), "scale": written(parameter.scale)}
    return written(parameter.prior)


def _with_default_priors(method: Any) -> Any:
    """A Bayesian method with all priors; anything else as it is."""
    if not isinstance(method, dict) or method.get("estimator") != "bayes":
        return method
    name, pooling, priors = (method.get(key) for key in ("model", "pooling", "priors"))
    model = MODELS.get(name) if isinstance(name, str) else None
    priors = {} if "priors" not in method else priors
    if model is None or not isinstance(pooling, str) or not isinstance(priors, dict):
        return method
    filled = {p.name: priors.get(p.name, _default_prior(p, pooling)) for p in model.parameters}
    return {**method, "priors": filled | priors}


def _order(problem: _Problem) -> int:
    keys = list(Experiment.model_fields)
    return keys.index(problem.path[0]) if problem.path[0] in keys else len(keys)


def _inspect(content: Any, source: str) -> tuple[dict[str, Any], list[str]]:
    """The raw experiment with all priors, and a sentence per mistake."""
    if content is None or content == {}:
        return {}, [f"{source} is empty, but must describe an experiment"]
    if not isinstance(content, Mapping):
        return {}, [f"{source} is {_show(content)}, but must be a mapping of keys to values"]
    problems: list[_Problem] = []
    raw = _plain(content, (), problems)
    if isinstance(raw.get("methods"), dict):
        methods = raw["methods"].items()
        raw["methods"] = {name: _with_default_priors(method) for name, method in methods}
    problems += _wrong_keys_and_values(raw)
    draft = _Draft(raw, problems)
    problems += [problem for check in _CHECKS for problem in check(draft)]
    sentences = [problem.sentence() for problem in sorted(problems, key=_order)]
    return raw, list(dict.fromkeys(sentences))


def parse(mapping: Mapping[str, Any], source: str = "config.yaml") -> Experiment:
    """Check a config that was read already, such as Snakemake's ``config``.

    Parameters
    ----------
    mapping : mapping
        The keys of ``config.yaml``.
    source : str
        Name of the file, for sentences about the whole of it.

    Raises
    ------
    ConfigError
        With a sentence for each mistake.
    """
    raw, problems = _inspect(mapping, source)
    if problems:
        raise ConfigError(problems)
    return Experiment.model_validate(raw)


def load(path: str | os.PathLike[str]) -> Experiment:
    """Read and check a ``config.yaml``.

    Parameters
    ----------
    path : path
        A YAML file.

    Raises
    ------
    ConfigError
        With a sentence for each mistake, also if the file is missing, empty or not YAML.
    """
    content, repeats = _read(path)
    raw, problems = _inspect(content, str(path))
    if repeats or problems:
        raise ConfigError([*repeats, *problems])
    return Experiment.model_validate(raw)


# --------------------------------------------------------------------------------- the manual


def _entries(node: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """Dotted path, what is allowed and what it means, of all keys below a place of the schema."""
    node = _resolve(node)
    for key, child in node.get("properties", {}).items():
        where = f"{path}.{key}".lstrip(".")
        yield where, _allowed((key,), child), child["description"]
        yield from _entries(child, where)
    if "patternProperties" in node:
        yield from _entries(_child(node, "name"), f"{path}.<name>")
    elif node.get("additionalProperties"):
        child = _child(node, "parameter")
        meaning = child.get("description") or _resolve(child)["description"]
        yield f"{path}.<parameter>", _describe(child), meaning
        yield from _entries(child, f"{path}.<parameter>")
    for variant in map(_resolve, node.get("oneOf", ())):
        if "distribution" not in variant["properties"]:  # these have a part of their own
            yield f"{path} as {_form_in_words(variant)}", "", variant["description"]
            yield from _entries(variant, path)


def _wrapped(text: str, indent: int = 4) -> str:
    space = " " * indent
    return textwrap.fill(text, 88, initial_indent=space, subsequent_indent=space)


def _key_lines() -> Iterator[str]:
    for path, allowed, meaning in _entries(_schema(), ""):
        yield path
        if allowed:
            yield _wrapped(f"Must be {allowed}.")
        yield from (_wrapped(meaning), "")


def _distribution_lines() -> Iterator[str]:
    yield from ("DISTRIBUTIONS", "", "Written as {distribution: Beta, alpha: 1, beta: 1}.", "")
    for name, settings in _FAMILIES.items():
        yield name
        for path, allowed, meaning in _entries(settings.model_json_schema(), ""):
            if path != "distribution":
                yield _wrapped(f"{path}: {allowed}. {meaning}")
        yield ""


def _model_lines() -> Iterator[str]:
    yield from ("MODELS", "")
    for model in MODELS.values():
        yield model.name
        yield _wrapped(f"{model.title}. {model.citation}.")
        for parameter in model.parameters:
            priors = (
                f"{parameter.name}: {parameter.meaning}, {_span(*parameter.support)}. Default "
                f"priors: {parameter.prior}; with pooling partial location {parameter.location} "
                f"and scale {parameter.scale} on the scale of {parameter.transform}."
            )
            yield _wrapped(priors)
        yield ""


def manual() -> str:
    """The manual of ``config.yaml``: every key, what is allowed and what it means."""
    title = ("CONFIG.YAML, KEY BY KEY", "", "Every key must be there, but for priors.", "")
    lines = [*title, *_key_lines(), *_distribution_lines(), *_model_lines()]
    return "\n".join(lines)


def _summary(experiment: Experiment) -> str:
    lists = (*experiment.truth.values(), experiment.participants, experiment.trials)
    return (
        f"run {experiment.run}, {math.prod(map(len, lists))} cells of "
        f"{experiment.replicates} replicates, methods {', '.join(experiment.methods)}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the schema or the manual, or check a file; the exit status is 1 for mistakes."""
    parser = argparse.ArgumentParser(prog="python -m rlrecovery.config", description=main.__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("schema", help="print the JSON schema for editors")
    verbs.add_parser("help", help="print the manual: every key, explained")
    verbs.add_parser("check", help="check a config").add_argument("file", metavar="FILE")
    given = parser.parse_args(arguments)
    if given.verb == "schema":
        print(json.dumps(json_schema(), indent=2))
    elif given.verb == "help":
        print(manual())
    else:
        try:
            print(f"{given.file} is valid: {_summary(load(given.file))}")
        except ConfigError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
