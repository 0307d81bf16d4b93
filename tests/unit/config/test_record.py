"""The record of a run: its design, its resolved config, and when and with what it started."""

from __future__ import annotations

import datetime
from pathlib import Path

import pandas as pd
import pytest
import yaml

from rlrecovery.config import reader
from rlrecovery.config.record import write_record
from rlrecovery.config.study import cells_of
from rlrecovery.storage.files import read_json
from rlrecovery.storage.fingerprint import settings_hash

SMOKE = Path(__file__).parents[2] / "config" / "smoke.yaml"


@pytest.fixture(scope="module")
def experiment():
    return reader.load(SMOKE)


@pytest.fixture(scope="module")
def outputs(experiment, tmp_path_factory):
    """Paths of the record of all cells but the last."""
    folder = tmp_path_factory.mktemp("record")
    names = {"design": "design.csv", "config": "config.yaml", "begun": "begun.json"}
    paths = {key: str(folder / name) for key, name in names.items()}
    replicates = dict.fromkeys(list(cells_of(experiment))[:-1], experiment.replicates)
    write_record(experiment, replicates, "all:0123456789abcdef", {"numpy": "2.5.2"}, paths)
    return paths


def test_design_has_the_given_cells(experiment, outputs):
    table = pd.read_csv(outputs["design"])
    *cells, _ = cells_of(experiment).values()
    assert table["cell"].tolist() == [cell.key for cell in cells]
    assert (table["replicates"] == experiment.replicates).all()
    for name in experiment.truth:
        assert table[name].tolist() == [dict(cell.truth)[name] for cell in cells]


def test_resolved_config_is_the_same_experiment(experiment, outputs):
    assert yaml.safe_load(Path(outputs["config"]).read_text()) == experiment.resolved()
    assert reader.load(outputs["config"]) == experiment


def test_begun(experiment, outputs):
    record = read_json(outputs["begun"])
    assert record["source_fingerprint"] == "all:0123456789abcdef"
    assert record["versions"] == {"numpy": "2.5.2"}
    assert (record["run"], record["seed"]) == (experiment.run, experiment.seed)
    assert record["config_sha256"] == settings_hash(experiment.resolved())
    assert datetime.datetime.fromisoformat(record["started"]).tzinfo is not None


def test_no_other_files_are_written(outputs):
    beside = {f"{path}.sha256" for path in outputs.values()}
    written = {str(path) for path in Path(outputs["design"]).parent.iterdir()}
    assert written == {*outputs.values()} | beside
