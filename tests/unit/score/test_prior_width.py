"""Prior SDs against closed forms and against draws."""

import numpy as np
import pytest
from scipy.special import expit

from rlrecovery.models.distributions import Distribution
from rlrecovery.models.library import BETA, RESCORLA_WAGNER
from rlrecovery.score.prior_width import location_sd, prior_sds
from unit.score.examples import EXACT, MLE, bayes_method

ALPHA = RESCORLA_WAGNER.parameter("alpha")


def sds(**methods):
    return prior_sds(methods).set_index(["method", "level", "parameter"])["sd"].to_dict()


def test_unpooled_and_completely_pooled_priors_are_the_configs():
    by_key = sds(exact=EXACT, whole=bayes_method("complete"), none=bayes_method("none"))
    flat, half = np.sqrt(1 / 12), 10 * np.sqrt(1 - 2 / np.pi)
    for method, level in (("exact", "participant"), ("whole", "group"), ("none", "participant")):
        assert by_key[method, level, "alpha"] == pytest.approx(flat)
        assert by_key[method, level, "beta"] == pytest.approx(half)
    assert len(by_key) == 6


def test_with_partial_pooling_the_location_has_a_prior_and_participants_have_none():
    by_key = sds(pooled=bayes_method("partial"))
    assert set(by_key) == {("pooled", "group", "alpha"), ("pooled", "group", "beta")}
    rng = np.random.default_rng(0)
    drawn = expit(rng.normal(0, 1.5, 10**6)).std()
    assert by_key["pooled", "group", "alpha"] == pytest.approx(drawn, rel=3e-3)
    closed = np.exp(1 + 0.5) * np.sqrt(np.e - 1)
    assert by_key["pooled", "group", "beta"] == pytest.approx(closed)


def test_a_location_of_another_family_is_integrated():
    location = Distribution.of("Uniform", {"lower": -1, "upper": 2})
    # exp of a uniform variable: moments are differences of exponentials.
    first, second = (np.exp(2) - np.exp(-1)) / 3, (np.exp(4) - np.exp(-2)) / 6
    assert location_sd(BETA, location) == pytest.approx(np.sqrt(second - first**2), rel=1e-9)
    assert 0 < location_sd(ALPHA, location) < 0.5


def test_methods_without_priors_have_no_rows():
    assert prior_sds({"mle": MLE}).empty
    assert list(prior_sds({}).columns) == ["method", "level", "parameter", "sd"]


def test_a_location_whose_moments_do_not_exist_has_no_finite_sd():
    location = Distribution.of("Exponential", {"lam": 0.5})
    assert location_sd(BETA, location) == np.inf
    assert 0 < location_sd(ALPHA, location) < 0.5
