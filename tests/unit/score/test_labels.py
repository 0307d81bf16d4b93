"""Labels in the tables of a summary."""

import json
import shutil

import pandas as pd
import pytest
import summaries

from rlrecovery.score.labels import label_of, with_labels
from rlrecovery.score.results import load_summary

LABELS = {"mle": "Maximum likelihood", "bayes": "Bayes, flat priors", "alpha": "learning rate"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return summaries.write_run(
        tmp_path_factory.mktemp("run"), methods=("mle", "bayes"), replicates=4, trials=(50,)
    )


@pytest.fixture
def labelled(plain, tmp_path):
    folder = shutil.copytree(plain, tmp_path / "run")
    (folder / "summary/labels.json").write_text(json.dumps(LABELS))
    return folder


def test_only_the_names_change(plain, labelled):
    before, after = (load_summary(folder / "summary") for folder in (plain, labelled))
    assert after.methods == ("Maximum likelihood", "Bayes, flat priors")
    assert after.parameters == ("learning rate", "beta")
    assert after.truths == ("learning rate", "beta")
    assert after.method_of == {"Maximum likelihood": "mle", "Bayes, flat priors": "bayes"}
    for name in ("recovery", "points", "verdicts", "comparison", "priors"):
        one, other = getattr(before, name), getattr(after, name)
        assert len(one) == len(other) > 0
        numbers = [column for column in one if one[column].dtype == float]
        shown = one[numbers].rename(columns=LABELS)
        pd.testing.assert_frame_equal(shown, other[shown.columns])


def test_draws_and_the_example_are_named_alike(labelled):
    summary = load_summary(labelled / "summary")
    assert set(summary.example["truth"]) == {"learning rate", "beta"}
    assert {"learning rate", "beta"} <= set(summary.posterior.columns) or summary.posterior.empty


def test_a_series_keeps_its_part():
    assert label_of("mle", LABELS) == "Maximum likelihood"
    assert label_of("mle, still", LABELS) == "Maximum likelihood, still"
    assert label_of("mle_rw", LABELS) == "mle_rw"


def test_without_labels_nothing_changes(plain):
    summary = load_summary(plain / "summary")
    assert summary.methods == ("mle", "bayes")
    tables = {"recovery": summary.recovery, "example": {}}
    assert with_labels(tables, {}) == tables
