"""Settings of Bayesian estimation by quadrature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from rlrecovery.fit.base import (
    Cost,
    EngineSetting,
    MethodSettings,
    Point,
    PointSetting,
    PosteriorKind,
    plain_prior,
)
from rlrecovery.fit.estimates import Level
from rlrecovery.models.base import Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.prior_settings import AnyDistribution

#: Nodes per axis of the first grid over the posterior (odd: every second node forms a grid with the
#: same ends).
FIRST_NODES = 33


class QuadratureSettings(MethodSettings):
    """The exact posterior of each participant, by summation over a grid."""

    fitter: ClassVar[str] = "rlrecovery.fit.quadrature.fitter:Quadrature"
    posterior: ClassVar[PosteriorKind | None] = "exact"
    max_parameters: ClassVar[int | None] = 3
    cost_neutral: ClassVar[frozenset[str]] = frozenset({"priors", "point"})

    estimator: Literal["quadrature"] = Field(
        description=(
            "Estimator: the exact posterior of each participant, by summation over an adaptive "
            "grid; for models with up to three free parameters. No Monte Carlo error, and many "
            "times faster than sampling."
        )
    )
    engine: EngineSetting
    priors: dict[str, Annotated[AnyDistribution, Field(description="Its prior.")]] = Field(
        default_factory=dict,
        description=(
            "Per parameter of the model, a distribution on the natural scale. By default the "
            "model's own priors, which the resolved config shows. True values must lie in the "
            "prior's support. Without a model: per parameter of any of models.fit."
        ),
    )
    point: PointSetting

    @property
    def cost(self) -> Cost:
        """Memory and time of its jobs."""
        return Cost(600, 1.7, 1e-3, 4e-5)

    def default_prior(self, parameter: Parameter) -> dict[str, Any]:
        """The model's own prior."""
        return plain_prior(parameter.prior)

    def prior_of(self, parameter: str, level: Level) -> Distribution | None:
        """Prior of a parameter at level ``participant``; None at other levels."""
        return self.priors[parameter].distribution_object() if level == "participant" else None

    def priors_by_parameter(self) -> Mapping[str, AnyDistribution]:
        """Key ``priors``."""
        return self.priors

    def posterior_point(self) -> Point:
        """Summary of the posterior that is the point estimate."""
        return self.point

    def uses_scan(self) -> bool:
        """Whether the likelihood is computed by the scan, which is slow."""
        return self.engine == "scan"

    def relative_work(self, n_parameters: int) -> float:
        """Work relative to a compiled two-parameter model: each axis multiplies the nodes."""
        work: float = FIRST_NODES ** (n_parameters - 2)
        return work * self._engine_slowdown()

    def describe(self) -> str:
        """One sentence for the methods section of a paper."""
        return (
            "Bayesian estimation for each participant separately: the exact posterior, by "
            "summation over an adaptive grid, without Monte Carlo error; the estimate is the "
            f"posterior {self.point}, and intervals are equal-tailed."
        )
