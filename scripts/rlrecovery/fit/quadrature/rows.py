"""Rows of estimates from the summaries of exact posteriors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rlrecovery.fit.base import Point
from rlrecovery.fit.estimates import Row, Target, row
from rlrecovery.simulate.task import Floats


def exact_row(
    target: Target,
    summary: Floats,
    error: float,
    tolerance: float,
    levels: Sequence[float],
    point: Point,
    **facts: Any,
) -> Row:
    """Make the row of one target.

    Parameters
    ----------
    target : Target
        The estimated quantity.
    summary : float array
        From `rlrecovery.fit.quadrature.grid.Marginal.summary`.
    error, tolerance : float
        Error of the grid, and the largest that is not flagged, in posterior SDs.
    levels : sequence of float
        Nominal levels of the intervals.
    point : str
        Summary of the posterior that is the estimate.
    **facts
        Further columns.
    """
    mean, sd, median, *ends = (float(number) for number in summary)
    converged = error <= tolerance
    intervals = zip(ends[::2], ends[1::2], strict=True)
    return row(
        target,
        median if point == "median" else mean,
        sd,
        dict(zip(levels, intervals, strict=True)),
        status="ok" if converged else "not_converged",
        reason="" if converged else f"two grids differ by {error:.2g} posterior SDs",
        converged=converged,
        grid_error=error,
        **facts,
    )
