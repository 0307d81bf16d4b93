"""Grids that adapt to a density: located by coarse grids, then refined.

A grid over the real line is first moved to the region of high density. Nodes are then dense around
the middle of the mass and exponentially sparse in the tails, which may be as long as those of the
prior. After this change of variables the density vanishes at both ends, and plain sums converge
faster than any power of the step (Takahasi & Mori 1974, Publ. RIMS 9:721; Trefethen & Weideman
2014, SIAM Review 56:385).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rlrecovery.fitting.quadrature.grid import Axis, Grid
from rlrecovery.simulation.task import Floats

#: ``(nodes of every axis, natural scale) -> log-likelihoods``, an array with one axis per axis.
LogLikelihood = Callable[[Sequence[Floats]], Floats]

#: Ends of the axes, on the line of `Axis`.
Region = list[tuple[float, float]]

#: Largest difference of the log-density from its maximum for a node to be part of the mass, and
#: largest number of grids that locate it.
LOOK_DEPTH, LOOKS = 35.0, 12

#: The same difference for the final grid: the density at its ends is 1e-9 of the highest.
DEPTH = 21.0

#: The same difference for the ends of the first coarse grid. They are moved outwards if the density
#: there is higher, because the mass is then far in the tail of the prior.
REACH = 13.0

#: Changes of an axis by less than this are not followed: of the logarithm of its width, and of its
#: centre in units of the width.
SETTLED = 0.3


def density(
    log_likelihood: LogLikelihood, axes: Sequence[Axis], region: Region, sizes: Sequence[int]
) -> Grid:
    """Compute a posterior on a grid.

    Parameters
    ----------
    log_likelihood : callable
        The log-likelihood on a rectangular grid.
    axes : sequence of Axis
        Parameters with their priors.
    region : list of (float, float)
        Ends per axis, on its line.
    sizes : sequence of int
        Nodes per axis.

    Raises
    ------
    FloatingPointError
        If the density is not finite at any node.
    """
    nodes = [np.linspace(*ends, size) for ends, size in zip(region, sizes, strict=True)]
    natural = [axis.natural(y) for axis, y in zip(axes, nodes, strict=True)]
    values = log_likelihood(natural)
    for k, (axis, y, value) in enumerate(zip(axes, nodes, natural, strict=True)):
        prior = axis.prior_log_density(value) + axis.log_slope(y)
        values = values + prior.reshape([-1 if i == k else 1 for i in range(len(axes))])
    # The prior density may be infinite at a node that rounds to an end of the support.
    values = np.where(values < np.inf, values, -np.inf)
    if not np.isfinite(values.max()):
        raise FloatingPointError("the posterior density is not finite anywhere on the grid")
    return Grid(tuple(axes), nodes, values)


def locate(
    log_likelihood: LogLikelihood, axes: Sequence[Axis], size: int
) -> tuple[tuple[Axis, ...], Region]:
    """Find axes whose nodes are dense where the mass is, and the region that contains it.

    Grids of `size` nodes per axis on the real line are narrowed to the mass; its quartiles define
    the axes.
    """
    sizes = [size] * len(axes)
    grid = _first_look(log_likelihood, axes, sizes)
    for _ in range(LOOKS):
        before, region = grid.ends(), grid.region(LOOK_DEPTH)
        shrunk = max((b - a) / (d - c) for (a, b), (c, d) in zip(region, before, strict=True))
        if shrunk > 0.7:
            break
        grid = density(log_likelihood, axes, region, sizes)
    dense, line = [], []
    for marginal, ends in zip(grid.marginals(), region, strict=True):
        axis = marginal.centred()
        low, high = (float(y) for y in axis.line(np.array(ends)))
        dense.append(axis)
        line.append((low, high))
    return tuple(dense), density(log_likelihood, dense, line, sizes).region(DEPTH)


def _first_look(log_likelihood: LogLikelihood, axes: Sequence[Axis], sizes: Sequence[int]) -> Grid:
    """Find a grid on the real line that contains virtually all mass.

    Its ends are far in the tails of the prior, and further out if the data contradict the prior.
    """
    region = [axis.ends() for axis in axes]
    for _ in range(LOOKS):
        grid = density(log_likelihood, axes, region, sizes)
        region = grid.widened(REACH)
        if region == grid.ends():
            break
    return grid


def settle(
    log_likelihood: LogLikelihood,
    axes: Sequence[Axis],
    region: Region,
    size: int,
    depth: float,
) -> tuple[tuple[Axis, ...], Region]:
    """Move axes and region to the mass until they no longer change much.

    Unlike `locate` it also moves ends outwards, because a coarse grid may miss mass between its
    nodes, and it ends the region between nodes, which saves nodes where every axis multiplies their
    number.
    """
    for _ in range(LOOKS):
        grid = density(log_likelihood, axes, region, [size] * len(axes))
        centred, (ends, complete) = [m.centred() for m in grid.marginals()], grid.reach(depth)
        moved = zip(centred, axes, ends, strict=True)
        region = [tuple(new.line(old.real(np.array(ends))).tolist()) for new, old, ends in moved]
        changes = [
            max(abs(np.log(new.scale / old.scale)), abs(new.centre - old.centre) / new.scale)
            for new, old in zip(centred, axes, strict=True)
        ]
        axes = centred
        if complete and max(changes) < SETTLED:
            break
    return tuple(axes), region
