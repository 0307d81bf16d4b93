"""The summary of a mock run as an object."""

import shutil

import pandas as pd
import pytest
import summaries
from settings import study

from rlrecovery import recover
from rlrecovery.score.results import (
    FILES,
    against_first,
    finest_level,
    load_summary,
    methods_with,
)
from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.schemas import SUMMARY

SMALL = {
    "truth": {"alpha": [0.3], "beta": [3.0]},
    "participants": (3,),
    "trials": (50,),
    "replicates": 4,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return summaries.write_run(tmp_path_factory.mktemp("run"), participants=(5,), replicates=4)


@pytest.fixture(scope="module")
def summary(run):
    return load_summary(run / "summary")


def test_what_the_design_has(summary):
    assert summary.methods == ("mle", "bayes", "hierarchical")
    assert summary.truths == summary.parameters == ("alpha", "beta")
    assert summary.levels == ("participant", "group")
    assert summary.participants == (5,)
    assert summary.trials == (50, 150)
    assert summary.intervals == (0.5, 0.8, 0.9, 0.95)
    assert summary.headline_interval == 0.95
    assert not summary.mixed
    assert summary.method_of == {name: name for name in summary.methods}
    assert sorted(set(summary.truths_of("alpha", "mle"))) == [0.2, 0.5, 0.8]


def test_rows_of_a_measure_have_scope_cell_and_all_rows_by_default(summary):
    rows = summary.measure("bias", method="mle", parameter="alpha", level="group")
    assert set(rows["scope"]) == {"cell"}
    assert set(rows["rows"]) == {"all"}
    assert len(rows) == 3 * 2 * 2
    assert set(summary.measure("spearman", scope="grid")["scope"]) == {"grid"}


def test_levels_of_methods(summary):
    assert methods_with(summary, "group") == ["mle", "hierarchical"]
    assert finest_level(summary, "mle") == "participant"


def test_the_reference_is_the_first_method_that_estimates_the_level(summary):
    first = against_first(summary)
    references = first.groupby("level", observed=True)["reference"].agg(lambda names: {*names})
    assert references.to_dict() == {"participant": {"mle"}, "group": {"mle"}}


def test_tables_that_are_not_needed_are_empty(run):
    summary = load_summary(run / "summary/recovery.csv", ("recovery",))
    assert len(summary.recovery) > 0
    assert summary.points.empty
    assert summary.example == {}


def test_methods_in_several_tasks_are_series(tmp_path):
    exp = summaries.experiment(**SMALL, methods=("mle", "bayes"))
    folder = summaries.write_variants(tmp_path, {"still": exp, "reversals": exp})
    summary = load_summary(folder / "summary")
    assert summary.method_of == {
        f"{method}, {task}": method
        for task in ("still", "reversals")
        for method in ("mle", "bayes")
    }
    assert set(summary.methods) == set(summary.method_of)


def test_methods_are_listed_by_the_model_that_generated_their_data(tmp_path):
    runs = {
        model: summaries.experiment(**SMALL, methods=(f"mle_{model}",))
        for model in ("easy", "hard")
    }
    folder = summaries.write_variants(tmp_path, runs, competing=True)
    summary = load_summary(folder / "summary")
    assert summary.methods_by_model == {"easy": ["mle_easy"], "hard": ["mle_hard"]}
    assert summary.method_of == {"mle_easy": "mle_easy", "mle_hard": "mle_hard"}


def test_a_broken_table_is_named(run, tmp_path):
    for file in (run / "summary").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    points = tmp_path / "points.csv"
    pd.read_csv(points).drop(columns="truth").to_csv(points, index=False)
    with pytest.raises(BrokenFile, match=r"points\.csv.*truth"):
        load_summary(tmp_path)
    points.unlink()
    with pytest.raises(BrokenFile, match=r"points\.csv"):
        load_summary(tmp_path)


TASK = {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5}


@pytest.mark.parametrize(
    "changes",
    [
        {"truth": {"alpha": [0.1, 0.6], "beta": [3.3]}},
        {"task": None, "tasks": {"still": TASK, "longer": TASK | {"blocks": 2}}},
        {"labels": {"guess": "Guess", "alpha": "rate"}},
    ],
    ids=["plain", "tasks", "labels"],
)
def test_parquet_files_give_the_same_summary_as_csv_files(tmp_path, changes):
    config = {key: value for key, value in study(**changes).items() if value is not None}
    recovered = recover(config, progress=False)
    folder = tmp_path / "summary"
    shutil.copytree(recovered.folder / "summary", folder)
    for name in SUMMARY:
        (folder / f"{name}.csv").unlink()
    from_csv = load_summary(recovered.folder / "summary")
    from_parquet = load_summary(folder)
    for name in FILES:
        expected, found = getattr(from_csv, name), getattr(from_parquet, name)
        if isinstance(expected, pd.DataFrame):
            pd.testing.assert_frame_equal(found, expected)
        else:
            assert found == expected
    assert from_parquet.method_of == from_csv.method_of
    assert len(from_parquet.recovery) > 0


def test_a_csv_file_is_preferred(run, tmp_path):
    folder = tmp_path / "summary"
    shutil.copytree(run / "summary", folder)
    (folder / "recovery.parquet").write_bytes(b"of an older version")
    assert len(load_summary(folder, ("recovery",)).recovery) > 0
    (folder / "recovery.csv").unlink()
    with pytest.raises(BrokenFile, match=r"recovery\.parquet cannot be read"):
        load_summary(folder, ("recovery",))


def test_a_table_without_any_file_is_named_by_its_csv_file(run, tmp_path):
    shutil.copytree(run / "summary", tmp_path / "summary")
    (tmp_path / "summary/points.csv").unlink()
    with pytest.raises(BrokenFile, match=r"points\.csv does not exist"):
        load_summary(tmp_path / "summary")
