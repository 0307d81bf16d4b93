"""Posterior SBC: places of values in posteriors, and tests of uniformity."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.calibration.uniformity import SIGNIFICANCE
from rlrecovery.fitting.quadrature.posterior import HierarchicalPosterior
from rlrecovery.fitting.quadrature.settings import QuadratureSettings
from rlrecovery.pilot.calibration import pits, posterior_sbc, uniformity_tests
from rlrecovery.pilot.fit import population_draws
from unit.pilot.examples import fit, pilot

DRAWS = 6_000


def test_places_of_values_are_shares_of_draws_below_them():
    """Against 6,000 draws of the same posterior, whose shares have an error of .006."""
    done, rng = fit(), np.random.default_rng(5)
    locations, spreads = population_draws(done, DRAWS, rng)
    participants, _, _ = done.posterior.joint_draws(DRAWS, rng)
    real = np.stack(
        [p.to_real(participants[:, 1, j]) for j, p in enumerate(done.model.parameters)], axis=1
    )
    places = HierarchicalPosterior(done.model, done.posterior)
    for quantile in (0.1, 0.5, 0.9):
        values = [np.quantile(d, quantile, axis=0) for d in (locations, spreads, real)]
        for found in pits(places, *values, participant=1).values():
            np.testing.assert_allclose(found, quantile, atol=0.025)


def test_values_outside_all_posteriors_have_places_within_0_and_1():
    for extreme in (-100.0, 100.0):
        values = np.full(2, extreme)
        places = HierarchicalPosterior(fit().model, fit().posterior)
        found = pits(places, values, np.exp(values / 10), values, participant=0)
        for place in found.values():
            assert ((place > 0) & (place < 1)).all()


def test_data_sets_are_reproducible_and_have_a_row_per_quantity():
    table = posterior_sbc(pilot(), fit(), 2, np.random.SeedSequence(3))
    assert len(table) == 2 * 3 * 2
    assert table["pit"].between(0, 1, inclusive="neither").all()
    assert table.groupby("data_set")["pit"].nunique().tolist() == [6, 6]
    again = posterior_sbc(pilot(), fit(), 2, np.random.SeedSequence(3))
    pd.testing.assert_frame_equal(table, again)


def test_without_data_sets_nothing_is_tested():
    assert uniformity_tests(posterior_sbc(pilot(), fit(), 0, np.random.SeedSequence(3))).empty


@pytest.mark.slow
def test_a_posterior_is_calibrated_with_its_own_prior_and_not_with_another():
    """The second fit of the wrong one has a far narrower prior of the SD."""
    done, count = fit(), 100
    right = uniformity_tests(posterior_sbc(pilot(), done, count, np.random.SeedSequence(8)))
    assert right["p_holm"].min() > SIGNIFICANCE
    plain = done.method.settings.plain()
    for prior in plain["priors"].values():
        prior["scale"] = {"distribution": "HalfNormal", "sigma": 0.1}
    fitter = dataclasses.replace(done.fitter, settings=QuadratureSettings.of(plain))
    wrong = dataclasses.replace(done, fitter=fitter)
    found = uniformity_tests(posterior_sbc(pilot(), wrong, count, np.random.SeedSequence(8)))
    assert found["p_holm"].min() < SIGNIFICANCE / 10
