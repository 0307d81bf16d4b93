"""Settings of Bayesian estimation by quadrature."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Literal

from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost, Pooling, PosteriorKind
from rlrecovery.fitting.effects import Effect, Kind
from rlrecovery.fitting.posterior import PosteriorSettings

#: Nodes per axis of the first grid over the posterior of one participant, or of complete pooling
#: (odd: every second node forms a grid with the same ends).
FIRST_NODES = 33

#: Largest number of nodes of the grid of locations and SDs, by number of parameters.
HYPER_NODES = {1: 60_000, 2: 1_500_000, 3: 5_000_000}

COSTS: dict[Pooling, Cost] = {
    "none": Cost(320, 0.9, 3e-3, 4e-5),
    "partial": Cost(320, 1.0, 1.4e-2, 2.5e-5),
    "complete": Cost(320, 0.9, 3e-3, 4e-5),
}

#: Time of a joint analysis relative to a fit: by number of correlations, and with an SD for each
#: group.
CORRELATIONS_WORK, OWN_SPREADS_WORK = (1.0, 5.0, 12.0), 1.8

POOLING_IN_WORDS = {
    "none": "for each participant separately",
    "partial": "of a hierarchical model (partial pooling)",
    "complete": "of one set of parameters for all participants",
}


class QuadratureSettings(PosteriorSettings):
    """The exact posterior, by summation over a grid."""

    fitter: ClassVar[str] = "rlrecovery.fitting.quadrature.fitter:Quadrature"
    effect_fitter: ClassVar[str | None] = "rlrecovery.fitting.quadrature.effects:EffectQuadrature"
    posterior: ClassVar[PosteriorKind | None] = "exact"
    max_parameters: ClassVar[int | None] = 3
    cost_neutral: ClassVar[frozenset[str]] = frozenset({"priors", "point"})

    estimator: Literal["quadrature"]
    """Estimator: the exact posterior, by summation over an adaptive grid; for models with up to
    three free parameters. No Monte Carlo error, and many times faster than sampling.
    """

    @property
    def cost(self) -> Cost:
        """Memory and time of its jobs."""
        return COSTS[self.pooling]

    def estimates_effects(self, kinds: Collection[Kind]) -> bool:
        """Whether it estimates effects of all these kinds together: of groups and a covariate."""
        return self.pooling == "partial" and set(kinds) <= {"group", "covariate"}

    def effect_work(self, effects: Collection[Effect], own_spreads: bool) -> float:
        """Each correlation adds an axis to the grid of locations and SDs."""
        correlations = sum(effect.kind == "covariate" for effect in effects)
        return CORRELATIONS_WORK[min(correlations, 2)] * (OWN_SPREADS_WORK if own_spreads else 1)

    def relative_work(self, n_parameters: int) -> float:
        """Work relative to a compiled two-parameter model: each axis multiplies the nodes."""
        work: float = FIRST_NODES ** (n_parameters - 2)
        return work * self._engine_slowdown()

    def memory_bytes(self, n_parameters: int, load: Load) -> int:
        """Memory of the grid of locations and SDs, and of the participants' tables."""
        more = super().memory_bytes(n_parameters, load)
        if self.pooling != "partial":
            return more
        tables = load.participants * 100**n_parameters
        return more + 8 * (6 * HYPER_NODES[min(n_parameters, 3)] + 3 * tables)

    def describe(self) -> str:
        """One sentence for the methods section of a paper."""
        return (
            f"Bayesian estimation {POOLING_IN_WORDS[self.pooling]}: the exact posterior, by "
            "summation over an adaptive grid, without Monte Carlo error; the estimate is the "
            f"posterior {self.point}, and intervals are equal-tailed."
        )
