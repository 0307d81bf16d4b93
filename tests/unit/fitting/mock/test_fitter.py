"""The mock estimator draws from the priors and ignores the data."""

import numpy as np
import pytest
from fits import LEVELS, assert_same, setting, simulated, table, targets_of
from scipy import stats

from rlrecovery.fitting.mock.fitter import Mock

DATA = simulated([0.5] * 3, [5.0] * 3, 10, seed=0)
MOCK = Mock(setting(participants=3, trials=10))


def fit(seed=1, data=DATA):
    return MOCK.fit(data, np.random.SeedSequence(seed))


def test_every_target_once():
    assert targets_of(fit()) == MOCK.targets
    assert len(set(MOCK.targets)) == 3 * 2 + 2
    assert set(table(fit())["status"]) == {"ok"}


def test_the_seed_decides_and_the_data_do_not():
    assert_same(fit(), fit())
    assert_same(fit(), fit(data=simulated([0.1] * 3, [1.0] * 3, 10, seed=9)))
    assert not np.array_equal(table(fit(1))["estimate"], table(fit(2))["estimate"])


@pytest.mark.parametrize(
    ("parameter", "prior"), [("alpha", stats.beta(1, 1)), ("beta", stats.halfnorm(scale=10))]
)
def test_intervals_are_the_priors(parameter, prior):
    rows = table(fit()).query("parameter == @parameter")
    for level in LEVELS:
        lower, upper = prior.ppf([(1 - level) / 2, (1 + level) / 2])
        np.testing.assert_allclose(rows[f"lower_{100 * level:.0f}"], lower, rtol=1e-12)
        np.testing.assert_allclose(rows[f"upper_{100 * level:.0f}"], upper, rtol=1e-12)
    np.testing.assert_allclose(rows["se"], prior.std(), rtol=1e-12)


def test_estimates_are_distributed_as_the_priors():
    estimates = np.concatenate([table(fit(seed))["estimate"] for seed in range(100)])
    alpha, beta = estimates[::2], estimates[1::2]
    assert stats.kstest(alpha, stats.beta(1, 1).cdf).pvalue > 1e-3
    assert stats.kstest(beta, stats.halfnorm(scale=10).cdf).pvalue > 1e-3
