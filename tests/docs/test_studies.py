"""The stored studies of the documentation are those of the present version."""

import pandas as pd
import pytest
import yaml
from settings import ROOT

from rlrecovery import load_study, recover
from rlrecovery.config import reader
from rlrecovery.config.study import cells_of, read_resolved
from rlrecovery.figures.catalogue import FIGURES, available_figures, write_figure
from rlrecovery.score.results import load_summary

STUDIES = ROOT / "docs" / "studies"
CONFIGS = {
    "default": ROOT / "config.yaml",
    "models": STUDIES / "models.yaml",
    "targets": ROOT / "tests/config/targets.yaml",
    "calibration": ROOT / "tests/config/calibration.yaml",
    "effects": ROOT / "tests/config/effects.yaml",
    "groups": STUDIES / "groups.yaml",
}


@pytest.mark.parametrize("study", CONFIGS)
class TestStoredStudy:
    def test_it_is_the_study_of_its_config(self, study):
        """Its numbers would otherwise not be those that a reader computes."""
        stored = read_resolved(STUDIES / study / "config.yaml")
        assert stored.resolved() == reader.load(CONFIGS[study]).resolved()

    def test_it_is_complete(self, study):
        summary = load_summary(STUDIES / study / "summary")
        experiment = read_resolved(STUDIES / study / "config.yaml")
        assert set(summary.recovery["cell"]) >= set(cells_of(experiment))
        assert len(summary.verdicts)

    def test_it_is_small(self, study):
        size = sum(path.stat().st_size for path in (STUDIES / study).rglob("*.*"))
        assert size < 3.5e6


def test_the_studies_have_all_figures():
    experiments = [read_resolved(STUDIES / study / "config.yaml") for study in CONFIGS]
    assert {name for e in experiments for name in available_figures(e)} == set(FIGURES)


def test_the_picture_of_the_readme_is_that_of_the_default_study(tmp_path):
    write_figure("answer", STUDIES / "default" / "summary", tmp_path)
    drawn, shown = tmp_path / "answer.svg", ROOT / "docs" / "answer.svg"
    assert drawn.read_bytes() == shown.read_bytes()


def test_its_numbers_are_those_of_the_present_code():
    """One cell is simulated, fitted and scored again."""
    config = yaml.safe_load(CONFIGS["default"].read_text())
    methods = {name: config["methods"][name] for name in ("mle", "bayes", "hierarchical")}
    one = {"truth": {"alpha": [0.3], "beta": [5]}, "trials": [50], "methods": methods}
    now = recover(config | one, progress=False).recovery
    stored = load_study(STUDIES / "default").recovery
    keys = ["scope", "method", "cell", "level", "parameter", "rows", "measure", "interval"]
    both = [
        table[(table["scope"] == "cell") & ~table["measure"].str.contains("seconds")]
        .set_index(keys)[["value", "mcse", "n", "n_rows"]]
        .sort_index()
        for table in (now, stored)
    ]
    fresh, former = both[0], both[1].loc[both[0].index]
    assert len(fresh) > 300
    pd.testing.assert_frame_equal(fresh, former, rtol=1e-5)  # another processor
