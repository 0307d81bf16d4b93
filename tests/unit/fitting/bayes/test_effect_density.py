"""Densities of effects at 0, against quadrature and formulas."""

import numpy as np
import pytest
from scipy import integrate, stats

from rlrecovery.fitting.bayes.effect_density import (
    NormalLikelihood,
    likelihood_of_condition,
    likelihood_of_group,
    log_density_at_0,
    log_density_of_no_correlation,
)
from rlrecovery.models.distributions import Distribution

PRIORS = [
    Distribution.of("Normal", {"mu": 0.4, "sigma": 0.6}),
    Distribution.of("Uniform", {"lower": -0.5, "upper": 2.0}),
    Distribution.of("HalfNormal", {"sigma": 0.9}),
    Distribution.of("Exponential", {"lam": 1.5}),
]


@pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: prior.name)
def test_the_density_at_0_is_prior_times_likelihood_normalised(prior):
    means, variances = np.array([0.3, -0.4, 2.5, 0.0]), np.array([0.04, 0.5, 0.3, 1e-4])
    log_densities = NormalLikelihood(means, variances).log_density_at_0(prior)
    lower, upper = np.clip(prior.support(), -8, 8)
    for mean, variance, value in zip(means, variances, log_densities, strict=True):
        likelihood = stats.norm(mean, np.sqrt(variance))

        def joint(d, likelihood=likelihood):
            return prior.frozen().pdf(d) * likelihood.pdf(d)

        peak = [np.clip(mean, lower, upper)]
        total, _ = integrate.quad(joint, lower, upper, points=peak, limit=400, epsabs=0)
        assert value == pytest.approx(np.log(joint(0.0) / total), abs=1e-7)


def test_far_from_0_the_density_is_small_but_known():
    conditional = NormalLikelihood(np.array([8.0, 9.0]), np.array([0.1, 0.1]))
    prior = Distribution.of("Normal", {"mu": 0, "sigma": 1})
    value = log_density_at_0(conditional.log_density_at_0(prior))
    each = stats.norm(np.array([8, 9]) / 1.1, np.sqrt(0.1 / 1.1)).logpdf(0)
    assert value == pytest.approx(np.logaddexp(*each) - np.log(2))
    assert value < -250


def integrated_by_brute_force(values, variances, group, target, priors, drawn, at):
    """Likelihood of a difference, up to a constant: normal locations integrated by sampling."""
    rng, count = np.random.default_rng(0), 400_000
    unknown = [np.full(count, d) for d in drawn]
    for k in range(len(drawn)):
        prior = priors[min(k, 1)]
        if prior.name == "Normal" and k != target:
            unknown[k] = prior.frozen().rvs(count, random_state=rng)
    densities = []
    for d in at:
        unknown[target] = np.full(count, d)
        log_density = np.zeros(count)
        for x, v, g in zip(values, variances, group, strict=True):
            mean = unknown[0] + (unknown[g] if g else 0)
            log_density += stats.norm.logpdf(x, mean, np.sqrt(v))
        densities.append(np.exp(log_density).mean())
    return np.array(densities)


@pytest.mark.parametrize(
    ("location", "prior"), [(PRIORS[0], PRIORS[0]), (PRIORS[1], PRIORS[0]), (PRIORS[0], PRIORS[1])]
)
def test_other_normal_locations_are_integrated_out(location, prior):
    group, drawn = np.array([0, 1, 2, 1, 0]), np.array([[0.5, 0.3, -0.2]])
    values, variances = np.array([[0.4, 0.9, 0.1, 1.2, 0.8]]), np.array([[0.3, 0.3, 0.8, 0.5, 0.6]])
    given = (values, variances, group, 1, (location, prior), drawn)
    likelihood = likelihood_of_group(*given)
    at = likelihood.mean[0] + np.array([-0.7, 0.0, 0.4])
    expected = integrated_by_brute_force(values[0], variances[0], group, 1, given[4], drawn[0], at)
    density = stats.norm(likelihood.mean[0], np.sqrt(likelihood.variance[0])).pdf(at)
    np.testing.assert_allclose(density / density[1], expected / expected[1], rtol=0.02)


def test_differences_of_a_condition_are_a_normal_sample():
    differences = np.array([[0.2, 0.5, -0.1], [1.0, 1.1, 0.9]])
    likelihood = likelihood_of_condition(differences, np.array([0.6, 0.3]))
    np.testing.assert_allclose(likelihood.mean, [0.2, 1.0])
    np.testing.assert_allclose(likelihood.variance, [0.12, 0.03])


@pytest.mark.parametrize("slope", [0.0, 0.6, -0.95])
def test_the_density_of_no_correlation_is_the_likelihood_normalised(slope):
    rng = np.random.default_rng(2)
    covariate = rng.normal(size=20)
    deviations = slope * covariate + np.sqrt(1 - slope**2) * rng.normal(size=(2, 20))
    for row, value in zip(
        deviations, log_density_of_no_correlation(deviations, covariate), strict=True
    ):

        def likelihood(r, row=row):
            log_density = stats.norm.logpdf(row, r * covariate, np.sqrt(1 - r**2)).sum()
            return np.exp(log_density + 30)

        total, _ = integrate.quad(likelihood, -1, 1, limit=200, epsabs=0)
        assert value == pytest.approx(np.log(likelihood(0.0) / total), abs=1e-6)
