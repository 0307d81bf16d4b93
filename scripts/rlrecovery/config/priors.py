"""Distributions as ``config.yaml`` writes them: of a population's participants, and of priors.

One class per family is made from `rlrecovery.models.distributions.families`, so that a new family is
known here, in the schema and in the manual without another word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Literal, Self, Union

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    create_model,
    model_validator,
)

from rlrecovery.config.fields import Section
from rlrecovery.models.distributions import Distribution, families


class DistributionSettings(Section):
    """A named distribution with its arguments, both as PyMC names them."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            with np.errstate(all="ignore"):
                ends = self.distribution_object().frozen().support()
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
    return FAMILIES[settings["distribution"]](**settings)


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
    "ShiftedExponential.lower": "Lowest value",
    "ShiftedExponential.lam": "Rate, 1 / (mean - lower)",
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
    return float, Field(description=f"{meaning}.", **allowed)


def _family(name: str, arguments: Sequence[str]) -> type[DistributionSettings]:
    named = (Literal[name], Field(description="Name of the distribution."))
    fields = {argument: _argument(name, argument, arguments) for argument in arguments}
    settings = create_model(name, __base__=DistributionSettings, distribution=named, **fields)
    settings.__doc__ = f"{name}({', '.join(arguments)})"
    return settings


#: The settings of every family, by its name.
FAMILIES = {name: _family(name, arguments) for name, arguments in families().items()}
_TAGGED = [Annotated[settings, Tag(name)] for name, settings in FAMILIES.items()]
AnyDistribution = Annotated[Union[*FAMILIES.values()], Field(discriminator="distribution")]


class Spread(Section):
    """Participants scatter normally around the cell's truth on the unconstrained scale."""

    spread: float = Field(
        ge=0,
        description=(
            "SD of the participants around the cell's truth on the model's unconstrained scale "
            "(logit for a learning rate, log for an inverse temperature); 0 makes them identical."
        ),
    )


class PopulationPrior(Section):
    """Priors of a population on the unconstrained scale, for partial pooling."""

    location: AnyDistribution = Field(
        description="Prior of the population's location on the unconstrained scale; any."
    )
    scale: AnyDistribution = Field(
        description="Prior of the population's SD on the unconstrained scale; never negative."
    )


#: Forms that are told by their keys and not by the name of a distribution.
FORMS = ("Spread", "PopulationPrior")


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
        return name if isinstance(name, str) and name in FAMILIES else "unknown"
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
