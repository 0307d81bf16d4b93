"""Which analyses a method is used for, and what the hash of their settings depends on."""

import pytest
from settings import bayes

from rlrecovery.effects.analyses import (
    analyses_of,
    compare_hash,
    has_retest,
    settings_of_rows,
)
from rlrecovery.effects.settings import EffectSettings
from rlrecovery.fitting.registry import Method
from unit.effects.examples import ALL, CORRELATION, EVERY, METHODS, cell, generator, method

TESTS = ("t_test", "rank_test")
BY_GROUP = ("t_test_by_group", "rank_test_by_group")


def without_joint(name, effects=EVERY, shares=(0.5, 0.5), settings=ALL):
    own = method(name) if isinstance(name, str) else name
    analyses = analyses_of(own, settings, generator(effects, shares).design)
    return tuple(analysis for analysis in analyses if analysis != "joint")


def test_only_hierarchical_methods_are_fitted_by_group():
    assert without_joint("mle") == without_joint("none") == TESTS
    assert without_joint("partial") == TESTS + BY_GROUP
    sampled = Method.of(bayes("partial"), "nuts")
    assert without_joint(sampled) == TESTS


def test_with_one_group_and_condition_nothing_is_fitted_by_group():
    assert without_joint("partial", (CORRELATION,), (1.0,)) == TESTS


@pytest.mark.parametrize("name", METHODS)
def test_without_effects_there_are_no_analyses(name):
    """A second session alone needs no fits for analyses."""
    assert analyses_of(method(name), ALL, generator((), (1.0,)).design) == ()


def test_analyses_are_those_of_the_settings():
    assert without_joint("partial", settings=EffectSettings(analyses=("t_test_by_group",))) == (
        "t_test_by_group",
    )


def test_a_method_that_estimates_the_effects_has_a_joint_analysis(monkeypatch):
    own = method("partial")
    kinds = []

    def estimates_effects(self, given):
        kinds.append(set(given))
        return True

    monkeypatch.setattr(type(own.settings), "estimates_effects", estimates_effects)
    assert analyses_of(own, ALL, generator().design)[-1] == "joint"
    assert kinds == [{"group", "condition", "covariate"}]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"replicates": 50, "batch_size": 3, "methods": ("mle",)}, True),
        ({"significance": 0.01}, False),
        ({"retest": False}, False),
    ],
)
def test_the_hash_changes_with_what_changes_rows(changes, same):
    given = (method("mle"), generator(), cell(0.0, 0.0, 0.0))
    other = compare_hash(*given, EffectSettings(**changes))
    assert (other == compare_hash(*given, EffectSettings())) is same
    jobs = [settings_of_rows(EffectSettings(**own)) for own in (changes, {})]
    assert (jobs[0] == jobs[1]) is same  # and so finished jobs are kept
    assert EffectSettings.of(jobs[0]).significance == EffectSettings(**changes).significance


def test_the_hash_changes_with_method_generator_and_cell():
    hashes = {
        compare_hash(method(name), made, own, ALL)
        for name in METHODS
        for made in (generator(), generator(shares=(0.3, 0.7)))
        for own in (cell(0.0, 0.0, 0.0), cell(0.1, 0.0, 0.0))
    }
    assert len(hashes) == 4 * len(METHODS)


def test_second_sessions_are_simulated_without_effects():
    assert has_retest(cell(0.0, 0.0, 0.0), ALL)
    assert not has_retest(cell(0.0, 0.1, 0.0), ALL)
    assert not has_retest(cell(0.0, 0.0, 0.0), EffectSettings(retest=False))
