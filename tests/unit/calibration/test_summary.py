"""Tables of a calibration: contraction, tests with and without flagged fits, and broken files."""

import numpy as np
import pytest

from rlrecovery.calibration.summary import (
    read_batch,
    uniformity,
    with_contraction,
    write_calibration,
)
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import BrokenFile, write_table
from rlrecovery.storage.schemas import CALIBRATION_BATCH
from unit.calibration.examples import generator, places

MADE = generator()


def batch(first, last, **changes):
    """The table of a batch."""
    table = places(("exact",), last - first)[list(CALIBRATION_BATCH)]
    table = table[table["level"] != "group"]
    return table.assign(replicate=table["replicate"] + first, **changes)


def written(path, table, made=MADE):
    write_table(table, path, {"settings": made.hash()})
    return str(path)


def test_tables_of_all_batches_and_methods_are_joined(tmp_path):
    files = {
        "exact": {
            "a": written(tmp_path / "a.parquet", batch(0, 20)),
            "b": written(tmp_path / "b.parquet", batch(20, 30)),
        }
    }
    ranges = {"exact": {"a": (0, 20), "b": (20, 30)}}
    write_calibration({"exact": MADE}, files, ranges, f"{tmp_path}/summary")
    summary = load_summary(tmp_path / "summary", ("calibration", "uniformity"))
    assert len(summary.calibration) == 60
    assert summary.uniformity["data_sets"].tolist() == [30, 30]
    alpha = summary.calibration[summary.calibration["parameter"] == "alpha"]
    # The logit of a uniform number has the variance pi^2 / 3.
    assert alpha["contraction"].to_numpy() == pytest.approx(1 - 0.25 / (np.pi**2 / 3))


def test_contraction_of_the_log_likelihood_is_unknown():
    table = batch(0, 20).assign(method="exact")
    contraction = with_contraction(table, {"exact": MADE}).set_index("level")["contraction"]
    assert contraction["data set"].isna().all()
    assert contraction["participant"].notna().all()


def test_failed_and_flagged_fits_are_counted_and_tests_made_with_and_without():
    table = places(("exact",), 100)
    alpha = (table["parameter"] == "alpha").to_numpy()
    table.loc[alpha & (table["replicate"] < 3), ["status", "pit"]] = ["failed", np.nan]
    flagged = alpha & table["replicate"].between(3, 22).to_numpy()
    table.loc[flagged, ["status", "pit"]] = ["not_converged", 0.999]
    tests = uniformity(table).set_index("parameter")
    row = tests.loc["alpha"]
    assert row[["data_sets", "failed", "flagged", "n", "n_unflagged"]].tolist() == [
        100, 3, 20, 97, 77,
    ]  # fmt: skip
    assert row["p"] < 1e-6 < 0.01 < row["p_unflagged"]
    assert row["p_holm"] == pytest.approx(min(1, 3 * row["p"]))
    assert not row["inside"]
    assert tests.loc["beta", "inside"]


def test_without_any_posterior_there_is_no_test():
    table = places(("exact",), 20).assign(pit=np.nan, status="failed")
    tests = uniformity(table)
    assert tests["p"].isna().all()
    assert not tests["inside"].any()


@pytest.mark.parametrize(
    ("table", "made", "problem"),
    [
        (batch(0, 20), generator(trials=11), "other settings"),
        (batch(0, 19), MADE, "2 of 40 rows are missing"),
        (batch(0, 21), MADE, "replicate 20 is not expected"),
    ],
    ids=["settings", "fewer", "more"],
)
def test_a_file_of_other_settings_or_data_sets_is_broken(tmp_path, table, made, problem):
    path = written(tmp_path / "a.parquet", table, made)
    with pytest.raises(BrokenFile, match=problem):
        read_batch(path, MADE, (0, 20))
