"""Effects: differences of a parameter between groups or conditions, and correlations.

An effect of a group or a condition is a difference of the location of one parameter from that of
the reference, on the unconstrained scale. An effect of a covariate is the correlation of a
parameter, on the unconstrained scale, with the covariate within groups. The joint analysis of a
hierarchical model has the effects among its parameters: participant i of group g has, in the
reference condition,

    x_i = mu + d_g + s (r q_i + sqrt(1 - r^2) z_i),    z_i ~ N(0, 1),

and in condition c the value ``x_i + d_c + tau_c w_ic``, w_ic ~ N(0, 1). Here q_i is the covariate
with mean 0 and SD 1 in the sample, ``d`` are differences and r is the correlation. Where a
parameter has no effect of a kind, ``d``, r or tau is 0. The interval of r does not contain the
error of the covariate's own SD, which is taken as known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from rlrecovery.likelihood.data import Observations
from rlrecovery.models.distributions import Distribution
from rlrecovery.simulation.task import Floats, Integers

#: What an effect is due to.
Kind = Literal["group", "condition", "covariate"]
#: Name of the effect of the covariate.
COVARIATE: Final = "covariate"


@dataclass(frozen=True)
class Effect:
    """An effect on one parameter.

    Attributes
    ----------
    kind : str
        ``group``, ``condition`` or ``covariate``.
    name : str
        Name of the group or condition; `COVARIATE` for the covariate.
    index : int
        Index of the group or condition, from 1, because 0 is the reference; 0 for the covariate.
    parameter : str
        Name of the parameter.
    """

    kind: Kind
    name: str
    index: int
    parameter: str


@dataclass(frozen=True)
class EffectModel:
    """The hierarchical model of a joint analysis.

    Each row of a data set is one session: the trials of a participant in one condition.

    Attributes
    ----------
    group : int array, shape (participants,)
        Group of each participant; 0 is the reference.
    participant, condition : int array, shape (rows,)
        Participant and condition of each row; condition 0 is the reference.
    effects : tuple of Effect
        The effects that are estimated.
    prior : Distribution
        Prior of each difference, unconstrained scale. A correlation is uniform in (-1, 1); an SD
        tau has the prior of the SD of its parameter.
    own_spreads : bool
        Whether each group has its own SD of every parameter.
    """

    group: Integers
    participant: Integers
    condition: Integers
    effects: tuple[Effect, ...]
    prior: Distribution
    own_spreads: bool = False

    @property
    def kinds(self) -> frozenset[Kind]:
        """Kinds of its effects."""
        return frozenset(effect.kind for effect in self.effects)


@dataclass(frozen=True)
class EffectPosterior:
    """Marginal posterior of an effect.

    Attributes
    ----------
    mean, sd : float
        Its mean and SD.
    values, below : float array, shape (points,)
        Increasing values, and the posterior probability of smaller values than each.
    log_bayes_factor : float
        Natural logarithm of the Bayes factor for the effect against its absence: the prior density
        at 0 divided by the posterior density at 0 (Savage-Dickey; Dickey & Lientz 1970, Ann. Math.
        Statist. 41:214).
    status, reason : str
        As of an estimate.
    """

    mean: float
    sd: float
    values: Floats
    below: Floats
    log_bayes_factor: float
    status: str = "ok"
    reason: str = ""

    def probability_below(self, value: float) -> float:
        """Posterior probability of smaller values."""
        return float(np.interp(value, self.values, self.below, left=0.0, right=1.0))

    def quantiles(self, probabilities: Sequence[float]) -> Floats:
        """Quantiles at some probabilities."""
        rising = np.concatenate([[True], np.diff(self.below) > 0])
        return np.interp(probabilities, self.below[rising], self.values[rising])


def standardised(covariate: Floats | None) -> Floats:
    """Transform a covariate to mean 0 and SD 1 (divisor: number of participants).

    Raises
    ------
    ValueError
        If it is missing, not finite or constant.
    """
    if covariate is None:
        raise ValueError("the data set has no covariate")
    if not np.isfinite(covariate).all():
        raise ValueError("the covariate of a participant is not a finite number")
    centred = covariate - covariate.mean()
    sd = np.sqrt((centred**2).mean())
    if not sd > 1e-12 * np.abs(covariate).max(initial=0):
        raise ValueError("the covariate is the same for all participants")
    values: Floats = centred / sd
    return values


class EffectFitter(Protocol):
    """A joint analysis, prepared for the data sets of one cell."""

    def fit(
        self, data: Observations, covariate: Floats | None, seed: np.random.SeedSequence
    ) -> list[EffectPosterior]:
        """Estimate all effects of the model, in their order.

        Parameters
        ----------
        data : Observations
            Arrays of shape (rows, trials).
        covariate : float array, shape (participants,), optional
            Covariate, in any unit.
        seed : SeedSequence
            Seed of all random numbers.
        """
