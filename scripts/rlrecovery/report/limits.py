"""Limits of every judgement in the report; the page's explanations are made from them.

All of them are conventions: what is good enough depends on the differences that a study is meant
to detect.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Probability of at least one false alarm among the tests of one line of a table.
FALSE_ALARM = 0.05
#: Two errors differ clearly if their difference exceeds this many standard errors.
CLEAR_DIFFERENCE = 2.0
#: A criterion counts as met or missed only beyond this many MCSEs from its limit.
CERTAIN = 2.0
#: An RMSE that is at least this many times the smallest is called much larger.
MUCH_LARGER = 3.0
#: A generating model is recovered if the interval of p(it fits best) lies above this.
MODEL_RECOVERED = 0.5


@dataclass(frozen=True)
class Limits:
    """Where a criterion is green (at the limit or better) and where it is red (worse).

    `scale` and `unit` make a printed number of a limit.
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
        """Condition for green."""
        return f"{'at least' if self.higher_is_better else 'at most'} {self._number(self.green)}"

    @property
    def red_text(self) -> str:
        """Condition for red."""
        side = "below" if self.higher_is_better else "more than"
        return f"{side} {self._number(self.red)}{self.exception}"

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
    exception="; never red for a group, where one participant at a bound flags the row",
)
#: The criteria of the traffic lights, in the order of the page.
CRITERIA = (RANK_CORRELATION, RELATIVE_RMSE, UNDERCOVERAGE, FLAGGED)
