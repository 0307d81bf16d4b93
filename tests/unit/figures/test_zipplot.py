"""Intervals, sorted by the error of their estimate."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures import zipplot
from unit.figures.pages import draw, notes
from unit.figures.points import points_of


def test_intervals_are_ranked_by_the_standardised_error_and_the_others_counted(runs):
    points = points_of(
        [
            ("a", 0, 0.5, 0.8, 0.1, 0.6, 1.0),  # |z| = 3, misses
            ("a", 1, 0.5, 0.45, 0.1, 0.25, 0.65),  # |z| = 0.5
            ("b", 0, 0.2, 0.4, 0.2, 0.0, 0.8),  # |z| = 1
            ("b", 1, 0.2, 0.1, 0.2, -0.3, np.inf),  # |z| = 0.5, after the other with this z
            ("b", 2, 0.2, 0.1, np.nan, -0.3, 0.5),  # no SE
            ("b", 3, 0.2, 0.1, 0.2, np.nan, np.nan),  # no interval
            ("b", 4, 0.2, np.nan, np.nan, np.nan, np.nan),  # no estimate
        ]
    )
    summary = dataclasses.replace(runs["one of everything"], points=points)
    table, total = zipplot.ranked(summary, "alpha", "mle", 0.95)
    assert total == 7
    assert table["z"].tolist() == pytest.approx([0.5, 0.5, 1.0, 3.0])
    assert table["centile"].tolist() == [12.5, 37.5, 62.5, 87.5]
    assert table["covers"].tolist() == [True, True, True, False]
    assert table["low"].tolist() == pytest.approx([-0.25, -0.5, -0.2, 0.1])
    assert table["high"].tolist() == pytest.approx([0.15, np.inf, 0.6, 0.5])
    axes = draw("zip", summary).axes[0]
    assert notes(axes) == ["1 cut, 3 of 7 left out"]
    assert [len(lines.get_segments()) for lines in axes.collections[:2]] == [3, 1]


def test_coverage_takes_data_sets_as_the_independent_unit():
    """Two cells of two data sets with two rows; 6 of 8 rows cover."""
    table = pd.DataFrame(
        {
            "cell": list("aaaabbbb"),
            "replicate": [0, 0, 1, 1] * 2,
            "covers": [True, True, False, False, True, True, True, True],
        }
    )
    # SE = 1/4 (see the test of mean_over_data_sets), so that n = (3/16) / (1/16) = 3.
    z = 1.959963984540054
    half = z * np.sqrt(0.75 * 0.25 / 3 + z**2 / 36)
    ends = ((0.75 + z**2 / 6 + side * half) / (1 + z**2 / 3) for side in (-1, 1))
    assert tuple(zipplot.coverage(table)) == pytest.approx((0.75, *ends))
    # With n data sets that all cover, Wilson's lower end is n / (n + z^2).
    every = zipplot.coverage(table.assign(covers=True))
    assert tuple(every) == pytest.approx((1, 4 / (4 + z**2), 1))
    alone = zipplot.coverage(table[:2])
    assert alone.value == 1
    assert np.isnan(alone.low)
    assert np.isnan(zipplot.coverage(table[:0]).value)
