"""Coordinates in which a population's location hardly depends on its SD.

The posterior of a location is narrow where the SD is small and wide where it is large, and it may
move: a rectangular grid of both misses the narrow part between its nodes. Given the SD s, the
posterior of the location is close to normal, with the mean and precision of participants' values
that are observed with SDs ``sqrt(s^2 + width_i^2)``. The location is therefore replaced by its
distance z from that mean in units of that SD. This is an exact change of variables, however good
the approximation is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rlrecovery.fitting.quadrature.grid import Axis, distribution
from rlrecovery.simulation.task import Floats

#: Means are kept within these tails of the prior, and widths below this one on the real line, in
#: case the prior of the location has limits.
TAIL, WIDEST = 1e-3, 3.0

#: Nodes of the SD with less mass do not contribute to the distribution of the location.
NEGLIGIBLE = 1e-12


@dataclass(frozen=True)
class Points:
    """Locations and SDs of one parameter at all nodes of a grid over (z, s).

    Attributes
    ----------
    location, spread : float array, shape (nodes of z, nodes of s)
        Location and SD.
    log_prior : float array, same shape
        Log-density of the location's prior with respect to z.
    """

    location: Floats
    spread: Floats
    log_prior: Floats

    def flat(self) -> tuple[Floats, Floats]:
        """Location and SD of all nodes, each of shape (nodes,)."""
        return self.location.ravel(), self.spread.ravel()


@dataclass(frozen=True)
class Funnel:
    """The coordinates of one parameter.

    Attributes
    ----------
    axis : Axis
        Location with its prior.
    centre, width : float array, shape (participants,)
        Middle and SD of the likelihood of each participant, roughly; unconstrained scale.
    """

    axis: Axis
    centre: Floats
    width: Floats

    def points(self, z: Floats, spread: Floats) -> Points:
        """Locations at nodes of z, shape (nodes of z,), and of the SD, shape (nodes of s,)."""
        mean, sd = self.conditional(spread)
        real = mean + sd * z[:, None]
        location = self.axis.natural(real)
        prior = self.axis.prior_log_density(location) + self.axis.log_slope(real) + np.log(sd)
        # A location that rounds to an end of the support of its prior has no finite density there.
        log_prior = np.where(np.isfinite(prior), prior, -np.inf)
        return Points(location, np.broadcast_to(spread, location.shape), log_prior)

    def location(self, z: Floats, spread: Floats) -> Floats:
        """Locations at pairs of z and SD, all of shape (pairs,)."""
        mean, sd = self.conditional(spread)
        return self.axis.natural(mean + sd * z)

    def z(self, location: float, spread: Floats) -> Floats:
        """Inverse of `location`: z of one location at SDs, shape (nodes of s,)."""
        mean, sd = self.conditional(spread)
        return (self.axis.to_real(np.array(location)) - mean) / sd

    def conditional(self, spread: Floats, shift: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """Mean and SD of the location on the real line given the SD, each (nodes of s,).

        Participants' values are normal around the location plus a known `shift`, of shape (nodes of
        s, participants).
        """
        low, high = self.axis.prior_tails(0.16)
        prior_mean, prior_precision = (low + high) / 2, 4 / (high - low) ** 2
        precisions, centre = 1 / (spread[:, None] ** 2 + self.width**2), self.centre - shift
        precision = precisions.sum(axis=1) + prior_precision
        mean = ((precisions * centre).sum(axis=1) + prior_mean * prior_precision) / precision
        real = self.axis.to_real(np.clip(mean, *self.axis.prior_tails(TAIL)))
        sd = precision**-0.5 * np.exp(-self.axis.log_slope(real))
        return real, np.minimum(sd, WIDEST) if self.axis.is_bounded else sd


def location_quantiles(
    funnel: Funnel, dense: Callable[[Floats], Floats], spread: Floats, mass: Floats, at: Floats
) -> Floats:
    """Quantiles of the location.

    Parameters
    ----------
    funnel : Funnel
        Coordinates of the parameter.
    dense : callable
        From positions between the first (0) and the last node (1) of z to values of z.
    spread : float array, shape (nodes of s,)
        SDs.
    mass : float array, shape (nodes of z, nodes of s)
        Posterior mass of the nodes.
    at : float array, shape (probabilities,)
        Probabilities.
    """
    of_spread = mass.sum(axis=0)
    kept = of_spread > NEGLIGIBLE
    positions, below = distribution(mass[:, kept].T)
    location = funnel.points(dense(positions), spread[kept]).location.T
    middle = ((location[:, 1:] + location[:, :-1]) / 2).ravel()
    shares = (np.diff(below, axis=1) * of_spread[kept, None]).ravel()
    order = np.argsort(middle)
    ranks = shares[order].cumsum() - shares[order] / 2
    quantiles: Floats = np.interp(at, ranks / shares.sum(), middle[order])
    return quantiles


def location_below(
    funnel: Funnel, position: Callable[[Floats], Floats], spread: Floats, mass: Floats, value: float
) -> float:
    """Posterior probability of locations below a value: the average over SDs of that given the SD.

    Parameters
    ----------
    funnel, spread, mass
        As for `location_quantiles`.
    position : callable
        From values of z to positions between the first (0) and the last node (1) of z.
    value : float
        A location.
    """
    of_spread = mass.sum(axis=0)
    kept = of_spread > NEGLIGIBLE
    positions, below = distribution(mass[:, kept].T)
    at = position(funnel.z(value, spread[kept]))
    given_spread = [np.interp(x, positions, row) for x, row in zip(at, below, strict=True)]
    return float(np.average(given_spread, weights=of_spread[kept]))
