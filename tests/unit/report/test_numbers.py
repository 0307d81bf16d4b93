"""Formatting of numbers."""

import numpy as np
import pytest

from rlrecovery.report.numbers import enumeration, percent_below_all, pm, pm_parts, row_text


@pytest.mark.parametrize(
    ("value", "mcse", "text"),
    [
        (0.02134, 0.01234, "0.021 ± 0.012"),
        (-0.02134, 0.01234, "−0.021 ± 0.012"),
        (5.6789, 0.0996, "5.68 ± 0.10"),
        (1234.5, 123.0, "1230 ± 120"),
        (12.3, 1.0, "12.3 ± 1.0"),
        (0.866, 0.02, "0.866 ± 0.020"),
        (-0.0001, 0.012, "0.000 ± 0.012"),
        (1.0, 0.0, "1 ± 0"),
        (0.8663597120014, 2.5e-17, "0.866 ± 0"),
        (0.123456, np.nan, "0.123"),
        (np.nan, 1.0, "–"),
        (np.inf, np.nan, "∞"),
    ],
)
def test_mcse_has_two_digits_and_the_value_as_many_decimals(value, mcse, text):
    assert pm(value, mcse) == text


def test_the_scale_applies_to_both():
    assert pm(0.9512, 0.0123, 100) == "95.1 ± 1.2"
    assert pm_parts(0.9512, 0.0123, 100) == ("95.1", "1.2")


@pytest.mark.parametrize(
    ("measure", "n_rows", "text"),
    [
        ("coverage", 8, "8 of 8"),
        ("share_failed", 48, "48 of 48 rows"),
        ("rmse", 8, "100 ± 0"),
    ],
)
def test_a_share_without_mcse_is_a_count(measure, n_rows, text):
    row = {"measure": measure, "value": 1.0, "mcse": 0.0, "n": 8, "n_rows": n_rows}
    assert row_text(row, 100) == text


def test_less_than_all_is_less_than_100_percent():
    assert percent_below_all(0.99999) == "99.9 %"


def test_enumerations():
    assert [enumeration(list("abc"[:k])) for k in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
