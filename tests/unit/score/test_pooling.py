"""Means over cells and data sets with their Monte Carlo errors, against hand-worked numbers."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from rlrecovery.score.pooling import (
    mean_over_cells,
    mean_over_data_sets,
    means_over_cells,
    pool_over_truths,
    root_mean_over_cells,
)
from rlrecovery.score.results import FILES, Summary

CELLS = pd.DataFrame({"value": [4.0, 14.0], "mcse": [3.0, 4.0]})


def test_mean_over_cells():
    # sqrt(3^2 + 4^2) / 2
    assert mean_over_cells(CELLS) == (9, 2.5)


def test_means_over_cells_are_those_of_each_group():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "size": np.repeat([0.4, 0.0, 0.8], 4),
            "value": rng.normal(size=12),
            "mcse": rng.random(12),
            "n": np.arange(12),
        }
    )
    rows.loc[9, "value"] = np.nan
    pooled = means_over_cells(rows, ["size"])
    assert pooled["size"].tolist() == [0.4, 0.0, 0.8]
    for row in pooled.to_dict("records"):
        part = rows[rows["size"] == row["size"]]
        expected = mean_over_cells(part)
        assert [row["value"], row["mcse"]] == pytest.approx(list(expected), nan_ok=True)
        assert (row["n"], row["cells"]) == (part["n"].min(), 4)
        assert row["total"] == part["n"].sum()


def test_root_mean_over_cells():
    # Delta method: 2.5 / (2 * 3)
    assert root_mean_over_cells(CELLS) == pytest.approx((3, 2.5 / 6))


def test_what_is_missing_in_a_cell_is_missing_in_the_mean():
    value, mcse = mean_over_cells(CELLS.assign(mcse=[3.0, np.nan]))
    assert value == 9
    assert np.isnan(mcse)
    assert np.isnan(mean_over_cells(CELLS.assign(value=[np.nan, 4.0])).value)
    assert np.isnan(root_mean_over_cells(CELLS.assign(value=0.0)).mcse)


def study(measures, participants=(10,), trials=(50, 100), truths=(0.2, 0.8)) -> Summary:
    """A summary of one method and parameter; ``measures`` maps (truth, trials) to value, MCSE."""
    rows = [
        {
            "scope": "cell",
            "method": "mle",
            "cell": f"alpha-{truth}_n-{n}_t-{t}",
            "alpha": truth,
            "participants": n,
            "trials": t,
            "level": "participant",
            "parameter": "alpha",
            "rows": "all",
            "measure": measure,
            "interval": np.nan,
            "value": value,
            "mcse": mcse,
        }
        for measure, of_cell in measures.items()
        for n in participants
        for t in trials
        for truth in truths
        for value, mcse in [of_cell(truth, n, t)]
    ]
    empty = {name: pd.DataFrame() for name in FILES} | {"example": {}}
    return Summary(**(empty | {"recovery": pd.DataFrame(rows)}))


RMSE = {
    "rmse": lambda truth, n, t: (truth, 0.5),
    "mse": lambda truth, n, t: (10 * truth + t, 3.0 if truth < 0.5 else 4.0),
}


def test_an_rmse_is_pooled_by_the_mse_at_each_number_of_trials():
    summary = study(RMSE)
    pooled = pool_over_truths(summary, summary.measure("rmse")).set_index("trials")
    # Mean squares 5 + trials; MCSE 2.5 / (2 root).
    assert pooled["value"].to_dict() == pytest.approx({50: 55**0.5, 100: 105**0.5})
    assert pooled["mcse"].to_dict() == pytest.approx({50: 1.25 / 55**0.5, 100: 1.25 / 105**0.5})


def test_other_measures_are_pooled_as_means():
    summary = study({"width": lambda truth, n, t: (truth + t, 1.0)})
    pooled = pool_over_truths(summary, summary.measure("width")).set_index("trials")
    assert pooled["value"].to_dict() == pytest.approx({50: 50.5, 100: 100.5})
    assert pooled["mcse"].to_dict() == pytest.approx({50: 0.5**0.5, 100: 0.5**0.5})


def test_numbers_of_participants_are_kept_apart_instead():
    summary = study(RMSE, participants=(4, 8), trials=(50,))
    pooled = pool_over_truths(summary, summary.measure("rmse"), by="participants")
    assert pooled["participants"].tolist() == [4, 8]
    assert pooled["value"].tolist() == pytest.approx([55**0.5, 55**0.5])


def test_a_number_over_all_truths_needs_all_of_them():
    summary = study({"width": lambda truth, n, t: (np.nan if truth > 0.5 and t == 50 else t, 1.0)})
    pooled = pool_over_truths(summary, summary.measure("width")).set_index("trials")
    assert np.isnan(pooled.loc[50, "value"])
    assert pooled.loc[100, "value"] == 100
    cells = summary.measure("width")
    cells = cells[(cells["alpha"] < 0.5) | (cells["trials"] == 100)]
    pooled = pool_over_truths(summary, cells).set_index("trials")
    assert np.isnan(pooled.loc[50, "value"])
    assert pooled.loc[100, "value"] == 100


def test_a_method_in_half_of_the_cells_needs_these_only():
    """Another method is in cells of its own, such as those of another task."""
    summary = study(RMSE)
    other = summary.recovery.assign(method="other", cell="task-b_" + summary.recovery["cell"])
    both = dataclasses.replace(summary, recovery=pd.concat([summary.recovery, other]))
    cells = both.measure("rmse", method="mle")
    pd.testing.assert_frame_equal(
        pool_over_truths(both, cells), pool_over_truths(summary, summary.measure("rmse"))
    )


def test_no_cells_give_an_empty_table():
    summary = study(RMSE)
    pooled = pool_over_truths(summary, summary.measure("width"))
    assert pooled.empty
    assert list(pooled.columns) == ["trials", "value", "mcse"]


def test_a_mean_over_estimates_has_data_sets_as_its_unit():
    rows = pd.DataFrame({"cell": list("aaaabbbb"), "replicate": [0, 0, 1, 1] * 2})
    covers = pd.Series([1.0, 1, 0, 0, 1, 1, 1, 1])
    # Sums of covers - 3/4 are 1/2, -3/2 in a and 1/2, 1/2 in b; within cells their squares are
    # 2 * 2 = 4 and 0, so that the MCSE is sqrt(4) / 8.
    assert mean_over_data_sets(covers, rows) == pytest.approx((0.75, 0.25))


def test_differences_between_cells_are_no_monte_carlo_error():
    rows = pd.DataFrame({"cell": list("aabb"), "replicate": [0, 1, 0, 1]})
    values = pd.Series([1.0, 3.0, 11.0, 13.0])
    # Variances within cells are 2 and 2: sqrt(2 * 2 + 2 * 2) / 4.
    assert mean_over_data_sets(values, rows) == pytest.approx((7.0, np.sqrt(8) / 4))
    # A cell with one data set has no scatter within it: all four sets together.
    single = rows.assign(cell=list("aaab"), replicate=[0, 1, 2, 0])
    together = np.sqrt(4 * values.var(ddof=1)) / 4
    assert mean_over_data_sets(values, single) == pytest.approx((7.0, together))


def test_one_data_set_has_no_mcse():
    rows = pd.DataFrame({"cell": ["a", "a"], "replicate": [0, 0]})
    value, mcse = mean_over_data_sets(pd.Series([1.0, 2.0]), rows)
    assert value == 1.5
    assert np.isnan(mcse)
    assert np.isnan(mean_over_data_sets(pd.Series(dtype=float), rows[:0])).all()
