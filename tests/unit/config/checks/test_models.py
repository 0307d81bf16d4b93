"""What models, variants, truths and populations get wrong is one sentence per mistake."""

import dataclasses

import pytest

from rlrecovery.config import parse
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from unit.config.experiments import (
    FLAT,
    FORM,
    GONE,
    HALF,
    HAS,
    MODEL_NAMES,
    REAL,
    changed,
    problems,
    several,
    two_rates,
    valid,
)

#: With the variants of `several`, in sentences on names.
NAMES = f"{MODEL_NAMES.replace(' or ', ', ')}, lapsing or decided"
WORD = "text of up to 40 lower-case letters, digits and _ that starts with a letter"
VARIANT_KEYS = "model, fixed, lapse, start_value"
SOURCE = "models.simulate.rescorla_wagner"
SOURCES = "a section with at least one model, each by its name"


# ---------------------------------------------------------------------------- one or several


PLACES = [
    ({"model": "decided"}, "model is 'decided', but models is given, too; only one may be"),
    (
        {"truth": {"alpha": [0.5]}},
        "truth is {alpha: [0.5]}, but models is given, too; only one may be",
    ),
    (
        {"population": {"alpha": FLAT}},
        "population is {alpha: {distribution: Beta, alpha: 1, beta: 1}}, but models is given, too; "
        "only one may be",
    ),
    ({"models": None}, "models is empty, but must be a section with the keys simulate, fit"),
    ({"models": 5}, "models is 5, but must be a section with the keys simulate, fit"),
    ({"models.simulate": {}}, f"models.simulate is {{}}, but must be {SOURCES}"),
    ({"models.simulate": GONE}, f"models.simulate is missing, but must be {SOURCES}"),
    (
        {"models.simulate.decided": None},
        "models.simulate.decided is empty, but must be a section with the keys truth, population",
    ),
    (
        {"models.simulate.foo": {"population": {}}},
        f"models.simulate.foo is the name of no model, but must be {NAMES}",
    ),
    (
        {"models.simulate.lapsin": {"population": {}}},
        f"models.simulate.lapsin is the name of no model, but must be {NAMES} (did you mean "
        "lapsing?)",
    ),
    (
        {"models.fit": ["rescorla_wagner", "foo"]},
        f"models.fit contains 'foo', but must be {NAMES}",
    ),
    (
        {"models.fit": ["lapsing", "rescorla_wagner", "lapsing", "decided", "lapsing"]},
        "models.fit contains 'lapsing' more than once, but its values must differ",
    ),
    (
        {"models.fit": ["rescorla_wagner"]},
        f"models.fit is [rescorla_wagner], but must be a list of at least 2 values, each "
        f"{MODEL_NAMES}",
    ),
    (
        {"models.fit": GONE},
        f"models.fit is missing, but must be a list of at least 2 values, each {MODEL_NAMES}",
    ),
    ({"models.fit": [3, "decided"]}, f"models.fit contains 3, but must be {MODEL_NAMES}"),
    ({"methods.exact.model": "decide"},
     f"methods.exact.model is 'decide', but must be {NAMES} (did you mean decided?)"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), PLACES)
def test_one_mistake_about_several_models_is_one_sentence(changes, sentence):
    assert problems(changed(changes, several)) == [sentence]


@pytest.mark.parametrize("key", ["model", "truth", "population"])
def test_nothing_that_models_takes_the_place_of_may_be_left_out_without_it(key):
    section = "a section with one entry per parameter"
    allowed = MODEL_NAMES if key == "model" else section
    assert problems(changed({key: GONE})) == [f"{key} is missing, but must be {allowed}"]
    assert problems(changed({key: None})) == [f"{key} is empty, but must be {allowed}"]


def test_a_misspelt_key_is_one_sentence_and_not_one_for_all_that_hangs_on_it():
    raw = several()
    raw["modles"] = raw.pop("models")
    (sentence,) = problems(raw)
    assert sentence.endswith("(did you mean models?)")
    raw = several()
    raw["variant"] = raw.pop("variants")
    (sentence,) = problems(raw)
    assert sentence.endswith("(did you mean variants?)")
    assert problems(changed({"variants": 5}, several)) == [
        "variants is 5, but must be a section with one entry per variant, each under its name"
    ]


# ----------------------------------------------------------------------------------- variants


#: Changes of the variant decided, which has beta fixed.
VARIANTS = [
    ({"model": "lapsing"}, f"model is 'lapsing', but must be {MODEL_NAMES}"),
    (
        {"model": "rescorla_wagnr"},
        f"model is 'rescorla_wagnr', but must be {MODEL_NAMES} (did you mean rescorla_wagner?)",
    ),
    ({"model": GONE}, f"model is missing, but must be {MODEL_NAMES}"),
    ({"model": 3}, f"model is 3, but must be {MODEL_NAMES}"),
    ({"fixed": {"gamma": 1}}, "fixed.gamma is 1, but decided has no such parameter; it has alpha, "
     "beta"),
    (
        {"fixed": {"alhpa": 1}},
        "fixed.alhpa is 1, but decided has no such parameter; it has alpha, beta (did you mean "
        "alpha?)",
    ),
    ({"fixed": {"lapse": 0.1}}, "fixed.lapse is 0.1, but decided has lapse only with lapse: true"),
    (
        {"fixed": {"start_value": 1}},
        "fixed.start_value is 1, but decided has start_value only with start_value: free",
    ),
    ({"fixed": {"beta": -1}}, "fixed.beta is -1, but beta must be a number of at least 0"),
    (
        {"lapse": True, "fixed": {"lapse": 2}},
        "fixed.lapse is 2, but lapse must be a number from 0 to 1",
    ),
    (
        {"fixed": {"beta": 1, "alpha": 0.5}},
        "fixed is {beta: 1, alpha: 0.5}, but at least one of alpha, beta must stay free",
    ),
    (
        {"fixed": {"beta": 1, "alpha": 0.5, "lapse": 0}, "lapse": True},
        "fixed is {beta: 1, alpha: 0.5, lapse: 0}, but at least one of alpha, beta, lapse must "
        "stay free",
    ),
    ({"fixed": {"beta": [1]}}, "fixed.beta is [1], but must be a number"),
    ({"fixed": {"beta": 10**400}}, "fixed.beta is inf, but must be a finite number"),
    ({"fixed": ["beta"]}, "fixed is [beta], but must be a section with one entry per parameter"),
    ({"fixed": None}, "fixed is empty, but must be a section with one entry per parameter"),
    ({"lapse": 0.1}, "lapse is 0.1, but must be true or false"),
    ({"lapse": "true"}, "lapse is 'true', but must be true or false (write true without quotes)"),
    ({"lapse": None}, "lapse is empty, but must be true or false"),
    ({"lapes": True}, f"lapes is true, but there is no such key; the keys here are {VARIANT_KEYS} "
     "(did you mean lapse?)"),
    (
        {"start_value": "fre"},
        "start_value is 'fre', but must be task or free (did you mean free?)",
    ),
    ({"start_value": 0.5}, "start_value is 0.5, but must be task or free"),
    *(
        ({"model": model, "fixed": {}, "start_value": "free"},
         f"start_value is free, but {model} learns no values that could start elsewhere")
        for model in ("random_responding", "win_stay_lose_shift", "choice_kernel")
    ),
]  # fmt: skip


def with_variant(changes) -> dict:
    """A study of one model with the variant, which the mock fits."""
    raw = changed({"variants": {"decided": {"model": "rescorla_wagner", "fixed": {"beta": 5}}}})
    variant = raw["variants"]["decided"] | changes
    raw["variants"]["decided"] = {k: v for k, v in variant.items() if v is not GONE}
    raw["methods"]["mock"]["model"] = "decided"
    return raw


@pytest.mark.parametrize(("changes", "sentence"), VARIANTS)
def test_one_mistake_in_a_variant_is_one_sentence(changes, sentence):
    assert problems(with_variant(changes)) == [f"variants.decided.{sentence}"]


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
    ("changes", "sentence"),
    [
        (
            {"variants": {"pearce_hall": {"model": "rescorla_wagner"}}},
            "variants.pearce_hall is the name of a model already, but must be a name of its own",
        ),
        ({"variants": {"Mine": {"model": "rescorla_wagner"}}},
         f"variants.Mine is no valid name of a variant, but a name must be {WORD}"),
        ({"variants": {"a" * 41: {"model": "rescorla_wagner"}}},
         f"variants.{'a' * 41} is no valid name of a variant, but a name must be {WORD}"),
        ({"variants": {"mine": 5}},
         f"variants.mine is 5, but must be a section with the keys {VARIANT_KEYS}"),
        ({"variants": None}, "variants is empty, but must be a section with one entry per variant, "
         "each under its name"),
        ({"variants": []}, "variants is [], but must be a section with one entry per variant, each "
         "under its name"),
    ],
)  # fmt: skip
def test_one_mistake_in_naming_variants_is_one_sentence(changes, sentence):
    assert problems(changed(changes)) == [sentence]


def test_a_variant_stands_wherever_a_models_name_may():
    variants = {"lapsing": {"model": "rescorla_wagner", "lapse": True}}
    lapse = {"truth.lapse": [0.1], "population.lapse": {"spread": 0.1}}
    raw = changed({"model": "lapsing", "variants": variants, **lapse})
    raw["methods"]["mle"] |= {"model": "lapsing"}
    raw["methods"]["mle"]["bounds"]["lapse"] = [0, 1]
    assert parse(raw).methods["mle"].bounds["lapse"] == (0.0, 1.0)
    del raw["methods"]["mle"]["bounds"]["lapse"], raw["truth"]["lapse"]
    assert problems(raw) == [
        "truth.lapse is missing, but must be a list of values, or population.lapse a distribution",
        "methods.mle.bounds.lapse is missing, but must be [lower, upper]: lapsing has this "
        "parameter",
    ]


def test_a_fixed_parameter_is_neither_true_nor_estimated():
    raw = with_variant({})
    raw["model"] = raw["methods"]["mle"]["model"] = "decided"
    value = "but decided has no such parameter; it has alpha"
    assert problems(raw) == [
        f"truth.beta is [2, 5], {value}",
        f"population.beta is {{spread: 0}}, {value}",
        f"methods.mle.bounds.beta is [0, 50], {value}",
    ]


# ------------------------------------------------------------------------ truth and population


#: Changes of one source of data, rescorla_wagner, on its own or as one of several.
SECTIONS = [
    ({"truth.gamma": [1]},
     "truth.gamma is [1], but rescorla_wagner has no such parameter; it has alpha, beta"),
    ({"truth.alpha": [2]}, "truth.alpha contains 2, but alpha must be a number from 0 to 1"),
    ({"truth.alpha": []}, "truth.alpha is [], but must be a list of at least 1 value, each a "
     "number"),
    ({"truth.alpha": [0.5, 0.5]},
     "truth.alpha contains 0.5 more than once, but its values must differ"),
    ({"truth": 5}, "truth is 5, but must be a section with one entry per parameter"),
    (
        {"truth.alpha": GONE},
        "truth.alpha is missing, but must be a list of values, or {where}population.alpha a "
        "distribution",
    ),
    (
        {"population.alpha": FLAT, "truth.alpha": [0.2]},
        "truth.alpha is [0.2], but {where}population.alpha names a distribution; only one may be "
        "given",
    ),
    ({"population": GONE}, "population is missing, but must be a section with one entry per "
     "parameter"),
    ({"population.alpha": GONE}, f"population.alpha is missing, but must be {FORM}: {HAS}"),
    ({"population.alpha": 5}, f"population.alpha is 5, but must be {FORM}"),
    (
        {"truth.alpha": GONE, "population.alpha": REAL},
        "population.alpha is Normal(mu=0, sigma=1.5), which can be any number, but alpha must be a "
        "number from 0 to 1",
    ),
    (
        {"truth.beta": [2, 60]},
        "truth.beta contains 60, but must be a number from 0 to 50 because of "
        "methods.mle.bounds.beta",
    ),
    (
        {"truth.beta": GONE,
         "population.beta": {"distribution": "Uniform", "lower": 0, "upper": 100}},
        "population.beta is Uniform(lower=0, upper=100), but must be a number from 0 to 50 in at "
        "least 99% of people because of methods.mle.bounds.beta",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("base", "where"), [(valid, ""), (several, f"{SOURCE}.")])
@pytest.mark.parametrize(("changes", "sentence"), SECTIONS)
def test_one_mistake_in_a_source_of_data_is_one_sentence(changes, sentence, base, where):
    raw = changed({where + key: value for key, value in changes.items()}, base)
    assert problems(raw) == [where + sentence.replace("{where}", where)]


def test_every_source_is_looked_at():
    raw = changed({f"{SOURCE}.truth.alpha": [2]}, several)
    raw["models"]["simulate"]["decided"] = {"truth": {"alpha": [3]}, "population": {}}
    assert problems(raw) == [
        f"models.simulate.decided.population.alpha is missing, but must be {FORM}: decided has "
        "this parameter",
        f"{SOURCE}.truth.alpha contains 2, but alpha must be a number from 0 to 1",
        "models.simulate.decided.truth.alpha contains 3, but alpha must be a number from 0 to 1",
    ]


def test_a_source_may_have_no_truth_but_not_a_misspelt_one():
    assert parse(several()).models.simulate["decided"].truth == {}
    raw = changed({f"{SOURCE}.truth": GONE, f"{SOURCE}.truht": {"alpha": [0.5]}}, several)
    assert problems(raw) == [
        f"{SOURCE}.truht is {{alpha: [0.5]}}, but there is no such key; the keys here are truth, "
        "population (did you mean truth?)"
    ]
    raw = changed({f"{SOURCE}.truth": GONE}, several)
    assert problems(raw) == [
        f"{SOURCE}.truth.{name} is missing, but must be a list of values, or "
        f"{SOURCE}.population.{name} a distribution"
        for name in ("alpha", "beta")
    ]


def test_a_truth_need_not_fit_methods_of_models_without_the_parameter():
    """Bounds of beta_choice say nothing about beta, nor those of a model that has no beta."""
    bounds = {"alpha_choice": [0, 1], "beta_choice": [0, 1]}
    parse(changed({"methods.mle": two_rates(model="choice_kernel", bounds=bounds)}))
    both = {"methods.bayes.priors": {"alpha": FLAT, "beta": HALF}, "truth.beta": [49]}
    parse(changed(both))
