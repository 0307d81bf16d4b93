"""Distributions of populations and of priors: their forms, and one sentence per mistake."""

import pytest

from rlrecovery.config import parse
from rlrecovery.models.distributions import Distribution, families
from unit.config.experiments import FLAT, FORM, GONE, HALF, NEEDS, REAL, changed, problems

FAMILIES = " or ".join(", ".join(families()).rsplit(", ", 1))
TOO_EXTREME = "its arguments must not be too large or too small to compute with"


FORMS = [
    ({"population.alpha": {}}, f"population.alpha is {{}}, but must be {FORM}"),
    ({"population.alpha": 0.5}, f"population.alpha is 0.5, but must be {FORM}"),
    (
        {"population.alpha": {"spred": 1}},
        f"population.alpha is {{spred: 1}}, but must be {FORM} (did you mean spread instead of "
        "spred?)",
    ),
    (
        {"population.alpha": {"spread": 1, **HALF}},
        f"population.alpha is {{spread: 1, distribution: HalfNormal, sigma: 1}}, but must be "
        f"{FORM}",
    ),
    (
        {"population.alpha": {"location": REAL, "scale": HALF}},
        "population.alpha is {location: {distribution: Normal, mu: 0, sigma: 1.5}, scale: "
        f"{{distr..., but must be {FORM}",
    ),
    (
        {"methods.bayes.priors.alpha": {"spread": 1}},
        "methods.bayes.priors.alpha is {spread: 1}, but must be "
        f"{NEEDS['natural']} or {NEEDS['population']}",
    ),
    (
        {"population.alpha": {"spread": -1}},
        "population.alpha.spread is -1, but must be a number of at least 0",
    ),
    (
        {"methods.bayes.priors.alpha": 5},
        f"methods.bayes.priors.alpha is 5, but must be {NEEDS['natural']} or {NEEDS['population']}",
    ),
    (
        {"methods.hierarchical.priors.alpha.scale": GONE},
        f"methods.hierarchical.priors.alpha.scale is missing, but must be {NEEDS['natural']}",
    ),
    (
        {"methods.hierarchical.priors.alpha.location": {"mu": 0, "sigma": 1}},
        "methods.hierarchical.priors.alpha.location.distribution is missing, but must be "
        f"{FAMILIES}",
    ),
]

DISTRIBUTIONS = [
    (
        {"distribution": "HalfNorml", "sigma": 1},
        f"population.beta.distribution is 'HalfNorml', but must be {FAMILIES} (did you mean "
        "HalfNormal?)",
    ),
    (
        {"distribution": "Spread"},
        f"population.beta.distribution is 'Spread', but must be {FAMILIES}",
    ),
    (
        {"distribution": "PopulationPrior"},
        f"population.beta.distribution is 'PopulationPrior', but must be {FAMILIES}",
    ),
    ({"distribution": ["Beta"]}, f"population.beta.distribution is [Beta], but must be {FAMILIES}"),
    (
        {"distribution": "HalfNormal", "sigma": -2},
        "population.beta.sigma is -2, but must be a number greater than 0",
    ),
    (
        {"distribution": "HalfNormal"},
        "population.beta.sigma is missing, but must be a number greater than 0",
    ),
    (
        {"distribution": "HalfNormal", "sigma": 2, "mu": 1},
        "population.beta.mu is 1, but there is no such key; the keys here are distribution, sigma",
    ),
    (
        {"distribution": "Uniform", "lower": 1, "upper": 0},
        "population.beta is {distribution: Uniform, lower: 1, upper: 0}, but Uniform.lower "
        "must be less than Uniform.upper",
    ),
    (
        {"distribution": "Normal", "mu": 1, "sigma": 2},
        "population.beta is Normal(mu=1, sigma=2), which can be any number, but beta must "
        "be a number of at least 0",
    ),
    (
        {"distribution": "LogNormal", "mu": 1000, "sigma": 1},
        f"population.beta is {{distribution: LogNormal, mu: 1000, sigma: 1}}, but {TOO_EXTREME}",
    ),
    (
        {"distribution": "Exponential", "lam": 1e-320},
        f"population.beta is {{distribution: Exponential, lam: 1e-320}}, but {TOO_EXTREME}",
    ),
]


def test_a_population_has_a_spread_or_a_distribution():
    changes = {"truth.alpha": GONE, "population.alpha": {**FLAT, "alpha": 2}}
    population = parse(changed(changes)).population
    assert population["alpha"].spread is None
    expected = Distribution.of("Beta", {"alpha": 2, "beta": 1})
    assert population["alpha"].distribution_object() == expected
    assert population["beta"].spread == 0
    assert population["beta"].distribution_object() is None
    assert population["alpha"].model_dump() == {**FLAT, "alpha": 2.0}
    assert population["beta"].model_dump() == {"spread": 0.0}


@pytest.mark.parametrize(("changes", "sentence"), FORMS)
def test_one_mistake_in_a_form_is_one_sentence(changes, sentence):
    assert problems(changed(changes)) == [sentence]


@pytest.mark.parametrize(("entry", "sentence"), DISTRIBUTIONS)
def test_one_mistake_in_a_distribution_is_one_sentence(entry, sentence):
    assert problems(changed({"truth.beta": GONE, "population.beta": entry})) == [sentence]
