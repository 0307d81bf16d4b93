"""Every class of mistake in config.yaml gives one sentence with its key, value and remedy."""

import copy
import json
import math
import pickle
import subprocess
import sys
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rlrecovery import config
from rlrecovery.config import ConfigError, Experiment, load, parse
from rlrecovery.distributions import Distribution, families
from rlrecovery.models import MODELS, RESCORLA_WAGNER

ROOT = Path(__file__).parents[2]
GONE = object()

BAYES_SETTINGS = {
    "point": "mean",
    "chains": 4,
    "tune": 500,
    "draws": 500,
    "target_accept": 0.9,
    "convergence": {"rhat": 1.01, "ess_bulk": 400, "ess_tail": 400, "divergences": 0},
}
FLAT = {"distribution": "Beta", "alpha": 1, "beta": 1}
HALF = {"distribution": "HalfNormal", "sigma": 1}
REAL = {"distribution": "Normal", "mu": 0, "sigma": 1.5}
FORM = "{spread: ...} or {distribution: name, and its arguments}"
FAMILIES = "Beta, Exponential, Gamma, HalfNormal, LogNormal, Normal or Uniform"
TOO_EXTREME = "its arguments must not be too large or too small to compute with"
TOP_KEYS = (
    "run, seed, task, model, truth, population, participants, trials, replicates, batch_size, "
    "interval_levels, methods"
)
MODEL_NAMES = "rescorla_wagner or rescorla_wagner_two_rates"


def unshared(raw: dict) -> dict:
    """A copy in which no section stands in two places."""
    return json.loads(json.dumps(raw))


def valid() -> dict:
    return unshared(
        {
            "run": "test",
            "seed": 1,
            "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
            "model": "rescorla_wagner",
            "truth": {"alpha": [0.2, 0.5, 0.8], "beta": [2, 5]},
            "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0}},
            "participants": [10],
            "trials": [50, 150],
            "replicates": 20,
            "batch_size": 20,
            "interval_levels": [0.5, 0.95],
            "methods": {
                "mle": {
                    "estimator": "mle",
                    "model": "rescorla_wagner",
                    "engine": "compiled",
                    "bounds": {"alpha": [0, 1], "beta": [0, 50]},
                    "grid": 10,
                    "starts": 3,
                    "group_scale": "unconstrained",
                },
                "bayes": {
                    "estimator": "bayes",
                    "model": "rescorla_wagner",
                    "engine": "compiled",
                    "pooling": "none",
                    "likelihood": "potential",
                    "priors": {"alpha": FLAT, "beta": HALF},
                    **BAYES_SETTINGS,
                },
                "hierarchical": {
                    "estimator": "bayes",
                    "model": "rescorla_wagner",
                    "engine": "compiled",
                    "pooling": "partial",
                    "likelihood": "categorical",
                    "priors": {
                        "alpha": {"location": REAL, "scale": HALF},
                        "beta": {"location": REAL, "scale": HALF},
                    },
                    **BAYES_SETTINGS,
                },
            },
        }
    )


def changed(changes: dict) -> dict:
    raw = valid()
    for path, value in changes.items():
        *sections, key = path.split(".")
        place = raw
        for section in sections:
            place = place[section]
        if value is GONE:
            del place[key]
        else:
            place[key] = copy.deepcopy(value)
    return raw


def problems(raw) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(raw)
    return caught.value.problems


def two_rates(**changes) -> dict:
    bounds = {"alpha_positive": [0, 1], "alpha_negative": [0, 1], "beta": [0, 50]}
    mle = valid()["methods"]["mle"] | {"model": "rescorla_wagner_two_rates", "bounds": bounds}
    return mle | changes


# ------------------------------------------------------------------------------- valid configs


def test_the_committed_config_is_valid():
    experiment = load(ROOT / "config.yaml")
    assert isinstance(experiment, Experiment)
    assert list(experiment.methods) == ["mle", "bayes", "hierarchical"]


@pytest.mark.parametrize("raw", [valid(), yaml.safe_load((ROOT / "config.yaml").read_text())])
def test_the_resolved_dump_round_trips(raw):
    experiment = parse(raw)
    dump = experiment.model_dump(mode="json")
    assert parse(dump) == experiment
    assert parse(yaml.safe_load(yaml.safe_dump(dump))) == experiment
    assert parse(json.loads(json.dumps(dump))).model_dump(mode="json") == dump
    assert pickle.loads(pickle.dumps(experiment)) == experiment


def test_the_fields_have_their_types():
    experiment = parse(valid())
    assert experiment.truth == {"alpha": (0.2, 0.5, 0.8), "beta": (2.0, 5.0)}
    assert all(type(value) is float for value in experiment.truth["beta"])
    assert experiment.trials == (50, 150)
    assert experiment.task.arms == (0.4, 0.6)
    assert experiment.interval_levels == (0.5, 0.95)
    assert experiment.methods["mle"].bounds == {"alpha": (0.0, 1.0), "beta": (0.0, 50.0)}
    assert experiment.methods["bayes"].convergence.rhat == 1.01


def test_parsing_leaves_its_input_alone_and_takes_any_mapping():
    raw = changed({"methods.bayes.priors": {}})
    before = copy.deepcopy(raw)
    parse(raw)
    assert raw == before


def test_the_experiment_is_frozen():
    experiment = parse(valid())
    with pytest.raises(ValueError, match="frozen"):
        experiment.seed = 2
    with pytest.raises(ValueError, match="frozen"):
        experiment.methods["mle"].grid = 2


@pytest.mark.parametrize(
    "changes",
    [
        {"truth.alpha": [0, 1], "truth.beta": [0]},
        {"participants": [1], "trials": [1]},
        {"task.blocks": 3, "trials": [3, 150]},
        {"task.arms": [0.5, 0.5, 0, 1]},
        {"task.start_value": -2},
        {"methods.two": two_rates()},
        {"methods.mle.grid": 2, "methods.mle.starts": 4},
        {"methods.mle.group_scale": "natural"},
        {"methods.bayes.pooling": "complete", "methods.bayes.point": "median"},
        {"truth": {}, "population.alpha": FLAT, "population.beta": HALF},
        {"truth.alpha": GONE, "population.alpha": {**FLAT, "alpha": 2, "beta": 2}},
        {
            "model": "rescorla_wagner_two_rates",
            "truth": {"alpha_positive": [0.1], "alpha_negative": [0.9], "beta": [3]},
            "population": {
                name: {"spread": 0.1} for name in ("alpha_positive", "alpha_negative", "beta")
            },
        },
        {"methods.bayes.priors.alpha": {"distribution": "Uniform", "lower": 0.2, "upper": 0.8}},
        {"replicates": 2, "batch_size": 1000},
        {"seed": 2**128 - 1, "run": "2024_a-B"},
    ],
)
def test_these_are_fine(changes):
    parse(changed(changes))


def test_a_population_has_a_spread_or_a_distribution():
    changes = {"truth.alpha": GONE, "population.alpha": {**FLAT, "alpha": 2}}
    population = parse(changed(changes)).population
    assert population["alpha"].spread is None
    expected = Distribution.of("Beta", {"alpha": 2, "beta": 1})
    assert population["alpha"].distribution_object() == expected
    assert population["beta"].spread == 0
    assert population["beta"].distribution_object() is None
    assert population["alpha"].model_dump() == {**FLAT, "alpha": 2.0}
    assert population["beta"].model_dump() == {"spread": 0.0}


def test_priors_are_distributions():
    methods = parse(valid()).methods
    flat = Distribution.of("Beta", {"alpha": 1, "beta": 1})
    half = Distribution.of("HalfNormal", {"sigma": 1})
    real = Distribution.of("Normal", {"mu": 0, "sigma": 1.5})
    assert methods["bayes"].prior_distributions() == {"alpha": flat, "beta": half}
    assert methods["bayes"].location_distributions() == {}
    assert methods["hierarchical"].prior_distributions() == {}
    assert methods["hierarchical"].location_distributions() == {"alpha": real, "beta": real}
    assert methods["hierarchical"].scale_distributions() == {"alpha": half, "beta": half}


@pytest.mark.parametrize("priors", [GONE, {}, {"beta": HALF}])
@pytest.mark.parametrize("pooling", ["none", "complete"])
def test_natural_priors_that_are_left_out_are_the_models(priors, pooling):
    changes = {"methods.bayes.priors": priors, "methods.bayes.pooling": pooling}
    method = parse(changed(changes)).methods["bayes"]
    found = method.prior_distributions()
    assert list(found) == ["alpha", "beta"]
    assert found["alpha"] == RESCORLA_WAGNER.parameter("alpha").prior
    if priors in (GONE, {}):
        assert found["beta"] == RESCORLA_WAGNER.parameter("beta").prior
    assert method.model_dump(mode="json")["priors"]["alpha"] == FLAT


def test_hierarchical_priors_that_are_left_out_are_the_models():
    method = parse(changed({"methods.hierarchical.priors": {}})).methods["hierarchical"]
    for parameter in RESCORLA_WAGNER.parameters:
        assert method.location_distributions()[parameter.name] == parameter.location
        assert method.scale_distributions()[parameter.name] == parameter.scale


def test_a_new_model_needs_nothing_here(monkeypatch):
    monkeypatch.setitem(MODELS, "brand_new", RESCORLA_WAGNER)
    assert parse(changed({"model": "brand_new"})).model == "brand_new"
    assert "brand_new" in config.manual()
    assert problems(changed({"model": "brand_neu"})) == [
        f"model is 'brand_neu', but must be {MODEL_NAMES.replace(' or ', ', ')} or brand_new "
        "(did you mean brand_new?)"
    ]


# ------------------------------------------------------------- one mistake, exactly one sentence

KEYS = [
    ({"colour": 5}, f"colour is 5, but there is no such key; the keys here are {TOP_KEYS}"),
    (
        {"batch_size": GONE, "batchsize": 5},
        f"batchsize is 5, but there is no such key; the keys here are {TOP_KEYS} "
        "(did you mean batch_size?)",
    ),
    (
        {"methods.mle.gird": 10},
        "methods.mle.gird is 10, but there is no such key; the keys here are estimator, model, "
        "engine, bounds, grid, starts, group_scale (did you mean grid?)",
    ),
    (
        {"methods.mle.grid": GONE},
        "methods.mle.grid is missing, but must be a whole number of at least 2",
    ),
    (
        {"methods.bayes.convergence": GONE},
        "methods.bayes.convergence is missing, but must be a section with the keys rhat, "
        "ess_bulk, ess_tail, divergences",
    ),
    ({"model": GONE}, f"model is missing, but must be {MODEL_NAMES}"),
    ({"truth": GONE}, "truth is missing, but must be a section with one entry per parameter"),
    ({"task": 5}, "task is 5, but must be a section with the keys arms, blocks, start_value"),
    (
        {"methods": {}},
        "methods is {}, but must be a section with at least one method, each under its name",
    ),
    (
        {"methods.mle": None},
        "methods.mle is empty, but must be a section with estimator: mle or a section with "
        "estimator: bayes",
    ),
    ({"methods.mle.estimator": GONE}, "methods.mle.estimator is missing, but must be mle or bayes"),
    (
        {"methods.mle.estimator": GONE, "methods.mle.estimater": "mle"},
        "methods.mle.estimator is missing, but must be mle or bayes (did you mean estimator "
        "instead of estimater?)",
    ),
    (
        {"methods.mle.estimator": "mel"},
        "methods.mle.estimator is 'mel', but must be mle or bayes (did you mean mle?)",
    ),
    (
        {"methods.mle.estimator": ["mle"]},
        "methods.mle.estimator is [mle], but must be mle or bayes",
    ),
    (
        {"methods.Mle": two_rates()},
        "methods.Mle is no valid name of a method, but a name must be text of lower-case letters, "
        "digits and _ that starts with a letter",
    ),
]

RUN = "text of letters, digits, _ and - that starts with a letter or a digit"
OPEN = "a number between 0 and 1, ends excluded"
SHARE = "a number from 0 to 1"
FINITE = "a finite number"
QUOTES = " (put it in quotes)"


def whole(least: int) -> str:
    return f"a whole number of at least {least}"


def listed(each: str, least: str = "at least 1 value") -> str:
    return f"a list of {least}, each {each}"


#: Key, value, the value in the sentence, what is allowed.
VALUES = [
    ("run", "a/b", "is 'a/b'", RUN),
    ("run", "a.b", "is 'a.b'", RUN),
    ("run", "..", "is '..'", RUN),
    ("run", "", "is ''", RUN),
    ("run", "-a", "is '-a'", RUN),
    ("run", "a\n", r"is 'a\n'", RUN),
    ("run", None, "is empty", RUN),
    ("run", 2024, "is 2024", RUN + QUOTES),
    ("run", True, "is true", RUN + QUOTES),
    ("run", date(2024, 1, 2), "is 2024-01-02", RUN + QUOTES),
    ("seed", -1, "is -1", whole(0)),
    ("seed", 1.5, "is 1.5", whole(0)),
    ("seed", 2.0, "is 2.0", whole(0) + " (write 2)"),
    ("seed", "1e3", "is '1e3'", whole(0) + " (write 1000)"),
    ("seed", False, "is false", whole(0)),
    ("task.arms", [0.5], "is [0.5]", listed(SHARE, "at least 2 values")),
    ("task.arms", 0.5, "is 0.5", listed(SHARE, "at least 2 values")),
    ("task.arms", [0.5, 1.5], "contains 1.5", SHARE),
    ("task.arms", [0.5, -0.1], "contains -0.1", SHARE),
    ("task.arms", [0.5, "x"], "contains 'x'", SHARE),
    ("task.blocks", 0, "is 0", whole(1)),
    ("task.start_value", math.inf, "is inf", FINITE),
    ("task.start_value", 10**400, "is inf", FINITE),
    ("task.start_value", True, "is true", "a number"),
    ("task.start_value", "half", "is 'half'", "a number"),
    ("task.start_value", "1e-3", "is '1e-3'", "a number (write 0.001 or 1.0e-3)"),
    ("task.start_value", "2.5e3", "is '2.5e3'", "a number (write 2500 or 2.5e+3)"),
    ("task.start_value", "1e-99", "is '1e-99'", "a number (write 1.0e-99)"),
    ("task.start_value", "0.5", "is '0.5'", "a number (write 0.5 without quotes)"),
    ("participants", 10, "is 10", listed(whole(1)) + " (write [10])"),
    ("participants", [], "is []", listed(whole(1))),
    ("participants", [0], "contains 0", whole(1)),
    ("trials", [], "is []", listed(whole(1))),
    ("trials", [50, 0], "contains 0", whole(1)),
    ("trials", [50, 60.0], "contains 60.0", whole(1) + " (write 60)"),
    ("trials", [True], "contains true", whole(1)),
    ("replicates", 1, "is 1", whole(2)),
    ("batch_size", 0, "is 0", whole(1)),
    ("interval_levels", [], "is []", listed(OPEN)),
    ("interval_levels", [0.5, 1], "contains 1", OPEN),
    ("interval_levels", [0, 0.5], "contains 0", OPEN),
    ("truth.alpha", [], "is []", listed("a number")),
    ("truth.alpha", 0.5, "is 0.5", listed("a number") + " (write [0.5])"),
    ("truth.alpha", [math.nan], "contains nan", FINITE),
    ("methods.mle.grid", "ten", "is 'ten'", whole(2)),
    ("methods.mle.grid", 1, "is 1", whole(2)),
    ("methods.mle.engine", "scam", "is 'scam'", "compiled or scan (did you mean scan?)"),
    ("methods.mle.starts", 0, "is 0", whole(1)),
    (
        "methods.mle.group_scale",
        "naturel",
        "is 'naturel'",
        "unconstrained or natural (did you mean natural?)",
    ),
    ("methods.mle.bounds.beta", [0, math.inf], "contains inf", FINITE),
    ("methods.mle.bounds.beta", [0], "is [0]", listed("a number", "2 values")),
    ("methods.mle.bounds.beta", [0, 1, 2], "is [0, 1, 2]", listed("a number", "2 values")),
    ("methods.mle.bounds.beta", 50, "is 50", listed("a number", "2 values")),
    ("methods.bayes.pooling", "full", "is 'full'", "none, partial or complete"),
    ("methods.bayes.pooling", None, "is empty", "none, partial or complete"),
    (
        "methods.bayes.likelihood",
        "potental",
        "is 'potental'",
        "potential or categorical (did you mean potential?)",
    ),
    ("methods.bayes.point", "mode", "is 'mode'", "mean or median"),
    ("methods.bayes.chains", 1, "is 1", whole(2)),
    ("methods.bayes.tune", 0, "is 0", whole(1)),
    ("methods.bayes.draws", 3, "is 3", whole(4)),
    ("methods.bayes.target_accept", 1, "is 1", OPEN),
    ("methods.bayes.target_accept", 0, "is 0", OPEN),
    ("methods.bayes.convergence.rhat", 1, "is 1", "a number greater than 1"),
    ("methods.bayes.convergence.ess_bulk", -1, "is -1", "a number of at least 0"),
    ("methods.bayes.convergence.ess_tail", -1, "is -1", "a number of at least 0"),
    ("methods.bayes.convergence.divergences", 0.5, "is 0.5", whole(0)),
    ("methods.bayes.convergence.divergences", -1, "is -1", whole(0)),
]

HAS = "rescorla_wagner has this parameter"
NOT_HAS = "rescorla_wagner has no such parameter; it has alpha, beta"
NEEDS = {
    "natural": "{distribution: name, and its arguments}",
    "population": "{location: ..., scale: ...}",
}
TOGETHER = [
    (
        {"model": "rescorla_wagnr"},
        f"model is 'rescorla_wagnr', but must be {MODEL_NAMES} (did you mean rescorla_wagner?)",
    ),
    ({"methods.mle.model": "q"}, f"methods.mle.model is 'q', but must be {MODEL_NAMES}"),
    ({"methods.bayes.model": 3}, f"methods.bayes.model is 3, but must be {MODEL_NAMES}"),
    # truth and population
    ({"truth.gamma": [1]}, f"truth.gamma is [1], but {NOT_HAS}"),
    (
        {"truth.alpha": GONE, "truth.alhpa": [0.5]},
        f"truth.alhpa is [0.5], but {NOT_HAS} (did you mean alpha?)",
    ),
    (
        {"truth.alpha": GONE},
        "truth.alpha is missing, but must be a list of values, or population.alpha a distribution",
    ),
    (
        {"truth.alpha": [0.2, 1.2]},
        "truth.alpha contains 1.2, but alpha must be a number from 0 to 1",
    ),
    (
        {"truth.alpha": [-1, 0.2, 1.2]},
        "truth.alpha contains -1, 1.2, but alpha must be a number from 0 to 1",
    ),
    ({"truth.beta": [-1, 2]}, "truth.beta contains -1, but beta must be a number of at least 0"),
    (
        {"truth.beta": [2, 60]},
        "truth.beta contains 60, but must be a number from 0 to 50 because of "
        "methods.mle.bounds.beta",
    ),
    (
        {"truth.alpha": [0.5, 0.2, 0.50]},
        "truth.alpha contains 0.5 more than once, but its values must differ",
    ),
    (
        {"truth.beta": [2, 2.0, 2]},
        "truth.beta contains 2.0 more than once, but its values must differ",
    ),
    (
        {"participants": [10, 5, 10]},
        "participants contains 10 more than once, but its values must differ",
    ),
    ({"trials": [50, 50]}, "trials contains 50 more than once, but its values must differ"),
    (
        {"interval_levels": [0.5, 0.50]},
        "interval_levels contains 0.5 more than once, but its values must differ",
    ),
    ({"population.alpha": GONE}, f"population.alpha is missing, but must be {FORM}: {HAS}"),
    ({"population.alpha": {}}, f"population.alpha is {{}}, but must be {FORM}"),
    ({"population.alpha": 0.5}, f"population.alpha is 0.5, but must be {FORM}"),
    (
        {"population.alpha": {"spred": 1}},
        f"population.alpha is {{spred: 1}}, but must be {FORM} (did you mean spread instead of "
        "spred?)",
    ),
    (
        {"population.alpha": {"spread": 1, **HALF}},
        f"population.alpha is {{spread: 1, distribution: HalfNormal, sigma: 1}}, but must be "
        f"{FORM}",
    ),
    (
        {"population.alpha": {"location": REAL, "scale": HALF}},
        "population.alpha is {location: {distribution: Normal, mu: 0, sigma: 1.5}, scale: "
        f"{{distr..., but must be {FORM}",
    ),
    (
        {"methods.bayes.priors.alpha": {"spread": 1}},
        "methods.bayes.priors.alpha is {spread: 1}, but must be "
        f"{NEEDS['natural']} or {NEEDS['population']}",
    ),
    (
        {"population.alpha": {"spread": -1}},
        "population.alpha.spread is -1, but must be a number of at least 0",
    ),
    ({"population.gamma": {"spread": 1}}, f"population.gamma is {{spread: 1}}, but {NOT_HAS}"),
    (
        {"population.alpha": FLAT},
        "truth.alpha is [0.2, 0.5, 0.8], but population.alpha names a distribution; only one "
        "may be given",
    ),
    # task and size
    (
        {"task.blocks": 4},
        "trials contains 50, 150, but must be a multiple of task.blocks, which is 4",
    ),
    ({"task.blocks": 3}, "trials contains 50, but must be a multiple of task.blocks, which is 3"),
    (
        {"truth.alpha": [i / 1000 for i in range(1001)], "participants": list(range(1, 1000))},
        "truth is crossed with participants and trials into 3999996 cells, but there may be "
        "1000000 at most",
    ),
    # maximum likelihood
    (
        {"methods.mle.starts": 101},
        "methods.mle.starts is 101, but must be at most 100, the number of points of the grid",
    ),
    (
        {"methods.two": two_rates(starts=1001)},
        "methods.two.starts is 1001, but must be at most 1000, the number of points of the grid",
    ),
    (
        {"methods.mle.bounds": GONE},
        "methods.mle.bounds is missing, but must be a section with one entry per parameter",
    ),
    (
        {"methods.mle.bounds.alpha": GONE},
        f"methods.mle.bounds.alpha is missing, but must be [lower, upper]: {HAS}",
    ),
    ({"methods.mle.bounds.gamma": [0, 1]}, f"methods.mle.bounds.gamma is [0, 1], but {NOT_HAS}"),
    (
        {"methods.mle.bounds.alpha": [1, 0]},
        "methods.mle.bounds.alpha is [1, 0], but its lower end must be less than its upper end",
    ),
    (
        {"methods.mle.bounds.alpha": [0.5, 0.5]},
        "methods.mle.bounds.alpha is [0.5, 0.5], but its lower end must be less than its upper end",
    ),
    (
        {"methods.mle.bounds.alpha": [-1, 1]},
        "methods.mle.bounds.alpha is [-1, 1], but alpha must be a number from 0 to 1",
    ),
    (
        {"methods.mle.bounds.alpha": [0.6, 1]},
        "truth.alpha contains 0.2, 0.5, but must be a number from 0.6 to 1 because of "
        "methods.mle.bounds.alpha",
    ),
    # Bayes
    (
        {"methods.bayes.priors": None},
        "methods.bayes.priors is empty, but must be a section with one entry per parameter",
    ),
    (
        {"methods.bayes.priors.aplha": FLAT},
        f"methods.bayes.priors.aplha is {{distribution: Beta, alpha: 1, beta: 1}}, but {NOT_HAS} "
        "(did you mean alpha?)",
    ),
    (
        {"methods.bayes.priors.alpha": 5},
        f"methods.bayes.priors.alpha is 5, but must be {NEEDS['natural']} or {NEEDS['population']}",
    ),
    (
        {"methods.bayes.priors.alpha": REAL},
        "methods.bayes.priors.alpha is Normal(mu=0, sigma=1.5), which can be any number, but "
        "alpha must be a number from 0 to 1",
    ),
    (
        {"methods.bayes.priors.alpha": {"distribution": "Uniform", "lower": 0.3, "upper": 1}},
        "truth.alpha contains 0.2, but must be a number from 0.3 to 1 because of "
        "methods.bayes.priors.alpha",
    ),
    (
        {"methods.bayes.priors.alpha": {"location": REAL, "scale": HALF}},
        "methods.bayes.priors.alpha is {location: {distribution: Normal, mu: 0, sigma: "
        "1.5}, scale: {distr..., "
        f"but with pooling none must be {NEEDS['natural']}",
    ),
    (
        {"methods.hierarchical.priors.alpha": FLAT},
        "methods.hierarchical.priors.alpha is {distribution: Beta, alpha: 1, beta: 1}, but "
        "with pooling "
        f"partial must be {NEEDS['population']}",
    ),
    (
        {"methods.hierarchical.priors.alpha.scale": REAL},
        "methods.hierarchical.priors.alpha.scale is Normal(mu=0, sigma=1.5), which can be "
        "any number, but "
        "an SD must be a number of at least 0",
    ),
    (
        {"methods.hierarchical.priors.alpha.scale": GONE},
        f"methods.hierarchical.priors.alpha.scale is missing, but must be {NEEDS['natural']}",
    ),
    (
        {"methods.hierarchical.priors.alpha.location": {"mu": 0, "sigma": 1}},
        "methods.hierarchical.priors.alpha.location.distribution is missing, but must be "
        f"{FAMILIES}",
    ),
]

DISTRIBUTIONS = [
    (
        {"distribution": "HalfNorml", "sigma": 1},
        f"population.beta.distribution is 'HalfNorml', but must be {FAMILIES} (did you mean "
        "HalfNormal?)",
    ),
    (
        {"distribution": "Spread"},
        f"population.beta.distribution is 'Spread', but must be {FAMILIES}",
    ),
    (
        {"distribution": "PopulationPrior"},
        f"population.beta.distribution is 'PopulationPrior', but must be {FAMILIES}",
    ),
    ({"distribution": ["Beta"]}, f"population.beta.distribution is [Beta], but must be {FAMILIES}"),
    (
        {"distribution": "HalfNormal", "sigma": -2},
        "population.beta.sigma is -2, but must be a number greater than 0",
    ),
    (
        {"distribution": "HalfNormal"},
        "population.beta.sigma is missing, but must be a number greater than 0",
    ),
    (
        {"distribution": "HalfNormal", "sigma": 2, "mu": 1},
        "population.beta.mu is 1, but there is no such key; the keys here are distribution, sigma",
    ),
    (
        {"distribution": "Uniform", "lower": 1, "upper": 0},
        "population.beta is {distribution: Uniform, lower: 1, upper: 0}, but Uniform.lower "
        "must be less than Uniform.upper",
    ),
    (
        {"distribution": "Normal", "mu": 1, "sigma": 2},
        "population.beta is Normal(mu=1, sigma=2), which can be any number, but beta must "
        "be a number of at least 0",
    ),
    (
        {"distribution": "LogNormal", "mu": 1000, "sigma": 1},
        f"population.beta is {{distribution: LogNormal, mu: 1000, sigma: 1}}, but {TOO_EXTREME}",
    ),
    (
        {"distribution": "Exponential", "lam": 1e-320},
        f"population.beta is {{distribution: Exponential, lam: 1e-320}}, but {TOO_EXTREME}",
    ),
]


@pytest.mark.parametrize(("key", "value", "shown", "allowed"), VALUES)
def test_one_wrong_value_is_one_sentence(key, value, shown, allowed):
    assert problems(changed({key: value})) == [f"{key} {shown}, but must be {allowed}"]


@pytest.mark.parametrize(("changes", "sentence"), [*KEYS, *TOGETHER])
def test_one_mistake_is_one_sentence(changes, sentence):
    assert problems(changed(changes)) == [sentence]


@pytest.mark.parametrize(("entry", "sentence"), DISTRIBUTIONS)
def test_one_mistake_in_a_distribution_is_one_sentence(entry, sentence):
    assert problems(changed({"truth.beta": GONE, "population.beta": entry})) == [sentence]


def test_a_parameter_in_neither_section_is_missing_in_both():
    assert problems(changed({"truth.alpha": GONE, "population.alpha": GONE})) == [
        "truth.alpha is missing, but must be a list of values, or population.alpha a distribution",
        f"population.alpha is missing, but must be {FORM}: {HAS}",
    ]


def test_keys_that_yaml_does_not_read_as_text():
    raw = valid() | {True: 3}
    raw["truth"][5] = [1]
    assert problems(raw) == [
        "truth.5 is [1], but a key must be text; put it in quotes",
        "true is 3, but a key must be text; put it in quotes",
    ]


def test_half_a_character_can_be_printed():
    (found,) = problems(valid() | {"\ud800": "\udfff"})
    assert found.startswith(r"'\\ud800' is '\\udfff', but there is no such key")


def test_all_mistakes_are_reported_at_once():
    changes = {
        "seed": -1,
        "truth.alpha": [1.2, "x", 0.5, 0.5],
        "methods.mle.grid": 1,
        "methods.mle.bounds.beta": [0, 4],
        "methods.bayes.model": "foo",
        "methods.hierarchical.priors.beta.scale": REAL,
        "trials": [50, 51],
        "task.blocks": 2,
        "batch_size": GONE,
        "batchsize": 2,
    }
    assert problems(changed(changes)) == [
        "seed is -1, but must be a whole number of at least 0",
        "truth.alpha contains 'x', but must be a number",
        "truth.alpha contains 1.2, but alpha must be a number from 0 to 1",
        "truth.alpha contains 0.5 more than once, but its values must differ",
        "truth.beta contains 5, but must be a number from 0 to 4 because of "
        "methods.mle.bounds.beta",
        "trials contains 51, but must be a multiple of task.blocks, which is 2",
        "methods.mle.grid is 1, but must be a whole number of at least 2",
        f"methods.bayes.model is 'foo', but must be {MODEL_NAMES}",
        "methods.hierarchical.priors.beta.scale is Normal(mu=0, sigma=1.5), which can be any "
        "number, but an SD must be a number of at least 0",
        f"batchsize is 2, but there is no such key; the keys here are {TOP_KEYS} "
        "(did you mean batch_size?)",
    ]


def test_the_error_prints_one_line_per_problem():
    with pytest.raises(ConfigError) as caught:
        parse(changed({"seed": -1, "replicates": 1}))
    assert str(caught.value) == (
        "error: seed is -1, but must be a whole number of at least 0\n"
        "error: replicates is 1, but must be a whole number of at least 2"
    )


def test_every_key_is_required_but_priors():
    raw = valid()
    for key in raw:
        assert [p.split()[:2] for p in problems(changed({key: GONE}))] == [[key, "is"]]
    for method in raw["methods"]:
        for key in raw["methods"][method]:
            path = f"methods.{method}.{key}"
            if key == "priors":
                parse(changed({path: GONE}))
            else:
                found = problems(changed({path: GONE}))
                assert len(found) == 1
                assert found[0].startswith(f"{path} is missing")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "my.yaml is empty, but must describe an experiment"),
        ({}, "my.yaml is empty, but must describe an experiment"),
        ([1], "my.yaml is [1], but must be a mapping of keys to values"),
        ("text", "my.yaml is 'text', but must be a mapping of keys to values"),
    ],
)
def test_the_top_level_must_be_a_mapping(content, sentence):
    with pytest.raises(ConfigError) as caught:
        parse(content, source="my.yaml")
    assert caught.value.problems == [sentence]


# ---------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "{path} is empty, but must describe an experiment"),
        ("# only a comment\n", "{path} is empty, but must describe an experiment"),
        ("- 1\n", "{path} is [1], but must be a mapping of keys to values"),
        (
            "a: 1\nb: c: 2\n",
            "{path} is not valid YAML in line 2, column 5: mapping values are not allowed here",
        ),
        (
            "a: [1\n",
            "{path} is not valid YAML in line 2, column 1: expected ',' or ']', but got "
            "'<stream end>'",
        ),
        (
            "a: !!python/name:os.system\n",
            "{path} is not valid YAML in line 1, column 4: could not determine a constructor "
            "for the tag 'tag:yaml.org,2002:python/name:os.system'",
        ),
        ("a: *x\n", "{path} is not valid YAML in line 1, column 4: found undefined alias 'x'"),
        ("a: 2024-13-45\n", "{path} holds a value that YAML cannot read: month must be in 1..12"),
        ("[" * 1500, "{path} is not valid YAML: nested too deeply"),
        (
            "a: \x01\n",
            "{path} is not valid YAML: unacceptable character #x0001: special characters are "
            "not allowed",
        ),
    ],
)
def test_a_file_that_is_no_config_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.problems == [sentence.format(path=path)]


def test_a_missing_file_a_folder_and_bytes_are_one_sentence(tmp_path):
    def sentence(path):
        with pytest.raises(ConfigError) as caught:
            load(path)
        (found,) = caught.value.problems
        return found

    missing, binary = tmp_path / "none.yaml", tmp_path / "binary.yaml"
    binary.write_bytes(b"run: \xff\xfe")
    assert "none.yaml is not there" in sentence(missing)
    assert "cannot be read (Is a directory)" in sentence(tmp_path)
    assert "is not text in UTF-8" in sentence(binary)


def test_keys_given_twice_are_reported_with_all_else(tmp_path):
    path = tmp_path / "config.yaml"
    text = yaml.safe_dump(valid(), sort_keys=False).replace("seed: 1\n", "seed: 1\nseed: -2\n")
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.problems == [
        "seed is given again in line 3, but stands in line 2 already; keep one of them",
        "seed is -2, but must be a whole number of at least 0",
    ]


def test_merging_may_override_keys(tmp_path):
    path = tmp_path / "config.yaml"
    text = yaml.safe_dump(changed({"methods": {}}), sort_keys=False).replace("methods: {}\n", "")
    mle = json.dumps(valid()["methods"]["mle"])
    path.write_text(f"{text}methods:\n  a: &a {mle}\n  b:\n    <<: *a\n    grid: 20\n")
    methods = load(path).methods
    assert (methods["a"].grid, methods["b"].grid) == (10, 20)


def test_a_mapping_inside_itself_is_no_crash(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("truth: &a\n  alpha: *a\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert any(problem.startswith("truth.alpha is") for problem in caught.value.problems)


# ------------------------------------------------------------------------------ nothing crashes

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["mle", "bayes", "partial", "Beta", "1e-3", "[key]", 10**400, "\ud800"])
    | st.dates()
    | st.binary(max_size=3)
)
NAMES = st.sampled_from(
    ["alpha", "beta", "spread", "distribution", "location", "scale", "estimator", "[key]"]
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | SCALARS, inner, max_size=4)
        | st.sets(st.integers(), max_size=2)
    ),
    max_leaves=6,
)


def places(node, path=()):
    children = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in children:
        yield (*path, key)
        if isinstance(child, dict | list):
            yield from places(child, (*path, key))


@st.composite
def spoilt(draw):
    raw = valid()
    for _ in range(draw(st.integers(1, 4))):
        *sections, key = draw(st.sampled_from(list(places(raw)) or [("run",)]))
        place = raw
        for section in sections:
            place = place[section]
        action = draw(st.sampled_from(["replace", "replace", "delete", "add"]))
        if action == "delete" and key != "run":
            place.pop(key)
        elif action == "add" and isinstance(place, dict):
            place[draw(NAMES | SCALARS)] = draw(JUNK)
        else:
            place[key] = draw(JUNK)
    return raw


def attempt(read, source) -> tuple[Experiment | None, list[str]]:
    try:
        return read(source), []
    except ConfigError as error:
        return None, error.problems


@settings(max_examples=200, deadline=None)
@given(spoilt())
def test_a_spoilt_config_is_valid_or_a_config_error(raw):
    experiment, found = attempt(parse, raw)
    assert (experiment is None) == bool(found)
    assert len(set(found)) == len(found)
    for problem in found:
        assert problem.isprintable()
        assert " but " in problem
    if experiment is not None:
        assert parse(experiment.model_dump(mode="json")) == experiment


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1200), st.integers(0, 40), st.text(max_size=6))
def test_a_spoilt_file_is_valid_or_a_config_error(tmp_path_factory, start, length, insert):
    text = yaml.safe_dump(valid(), sort_keys=False)
    path = tmp_path_factory.getbasetemp() / "spoilt.yaml"
    path.write_bytes((text[:start] + insert + text[start + length :]).encode("utf-8", "replace"))
    experiment, found = attempt(load, path)
    assert (experiment is None) == bool(found)
    assert not any("\n" in problem for problem in found)


# --------------------------------------------------------------------------- schema and manual


def test_the_committed_schema_is_the_generated_one():
    committed = ROOT / "workflow" / "schemas" / "config.schema.json"
    assert committed.read_text() == json.dumps(config.json_schema(), indent=2) + "\n", (
        "run: PYTHONPATH=scripts python -m rlrecovery.config schema > "
        "workflow/schemas/config.schema.json"
    )


def test_the_schema_accepts_what_is_valid_and_refuses_what_is_not():
    schema = config.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(valid())
    assert validator.is_valid(yaml.safe_load((ROOT / "config.yaml").read_text()))
    assert validator.is_valid(parse(valid()).model_dump(mode="json"))
    for changes, _ in KEYS:
        if changes != {"model": GONE}:
            assert not validator.is_valid(changed(changes)), changes


def test_every_key_has_a_description():
    schema = config.json_schema()
    sections = [schema, *schema["$defs"].values()]
    for section in sections:
        for key, node in section.get("properties", {}).items():
            assert node.get("description", "").endswith("."), key


def test_every_family_of_distributions_can_be_named():
    definitions = config.json_schema()["$defs"]
    for name, arguments in families().items():
        assert list(definitions[name]["properties"]) == ["distribution", *arguments]


def test_the_manual_explains_every_key_and_fits_a_terminal():
    text = config.manual()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 88
    for key in (
        "run",
        "task.arms",
        "truth.<parameter>",
        "population.<parameter>.spread",
        "methods.<name>.bounds.<parameter>",
        "methods.<name>.priors.<parameter>.location",
        "methods.<name>.convergence.rhat",
    ):
        assert key in lines
    for name in (*families(), *MODELS):
        assert name in lines


# ---------------------------------------------------------------------------------- the command


def test_the_verb_schema_prints_the_schema(capsys):
    assert config.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == config.json_schema()


def test_the_verb_help_prints_the_manual(capsys):
    assert config.main(["help"]) == 0
    assert capsys.readouterr().out == config.manual() + "\n"


def test_the_verb_check_prints_one_line(capsys):
    path = ROOT / "config.yaml"
    assert config.main(["check", str(path)]) == 0
    assert capsys.readouterr().out == (
        f"{path} is valid: run default, 12 cells of 20 replicates, "
        "methods mle, bayes, hierarchical\n"
    )


def test_the_verb_check_prints_mistakes_without_a_traceback(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(changed({"seed": -1, "replicates": 1})))
    done = subprocess.run(
        [sys.executable, "-m", "rlrecovery.config", "check", str(path)],
        cwd=ROOT / "scripts",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: seed is -1, but must be a whole number of at least 0",
        "error: replicates is 1, but must be a whole number of at least 2",
    ]


def test_importing_brings_no_pymc():
    slow = "{'pymc', 'pytensor', 'nutpie', 'arviz'}"
    code = f"import sys, rlrecovery.config; sys.exit(bool({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "scripts", check=False)
    assert done.returncode == 0
