"""Distribution functions of exact posteriors, against draws from the prior and other numbers."""

import numpy as np
import pytest
from fits import POPULATION, QUADRATURE, setting, simulated
from quadrature import log_likelihood
from scipy.special import expit, logit

from rlrecovery.fitting.estimates import WHOLE, Target
from rlrecovery.fitting.quadrature.fitter import Quadrature
from rlrecovery.fitting.quadrature.settings import QuadratureSettings

SEED = np.random.SeedSequence(0)
RNG = np.random.default_rng(0)
DATA = simulated([0.3, 0.6], [3.0, 5.0], 12, 1)


def fitted(pooling, data, **changes):
    priors = POPULATION if pooling == "partial" else QUADRATURE["priors"]
    settings = QuadratureSettings.of(QUADRATURE | {"pooling": pooling, "priors": priors} | changes)
    return Quadrature.of(settings, setting(*data.choices.shape)).fit_posterior(data, SEED)


@pytest.fixture(scope="module")
def hierarchical():
    return fitted("partial", DATA)


@pytest.fixture(scope="module")
def weighted():
    """Draws of the whole hierarchy from its prior, unconstrained, and their weights."""
    rng, count = np.random.default_rng(1), 400_000
    location = rng.normal([0, 1], [1.5, 1], (count, 2))
    spread = np.abs(rng.standard_normal((count, 2)))
    real = location[:, None] + spread[:, None] * rng.standard_normal((count, 2, 2))
    logs = sum(
        log_likelihood(
            DATA.choices[i], DATA.rewards[i], expit(real[:, i, 0]), np.exp(real[:, i, 1])
        )
        for i in range(2)
    )
    weights = np.exp(logs - logs.max())
    return location, spread, real, weights / weights.sum()


@pytest.mark.parametrize("probability", [0.05, 0.4, 0.9])
@pytest.mark.parametrize("level", ["group", "spread", "participant"])
def test_the_hierarchical_posterior_is_that_of_weighted_draws(
    hierarchical, weighted, level, probability
):
    location, spread, real, weights = weighted
    _, posterior = hierarchical
    for j, name in enumerate(("alpha", "beta")):
        values = {"group": location, "spread": spread, "participant": real[:, 1]}[level][:, j]
        target = Target(level, 1 if level == "participant" else WHOLE, name)
        order = np.argsort(values)
        at = values[order][np.searchsorted(weights[order].cumsum(), probability)]
        assert posterior.below(target, at, RNG) == pytest.approx(probability, abs=0.006)
        mean, sd = posterior.moments(target)
        expected = weights @ values
        expected_sd = np.sqrt(weights @ (values - expected) ** 2)
        assert mean == pytest.approx(expected, abs=0.02 * expected_sd)
        assert sd == pytest.approx(expected_sd, rel=0.02)


def test_rows_are_those_of_a_fit(hierarchical):
    settings = QuadratureSettings.of(QUADRATURE | {"pooling": "partial", "priors": POPULATION})
    rows = Quadrature.of(settings, setting(*DATA.choices.shape)).fit(DATA, SEED)
    estimates = [[row["estimate"] for row in part] for part in (rows, hierarchical[0])]
    assert estimates[0] == estimates[1]


def test_ends_of_intervals_have_their_probabilities():
    """With complete pooling, and the prior of alpha on a part of its support."""
    priors = QUADRATURE["priors"] | {
        "alpha": {"distribution": "Uniform", "lower": 0.1, "upper": 0.9}
    }
    rows, posterior = fitted("complete", DATA, priors=priors)
    for row in rows:
        target = Target("group", WHOLE, row["parameter"])
        to_real = logit if row["parameter"] == "alpha" else np.log
        for end, probability in (("lower_95", 0.025), ("upper_95", 0.975)):
            below = posterior.below(target, to_real(row[end]), RNG)
            assert below == pytest.approx(probability, abs=1e-3)


def test_joint_draws_belong_to_the_posterior(hierarchical):
    _, posterior = hierarchical
    draws = posterior.joint_draws(4000, np.random.default_rng(2))
    target = Target("participant", 1, "beta")
    mean, sd = posterior.moments(target)
    assert draws["beta"].shape == (4000, 2)
    assert np.log(draws["beta"][:, 1]).mean() == pytest.approx(mean, abs=0.07 * sd)
    _, alone = fitted("none", DATA.rows(slice(0, 1)))
    drawn = alone.joint_draws(4000, np.random.default_rng(3))["alpha"]
    below = alone.below(Target("participant", 0, "alpha"), logit(0.3), RNG)
    assert (drawn < 0.3).mean() == pytest.approx(below, abs=0.03)


def test_without_pooling_it_is_the_posterior_of_one_participant():
    with pytest.raises(ValueError, match="2 participants"):
        fitted("none", DATA)
