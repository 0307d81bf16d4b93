"""Thresholds used by the report; the explanations on the page are generated from them.

All of them are conventions: what is good enough depends on the differences to be detected.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Probability of at least one false alarm among the tests of one table row.
FALSE_ALARM = 0.05
#: Two RMSEs differ clearly if their difference exceeds this many standard errors.
CLEAR_DIFFERENCE = 2.0
#: A criterion is met or missed with certainty if it is this many MCSEs beyond its limit.
CERTAIN = 2.0
#: An RMSE is called much larger if it is at least this many times the smallest.
MUCH_LARGER = 3.0
#: A model is recovered if the interval of p(it fits its own data best) lies above this value.
MODEL_RECOVERED = 0.5


@dataclass(frozen=True)
class Limits:
    """Limits of a criterion: green at `green` or better, red if worse than `red`.

    Limits are printed multiplied by `scale` and followed by `unit`.
    """

    criterion: str
    green: float
    red: float
    higher_is_better: bool = False
    scale: float = 100.0
    unit: str = " %"
    exception: str = ""

    @property
    def green_text(self) -> str:
        """Return the condition for green."""
        return f"{'at least' if self.higher_is_better else 'at most'} {self._number(self.green)}"

    @property
    def red_text(self) -> str:
        """Return the condition for red."""
        side = "below" if self.higher_is_better else "more than"
        return f"{side} {self._number(self.red)}{self.exception}"

    def colour(self, value: float) -> str:
        """Return the colour of a value."""
        sign = 1 if self.higher_is_better else -1
        if sign * value >= sign * self.green:
            return "green"
        return "red" if sign * value < sign * self.red else "amber"

    def _number(self, limit: float) -> str:
        return f"{self.scale * limit:g}{self.unit}"


RANK_CORRELATION = Limits(
    "rank correlation between true values and estimates",
    green=0.75,
    red=0.5,
    higher_is_better=True,
    scale=1.0,
    unit="",
)
RELATIVE_RMSE = Limits("RMSE relative to the baseline’s", green=0.5, red=1.0)
UNDERCOVERAGE = Limits(
    "shortfall of coverage from the nominal level", green=0.05, red=0.15, unit=" percentage points"
)
FLAGGED = Limits(
    "rows that are flagged or failed",
    green=0.05,
    red=0.25,
    exception="; never red for a group, whose row is flagged if one participant is at a bound",
)
#: Criteria of the traffic lights, in the order of the page.
CRITERIA = (RANK_CORRELATION, RELATIVE_RMSE, UNDERCOVERAGE, FLAGGED)
