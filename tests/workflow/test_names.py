"""Names that look like something else, such as missing values, go through a whole study."""

import pandas as pd
import pytest
from settings import MOCK, study

from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import read_table
from rlrecovery.storage.schemas import SUMMARY
from workflow.inprocess import run_here

#: Words that pandas reads as missing, and texts that it reads as other types.
METHODS = ("nan", "null", "true", "inf")
TASKS = ("null", "nan")


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names")
    task = {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5}
    experiment = study(
        methods=dict.fromkeys(METHODS, MOCK), tasks=dict.fromkeys(TASKS, task), replicates=3
    )
    del experiment["task"]
    run_here(folder, experiment, figures=False)
    return folder / "results/small/summary"


def test_the_names_are_those_of_the_config(summary):
    read = load_summary(summary)
    assert set(read.method_of.values()) == set(METHODS)
    assert set(read.methods) == {f"{method}, {task}" for method in METHODS for task in TASKS}
    assert set(read.verdicts["method"]) == set(read.methods)


@pytest.mark.parametrize("name", SUMMARY)
def test_csv_and_parquet_are_the_same_table(summary, name):
    csv, parquet = (read_table(summary / f"{name}.{kind}") for kind in ("csv", "parquet"))
    assert list(csv.columns) == list(parquet.columns)
    for column in csv:
        if not parquet[column].isna().all():
            one, other = csv[column], parquet[column].replace("", pd.NA)
            pd.testing.assert_series_equal(
                one.astype("object"), other.astype("object"), check_dtype=False
            )


def test_both_give_the_same_summary(summary, tmp_path):
    for path in summary.iterdir():
        if path.suffix != ".csv" or not path.with_suffix(".parquet").exists():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    one, other = load_summary(summary), load_summary(tmp_path)
    for name in ("recovery", "verdicts", "points", "comparison", "failures", "priors"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
