"""Settings and targets that all estimators of a posterior share: pooling, priors and point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from rlrecovery.fitting.base import (
    EngineSetting,
    MethodSettings,
    Point,
    PointSetting,
    Pooling,
    Setting,
)
from rlrecovery.fitting.estimates import Level, Target
from rlrecovery.models.base import Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.prior_settings import PopulationPrior, Prior

#: Key ``pooling``.
PoolingSetting = Annotated[
    Pooling,
    Field(
        description=(
            "none: each participant separately. partial: hierarchical, participants vary around a "
            "group location with a group SD, both estimated. complete: one value for all."
        )
    ),
]

#: Levels that are estimated, by pooling.
_LEVELS: dict[Pooling, tuple[Level, ...]] = {
    "none": ("participant",),
    "partial": ("participant", "group", "spread"),
    "complete": ("group",),
}


class PosteriorSettings(MethodSettings):
    """Base class of the settings of estimators with a posterior."""

    pooling: PoolingSetting = "none"
    engine: EngineSetting = "compiled"
    priors: dict[str, Annotated[Prior, Field(description="Its prior.")]] = Field(
        default_factory=dict
    )
    """Per parameter of the model. With pooling none or complete a distribution on the natural
    scale; with pooling partial one for location and one for scale. By default the model's own
    priors, which the resolved config shows. True values must lie in the prior's support. Without
    a model: per parameter of any of models.fit.
    """
    point: PointSetting = "mean"
    loo: bool = False
    """Whether to compute each participant's expected log predictive density by leave-one-out
    cross-validation (Vehtari et al. 2017), for model comparison.
    """

    def pooling_of_participants(self) -> Pooling:
        """How the data of participants are combined."""
        return self.pooling

    def levels(self) -> tuple[Level, ...]:
        """Levels participant, group or both; with partial pooling also spread."""
        return _LEVELS[self.pooling]

    def default_prior(self, parameter: Parameter) -> dict[str, Any]:
        """The model's own prior for this pooling."""
        if self.pooling == "partial":
            population = {"location": parameter.location, "scale": parameter.scale}
            return {key: plain_prior(prior) for key, prior in population.items()}
        return plain_prior(parameter.prior)

    def prior_of(self, parameter: str, level: Level) -> Distribution | None:
        """Prior of a parameter at a level; None where the level has no prior of its own."""
        prior = self.priors[parameter]
        if isinstance(prior, PopulationPrior):
            by_level = {"group": prior.location, "spread": prior.scale}
            own = by_level.get(level)
            return None if own is None else own.distribution_object()
        own_level = "participant" if self.pooling == "none" else "group"
        return prior.distribution_object() if level == own_level else None

    def priors_by_parameter(self) -> Mapping[str, Prior]:
        """Key ``priors``."""
        return self.priors

    def posterior_point(self) -> Point:
        """Summary of the posterior that is the point estimate."""
        return self.point

    def for_points(self) -> Self:
        """Copy without leave-one-out cross-validation."""
        return self.model_copy(update={"loo": False})

    def uses_scan(self) -> bool:
        """Whether the likelihood is computed by the scan, which is slow."""
        return self.engine == "scan"

    def targets(self, setting: Setting) -> list[Target]:
        """Targets of a fit: participants, then group, then spread."""
        return [
            target
            for level in self.levels()
            for target in (
                setting.each_participant() if level == "participant" else setting.whole(level)
            )
        ]

    def own_prior(self, parameter: str) -> Distribution:
        """Prior of a parameter itself, without partial pooling."""
        prior = self.priors[parameter]
        if isinstance(prior, PopulationPrior):
            raise TypeError(f"a prior for partial pooling was given to {parameter} without it")
        return prior.distribution_object()

    def population_prior(self, parameter: str) -> tuple[Distribution, Distribution]:
        """Priors of the location and of the SD of a parameter, with partial pooling."""
        prior = self.priors[parameter]
        if not isinstance(prior, PopulationPrior):
            raise TypeError(f"partial pooling needs priors of location and scale of {parameter}")
        return prior.location.distribution_object(), prior.scale.distribution_object()


def plain_prior(distribution: Distribution) -> dict[str, Any]:
    """A prior as plain values, as in the config."""
    return {"distribution": distribution.name, **distribution.as_dict()}
