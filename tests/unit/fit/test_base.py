import math

import pytest
from fits import MLE, setting

from rlrecovery.fit import make_fitter
from rlrecovery.fit.base import Setting, failed, row, sentence
from rlrecovery.fit.mle import MaximumLikelihood
from rlrecovery.fit.mock import Mock
from rlrecovery.storage.files import conform
from rlrecovery.storage.schemas import estimates_columns

TASK = {"arms": [0.4, 0.6, 0.5], "blocks": 1, "start_value": 0.25}
CELL = {"truth": {"alpha": 0.5, "beta": 5.0}, "participants": 2, "trials": 40}


def test_setting_takes_the_sizes_of_task_and_cell_and_never_the_truth():
    made = Setting.of(MLE, TASK, CELL, [0.8])
    assert (made.n_arms, made.start_value, made.participants, made.trials) == (3, 0.25, 2, 40)
    assert made.levels == (0.8,)
    assert made == Setting.of(MLE, TASK, CELL | {"truth": {"alpha": 0.1}}, [0.8])
    assert made.full is False


def test_setting_knows_what_a_participant_is_shown():
    assert Setting.of(MLE, TASK | {"feedback": "full"}, CELL, [0.8]).full is True
    schedule = {"holds": "rewards", "values": [[0, 1, 0, 1]] * 40}
    task = {"blocks": 1, "start_value": 0.0, "schedule": schedule}
    assert Setting.of(MLE, task, CELL, [0.8]).n_arms == 4


def test_setting_has_the_parameters_of_a_variant():
    spec = {"name": "x", "model": "rescorla_wagner", "lapse": True, "fixed": {"beta": 3.0}}
    made = Setting.of(MLE | {"model": spec}, TASK, CELL, [0.8])
    assert made.model.names == ("alpha", "lapse")
    assert [target[2] for target in made.whole("group")] == ["alpha", "lapse"]


def test_targets_are_participant_by_participant():
    made = setting(participants=2)
    assert made.each_participant() == [
        ("participant", 0, "alpha"),
        ("participant", 0, "beta"),
        ("participant", 1, "alpha"),
        ("participant", 1, "beta"),
    ]
    assert made.whole("group") == [("group", -1, "alpha"), ("group", -1, "beta")]


def test_row_has_every_column_but_the_replicate():
    made = row(("group", -1, "beta"), 3.0, 0.5, {0.5: (2.5, 3.5), 0.95: (2.0, 4.0)}, rhat=1.5)
    table = conform([{"replicate": 7, **made}], estimates_columns([0.5, 0.95]))
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
    made = failed([("participant", 3, "alpha"), ("group", -1, "alpha")], "why", [0.8], 1.5)
    assert [r["participant"] for r in made] == [3, -1]
    for r in made:
        assert (r["status"], r["reason"], r["seconds"]) == ("failed", "why", 1.5)
        assert r["converged"] is False
        assert all(math.isnan(r[name]) for name in ("estimate", "se", "lower_80", "upper_80"))
    conform([{"replicate": 0, **r} for r in made], estimates_columns([0.8]))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("two\n  lines"), "ValueError: two lines"),
        (RuntimeError(), "RuntimeError: no message"),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
def test_sentence_is_one_line(error, text):
    assert sentence(error) == text


def test_sentence_is_bounded():
    assert len(sentence(ValueError("word " * 1000))) == 300


def test_make_fitter_by_name():
    assert isinstance(make_fitter(MLE, setting()), MaximumLikelihood)
    assert isinstance(make_fitter({"estimator": "mock"}, setting()), Mock)
    with pytest.raises(ValueError, match="unknown estimator 'guess'"):
        make_fitter({"estimator": "guess"}, setting())
