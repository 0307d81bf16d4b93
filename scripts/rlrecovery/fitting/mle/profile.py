"""The profile log-likelihood of one parameter: maximised over all others, at many values at once.

Newton's method maximises over the other parameters within their bounds, from a start for each
value. A log-likelihood may have several peaks in the others, so the values of neighbouring points
are compared, and a search that ended on a lower peak is repeated from its neighbour's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rlrecovery.fitting.mle.newton import Booleans, maximise
from rlrecovery.likelihood.data import Observations
from rlrecovery.likelihood.evaluate import Evaluator
from rlrecovery.simulation.task import Floats, Integers

#: Projected gradient below which a search stops: with a curvature of 1, 5e-9 below the maximum.
FLAT = 1e-4

#: A search is begun again where it stopped with a steeper projected gradient, at most this often;
#: and the distance to bounds that its steps may not cross, see `maximise`.
STEEP, RESTARTS, NEAR = 1e-3, 3, 1e-3

#: Increase of the log-likelihood by which a neighbour's values of the others are better.
BETTER = 1e-6


@dataclass(frozen=True)
class Curve:
    """Points of profile log-likelihoods.

    Attributes
    ----------
    x : float array, shape (...)
        Values of the parameter, unconstrained scale.
    others : float array, shape (..., parameters - 1)
        Values of the others that maximise the log-likelihood.
    value : float array, shape (...)
        Profile log-likelihood; minus infinity where it could not be computed.
    slope : float array, shape (...)
        Its derivative with respect to `x`.
    """

    x: Floats
    others: Floats
    value: Floats
    slope: Floats

    @property
    def arrays(self) -> tuple[Floats, ...]:
        """All attributes."""
        return self.x, self.others, self.value, self.slope

    def take(self, index: Any) -> Curve:
        """Some of the points, by an index or mask."""
        return Curve(*[array[index] for array in self.arrays])

    def put(self, index: Any, points: Curve) -> None:
        """Replace some of the points."""
        for array, values in zip(self.arrays, points.arrays, strict=True):
            array[index] = values

    def reshaped(self, shape: tuple[int, ...]) -> Curve:
        """The points, of shape (points,), in another shape."""
        return Curve(*[array.reshape(*shape, *array.shape[1:]) for array in self.arrays])

    def where(self, mask: Booleans, points: Curve) -> Curve:
        """These points, with `points` in their place where the mask is true; shape (points,)."""
        masks = mask, mask[:, None], mask, mask
        return Curve(*map(np.where, masks, points.arrays, self.arrays))


@dataclass(frozen=True)
class Profile:
    """The profile log-likelihood of one parameter, for each participant of some data.

    Attributes
    ----------
    evaluate : callable
        See `rlrecovery.fitting.mle.search.Search`.
    data : Observations
        Data of the participants.
    j : int
        Position of the parameter.
    box : float array, shape (parameters, 2)
        Search range on the unconstrained scale.
    """

    evaluate: Evaluator
    data: Observations
    j: int
    box: Floats

    @property
    def other_box(self) -> Floats:
        """Search range of the other parameters, shape (parameters - 1, 2)."""
        return np.delete(self.box, self.j, axis=0)

    def values(self, which: Integers, x: Floats, others: Floats) -> tuple[Floats, Floats]:
        """Log-likelihoods of participants at points, and their gradients."""
        points = np.insert(others, self.j, x, axis=1)
        values, gradients = self.evaluate(self.data.rows(which), points)
        return values, gradients

    def at(self, which: Integers, x: Floats, starts: Floats) -> Curve:
        """Maximise over the other parameters.

        Parameters
        ----------
        which : int array, shape (points,)
            The participant of each point.
        x : float array, shape (points,)
            Values of the parameter, unconstrained scale.
        starts : float array, shape (points, parameters - 1)
            Where the searches for the others start.
        """
        others = self._best_others(which, x, starts) if starts.shape[1] else starts
        value, gradient = self.values(which, x, others)
        slope = gradient[:, self.j].copy()
        return Curve(x, others, np.where(np.isfinite(value), value, -np.inf), slope)

    def _best_others(self, which: Integers, x: Floats, starts: Floats) -> Floats:
        """The others at the maximum that each search ends at."""

        def functions(points: Integers, others: Floats) -> tuple[Floats, Floats]:
            """The log-likelihood as a function of the others."""
            values, gradients = self.values(which[points], x[points], others)
            return values, np.delete(gradients, self.j, axis=1)

        box = self.other_box
        found = maximise(functions, np.arange(len(x)), starts, box, near=NEAR, flat=FLAT)
        for _ in range(RESTARTS):
            stopped = np.flatnonzero(np.isfinite(found.value) & (found.slope > STEEP))
            if not len(stopped):
                break
            again = maximise(functions, stopped, found.point[stopped], box, near=NEAR, flat=FLAT)
            found.put(stopped, again)
        return found.point

    def compared(self, curve: Curve, searched: Booleans) -> Curve:
        """Repeat searches that ended below the value at a neighbour's values of the others.

        `curve` has shape (participants, points), with points sorted by `x`; `searched` is false for
        points whose others were not searched.
        """
        searched = searched.copy()
        for _ in range(curve.x.shape[1] if self.other_box.size else 0):
            improved = False
            for step in (-1, 1):
                neighbours = searched[:, :-1] if step < 0 else searched[:, 1:]
                i, k = np.nonzero(neighbours)
                k += step < 0
                starts = curve.others[i, k + step]
                value, _ = self.values(i, curve.x[i, k], starts)
                better = np.flatnonzero(value > curve.value[i, k] + BETTER)
                if len(better):
                    i, k = i[better], k[better]
                    again = self.at(i, curve.x[i, k], starts[better])
                    higher = again.value > curve.value[i, k]
                    curve.put((i[higher], k[higher]), again.take(higher))
                    searched[i[higher], k[higher]] = True
                    improved |= bool(higher.any())
            if not improved:
                break
        return curve
