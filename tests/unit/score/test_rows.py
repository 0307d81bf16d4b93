"""Estimates and truths that do not match are refused, with the first key in the message."""

import pandas as pd
import pytest

from rlrecovery.score.rows import join
from unit.score.examples import tables


def test_an_estimate_without_its_truth_is_an_error():
    estimates, truth = tables([(0, 0, 0.5), (1, 0, 0.5), (1, 1, 0.5)])
    with pytest.raises(ValueError, match=r"2 estimates have no truth.*replicate 1, participant 0"):
        join(estimates, truth.iloc[:1])


def test_duplicates_are_an_error():
    estimates, truth = tables([(0, 0, 0.5), (1, 0, 0.5)])
    with pytest.raises(ValueError, match=r"estimates: 1 duplicate.*replicate 1"):
        join(pd.concat([estimates, estimates.iloc[1:]]), truth)
    with pytest.raises(ValueError, match=r"truth: 1 duplicate.*parameter alpha"):
        join(estimates, pd.concat([truth, truth.iloc[:1]]))
