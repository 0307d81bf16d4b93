"""Rows of estimates, also of fits that failed."""

import math

import numpy as np
import pytest

from rlrecovery.fitting.estimates import Target, failed, one_line, row, with_status
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import estimates_columns


def test_row_has_every_column_but_the_replicate():
    beta = row(Target("group", -1, "beta"), 3.0, 0.5, {0.5: (2.5, 3.5), 0.95: (2.0, 4.0)}, rhat=1.5)
    table = conform([{"replicate": 7, **beta}], estimates_columns([0.5, 0.95]))
    first = table.iloc[0]
    assert (first["level"], first["participant"], first["parameter"]) == ("group", -1, "beta")
    assert (first["lower_50"], first["upper_50"]) == (2.5, 3.5)
    assert (first["lower_95"], first["upper_95"]) == (2.0, 4.0)
    assert (first["estimate"], first["se"], first["rhat"]) == (3.0, 0.5, 1.5)
    assert (first["status"], first["reason"]) == ("ok", "")
    assert bool(first["converged"]) is True
    assert bool(first["at_bound"]) is False
    unknown = ["ess_bulk", "ess_tail", "divergences", "log_likelihood", "choices", "log_evidence"]
    assert table[[*unknown, "elpd_loo", "pareto_k"]].isna().all(axis=None)


def test_failed_rows_hold_a_reason_and_no_number():
    rows = failed(
        [Target("participant", 3, "alpha"), Target("group", -1, "alpha")], "why", [0.8], 1.5
    )
    assert [r["participant"] for r in rows] == [3, -1]
    for r in rows:
        assert (r["status"], r["reason"], r["seconds"]) == ("failed", "why", 1.5)
        assert r["converged"] is False
        assert all(math.isnan(r[name]) for name in ("estimate", "se", "lower_80", "upper_80"))
    conform([{"replicate": 0, **r} for r in rows], estimates_columns([0.8]))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (RuntimeError(), "RuntimeError: no message"),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_an_error_becomes_one_line(error, text):
    assert one_line(error) == text


def test_that_line_is_bounded():
    assert len(one_line(ValueError("word " * 1000))) == 300


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_estimate_that_is_no_number_is_a_failure(value):
    made = row(Target("participant", 0, "alpha"), value, 0.1, {0.95: (0.0, value)})
    changed = with_status(made)
    assert changed["status"] == "failed"
    assert str(value) in changed["reason"]
    assert not changed["converged"]
    assert all(np.isnan(changed[name]) for name in ("estimate", "se", "lower_95", "upper_95"))
    whole = row(Target("participant", 0, "alpha"), 0.5, 0.1, {0.95: (0.0, np.inf)})
    assert with_status(whole) is whole
