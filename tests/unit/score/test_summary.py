"""The summary of a small study by the mock estimator."""

import itertools
import shutil
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from rlrecovery.config.limits import Limits
from rlrecovery.design.cells import batches, by_key, grid
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.score import summary
from rlrecovery.score.batches import Batches
from rlrecovery.score.design import score
from rlrecovery.score.individual import INDIVIDUAL
from rlrecovery.score.over_truths import POOLED
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.simulation.generator import Generator
from rlrecovery.storage.files import BrokenFile, read_json, read_table, write_json, write_table
from rlrecovery.storage.schemas import COMPARED, PAIRED, SAMPLER_CHECK, SUMMARY
from unit.score.examples import MOCK

GENERATOR = Generator.of(
    {
        "seed": 3,
        "model": "rescorla_wagner",
        "task": {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
        "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
    }
)
LEVELS = (0.5, 0.95)
METHODS = {"first": MOCK, "second": MOCK}
CELLS = by_key(grid({"alpha": [0.2, 0.8], "beta": [4.0]}, [3], [10, 20]))
FIRST = next(iter(CELLS))
BATCHES = batches(5, 3)
#: Hashes of settings that no file has.
NOWHERE = defaultdict(lambda: defaultdict(str))
#: Rows of every method and cell: 5 replicates, 2 parameters, 3 participants and the group.
ROWS = 5 * 2 * 4

CELL_MEASURES = {
    "bias", "median_bias", "empirical_se", "model_se", "relative_error_model_se", "mse", "rmse",
    "coverage", "truth_below", "truth_above", "bias_eliminated_coverage", "width", "pearson",
    "spearman", "concordance", *INDIVIDUAL,
    "share_failed", "share_at_bound", "share_not_converged", "share_no_interval", "seconds",
    "max_rhat", "min_ess_bulk",
}  # fmt: skip


def folders_of(folder):
    """Folders of data and estimates."""
    return {kind: str(folder / kind) for kind in ("estimates", "truth")}


def flag(path, rows, **changes):
    """Change columns of the first rows of a table of estimates."""
    table = pd.read_parquet(path)
    for name, value in changes.items():
        table.loc[table.index[:rows], name] = value
    write_table(table, path)


def run_summary(folder, scores=None, **changes):
    """Run `summary.summarise` and return the folder and the tables that it wrote."""
    arguments = {
        "methods": METHODS,
        "cells": CELLS,
        "scores": [str(scores or folder / "scores")],
        "summary": tempfile.mkdtemp(dir=folder),
        "limits": Limits(),
        "labels": {},
    }
    records = {name: f"{arguments['summary']}/{name}.json" for name in ("begun", "provenance")}
    write_json({"run": "small"}, records["begun"])
    summary.summarise(**(arguments | records | changes))
    written = Path(arguments["summary"])
    tables = {name: read_table(written / f"{name}.csv") for name in SUMMARY}
    return SimpleNamespace(folder=written, **tables)


def estimates(folder, method, key, batch):
    return folder / "estimates" / method / key / f"{batch}.parquet"


def score_methods(folder, outputs, methods=METHODS, pairs=(), cells=CELLS, **batches):
    """Score methods, some of them in some batches; the folder ``outputs`` has the results."""
    fitted = dict.fromkeys(methods, BATCHES) | batches
    names = {key: list(BATCHES) for key in cells}
    batches = Batches(LEVELS, folders_of(folder), names, fitted)
    score(cells, {}, pairs, batches, NOWHERE, str(outputs))
    return outputs


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A whole study by the mock estimator, with some rows of the second method flagged."""
    folder = tmp_path_factory.mktemp("study")
    for key, cell in CELLS.items():
        for batch, ends in BATCHES.items():
            trials, truth = (
                str(folder / kind / key / f"{batch}.parquet") for kind in ("trials", "truth")
            )
            simulate_batch(cell, GENERATOR, ends, trials, truth)
            for method, seed in zip(METHODS, (3, 4), strict=True):
                generator = replace(GENERATOR, seed=seed)
                path = str(estimates(folder, method, key, batch))
                fit_batch(MOCK, generator, cell, LEVELS, trials, path)
    columns = ("estimate", "se", "lower_50", "upper_50", "lower_95", "upper_95")
    failed = {"status": "failed", "reason": "ValueError: no", "converged": False}
    flag(estimates(folder, "second", FIRST, "00000-00002"), 4, **failed, **dict.fromkeys(columns))
    at_bound = {"status": "at_bound", "reason": "at its bound", "at_bound": True}
    diagnostics = {"rhat": 1.02, "ess_bulk": 300.0}  # as if these rows came from sampling
    flag(estimates(folder, "second", FIRST, "00003-00004"), 2, **at_bound, **diagnostics)
    score_methods(folder, folder / "scores")
    return folder


@pytest.fixture(scope="module")
def tables(study):
    return run_summary(study)


def test_the_record_of_the_run_is_completed(tables):
    record = read_json(tables.folder / "provenance.json")
    assert set(record) == {"run", "ended", "made_by"}
    assert {row["stage"]: row["files"] for row in record["made_by"]} == dict.fromkeys(
        ("simulate", *METHODS), len(CELLS) * len(BATCHES)
    )


def test_recovery_has_the_agreed_columns(tables):
    assert list(tables.recovery.columns) == [
        "scope", "method", "cell", "alpha", "beta", "participants", "trials", "variant", "model",
        "level", "parameter", "rows", "measure", "interval", "value", "mcse", "n", "n_rows",
    ]  # fmt: skip


def test_recovery_has_one_row_per_measure(tables):
    keys = ["scope", "method", "cell", "level", "parameter", "rows", "measure", "interval"]
    assert not tables.recovery.duplicated(keys).any()
    cells = tables.recovery.query("scope == 'cell'")
    assert set(cells["measure"]) == CELL_MEASURES
    assert set(cells["cell"]) == set(CELLS)
    assert set(cells["method"]) == set(METHODS)
    assert set(cells["rows"]) == {"all", "ok"}
    with_level = cells[cells["interval"].notna()]
    assert set(with_level["measure"]) == {
        "coverage", "truth_below", "truth_above", "bias_eliminated_coverage", "width"
    }  # fmt: skip
    assert set(with_level["interval"]) == set(LEVELS)
    sampled = cells[cells["measure"].isin(["max_rhat", "min_ess_bulk"])]
    assert set(sampled["value"]) == {1.02, 300.0}


def test_recovery_carries_the_truth_and_sizes_of_its_cell(tables):
    for key, cell in CELLS.items():
        of_cell = tables.recovery[tables.recovery["cell"] == key]
        assert (of_cell["alpha"] == dict(cell.truth)["alpha"]).all()
        assert (of_cell["beta"] == 4.0).all()
        assert (of_cell["participants"] == 3).all()
        assert (of_cell["trials"] == cell.trials).all()


def test_grid_rows_are_correlations_and_means_over_all_truths_of_a_size(tables, study):
    pooled = tables.recovery.query("scope == 'grid'")
    correlations = {"pearson", "spearman", "concordance"}
    assert set(pooled["measure"]) == correlations | {"rmse", *POOLED}
    assert set(pooled["cell"]) == {"n-3_t-10", "n-3_t-20"}
    assert pooled[["alpha", "beta"]].isna().all(axis=None)
    joined = [
        pd.read_parquet(estimates(study, "first", key, batch)).merge(
            pd.read_parquet(study / "truth" / key / f"{batch}.parquet"),
            on=["replicate", "participant", "level", "parameter"],
        )
        for key, batch in itertools.product(CELLS, BATCHES)
        if key.endswith("t-10")
    ]
    rows = pd.concat(joined).query("level == 'participant' and parameter == 'alpha'")
    assert len(rows) == 2 * 5 * 3
    row = pooled.query(
        "method == 'first' and cell == 'n-3_t-10' and level == 'participant' "
        "and parameter == 'alpha' and measure == 'pearson' and rows == 'all'"
    ).iloc[0]
    assert row["value"] == pytest.approx(np.corrcoef(rows["truth"], rows["estimate"])[0, 1])
    assert row["n_rows"] == 30


def test_every_cell_and_size_has_a_verdict(tables):
    keys = ["scope", "method", "cell", "level", "parameter"]
    judged = tables.verdicts
    assert not judged.duplicated(keys).any()
    assert set(judged["cell"]) == set(tables.recovery["cell"])
    assert set(judged["verdict"]) <= {"yes", "partly", "no", "undecided", "not asked"}
    best = judged[judged["standing"] == "best"]
    design = ["participants", "trials", "level", "parameter"]
    assert not best.duplicated(design).any()
    assert (judged.groupby(design)["recommended"].sum() == 1).all()


def test_bias_is_the_mean_error(tables, study):
    key = FIRST
    files = [pd.read_parquet(estimates(study, "first", key, batch)) for batch in BATCHES]
    group = pd.concat(files).query("level == 'group' and parameter == 'alpha'")
    cell = tables.recovery[tables.recovery["cell"] == key]
    row = cell.query(
        "method == 'first' and level == 'group' and parameter == 'alpha' and measure == 'bias' "
        "and rows == 'all'"
    ).iloc[0]
    assert row["value"] == pytest.approx(group["estimate"].mean() - 0.2)
    assert row["mcse"] == pytest.approx(group["estimate"].std() / np.sqrt(5))
    assert (row["n"], row["n_rows"]) == (5, 5)


def test_points_have_the_agreed_columns_and_all_rows_of_a_small_study(tables):
    assert list(tables.points.columns) == [
        "method", "cell", "alpha", "beta", "participants", "trials", "variant", "replicate",
        "participant", "level", "parameter", "truth", "estimate", "se", "lower_95", "upper_95",
        "status",
    ]  # fmt: skip
    assert (tables.points.groupby(["method", "cell"]).size() == ROWS).all()
    assert len(tables.points) == ROWS * len(METHODS) * len(CELLS)
    assert tables.points["truth"].notna().all()
    keys = ["method", "cell", "replicate", "participant", "level", "parameter"]
    assert not tables.points.duplicated(keys).any()


def test_a_study_of_many_cells_keeps_fewer_points(study, tables, monkeypatch):
    monkeypatch.setattr(summary, "POINTS_IN_ALL", 8 * len(CELLS) * len(METHODS))
    monkeypatch.setattr(summary, "FEWEST_POINTS", 1)
    points = run_summary(study).points
    # Each data set is 4 points per parameter: 3 participants and their group.
    assert set(points["replicate"]) == {0, 1}
    assert (points.groupby(["method", "cell"]).size() == 2 * 8).all()
    first = tables.points[tables.points["replicate"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(points, first)


def test_failures_count_the_flagged_rows(tables):
    flagged = [("at_bound", "at its bound", 2), ("failed", "ValueError: no", 4)]
    assert list(tables.failures.columns) == [
        "method", "cell", "level", "status", "reason", "rows", "variant",
    ]  # fmt: skip
    assert tables.failures["variant"].isna().all()
    assert tables.failures.drop(columns="variant").to_dict("records") == [
        {"method": "second", "cell": FIRST, "level": "participant", "status": status,
         "reason": reason, "rows": rows}
        for status, reason, rows in flagged
    ]  # fmt: skip


def test_shares_and_counts_agree_with_the_flags(tables):
    cell = tables.recovery[tables.recovery["cell"] == FIRST]
    second = cell.query("method == 'second' and level == 'participant'")
    shares = second[second["rows"] == "all"].set_index(["measure", "parameter"])
    # Of 15 rows per parameter 2 failed and 1 is at its bound.
    for name in ("alpha", "beta"):
        assert shares.loc[("share_failed", name), "value"].item() == pytest.approx(2 / 15)
        assert shares.loc[("share_at_bound", name), "value"].item() == pytest.approx(1 / 15)
        assert shares.loc[("bias", name), "n_rows"].item() == 13
    assert set(second.query("rows == 'ok' and measure == 'bias'")["n_rows"]) == {12}


def test_without_a_pair_there_is_no_sampler_check(tables):
    assert tables.witness.empty
    assert list(tables.witness.columns) == list(SAMPLER_CHECK)


def test_a_pair_is_compared_where_there_are_effective_sample_sizes(study, tmp_path):
    scores = score_methods(study, tmp_path / "scores", pairs=[("second", "first")])
    compared = run_summary(study, scores).witness
    assert len(compared) > 0
    assert set(compared["cell"]) <= set(CELLS)
    assert set(compared["sampled"]) == {"second"}
    assert set(compared["exact"]) == {"first"}
    assert (compared["rms_z"] > 1).all()  # a mock is no sampler


def test_a_study_without_failures_has_an_empty_table_of_them(study, tmp_path):
    scores = score_methods(study, tmp_path / "scores", methods=["first"])
    failures = run_summary(study, scores, methods={"first": MOCK}).failures
    assert len(failures) == 0
    assert list(failures.columns) == [
        "method", "cell", "level", "status", "reason", "rows", "variant",
    ]  # fmt: skip


def test_a_missing_batch_is_named(study, tmp_path):
    more = {"00005-00007": (5, 8)}
    names = {key: list(more) for key in CELLS}
    batches = Batches(LEVELS, folders_of(study), names, dict.fromkeys(METHODS, more))
    with pytest.raises(BrokenFile, match=r"00005-00007\.parquet does not exist"):
        score(CELLS, {}, [], batches, NOWHERE, str(tmp_path))


@pytest.mark.parametrize(
    "content", ["[]", "[1]", '"run"', "null", "{}", '{"versions": 1}', "[" * 99999]
)
def test_a_damaged_record_of_the_run_is_named(study, tmp_path, content):
    begun = tmp_path / "begun.json"
    begun.write_text(content)
    with pytest.raises(BrokenFile, match=r"begun\.json cannot be read .* delete it and rerun"):
        run_summary(study, begun=str(begun))


@pytest.mark.parametrize("content", ["{}", "[1]", '[{"stage": "first"}]', "3"])
def test_damaged_origins_of_scores_are_named(study, tmp_path, content):
    scores = shutil.copytree(study / "scores", tmp_path / "scores")
    (scores / "origins.json").write_text(content)
    with pytest.raises(BrokenFile, match=r"origins\.json cannot be read .* delete it and rerun"):
        run_summary(study, scores)


def test_a_method_may_have_fewer_replicates_than_the_others(study, tables, tmp_path):
    """Its numbers are those of its replicates, and comparisons those of the replicates of both."""
    few = {batch: ends for batch, ends in BATCHES.items() if ends[0] == 0}
    scores = score_methods(study, tmp_path / "scores", second=few)
    fewer = run_summary(study, scores)
    for name in ("recovery", "points", "failures"):
        own, other = (getattr(t, name).query("method == 'first'") for t in (fewer, tables))
        pd.testing.assert_frame_equal(own.reset_index(drop=True), other.reset_index(drop=True))
    counted = fewer.recovery.query("measure == 'share_at_bound' and scope == 'cell'")
    assert counted.groupby("method")["n"].unique().map(set).to_dict() == {
        "first": {5},
        "second": {3},
    }
    assert set(fewer.comparison["n"]) == {3}
    assert set(fewer.points.query("method == 'second'")["replicate"]) == {0, 1, 2}
    record = read_json(fewer.folder / "provenance.json")
    files = {row["stage"]: row["files"] for row in record["made_by"]}
    assert files == {"simulate": 8, "first": 8, "second": 4}


def test_scores_do_not_depend_on_batches_and_designs(study, tmp_path):
    """All cells may be scored in one job, or each in its own."""
    for key in CELLS:
        for kind in ("truth", "estimates/first", "estimates/second"):
            files = [pd.read_parquet(study / kind / key / f"{batch}.parquet") for batch in BATCHES]
            write_table(pd.concat(files, ignore_index=True), tmp_path / kind / key / "all.parquet")
        fitted, names = {name: {"all": (0, 5)} for name in METHODS}, {key: ["all"]}
        batches = Batches(LEVELS, folders_of(tmp_path), names, fitted)
        score({key: CELLS[key]}, {}, [], batches, NOWHERE, str(tmp_path / "scores" / key))
    for name in ("points", "failures", "paired"):
        alone = [pd.read_parquet(tmp_path / "scores" / key / f"{name}.parquet") for key in CELLS]
        together = pd.read_parquet(study / "scores" / f"{name}.parquet")
        pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), together)


def test_every_table_is_there_as_csv_and_as_parquet(tables):
    for name in SUMMARY:
        parquet = pd.read_parquet(tables.folder / f"{name}.parquet")
        assert list(parquet.columns) == list(getattr(tables, name).columns)
        assert len(parquet) == len(getattr(tables, name))
    kept = pd.read_parquet(tables.folder / "recovery.parquet")
    numbers = kept.select_dtypes("number").columns
    pd.testing.assert_frame_equal(kept[numbers], tables.recovery[numbers])


def test_methods_are_compared_on_the_rows_that_both_have(tables):
    table = tables.comparison
    assert list(table.columns) == [
        "cell", "alpha", "beta", "participants", "trials", "variant", *PAIRED,
    ]  # fmt: skip
    assert set(table["method"]) == {"second"}
    assert set(table["reference"]) == {"first"}
    first = table[(table["cell"] == FIRST) & (table["parameter"] == "alpha")]
    participants = first[first["level"] == "participant"]
    assert set(participants["n_rows"]) == {13}  # two of fifteen failed in the second method
    assert set(first.loc[first["level"] == "group", "n_rows"]) == {5}


def test_a_study_of_one_method_compares_nothing(study, tmp_path):
    score_methods(study, tmp_path, methods=["first"])
    paired = read_table(tmp_path / "paired.parquet")
    assert paired.empty
    assert list(paired.columns) == list(COMPARED)
