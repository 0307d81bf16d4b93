"""Rows of maximum likelihood: intervals end at the bounds of their parameter."""

import numpy as np
import pytest
from fits import LEVELS
from scipy.special import expit

from rlrecovery.fitting.estimates import Target
from rlrecovery.fitting.mle.rows import Maximum, mean_row, participant_rows
from rlrecovery.models.library import RESCORLA_WAGNER


def test_an_interval_of_a_natural_mean_ends_at_the_bounds():
    points, parameter = np.array([-6.0, 0.0]), RESCORLA_WAGNER.parameter("alpha")
    target = Target("group", -1, "alpha")
    row = mean_row(target, parameter, points, "natural", (0.5, 0.95), (0.0, 0.9))
    assert (row["lower_95"], row["upper_95"]) == (0.0, 0.9)
    low, high = expit(-6.0), 0.5
    reach = (high - low) / 2  # the t quantile of 0.75 with one degree of freedom is 1
    assert row["lower_50"] == pytest.approx((low + high) / 2 - reach)
    assert row["upper_50"] == pytest.approx((low + high) / 2 + reach)


def test_an_interval_of_a_flat_likelihood_ends_at_the_bounds():
    parameter = RESCORLA_WAGNER.parameter("beta")
    limits = (0.5, 40.0)
    maximum = Maximum(np.array([np.log(5)]), np.array([1e4]), np.array([0]), -9.0, True, 12)
    (row,) = participant_rows([(3, maximum)], 0, parameter, np.log(limits), LEVELS, limits)
    assert (row["participant"], row["log_likelihood"], row["choices"]) == (3, -9, 12)
    assert row["status"] == "not_identified"
    for level in LEVELS:
        ends = row[f"lower_{100 * level:.0f}"], row[f"upper_{100 * level:.0f}"]
        assert ends == limits
    assert row["se"] == pytest.approx(5e4)
