"""Settings of effects: the sections ``groups``, ``conditions``, ``covariate`` and ``effects``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rlrecovery.models.prior_settings import FAMILIES, AnyDistribution, DistributionSettings
from rlrecovery.models.settings import Names, Numbers, Omittable, Section, as_tuple_field

#: An analysis of a data set; see `rlrecovery.effects.analyses`.
Analysis = Literal["t_test", "rank_test", "t_test_by_group", "rank_test_by_group", "joint"]

#: Differences of a parameter on the unconstrained scale, by parameter.
Shift = dict[str, Annotated[Numbers, Field(description="Its true differences.")]]


def _standard_normal() -> DistributionSettings:
    return FAMILIES["Normal"].of({"distribution": "Normal", "mu": 0.0, "sigma": 1.0})


class Group(Section):
    """One of the groups of participants."""

    share: Annotated[float, Field(gt=0, lt=1)]
    """Share of the participants who belong to it; the shares of all groups sum to 1."""
    shift: Shift = Field(default_factory=dict)
    """True differences of its location from that of the first group, per parameter, on the
    unconstrained scale (logit for a learning rate, log for an inverse temperature). They are
    crossed with all true values and with the other effects; 0 is added, for the type I error. Not
    allowed for the first group."""


class Condition(Section):
    """One of the conditions that every participant completes, each with all trials."""

    shift: Shift = Field(default_factory=dict)
    """True mean differences from the first condition, per parameter, on the unconstrained scale.
    They are crossed as those of groups; 0 is added. Not allowed for the first condition."""
    spread: dict[str, Annotated[float, Field(ge=0, description="Its SD.")]] = Field(
        default_factory=dict
    )
    """SD of the participants' own differences around the mean difference, per parameter, on the
    unconstrained scale. By default 0: the same difference for all participants."""


class CovariateSettings(Section):
    """A measured variable of participants, such as age or the score of a questionnaire."""

    correlation: dict[str, Annotated[Numbers, Field(description="Its true correlations.")]] = Field(
        min_length=1
    )
    """True correlations of the covariate with each parameter on the unconstrained scale, between
    -1 and 1, within groups. They are crossed as the differences of groups; 0 is added."""


class EffectSettings(Section):
    """How the effects of groups, conditions and a covariate are analysed."""

    replicates: Omittable[Annotated[int, Field(ge=2, le=1_000_000)]] = None
    """Data sets per combination of effects and cell. By default the study's replicates. The Monte
    Carlo standard error of a power of 0.8 is 2.8 points with 200."""
    batch_size: Omittable[Annotated[int, Field(ge=1)]] = None
    """Data sets per job. It does not affect the results. By default the study's batch_size."""
    methods: Omittable[Names] = None
    """Names of the methods, as in methods, whose estimates are analysed. By default all that
    estimate participants with a model that has the parameters of all effects."""
    analyses: Annotated[tuple[Analysis, ...], Field(min_length=1), as_tuple_field] = (
        "t_test",
        "rank_test",
        "t_test_by_group",
        "joint",
    )
    """Analyses of each method. t_test: Welch's t test of the participants' estimates, a paired t
    test for conditions, Pearson's correlation for the covariate. rank_test: the Mann-Whitney and
    Wilcoxon tests, and Spearman's correlation. t_test_by_group, rank_test_by_group: the same tests
    of estimates of a hierarchical method that is fitted to each group and condition separately.
    joint: a hierarchical model that contains the effects."""
    prior: AnyDistribution = Field(default_factory=_standard_normal)
    """Prior of each difference in joint analyses, unconstrained scale, in the unit of shift. The
    Bayes factor depends on it. It must allow both signs. By default a normal distribution with SD
    1."""
    own_spreads: bool = False
    """Whether, in joint analyses, each group has an SD of its own of every parameter."""
    significance: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """An effect counts as found if the p-value of a test is smaller, or if the interval of a joint
    analysis with the nominal level of 1 minus this value does not contain 0."""
    retest: bool = True
    """Whether a second session of the same participants is simulated in cells without effects, for
    the retest reliability of the estimates."""
