"""Names of analyses of effects, and their measures pooled over true values."""

from typing import get_args

import effect_tables
import numpy as np
import pytest

from rlrecovery.effects import settings
from rlrecovery.score.analyses import (
    NAMES,
    Analysis,
    StudiedEffect,
    analyses_of,
    designs_of,
    effects_of,
    over_truths,
    with_series,
)


def test_every_analysis_of_a_config_has_a_name():
    assert set(get_args(settings.Analysis)) <= set(NAMES)


@pytest.mark.parametrize(
    ("analysis", "kinds", "label"),
    [
        ("t_test", ["group"], "t test of mle estimates"),
        ("t_test", ["covariate"], "Pearson’s correlation of mle estimates"),
        ("rank_test", ["group", "covariate"],
         "rank test of mle estimates"),
        ("t_test_by_group", ["group"], "t test of mle estimates fitted by group"),
        ("rank_test_by_group", ["condition"], "rank test of mle estimates fitted by condition"),
        ("joint", ["condition"], "joint model of mle"),
        ("disattenuated", ["covariate"], "disattenuated correlation of mle estimates"),
        ("sign_test", ["group"], "sign test of mle estimates"),
    ],
)  # fmt: skip
def test_labels_say_test_and_method(analysis, kinds, label):
    assert Analysis("mle", analysis).label(*kinds) == label


def test_what_a_table_has():
    table = effect_tables.effects(studied=(effect_tables.PATIENT, effect_tables.DRUG))
    assert effects_of(table) == [
        StudiedEffect("group", "patient", "alpha"),
        StudiedEffect("condition", "drug", "beta"),
    ]
    assert designs_of(table) == [(30, 60), (30, 120), (60, 60), (60, 120)]
    shuffled = table.iloc[::-1]
    names = [a.analysis for a in analyses_of(shuffled) if a.method == "hierarchical"]
    assert names == ["t_test", "t_test_by_group", "joint"]
    assert effects_of(table.iloc[:0]) == analyses_of(table.iloc[:0]) == []


def test_parts_of_a_study_are_series():
    table = effect_tables.effects(variants=("still", ""))
    assert set(with_series(table)["method"]) == {
        name + end for name in effect_tables.FEW for end in ("", ", still")
    }


def one(pooled, **values):
    for column, value in values.items():
        pooled = pooled[pooled[column] == value]
    (row,) = pooled.to_dict("records")
    return row


WHERE = {
    "participants": 30,
    "trials": 60,
    "method": "hierarchical",
    "analysis": "joint",
    "size": -0.8,
}


def test_measures_are_means_over_true_values():
    table = effect_tables.effects(truths=(0.3, 0.5))
    changed = (table["alpha"] == 0.5) & (table["measure"] == "bias")
    table.loc[changed, "value"] += 1
    row = one(over_truths(table, ["bias"]), **WHERE)
    parts = table[(table["measure"] == "bias") & (table["size"] == -0.8)]
    for column, value in WHERE.items():
        parts = parts[parts[column] == value]
    assert len(parts) == 2
    assert row["value"] == pytest.approx(parts["value"].mean()) == pytest.approx(0.5)
    assert row["mcse"] == pytest.approx(np.hypot(*parts["mcse"]) / 2)
    assert row["n"] == 200
    assert np.isnan(row["natural"])
    alone = one(over_truths(effect_tables.effects(), ["bias"]), **WHERE)
    assert alone["natural"] == pytest.approx(
        effect_tables.natural(0.5, -0.8, effect_tables.PATIENT)
    )


def test_a_value_that_is_missing_in_a_cell_is_missing():
    table = effect_tables.effects(truths=(0.3, 0.5))
    is_one = (table["alpha"] == 0.5) & (table["measure"] == "type_s")
    assert np.isnan(one(over_truths(table[~is_one], ["type_s"]), **WHERE)["value"])
    table.loc[is_one, "value"] = np.nan
    assert np.isnan(one(over_truths(table, ["type_s"]), **WHERE)["value"])
    assert np.isfinite(one(over_truths(table, ["power"]), **WHERE)["value"])


def test_rows_with_other_effects_are_left_out():
    table = effect_tables.effects()
    crossed = table.assign(other_effects="drug of beta 0.3", value=99.0)
    both = table.merge(crossed, how="outer")
    assert len(both) == 2 * len(table)
    assert over_truths(both, ["power"])["value"].max() <= 1
    assert over_truths(table.iloc[:0], ["power"]).empty
