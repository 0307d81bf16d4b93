"""Requirements and costs of a design."""

import pytest
import yaml

from rlrecovery.config.former import differing_keys
from rlrecovery.config.reader import parse
from unit.config.experiments import ROOT, sentences, valid

GOOD = {"measure": "rmse", "parameter": "alpha", "level": "participant", "at_most": 0.1}
BEST = {"measure": "p_best", "model": "rescorla_wagner", "at_least": 0.9}


def test_requirements_of_the_documentation():
    targets = {
        "alpha_precise": GOOD,
        "alpha_ranked": {"measure": "spearman", "parameter": "alpha", "at_least": 0.8},
        "honest": {"measure": "coverage", "nominal": 0.95, "at_least": 0.93},
    }
    cost = {"participant": 30, "trial": 0.05}
    experiment = parse(valid() | {"targets": targets, "over": "worst", "cost": cost})
    assert (experiment.targets["honest"].limit, experiment.targets["honest"].sign) == (0.93, 1)
    assert (experiment.targets["alpha_precise"].sign, experiment.within) == (-1, 0.1)
    assert experiment.cost.total(40, 100) == 40 * (30 + 5)
    assert parse(experiment.resolved()) == experiment


def test_an_unknown_model_is_the_only_mistake():
    models = {
        "simulate": {
            "rescorla_wagner": {"truth": valid()["truth"], "population": valid()["population"]}
        },
        "fit": ["rescorla_wagner", "no_such_model"],
    }
    config = {k: v for k, v in valid().items() if k not in ("model", "truth", "population")}
    found = sentences(config | {"models": models, "targets": {"best": BEST}})
    assert any("no_such_model" in sentence for sentence in found)
    assert not any("targets" in sentence for sentence in found)


def test_a_study_may_change_its_requirements():
    plain, other = valid(), {"targets": {"precise": GOOD}, "over": "worst", "within": 0.2}
    assert differing_keys(parse(plain), parse(plain | other)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measure": "rmsee"}, ["measure", "rmsee", "did you mean rmse?"]),
        ({"at_least": 0.2}, ["both of at_most and at_least"]),
        ({"at_most": 0}, ["at_most", "greater than 0"]),
        ({"at_most": -1}, ["at_most", "greater than 0"]),
        ({"parameter": "alfa"}, ["parameter", "alfa", "alpha or beta"]),
        ({"method": "mel"}, ["method", "mel", "did you mean mle?"]),
        ({"level": "people"}, ["level", "participant, group or spread"]),
        ({"nominal": 0.95}, ["nominal", "only for width or coverage"]),
        ({"model": "rescorla_wagner"}, ["model", "only for p_best"]),
        ({"measure": "width", "nominal": 0.9}, ["nominal", "0.9", "interval_levels: 0.5 or 0.95"]),
        ({"measure": "reliability"}, ["at_most", "needs at_least"]),
        ({"measure": "coverage", "at_most": 1.5}, ["at_most", "between 0 and 1"]),
    ],
)
def test_a_wrong_requirement_is_one_sentence(changes, words):
    found = sentences(valid() | {"targets": {"precise": GOOD | changes}})
    assert len(found) == 1, found
    assert all(word in found[0] for word in ["targets.precise", *words]), found


def test_a_requirement_needs_a_limit_on_the_right_side():
    without = {key: value for key, value in GOOD.items() if key != "at_most"}
    (found,) = sentences(valid() | {"targets": {"precise": without}})
    assert "neither of at_most and at_least" in found
    (found,) = sentences(valid() | {"targets": {"precise": without | {"at_least": 1}}})
    assert "at_least is not allowed for rmse, which needs at_most" in found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cost": {"participant": -1, "trial": 0}}, ["cost.participant", "at least 0"]),
        ({"cost": {"participant": 0, "trial": 0}}, ["cost", "one must be above 0"]),
        ({"over": "best"}, ["over", "truths or worst"]),
        ({"within": 0}, ["within", "greater than 0"]),
        ({"targets": {"all": GOOD}}, ["targets.all", "another name"]),
        ({"targets": {"No": GOOD}}, ["targets.No", "not a valid name"]),
        ({"targets": {"best": BEST}}, ["p_best", "models.fit"]),
    ],
)
def test_other_mistakes(changes, words):
    found = sentences(valid() | changes)
    assert len(found) == 1, found
    assert all(word in found[0] for word in words), found


def competing(target):
    raw = yaml.safe_load((ROOT / "docs/studies/models.yaml").read_text())
    return raw | {"targets": {"best": target}}


def test_models_that_compete():
    assert parse(competing(BEST)).targets["best"].model == "rescorla_wagner"
    without = {key: value for key, value in BEST.items() if key != "model"}
    (found,) = sentences(competing(without))
    assert "needs the key model" in found
    (found,) = sentences(competing(BEST | {"model": "win_stay_lose_shift"}))
    assert "targets.best.model" in found
    (found,) = sentences(competing(BEST | {"level": "group"}))
    assert "targets.best.level is not allowed for p_best" in found
    other = GOOD | {"parameter": "alpha_positive", "method": "mle"}
    assert parse(competing(other)).targets["best"].method == "mle"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"effect": "patient", "parameter": "alpha", "size": -0.4, "analysis": "joint"}, []),
        ({"effect": "patients"}, ["effect", "must be patient", "did you mean patient?"]),
        ({"parameter": "beta"}, ["parameter", "must be alpha"]),
        ({"size": -0.5}, ["size", "a size that is simulated: -0.8 or -0.4"]),
        ({"size": 0}, ["size", "a size that is simulated"]),
        ({"analysis": "joined"}, ["analysis", "did you mean joint?"]),
        ({"level": "group"}, ["level", "not allowed for power"]),
        ({"at_least": 1.2}, ["at_least", "between 0 and 1"]),
    ],
)
def test_power_is_that_of_a_simulated_effect(changes, words):
    groups = {
        "control": {"share": 0.5},
        "patient": {"share": 0.5, "shift": {"alpha": [-0.4, -0.8]}},
    }
    target = {"measure": "power", "at_least": 0.8} | changes
    raw = valid() | {"participants": [20], "groups": groups, "targets": {"found": target}}
    if not words:
        assert parse(raw).targets["found"].measure == "power"
        return
    (said,) = sentences(raw)
    assert all(word in said for word in ("targets.found", *words))


def test_power_needs_effects_and_other_measures_have_none():
    target = {"measure": "power", "at_least": 0.8}
    (said,) = sentences(valid() | {"targets": {"found": target}})
    assert said.startswith("targets.found.measure is power, which needs groups, conditions or")
    (said,) = sentences(valid() | {"targets": {"t": GOOD | {"effect": "patient"}}})
    assert said == "targets.t.effect is not allowed for rmse, but only for power"
