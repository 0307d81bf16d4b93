"""What models, variants, true values and populations get wrong together."""

import dataclasses

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


#: Changes of `several` that make mistakes; their paths and sentences.
PLACES = [
    ({"model": "decided"}, [("model", "and models cannot be combined")]),
    ({"truth": {"alpha": [0.5]}}, [("truth", "and models cannot be combined")]),
    ({"population": {"alpha": FLAT}}, [("population", "and models cannot be combined")]),
    ({"models": None}, [("models", "must have a value or be omitted")]),
    ({"models": 5}, [("models", "must be a section with the keys")]),
    ({"models.simulate": {}}, [("models.simulate", "is {}, but must not be empty")]),
    ({"models.simulate": GONE}, [("models.simulate", "missing required key")]),
    (
        {"models.simulate.decided": None},
        [("models.simulate.decided", "must be a section with the keys")],
    ),
    (
        {"models.simulate.foo": {"population": {}}},
        [("models.simulate.foo", "must be rescorla_wagner")],
    ),
    (
        {"models.simulate.lapsin": {"population": {}}},
        [("models.simulate.lapsin", "must be rescorla_wagner")],
    ),
    ({"models.fit": ["rescorla_wagner", "foo"]}, [("models.fit[1]", "must be rescorla_wagner")]),
    (
        {"models.fit": ["lapsing", "rescorla_wagner", "lapsing", "decided", "lapsing"]},
        [
            ("models.fit[2]", 'repeats the value "lapsing"'),
            ("models.fit[4]", 'repeats the value "lapsing"'),
        ],
    ),
    ({"models.fit": ["rescorla_wagner"]}, [("models.fit", "must have at least 2 entries")]),
    ({"models.fit": GONE}, [("models.fit", "missing required key")]),
    ({"models.fit": [3, "decided"]}, [("models.fit[0]", "is 3, but must be text")]),
    ({"methods.exact.model": "decide"}, [("methods.exact.model", "must be rescorla_wagner")]),
]


#: The same for `valid`.
ONE_MODEL = [
    ({"model": "rescorla_wagnr"}, [("model", "must be rescorla_wagner")]),
    ({"methods.mle.model": "q"}, [("methods.mle.model", "must be rescorla_wagner")]),
    ({"methods.bayes.model": 3}, [("methods.bayes.model", "is 3, but must be text")]),
    ({"methods.mock.model": "q"}, [("methods.mock.model", "must be rescorla_wagner")]),
    ({"truth.gamma": [1]}, [("truth.gamma", "is not a parameter of")]),
    ({"truth.alpha": GONE, "truth.alhpa": [0.5]}, [("truth.alhpa", "is not a parameter of")]),
    ({"truth.alpha": GONE}, [("truth.alpha", "is required unless")]),
    ({"truth.alpha": [0.2, 1.2]}, [("truth.alpha[1]", "must be from 0 to 1")]),
    (
        {"truth.alpha": [-1, 0.2, 1.2]},
        [("truth.alpha[0]", "must be from 0 to 1"), ("truth.alpha[2]", "must be from 0 to 1")],
    ),
    (
        {
            "truth.alpha": GONE,
            "population.alpha": {"distribution": "Beta", "alpha": 0.1, "beta": 0.1},
        },
        [("population.alpha", "is Beta(alpha=0.1, beta=0.1)")],
    ),
    ({"truth.beta": [-1, 2]}, [("truth.beta[0]", "must be at least 0")]),
    ({"population.alpha": GONE}, [("population.alpha", "missing required key")]),
    ({"population.gamma": {"spread": 1}}, [("population.gamma", "is not a parameter of")]),
    ({"population.alpha": FLAT}, [("truth.alpha", "is not allowed because")]),
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
    assert mistakes(changed({key: GONE})) == [(key, "required")]
    assert mistakes(changed({key: None})) == [(key, "must have a value or be omitted")]


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
    assert mistakes(changed({"variants": 5}, several)) == [
        ("variants", "is 5, but must be a section")
    ]


# ----------------------------------------------------------------------------------- variants


#: Changes of the variant decided, which has beta fixed.
VARIANTS = [
    ({"model": "lapsing"}, [("model", "must be rescorla_wagner")]),
    ({"model": "rescorla_wagnr"}, [("model", "must be rescorla_wagner")]),
    ({"model": GONE}, [("model", "required")]),
    ({"model": 3}, [("model", "is 3, but must be text")]),
    ({"fixed": {"gamma": 1}}, [("fixed.gamma", "is not a parameter of decided")]),
    ({"fixed": {"alhpa": 1}}, [("fixed.alhpa", "is not a parameter of decided")]),
    ({"fixed": {"lapse": 0.1}}, [("fixed.lapse", "is only allowed with lapse: true")]),
    ({"fixed": {"start_value": 1}}, [("fixed.start_value", "is only allowed with start_value:")]),
    ({"fixed": {"beta": -1}}, [("fixed.beta", "must be at least 0")]),
    ({"lapse": True, "fixed": {"lapse": 2}}, [("fixed.lapse", "must be from 0 to 1")]),
    ({"fixed": {"beta": 1, "alpha": 0.5}}, [("fixed", "must leave at least one parameter")]),
    (
        {"fixed": {"beta": 1, "alpha": 0.5, "lapse": 0}, "lapse": True},
        [("fixed", "must leave at least one parameter")],
    ),
    ({"fixed": {"beta": [1]}}, [("fixed.beta", "is [1], but must be a number")]),
    ({"fixed": {"beta": 10**400}}, [("fixed.beta", "must be at most 9.0072e+15 in size")]),
    ({"fixed": ["beta"]}, [("fixed", "must be a section")]),
    ({"fixed": None}, [("fixed", "must be a section")]),
    ({"lapse": 0.1}, [("lapse", "must be true or false")]),
    ({"lapse": "true"}, [("lapse", "must be true or false")]),
    ({"lapse": None}, [("lapse", "must be true or false")]),
    ({"lapes": True}, [("lapes", "unknown key")]),
    ({"start_value": "fre"}, [("start_value", "must be task or free (did you")]),
    ({"start_value": 0.5}, [("start_value", "must be task or free")]),
    *(
        (
            {"model": model, "fixed": {}, "start_value": "free"},
            [("start_value", "has no start value, so")],
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
    prefixed = [(f"variants.decided.{path}", words) for path, words in expected]
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
        (
            {"pearce_hall": {"model": "rescorla_wagner"}},
            (".pearce_hall", "has the name of a model; choose"),
        ),
        ({"Mine": {"model": "rescorla_wagner"}}, (".Mine", "is not a valid name: names must")),
        (
            {"a" * 41: {"model": "rescorla_wagner"}},
            ("." + "a" * 41, "is not a valid name: names must"),
        ),
        ({"mine": 5}, (".mine", "must be a section with the keys")),
        (None, ("", "must be a section")),
        ([], ("", "is [], but must be a section")),
    ],
)
def test_mistakes_in_naming_variants(variants, expected):
    path, words = expected
    assert mistakes(changed({"variants": variants})) == [(f"variants{path}", words)]


def test_a_variant_stands_wherever_a_models_name_may():
    variants = {"lapsing": {"model": "rescorla_wagner", "lapse": True}}
    lapse = {"truth.lapse": [0.1], "population.lapse": {"spread": 0.1}}
    raw = changed({"model": "lapsing", "variants": variants, **lapse})
    raw["methods"]["mle"] |= {"model": "lapsing"}
    raw["methods"]["mle"]["bounds"]["lapse"] = [0, 1]
    assert parse(raw).methods["mle"].bounds["lapse"] == (0.0, 1.0)
    del raw["methods"]["mle"]["bounds"]["lapse"], raw["truth"]["lapse"]
    assert mistakes(raw) == [("truth.lapse", "is required unless")]


def test_a_fixed_parameter_is_neither_true_nor_estimated():
    raw = with_variant({})
    raw["model"] = raw["methods"]["mle"]["model"] = "decided"
    assert mistakes(raw) == [
        (path, "is not a parameter of decided")
        for path in ("truth.beta", "population.beta", "methods.mle.bounds.beta")
    ]


# ------------------------------------------------------------------------ truth and population


#: Changes of one source of data, rescorla_wagner, on its own or as one of several.
SECTIONS = [
    ({"truth.gamma": [1]}, [("truth.gamma", "is not a parameter of")]),
    ({"truth.alpha": [2]}, [("truth.alpha[0]", "must be from 0 to 1")]),
    ({"truth.alpha": []}, [("truth.alpha", "is [], but must not be empty")]),
    ({"truth.alpha": [0.5, 0.5]}, [("truth.alpha[1]", "repeats the value 0.5; values")]),
    ({"truth": 5}, [("truth", "is 5, but must be a section")]),
    ({"truth.alpha": GONE}, [("truth.alpha", "is required unless")]),
    ({"population.alpha": FLAT, "truth.alpha": [0.2]}, [("truth.alpha", "is not allowed because")]),
    ({"population": GONE}, [("population", "required")]),
    ({"population.alpha": GONE}, [("population.alpha", "must be {spread: ...} or")]),
    ({"population.alpha": 5}, [("population.alpha", "must be {spread: ...} or")]),
    (
        {"truth.alpha": GONE, "population.alpha": REAL},
        [("population.alpha", "is Normal(mu=0, sigma=1.5) with")],
    ),
    ({"truth.beta": [2, 60]}, [("truth.beta[1]", "must be from 0 to 50 because of")]),
    (
        {
            "truth.beta": GONE,
            "population.beta": {"distribution": "Uniform", "lower": 0, "upper": 100},
        },
        [("population.beta", "99% of its")],
    ),
]


@pytest.mark.parametrize(("base", "where"), [(valid, ""), (several, f"{SOURCE}.")])
@pytest.mark.parametrize(("changes", "expected"), SECTIONS)
def test_mistakes_in_a_source_of_data(changes, expected, base, where):
    raw = changed({where + key: value for key, value in changes.items()}, base)
    assert mistakes(raw) == [(where + path, words) for path, words in expected]


def test_every_source_is_looked_at():
    raw = changed({f"{SOURCE}.truth.alpha": [2]}, several)
    raw["models"]["simulate"]["decided"] = {"truth": {"alpha": [3]}, "population": {}}
    assert mistakes(raw) == [
        (f"{SOURCE}.truth.alpha[0]", "must be from 0 to 1"),
        ("models.simulate.decided.population.alpha", "missing required key"),
        ("models.simulate.decided.truth.alpha[0]", "must be from 0 to 1"),
    ]


def test_a_source_may_have_no_truth_but_not_a_misspelt_one():
    assert parse(several()).models.simulate["decided"].truth == {}
    misspelt = {f"{SOURCE}.truth": GONE, f"{SOURCE}.truht": {"alpha": [0.5]}}
    raw = changed(misspelt, several)
    assert mistakes(raw) == [(f"{SOURCE}.truht", "unknown key")]
    raw = changed({f"{SOURCE}.truth": GONE}, several)
    assert mistakes(raw) == [(f"{SOURCE}.truth", "missing required key")]


def test_a_parameter_in_neither_section_is_missing_in_both():
    assert mistakes(changed({"truth.alpha": GONE, "population.alpha": GONE})) == [
        ("truth.alpha", "is required unless"),
        ("population.alpha", "missing required key"),
    ]


def test_a_truth_need_not_fit_methods_of_models_without_the_parameter():
    """Bounds of beta_choice say nothing about beta, nor those of a model that has no beta."""
    bounds = {"alpha_choice": [0, 1], "beta_choice": [0, 1]}
    parse(changed({"methods.mle": two_rates(model="choice_kernel", bounds=bounds)}))
    both = {"methods.bayes.priors": {"alpha": FLAT, "beta": HALF}, "truth.beta": [49]}
    parse(changed(both))
