"""Tests of bias and coverage, and their verdicts."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlrecovery.report.lines import LineKey, headline_cells
from rlrecovery.report.significance import (
    bias_p_values,
    bias_verdict,
    coverage_p_values,
    coverage_verdict,
)

KEY = LineKey("participant", "mle", 3, 50)


def bias_rows(summary, values, mcse, n=5):
    rows = headline_cells(summary, "alpha", KEY)["bias"]
    return rows.assign(value=values, mcse=mcse, n=n)


@pytest.mark.parametrize(
    ("values", "mcse", "verdict"),
    [
        ([0.0349, -0.0349], 0.01, "no detectable bias"),
        ([0.0, 0.0], 0.0, "no detectable bias"),
        ([0.0349, -0.035], 0.01, "detectable in 1 of 2"),
        ([0.05, -0.06], 0.01, "detectable in 2 of 2"),
        ([0.001, 0.001], 0.0, "detectable in 2 of 2"),
        ([0.3, 0.3], np.nan, "too few replicates for a test"),
    ],
)
def test_the_verdict_on_bias_follows_the_corrected_test(tiny, values, mcse, verdict):
    text = bias_verdict(bias_rows(tiny, values, mcse))
    assert text == verdict


def test_bias_is_tested_with_replicates_as_units(tiny):
    p = bias_p_values(bias_rows(tiny, [0.03, 0.0], 0.01))
    np.testing.assert_allclose(p, [2 * stats.t.sf(3, 4), 1.0])


def test_the_bias_of_one_replicate_is_not_tested(tiny):
    rows = bias_rows(tiny, [5.0, 5.0], 0.01, n=1)
    assert bias_p_values(rows).isna().all()
    assert bias_verdict(rows) == "too few replicates for a test"


def coverage_row(value, mcse, n, n_rows):
    row = {"value": [value], "mcse": mcse, "n": n, "n_rows": n_rows, "interval": 0.95}
    return pd.DataFrame(row).assign(measure="coverage", alpha=0.3, beta=5, cell="a")


@pytest.mark.parametrize(
    ("value", "mcse", "n", "n_rows", "verdict"),
    [
        (0.935, 0.01, 50, 500, "not distinguishable from nominal"),
        (0.92, 0.01, 100, 10_000, "clearly below nominal"),
        (1.0, 0.0, 20, 20, "not distinguishable from nominal"),
        (1.0, 0.0, 100, 1000, "clearly above nominal"),
        (0.75, 0.153, 8, 8, "not distinguishable from nominal"),
        (0.625, 0.17, 8, 8, "clearly below nominal"),
        (0.0, 0.0, 1, 1, "too few replicates"),
        (0.0, np.nan, 1, 6, "too few replicates"),
    ],
)
def test_the_verdict_on_coverage_follows_its_test(value, mcse, n, n_rows, verdict):
    assert verdict in coverage_verdict(coverage_row(value, mcse, n, n_rows))


def test_coverage_is_tested_exactly_or_with_clustered_rows():
    exact = coverage_p_values(coverage_row(6 / 8, 0.153, 8, 8)).iloc[0]
    assert exact == pytest.approx(stats.binomtest(6, 8, 0.95).pvalue)
    nominal_se, own_se = np.sqrt(0.95 * 0.05 / 80), np.sqrt(0.9 * 0.1 / 80)
    smaller = coverage_p_values(coverage_row(0.9, 0.5 * own_se, 8, 80)).iloc[0]
    assert smaller == pytest.approx(2 * stats.t.sf(0.05 / nominal_se, 7))
    clustered = coverage_p_values(coverage_row(0.9, 2 * own_se, 8, 80)).iloc[0]
    assert clustered == pytest.approx(2 * stats.t.sf(0.05 / nominal_se / 2, 7))


def test_coverage_tests_are_corrected_for_the_cells_of_a_line():
    one = coverage_row(0.75, 0.1, 12, 12)
    assert "clearly below" in coverage_verdict(one)
    six = pd.concat([one] * 6, ignore_index=True)
    six.loc[1:, "value"] = 11 / 12
    assert "not distinguishable" in coverage_verdict(six)
