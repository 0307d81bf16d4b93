"""The explorer's data are the summary's numbers, and its charts refer to columns that exist."""

import io
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import summaries

from rlrecovery.report import explorer_data
from rlrecovery.report.explorer import explorer, library
from rlrecovery.report.explorer_data import codes_of, no_map_reason, point_table
from rlrecovery.score.results import load_summary

NEEDED = ("recovery", "points")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return summaries.write_run(
        tmp_path_factory.mktemp("run"), replicates=4, participants=(2, 3), trials=(50, 150)
    )


@pytest.fixture(scope="module")
def summary(folder):
    return load_summary(folder / "summary", NEEDED)


@pytest.fixture(scope="module")
def made(summary):
    return explorer(summary)


def cells(made):
    return pd.read_csv(io.StringIO(made["cells"]))


def coded(made, table, **names):
    """Select rows of a coded table by name."""
    for key, name in names.items():
        table = table[table[key] == made["names"][key].index(str(name))]
    return table


@pytest.mark.parametrize(
    ("key", "measure", "interval", "scale"),
    [
        ("bias", "bias", None, 1),
        ("rmse", "rmse", None, 1),
        ("coverage_95", "coverage", 0.95, 100),
        ("coverage_50", "coverage", 0.5, 100),
        ("width", "width", 0.95, 1),
        ("share_failed", "share_failed", None, 100),
    ],
)
def test_every_number_is_that_of_the_summary(made, summary, key, measure, interval, scale):
    chosen = {"method": "mle", "level": "group", "parameter": "beta"}
    chosen |= {"participants": 3, "trials": 50}
    where = chosen | ({} if interval is None else {"interval": interval})
    expected = summary.measure(measure, **where).set_index(["alpha", "beta"])
    rows = coded(made, cells(made), **chosen)
    assert len(rows) == len(expected) == 6
    truths = sorted(expected.index)
    for _, row in rows.iterrows():
        alpha, beta = truths[int(row["truth"])]
        measure_row = expected.loc[(alpha, beta)]
        assert row[key] == pytest.approx(scale * measure_row["value"], rel=1e-3, nan_ok=True)
        assert row[f"{key}_e"] == pytest.approx(scale * measure_row["mcse"], rel=1e-3, nan_ok=True)
        assert made["truths"][int(row["truth"])] == f"α = {alpha:g}, β = {beta:g}"


def test_counts_and_flagged_shares(made, summary):
    chosen = {"method": "mle", "level": "participant", "parameter": "beta"}
    chosen |= {"participants": 3, "trials": 50}
    truths = sorted(summary.points[["alpha", "beta"]].drop_duplicates().to_numpy().tolist())
    for _, row in coded(made, cells(made), **chosen).iterrows():
        alpha, beta = truths[int(row["truth"])]
        where = chosen | {"alpha": alpha, "beta": beta}
        bias = summary.measure("bias", **where).iloc[0]
        fine = summary.measure("bias", **where, rows="ok").iloc[0]
        whole = summary.measure("share_failed", **where).iloc[0]
        assert (row["n"], row["rows"]) == (bias["n"], bias["n_rows"])
        assert row["flagged"] == pytest.approx(100 * (1 - fine["n_rows"] / whole["n_rows"]), 1e-3)


def test_points_are_those_of_the_summary(made, summary):
    table = pd.read_csv(io.StringIO(made["points"]))
    points = summary.points[summary.points["estimate"].notna()]
    points = points[points["parameter"].isin(summary.parameters)]
    assert len(table) == len(points)
    np.testing.assert_allclose(table["e"], points["estimate"], rtol=1e-3)
    np.testing.assert_allclose(table["t"], points["truth"], rtol=1e-3)
    assert table["s"].notna().all()


def test_points_are_limited_by_data_sets_and_then_by_participants(summary, monkeypatch):
    codes = codes_of(summary)
    every = point_table(summary, codes)
    first = every[every["r"] == 0]
    monkeypatch.setattr(explorer_data, "MOST_POINTS", len(first) + len(first) // 10)
    assert len(point_table(summary, codes)) == len(first)
    group = first[first["i"] == -1]
    monkeypatch.setattr(explorer_data, "MOST_POINTS", len(group) + 1)
    pd.testing.assert_frame_equal(point_table(summary, codes), group.reset_index(drop=True))


def fields(chart):
    """Return the data columns used by a chart, without those it computes."""
    text = json.dumps(chart)
    named = set(re.findall(r"datum\.(\w+)", text)) | set(re.findall(r'"field": "(\w+)"', text))
    return named - set(re.findall(r'"as": "(\w+)"', text))


def test_charts_refer_to_columns_that_are_there(made):
    assert {"truth", "n", "share_failed"} <= fields(made["map"]) <= set(cells(made).columns)
    points = set(pd.read_csv(io.StringIO(made["points"])).columns)
    assert {"t", "e", "lower"} <= fields(made["scatter"]) <= points
    assert made["map"]["$schema"].endswith(".json")


def test_the_largest_design_is_shown_first(made):
    chosen = {p["name"]: p["value"] for p in made["map"]["params"] if "bind" in p}
    assert made["names"]["trials"][chosen["trials"]] == "150"
    assert made["names"]["participants"][chosen["participants"]] == "3"
    assert chosen["measure"] == "bias"


def test_a_study_without_truth_lists_has_one_square_on_the_map(tmp_path):
    run = summaries.write_run(
        tmp_path,
        truth={},
        replicates=3,
        methods=("mle",),
        trials=(50,),
        population={
            "alpha": {"distribution": "Beta", "alpha": 2, "beta": 2},
            "beta": {"distribution": "Gamma", "alpha": 2, "beta": 0.5},
        },
    )
    made = explorer(load_summary(run / "summary", NEEDED))
    assert made["truths"] == ["drawn from the population"]
    assert set(cells(made)["truth"]) == {0}


def test_a_measure_that_cannot_be_below_its_ideal_has_a_scale_with_one_side(made):
    measures = made["measures"]
    one_sided = {key for key, m in measures.items() if m["lowest"] == m["ideal"]}
    assert one_sided == {
        "rmse", "width", "empirical_se", "share_at_bound", "share_not_converged",
        "share_no_interval", "share_failed", "seconds",
    }  # fmt: skip
    for key in one_sided:
        assert "low" not in f"{measures[key]['low']} {measures[key]['high']}".split()
    assert measures["coverage_95"] == {
        "label": "coverage of 95 % intervals (%)", "ideal": 95, "lowest": 0, "highest": 100,
        "low": "below nominal", "high": "above nominal",
    }  # fmt: skip
    assert (measures["bias"]["lowest"], measures["bias"]["highest"]) == (None, None)


def test_charts_describe_themselves(made):
    for chart in ("map", "scatter"):
        assert "table" in made[chart]["description"]


def test_nothing_estimated_is_no_explorer(summary):
    empty = replace(summary, recovery=summary.recovery[summary.recovery["measure"] == "seconds"])
    assert explorer(empty) is None


def test_models_with_truths_of_their_own_have_no_map_and_the_reason_names_them(summary):
    assert no_map_reason(summary) == ""
    in_first_cell = summary.recovery["cell"] == summary.recovery["cell"].iloc[0]
    beta = summary.recovery["beta"].mask(in_first_cell)
    several_models = replace(summary, recovery=summary.recovery.assign(beta=beta))
    assert "every generating model has beta" in no_map_reason(several_models)
    assert explorer(several_models) is None


def test_the_library_is_whole_and_ends_no_script_early():
    source = library()
    assert "window.vegaEmbed" in source
    assert "</script" not in source.lower()
