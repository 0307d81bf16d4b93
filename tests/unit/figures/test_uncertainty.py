"""Monte Carlo error: lengths of bars and digits of numbers."""

import numpy as np
import pytest

from rlrecovery.figures import uncertainty


def test_bars_are_95_percent_intervals_and_missing_where_the_error_is_unknown():
    assert uncertainty.half_width([1.0, 0.0, np.nan]) == pytest.approx([1.959964, 0, 0])


@pytest.mark.parametrize(
    ("mcse", "places"), [(0.012, 3), (0.0996, 2), (0.2, 2), (1.5, 1), (30, 0), (0, 2), (np.nan, 2)]
)
def test_an_error_has_two_significant_digits(mcse, places):
    # 0.0996 rounds to 0.10.
    assert uncertainty.decimals(mcse) == places


def test_a_correlation_has_its_interval_within_the_possible_values():
    assert uncertainty.correlation_text(-0.634, 0.012) == "−0.634 (−0.657 to −0.610)"
    _, ends = uncertainty.correlation_text(0.99, 0.02).removesuffix(")").split(" (")
    low, high = map(float, ends.split(" to "))
    assert -1 < low < 0.99 < high <= 1
    assert uncertainty.correlation_text(1.0, 0.0) == "1.00"
    assert uncertainty.correlation_text(-0.001, np.nan) == "0.00"
    assert uncertainty.correlation_text(np.nan, np.nan) == "not defined"
