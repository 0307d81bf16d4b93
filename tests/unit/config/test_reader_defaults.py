"""The resolved config has all defaults, and describes the same study."""

import pytest

from rlrecovery.config.reader import parse
from rlrecovery.models.library import RESCORLA_WAGNER
from unit.config.experiments import FLAT, GONE, HALF, changed, several, valid


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
    new = {"variants": {}, "missing": [0.0], "completed": [[1.0]]}
    assert {key: resolved[key] for key in resolved if key not in valid()} == new
    defaults = {"rewards": "bernoulli", "reset": True, "feedback": "partial"}
    assert resolved["task"] == valid()["task"] | defaults
