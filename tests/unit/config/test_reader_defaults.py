"""The resolved config has all defaults, and describes the same study."""

import pytest

from rlrecovery.config.figures import FigureSettings
from rlrecovery.config.limits import Limits
from rlrecovery.config.reader import load, parse
from rlrecovery.fitting.registry import ESTIMATORS, settings_class
from rlrecovery.models.library import RESCORLA_WAGNER, every_parameter
from unit.config.experiments import FLAT, GONE, HALF, ROOT, changed, several, valid


@pytest.mark.parametrize("priors", [GONE, {}, {"beta": HALF}])
@pytest.mark.parametrize("pooling", ["none", "complete"])
def test_natural_priors_that_are_left_out_are_the_models(priors, pooling):
    changes = {"methods.bayes.priors": priors, "methods.bayes.pooling": pooling}
    resolved = parse(changed(changes)).methods["bayes"].priors
    assert list(resolved) == ["alpha", "beta"]
    assert resolved["alpha"].distribution_object() == RESCORLA_WAGNER.parameter("alpha").prior
    if priors in (GONE, {}):
        assert resolved["beta"].distribution_object() == RESCORLA_WAGNER.parameter("beta").prior
    else:
        assert resolved["beta"].plain() == HALF


def test_hierarchical_priors_that_are_left_out_are_the_models():
    method = parse(changed({"methods.hierarchical.priors": {}})).methods["hierarchical"]
    for parameter in RESCORLA_WAGNER.parameters:
        prior = method.priors[parameter.name]
        assert prior.location.distribution_object() == parameter.location
        assert prior.scale.distribution_object() == parameter.scale


def test_quadrature_gets_the_models_default_priors():
    exact = {"estimator": "quadrature", "model": "rescorla_wagner", "engine": "compiled"}
    raw = changed({"methods.exact": exact | {"point": "mean"}})
    priors = parse(raw).resolved()["methods"]["exact"]["priors"]
    assert priors["alpha"] == FLAT
    assert priors["beta"]["distribution"] == "HalfNormal"


@pytest.mark.parametrize("estimator", list(ESTIMATORS))
def test_an_estimator_needs_nothing_but_its_name(estimator):
    resolved = parse(changed({"methods": {"only": {"estimator": estimator}}})).resolved()
    method = resolved["methods"]["only"]
    assert method["model"] == "rescorla_wagner"
    optional = {"replicates", "label", "bootstrap"}
    assert set(method) == {*settings_class(estimator).model_fields} - optional
    assert all(list(method[key]) == ["alpha", "beta"] for key in {"bounds", "priors"} & set(method))


def test_a_bootstrap_has_a_default_number_of_data_sets():
    def resolved(**keys):
        entry = {"estimator": "mle", "interval": "bootstrap", **keys}
        return parse(changed({"methods": {"mle": entry}})).resolved()["methods"]["mle"]

    assert resolved() == resolved(bootstrap=200)
    assert resolved(bootstrap=300)["bootstrap"] == 300


def test_the_defaults_of_maximum_likelihood():
    experiment = parse(changed({"methods": {"mle": {"estimator": "mle"}}}))
    assert experiment.resolved()["methods"]["mle"] == {
        "estimator": "mle",
        "model": "rescorla_wagner",
        "engine": "compiled",
        "bounds": {"alpha": [0.01, 0.99], "beta": [0.05, 50.0]},
        "grid": 10,
        "starts": 3,
        "interval": "wald",
        "group_scale": "unconstrained",
    }


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("mle", {"estimator": "mle"}),
        ("bayes", {"estimator": "quadrature"}),
        ("hierarchical", {"estimator": "quadrature", "pooling": "partial"}),
    ],
)
def test_the_settings_in_the_default_config_are_the_defaults(name, short):
    written = load(ROOT / "config.yaml")
    shortened = parse(written.resolved() | {"methods": {name: short}})
    assert shortened.methods[name] == written.methods[name]


def test_the_default_model_may_be_a_variant():
    variants = {"lapsing": {"model": "rescorla_wagner", "lapse": True}}
    lapse = {"truth.lapse": [0.1], "population.lapse": {"spread": 0}}
    methods = {"mle": {"estimator": "mle"}}
    raw = changed({"model": "lapsing", "variants": variants, "methods": methods} | lapse)
    method = parse(raw).methods["mle"]
    assert method.model == "lapsing"
    assert method.bounds["lapse"] == (0.001, 0.999)


def test_methods_that_compete_have_no_default_model():
    methods = parse(several()).resolved()["methods"]
    assert "model" not in methods["mle"]
    assert "model" not in methods["mock"]


def test_bounds_that_are_left_out_are_the_models():
    bounds = parse(changed({"methods.mle.bounds": {"beta": [1, 20]}})).methods["mle"].bounds
    assert bounds == {"alpha": (0.01, 0.99), "beta": (1.0, 20.0)}


@pytest.mark.parametrize("parameter", {p.name: p for p in every_parameter()}.values())
def test_default_bounds_lie_in_the_support_and_hold_most_of_the_prior(parameter):
    lower, upper = parameter.bounds
    assert parameter.support[0] <= lower < upper <= parameter.support[1]
    prior = parameter.prior.frozen()
    assert prior.cdf(upper) - prior.cdf(lower) > 0.97
    typical = parameter.to_natural(parameter.location.frozen().ppf([0.025, 0.975]))
    assert (lower < typical).all()
    assert (typical < upper).all()


def test_default_priors_are_those_of_all_models_that_compete():
    methods = parse(several()).resolved()["methods"]
    assert list(methods["bayes"]["priors"]) == ["alpha", "beta", "lapse", "start_value"]
    assert methods["bayes"]["priors"]["beta"] == {"distribution": "HalfNormal", "sigma": 1.0}
    assert methods["bayes"]["priors"]["lapse"] == FLAT
    assert list(methods["exact"]["priors"]) == ["alpha"]


def nulls(value) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is None or any(map(nulls, inner))


@pytest.mark.parametrize("base", [valid, several])
def test_the_resolved_config_has_defaults_and_no_nulls(base):
    resolved = parse(base()).resolved()
    assert not nulls(resolved)
    assert set(base()) <= set(resolved)
    methods = resolved["methods"].values()
    assert all("loo" in method for method in methods if method["estimator"] == "bayes")


def test_keys_that_are_left_out_have_their_defaults():
    resolved = parse(valid()).resolved()
    new = {"variants": {}, "missing": [0.0], "completed": [[1.0]], "limits": Limits().plain()}
    new |= {"labels": {}, "figures": FigureSettings().plain()}
    new |= {"targets": {}, "over": "truths", "within": 0.1}
    assert {key: resolved[key] for key in resolved if key not in valid()} == new
    defaults = {"rewards": "bernoulli", "reset": True, "feedback": "partial"}
    assert resolved["task"] == valid()["task"] | defaults
