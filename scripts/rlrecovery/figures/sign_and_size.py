"""Wrong signs (type S) and exaggeration (type M) of effects that were found."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.effects import Quantity, Reference, draw_against_size
from rlrecovery.score.results import Summary

NOTHING_FOUND = "no effect was found"
WRONG_SIGN = Quantity(
    ("type_s",), "type S: wrong\nsign (%)", 100.0, (0.0, 100.0), (Reference(0.0, "-", ""),),
    missing=NOTHING_FOUND,
)  # fmt: skip
EXAGGERATION = Quantity(
    ("type_m",), "type M: estimate /\ntrue size", 1.0, (0.0, np.inf), (Reference(1.0, "-", ""),),
    missing=NOTHING_FOUND,
)  # fmt: skip


@style.styled
def draw_sign_and_size(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw errors of sign and size of the effects that each analysis finds."""
    return draw_against_size(summary, width, [WRONG_SIGN, EXAGGERATION])
