"""Settings of Bayesian estimation by NUTS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from rlrecovery.design.load import Load
from rlrecovery.fit.base import (
    Cost,
    EngineSetting,
    MethodSettings,
    Point,
    PointSetting,
    Pooling,
    PosteriorKind,
    plain_prior,
)
from rlrecovery.fit.estimates import Level
from rlrecovery.models.base import Parameter
from rlrecovery.models.distributions import Distribution
from rlrecovery.models.prior_settings import PopulationPrior, Prior
from rlrecovery.models.settings import Section

#: Slowdown of a fit with choices as random variables, and with leave-one-out densities.
CATEGORICAL_SLOWDOWN, LOO_SLOWDOWN = 5, 2

#: Memory and time of a job; times are per draw.
COSTS: dict[Pooling, Cost] = {
    "none": Cost(420, 4.0, 5e-6, 1.5e-7),
    "partial": Cost(420, 4.5, 5e-6, 5e-7),
    "complete": Cost(420, 4.0, 5e-6, 3e-7),
}

POOLING_IN_WORDS = {
    "none": "each participant separately",
    "partial": "hierarchical (partial pooling, non-centred)",
    "complete": "one set of parameters for all participants",
}


class Convergence(Section):
    """Criteria that a posterior must meet; rows that fail one are kept, flagged and counted."""

    rhat: float = Field(gt=1, description="Largest R-hat; Vehtari et al. (2021) recommend 1.01.")
    ess_bulk: float = Field(
        ge=0,
        description=(
            "Smallest bulk effective sample size; the same authors recommend 100 per chain."
        ),
    )
    ess_tail: float = Field(ge=0, description="Smallest tail effective sample size.")
    divergences: int = Field(ge=0, description="Largest number of divergent transitions.")


class BayesSettings(MethodSettings):
    """The posterior, sampled by NUTS."""

    fitter: ClassVar[str] = "rlrecovery.fit.bayes.fitter:Bayes"
    packages: ClassVar[tuple[str, ...]] = (
        "numpy",
        "scipy",
        "pytensor",
        "numba",
        "pymc",
        "nutpie",
        "arviz-stats",
    )
    posterior: ClassVar[PosteriorKind | None] = "sampled"
    cost_neutral: ClassVar[frozenset[str]] = frozenset(
        {"chains", "tune", "draws", "priors", "point", "convergence"}
    )

    estimator: Literal["bayes"] = Field(description="Estimator: the posterior, sampled by NUTS.")
    pooling: Pooling = Field(
        description=(
            "none: each participant separately. partial: hierarchical, participants vary around a "
            "group location with a group SD, both estimated. complete: one value for all."
        )
    )
    likelihood: Literal["potential", "categorical"] = Field(
        description=(
            "Form of the model; the posterior is the same. potential: the log-likelihood is added "
            "as a term, which is fast. categorical: choices are random variables, which also gives "
            "predictive draws and pointwise log-likelihoods."
        )
    )
    engine: EngineSetting
    priors: dict[str, Annotated[Prior, Field(description="Its prior.")]] = Field(
        default_factory=dict,
        description=(
            "Per parameter of the model. With pooling none or complete a distribution on the "
            "natural scale; with pooling partial one for location and one for scale. By default "
            "the model's own priors, which the resolved config shows. True values must lie in the "
            "prior's support. Without a model: per parameter of any of models.fit."
        ),
    )
    point: PointSetting
    chains: int = Field(
        ge=2, description="Number of chains; R-hat compares chains and needs at least two."
    )
    tune: int = Field(ge=1, description="Warm-up draws per chain, which are discarded.")
    draws: int = Field(ge=4, description="Kept draws per chain.")
    target_accept: float = Field(
        gt=0,
        lt=1,
        description=(
            "Acceptance rate for which the step size is adapted; closer to 1 means smaller steps "
            "and fewer divergences."
        ),
    )
    convergence: Convergence = Field(
        description="Convergence criteria; rows that fail one are kept, flagged and counted."
    )
    loo: bool = Field(
        default=False,
        description=(
            "Whether to compute each participant's expected log predictive density by "
            "leave-one-out cross-validation (PSIS-LOO, Vehtari et al. 2017), for model comparison."
        ),
    )

    @property
    def cost(self) -> Cost:
        """Memory and time of its jobs, per draw."""
        return COSTS[self.pooling]

    def pooling_of_participants(self) -> Pooling:
        """How the data of participants are combined."""
        return self.pooling

    def levels(self) -> tuple[Level, ...]:
        """Levels participant, group or both; with partial pooling also spread."""
        match self.pooling:
            case "none":
                return ("participant",)
            case "complete":
                return ("group",)
        return ("participant", "group", "spread")

    def scores_models(self) -> bool:
        """Whether leave-one-out densities are computed."""
        return self.loo

    def default_prior(self, parameter: Parameter) -> dict[str, Any]:
        """The model's own prior for this pooling."""
        if self.pooling == "partial":
            return {
                "location": plain_prior(parameter.location),
                "scale": plain_prior(parameter.scale),
            }
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

    def uses_scan(self) -> bool:
        """Whether the likelihood is computed by the scan, which is slow."""
        return self.engine == "scan"

    @property
    def draws_with_warmup(self) -> int:
        """Draws of all chains, warm-up included."""
        return self.chains * (self.tune + self.draws)

    def relative_work(self, n_parameters: int) -> float:
        """Work of all draws, relative to one draw of a compiled two-parameter model."""
        slowdown = CATEGORICAL_SLOWDOWN if self.likelihood == "categorical" else 1
        slowdown *= LOO_SLOWDOWN if self.loo else 1
        return super().relative_work(n_parameters) * self.draws_with_warmup * slowdown

    def memory_bytes(self, n_parameters: int, load: Load) -> int:
        """Memory of the draws of one posterior: as sampled, and a reordered copy."""
        participants = 1 if self.pooling == "none" else load.participants
        # Deviations and values of all participants, those of the population, and work space.
        numbers_per_draw = 4 * (participants + 2) * n_parameters
        if self.likelihood == "categorical":
            numbers_per_draw += participants * load.trials  # log-odds of every choice
        if self.loo:
            numbers_per_draw += 4 * load.trials  # one participant at a time
        samples = 8 * self.draws_with_warmup * numbers_per_draw
        return super().memory_bytes(n_parameters, load) + samples

    def describe(self) -> str:
        """One sentence for the methods section of a paper."""
        return (
            f"Bayesian estimation by NUTS, {POOLING_IN_WORDS[self.pooling]}; the estimate is the "
            f"posterior {self.point}, and intervals are equal-tailed."
        )
