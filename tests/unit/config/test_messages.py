"""Every wrong key or value is one mistake with its path and its sentence."""

import math
from datetime import date

import pytest

from unit.config.experiments import GONE, HALF, REAL, changed, mistakes, sentences, two_rates

#: Changes that each make one mistake; path and sentence of the mistake.
KEYS = [
    ({"colour": 5}, [("colour", "unknown key")]),
    ({"batch_size": GONE, "batchsize": 5}, [("batchsize", "unknown key")]),
    ({"methods.mle.gird": 10}, [("methods.mle.gird", "unknown key")]),
    ({"model": GONE}, [("model", "either model or models is required")]),
    ({"task": 5}, [("task", "must be a section with the keys")]),
    ({"methods": {}}, [("methods", "is {}, but must not be empty")]),
    ({"methods.mle": None}, [("methods.mle", "must be a section")]),
    ({"methods.mle.estimator": GONE}, [("methods.mle.estimator", "missing required key")]),
    (
        {"methods.mle.estimator": GONE, "methods.mle.estimater": "mle"},
        [("methods.mle.estimator", "missing required key")],
    ),
    (
        {"methods.mle.estimator": "mel"},
        [("methods.mle.estimator", "must be mle, bayes, quadrature or")],
    ),
    (
        {"methods.mle.estimator": ["mle"]},
        [("methods.mle.estimator", "must be mle, bayes, quadrature or")],
    ),
    ({"methods.mock.draws": 100}, [("methods.mock.draws", "unknown key")]),
    ({"methods.Mle": two_rates()}, [("methods.Mle", "is not a valid name: names must")]),
    ({"methods.bayes.priors": None}, [("methods.bayes.priors", "must be a section")]),
]

#: Key, its wrong value, the rest of the path and the sentence of the mistake.
VALUES = [
    ("run", "a/b", "", "must be text of up to 100 letters"),
    ("run", "a.b", "", "must be text of up to 100 letters"),
    ("run", "..", "", "must be text of up to 100"),
    ("run", "", "", "must be text of up to 100"),
    ("run", "-a", "", "must be text of up to 100"),
    ("run", "a\n", "", "must be text of up to 100 letters"),
    ("run", None, "", "must be text of up to 100 letters"),
    ("run", 2024, "", "must be text of up to 100"),
    ("run", True, "", "must be text of up to 100"),
    ("run", date(2024, 1, 2), "", "must be text of up to 100 letters"),
    ("seed", -1, "", "is -1, but must be at least 0"),
    ("seed", 2**128, "", "is 340282366920938463463374607431768211456, but must be less than 3.40"),
    ("seed", 10**400, "", "is a number of 401 digits, but must be less than 3.40282e+38"),
    ("seed", -(10**4000), "", "is a number of 4001 digits, but must be at least 0"),
    ("seed", 1.5, "", "must be a whole number"),
    ("seed", 2.0, "", "must be a whole number"),
    ("seed", "1e3", "", "must be a whole number"),
    ("seed", False, "", "must be a whole number"),
    ("task.arms", [0.5], "", "must have at least 2 entries"),
    ("task.arms", 0.5, "", "is 0.5, but must be a list"),
    ("task.arms", [0.5, "x"], "[1]", 'is "x", but must be a number'),
    ("task.arms", [0.5, math.nan], "[1]", "must be a finite number"),
    ("task.blocks", 0, "", "is 0, but must be at least 1"),
    ("task.start_value", math.inf, "", "must be a finite number"),
    ("task.start_value", 10**400, "", "is a number of 401 digits, but must be at most 9.0072e+15"),
    ("task.start_value", 1e308, "", "is 1e+308, but must be at most 9.0072e+15 in size"),
    ("task.start_value", -1e16, "", "is -1e+16, but must be at most 9.0072e+15 in size"),
    ("participants", [10**30], "[0]", "but must be at most 9.0072e+15 in size"),
    ("missing", [0, 10**400], "[1]", "but must be at most 9.0072e+15 in size"),
    ("task.start_value", True, "", "is true, but must be a number"),
    ("task.start_value", "half", "", "must be a number"),
    ("task.start_value", "1e-3", "", "must be a number"),
    ("task.start_value", "2.5e3", "", "must be a number"),
    ("task.start_value", "1e-99", "", "must be a number"),
    ("task.start_value", "0.5", "", 'is "0.5", but must be a number'),
    ("participants", 10, "", "must be a list (write [10])"),
    ("participants", [], "", "is [], but must not be empty"),
    ("participants", [0], "[0]", "is 0, but must be at least 1"),
    ("trials", [], "", "is [], but must not be empty"),
    ("trials", [50, 0], "[1]", "is 0, but must be at least 1"),
    ("trials", [50, 60.0], "[1]", "must be a whole number"),
    ("trials", [True], "[0]", "must be a whole number"),
    ("missing", 0.1, "", "must be a list (write [0.1])"),
    ("missing", [], "", "is [], but must not be empty"),
    ("missing", [0, 1], "[1]", "is 1, but must be less than 1"),
    ("missing", [-0.1], "[0]", "must be at least 0"),
    ("missing", None, "", "is empty, but must be a list"),
    ("completed", 0.5, "", "must be a list (write [[0.5]])"),
    ("completed", [], "", "is [], but must not be empty"),
    ("completed", True, "", "is true, but must be a list"),
    ("completed", [0.5], "[0]", "must be a list (write [0.5])"),
    ("completed", [[1], []], "[1]", "is [], but must not be empty"),
    ("completed", [[1, 0]], "[0][1]", "must be greater than 0"),
    ("completed", [[1.2]], "[0][0]", "is 1.2, but must be at most 1"),
    ("completed", [["all"]], "[0][0]", 'is "all", but must be a number'),
    ("completed", [[math.nan]], "[0][0]", "must be a finite number"),
    ("run", "a" * 101, "", "is"),
    ("replicates", 1, "", "is 1, but must be at least 2"),
    ("batch_size", 0, "", "is 0, but must be at least 1"),
    ("interval_levels", [], "", "is [], but must not be empty"),
    ("interval_levels", [0.5, 1], "[1]", "is 1, but must be less than 1"),
    ("interval_levels", [0, 0.5], "[0]", "must be greater than 0"),
    ("truth.alpha", [], "", "is [], but must not be empty"),
    ("truth.alpha", 0.5, "", "must be a list (write [0.5])"),
    ("truth.alpha", [math.nan], "[0]", "must be a finite number"),
    ("methods.mle.grid", "ten", "", "must be a whole number"),
    ("methods.mle.grid", 1, "", "is 1, but must be at least 2"),
    ("methods.mle.engine", "scam", "", "must be compiled or scan (did you"),
    ("methods.mle.starts", 0, "", "is 0, but must be at least 1"),
    ("methods.mle.group_scale", "naturel", "", "must be unconstrained or natural"),
    ("methods.mle.bounds.beta", [0, math.inf], "[1]", "must be a finite number"),
    ("methods.mle.bounds.beta", [0], "", "must have at least 2 entries"),
    ("methods.mle.bounds.beta", [0, 1, 2], "", "must have at most 2 entries"),
    ("methods.mle.bounds.beta", 50, "", "is 50, but must be a list"),
    ("methods.bayes.pooling", "full", "", "must be none, partial or complete"),
    ("methods.bayes.pooling", None, "", "must be none, partial or complete"),
    ("methods.bayes.likelihood", "potental", "", "must be potential or categorical"),
    ("methods.bayes.point", "mode", "", "must be mean or median"),
    ("methods.bayes.chains", 1, "", "is 1, but must be at least 2"),
    ("methods.bayes.tune", 0, "", "is 0, but must be at least 1"),
    ("methods.bayes.draws", 3, "", "is 3, but must be at least 4"),
    ("methods.bayes.target_accept", 1, "", "is 1, but must be less than 1"),
    ("methods.bayes.target_accept", 0, "", "must be greater than 0"),
    ("methods.bayes.convergence.rhat", 1, "", "must be greater than 1"),
    ("methods.bayes.convergence.ess_bulk", -1, "", "is -1, but must be at least 0"),
    ("methods.bayes.convergence.ess_tail", -1, "", "is -1, but must be at least 0"),
    ("methods.bayes.convergence.divergences", 0.5, "", "must be a whole number"),
    ("methods.bayes.convergence.divergences", -1, "", "is -1, but must be at least 0"),
]

FORMS = [
    ({"population.alpha": {}}, [("population.alpha", "must be {spread: ...} or")]),
    ({"population.alpha": 0.5}, [("population.alpha", "must be {spread: ...} or")]),
    ({"population.alpha": {"spred": 1}}, [("population.alpha", "must be {spread: ...} or")]),
    (
        {"population.alpha": {"spread": 1, **HALF}},
        [("population.alpha", 'is {"spread": 1, "distribution":')],
    ),
    (
        {"population.alpha": {"location": REAL, "scale": HALF}},
        [("population.alpha", 'is {"location": {"distribution":')],
    ),
    (
        {"methods.bayes.priors.alpha": {"spread": 1}},
        [("methods.bayes.priors.alpha", "must be {distribution: name, and")],
    ),
    (
        {"population.alpha": {"spread": -1}},
        [("population.alpha.spread", "is -1, but must be at least 0")],
    ),
    (
        {"methods.bayes.priors.alpha": 5},
        [("methods.bayes.priors.alpha", "must be {distribution: name, and")],
    ),
    (
        {"methods.hierarchical.priors.alpha.scale": GONE},
        [("methods.hierarchical.priors.alpha.scale", "missing required key")],
    ),
    (
        {"methods.hierarchical.priors.alpha.location": {"mu": 0, "sigma": 1}},
        [("methods.hierarchical.priors.alpha.location.distribution", "missing required key")],
    ),
]

#: Populations of beta; the rest of the path and the sentence.
DISTRIBUTIONS = [
    (
        {"distribution": "HalfNorml", "sigma": 1},
        [(".distribution", "must be Beta, Exponential, Gamma")],
    ),
    ({"distribution": "Spread"}, [(".distribution", "must be Beta, Exponential, Gamma")]),
    ({"distribution": "PopulationPrior"}, [(".distribution", "must be Beta, Exponential")]),
    ({"distribution": ["Beta"]}, [(".distribution", "must be Beta, Exponential, Gamma")]),
    ({"distribution": "HalfNormal", "sigma": -2}, [(".sigma", "must be greater than 0")]),
    ({"distribution": "HalfNormal"}, [(".sigma", "missing required key")]),
    ({"distribution": "HalfNormal", "sigma": 2, "mu": 1}, [(".mu", "unknown key")]),
    ({"distribution": "Uniform", "lower": 1, "upper": 0}, [("", 'is {"distribution": "Uniform"')]),
    ({"distribution": "Normal", "mu": 1, "sigma": 2}, [("", "is Normal(mu=1, sigma=2) with")]),
    (
        {"distribution": "LogNormal", "mu": 1000, "sigma": 1},
        [("", 'is {"distribution": "LogNormal"')],
    ),
    ({"distribution": "Exponential", "lam": 1e-320}, [("", 'is {"distribution":')]),
]

#: What is said, in full: one sentence per form of message.
SENTENCES = [
    ({"seed": -1}, "seed is -1, but must be at least 0"),
    ({"task.arms": [0.5, "x"]}, 'task.arms[1] is "x", but must be a number'),
    ({"trials": [50, 60.0]}, "trials[1] is 60.0, but must be a whole number"),
    ({"participants": 10}, "participants is 10, but must be a list (write [10])"),
    ({"completed": 0.5}, "completed is 0.5, but must be a list (write [[0.5]])"),
    ({"methods.mle.bounds.beta": 50}, "methods.mle.bounds.beta is 50, but must be a list"),
    ({"participants": []}, "participants is [], but must not be empty"),
    ({"task.start_value": "1e-3"}, 'task.start_value is "1e-3", but must be a number'),
    (
        {"run": 2024},
        "run is 2024, but must be text of up to 100 letters, digits, _ and - that starts with a "
        "letter or a digit",
    ),
    (
        {"methods.mle.engine": "scam"},
        'methods.mle.engine is "scam", but must be compiled or scan (did you mean scan?)',
    ),
    (
        {"methods.mle.estimator": "mel"},
        'methods.mle.estimator is "mel", but must be mle, bayes, quadrature or mock (did you mean '
        "mle?)",
    ),
    (
        {"methods.mle.gird": 10},
        "unknown key 'methods.mle.gird' (did you mean 'grid'?); allowed keys: estimator, model, "
        "replicates, engine, bounds, grid, starts, interval, bootstrap, group_scale",
    ),
    (
        {"methods.mle.estimator": GONE, "methods.mle.estimater": "mle"},
        "missing required key 'methods.mle.estimator': must be mle, bayes, quadrature or mock (did "
        "you mean estimator instead of estimater?)",
    ),
    (
        {"population.alpha": {"spred": 1}},
        'population.alpha is {"spred": 1}, but must be {spread: ...} or {distribution: name, and '
        "its arguments} (did you mean spread instead of spred?)",
    ),
]


@pytest.mark.parametrize(("key", "value", "where", "words"), VALUES)
def test_one_wrong_value_is_one_mistake(key, value, where, words):
    assert mistakes(changed({key: value})) == [(key + where, words)]


@pytest.mark.parametrize(("changes", "expected"), KEYS + FORMS)
def test_one_wrong_key_is_one_mistake(changes, expected):
    assert mistakes(changed(changes)) == expected


@pytest.mark.parametrize(("entry", "expected"), DISTRIBUTIONS)
def test_one_wrong_distribution_is_one_mistake(entry, expected):
    raw = changed({"truth.beta": GONE, "population.beta": entry})
    assert mistakes(raw) == [(f"population.beta{path}", *rest) for path, *rest in expected]


@pytest.mark.parametrize(("changes", "sentence"), SENTENCES)
def test_a_sentence_names_the_key_the_value_and_what_is_allowed(changes, sentence):
    assert sentences(changed(changes)) == [sentence]


def test_a_missing_key_is_explained():
    (sentence,) = sentences(changed({"batch_size": GONE}))
    assert sentence.startswith("missing required key 'batch_size' (replicates per ")
