"""Verdicts of a study, from the summary of a mock run."""

import dataclasses

import pandas as pd
import pytest
from summaries import write_run

from rlrecovery.config.limits import Limits
from rlrecovery.score.results import load_summary
from rlrecovery.score.series import as_text
from rlrecovery.score.verdicts import headline_level, verdicts


@pytest.fixture(scope="module")
def summary(tmp_path_factory):
    return load_summary(write_run(tmp_path_factory.mktemp("run")) / "summary")


def judged(summary, limits=None):
    texts = {name: as_text(summary.recovery[name]) for name in ("variant", "model")}
    return verdicts(summary.recovery.assign(**texts), summary.comparison, limits or Limits())


def test_the_table_on_disk_is_the_one_computed(summary):
    table = judged(summary)
    assert table["verdict"].tolist() == summary.verdicts["verdict"].tolist()
    assert table["because"].tolist() == summary.verdicts["because"].tolist()
    assert table["recommended"].tolist() == summary.verdicts["recommended"].tolist()


def test_participants_are_judged_within_populations(summary):
    # Correlations over the grid of true values are near 1; within populations they are not.
    worse = summary.recovery.copy()
    within = worse["measure"] == "spearman_within"
    worse.loc[within, ["value", "mcse"]] = 0.1, 0.01
    table = judged(dataclasses.replace(summary, recovery=worse))
    participants = table[table["level"] == "participant"]
    assert (participants["verdict"] == "no").all()
    assert participants["because"].str.contains("rank_correlation").all()
    groups = table[table["level"] == "group"]
    before = summary.verdicts[summary.verdicts["level"] == "group"]
    assert groups["verdict"].tolist() == before["verdict"].tolist()


def test_strict_limits_change_the_verdict(summary):
    strict = Limits(rank_correlation=[1.0, 0.999], relative_rmse=[0.0, 0.001])
    table = judged(summary, strict)
    asked = table[(table["scope"] == "grid") & (table["level"] != "spread")]
    assert set(asked["verdict"]) == {"no"}


def test_the_first_of_equal_methods_is_recommended(summary):
    table = judged(summary)
    grid = table[table["scope"] == "grid"]
    chosen = grid[grid["recommended"]]
    keys = ["participants", "trials", "level", "parameter"]
    assert not chosen.duplicated(keys).any()
    assert set(chosen["standing"]) <= {"best", "similar"}
    assert not table.loc[table["scope"] == "cell", "recommended"].any()


def test_a_parameter_without_truth_has_no_verdict(summary):
    table = summary.recovery
    errors = table["measure"].isin(["rmse", "mse", "bias"]) & (table["parameter"] == "beta")
    without = judged(dataclasses.replace(summary, recovery=table[~errors]))
    assert set(without["parameter"]) == {"alpha"}


def test_the_headline_level(summary):
    assert headline_level(summary.recovery) == 0.95
    assert headline_level(pd.DataFrame({"interval": [0.5, 0.8, None]})) == 0.8
    assert pd.isna(headline_level(pd.DataFrame({"interval": [None]}, dtype=float)))
