"""Settings of Bayesian estimation by NUTS."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Literal

from pydantic import Field

from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost, Pooling, PosteriorKind
from rlrecovery.fitting.effects import Kind
from rlrecovery.fitting.posterior import PosteriorSettings
from rlrecovery.models.settings import Section

#: Slowdown of a fit with choices as random variables, and with leave-one-out densities.
CATEGORICAL_SLOWDOWN, LOO_SLOWDOWN = 5, 2

#: Memory and time of a job; times are per draw.
COSTS: dict[Pooling, Cost] = {
    "none": Cost(420, 3.0, 5e-6, 1.5e-7),
    "partial": Cost(420, 3.4, 5e-6, 5e-7),
    "complete": Cost(420, 3.0, 5e-6, 3e-7),
}

POOLING_IN_WORDS = {
    "none": "each participant separately",
    "partial": "hierarchical (partial pooling, non-centred)",
    "complete": "one set of parameters for all participants",
}


class Convergence(Section):
    """Criteria that a posterior must meet; rows that fail one are kept, flagged and counted."""

    rhat: float = Field(default=1.01, gt=1)
    """Largest R-hat; Vehtari et al. (2021) recommend 1.01."""
    ess_bulk: float = Field(default=400.0, ge=0)
    """Smallest bulk effective sample size; the same authors recommend 100 per chain."""
    ess_tail: float = Field(default=400.0, ge=0)
    """Smallest tail effective sample size."""
    divergences: int = Field(default=0, ge=0)
    """Largest number of divergent transitions."""


class BayesSettings(PosteriorSettings):
    """The posterior, sampled by NUTS."""

    fitter: ClassVar[str] = "rlrecovery.fitting.bayes.fitter:Bayes"
    effect_fitter: ClassVar[str | None] = "rlrecovery.fitting.bayes.effects:BayesEffects"
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

    estimator: Literal["bayes"]
    """Estimator: the posterior, sampled by NUTS."""
    likelihood: Literal["potential", "categorical"] = "potential"
    """Form of the model; the posterior is the same. potential: the log-likelihood is added as a
    term, which is fast. categorical: choices are random variables, which also gives predictive
    draws and pointwise log-likelihoods.
    """
    chains: int = Field(default=4, ge=2)
    """Number of chains; R-hat compares chains and needs at least two."""
    tune: int = Field(default=500, ge=1)
    """Warm-up draws per chain, which are discarded."""
    draws: int = Field(default=1000, ge=4)
    """Kept draws per chain."""
    target_accept: float = Field(default=0.99, gt=0, lt=1)
    """Acceptance rate for which the step size is adapted; closer to 1 means smaller steps and fewer
    divergences.
    """
    convergence: Convergence = Field(default_factory=Convergence)
    """Convergence criteria; rows that fail one are kept, flagged and counted."""

    @property
    def cost(self) -> Cost:
        """Memory and time of its jobs, per draw."""
        return COSTS[self.pooling]

    def scores_models(self) -> bool:
        """Whether leave-one-out densities are computed."""
        return self.loo

    def estimates_effects(self, kinds: Collection[Kind]) -> bool:
        """With partial pooling, effects of all kinds together."""
        return self.pooling == "partial"

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
