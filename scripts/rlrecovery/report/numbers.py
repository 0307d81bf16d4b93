"""Formatting of values with their Monte Carlo standard errors (MCSE), counts and lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

#: A relative MCSE below this is rounding error.
ROUNDING = 1e-12


def pm(value: float, mcse: float, scale: float = 1.0) -> str:
    """Format a value ± its MCSE, both multiplied by `scale`.

    The MCSE has two significant digits and the value as many decimals. Both may be NaN.
    """
    number, error = pm_parts(value, mcse, scale)
    return number if error is None else f"{number} ± {error}"


def pm_parts(value: float, mcse: float, scale: float = 1.0) -> tuple[str, str | None]:
    """Format the value and the MCSE for `pm`; None if the MCSE is unknown."""
    value, mcse = scale * float(value), scale * float(mcse)
    if not np.isfinite(value):
        return ("–" if np.isnan(value) else "∞" if value > 0 else "−∞"), None
    if not np.isfinite(mcse):
        return minus(f"{value:.3g}"), None
    if mcse <= ROUNDING * max(1.0, abs(value)):
        return minus(f"{value:.3g}"), "0"
    digits = 1 - int(f"{mcse:.1e}".split("e")[1])
    places = max(0, digits)
    return minus(f"{round(value, digits):.{places}f}"), f"{round(mcse, digits):.{places}f}"


def row_text(row: Mapping[Any, Any], scale: float = 1.0) -> str:
    """Format a row of the table of measures as `pm`, or as a count if `count_text` applies."""
    return count_text(row) or pm(row["value"], row["mcse"], scale)


def count_text(row: Mapping[Any, Any]) -> str:
    """Format a proportion whose MCSE is zero as ``8 of 8`` or ``48 of 48 rows``; else empty.

    A zero MCSE only means that the proportion is the same in every replicate, not that it is exact.
    """
    is_share = row["measure"].startswith("share_") or row["measure"].endswith("coverage")
    if not is_share or not row["mcse"] <= ROUNDING or not np.isfinite(row["value"]):
        return ""
    rows = int(row["n_rows"])
    return f"{round(row['value'] * rows)} of {rows}{'' if rows == row['n'] else ' rows'}"


def few_note(row: Mapping[Any, Any]) -> str:
    """Return ``n = 1`` if there are fewer than two replicates or no MCSE, else an empty string."""
    is_uncertain = np.isfinite(row["value"]) and (row["n"] < 2 or not np.isfinite(row["mcse"]))
    return f"n = {int(row['n'])}" if is_uncertain else ""


def percent_below_all(share: float) -> str:
    """Format a proportion below one in per cent; never rounded up to 100 %."""
    return f"{min(100 * share, 99.9):.3g} %"


def minus(text: str) -> str:
    """Use a typographic minus sign, and no sign before zero."""
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def rounded(value: float) -> str:
    """Format with two decimals, or two digits if it is below 0.1."""
    if not np.isfinite(value):
        return "∞" if value > 0 else "−∞"
    text = f"{round(value, 2):g}" if abs(value) >= 0.1 else f"{value:.2g}"
    return minus(text)


def enumeration(items: Sequence[str]) -> str:
    """Join items as in a sentence: ``a, b and c``."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def plural(count: int, noun: str) -> str:
    """Format a count with its noun: ``1 block``, ``2 blocks``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
