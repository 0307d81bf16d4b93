"""Groups, conditions and a covariate in the methods section of a paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rlrecovery.config.effects import (
    design_of,
    effect_batches,
    has_effects,
    settings_of,
    sizes_of_effects,
)
from rlrecovery.config.settings import Experiment
from rlrecovery.fitting.effects import Effect
from rlrecovery.report.estimation_text import parameters_of, scale_of, symbols
from rlrecovery.report.markup import cite, literal, name
from rlrecovery.report.methods_text import distribution_text
from rlrecovery.report.numbers import enumeration, minus
from rlrecovery.score.results import Summary


def effects_methods(experiment: Experiment, summary: Summary) -> Iterator[str]:
    """Describe the data sets with effects, their analyses and measures; nothing without results."""
    if not has_effects(experiment):
        return
    if summary.effects.empty:
        if len(summary.reliability):
            yield from _reliability("In further data sets", is_used=False)
        return
    yield from _people(experiment)
    yield from _effects(experiment)
    yield from _numbers(experiment)
    shown = set(map(str, summary.effects["analysis"].unique()))
    yield from _two_step(experiment, shown)
    if "joint" in shown:
        yield from _joint(experiment)
    yield from _measures(experiment)
    if len(summary.reliability):
        yield from _reliability("Where no effect is simulated", "disattenuated" in shown)


def _people(experiment: Experiment) -> Iterator[str]:
    """State groups and conditions."""
    design = design_of(experiment)
    texts = []
    if len(design.groups) > 1:
        groups = zip(design.groups, design.shares, strict=True)
        listed = enumeration([f"{name(g)} ({100 * share:.3g} %)" for g, share in groups])
        texts.append(f"the participants of a data set belong to the groups {listed}")
    if len(design.conditions) > 1:
        conditions = enumeration([name(c) for c in design.conditions])
        texts.append(
            f"every participant has one session, with all trials, in each of the conditions "
            f"{conditions}, and learning begins anew in each session"
        )
    if design.has_covariate:
        texts.append("a covariate, normal in the population, is known of every participant")
    yield f"In further data sets, {', and '.join(texts)}."


def _effects(experiment: Experiment) -> Iterator[str]:
    """State the true effects."""
    design, parameters = design_of(experiment), parameters_of(experiment)
    symbol_of = symbols(parameters.values())
    for effect, sizes in sizes_of_effects(experiment).items():
        symbol, values = symbol_of[effect.parameter], _list(sizes)
        if effect.kind == "covariate":
            yield (
                f"The correlation of the covariate with {symbol} within groups is {values} "
                f"({scale_of(parameters[effect.parameter])} scale)."
            )
            continue
        reference = (design.groups if effect.kind == "group" else design.conditions)[0]
        yield (
            f"The location of {symbol} in {name(effect.name)} differs from that in "
            f"{name(reference)} by {values} ({scale_of(parameters[effect.parameter])} scale)."
            f"{_response(experiment, effect)}"
        )


def _response(experiment: Experiment, effect: Effect) -> str:
    """State the SD of the participants' own differences between conditions."""
    for condition, parameter, sd in design_of(experiment).spreads:
        if (effect.kind, effect.index, effect.parameter) == ("condition", condition, parameter):
            return f" The differences of participants have an SD of {sd:g}."
    return ""


def _list(sizes: Sequence[float]) -> str:
    return enumeration([minus(f"{size:g}") for size in sizes])


def _numbers(experiment: Experiment) -> Iterator[str]:
    """State how many data sets there are."""
    numbers = {
        method: max((stop for _, stop in batches.values()), default=0)
        for method, batches in effect_batches(experiment).items()
    }
    most = max(numbers.values())
    fewer = [f"{name(m)} analyses the first {n}" for m, n in numbers.items() if n < most]
    text = f"All effects are crossed with each other and with the cells, with {most} data sets each"
    yield f"{text}; {enumeration(fewer)} only." if fewer else f"{text}."


def _two_step(experiment: Experiment, shown: set[str]) -> Iterator[str]:
    """Describe the tests of point estimates."""
    design = design_of(experiment)
    t_tests, rank_tests = [], []
    if len(design.groups) > 1:
        t_tests.append(f"Welch’s t test {cite('welch1947')} for groups")
        rank_tests.append("the Mann–Whitney test with the Hodges–Lehmann estimate for groups")
    if len(design.conditions) > 1:
        t_tests.append("the paired t test for conditions")
        rank_tests.append("the Wilcoxon signed-rank test for conditions")
    if design.has_covariate:
        t_tests.append("Pearson’s correlation for the covariate")
        rank_tests.append("Spearman’s correlation for the covariate")
    used = [*t_tests * any(a.startswith("t_test") for a in shown)]
    used += rank_tests * any(a.startswith("rank_test") for a in shown)
    if used:
        yield (
            "The point estimates of the participants, on the unconstrained scale, are tested by "
            f"{enumeration(used)}."
        )
    if any(a.endswith("_by_group") for a in shown):
        yield (
            "For hierarchical methods, estimates that are shrunken to the mean of their own group "
            "or condition, from separate fits, are tested too, because such tests are known to "
            f"find too much {cite('boehm2018')}."
        )


def _joint(experiment: Experiment) -> Iterator[str]:
    """Describe the joint analyses."""
    settings = settings_of(experiment)
    kinds = {effect.kind for effect in sizes_of_effects(experiment)}
    parts = []
    if kinds - {"covariate"}:
        prior = literal(distribution_text(settings.prior.plain()))
        parts.append(f"the prior {prior} of each difference")
    if "covariate" in kinds:
        parts.append("a uniform prior of each correlation")
    if settings.own_spreads:
        parts.append("an SD of its own for every group")
    yield (
        "Joint analyses estimate the effects as parameters of the hierarchical model, with "
        f"{enumeration(parts)}. Their Bayes factors are ratios of the prior and posterior "
        f"densities at 0 {cite('dickey1970', 'wagenmakers2010')}."
    )


def _measures(experiment: Experiment) -> Iterator[str]:
    """Describe the measures."""
    level = f"{100 * settings_of(experiment).significance:g}"
    yield (
        f"An effect counts as found if the two-sided p-value is below {level} %; in joint analyses "
        "that is twice the posterior probability of the less probable sign. The share of data "
        "sets in which an effect is found is the type I error where there is none, and otherwise "
        "the power. Of the effects that are found, the type S error is the share with the wrong "
        "sign, and the type M error is the mean size of estimates divided by the true size "
        f"{cite('gelman2014')}. The size with a power of 80 % is that of a power curve of a normal "
        "estimate, fitted by maximum likelihood, with a 95 % profile-likelihood interval."
    )


def _reliability(where: str, is_used: bool) -> Iterator[str]:
    """Describe reliability."""
    text = (
        f"{where}, a second session of the same participants with the same "
        "parameters gives the retest reliability of the estimates, as the intraclass correlation "
        f"ICC(3,1) {cite('shrout1979')}"
    )
    yield (
        f"{text}, by which correlations with the covariate are disattenuated."
        if is_used
        else (f"{text}.")
    )
