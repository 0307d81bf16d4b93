"""Starting points of the searches: a coarse grid, and a selection of its best points."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from rlrecovery.models.base import Model
from rlrecovery.simulation.task import Floats, Integers

#: A bound at the end of the support is infinitely far away on the unconstrained scale. The search
#: stops at this distance from it on the natural scale, and such an estimate counts as at the bound.
EDGE = 1e-4

#: The grid of starting points covers at most this range of the unconstrained scale around 0:
#: alpha from 0.007 to 0.993, beta from 0.007 to 148.
GRID_REACH = 5.0

#: Starting points are more than this number of grid steps apart along at least one parameter.
APART = 1


def search_box(model: Model, bounds: Mapping[str, tuple[float, ...]]) -> Floats:
    """Search range of each parameter on the unconstrained scale, shape (parameters, 2)."""
    box = []
    for parameter in model.parameters:
        (lower, upper), (smallest, largest) = bounds[parameter.name], parameter.support
        ends = [max(lower, smallest + EDGE), min(upper, largest - EDGE)]
        box.append(parameter.to_real(np.array(ends)))
    return np.array(box)


def grid_points(box: Floats, size: int) -> Floats:
    """All points of a grid with `size` points per parameter within the search range."""
    inner = np.clip(box, -GRID_REACH, GRID_REACH)
    axes = [np.linspace(lower, upper, size) for lower, upper in inner]
    return np.array(list(itertools.product(*axes)))


def starting_points(values: Floats, shape: tuple[int, ...], count: int) -> Integers:
    """Select the highest peaks of each grid, then the highest points apart from them.

    A narrow peak may lie between the points of the grid, on the side of another peak.

    Parameters
    ----------
    values : float array, shape (functions, points)
        Values on a grid of `grid_points`; points where they are not finite are not selected.
    shape : tuple of int
        Points per parameter.
    count : int
        Largest number of starting points.

    Returns
    -------
    int array, shape (functions, count)
        Indices of points, best first; -1 where no further point is apart from the others.
    """
    table = np.where(np.isfinite(values), values, -np.inf)
    peaks, available = _peaks(table, shape), np.isfinite(table)
    places = np.unravel_index(np.arange(table.shape[1]), shape)
    chosen = np.full((len(table), count), -1)
    for k in range(count):
        candidates = available & peaks
        is_left = candidates.any(axis=1, keepdims=True)
        best = np.where(np.where(is_left, candidates, available), table, -np.inf).argmax(axis=1)
        chosen[:, k] = np.where(available.any(axis=1), best, -1)
        near = [np.abs(place - place[best][:, None]) <= APART for place in places]
        available &= ~functools.reduce(np.logical_and, near)
    return chosen


def _peaks(table: Floats, shape: tuple[int, ...]) -> Any:
    """Points that are as high as all their neighbours, diagonal ones included."""
    grid = table.reshape(-1, *shape)
    highest = grid.copy()
    for axis in range(1, grid.ndim):
        before = np.moveaxis(highest.copy(), axis, 0)
        after = np.moveaxis(highest, axis, 0)  # a view, which is changed
        np.maximum(after[1:], before[:-1], out=after[1:])
        np.maximum(after[:-1], before[1:], out=after[:-1])
    return (highest == grid).reshape(table.shape)
