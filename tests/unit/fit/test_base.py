"""Settings of fitters, and the rows that they return."""

import math

import pytest
from fits import setting

from rlrecovery.design.cells import Cell
from rlrecovery.fit.base import Setting, Target, failed, one_line, row
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulate.settings import TaskSettings
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import estimates_columns

TASK = {"arms": [0.4, 0.6, 0.5], "blocks": 1, "start_value": 0.25}
MODEL = ModelSpec.of("rescorla_wagner")


def setting_of(task=TASK, alpha=0.5, model=MODEL):
    cell = Cell((("alpha", alpha), ("beta", 5.0)), 2, 40)
    return Setting.of(model, TaskSettings.of(task).task(), cell, [0.8])


def test_setting_takes_the_sizes_of_task_and_cell_and_never_the_truth():
    sizes = setting_of()
    assert (sizes.learner.n_arms, sizes.learner.start_value) == (3, 0.25)
    assert (sizes.participants, sizes.trials, sizes.nominal_levels) == (2, 40, (0.8,))
    assert sizes == setting_of(alpha=0.1)
    assert sizes.learner.full_feedback is False


def test_setting_has_the_feedback_and_the_arms_of_the_task():
    assert setting_of(TASK | {"feedback": "full"}).learner.full_feedback is True
    schedule = {"file": "a.csv", "holds": "rewards", "values": [[0, 1, 0, 1]] * 40}
    task = {"blocks": 1, "start_value": 0.0, "schedule": schedule}
    assert setting_of(task).learner.n_arms == 4


def test_setting_has_the_parameters_of_a_variant():
    spec = {"name": "x", "model": "rescorla_wagner", "lapse": True, "fixed": {"beta": 3.0}}
    sizes = setting_of(model=ModelSpec.of(spec))
    assert sizes.model.names == ("alpha", "lapse")
    assert [target.parameter for target in sizes.whole("group")] == ["alpha", "lapse"]


def test_targets_are_participant_by_participant():
    sizes = setting(participants=2)
    assert sizes.each_participant() == [
        ("participant", 0, "alpha"),
        ("participant", 0, "beta"),
        ("participant", 1, "alpha"),
        ("participant", 1, "beta"),
    ]
    assert sizes.whole("group") == [("group", -1, "alpha"), ("group", -1, "beta")]


def test_row_has_every_column_but_the_replicate():
    beta = row(Target("group", -1, "beta"), 3.0, 0.5, {0.5: (2.5, 3.5), 0.95: (2.0, 4.0)}, rhat=1.5)
    table = conform([{"replicate": 7, **beta}], estimates_columns([0.5, 0.95]))
    first = table.iloc[0]
    assert (first["level"], first["participant"], first["parameter"]) == ("group", -1, "beta")
    assert (first["lower_50"], first["upper_50"]) == (2.5, 3.5)
    assert (first["lower_95"], first["upper_95"]) == (2.0, 4.0)
    assert (first["estimate"], first["se"], first["rhat"]) == (3.0, 0.5, 1.5)
    assert (first["status"], first["reason"]) == ("ok", "")
    assert bool(first["converged"]) is True
    assert bool(first["at_bound"]) is False
    unknown = ["ess_bulk", "ess_tail", "divergences", "log_likelihood", "choices", "log_evidence"]
    assert table[[*unknown, "elpd_loo", "pareto_k"]].isna().all(axis=None)


def test_failed_rows_hold_a_reason_and_no_number():
    rows = failed(
        [Target("participant", 3, "alpha"), Target("group", -1, "alpha")], "why", [0.8], 1.5
    )
    assert [r["participant"] for r in rows] == [3, -1]
    for r in rows:
        assert (r["status"], r["reason"], r["seconds"]) == ("failed", "why", 1.5)
        assert r["converged"] is False
        assert all(math.isnan(r[name]) for name in ("estimate", "se", "lower_80", "upper_80"))
    conform([{"replicate": 0, **r} for r in rows], estimates_columns([0.8]))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (RuntimeError(), "RuntimeError: no message"),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_an_error_becomes_one_line(error, text):
    assert one_line(error) == text


def test_that_line_is_bounded():
    assert len(one_line(ValueError("word " * 1000))) == 300
