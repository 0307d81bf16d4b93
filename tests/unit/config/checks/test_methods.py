"""What methods get wrong together with models, true values and populations."""

import dataclasses

import pytest

from rlrecovery.config.reader import parse
from rlrecovery.config.study import methods_of
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from unit.config.experiments import (
    FLAT,
    GONE,
    HALF,
    REAL,
    changed,
    mistakes,
    sentences,
    several,
    two_rates,
)

MOCK = {"estimator": "mock"}
EXACT = {
    "estimator": "quadrature",
    "model": "rescorla_wagner",
    "engine": "compiled",
    "point": "mean",
}
TWO_RATES = EXACT | {"model": "rescorla_wagner_two_rates"}
#: Changes of `valid` that make mistakes; their paths and sentences.
ONE_MODEL = [
    ({"truth.beta": [2, 60]}, [("truth.beta[1]", "must be from 0 to 50 because of")]),
    (
        {"methods.mle.replicates": 21},
        [("methods.mle.replicates", "is 21, but must be at most 20, the study's replicates")],
    ),
    ({"methods.mle.replicates": 1}, [("methods.mle.replicates", "at least 2")]),
    ({"methods.mle.grid": 1001}, [("methods.mle.grid", "must give at most 1000000 points")]),
    ({"methods.mle.bootstrap": 100}, [("methods.mle.bootstrap", "is unused: set interval: boot")]),
    (
        {
            "methods.mle.bootstrap": 100,
            "methods.mle.interval": "bootstrap",
            "interval_levels": [0.99],
        },
        [("methods.mle.bootstrap", "is 100, but must be at least 199 for the nominal level 0.99")],
    ),
    (
        {
            "truth.beta": GONE,
            "population.beta": {"distribution": "Uniform", "lower": 60, "upper": 200},
        },
        [("population.beta", "99% of its")],
    ),
    ({"methods.mle.starts": 101}, [("methods.mle.starts", "must be at most 100, the number")]),
    (
        {"methods.two": two_rates(starts=1001)},
        [("methods.two.starts", "must be at most 1000, the number")],
    ),
    (
        {"methods.mle.bounds": GONE, "truth.beta": [2, 60]},
        [("truth.beta[1]", "from 0.05 to 50 because of the default of methods.mle.bounds.beta")],
    ),
    (
        {"methods.mle.bounds.alpha": GONE, "truth.alpha": [0.2, 1]},
        [("truth.alpha[1]", "from 0.01 to 0.99 because of the default of methods.mle.bounds")],
    ),
    ({"methods.mle.bounds.gamma": [0, 1]}, [("methods.mle.bounds.gamma", "is not a parameter of")]),
    (
        {"methods.mle.bounds.alpha": [1, 0]},
        [("methods.mle.bounds.alpha", "must be [lower, upper] with lower")],
    ),
    (
        {"methods.mle.bounds.alpha": [0.5, 0.5]},
        [("methods.mle.bounds.alpha", "must be [lower, upper] with lower")],
    ),
    (
        {"methods.mle.bounds.alpha": [-1, 1]},
        [("methods.mle.bounds.alpha", "alpha must be from 0 to 1")],
    ),
    (
        {"methods.mle.bounds.alpha": [0.6, 1]},
        [
            ("truth.alpha[0]", "is 0.2, but must be from 0."),
            ("truth.alpha[1]", "must be from 0.6 to 1 because of"),
        ],
    ),
    (
        {"methods.exact": {**TWO_RATES, "priors": {"alpha": FLAT}}},
        [("methods.exact.priors.alpha", "is not a parameter of")],
    ),
    (
        {"methods.exact": {**EXACT, "priors": {"alpha": REAL}}},
        [("methods.exact.priors.alpha", "is Normal(mu=0, sigma=1.5) with")],
    ),
    (
        {"methods.exact": {**EXACT, "point": "mode"}},
        [("methods.exact.point", "must be mean or median")],
    ),
    (
        {"methods.bayes.priors.aplha": FLAT},
        [("methods.bayes.priors.aplha", "is not a parameter of")],
    ),
    (
        {"methods.bayes.priors.alpha": REAL},
        [("methods.bayes.priors.alpha", "is Normal(mu=0, sigma=1.5) with")],
    ),
    (
        {"methods.bayes.priors.alpha": {"distribution": "Uniform", "lower": 0.3, "upper": 1}},
        [("truth.alpha[0]", "is 0.2, but must be from 0.")],
    ),
    (
        {"methods.bayes.priors.alpha": {"location": REAL, "scale": HALF}},
        [("methods.bayes.priors.alpha", "must be {distribution: name, and")],
    ),
    (
        {"methods.hierarchical.priors.alpha": FLAT},
        [("methods.hierarchical.priors.alpha", "must be {location: ..., scale:")],
    ),
    (
        {"methods.hierarchical.priors.alpha.scale": REAL},
        [("methods.hierarchical.priors.alpha.scale", "is Normal(mu=0, sigma=1.5) with")],
    ),
]
#: The same for `several`.
SEVERAL_MODELS = [
    (
        {"methods.mle.bounds.eta": [0, 1], "models.fit": ["decided", "rescorla_wagner"]}
        | {"methods.mle.bounds.lapse": GONE, "methods.mle.bounds.start_value": GONE},
        [("methods.mle.bounds.eta", "is not a parameter of decided or")],
    ),
    (
        {"methods.mle.bounds.lapse": GONE, "methods.mle.bounds.laspe": [0, 1]},
        [("methods.mle.bounds.laspe", "is not a parameter of")],
    ),
    (
        {"methods.bayes.priors.gamma": FLAT},
        [("methods.bayes.priors.gamma", "is not a parameter of")],
    ),
    (
        {"methods.mle.bounds.beta": [0, 4]},
        [("models.simulate.rescorla_wagner.truth.beta[1]", "must be from 0 to 4 because of")],
    ),
    (
        {"methods.bayes.priors.beta": {"distribution": "Uniform", "lower": 3, "upper": 9}},
        [("models.simulate.rescorla_wagner.truth.beta[0]", "must be from 3 to 9 because of")],
    ),
    (
        {"methods.mle.bounds.alpha": [0.1, 1]},
        [("models.simulate.decided.population.alpha", "99% of its participants")],
    ),
    (
        {"methods.bayes.priors.start_value": HALF, "methods.bayes.priors.lapse": REAL},
        [("methods.bayes.priors.lapse", "is Normal(mu=0, sigma=1.5) with")],
    ),
    (
        {"methods.bayes.pooling": "partial", "methods.bayes.priors": {"lapse": FLAT}},
        [("methods.bayes.priors.lapse", "must be {location: ..., scale:")],
    ),
    (
        {"methods.mle.grid": 32, "methods.mle.starts": 1},
        [("methods.mle.grid", "must give at most 1000000 points")],
    ),
    ({"methods.mle.starts": 10_001}, [("methods.mle.starts", "must be at most 10000, the number")]),
    (
        {"methods.exact.model": "lapsing"},
        [("methods.exact.model", "cannot be lapsing, which has 4")],
    ),
    ({"methods.exact.model": GONE}, [("methods.exact.model", "cannot be lapsing, which has 4")]),
    (
        {"methods.mle_lapsing": MOCK | {"model": "decided"}},
        [("methods.mle_lapsing", "has the name of mle fitted with")],
    ),
    ({"methods.bayes.loo": 1}, [("methods.bayes.loo", "must be true or false")]),
    ({"methods.mock.model": None}, [("methods.mock.model", "must have a value or be omitted")]),
    ({"methods.mock": MOCK | {"modle": "decided"}}, [("methods.mock.modle", "unknown key")]),
    ({"methods." + "a" * 41: MOCK}, [("methods." + "a" * 41, "is not a valid name: names must")]),
]


@pytest.mark.parametrize(("changes", "expected"), ONE_MODEL)
def test_mistakes_of_methods_that_name_a_model(changes, expected):
    assert mistakes(changed(changes)) == expected


@pytest.mark.parametrize(("changes", "expected"), SEVERAL_MODELS)
def test_mistakes_of_methods_that_are_fitted_with_several_models(changes, expected):
    assert mistakes(changed(changes, several)) == expected


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"methods.mle.bounds.beta": [0, 4]},
            "truth.beta[1] is 5.0, but must be from 0 to 4 because of methods.mle.bounds.beta",
        ),
        (
            {"methods.bayes.priors.aplha": FLAT},
            "methods.bayes.priors.aplha is not a parameter of rescorla_wagner (did you mean alpha?)"
            "; parameters: alpha, beta",
        ),
        (
            {"methods.hierarchical.priors.alpha.scale": REAL},
            "methods.hierarchical.priors.alpha.scale is Normal(mu=0, sigma=1.5) with support from "
            "-inf to inf, but an SD must be at least 0",
        ),
        (
            {"methods.hierarchical.priors.alpha": FLAT},
            'methods.hierarchical.priors.alpha is {"distribution": "Beta", "alpha": 1.0, '
            '"beta": 1.0}, but must be {location: ..., scale: ...} with pooling: partial',
        ),
    ],
)
def test_a_sentence_names_both_keys_that_do_not_go_together(changes, sentence):
    assert sentences(changed(changes)) == [sentence]


def test_quadrature_refuses_models_with_many_parameters(monkeypatch):
    rate = RESCORLA_WAGNER.parameter("alpha")
    parameters = tuple(dataclasses.replace(rate, name=f"rate_{i}") for i in range(4))
    wide = dataclasses.replace(RESCORLA_WAGNER, name="wide", parameters=parameters)
    monkeypatch.setitem(MODELS, "wide", wide)
    assert sentences(changed({"methods.exact": {**EXACT, "model": "wide"}})) == [
        "methods.exact.model cannot be wide, which has 4 free parameters: the limit of estimator "
        "quadrature is 3"
    ]


@pytest.mark.parametrize("model", [GONE, "rescorla_vagner"])
def test_a_method_without_a_model_adds_no_mistake_to_that_of_the_generating_model(model):
    raw = changed({"model": model, "methods": {"mle": {"estimator": "mle"}}})
    ((path, _),) = mistakes(raw)
    assert path == "model"


def test_the_default_model_counts_for_limits_of_its_number_of_parameters(monkeypatch):
    parameters = tuple(
        dataclasses.replace(RESCORLA_WAGNER.parameter("alpha"), name=f"rate_{i}") for i in range(7)
    )
    wide = dataclasses.replace(RESCORLA_WAGNER, name="wide", parameters=parameters)
    monkeypatch.setitem(MODELS, "wide", wide)
    names = wide.names
    raw = changed({"model": "wide", "methods": {"mle": {"estimator": "mle"}}}) | {
        "truth": {name: [0.5] for name in names},
        "population": {name: {"spread": 0} for name in names},
    }
    assert mistakes(raw) == [("methods.mle.grid", "must give at most 1000000 points")]


def test_models_that_compete_need_a_method_without_a_model():
    raw = several()
    raw["methods"] = {"exact": raw["methods"]["exact"], "mock": MOCK | {"model": "decided"}}
    assert mistakes(raw) == [("models.fit", "is unused: every method sets its")]


def test_models_that_compete_by_sampling_need_a_score():
    raw = several()
    bayes = raw["methods"]["bayes"]
    raw["methods"] = {"bayes": bayes | {"loo": False}}
    assert mistakes(raw) == [("models.fit", "none of the methods that fit all")]
    raw["methods"]["scored"] = bayes
    parse(raw)


def test_some_model_is_fitted_to_its_own_data():
    """Otherwise nothing could be recovered, and the summary would be empty."""
    raw = changed({"models.fit": ["random_responding", "choice_kernel"]}, several)
    raw["methods"] = {"mock": MOCK}
    assert mistakes(raw) == [("models.fit", 'is ["random_responding", "choice_kernel"], but must')]
    raw["methods"]["own"] = MOCK | {"model": "decided"}
    parse(raw)


def test_fits_of_two_methods_may_not_have_one_name():
    raw = several()
    raw["variants"] = {
        "b": {"model": "rescorla_wagner", "lapse": True},
        "a_b": {"model": "rescorla_wagner", "fixed": {"beta": 5}},
    }
    raw["models"]["simulate"] = {"b": {"population": {"alpha": FLAT, "beta": HALF, "lapse": FLAT}}}
    raw["models"]["fit"] = ["a_b", "b"]
    raw["methods"] = {"mle": MOCK, "mle_a": MOCK}
    assert sentences(raw) == [
        "methods.mle_a fitted with b has the same name as mle fitted with a_b; rename one of them"
    ]
    raw["methods"] = {"mle": MOCK, "mle_c": MOCK}
    assert list(methods_of(parse(raw))) == ["mle_a_b", "mle_b", "mle_c_a_b", "mle_c_b"]


@pytest.mark.parametrize(
    "fit", [["rescorla_wagner", "foo"], ["rescorla_wagner", 3], "rescorla_wagner", GONE, []]
)
def test_methods_are_not_checked_against_models_that_are_unknown(fit):
    raw = changed({"models.fit": fit, "methods.mle.bounds": {"alpha": [0, 1]}}, several)
    assert [path.split("[")[0] for path, _ in mistakes(raw)] == ["models.fit"]
