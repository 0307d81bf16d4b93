"""Columns written without pandas give the file that pandas gives."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from rlrecovery.storage.columns import write_columns
from rlrecovery.storage.files import conform, read_origin, write_table
from rlrecovery.storage.schemas import TRUTH

ORIGIN = {"source": "code", "versions": {"numpy": "2"}}


def columns(n):
    rng = np.random.default_rng(1)
    return {
        "replicate": np.repeat(np.arange(n), 2)[:n],
        "participant": np.arange(n) - 1,
        "level": ["group", "", "schön", "spread"] * (n // 4) + ["group"] * (n % 4),
        "parameter": ["alpha"] * n,
        "truth": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
    }


@pytest.mark.parametrize("n", [0, 1, 7, 8, 9, 1000, 2**20 + 3])
@pytest.mark.parametrize("origin", [None, ORIGIN])
def test_the_file_is_that_of_the_data_frame(tmp_path, n, origin):
    written, expected = tmp_path / "written.parquet", tmp_path / "expected.parquet"
    write_columns(columns(n), TRUTH, written, origin)
    write_table(conform(columns(n), TRUTH), expected, origin)
    assert written.read_bytes() == expected.read_bytes()
    assert read_origin(written) == (origin or {})


def test_any_order_and_layout_of_arrays(tmp_path):
    table = pd.DataFrame(columns(9))
    shuffled = {name: table[name].to_numpy() for name in reversed(TRUTH)}
    for name in ("level", "parameter"):
        shuffled[name] = list(table[name])
    for name in ("replicate", "truth"):
        shuffled[name] = np.repeat(shuffled[name], 2)[::2]
    write_columns(shuffled, TRUTH, tmp_path / "t.parquet")
    read = pd.read_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read, conform(table, TRUTH))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"other": np.zeros(3)}, "columns .* are not"),
        ({"truth": np.zeros(3, dtype=int)}, "of type int64, not float64"),
        ({"replicate": np.zeros(3, dtype="int32")}, "of type int32, not int64"),
        ({"participant": np.zeros((3, 1), dtype=int)}, "has 2 axes"),
        ({"parameter": ["alpha"] * 2}, "length"),
    ],
)
def test_wrong_columns_are_refused(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        write_columns(columns(3) | change, TRUTH, tmp_path / "t.parquet")
    assert not (tmp_path / "t.parquet").exists()
