"""Every wrong key or value gives one sentence with the key, the value and a remedy."""

import math
from datetime import date

import pytest

from unit.config.experiments import (
    GONE,
    MODEL_NAMES,
    TASK_KEYS,
    TOP_KEYS,
    changed,
    problems,
    two_rates,
)

WORD = "text of up to 40 lower-case letters, digits and _ that starts with a letter"

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
    ({"task": 5}, f"task is 5, but must be a section with the keys {TASK_KEYS}"),
    (
        {"methods": {}},
        "methods is {}, but must be a section with at least one method, each under its name",
    ),
    (
        {"methods.mle": None},
        "methods.mle is empty, but must be a section with estimator: mle, bayes, quadrature or "
        "mock",
    ),
    (
        {"methods.mle.estimator": GONE},
        "methods.mle.estimator is missing, but must be mle, bayes, quadrature or mock",
    ),
    (
        {"methods.mle.estimator": GONE, "methods.mle.estimater": "mle"},
        "methods.mle.estimator is missing, but must be mle, bayes, quadrature or mock (did you "
        "mean estimator instead of estimater?)",
    ),
    (
        {"methods.mle.estimator": "mel"},
        "methods.mle.estimator is 'mel', but must be mle, bayes, quadrature or mock (did you mean "
        "mle?)",
    ),
    (
        {"methods.mle.estimator": ["mle"]},
        "methods.mle.estimator is [mle], but must be mle, bayes, quadrature or mock",
    ),
    (
        {"methods.mock.draws": 100},
        "methods.mock.draws is 100, but there is no such key; the keys here are estimator, model",
    ),
    (
        {"methods.Mle": two_rates()},
        f"methods.Mle is no valid name of a method, but a name must be {WORD}",
    ),
    (
        {"methods.mle.bounds": GONE},
        "methods.mle.bounds is missing, but must be a section with one entry per parameter",
    ),
    (
        {"methods.bayes.priors": None},
        "methods.bayes.priors is empty, but must be a section with one entry per parameter",
    ),
]

RUN = "text of up to 100 letters, digits, _ and - that starts with a letter or a digit"
OPEN = "a number between 0 and 1, ends excluded"
GAPS = "a number of at least 0 and less than 1"
DONE = "a number greater than 0 and of at most 1"
SHARES = f"of at least 1 value, each {DONE}"
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
    ("task.arms", [0.5], "is [0.5]", listed("a number", "at least 2 values")),
    ("task.arms", 0.5, "is 0.5", listed("a number", "at least 2 values")),
    ("task.arms", [0.5, "x"], "contains 'x'", "a number"),
    ("task.arms", [0.5, math.nan], "contains nan", FINITE),
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
    ("missing", 0.1, "is 0.1", listed(GAPS) + " (write [0.1])"),
    ("missing", [], "is []", listed(GAPS)),
    ("missing", [0, 1], "contains 1", GAPS),
    ("missing", [-0.1], "contains -0.1", GAPS),
    ("missing", None, "is empty", listed(GAPS)),
    ("completed", 0.5, "is 0.5", f"a list of at least 1 list, each {SHARES} (write [[0.5]])"),
    ("completed", [], "is []", f"a list of at least 1 list, each {SHARES}"),
    ("completed", True, "is true", f"a list of at least 1 list, each {SHARES}"),
    ("completed", [0.5], "contains 0.5", f"a list {SHARES} (write [0.5])"),
    ("completed", [[1], []], "contains []", f"a list {SHARES}"),
    ("completed", [[1, 0]], "contains 0", DONE),
    ("completed", [[1.2]], "contains 1.2", DONE),
    ("completed", [["all"]], "contains 'all'", DONE),
    ("completed", [[math.nan]], "contains nan", "a finite number greater than 0 and of at most 1"),
    ("run", "a" * 101, f"is '{'a' * 66}...", RUN),
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


@pytest.mark.parametrize(("key", "value", "shown", "allowed"), VALUES)
def test_one_wrong_value_is_one_sentence(key, value, shown, allowed):
    assert problems(changed({key: value})) == [f"{key} {shown}, but must be {allowed}"]


@pytest.mark.parametrize(("changes", "sentence"), KEYS)
def test_one_wrong_key_is_one_sentence(changes, sentence):
    assert problems(changed(changes)) == [sentence]
