"""The record of a run: three files that say what was done."""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pytest
import yaml

from rlrecovery import config
from rlrecovery.config.record import end_record, write_record
from rlrecovery.design.cells import cells_of
from rlrecovery.storage.files import read_json

SMOKE = Path(__file__).parents[1] / "config" / "smoke.yaml"


@pytest.fixture(scope="module")
def experiment():
    return config.load(SMOKE).resolved()


@pytest.fixture(scope="module")
def outputs(experiment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("record")
    names = {"design": "design.csv", "config": "config.yaml", "begun": "begun.json"}
    paths = {key: str(folder / name) for key, name in names.items()}
    everything = dict.fromkeys(cells_of(experiment), experiment["replicates"])
    write_record(experiment, everything, "0123456789abcdef", {"numpy": "2.5.2"}, paths)
    return paths


def test_design(experiment, outputs):
    table = pd.read_csv(outputs["design"])
    cells = cells_of(experiment)
    assert table["cell"].tolist() == list(cells)
    assert (table["replicates"] == experiment["replicates"]).all()
    for name in experiment["truth"]:
        assert table[name].tolist() == [dict(cell.truth)[name] for cell in cells.values()]


def test_config_is_the_experiment_and_runs_again(experiment, outputs):
    assert yaml.safe_load(Path(outputs["config"]).read_text(encoding="utf-8")) == experiment
    assert config.load(outputs["config"]) == config.load(SMOKE)


def test_provenance(experiment, outputs):
    found = read_json(outputs["begun"])
    assert found["source_fingerprint"] == "0123456789abcdef"
    assert found["versions"] == {"numpy": "2.5.2"}
    assert (found["run"], found["seed"]) == (experiment["run"], experiment["seed"])


def test_the_end_adds_when_it_was_and_what_made_the_files(outputs):
    begun = read_json(outputs["begun"])
    made_by = [{"stage": "simulate", "files": 3, "source": "simulate:0", "versions": {}}]
    ended = end_record(begun, made_by)
    assert begun.items() <= ended.items()
    assert set(ended) - set(begun) == {"ended", "made_by"}
    assert ended["made_by"] == made_by
    assert datetime.datetime.fromisoformat(ended["ended"]) >= datetime.datetime.fromisoformat(
        begun["started"]
    )


def test_nothing_else_is_left(outputs):
    folder = Path(outputs["design"]).parent
    assert sorted(p.name for p in folder.iterdir()) == [
        "begun.json",
        "config.yaml",
        "design.csv",
    ]
