"""The values at which the profile of a parameter is computed before the ends of its intervals.

They are the values of the grid of starting points, so that a second valley is seen, the bounds and
the maxima at which searches ended, among them the estimate. The log-likelihoods on the grid tell
where the searches for the other parameters start, and which values need none as they are so low.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from rlrecovery.fitting.estimates import NAN
from rlrecovery.fitting.mle.newton import Booleans, Points
from rlrecovery.fitting.mle.profile import Curve, Profile
from rlrecovery.simulation.task import Floats, Integers

#: Distance to the threshold that a log-likelihood on the grid must have if nothing is searched, in
#: addition to what is expected from the values next to it.
MARGIN = 1.0


@dataclass(frozen=True)
class Grid:
    """The grid of starting points.

    Attributes
    ----------
    points : float array, shape (size ** parameters, parameters)
        Its points on the unconstrained scale, from `rlrecovery.fitting.mle.starts.grid_points`.
    size : int
        Points per parameter.
    """

    points: Floats
    size: int

    def shaped(self, table: Floats) -> Floats:
        """A table as an array of shape (participants, size, size, ...)."""
        return table.reshape(len(table), *(self.size,) * self.points.shape[1])

    def axis(self, j: int) -> Floats:
        """Values of a parameter, shape (size,)."""
        return self._along(j)[:, 0, j]

    def others(self, j: int) -> Floats:
        """Values of the other parameters, shape (size ** (parameters - 1), parameters - 1)."""
        return np.delete(self._along(j)[0], j, axis=1)

    def step(self, j: int) -> float:
        """Distance between two values of a parameter."""
        axis = self.axis(j)
        return float(axis[1] - axis[0])

    def _along(self, j: int) -> Floats:
        """Points, shape (size, size ** (parameters - 1), parameters), by the value of one."""
        count = self.points.shape[1]
        grid = self.points.reshape(*(self.size,) * count, count)
        return np.moveaxis(grid, j, 0).reshape(self.size, -1, count)

    def curve(
        self, profile: Profile, peaks: Points, table: Floats, fall: float
    ) -> tuple[Curve, Integers]:
        """Compute profiles at the grid, the bounds and the estimate.

        Parameters
        ----------
        profile : Profile
            The profile of one parameter.
        peaks : Points
            Where each participant's searches ended, shape (participants, searches); first the
            maximum.
        table : float array, shape (participants, size ** parameters)
            Log-likelihoods on the grid.
        fall : float
            Values that are lower than the maximum by more than this need not be exact.

        Returns
        -------
        Curve
            Shape (participants, points), sorted by the value of the parameter.
        int array, shape (participants,)
            Place of the estimate.
        """
        j, count = profile.j, len(table)
        table = np.where(np.isfinite(table), table, -np.inf)
        nodes, searched = self._nodes(profile, table, peaks.value[:, 0] - fall)
        which = np.nonzero(searched)
        nodes.put(which, profile.at(which[0], nodes.x[which], nodes.others[which]))
        own = peaks.point[..., j], np.delete(peaks.point, j, axis=2), peaks.value
        pairs = zip((*own, peaks.gradient[..., j]), nodes.arrays, strict=True)
        joined = [np.concatenate(pair, axis=1) for pair in pairs]
        row, order = np.arange(count)[:, None], np.argsort(joined[0], axis=1, kind="stable")
        curve = Curve(*[array[row, order] for array in joined])
        known = np.concatenate([np.ones(peaks.value.shape, dtype=bool), searched], axis=1)
        return profile.compared(curve, known[row, order]), (order == 0).argmax(axis=1)

    def _nodes(self, profile: Profile, table: Floats, threshold: Floats) -> tuple[Curve, Booleans]:
        """Values of the grid and bounds, with the best of the others on the grid.

        Also which of them have to be searched.
        """
        (low, high), axis = profile.box[profile.j], self.axis(profile.j)
        # Many parameters have bounds within the reach of the grid; its ends are the bounds then.
        place = np.arange(-int(low < axis[0]), self.size + int(high > axis[-1]))
        on_grid = np.clip(place, 0, self.size - 1)
        x = np.where(place < 0, low, np.where(place == self.size, high, axis[on_grid]))
        values, others, more = self._best_on_grid(profile, table)
        with np.errstate(invalid="ignore"):  # where both are infinite; such points are searched
            low_values = values + more < threshold[:, None]
        searched = (place != on_grid) | ~low_values[:, on_grid]
        values = values[:, on_grid]
        unknown = np.full(values.shape, NAN)
        return Curve(np.tile(x, (len(table), 1)), others[:, on_grid], values, unknown), searched

    def _best_on_grid(self, profile: Profile, table: Floats) -> tuple[Floats, Floats, Floats]:
        """Highest values on the grid, others there, and by how much higher values may be nearby.

        Shapes (participants, size) and, for the others, (participants, size, parameters - 1). The
        value of a parabola at the best point of a grid is below its top by an eighth of its second
        difference at most. A quarter of it per parameter and `MARGIN` are allowed for.
        """
        grid, j = self.shaped(table), profile.j
        allowed = np.full(grid.shape, MARGIN)
        for axis in range(1, grid.ndim):
            if axis != 1 + j:
                allowed += _bend(grid, axis) / 4 + self._rim(profile.box, axis - 1, grid.ndim)
        by_value = [
            np.moveaxis(array, 1 + j, 1).reshape(len(table), self.size, -1)
            for array in (grid, allowed)
        ]
        best = by_value[0].argmax(axis=2)
        take = functools.partial(np.take_along_axis, indices=best[..., None], axis=2)
        highest, more = (take(array)[..., 0] for array in by_value)
        return highest, self.others(j)[best], more

    def _rim(self, box: Floats, j: int, dimensions: int) -> Floats:
        """Infinite at ends of the grid beyond which the search range goes on, else 0."""
        (low, high), axis = box[j], self.axis(j)
        rim = np.zeros(self.size)
        if low < axis[0]:
            rim[0] = np.inf
        if high > axis[-1]:
            rim[-1] = np.inf
        return rim.reshape(self.size, *[1] * (dimensions - 2 - j))


def _bend(grid: Floats, axis: int) -> Floats:
    """Largest absolute second difference at each value or next to it, along an axis."""
    values = np.moveaxis(grid, axis, -1)
    if values.shape[-1] < 3:
        return np.full(grid.shape, np.inf)
    with np.errstate(invalid="ignore"):  # between points that are minus infinity
        bends = np.abs(np.diff(values, n=2, axis=-1))
    padded = np.pad(bends, [(0, 0)] * (grid.ndim - 1) + [(2, 2)])
    size = values.shape[-1]
    near = [padded[..., shift : shift + size] for shift in range(3)]
    return np.moveaxis(functools.reduce(np.maximum, near), -1, axis)
