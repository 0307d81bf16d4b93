"""Retest reliability and ceilings of correlations, in words."""

import dataclasses

import effect_tables
import numpy as np
import pytest

from rlrecovery.report.reliability_text import ceiling_rows, ceilings, pooled_reliability


@pytest.fixture(scope="module")
def summary(tiny):
    return dataclasses.replace(tiny, reliability=effect_tables.reliability(truths=(0.3, 0.5)))


def test_a_sentence_per_parameter_is_about_the_method_closest_to_the_truth(summary):
    alpha, beta = ceilings(summary, (60, 120))
    icc = 120 / (120 + 50 - 16)
    assert alpha == (
        "alpha, with 120 trials per session: estimates by hierarchical of people who do not "
        f"change have a retest intraclass correlation (ICC) of {icc:.4f} ± 0.0071. The largest "
        f"correlation that a perfect covariate can show is {icc**0.5:.4f} ± 0.0042. A correlation "
        "needs 1.3 times as many participants as with a perfect measurement."
    )
    assert beta.startswith("beta, with 120 trials")


def test_with_several_conditions_the_ceilings_are_said_to_be_those_of_one_session(summary, tiny):
    alone = list(ceilings(summary, (60, 120), 1))
    *texts, last = ceilings(summary, (60, 120), 2)
    assert texts == alone
    assert "those of one session" in last
    assert list(ceilings(tiny, (60, 120), 2)) == []


def test_values_are_means_over_true_values(summary):
    table = summary.reliability
    changed = table["value"].where(table["alpha"] == 0.3, table["value"] + 0.1)
    pooled = pooled_reliability(
        dataclasses.replace(summary, reliability=table.assign(value=changed))
    )
    row = pooled.query("method == 'mle' and parameter == 'alpha' and measure == 'icc'").iloc[0]
    assert row["value"] == pytest.approx(60 / 110 + 0.05)
    assert row["mcse"] == pytest.approx(0.01 / np.sqrt(2))


def test_the_table_has_a_row_per_method_and_design(summary):
    rows = list(ceiling_rows(summary))
    assert len(rows) == 2 * 3 * 2 * 2
    assert rows[0][:4] == ["alpha", "mle", "30", "60"]
    assert rows[0][4] == "0.5455 ± 0.0071"


def test_what_is_missing_is_left_out(summary, tiny):
    assert list(ceilings(tiny, (60, 120))) == []
    assert list(ceiling_rows(tiny)) == []
    failed = summary.reliability.assign(value=np.nan, mcse=np.nan)
    assert list(ceilings(dataclasses.replace(summary, reliability=failed), (60, 120))) == []
