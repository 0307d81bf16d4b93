"""Settings of fitters and their targets."""

import numpy as np
import pytest
from fits import setting, simulated
from settings import MLE, MOCK, QUADRATURE

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.base import Setting
from rlrecovery.fitting.registry import Method, make_fitter
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.settings import TaskSettings

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


@pytest.mark.parametrize(
    "plain",
    [
        MLE | {"interval": "profile"},
        MLE | {"interval": "bootstrap", "bootstrap": 40},
        QUADRATURE | {"loo": True},
        MOCK,
    ],
    ids=["profile", "bootstrap", "loo", "mock"],
)
def test_settings_for_points_give_the_same_points(plain):
    own = Method.of(plain).settings
    data, seed = simulated(0.4, 3, 30, seed=1), np.random.SeedSequence(0)
    rows, points = (
        make_fitter(each, setting(1, 30)).fit(data, seed) for each in (own, own.for_points())
    )
    assert [row["estimate"] for row in points] == [row["estimate"] for row in rows]
    assert not any(np.isfinite(row["elpd_loo"]) for row in points)
    assert own.for_points().interval_kind() in (None, "wald")
