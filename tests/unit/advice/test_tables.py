"""Answers as tables."""

import json

import numpy as np
import pandas as pd
import pytest
import summaries

from rlrecovery.advice.answer import answers
from rlrecovery.advice.tables import (
    advised_table,
    frontier_table,
    surface_table,
    write_advice,
)
from rlrecovery.config.reader import parse
from rlrecovery.score.results import load_summary
from rlrecovery.storage.files import write_yaml
from rlrecovery.storage.schemas import ADVISED, FRONTIER, SURFACE
from unit.advice.synthetic import RMSE, both, experiment, rmse, summary

COST = {"participant": 30, "trial": 0.5}
TARGETS = {"precise": RMSE, "close": {"measure": "bias", "parameter": "alpha", "at_most": 0.02}}


@pytest.fixture(scope="module")
def found():
    return answers(summary(), experiment(TARGETS, cost=COST))


def test_required_sizes_with_their_intervals(found):
    table = frontier_table(found)
    assert list(table) == list(FRONTIER)
    row = table.query("requirement == 'precise' and participants == 20").iloc[0]
    size = found[0].required(20)
    assert tuple(row[["trials", "lower", "upper"]]) == tuple(size)
    assert (row["along"], row["method"]) == ("trials", "mle")
    few = answers(
        summary({"rmse": lambda n, t, truth: both(n, t)}, trials=(60,)), experiment(trials=(60,))
    )
    row = frontier_table(few).iloc[0]
    assert (row["along"], row["trials"]) == ("participants", 60)


def test_predictions_of_all_designs(found):
    table = surface_table(found)
    assert list(table) == list(SURFACE)
    rows = table[table["requirement"] == "precise"]
    assert rows["value"].to_numpy() == pytest.approx(
        rmse(rows["participants"], rows["trials"]).to_numpy(), rel=1e-3
    )
    assert table.loc[table["requirement"] == "all", "value"].isna().all()
    certain = rows[rows["certain"] > 0.01]
    assert (certain["met"] > 0.95).all()
    assert (rows[rows["possible"] < -0.01]["met"] < 0.05).all()
    assert set(rows["trials"]) >= {40, 360}


def test_measured_and_cheapest_designs(found):
    table = advised_table(found)
    assert list(table) == list(ADVISED)
    measured = table.query("requirement == 'precise' and kind == 'measured'")
    assert measured["value"].to_numpy() == pytest.approx(
        rmse(measured["participants"], measured["trials"]).to_numpy()
    )
    assert set(measured["limit"]) == {0.1}
    best = table.query("requirement == 'precise' and kind == 'cheapest'").iloc[0]
    assert (best["participants"], best["trials"], best["cost"]) == (7, 100, 560)
    assert table.loc[table["requirement"] == "all", "limit"].isna().all()


def test_there_may_be_no_answers():
    assert frontier_table([]).empty
    assert surface_table([]).empty
    assert advised_table([]).empty


def test_files_of_a_study(tmp_path):
    truth = {"alpha": [0.3, 0.7], "beta": [5.0]}
    exp = summaries.experiment(truth, participants=(5, 10), trials=(50, 150), methods=("mle",))
    exp = parse(exp | {"targets": TARGETS, "cost": COST})
    folder = summaries.write_run(tmp_path / "run", exp.resolved())
    write_yaml(exp.resolved(), tmp_path / "config.yaml")
    outputs = {name: str(tmp_path / f"{name}.csv") for name in ("frontier", "surface", "advised")}
    outputs["text"] = str(tmp_path / "advice.json")
    write_advice(folder / "summary", tmp_path / "config.yaml", outputs)
    text = json.loads((tmp_path / "advice.json").read_text())
    assert [section["heading"] for section in text["sections"]][-1] == "All requirements together"
    advised = pd.read_csv(outputs["advised"])
    assert set(advised["requirement"]) == {"precise", "close", "all"}
    for name in ("frontier", "surface", "advised"):
        content = (tmp_path / f"{name}.csv").read_bytes()
        (folder / f"summary/{name}.csv").write_bytes(content)
    summary = load_summary(folder / "summary")
    assert len(summary.advised) == len(advised)
    assert np.isfinite(summary.surface["possible"]).all()
