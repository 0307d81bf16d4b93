"""Settings of maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from rlrecovery.fitting.base import Cost, EngineSetting, Excess, MethodSettings
from rlrecovery.fitting.estimates import Level
from rlrecovery.models.base import Parameter
from rlrecovery.models.settings import Bounds, Omittable

#: Largest number of grid points: more need too much memory.
MOST_POINTS = 1_000_000

#: Time of a fit with profile-likelihood intervals, relative to one with Wald intervals.
PROFILE_SLOWDOWN = 5.5

#: Data sets that are simulated for bootstrap intervals by default. To simulate and fit one takes as
#: long as a fit with Wald intervals.
DATA_SETS = 200

#: How participants' intervals are described in the methods section of a paper.
INTERVALS = {
    "wald": (
        "Wald intervals that are computed on the unconstrained scale, transformed to the natural "
        "scale and truncated at the bounds"
    ),
    "profile": (
        "profile-likelihood intervals, which end where the log-likelihood, maximised over the "
        "other parameters within their bounds, is half a quantile of the chi-square distribution "
        "with one degree of freedom below its maximum, or at a bound if it does not fall that far"
    ),
    "bootstrap": (
        "parametric bootstrap percentile intervals from {data_sets} data sets per participant, "
        "simulated at the estimates with the participant's own trials and fitted in the same way"
    ),
}


def fewest(level: float) -> int:
    """Smallest number of data sets for the bootstrap interval of a nominal level.

    The interval then ends at the lowest and highest estimate, see
    `rlrecovery.fitting.mle.bootstrap.rank`.
    """
    return math.ceil(2 / (1 - level) - 1e-9) - 1


class MleSettings(MethodSettings):
    """Maximum likelihood for each participant separately, and a two-step group estimate."""

    fitter: ClassVar[str] = "rlrecovery.fitting.mle.fitter:MaximumLikelihood"
    cost_neutral: ClassVar[frozenset[str]] = frozenset(
        {"bounds", "group_scale", "interval", "bootstrap"}
    )

    estimator: Literal["mle"] = Field(
        description="Estimator: maximum likelihood, for each participant separately."
    )
    engine: EngineSetting = "compiled"
    bounds: dict[str, Annotated[Bounds, Field(description="Lower and upper bound.")]] = Field(
        default_factory=dict,
        description=(
            "Per parameter of the model, [lower, upper] on the natural scale: the range in which "
            "the maximum is searched. Estimates at a bound are kept, flagged and counted. True "
            "values must lie within. By default the bounds of each parameter in the list of models "
            "below, which the resolved config shows. In a study with models: per parameter of any "
            "of models.fit."
        ),
    )
    grid: int = Field(
        default=10,
        ge=2,
        description="Points per parameter of the coarse grid that provides starting points.",
    )
    starts: int = Field(
        default=3,
        ge=1,
        description=(
            "Number of local searches per participant. They start at the best peaks of the grid, "
            "then at the best points apart from these; the best result is the estimate. At most "
            "the number of points of the grid."
        ),
    )
    interval: Literal["wald", "profile", "bootstrap"] = Field(
        default="wald",
        description=(
            "Intervals of participants. wald: from the curvature at the estimate; there is none "
            "for an estimate at a bound. profile: all values at which the log-likelihood, "
            "maximised over the other parameters, is less than a chi-square quantile / 2 below its "
            "maximum; it exists at bounds too, and takes three to six times as long. bootstrap: "
            "percentiles of the estimates from data sets that are simulated at the estimate; it "
            "takes about as many times as long as there are data sets, see key bootstrap."
        ),
    )
    bootstrap: Omittable[Annotated[int, Field(ge=1)]] = Field(
        default=None,
        description=(
            "With interval: bootstrap, the number of data sets that are simulated for each "
            "participant, by default 200: in the same task, with the participant's own trials, "
            "blocks and missing responses. An interval of nominal level L needs at least "
            "2 / (1 - L) - 1 data sets: 39 for 0.95, 199 for 0.99."
        ),
    )
    group_scale: Literal["unconstrained", "natural"] = Field(
        default="unconstrained",
        description=(
            "Scale on which the participants' estimates are averaged to the group estimate: the "
            "model's unconstrained scale (on which the group's true value is its population's "
            "location), or the natural scale."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _number_of_data_sets(cls, given: Any) -> Any:
        """Add the default of ``bootstrap`` where it applies, so that the resolved config has it."""
        if isinstance(given, Mapping) and given.get("interval") == "bootstrap":
            return {"bootstrap": DATA_SETS, **given}
        return given

    @property
    def cost(self) -> Cost:
        """Memory and time of its jobs."""
        return Cost(300, 0.9, 2e-4, 8e-6)

    def levels(self) -> tuple[Level, ...]:
        """Levels participant and group."""
        return ("participant", "group")

    def interval_kind(self) -> str:
        """Key ``interval``."""
        return self.interval

    @property
    def data_sets(self) -> int:
        """Data sets that are simulated for the intervals of each participant."""
        return self.bootstrap or 0

    def simulates_task(self) -> bool:
        """For bootstrap intervals."""
        return self.interval == "bootstrap"

    def interval_mistake(self, levels: Sequence[float]) -> tuple[str, str] | None:
        """Key ``bootstrap`` without such intervals, or with too few data sets."""
        if self.interval != "bootstrap":
            unused = "is unused: set interval: bootstrap"
            return None if self.bootstrap is None else ("bootstrap", unused)
        highest = max(levels)
        least = fewest(highest)
        if self.data_sets >= least:
            return None
        must = f"must be at least {least} for the nominal level {highest:g} of interval_levels"
        return "bootstrap", f"is {self.data_sets}, but {must}"

    def bounds_by_parameter(self) -> Mapping[str, tuple[float, ...]]:
        """Key ``bounds``: lower and upper bound, natural scale."""
        return self.bounds

    def default_bounds(self, parameter: Parameter) -> tuple[float, float]:
        """The model's own bounds."""
        return parameter.bounds

    def excess(self, n_parameters: int) -> Excess | None:
        """A grid with too many points, or more starting points than the grid has."""
        points = self.grid**n_parameters
        if points > MOST_POINTS:
            limit = (
                f"must give at most {MOST_POINTS} points; it gives {points} for {n_parameters} "
                "parameters"
            )
            return Excess("grid", self.grid, limit)
        if self.starts > points:
            limit = f"must be at most {points}, the number of points of the grid"
            return Excess("starts", self.starts, limit)
        return None

    def for_points(self) -> Self:
        """Copy with Wald intervals, which take hardly any time."""
        return self.model_copy(update={"interval": "wald", "bootstrap": None})

    def uses_scan(self) -> bool:
        """Whether the likelihood is computed by the scan, which is slow."""
        return self.engine == "scan"

    def relative_work(self, n_parameters: int) -> float:
        """Time of a fit relative to a compiled two-parameter model with Wald intervals."""
        slowdowns = {
            "wald": 1.0,
            "profile": PROFILE_SLOWDOWN,
            "bootstrap": 1.0 + self.data_sets,
        }
        return super().relative_work(n_parameters) * slowdowns[self.interval]

    def describe(self) -> str:
        """One sentence for the methods section of a paper."""
        intervals = INTERVALS[self.interval].format(data_sets=self.data_sets)
        return (
            "Maximum likelihood for each participant separately, with "
            f"{intervals}; the group estimate is the mean of the participants' "
            f"estimates on the {self.group_scale} scale, with a t interval."
        )
