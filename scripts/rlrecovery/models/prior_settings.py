"""Settings of distributions: populations of participants, and priors.

One class per family is created from `rlrecovery.models.distributions.families`. A new family
needs no change here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

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

from rlrecovery.models.distributions import LOCATIONS, Distribution, families
from rlrecovery.models.settings import Numbers, SDs, Section


class DistributionSettings(Section):
    """A named distribution with its arguments; names are those of PyMC."""

    @model_validator(mode="after")
    def _computable(self) -> Self:
        if not self.distribution_object().is_computable():
            raise ValueError("its arguments are too large or too small to compute with")
        return self

    def distribution_object(self) -> Distribution:
        """The distribution that the settings describe."""
        arguments = dict(self)
        return Distribution.of(arguments.pop("distribution"), arguments)

    # The classes of the families are created below, so pickle cannot find them by name.
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
    "HalfNormal.sigma": "SD of the normal distribution whose absolute value it is",
    "LogNormal.mu": "Mean of the logarithm",
    "LogNormal.sigma": "SD of the logarithm",
    "Normal.mu": "Mean",
    "Normal.sigma": "SD",
    "ShiftedExponential.lower": "Lowest value",
    "ShiftedExponential.lam": "Rate, 1 / (mean - lower)",
    "Uniform.lower": "Lowest value",
    "Uniform.upper": "Highest value",
}


def _argument(family: str, name: str) -> Any:
    """Type and description of one argument."""
    meaning = _MEANINGS.get(f"{family}.{name}", f"Argument {name} of {family}")
    return float, Field(description=f"{meaning}.", gt=None if name in LOCATIONS else 0.0)


def _family(name: str, arguments: Sequence[str]) -> type[DistributionSettings]:
    named: Any = (Literal[name], Field(description="Name of the distribution."))
    fields = {argument: _argument(name, argument) for argument in arguments}
    settings = create_model(name, __base__=DistributionSettings, distribution=named, **fields)
    settings.__doc__ = f"{name}({', '.join(arguments)})"
    return settings


#: The settings of every family, by its name.
FAMILIES = {name: _family(name, arguments) for name, arguments in families().items()}
_TAGGED = [Annotated[settings, Tag(name)] for name, settings in FAMILIES.items()]
# Type checkers see the base class instead of unions that are created at run time.
if TYPE_CHECKING:
    AnyDistribution = DistributionSettings
else:
    AnyDistribution = Annotated[Union[*FAMILIES.values()], Field(discriminator="distribution")]


class Spread(Section):
    """Participants vary normally around the cell's true value on the unconstrained scale."""

    spread: float = Field(ge=0)
    """SD of the participants around the cell's true value on the unconstrained scale (logit for a
    learning rate, log for an inverse temperature); 0 for identical participants."""


class Draws(Section):
    """Participants vary normally around one of several locations, drawn anew for every data set."""

    locations: Numbers
    """Locations on the unconstrained scale, one per draw of the population. Every replicate takes
    one draw, the same one of all parameters. Usually read from the file of population.draws."""
    spreads: SDs
    """SDs of the participants on the unconstrained scale, one per draw."""


class PopulationPrior(Section):
    """Priors of a population on the unconstrained scale, for partial pooling."""

    location: AnyDistribution
    """Prior of the population's location, unconstrained scale; any distribution."""
    scale: AnyDistribution
    """Prior of the population's SD, unconstrained scale; non-negative."""


def _form(value: Any) -> str | None:
    """Form of an entry of `population` or `priors`; None if it is ambiguous."""
    if isinstance(value, BaseModel):
        return type(value).__name__
    if not isinstance(value, dict):
        return None
    hierarchical = bool({"location", "scale"} & set(value))
    drawn = bool({"locations", "spreads"} & set(value))
    if ("distribution" in value) + ("spread" in value) + hierarchical + drawn != 1:
        return None
    if drawn:
        return "Draws"
    if "distribution" in value:
        name = value["distribution"]
        return name if isinstance(name, str) and name in FAMILIES else "unknown"
    return "PopulationPrior" if hierarchical else "Spread"


if TYPE_CHECKING:
    SpreadOrDistribution = Spread | Draws | DistributionSettings
    Prior = DistributionSettings | PopulationPrior
else:
    _spread, _draws, _prior = (
        Annotated[form, Tag(form.__name__)] for form in (Spread, Draws, PopulationPrior)
    )
    SpreadOrDistribution = Annotated[Union[_spread, _draws, *_TAGGED], Discriminator(_form)]
    Prior = Annotated[Union[*_TAGGED, _prior], Discriminator(_form)]


class Population(RootModel[SpreadOrDistribution]):
    """How participants differ: a spread around the true value, a distribution, or draws."""

    model_config = ConfigDict(strict=True, frozen=True)

    @classmethod
    def of(cls, plain: Any) -> Self:
        """Inverse of `plain`."""
        return cls.model_validate(plain)

    def plain(self) -> dict[str, Any]:
        """Plain values that JSON can represent."""
        return self.root.plain()

    @property
    def spread(self) -> float | None:
        """SD on the unconstrained scale; None for a distribution and for draws."""
        return self.root.spread if isinstance(self.root, Spread) else None

    @property
    def draws(self) -> Draws | None:
        """Draws of the population; None for a spread and for a distribution."""
        return self.root if isinstance(self.root, Draws) else None

    def distribution_object(self) -> Distribution | None:
        """The distribution of participants; None for a spread and for draws."""
        if isinstance(self.root, Spread | Draws):
            return None
        return self.root.distribution_object()

    def canonical(self) -> dict[str, Any]:
        """Plain values that random seeds depend on; draws, which are many, as a hash."""
        if self.draws is None:
            return self.plain()
        text = json.dumps(self.plain(), sort_keys=True, allow_nan=False)
        return {"draws": hashlib.sha256(text.encode()).hexdigest()}
