"""Power against the true size of an effect, and the type I error at size 0."""

from __future__ import annotations

from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.effects import Quantity, Reference, draw_against_size, significance
from rlrecovery.score.results import Summary

#: The conventional power, in per cent.
CONVENTIONAL = 80.0


@style.styled
def draw_power(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw the share of data sets in which each analysis finds an effect."""
    level = 100 * significance(summary.effects)
    references = (
        Reference(CONVENTIONAL, (0, (6, 2)), f"{CONVENTIONAL:g} % power"),
        Reference(level, ":", f"nominal type I error ({level:g} %)"),
    )
    found = Quantity(
        ("power", "type_1"), "effect found (%)", 100.0, (0.0, 100.0), references, whole=True
    )
    return draw_against_size(summary, width, [found])
