"""What models, variants, true values and populations get wrong together."""

import dataclasses
import math

import pytest

from rlrecovery.config.reader import parse
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
    valid,
)

SOURCE = "models.simulate.rescorla_wagner"


# ---------------------------------------------------------------------------- one or several


#: Changes of `several` that make mistakes; their paths, values and kinds.
PLACES = [
    ({"model": "decided"}, [("model", None, "conflict")]),
    ({"truth": {"alpha": [0.5]}}, [("truth", None, "conflict")]),
    ({"population": {"alpha": FLAT}}, [("population", None, "conflict")]),
    ({"models": None}, [("models", None, "empty")]),
    ({"models": 5}, [("models", 5, "model_type")]),
    ({"models.simulate": {}}, [("models.simulate", {}, "too_short")]),
    ({"models.simulate": GONE}, [("models.simulate", None, "missing")]),
    ({"models.simulate.decided": None}, [("models.simulate.decided", None, "model_type")]),
    (
        {"models.simulate.foo": {"population": {}}},
        [("models.simulate.foo", "foo", "unknown_model")],
    ),
    (
        {"models.simulate.lapsin": {"population": {}}},
        [("models.simulate.lapsin", "lapsin", "unknown_model")],
    ),
    ({"models.fit": ["rescorla_wagner", "foo"]}, [("models.fit[1]", "foo", "unknown_model")]),
    (
        {"models.fit": ["lapsing", "rescorla_wagner", "lapsing", "decided", "lapsing"]},
        [("models.fit[2]", "lapsing", "repeated"), ("models.fit[4]", "lapsing", "repeated")],
    ),
    ({"models.fit": ["rescorla_wagner"]}, [("models.fit", ("rescorla_wagner",), "too_short")]),
    ({"models.fit": GONE}, [("models.fit", None, "missing")]),
    ({"models.fit": [3, "decided"]}, [("models.fit[0]", 3, "string_type")]),
    ({"methods.exact.model": "decide"}, [("methods.exact.model", "decide", "unknown_model")]),
]


#: The same for `valid`.
ONE_MODEL = [
    ({"model": "rescorla_wagnr"}, [("model", "rescorla_wagnr", "unknown_model")]),
    ({"methods.mle.model": "q"}, [("methods.mle.model", "q", "unknown_model")]),
    ({"methods.bayes.model": 3}, [("methods.bayes.model", 3, "string_type")]),
    ({"methods.mock.model": "q"}, [("methods.mock.model", "q", "unknown_model")]),
    ({"truth.gamma": [1]}, [("truth.gamma", "gamma", "unknown_parameter")]),
    ({"truth.alpha": GONE, "truth.alhpa": [0.5]}, [("truth.alhpa", "alhpa", "unknown_parameter")]),
    ({"truth.alpha": GONE}, [("truth.alpha", None, "missing")]),
    ({"truth.alpha": [0.2, 1.2]}, [("truth.alpha[1]", 1.2, "range")]),
    (
        {"truth.alpha": [-1, 0.2, 1.2]},
        [("truth.alpha[0]", -1.0, "range"), ("truth.alpha[2]", 1.2, "range")],
    ),
    (
        {
            "truth.alpha": GONE,
            "population.alpha": {"distribution": "Beta", "alpha": 0.1, "beta": 0.1},
        },
        [("population.alpha", "Beta(alpha=0.1, beta=0.1)", "moments")],
    ),
    ({"truth.beta": [-1, 2]}, [("truth.beta[0]", -1.0, "range")]),
    ({"population.alpha": GONE}, [("population.alpha", None, "missing")]),
    ({"population.gamma": {"spread": 1}}, [("population.gamma", "gamma", "unknown_parameter")]),
    ({"population.alpha": FLAT}, [("truth.alpha", None, "conflict")]),
]


@pytest.mark.parametrize(("changes", "expected"), PLACES)
def test_mistakes_about_several_models(changes, expected):
    assert mistakes(changed(changes, several)) == expected


@pytest.mark.parametrize(("changes", "expected"), ONE_MODEL)
def test_mistakes_about_one_model(changes, expected):
    assert mistakes(changed(changes)) == expected


def test_an_unknown_model_is_answered_with_those_there_are():
    (sentence,) = sentences(changed({"methods.exact.model": "decide"}, several))
    assert sentence.startswith('methods.exact.model is "decide", but must be rescorla_wagner, ')
    assert sentence.endswith(", lapsing or decided (did you mean decided?)")


@pytest.mark.parametrize("key", ["model", "truth", "population"])
def test_the_keys_that_models_replaces_are_needed_without_it(key):
    assert mistakes(changed({key: GONE})) == [(key, None, "missing")]
    assert mistakes(changed({key: None})) == [(key, None, "empty")]


def test_truth_may_be_left_out_where_every_population_is_a_distribution():
    drawn = {"truth": GONE, "population.alpha": FLAT, "population.beta": HALF}
    experiment = parse(changed(drawn))
    assert experiment == parse(changed(drawn | {"truth": {}}))
    assert experiment.resolved()["truth"] == {}


def test_a_misspelt_key_is_one_mistake_without_consequences():
    raw = several()
    raw["modles"] = raw.pop("models")
    (sentence,) = sentences(raw)
    assert "(did you mean 'models'?)" in sentence
    raw = several()
    raw["variant"] = raw.pop("variants")
    (sentence,) = sentences(raw)
    assert "(did you mean 'variants'?)" in sentence
    assert mistakes(changed({"variants": 5}, several)) == [("variants", 5, "dict_type")]


# ----------------------------------------------------------------------------------- variants


#: Changes of the variant decided, which has beta fixed.
VARIANTS = [
    ({"model": "lapsing"}, [("model", "lapsing", "unknown_model")]),
    ({"model": "rescorla_wagnr"}, [("model", "rescorla_wagnr", "unknown_model")]),
    ({"model": GONE}, [("model", None, "missing")]),
    ({"model": 3}, [("model", 3, "string_type")]),
    ({"fixed": {"gamma": 1}}, [("fixed.gamma", "gamma", "unknown_parameter")]),
    ({"fixed": {"alhpa": 1}}, [("fixed.alhpa", "alhpa", "unknown_parameter")]),
    ({"fixed": {"lapse": 0.1}}, [("fixed.lapse", 0.1, "unknown_parameter")]),
    ({"fixed": {"start_value": 1}}, [("fixed.start_value", 1.0, "unknown_parameter")]),
    ({"fixed": {"beta": -1}}, [("fixed.beta", -1.0, "range")]),
    ({"lapse": True, "fixed": {"lapse": 2}}, [("fixed.lapse", 2.0, "range")]),
    ({"fixed": {"beta": 1, "alpha": 0.5}}, [("fixed", {"beta": 1.0, "alpha": 0.5}, "all_fixed")]),
    (
        {"fixed": {"beta": 1, "alpha": 0.5, "lapse": 0}, "lapse": True},
        [("fixed", {"beta": 1.0, "alpha": 0.5, "lapse": 0.0}, "all_fixed")],
    ),
    ({"fixed": {"beta": [1]}}, [("fixed.beta", [1], "float_type")]),
    ({"fixed": {"beta": 10**400}}, [("fixed.beta", math.inf, "finite_number")]),
    ({"fixed": ["beta"]}, [("fixed", ["beta"], "dict_type")]),
    ({"fixed": None}, [("fixed", None, "dict_type")]),
    ({"lapse": 0.1}, [("lapse", 0.1, "bool_type")]),
    ({"lapse": "true"}, [("lapse", "true", "bool_type")]),
    ({"lapse": None}, [("lapse", None, "bool_type")]),
    ({"lapes": True}, [("lapes", True, "extra_forbidden")]),
    ({"start_value": "fre"}, [("start_value", "fre", "literal_error")]),
    ({"start_value": 0.5}, [("start_value", 0.5, "literal_error")]),
    *(
        (
            {"model": model, "fixed": {}, "start_value": "free"},
            [("start_value", "free", "unused")],
        )
        for model in ("random_responding", "win_stay_lose_shift", "choice_kernel")
    ),
]


def with_variant(changes) -> dict:
    """A study of one model with the variant, which the mock fits."""
    raw = changed({"variants": {"decided": {"model": "rescorla_wagner", "fixed": {"beta": 5}}}})
    variant = raw["variants"]["decided"] | changes
    raw["variants"]["decided"] = {k: v for k, v in variant.items() if v is not GONE}
    raw["methods"]["mock"]["model"] = "decided"
    return raw


@pytest.mark.parametrize(("changes", "expected"), VARIANTS)
def test_mistakes_in_a_variant(changes, expected):
    prefixed = [(f"variants.decided.{path}", value, kind) for path, value, kind in expected]
    assert mistakes(with_variant(changes)) == prefixed


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"fixed": {}},
        {"fixed": GONE},
        {"lapse": True, "start_value": "free", "fixed": {"lapse": 0, "start_value": -3}},
        {"model": "random_responding", "lapse": True, "fixed": {"side_bias": 0.5}},
        {"model": "kalman_filter", "start_value": "free", "fixed": {"prior_variance": 4}},
    ],
)
def test_these_variants_are_fine(changes):
    parse(with_variant(changes))


@pytest.mark.parametrize("model", MODELS)
def test_every_model_can_have_a_lapse_rate(model):
    parse(with_variant({"model": model, "fixed": {}, "lapse": True}))


def test_a_new_model_that_starts_at_a_parameter_can_be_varied(monkeypatch):
    """Whether learning has a start value is asked without knowing what parameters there are."""
    odd = dataclasses.replace(
        RESCORLA_WAGNER, name="odd", initial=lambda p: {"trace": p.beta * p.start_value}
    )
    monkeypatch.setitem(MODELS, "odd", odd)
    parse(with_variant({"model": "odd", "start_value": "free"}))


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        ({"pearce_hall": {"model": "rescorla_wagner"}}, (".pearce_hall", "pearce_hall", "name")),
        ({"Mine": {"model": "rescorla_wagner"}}, (".Mine", "Mine", "name")),
        ({"a" * 41: {"model": "rescorla_wagner"}}, ("." + "a" * 41, "a" * 41, "name")),
        ({"mine": 5}, (".mine", 5, "model_type")),
        (None, ("", None, "dict_type")),
        ([], ("", [], "dict_type")),
    ],
)
def test_mistakes_in_naming_variants(variants, expected):
    path, value, kind = expected
    assert mistakes(changed({"variants": variants})) == [(f"variants{path}", value, kind)]


def test_a_variant_stands_wherever_a_models_name_may():
    variants = {"lapsing": {"model": "rescorla_wagner", "lapse": True}}
    lapse = {"truth.lapse": [0.1], "population.lapse": {"spread": 0.1}}
    raw = changed({"model": "lapsing", "variants": variants, **lapse})
    raw["methods"]["mle"] |= {"model": "lapsing"}
    raw["methods"]["mle"]["bounds"]["lapse"] = [0, 1]
    assert parse(raw).methods["mle"].bounds["lapse"] == (0.0, 1.0)
    del raw["methods"]["mle"]["bounds"]["lapse"], raw["truth"]["lapse"]
    assert mistakes(raw) == [
        ("truth.lapse", None, "missing"),
        ("methods.mle.bounds.lapse", None, "missing"),
    ]


def test_a_fixed_parameter_is_neither_true_nor_estimated():
    raw = with_variant({})
    raw["model"] = raw["methods"]["mle"]["model"] = "decided"
    assert mistakes(raw) == [
        (path, "beta", "unknown_parameter")
        for path in ("truth.beta", "population.beta", "methods.mle.bounds.beta")
    ]


# ------------------------------------------------------------------------ truth and population


#: Changes of one source of data, rescorla_wagner, on its own or as one of several.
SECTIONS = [
    ({"truth.gamma": [1]}, [("truth.gamma", "gamma", "unknown_parameter")]),
    ({"truth.alpha": [2]}, [("truth.alpha[0]", 2.0, "range")]),
    ({"truth.alpha": []}, [("truth.alpha", (), "too_short")]),
    ({"truth.alpha": [0.5, 0.5]}, [("truth.alpha[1]", 0.5, "repeated")]),
    ({"truth": 5}, [("truth", 5, "dict_type")]),
    ({"truth.alpha": GONE}, [("truth.alpha", None, "missing")]),
    ({"population.alpha": FLAT, "truth.alpha": [0.2]}, [("truth.alpha", None, "conflict")]),
    ({"population": GONE}, [("population", None, "missing")]),
    ({"population.alpha": GONE}, [("population.alpha", None, "missing")]),
    ({"population.alpha": 5}, [("population.alpha", 5, "form")]),
    (
        {"truth.alpha": GONE, "population.alpha": REAL},
        [("population.alpha", "Normal(mu=0, sigma=1.5)", "support")],
    ),
    ({"truth.beta": [2, 60]}, [("truth.beta[1]", 60.0, "range")]),
    (
        {
            "truth.beta": GONE,
            "population.beta": {"distribution": "Uniform", "lower": 0, "upper": 100},
        },
        [("population.beta", "Uniform(lower=0, upper=100)", "range")],
    ),
]


@pytest.mark.parametrize(("base", "where"), [(valid, ""), (several, f"{SOURCE}.")])
@pytest.mark.parametrize(("changes", "expected"), SECTIONS)
def test_mistakes_in_a_source_of_data(changes, expected, base, where):
    raw = changed({where + key: value for key, value in changes.items()}, base)
    assert mistakes(raw) == [(where + path, value, kind) for path, value, kind in expected]


def test_every_source_is_looked_at():
    raw = changed({f"{SOURCE}.truth.alpha": [2]}, several)
    raw["models"]["simulate"]["decided"] = {"truth": {"alpha": [3]}, "population": {}}
    assert mistakes(raw) == [
        (f"{SOURCE}.truth.alpha[0]", 2.0, "range"),
        ("models.simulate.decided.population.alpha", None, "missing"),
        ("models.simulate.decided.truth.alpha[0]", 3.0, "range"),
    ]


def test_a_source_may_have_no_truth_but_not_a_misspelt_one():
    assert parse(several()).models.simulate["decided"].truth == {}
    misspelt = {f"{SOURCE}.truth": GONE, f"{SOURCE}.truht": {"alpha": [0.5]}}
    raw = changed(misspelt, several)
    assert mistakes(raw) == [(f"{SOURCE}.truht", {"alpha": [0.5]}, "extra_forbidden")]
    raw = changed({f"{SOURCE}.truth": GONE}, several)
    assert mistakes(raw) == [(f"{SOURCE}.truth", None, "missing")]


def test_a_parameter_in_neither_section_is_missing_in_both():
    assert mistakes(changed({"truth.alpha": GONE, "population.alpha": GONE})) == [
        ("truth.alpha", None, "missing"),
        ("population.alpha", None, "missing"),
    ]


def test_a_truth_need_not_fit_methods_of_models_without_the_parameter():
    """Bounds of beta_choice say nothing about beta, nor those of a model that has no beta."""
    bounds = {"alpha_choice": [0, 1], "beta_choice": [0, 1]}
    parse(changed({"methods.mle": two_rates(model="choice_kernel", bounds=bounds)}))
    both = {"methods.bayes.priors": {"alpha": FLAT, "beta": HALF}, "truth.beta": [49]}
    parse(changed(both))
