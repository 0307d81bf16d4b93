"""Effect of more data or another method on the RMSE."""

import numpy as np
import pytest

from rlrecovery.report.advice import advice
from unit.report.pages import with_rmse


@pytest.fixture
def advice_for(two_methods):
    """Return the advice for given RMSEs of individual participants' alpha."""

    def text(few, many, other, mcse):
        errors = {
            ("bayes", 50): few, ("bayes", 150): many, ("mle", 150): other, ("mle", 50): other,
        }  # fmt: skip
        where = {"parameter": "alpha", "level": "participant"}
        findings = dict(advice(with_rmse(two_methods, errors, mcse, **where)))
        return findings["alpha of individual participants"]

    return text


def test_clear_changes_are_given_in_per_cent(advice_for):
    text = advice_for(0.2, 0.1, 0.3, 0.001)
    assert "150 instead of 50 trials reduced the RMSE by 50 % (0.2000" in text
    assert "bayes instead of mle reduced the RMSE by 67 %" in text


def test_changes_within_monte_carlo_error_are_not_clear(advice_for):
    text = advice_for(0.2, 0.19, 0.3, 0.05 * np.sqrt(6))
    assert "150 instead of 50 trials made no clear difference" in text


def test_a_study_of_one_line_has_no_advice(tiny):
    assert advice(tiny) == []
