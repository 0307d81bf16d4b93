"""Scales on which measures are close to planes."""

import numpy as np
import pytest
from scipy import special

from rlrecovery.advice.scales import back, scale_of, transform, transform_scores

FORMULAS = {"log": np.log, "logit": special.logit, "atanh": np.arctanh}


@pytest.mark.parametrize("scale", FORMULAS)
def test_a_scale_is_its_formula_and_has_an_inverse(scale):
    values = np.array([0.01, 0.3, 0.95])
    assert transform(scale, values) == pytest.approx(FORMULAS[scale](values))
    assert back(scale, transform(scale, values)) == pytest.approx(values)


@pytest.mark.parametrize("scale", FORMULAS)
def test_mcses_follow_from_the_slope(scale):
    value, step = np.array([0.2, 0.7]), 1e-6
    slope = (FORMULAS[scale](value + step) - FORMULAS[scale](value - step)) / (2 * step)
    _, errors = transform_scores(scale, value, [0.01, 0.02], [50, 50])
    assert errors == pytest.approx(slope * [0.01, 0.02])


def test_shares_of_0_and_1_have_half_a_replicate_more():
    values, errors = transform_scores("logit", [0.0, 1.0], [0.0, 0.0], [24, 24])
    share = 0.5 / 25
    assert back("logit", values) == pytest.approx([share, 1 - share])
    expected = np.sqrt(share * (1 - share) / 25) / (share * (1 - share))
    assert errors == pytest.approx(expected)


@pytest.mark.parametrize(("value", "mcse"), [(0.0, 0.1), (-0.1, 0.1), (0.1, np.nan), (0.1, 0.0)])
def test_what_is_not_known_is_not_a_number(value, mcse):
    values, errors = transform_scores("log", [value, 0.1], [mcse, 0.1], [20, 20])
    assert np.isnan(values[0])
    assert np.isnan(errors[0])
    assert np.isfinite([values[1], errors[1]]).all()


def test_errors_are_on_a_log_scale_and_shares_on_the_logit_scale():
    names = ("rmse", "width", "bias", "coverage", "p_best", "spearman", "spearman_within")
    scales = ["log", "log", "log", "logit", "logit", "atanh", "atanh"]
    assert [scale_of(name) for name in names] == scales


@pytest.mark.parametrize(("scale", "end"), [("logit", 0.0), ("logit", 1.0), ("atanh", 1.0)])
def test_errors_do_not_explode_at_the_ends_of_a_range(scale, end):
    distances = np.array([-0.05, -0.001, 0.0, 0.001, 0.02, 0.05])
    values, errors = transform_scores(scale, end + distances, np.full(6, 0.03), np.full(6, 20))
    assert np.isfinite(values).all()
    assert (errors <= 1.1).all()
    inside = np.sign(0.5 - end) * distances > 0.04
    assert back(scale, values[inside]) == pytest.approx(end + distances[inside])
