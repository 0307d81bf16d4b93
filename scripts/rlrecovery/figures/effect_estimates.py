"""Bias of estimated effects, and coverage of their intervals."""

from __future__ import annotations

from matplotlib.figure import Figure

from rlrecovery.figures import style
from rlrecovery.figures.effects import Quantity, Reference, draw_against_size, significance
from rlrecovery.score.results import Summary


@style.styled
def draw_effect_estimates(summary: Summary, width: float = style.TWO_COLUMNS) -> Figure:
    """Draw bias and coverage of every analysis of an effect."""
    level = 100 * (1 - significance(summary.effects))
    nominal = Reference(level, ":", f"nominal level ({level:g} %)")
    bias = Quantity(("bias",), "bias", references=(Reference(0.0, "-", ""),))
    coverage = Quantity(
        ("coverage",), "coverage (%)", 100.0, (0.0, 100.0), (nominal,), missing="no intervals"
    )
    return draw_against_size(summary, width, [bias, coverage])
