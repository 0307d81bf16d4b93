"""Root mean squared error over the cells of the design."""

from __future__ import annotations

from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.bias import over_truths
from rlrecovery.score.results import Summary


@style.styled
def draw_rmse(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """RMSE with Monte Carlo error per method, parameter and level, over the truths."""
    return over_truths(summary, width, "rmse", "RMSE", log=True)
