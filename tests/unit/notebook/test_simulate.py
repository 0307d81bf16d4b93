"""Simulated data sets in memory."""

import numpy as np
import pandas as pd
import pytest
from settings import study as config

from rlrecovery import simulate
from rlrecovery.config import study
from rlrecovery.config.reader import parse
from rlrecovery.models.library import MODELS, RESCORLA_WAGNER
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.storage.files import read_table
from unit.notebook.models import DECREASING

TRUTH = {"alpha": 0.3, "beta": 3}
POPULATION = {"alpha": {"spread": 0.5}, "beta": {"spread": 0.2}}
TASK = {"arms": [0.3, 0.7]}


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ({"arms": [0.3, 0.7]}, {}),
        ({"arms": [0.3, 0.7], "feedback": "full", "blocks": 2, "start_value": 0.0}, {}),
        ({"arms": [0.3, 0.7]}, {"missing": 0.2, "completed": [1.0, 0.5]}),
    ],
)
def test_numbers_are_those_of_the_workflow(tmp_path, task, changes):
    whole_task = {"blocks": 1, "start_value": 0.5} | task
    experiment = parse(
        config(
            task=whole_task,
            missing=[changes.get("missing", 0.0)],
            completed=[changes.get("completed", [1.0])],
        )
    )
    cell = next(iter(study.cells_of(experiment).values()))
    paths = [str(tmp_path / name) for name in ("trials.parquet", "truth.parquet")]
    simulate_batch(cell, study.generator_of(experiment, cell), (1, 3), *paths)
    trials, truth = map(read_table, paths)
    sizes = {"participants": 2, "trials": 20, "replicates": 3}
    data = simulate(truth=TRUTH, population=POPULATION, task=task, seed=3, **sizes, **changes)
    rows = data.trials[data.trials["replicate"] > 0].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, trials)
    values = data.truth.melt(["replicate", "participant"], var_name="parameter", value_name="value")
    merged = truth[truth["level"] == "participant"].merge(values)
    assert len(merged) == 2 * 2 * 2
    assert (merged["value"] == merged["truth"]).all()


def test_participants_are_identical_by_default():
    data = simulate(truth=TRUTH, participants=4, trials=5, seed=1)
    assert data.truth.columns.tolist() == ["replicate", "participant", "alpha", "beta"]
    assert (data.truth[["alpha", "beta"]] == [0.3, 3.0]).all(axis=None)
    assert data.trials.groupby("participant").size().tolist() == [5] * 4


def test_a_variant_has_its_parameters():
    variant = {"model": "rescorla_wagner", "lapse": True, "fixed": {"beta": 4.0}}
    data = simulate(variant, truth={"alpha": 0.3, "lapse": 0.2}, seed=1)
    assert {"alpha", "lapse"} <= set(data.truth.columns)
    assert data.truth["lapse"].unique().tolist() == [0.2]


def test_a_population_that_is_drawn():
    drawn = {"distribution": "Beta", "alpha": 2.0, "beta": 2.0}
    data = simulate(truth={"beta": 3}, population={"alpha": drawn}, participants=50, seed=1)
    assert data.truth["alpha"].nunique() == 50


def test_a_model_of_ones_own_is_known_for_the_call_only():
    before = dict(MODELS)
    truth = {"alpha": 0.6, "decay": 0.1, "beta": 5}
    own = simulate(DECREASING, truth=truth, participants=10, seed=1)
    assert own.truth.columns.tolist()[2:] == ["alpha", "decay", "beta"]
    constant = simulate(DECREASING, truth=truth | {"decay": 0}, participants=10, seed=1)
    assert (own.trials["choice"] != constant.trials["choice"]).any()
    assert before == MODELS
    variant = {"model": DECREASING, "fixed": {"decay": 0.0}}
    rest = {"alpha": 0.6, "beta": 5}
    assert set(simulate(variant, truth=rest, seed=1).truth["alpha"]) == {0.6}


def test_a_model_of_the_library_as_an_object():
    sizes = {"truth": TRUTH, "participants": 2, "trials": 20, "seed": 1}
    pd.testing.assert_frame_equal(
        simulate(RESCORLA_WAGNER, **sizes).trials, simulate(**sizes).trials
    )


def test_numpy_numbers_are_numbers():
    sizes = {"participants": np.int64(2), "trials": np.int64(4), "seed": np.int64(1)}
    sizes["replicates"] = np.int64(2)
    data = simulate(truth={"alpha": np.float64(0.3), "beta": np.float64(3)}, **sizes)
    assert len(data.trials) == 16


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": "rescorla_wager"}, r"model is .* \(did you mean rescorla_wagner\?\)"),
        ({"truth": {"alpha": 0.3}}, "truth.beta is required"),
        ({"truth": {"alpha": 3, "beta": 5}}, "truth.alpha is 3.0, but must be from 0 to 1"),
        ({"truth": None}, r"missing required key 'truth' \(true values of alpha, beta\)"),
        ({"population": {"alfa": {"spread": 1}}}, "did you mean alpha"),
        ({"participants": 0}, "participants is 0, but must be at least 1"),
        ({"trials": 2.5}, "trials is 2.5, but must be a whole number"),
        ({"missing": 1.5}, "missing is 1.5, but must be less than 1"),
        ({"task": {"arm": [0.2, 0.8]}}, "unknown key 'task.arm'"),
        ({"replicates": 0}, "replicates is 0, but must be a whole number of at least 1"),
        ({"replicates": True}, "replicates is True, but must be a whole number of at least 1"),
        ({"seed": -1}, "seed is -1"),
        ({"truth": [0.3, 5]}, r"truth is \[0.3, 5\], but must be a mapping such as"),
        ({"population": [0.3]}, r"population is \[0.3\], but must be a mapping such as"),
        ({"task": [0.2, 0.8]}, r"task is \[0.2, 0.8\], but must be a mapping such as"),
        ({"task": {"arms": [2, 0.8]}}, r"task.arms\[0\] is 2.0, but must be from 0 to 1"),
        ({"truth": {"alpha": [0.3, 0.5], "beta": 5}}, "one true value .* 2 combinations"),
        ({"participants": [5, 10]}, "one number of participants .* 2 combinations"),
        ({"completed": 0.5}, "completed"),
        ({"completed": None}, "completed"),
        ({"model": 3}, "model is 3, but must be"),
        ({"model": {"model": "rescorla_wager"}}, "did you mean rescorla_wagner"),
    ],
)
def test_mistakes_are_one_sentence(changes, sentence):
    arguments = {"truth": TRUTH, "task": TASK, "seed": 1} | changes
    with pytest.raises(ValueError, match=sentence) as caught:
        simulate(**arguments)
    assert "\n" not in str(caught.value)


def test_repr_says_what_there_is():
    data = simulate(truth=TRUTH, participants=2, trials=5, replicates=3, seed=1)
    assert repr(data) == (
        "<simulated data of rescorla_wagner: 3 data sets of 2 participants and 5 trials>"
    )
