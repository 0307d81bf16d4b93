"""Rows of estimates: what a row is about, and its columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from rlrecovery.storage.schemas import ESTIMATE_DEFAULTS, interval_columns

#: One row of a table of estimates, by column.
Row = dict[str, Any]

NAN = float("nan")

#: Level of a target: one participant, the population's location, or its SD.
Level = Literal["participant", "group", "spread"]

#: Index of the participant for targets of the whole data set.
WHOLE = -1


class Target(NamedTuple):
    """The quantity that a row of estimates refers to.

    Attributes
    ----------
    level : str
        ``participant``, ``group`` or ``spread``.
    participant : int
        Index of the participant, or `WHOLE`.
    parameter : str
        Name of the parameter.
    """

    level: Level
    participant: int
    parameter: str


def row(
    target: Target,
    estimate: float,
    se: float,
    intervals: Mapping[float, tuple[float, float]],
    **diagnostics: Any,
) -> Row:
    """Make a row of `rlrecovery.storage.schemas.estimates_columns`, without the replicate.

    Parameters
    ----------
    target : Target
        The target.
    estimate, se : float
        Point estimate, and its standard error or posterior SD; natural scale.
    intervals : mapping
        From nominal level to lower and upper end, natural scale.
    **diagnostics
        Further columns; all others get their defaults.
    """
    ends = {
        name: value
        for nominal, pair in intervals.items()
        for name, value in zip(interval_columns(nominal), pair, strict=True)
    }
    columns = {
        "participant": target.participant,
        "level": target.level,
        "parameter": target.parameter,
        "estimate": estimate,
        "se": se,
    }
    return columns | ends | ESTIMATE_DEFAULTS | diagnostics


def failed(
    targets: Iterable[Target], reason: str, levels: Sequence[float], seconds: float = NAN
) -> list[Row]:
    """Make the rows of a failed fit, with the reason and without estimates."""
    no_intervals = dict.fromkeys(levels, (NAN, NAN))
    flags = {"status": "failed", "reason": reason, "converged": False, "seconds": seconds}
    return [row(target, NAN, NAN, no_intervals, **flags) for target in targets]


def with_status(row: Row) -> Row:
    """The row; failed if its estimate is not a finite number."""
    if row["status"] == "failed" or math.isfinite(row["estimate"]):
        return row
    ends = [name for name in row if name.startswith(("lower_", "upper_"))]
    reason = f"the estimate is {row['estimate']}"
    nothing = dict.fromkeys(("estimate", "se", *ends), NAN)
    return row | nothing | {"status": "failed", "reason": reason, "converged": False}


def one_line(error: Exception) -> str:
    """Format an exception as one line of text, for the column ``reason``."""
    text = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {text}"[:300]
