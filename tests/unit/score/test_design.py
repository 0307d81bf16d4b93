"""Tables of the cells of one design; `test_summary` and `test_competing` test them as a whole."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from rlrecovery.design.cells import by_key, grid
from rlrecovery.score.batches import Batches
from rlrecovery.score.design import flag_counts, scatter_sample, score
from rlrecovery.storage.files import read_table, write_table
from rlrecovery.storage.schemas import (
    COMPARED,
    COUNTS,
    FAILURES,
    MEASURES,
    SAMPLER_CHECK,
    SCATTER,
    SCORED,
)
from unit.score.examples import LEVELS, failed, tables

#: Hashes of settings that no file has.
NOWHERE = defaultdict(lambda: defaultdict(str))
COLUMNS = (MEASURES, SCATTER, FAILURES, COMPARED, COUNTS, SAMPLER_CHECK)


@pytest.mark.parametrize(("limit", "kept"), [(1, 1), (3, 1), (8, 2), (10**6, 5)])
def test_a_scatter_has_the_first_data_sets_and_at_least_one(limit, kept):
    numbers = np.repeat([7, 3, 9, 1, 5], 8)
    rows = pd.DataFrame({"replicate": numbers, "parameter": np.tile(["alpha", "beta"], 20)}).assign(
        participant=0, level="participant", truth=0.5, estimate=0.4, se=0.1, lower_95=0.1,
        upper_95=0.9,
        lower_50=0.3, upper_50=0.6, status="ok",
    )  # fmt: skip
    sample = scatter_sample(rows, LEVELS, limit)
    assert sorted(sample["replicate"].unique()) == [1, 3, 5, 7, 9][:kept]
    assert (sample.groupby("replicate").size() == 8).all()
    assert "lower_50" not in sample


def test_flagged_rows_are_counted_by_status_and_reason():
    rows = [(0, 0, 0.5), failed(0, 1, reason="no"), failed(1, 0, reason="no"), failed(1, 1)]
    estimates, _ = tables(rows)
    counts = flag_counts(estimates).set_index("reason")["rows"]
    assert counts.to_dict() == {"no": 2, "": 1}


def test_every_table_has_its_columns_and_types_even_without_rows(tmp_path):
    cells = by_key(grid({"alpha": [0.2, 0.5]}, [2], [10]))
    estimates, truth = tables([(r, p, 0.1 * r + 0.3 * p) for r in range(3) for p in range(2)])
    for key in cells:
        write_table(estimates, tmp_path / f"estimates/m/{key}/all.parquet")
        write_table(truth, tmp_path / f"truth/{key}/all.parquet")
    folders = {kind: str(tmp_path / kind) for kind in ("estimates", "truth")}
    names, fitted = {key: ["all"] for key in cells}, {"m": {"all": (0, 3)}}
    score(cells, {}, [], Batches(LEVELS, folders, names, fitted), NOWHERE, str(tmp_path / "scores"))
    for name, columns in zip(SCORED, COLUMNS, strict=True):
        table = read_table(tmp_path / f"scores/{name}.parquet")
        types = {column: str(kind) for column, kind in table.dtypes.items()}
        assert columns.items() <= types.items()
        assert set(types) - set(columns) == (
            {"lower_95", "upper_95"} if name == "points" else set()
        )
    measures = read_table(tmp_path / "scores/measures.parquet")
    assert set(measures.loc[measures["scope"] == "cell", "cell"]) == set(cells)


def test_correlations_over_cells_are_those_of_one_size(tmp_path):
    """The truth is the same within a cell, so that only a size has correlations."""
    cells = by_key(grid({"alpha": [0.2, 0.5]}, [1], [10]))
    for key, cell in cells.items():
        true_value = dict(cell.truth)["alpha"]
        rows = [(r, 0, true_value + 0.01 * r) for r in range(3)]
        estimates, truth = tables(rows, truth=true_value)
        write_table(estimates, tmp_path / f"estimates/m/{key}/all.parquet")
        write_table(truth, tmp_path / f"truth/{key}/all.parquet")
    folders = {kind: str(tmp_path / kind) for kind in ("estimates", "truth")}
    names, fitted = {key: ["all"] for key in cells}, {"m": {"all": (0, 3)}}
    score(cells, {}, [], Batches(LEVELS, folders, names, fitted), NOWHERE, str(tmp_path / "scores"))
    measures = read_table(tmp_path / "scores/measures.parquet")
    pearson = measures[(measures["measure"] == "pearson") & (measures["rows"] == "all")]
    assert pearson[["scope", "cell", "n", "n_rows"]].to_numpy().tolist() == [
        ["grid", "n-1_t-10", 6, 6]
    ]
