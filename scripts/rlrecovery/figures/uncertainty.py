"""Monte Carlo error in figures: 95 % intervals, and digits of numbers that are written into them.

Bars are as long as the intervals by which differences are judged, so that a reader who compares
bars and a reader who compares numbers come to the same conclusion.
"""

from __future__ import annotations

from typing import Any

import numpy as np

#: 97.5 % quantile of the standard normal distribution.
Z = 1.959963984540054
#: What a legend says about bars and bands of Monte Carlo error.
BARS = "±1.96 MCSE (95 %)"


def half_width(mcse: Any) -> np.ndarray:
    """Half the width of the 95 % Monte Carlo interval; 0 where the MCSE is unknown."""
    return np.asarray(Z * np.nan_to_num(np.asarray(mcse, dtype=float)))


def decimals(mcse: float, unknown: int = 2) -> int:
    """Decimals that give an MCSE two significant digits; ``unknown`` if it is 0 or not finite."""
    if not np.isfinite(mcse) or mcse <= 0:
        return unknown
    return max(0, 1 - int(f"{mcse:.1e}".split("e")[1]))


def number(value: float, places: int) -> str:
    """Format a number with a typographic minus sign, and no sign before zero."""
    text = f"{value:.{places}f}"
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def correlation_text(rho: float, mcse: float) -> str:
    """Format a correlation with its 95 % Monte Carlo interval: ``−0.634 (−0.657 to −0.611)``.

    The interval is symmetrical in Fisher's z, so that it lies between -1 and 1.
    """
    if not np.isfinite(rho):
        return "not defined"
    places = decimals(mcse)
    text = number(rho, places)
    if not np.isfinite(mcse) or abs(rho) >= 1:
        return text
    half = Z * mcse / (1 - rho**2)
    low, high = (number(np.tanh(np.arctanh(rho) + side * half), places) for side in (-1, 1))
    return f"{text} ({low} to {high})"
