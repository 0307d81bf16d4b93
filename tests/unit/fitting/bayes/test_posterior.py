"""Posterior draws that are evaluated at values."""

import numpy as np
import pytest
from fits import bayes, setting, simulated
from scipy.special import logit

from rlrecovery.fitting.bayes.posterior import SampledPosterior
from rlrecovery.fitting.estimates import WHOLE, Target

SIZES = setting(2, 20)


def draws():
    """Draws of a hierarchical model of two participants, two chains of 50."""
    rng = np.random.default_rng(1)
    names = {"alpha": rng.random((2, 50, 2)), "alpha_group": rng.random((2, 50))}
    names |= {"alpha_spread": rng.exponential(size=(2, 50))}
    return names | {"beta": 3 * rng.random((2, 50, 2))}


def test_values_are_compared_on_the_scale_of_the_draws():
    given = draws()
    posterior = SampledPosterior(SIZES, "partial", given)
    cases = [
        (Target("participant", 1, "alpha"), given["alpha"][:, :, 1], logit),
        (Target("group", WHOLE, "alpha"), given["alpha_group"], logit),
        (Target("spread", WHOLE, "alpha"), given["alpha_spread"], np.asarray),
        (Target("participant", 0, "beta"), given["beta"][:, :, 0], np.log),
    ]
    for target, values, to_real in cases:
        limit = np.quantile(values, 0.305)
        below = posterior.below(target, to_real(limit), np.random.default_rng(0))
        smaller = (values < limit).sum()
        assert smaller / 101 < below < (smaller + 1) / 101
        mean, sd = posterior.moments(target)
        assert mean == pytest.approx(to_real(values).mean())
        assert sd == pytest.approx(to_real(values).std(ddof=1))


def test_joint_draws_are_all_draws_of_all_participants():
    given = draws()
    joint = SampledPosterior(SIZES, "partial", given).joint_draws(7, np.random.default_rng(0))
    assert joint["beta"] == pytest.approx(given["beta"].reshape(100, 2))
    shared = {"alpha": given["alpha_group"], "beta": given["alpha_group"]}
    joint = SampledPosterior(SIZES, "complete", shared).joint_draws(7, np.random.default_rng(0))
    assert joint["alpha"].shape == (100, 2)
    assert np.ptp(joint["alpha"], axis=1).max() == 0


@pytest.mark.slow
def test_a_fit_gives_its_rows_and_the_draws_that_they_summarise():
    fitter, data = bayes(trials=40), simulated(0.3, 4.0, 40, 1)
    rows, posterior = fitter.fit_posterior(data, np.random.SeedSequence(1))
    expected = fitter.fit(data, np.random.SeedSequence(1))
    assert [r["estimate"] for r in rows] == [r["estimate"] for r in expected]
    assert posterior.joint_draws(1, np.random.default_rng(0))["alpha"].mean() == pytest.approx(
        rows[0]["estimate"]
    )
