"""Error and interval width against the number of participants."""

from __future__ import annotations

import itertools

from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.precision import Sizes, over_sizes
from rlrecovery.score.results import Summary

PARTICIPANTS = Sizes("participants", "participants", "trials")


@style.styled
def draw_samplesize(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """RMSE and interval width per method over participants, per parameter and level.

    One column shows the error at every level, because the number of participants matters most for
    the group, and leaves out the width unless there is one level only.
    """
    kinds = ["rmse"] if summary.headline_interval is None else ["rmse", "width"]
    if style.narrow(width) and len(summary.levels) > 1:
        kinds = ["rmse"]
    columns = list(itertools.product(kinds, summary.levels))
    return over_sizes(summary, width, PARTICIPANTS, columns)
