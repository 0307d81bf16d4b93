"""Named distributions: arguments, errors, and that the names mean what PyMC means by them."""

from __future__ import annotations

import math

import numpy as np
import pymc as pm
import pytest

from rlrecovery.models.distributions import Distribution, families
from unit.forms import interpreted

#: Arguments, a point, and the log-density there written out from the textbook.
EXAMPLES = {
    "Beta": (
        {"alpha": 2, "beta": 3},
        0.3,
        math.log(math.gamma(5) / (math.gamma(2) * math.gamma(3)) * 0.3 * 0.7**2),
    ),
    "Exponential": ({"lam": 2}, 0.7, math.log(2) - 2 * 0.7),
    "Gamma": (
        {"alpha": 3, "beta": 2},
        0.7,
        math.log(2**3 / math.gamma(3) * 0.7**2) - 2 * 0.7,
    ),
    "HalfNormal": (
        {"sigma": 2},
        0.7,
        math.log(math.sqrt(2 / math.pi) / 2) - 0.7**2 / (2 * 2**2),
    ),
    "LogNormal": (
        {"mu": 0.4, "sigma": 0.8},
        1.7,
        -math.log(1.7 * 0.8 * math.sqrt(2 * math.pi)) - (math.log(1.7) - 0.4) ** 2 / (2 * 0.8**2),
    ),
    "Normal": (
        {"mu": -1, "sigma": 2},
        0.3,
        -math.log(2 * math.sqrt(2 * math.pi)) - 1.3**2 / 8,
    ),
    "ShiftedExponential": (
        {"lower": 1, "lam": 2},
        1.7,
        math.log(2) - 2 * 0.7,
    ),
    "Uniform": ({"lower": -1, "upper": 3}, 0.3, -math.log(4)),
}
each = pytest.mark.parametrize("name", list(EXAMPLES))


def of(name: str) -> Distribution:
    return Distribution.of(name, EXAMPLES[name][0])


def test_every_family_has_an_example():
    assert set(families()) == set(EXAMPLES)
    assert families()["Beta"] == ("alpha", "beta")
    assert families()["Uniform"] == ("lower", "upper")


@each
def test_density_is_the_textbooks(name):
    _, point, expected = EXAMPLES[name]
    assert of(name).frozen().logpdf(point) == pytest.approx(expected, rel=1e-12)


@each
def test_the_closed_form_is_scipys(name):
    """Which is not asked at run time, because it is slow to import."""
    distribution, reference = of(name), of(name).frozen()
    points = reference.ppf(np.linspace(0.001, 0.999, 25))
    np.testing.assert_allclose(
        distribution.log_density(points), reference.logpdf(points), rtol=1e-11, atol=1e-12
    )
    assert distribution.support() == reference.support()
    for mass in (1e-8, 0.2):
        expected = (reference.ppf(mass), reference.isf(mass))
        assert distribution.tails(mass) == pytest.approx(expected, rel=1e-9)


@each
def test_quantiles_are_scipys_to_the_last_bit(name):
    """Other bits would change simulated participants."""
    probabilities = np.concatenate([np.random.default_rng(3).random(10_000), [0.0, 1e-300, 1e-17]])
    distribution, expected = of(name), of(name).frozen().ppf(probabilities)
    np.testing.assert_array_equal(distribution.quantiles(probabilities), expected)
    assert distribution.quantiles(0.3) == of(name).frozen().ppf(0.3)


def test_densities_are_pymcs():
    """The fit uses PyMC's distribution of the same name; the two must be one."""
    names, points = list(EXAMPLES), np.array([0.05, 0.3, 0.9])
    with pm.Model():
        graphs = [pm.logp(of(name).variable(name.lower()), points) for name in names]
    log_densities = interpreted([], graphs)()
    for name, densities in zip(names, log_densities, strict=True):
        # PyMC rounds its constants to single precision
        np.testing.assert_allclose(densities, of(name).frozen().logpdf(points), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "support"),
    [
        ("Beta", (0, 1)),
        ("Exponential", (0, math.inf)),
        ("Gamma", (0, math.inf)),
        ("HalfNormal", (0, math.inf)),
        ("LogNormal", (0, math.inf)),
        ("Normal", (-math.inf, math.inf)),
        ("Uniform", (-1, 3)),
    ],
)
def test_support(name, support):
    assert of(name).support() == support


@each
def test_order_of_arguments_does_not_matter(name):
    arguments = EXAMPLES[name][0]
    backwards = dict(reversed(arguments.items()))
    assert Distribution.of(name, backwards) == of(name)
    assert hash(Distribution.of(name, backwards)) == hash(of(name))
    assert of(name).as_dict() == arguments
    assert tuple(of(name).as_dict()) == families()[name]


def test_it_prints_as_in_a_paper():
    assert str(Distribution.of("Beta", {"beta": 2.5, "alpha": 1})) == "Beta(alpha=1, beta=2.5)"


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("Betta", {"alpha": 1, "beta": 1}, "unknown distribution 'Betta'; choose from Beta, Exp"),
        ("Beta", {"alpha": 1}, "Beta expects the arguments alpha, beta, got alpha"),
        ("Beta", {}, "got none"),
        ("Beta", {"alpha": 1, "beta": 1, "mu": 0}, "got alpha, beta, mu"),
        ("Beta", {"alpha": 1, "betta": 1}, "expects the arguments alpha, beta"),
        ("Beta", {"alpha": 0, "beta": 1}, "Beta.alpha is 0.0, but must be greater than 0"),
        ("Normal", {"mu": 0, "sigma": -1}, "Normal.sigma is -1.0, but must be greater than 0"),
        ("HalfNormal", {"sigma": math.inf}, "HalfNormal.sigma is inf, but must be a finite"),
        ("Normal", {"mu": math.nan, "sigma": 1}, "Normal.mu is nan, but must be a finite"),
        ("Uniform", {"lower": 1, "upper": 1}, "Uniform.lower must be less than Uniform.upper"),
        ("Uniform", {"lower": 2, "upper": 1}, "Uniform.lower must be less than Uniform.upper"),
        ("Gamma", {"alpha": 1, "beta": -2}, "Gamma.beta is -2.0"),
        ("Exponential", {"lam": 0}, "Exponential.lam is 0.0"),
    ],
)
def test_wrong_ones_say_what_is_allowed(name, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Distribution.of(name, arguments)


@pytest.mark.parametrize("mu", [-3, 0, 2.5])
def test_locations_may_be_any_number(mu):
    assert Distribution.of("Normal", {"mu": mu, "sigma": 1}).frozen().mean() == mu


HUGE, TINY = 1e308, 1e-310


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *EXAMPLES.items(),
        *(("Exponential", {"lam": lam}) for lam in (HUGE, TINY)),
        *(("Gamma", {"alpha": 1, "beta": beta}) for beta in (HUGE, TINY)),
        *(("HalfNormal", {"sigma": sigma}) for sigma in (HUGE, TINY)),
        *(("LogNormal", {"mu": mu, "sigma": 1}) for mu in (-800, -700, 700, 800)),
        *(("ShiftedExponential", {"lower": -1, "lam": lam}) for lam in (HUGE, TINY)),
        *(("Uniform", {"lower": -1.7e308, "upper": upper}) for upper in (0.0, 1.7e308)),
    ],
)
def test_arguments_are_computable_if_scipy_can_compute_with_them(name, arguments):
    arguments = arguments[0] if isinstance(arguments, tuple) else arguments
    distribution = Distribution.of(name, arguments)
    try:
        with np.errstate(all="ignore"):
            expected = not np.isnan(distribution.frozen().support()).any()
    except OverflowError:
        expected = False
    assert distribution.is_computable() == expected
