"""What methods get wrong together with models that compete is one sentence per mistake."""

import pytest

from rlrecovery.config import parse
from rlrecovery.design.cells import methods_of
from unit.config.experiments import (
    FLAT,
    GONE,
    HALF,
    MODEL_NAMES,
    REAL,
    changed,
    problems,
    several,
)

MOCK = {"estimator": "mock"}
ALL = "but none of rescorla_wagner, lapsing and decided has such a parameter; they have alpha, beta"
METHODS = [
    # which model
    (
        {"methods.mle.bounds.lapse": GONE},
        "methods.mle.bounds.lapse is missing, but must be [lower, upper]: lapsing has this "
        "parameter",
    ),
    (
        {"methods.mle.bounds.alpha": GONE},
        "methods.mle.bounds.alpha is missing, but must be [lower, upper]: rescorla_wagner, lapsing "
        "and decided have this parameter",
    ),
    (
        {"methods.mle.bounds.eta": [0, 1], "models.fit": ["decided", "rescorla_wagner"]}
        | {"methods.mle.bounds.lapse": GONE, "methods.mle.bounds.start_value": GONE},
        "methods.mle.bounds.eta is [0, 1], but none of decided and rescorla_wagner has such a "
        "parameter; they have alpha, beta (did you mean beta?)",
    ),
    (
        {"methods.mle.bounds.lapse": GONE, "methods.mle.bounds.laspe": [0, 1]},
        f"methods.mle.bounds.laspe is [0, 1], {ALL}, lapse, start_value (did you mean lapse?)",
    ),
    (
        {"methods.bayes.priors.gamma": FLAT},
        f"methods.bayes.priors.gamma is {{distribution: Beta, alpha: 1, beta: 1}}, {ALL}, lapse, "
        "start_value",
    ),
    # truths of every source
    (
        {"methods.mle.bounds.beta": [0, 4]},
        "models.simulate.rescorla_wagner.truth.beta contains 5, but must be a number from 0 to 4 "
        "because of methods.mle.bounds.beta",
    ),
    (
        {"methods.bayes.priors.beta": {"distribution": "Uniform", "lower": 3, "upper": 9}},
        "models.simulate.rescorla_wagner.truth.beta contains 2, but must be a number from 3 to 9 "
        "because of methods.bayes.priors.beta",
    ),
    (
        {"methods.mle.bounds.alpha": [0.1, 1]},
        "models.simulate.decided.population.alpha is Beta(alpha=1, beta=1), but must be a number "
        "from 0.1 to 1 in at least 99% of people because of methods.mle.bounds.alpha",
    ),
    (
        {"methods.bayes.priors.start_value": HALF, "methods.bayes.priors.lapse": REAL},
        "methods.bayes.priors.lapse is Normal(mu=0, sigma=1.5), which can be any number, but lapse "
        "must be a number from 0 to 1",
    ),
    (
        {"methods.bayes.pooling": "partial", "methods.bayes.priors": {"lapse": FLAT}},
        "methods.bayes.priors.lapse is {distribution: Beta, alpha: 1, beta: 1}, but with pooling "
        "partial must be {location: ..., scale: ...}",
    ),
    # the grid of searches
    (
        {"methods.mle.grid": 32, "methods.mle.starts": 1},
        "methods.mle.grid is 32, but must have at most 1000000 points over all parameters",
    ),
    (
        {"methods.mle.starts": 10_001},
        "methods.mle.starts is 10001, but must be at most 10000, the number of points of the grid",
    ),
    # quadrature
    (
        {"methods.exact.model": "lapsing"},
        "methods.exact.model is lapsing, which has 4 free parameters, but quadrature takes 3 at "
        "most; estimator bayes takes any number",
    ),
    (
        {"methods.exact.model": GONE},
        "methods.exact.estimator is quadrature, but models.fit has lapsing, which has 4 free "
        "parameters, and quadrature takes 3 at most; estimator bayes takes any number",
    ),
    # names
    (
        {"methods.mle_lapsing": MOCK | {"model": "decided"}},
        "methods.mle_lapsing is the name of mle fitted with lapsing already, but must be a name of "
        "its own",
    ),
    # other keys
    ({"methods.bayes.loo": 1}, "methods.bayes.loo is 1, but must be true or false"),
    ({"methods.mock.model": None}, f"methods.mock.model is empty, but must be {MODEL_NAMES}"),
    (
        {"methods.mock": MOCK | {"modle": "decided"}},
        "methods.mock.modle is 'decided', but there is no such key; the keys here are estimator, "
        "model (did you mean model?)",
    ),
    (
        {"methods." + "a" * 41: MOCK},
        f"methods.{'a' * 41} is no valid name of a method, but a name must be text of up to 40 "
        "lower-case letters, digits and _ that starts with a letter",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), METHODS)
def test_one_mistake_is_one_sentence(changes, sentence):
    assert problems(changed(changes, several)) == [sentence]


def test_a_method_without_a_model_needs_models_that_compete():
    names = f"{MODEL_NAMES.replace(' or ', ', ')} or mine"
    variants = {"mine": {"model": "rescorla_wagner", "lapse": True}}
    assert problems(changed({"methods.mock.model": GONE, "variants": variants})) == [
        f"methods.mock.model is missing, but must be {names}"
    ]


def test_models_that_compete_need_a_method_without_a_model():
    raw = several()
    raw["methods"] = {"exact": raw["methods"]["exact"], "mock": MOCK | {"model": "decided"}}
    assert problems(raw) == [
        "models.fit is [rescorla_wagner, lapsing, decided], but every method names a model; one "
        "without is fitted with each"
    ]


def test_models_that_compete_by_sampling_need_a_score():
    raw = several()
    bayes = raw["methods"]["bayes"]
    raw["methods"] = {"bayes": bayes | {"loo": False}}
    assert problems(raw) == [
        "models.fit is [rescorla_wagner, lapsing, decided], but no method that is fitted with each "
        "has a score to compare them by: mle, quadrature, and bayes with loo: true have"
    ]
    raw["methods"]["scored"] = bayes
    parse(raw)


def test_some_model_is_fitted_to_its_own_data():
    """Otherwise nothing could be recovered, and the summary would be empty."""
    raw = changed({"models.fit": ["random_responding", "choice_kernel"]}, several)
    raw["methods"] = {"mock": MOCK}
    assert problems(raw) == [
        "models.fit is [random_responding, choice_kernel], but must contain one of "
        "rescorla_wagner, decided, which generate data"
    ]
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
    assert problems(raw) == [
        "methods.mle is called mle_a_b where it is fitted with a_b, but so is mle_a fitted with b; "
        "rename one"
    ]
    raw["methods"] = {"mle": MOCK, "mle_c": MOCK}
    assert list(methods_of(parse(raw).resolved())) == ["mle_a_b", "mle_b", "mle_c_a_b", "mle_c_b"]


@pytest.mark.parametrize(
    "fit", [["rescorla_wagner", "foo"], ["rescorla_wagner", 3], "rescorla_wagner", GONE, []]
)
def test_what_methods_lack_is_not_said_while_it_is_not_known_what_they_fit(fit):
    raw = changed({"models.fit": fit, "methods.mle.bounds": {"alpha": [0, 1]}}, several)
    assert [problem.split()[0] for problem in problems(raw)] == ["models.fit"]


def test_default_priors_are_those_of_all_models_that_compete():
    methods = parse(several()).resolved()["methods"]
    assert list(methods["bayes"]["priors"]) == ["alpha", "beta", "lapse", "start_value"]
    assert methods["bayes"]["priors"]["beta"] == {"distribution": "HalfNormal", "sigma": 1.0}
    assert methods["bayes"]["priors"]["lapse"] == FLAT
    assert list(methods["exact"]["priors"]) == ["alpha"]
