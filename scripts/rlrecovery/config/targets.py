"""Requirements that a design must meet, for ``make advise``."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from rlrecovery.models.settings import Name, Omittable, Section

#: Measures of a required design, from the tables of the summary.
MeasureName = Literal[
    "rmse",
    "bias",
    "empirical_se",
    "relative_rmse",
    "width",
    "coverage",
    "spearman",
    "spearman_within",
    "reliability",
    "p_best",
    "power",
]
#: Measures that are small if estimates are good; the others, except for coverage, are large.
SMALL: Final = ("rmse", "bias", "empirical_se", "relative_rmse", "width")
#: Measures of an interval, which have a nominal level.
OF_INTERVALS: Final = ("width", "coverage")
#: Name of the answer to all requirements together.
ALL: Final = "all"
#: Share of data sets or participants whose best-fitting model is the generating one.
P_BEST: Final = "p_best"
#: Share of data sets in which an effect is found.
POWER: Final = "power"
#: Keys of a requirement that only power has.
OF_POWER: Final = ("effect", "size", "analysis")


class TargetSettings(Section):
    """What a design must reach: a measure and its limit, at_most or at_least."""

    model_config = ConfigDict(
        json_schema_extra={
            "allOf": [{"oneOf": [{"required": ["at_most"]}, {"required": ["at_least"]}]}]
        }
    )

    measure: MeasureName
    """Measure of the summary. rmse, bias (its size), empirical_se, relative_rmse (RMSE in units of
    that of a guess) and the mean width of intervals need at_most; spearman (rank correlation over
    all true values), spearman_within and reliability (within data sets), p_best and power need
    at_least; coverage may have either. p_best is the share of participants, or of data sets of a
    hierarchical method, for which the model that generated the data fits best. power is the
    share of data sets in which a difference between groups or conditions, or a correlation, is
    found; every analysis is answered separately."""
    parameter: Omittable[str] = None
    """Parameter that it applies to. By default every parameter with a true value; each must then
    meet the limit."""
    level: Omittable[Literal["participant", "group", "spread"]] = None
    """Estimates that it applies to: of participants, of the group or of the spread. By default
    participants, or the group where a method does not estimate participants."""
    nominal: Omittable[Annotated[float, Field(gt=0, lt=1)]] = None
    """Nominal level of the intervals, for width and coverage: one of interval_levels. By default
    0.95, or else the largest."""
    model: Omittable[str] = None
    """Generating model, for p_best only."""
    effect: Omittable[str] = None
    """Name of the group or condition whose difference must be found, or covariate, for power only.
    By default all; each must then meet the limit."""
    size: Omittable[float] = None
    """True size of the effect, one of those that are simulated, for power only. By default all but
    0; each must then meet the limit."""
    analysis: Omittable[str] = None
    """Analysis that must find it, one of effects.analyses, for power only. By default every
    analysis is answered separately."""
    method: Omittable[str] = None
    """Method that must meet it. By default every method is answered separately."""
    at_most: Omittable[float] = None
    """Upper limit of the measure."""
    at_least: Omittable[float] = None
    """Lower limit of the measure."""

    @property
    def limit(self) -> float:
        """The limit, at most or at least."""
        value = self.at_least if self.at_most is None else self.at_most
        assert value is not None
        return value

    @property
    def sign(self) -> int:
        """1 for a lower limit, -1 for an upper limit."""
        return -1 if self.at_least is None else 1


class CostSettings(Section):
    """Cost of a design: participants x (participant + trial x trials), in any unit."""

    participant: Annotated[float, Field(ge=0)]
    """Cost of a participant, such as travel expenses."""
    trial: Annotated[float, Field(ge=0)]
    """Cost of a trial of a participant, such as payment for the time it takes."""

    def total(self, participants: Any, trials: Any) -> Any:
        """Cost of a design; elementwise for arrays."""
        return participants * (self.participant + self.trial * trials)


#: Requirements by names of the user's choice.
Targets = dict[Name, Annotated[TargetSettings, Field(description="One of the requirements.")]]
