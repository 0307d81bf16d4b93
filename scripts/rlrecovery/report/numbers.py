"""Numbers as text: values with their Monte Carlo errors, counts, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

#: A Monte Carlo error below this is the rounding of a sum, not an error.
ROUNDING = 1e-12


def pm(value: float, mcse: float, scale: float = 1.0) -> str:
    """A value with its MCSE: the MCSE to two significant digits, the value to the same place.

    Parameters
    ----------
    value, mcse : float
        NaN where there is none.
    scale : float
        Factor on both, for instance 100 for per cent.
    """
    number, error = both(value, mcse, scale)
    if error is None:
        return number
    return f"{number} ± {error}"


def both(value: float, mcse: float, scale: float = 1.0) -> tuple[str, str | None]:
    """As `pm`, but value and MCSE apart; the MCSE is None where there is none."""
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
    """A measure as text: as `pm`, but a share without Monte Carlo error as a count."""
    count = count_text(row)
    return count if count else pm(row["value"], row["mcse"], scale)


def count_text(row: Mapping[Any, Any]) -> str:
    """``8 of 8`` (data sets) or ``48 of 48 rows`` for a share whose MCSE is exactly zero.

    Such an error only says that every replicate gave the same share, not that it is certain.
    """
    share = row["measure"].startswith("share_") or row["measure"].endswith("coverage")
    if not share or not row["mcse"] <= ROUNDING or not np.isfinite(row["value"]):
        return ""
    rows = int(row["n_rows"])
    return f"{round(row['value'] * rows)} of {rows}{'' if rows == row['n'] else ' rows'}"


def few_note(row: Mapping[Any, Any]) -> str:
    """``n = 1`` where a measure rests on fewer than two replicates or has no MCSE."""
    unsure = np.isfinite(row["value"]) and (row["n"] < 2 or not np.isfinite(row["mcse"]))
    return f"n = {int(row['n'])}" if unsure else ""


def minus(text: str) -> str:
    """A real minus sign, and none before zero."""
    return text.lstrip("-") if not text.strip("-0.") else text.replace("-", "−")


def enumeration(items: Sequence[str]) -> str:
    """Items as words: ``a, b and c``."""
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def plural(count: int, noun: str) -> str:
    """A count with its noun: ``1 block``, ``2 blocks``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
