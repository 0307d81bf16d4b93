"""Agreement of two sessions."""

import numpy as np
import pytest

from rlrecovery.effects.reliability import agreement, icc
from rlrecovery.effects.two_step import Points


def points(values):
    values = np.atleast_2d(values)
    return Points(values, np.full(values.shape, "ok"))


def by_mean_squares(table):
    """ICC(3,1) by the analysis of variance of Shrout & Fleiss (1979), shape (targets, judges)."""
    n, k = table.shape
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    between = k * ((rows - table.mean()) ** 2).sum() / (n - 1)
    rest = table - rows[:, None] - columns + table.mean()
    error = (rest**2).sum() / ((n - 1) * (k - 1))
    return (between - error) / (between + (k - 1) * error)


def test_icc_is_that_of_the_analysis_of_variance():
    table = np.random.default_rng(1).normal(size=(9, 2)) @ np.array([[1.0, 0.6], [0.3, 0.9]])
    assert icc(table[:, 0], table[:, 1]) == pytest.approx(by_mean_squares(table))
    # Six targets and four judges of Shrout & Fleiss (1979), Table 2: ICC(3,1) is 0.71.
    published = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    )
    assert by_mean_squares(published.astype(float)) == pytest.approx(0.71, abs=0.005)


def test_the_icc_ignores_a_shift_but_not_a_scale():
    x = np.random.default_rng(2).normal(size=50)
    assert icc(x, x + 3) == pytest.approx(1)
    row = agreement(points(x), points(2 * x), x)
    assert row["retest_correlation"] == pytest.approx(1)
    assert row["icc"] == pytest.approx(0.8)


def test_the_correlation_with_the_truth_is_that_of_the_first_session():
    rng = np.random.default_rng(3)
    truth, first, second = rng.normal(size=(3, 40))
    row = agreement(points(np.stack([first, 9 * first])), points(second), truth)
    assert row["truth_correlation"] == pytest.approx(np.corrcoef(first, truth)[0, 1])
    assert row["participants_used"] == 40
    assert np.isnan(agreement(points(first), points(second), None)["truth_correlation"])
    same = np.full(40, 0.1)
    assert np.isnan(agreement(points(first), points(second), same)["truth_correlation"])


def test_participants_without_a_point_are_left_out():
    first, second, truth = np.random.default_rng(4).normal(size=(3, 10))
    whole = agreement(points(first[2:]), points(second[2:]), truth[2:])
    first[0], second[1] = np.nan, -np.inf
    row = agreement(points(first), points(second), truth)
    assert row["icc"] == pytest.approx(whole["icc"])
    assert row["participants_used"] == 8
    assert row["status"] == "not_converged"
    assert row["reason"] == "2 of 10 participants have no finite estimate"


def test_what_cannot_be_measured_fails():
    first, second = np.random.default_rng(5).normal(size=(2, 4))
    first[:2] = np.nan
    row = agreement(points(first), points(second), second)
    assert row["status"] == "failed"
    assert row["reason"] == "2 of 4 participants have finite estimates of both sessions"
    row = agreement(points(np.ones(4)), points(np.ones(4)), second)
    assert (row["status"], row["reason"]) == ("failed", "the estimates of a session do not vary")
