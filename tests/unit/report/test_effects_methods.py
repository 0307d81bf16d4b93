"""Groups, conditions and a covariate in the methods section."""

import dataclasses

import effect_tables
import pytest
from settings import MLE, study

from rlrecovery.config.reader import parse
from rlrecovery.report.effects_methods import effects_methods
from rlrecovery.report.markup import cited, latex_text, references

EVERYTHING = {
    "groups": {"control": {"share": 0.4}, "patient": {"share": 0.6, "shift": {"alpha": [-0.8]}}},
    "conditions": {"placebo": {}, "drug": {"shift": {"beta": [0.3]}, "spread": {"beta": 0.2}}},
    "covariate": {"correlation": {"alpha": [0.3]}},
    "participants": [30],
    "methods": {"mle": MLE},
}


def text(tiny, analyses, **changes):
    summary = effect_tables.with_effects(tiny, analyses={"mle": analyses})
    keys = {key: value for key, value in (EVERYTHING | changes).items() if value is not None}
    return " ".join(effects_methods(parse(study(**keys)), summary))


@pytest.fixture(scope="module")
def every(tiny):
    return text(tiny, ("t_test", "rank_test", "t_test_by_group", "joint"))


def test_the_design_and_the_true_effects_are_stated(every):
    assert "the groups `control` (40 %) and `patient` (60 %)" in every
    assert "in each of the conditions `placebo` and `drug`" in every
    assert (
        "The location of $\\alpha$ in `patient` differs from that in `control` by 0 and −0.8 "
        "(logit scale)." in every
    )
    assert "differs from that in `placebo` by 0 and 0.3 (log scale). The differences of " in every
    assert "have an SD of 0.2." in every
    assert "The correlation of the covariate with $\\alpha$ within groups is 0 and 0.3" in every
    assert "with 4 data sets each." in every


def test_analyses_are_those_of_the_tables_with_their_sources(every, tiny):
    assert cited([every]) == [
        "welch1947", "boehm2018", "dickey1970", "wagenmakers2010", "gelman2014", "shrout1979",
    ]  # fmt: skip
    assert set(cited([every])) <= set(references())
    assert "with the prior Normal(mu=0, sigma=1) of each difference" in every
    only = text(tiny, ("rank_test",), covariate=None, conditions=None)
    assert (
        "are tested by the Mann–Whitney test with the Hodges–Lehmann estimate for groups." in only
    )
    assert "t test" not in only
    assert "Joint" not in only
    assert "Wilcoxon" not in only


def test_settings_of_the_analyses_are_stated(tiny):
    effects = {"significance": 0.01, "own_spreads": True, "replicates": 3}
    changed = text(tiny, ("joint",), effects=effects)
    assert "below 1 %" in changed
    assert "of each correlation and an SD of its own for every group." in changed
    assert "with 3 data sets each." in changed


def test_the_prior_of_a_correlation_is_stated(tiny, every):
    assert "each difference and a uniform prior of each correlation." in every
    only = text(tiny, ("joint",), groups=None, conditions=None)
    assert "with a uniform prior of each correlation. Their Bayes" in only


def test_a_second_session_alone_is_described(tiny):
    only = dataclasses.replace(tiny, reliability=effect_tables.reliability())
    (sentence,) = effects_methods(parse(study(effects={})), only)
    assert sentence.startswith("In further data sets, a second session of the same participants")


def test_it_can_be_typeset(every):
    converted = latex_text(every)
    assert "\\citep{dickey1970,wagenmakers2010}" in converted
    assert converted.count("{") == converted.count("}")


def test_without_effects_there_is_no_paragraph(tiny):
    assert list(effects_methods(parse(study()), tiny)) == []
    assert list(effects_methods(parse(study(**EVERYTHING)), tiny)) == []
