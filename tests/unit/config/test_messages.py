"""Every wrong key or value is one mistake with its path, its value and its kind."""

import math
from datetime import date

import pytest

from unit.config.experiments import (
    GONE,
    HALF,
    REAL,
    changed,
    mistakes,
    sentences,
    two_rates,
)

#: Changes that each make one mistake; path, value and kind of the mistake.
KEYS = [
    ({"colour": 5}, [("colour", 5, "extra_forbidden")]),
    ({"batch_size": GONE, "batchsize": 5}, [("batchsize", 5, "extra_forbidden")]),
    ({"methods.mle.gird": 10}, [("methods.mle.gird", 10, "extra_forbidden")]),
    ({"methods.mle.grid": GONE}, [("methods.mle.grid", None, "missing")]),
    ({"methods.bayes.convergence": GONE}, [("methods.bayes.convergence", None, "missing")]),
    ({"model": GONE}, [("model", None, "missing")]),
    ({"task": 5}, [("task", 5, "model_type")]),
    ({"methods": {}}, [("methods", {}, "too_short")]),
    ({"methods.mle": None}, [("methods.mle", None, "model_attributes_type")]),
    ({"methods.mle.estimator": GONE}, [("methods.mle.estimator", None, "missing")]),
    (
        {"methods.mle.estimator": GONE, "methods.mle.estimater": "mle"},
        [("methods.mle.estimator", None, "missing")],
    ),
    ({"methods.mle.estimator": "mel"}, [("methods.mle.estimator", "mel", "literal_error")]),
    ({"methods.mle.estimator": ["mle"]}, [("methods.mle.estimator", ["mle"], "literal_error")]),
    ({"methods.mock.draws": 100}, [("methods.mock.draws", 100, "extra_forbidden")]),
    ({"methods.Mle": two_rates()}, [("methods.Mle", "Mle", "name")]),
    ({"methods.mle.bounds": GONE}, [("methods.mle.bounds", None, "missing")]),
    ({"methods.bayes.priors": None}, [("methods.bayes.priors", None, "dict_type")]),
]

#: Key, its wrong value, the rest of the path, the value and the kind of the mistake.
VALUES = [
    ("run", "a/b", "", "a/b", "string_pattern_mismatch"),
    ("run", "a.b", "", "a.b", "string_pattern_mismatch"),
    ("run", "..", "", "..", "string_pattern_mismatch"),
    ("run", "", "", "", "string_pattern_mismatch"),
    ("run", "-a", "", "-a", "string_pattern_mismatch"),
    ("run", "a\n", "", "a\n", "string_pattern_mismatch"),
    ("run", None, "", None, "string_type"),
    ("run", 2024, "", 2024, "string_type"),
    ("run", True, "", True, "string_type"),
    ("run", date(2024, 1, 2), "", date(2024, 1, 2), "string_type"),
    ("seed", -1, "", -1, "greater_than_equal"),
    ("seed", 1.5, "", 1.5, "int_type"),
    ("seed", 2.0, "", 2.0, "int_type"),
    ("seed", "1e3", "", "1e3", "int_type"),
    ("seed", False, "", False, "int_type"),
    ("task.arms", [0.5], "", (0.5,), "too_short"),
    ("task.arms", 0.5, "", 0.5, "tuple_type"),
    ("task.arms", [0.5, "x"], "[1]", "x", "float_type"),
    ("task.arms", [0.5, math.nan], "[1]", math.nan, "finite_number"),
    ("task.blocks", 0, "", 0, "greater_than_equal"),
    ("task.start_value", math.inf, "", math.inf, "finite_number"),
    ("task.start_value", 10**400, "", math.inf, "finite_number"),
    ("task.start_value", True, "", True, "float_type"),
    ("task.start_value", "half", "", "half", "float_type"),
    ("task.start_value", "1e-3", "", "1e-3", "float_type"),
    ("task.start_value", "2.5e3", "", "2.5e3", "float_type"),
    ("task.start_value", "1e-99", "", "1e-99", "float_type"),
    ("task.start_value", "0.5", "", "0.5", "float_type"),
    ("participants", 10, "", 10, "tuple_type"),
    ("participants", [], "", (), "too_short"),
    ("participants", [0], "[0]", 0, "greater_than_equal"),
    ("trials", [], "", (), "too_short"),
    ("trials", [50, 0], "[1]", 0, "greater_than_equal"),
    ("trials", [50, 60.0], "[1]", 60.0, "int_type"),
    ("trials", [True], "[0]", True, "int_type"),
    ("missing", 0.1, "", 0.1, "tuple_type"),
    ("missing", [], "", (), "too_short"),
    ("missing", [0, 1], "[1]", 1, "less_than"),
    ("missing", [-0.1], "[0]", -0.1, "greater_than_equal"),
    ("missing", None, "", None, "tuple_type"),
    ("completed", 0.5, "", 0.5, "tuple_type"),
    ("completed", [], "", (), "too_short"),
    ("completed", True, "", True, "tuple_type"),
    ("completed", [0.5], "[0]", 0.5, "tuple_type"),
    ("completed", [[1], []], "[1]", (), "too_short"),
    ("completed", [[1, 0]], "[0][1]", 0, "greater_than"),
    ("completed", [[1.2]], "[0][0]", 1.2, "less_than_equal"),
    ("completed", [["all"]], "[0][0]", "all", "float_type"),
    ("completed", [[math.nan]], "[0][0]", math.nan, "finite_number"),
    ("run", "a" * 101, "", "a" * 101, "string_pattern_mismatch"),
    ("replicates", 1, "", 1, "greater_than_equal"),
    ("batch_size", 0, "", 0, "greater_than_equal"),
    ("interval_levels", [], "", (), "too_short"),
    ("interval_levels", [0.5, 1], "[1]", 1, "less_than"),
    ("interval_levels", [0, 0.5], "[0]", 0, "greater_than"),
    ("truth.alpha", [], "", (), "too_short"),
    ("truth.alpha", 0.5, "", 0.5, "tuple_type"),
    ("truth.alpha", [math.nan], "[0]", math.nan, "finite_number"),
    ("methods.mle.grid", "ten", "", "ten", "int_type"),
    ("methods.mle.grid", 1, "", 1, "greater_than_equal"),
    ("methods.mle.engine", "scam", "", "scam", "literal_error"),
    ("methods.mle.starts", 0, "", 0, "greater_than_equal"),
    ("methods.mle.group_scale", "naturel", "", "naturel", "literal_error"),
    ("methods.mle.bounds.beta", [0, math.inf], "[1]", math.inf, "finite_number"),
    ("methods.mle.bounds.beta", [0], "", (0,), "too_short"),
    ("methods.mle.bounds.beta", [0, 1, 2], "", (0, 1, 2), "too_long"),
    ("methods.mle.bounds.beta", 50, "", 50, "tuple_type"),
    ("methods.bayes.pooling", "full", "", "full", "literal_error"),
    ("methods.bayes.pooling", None, "", None, "literal_error"),
    ("methods.bayes.likelihood", "potental", "", "potental", "literal_error"),
    ("methods.bayes.point", "mode", "", "mode", "literal_error"),
    ("methods.bayes.chains", 1, "", 1, "greater_than_equal"),
    ("methods.bayes.tune", 0, "", 0, "greater_than_equal"),
    ("methods.bayes.draws", 3, "", 3, "greater_than_equal"),
    ("methods.bayes.target_accept", 1, "", 1, "less_than"),
    ("methods.bayes.target_accept", 0, "", 0, "greater_than"),
    ("methods.bayes.convergence.rhat", 1, "", 1, "greater_than"),
    ("methods.bayes.convergence.ess_bulk", -1, "", -1, "greater_than_equal"),
    ("methods.bayes.convergence.ess_tail", -1, "", -1, "greater_than_equal"),
    ("methods.bayes.convergence.divergences", 0.5, "", 0.5, "int_type"),
    ("methods.bayes.convergence.divergences", -1, "", -1, "greater_than_equal"),
]

FORMS = [
    ({"population.alpha": {}}, [("population.alpha", {}, "form")]),
    ({"population.alpha": 0.5}, [("population.alpha", 0.5, "form")]),
    ({"population.alpha": {"spred": 1}}, [("population.alpha", {"spred": 1}, "form")]),
    (
        {"population.alpha": {"spread": 1, **HALF}},
        [("population.alpha", {"spread": 1, "distribution": "HalfNormal", "sigma": 1}, "form")],
    ),
    (
        {"population.alpha": {"location": REAL, "scale": HALF}},
        [("population.alpha", {"location": REAL, "scale": HALF}, "form")],
    ),
    (
        {"methods.bayes.priors.alpha": {"spread": 1}},
        [("methods.bayes.priors.alpha", {"spread": 1}, "form")],
    ),
    ({"population.alpha": {"spread": -1}}, [("population.alpha.spread", -1, "greater_than_equal")]),
    ({"methods.bayes.priors.alpha": 5}, [("methods.bayes.priors.alpha", 5, "form")]),
    (
        {"methods.hierarchical.priors.alpha.scale": GONE},
        [("methods.hierarchical.priors.alpha.scale", None, "missing")],
    ),
    (
        {"methods.hierarchical.priors.alpha.location": {"mu": 0, "sigma": 1}},
        [("methods.hierarchical.priors.alpha.location.distribution", None, "missing")],
    ),
]

#: Populations of beta; the rest of the path, value and kind.
DISTRIBUTIONS = [
    ({"distribution": "HalfNorml", "sigma": 1}, [(".distribution", "HalfNorml", "literal_error")]),
    ({"distribution": "Spread"}, [(".distribution", "Spread", "literal_error")]),
    ({"distribution": "PopulationPrior"}, [(".distribution", "PopulationPrior", "literal_error")]),
    ({"distribution": ["Beta"]}, [(".distribution", ["Beta"], "literal_error")]),
    ({"distribution": "HalfNormal", "sigma": -2}, [(".sigma", -2, "greater_than")]),
    ({"distribution": "HalfNormal"}, [(".sigma", None, "missing")]),
    ({"distribution": "HalfNormal", "sigma": 2, "mu": 1}, [(".mu", 1, "extra_forbidden")]),
    (
        {"distribution": "Uniform", "lower": 1, "upper": 0},
        [("", {"distribution": "Uniform", "lower": 1, "upper": 0}, "value_error")],
    ),
    ({"distribution": "Normal", "mu": 1, "sigma": 2}, [("", "Normal(mu=1, sigma=2)", "support")]),
    (
        {"distribution": "LogNormal", "mu": 1000, "sigma": 1},
        [("", {"distribution": "LogNormal", "mu": 1000, "sigma": 1}, "value_error")],
    ),
    (
        {"distribution": "Exponential", "lam": 1e-320},
        [("", {"distribution": "Exponential", "lam": 1e-320}, "value_error")],
    ),
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
    (
        {"task.start_value": "1e-3"},
        'task.start_value is "1e-3", but must be a number',
    ),
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
        "engine, bounds, grid, starts, group_scale",
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


@pytest.mark.parametrize(("key", "value", "where", "shown", "kind"), VALUES)
def test_one_wrong_value_is_one_mistake(key, value, where, shown, kind):
    assert mistakes(changed({key: value})) == [(key + where, shown, kind)]


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
    (sentence,) = sentences(changed({"methods.mle.grid": GONE}))
    assert sentence.startswith("missing required key 'methods.mle.grid' (points per ")
