"""Means of measures over cells."""

import numpy as np
import pandas as pd
import pytest

from rlrecovery.score.over_truths import POOLED, pool_measures
from rlrecovery.storage.schemas import SCORES


def cell(n_rows=8, **values):
    """Measures of one cell: (value, MCSE) by name."""
    interval = {"coverage": 0.95}
    rows = [
        ("participant", "alpha", "all", name, interval.get(name, np.nan), *pair, 4, n_rows)
        for name, pair in values.items()
    ]
    return pd.DataFrame(rows, columns=list(SCORES)).astype(SCORES)


def pooled(*cells):
    return pool_measures(cells).set_index("measure")


def test_cells_have_equal_weight_whatever_their_rows():
    table = pooled(cell(n_rows=8, coverage=(0.9, 0.03)), cell(n_rows=80, coverage=(0.8, 0.04)))
    row = table.loc["coverage"]
    assert row["value"] == pytest.approx(0.85)
    assert row["mcse"] == pytest.approx(0.05 / 2)
    assert (row["n"], row["n_rows"], row["interval"]) == (8, 88, 0.95)


def test_the_rmse_is_the_root_of_the_mean_mse():
    table = pooled(cell(mse=(0.04, 0.003), rmse=(0.2, 9)), cell(mse=(0.12, 0.004), rmse=(0.3, 9)))
    root = np.sqrt(0.08)
    assert table.loc["rmse", "value"] == pytest.approx(root)
    assert table.loc["rmse", "mcse"] == pytest.approx(0.0025 / (2 * root))


@pytest.mark.parametrize("other", [cell(mse=(np.nan, np.nan)), cell(coverage=(1.0, 0.0))])
def test_without_one_cell_there_is_no_value(other):
    table = pooled(cell(mse=(0.04, 0.003)), other)
    assert np.isnan(table.loc["mse", "value"])
    assert np.isnan(table.loc["rmse", "value"])


def test_other_measures_are_not_pooled():
    table = pooled(cell(mse=(0.04, 0.003), bias=(0.1, 0.1), seconds=(1, 1)))
    assert set(table.index) == {"mse", "rmse"}
    assert "bias" not in POOLED
