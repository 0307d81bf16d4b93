"""Summary rows of one line of a table, and shared formatting."""

import numpy as np
import pytest

from rlrecovery.report.lines import (
    LineKey,
    correlation,
    designs,
    fewer_replicates,
    fewer_text,
    flagged_texts,
    headline_cells,
    interval_share_text,
    replicates_text,
    smallest_and_largest,
)
from unit.report.pages import changed, with_fewer_replicates

KEY = LineKey("participant", "mle", 3, 50)


def cells(summary, parameter="alpha"):
    return headline_cells(summary, parameter, KEY)


def test_headline_cells_are_those_of_one_line_at_the_headline_level(tiny):
    coverage = cells(tiny)["coverage"]
    assert sorted(coverage["alpha"]) == [0.3, 0.7]
    assert set(coverage["interval"]) == {0.95}
    assert set(cells(tiny)["bias_ok"]["rows"]) == {"ok"}


def test_the_share_of_rows_with_an_interval(tiny):
    complete = changed(tiny, {"measure": "bias"}, n_rows=15)
    complete = changed(complete, {"measure": "coverage"}, n_rows=15)
    assert interval_share_text(cells(complete)) == ""
    incomplete = changed(complete, {"measure": "coverage"}, n_rows=12)
    assert interval_share_text(cells(incomplete)) == "80 %"


def test_flagged_shares_are_pooled_over_cells(tiny):
    none = changed(tiny, {"measure": "share_at_bound"}, value=0.0, mcse=0.0)
    assert "share_at_bound" not in flagged_texts(cells(none))
    flagged = changed(tiny, {"measure": "share_at_bound"}, value=0.25, mcse=0.05)
    assert flagged_texts(cells(flagged))["share_at_bound"] == "25.0 ± 3.5 % of rows"


def test_a_flagged_share_without_mcse_is_a_count(tiny):
    where = {"measure": "share_at_bound"}
    flagged = changed(tiny, where, value=0.2, mcse=0.0, n_rows=15)
    assert flagged_texts(cells(flagged))["share_at_bound"] == "6 of 30 rows"


@pytest.mark.parametrize(("mcse", "expected"), [(0.05, 0.05), (0.0, np.nan)])
def test_an_mcse_of_zero_of_a_correlation_is_unknown(tiny, mcse, expected):
    summary = changed(tiny, {"measure": "spearman", "scope": "grid"}, value=0.9, mcse=mcse)
    value = correlation(summary, "alpha", KEY, "spearman", ("grid",))
    assert value.value == 0.9
    assert value.mcse == pytest.approx(expected, nan_ok=True)


def test_a_correlation_that_is_not_defined_is_none(tiny):
    summary = changed(tiny, {"measure": "spearman", "scope": "grid"}, value=np.nan)
    assert correlation(summary, "alpha", KEY, "spearman", ("grid", "cell")) is None


def test_the_number_of_replicates_is_a_range_where_cells_differ(tiny):
    assert replicates_text(cells(tiny)) == "5"
    assert replicates_text(cells(changed(tiny, {"alpha": 0.3}, n=4))) == "4–5"
    without = {"share_failed": cells(tiny)["share_failed"]}
    assert replicates_text(without) == "5"


def test_methods_of_fewer_replicates_are_those_of_the_same_cells(summary, tiny):
    assert fewer_replicates(summary) == {}
    assert fewer_replicates(with_fewer_replicates(summary, "bayes", 2)) == {"bayes": 2}
    # A cell that is not finished has fewer for every method.
    assert fewer_replicates(changed(tiny, {"alpha": 0.3}, n=4)) == {}


@pytest.mark.parametrize(
    ("fewer", "text"),
    [
        ({}, ""),
        ({"a": 2}, "a fits only the first 2 replicates of every cell"),
        (
            {"a": 2, "b": 4, "c": 2},
            "a and c fit only the first 2 replicates of every cell; "
            "b fits only the first 4 replicates of every cell",
        ),
    ],
)
def test_methods_of_fewer_replicates_are_named(fewer, text):
    assert fewer_text(fewer) == text


def test_designs_are_in_ascending_order(summary, tiny):
    assert designs(summary) == [(5, 50), (5, 150)]
    assert smallest_and_largest(summary) == [(5, 50), (5, 150)]
    assert smallest_and_largest(tiny) == [(3, 50)]
    assert KEY._replace(participants=1).design_text == "1 participant, 50 trials"
