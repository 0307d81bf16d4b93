"""A measure as a function of trials and participants, with the error of the function.

On the scales of `rlrecovery.advice.scales` most measures are close to a plane in log trials and log
participants, with an interaction. It is fitted by weighted least squares, in which the squared MCSE
of each design is a known variance. `rlrecovery.advice.fit` says where it is replaced.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import special

from rlrecovery.advice.scales import Floats


@dataclass(frozen=True)
class Points:
    """Designs: numbers of trials and of participants, each of shape (points,)."""

    trials: Floats
    participants: Floats

    @property
    def logs(self) -> Floats:
        """Log trials and log participants, shape (points, 2)."""
        return np.log(np.stack([self.trials, self.participants], axis=1))


class Surrogate(Protocol):
    """A function of the design that was fitted to values on a scale."""

    @property
    def kind(self) -> str:
        """``plane`` or ``process``."""
        ...

    @property
    def p_value(self) -> float:
        """p-value of the lack-of-fit test of the plane; NaN if there is none."""
        ...

    def mean(self, points: Points) -> Floats:
        """Values at points, shape (points,)."""
        ...

    def se(self, points: Points) -> Floats:
        """Standard errors of `mean` from the Monte Carlo errors, shape (points,)."""
        ...


@dataclass(frozen=True)
class Plane:
    """A weighted least-squares fit; see `fit_plane`.

    Attributes
    ----------
    kinds : tuple of str
        Names of the terms: the constant, trials and participants (logarithms, of those that differ
        between the measured designs) and the interaction, their product.
    centre : array, shape (2,)
        Subtracted from the logarithms.
    coefficients : array, shape (terms,)
        Of the terms.
    covariance : array, shape (terms, terms)
        Of the coefficients.
    chi2, degrees : float, int
        Weighted sum of squared residuals, and its degrees of freedom.
    """

    kinds: tuple[str, ...]
    centre: Floats
    coefficients: Floats
    covariance: Floats
    chi2: float
    degrees: int
    kind: str = "plane"

    @cached_property
    def p_value(self) -> float:
        """Probability of larger residuals if the plane is right; NaN without degrees of freedom."""
        return float(special.chdtrc(self.degrees, self.chi2)) if self.degrees else np.nan

    def terms(self, points: Points) -> Floats:
        """Terms at points, shape (points, terms)."""
        return _terms(points.logs - self.centre, self.kinds)

    def mean(self, points: Points) -> Floats:
        """Values at points, shape (points,)."""
        return self.terms(points) @ self.coefficients

    def se(self, points: Points) -> Floats:
        """Standard errors of `mean`, shape (points,)."""
        terms = self.terms(points)
        return np.sqrt(np.einsum("pi,ij,pj->p", terms, self.covariance, terms))


def _terms(logs: Floats, kinds: tuple[str, ...]) -> Floats:
    """Terms of the plane, shape (points, terms), from centred logarithms."""
    trials, participants = logs.T
    columns = {
        "constant": np.ones(len(logs)),
        "trials": trials,
        "participants": participants,
        "interaction": trials * participants,
    }
    return np.stack([columns[kind] for kind in kinds], axis=1)


def fit_plane(points: Points, values: Floats, errors: Floats) -> Plane | None:
    """Fit a plane by weighted least squares.

    Parameters
    ----------
    points : Points
        Measured designs.
    values, errors : array, shape (designs,)
        Values and MCSEs on a scale; finite.

    Returns
    -------
    Plane or None
        Without the interaction if the designs do not determine it; None if they do not determine
        the other terms, as a single design does not.
    """
    if not len(values):
        return None
    centre = points.logs.mean(axis=0)
    for kinds in _term_lists(points):
        terms = _terms(points.logs - centre, kinds) / errors[:, None]
        if np.linalg.matrix_rank(terms) == len(kinds):
            covariance = np.linalg.inv(terms.T @ terms)
            coefficients = covariance @ terms.T @ (values / errors)
            residuals = values / errors - terms @ coefficients
            chi2, degrees = float(residuals @ residuals), len(values) - len(kinds)
            return Plane(kinds, centre, coefficients, covariance, chi2, degrees)
    return None


def _term_lists(points: Points) -> list[tuple[str, ...]]:
    """Terms of the plane, the largest number first; none if all designs are the same."""
    sizes = {"trials": points.trials, "participants": points.participants}
    slopes = tuple(name for name, size in sizes.items() if np.unique(size).size > 1)
    additive = ("constant", *slopes)
    if len(slopes) == 2:
        return [(*additive, "interaction"), additive]
    return [additive] if slopes else []
