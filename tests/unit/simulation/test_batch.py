"""The rule `simulate`: tables of trials and truth, which depend on values alone."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from settings import ROOT

from rlrecovery.design.cells import Cell, batches, by_key, grid
from rlrecovery.likelihood.data import observations_from_table
from rlrecovery.models.library import MODELS
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.simulation.replicates import simulate_replicate
from rlrecovery.storage.schemas import TRIALS, TRUTH
from unit.forms import walk_of
from unit.simulation.test_generator import CELL, PLAIN
from unit.simulation.test_population import BETA22
from unit.simulation.test_replicates import GENERATOR, generator, with_task


def write(folder, cell=CELL, generator=GENERATOR, replicates=(0, 5)):
    """Trials and truth of a batch, from the files."""
    name = f"{replicates[0]}-{replicates[1]}"
    trials, truth = folder / f"trials-{name}.parquet", folder / f"truth-{name}.parquet"
    simulate_batch(cell, generator, replicates, str(trials), str(truth))
    return pd.read_parquet(trials), pd.read_parquet(truth)


class TestBatch:
    def test_columns_and_rows(self, tmp_path):
        trials, truth = write(tmp_path)
        assert trials.dtypes.astype(str).to_dict() == TRIALS
        assert truth.dtypes.astype(str).to_dict() == TRUTH
        assert len(trials) == 5 * 4 * 12
        assert not trials.duplicated(["replicate", "participant", "trial"]).any()
        first = trials[(trials["replicate"] == 0) & (trials["participant"] == 3)]
        assert first["trial"].tolist() == list(range(12))
        assert first["block"].tolist() == [0] * 6 + [1] * 6
        assert set(trials["choice"]) == {0, 1}
        assert set(trials["reward"]) == {0.0, 1.0}
        assert len(truth) == 5 * 2 * (4 + 2)
        assert not truth.duplicated(["replicate", "participant", "level", "parameter"]).any()

    def test_truth(self, tmp_path):
        _, truth = write(tmp_path)
        whole = truth[truth["participant"] == -1]
        for level, values in [("group", (0.3, 4.0)), ("spread", (0.5, 0.3))]:
            rows = whole[whole["level"] == level]
            for name, value in zip(("alpha", "beta"), values, strict=True):
                assert (rows.loc[rows["parameter"] == name, "truth"] == value).all()
        participants = truth[truth["level"] == "participant"]
        assert sorted(participants["participant"].unique()) == [0, 1, 2, 3]
        assert participants["truth"].nunique() == len(participants) == 5 * 4 * 2

    @pytest.mark.parametrize("size", [1, 2, 3, 5])
    def test_cutting_into_batches_changes_no_number(self, tmp_path, size):
        trials, truth = write(tmp_path)
        pieces = [write(tmp_path, replicates=r) for r in batches(5, size).values()]
        for whole, parts in zip((trials, truth), zip(*pieces, strict=True), strict=True):
            pd.testing.assert_frame_equal(
                whole, pd.concat(parts, ignore_index=True), check_exact=True
            )

    def test_new_grid_values_change_no_number(self, tmp_path):
        """A cell's data are the same whatever stands beside it on the grid."""
        (small,) = grid({"alpha": [0.3], "beta": [4]}, [4], [12])
        large = by_key(grid({"alpha": [0.1, 0.30, 0.9], "beta": [2, 4.0]}, [2, 4], [6, 12]))
        same = large[small.key]
        one = write(tmp_path, small)
        other = write(tmp_path, same)
        for left, right in zip(one, other, strict=True):
            pd.testing.assert_frame_equal(left, right, check_exact=True)
        (neighbour,) = grid({"alpha": [0.3], "beta": [4.5]}, [4], [12])
        moved, _ = write(tmp_path, neighbour)
        assert (moved["reward"] != one[0]["reward"]).any()

    def test_replicates_and_seeds_differ(self, tmp_path):
        trials, _ = write(tmp_path)
        sessions = trials.groupby(["replicate", "participant"])[["choice", "reward"]].agg(tuple)
        assert len(set(map(tuple, sessions.to_numpy()))) == len(sessions)
        other, _ = write(tmp_path, generator=generator(seed=12))
        assert (trials["choice"] != other["choice"]).any()

    @pytest.mark.parametrize("model", list(MODELS))
    @pytest.mark.parametrize(("participants", "length"), [(1, 1), (1, 2), (3, 1)])
    def test_smallest_studies(self, tmp_path, model, participants, length):
        ends = {"logit": (0.0, 1.0), "log": (1e3, 0.0), "identity": (-1e3, 1e3)}
        parameters = MODELS[model].parameters
        truth = tuple((p.name, ends[p.transform][k % 2]) for k, p in enumerate(parameters))
        cell = Cell(truth, participants, length)
        made_of = generator(
            seed=0,
            model=model,
            task={"arms": [0.1, 0.5, 0.9], "blocks": 1, "start_value": 0.0},
            population={p.name: {"spread": 0.0} for p in parameters},
        )
        trials, truths = write(tmp_path, cell, made_of, (0, 1))
        assert len(trials) == participants * length
        assert truths["truth"].notna().all()


class TestCompleted:
    def test_rows_end_where_a_participant_did(self, tmp_path):
        cell = dataclasses.replace(CELL, completed=(0.5, 1.0, 0.25))
        trials, truth = write(tmp_path, cell)
        counts = trials.groupby(["replicate", "participant"])["trial"].agg(["size", "max"])
        assert counts.loc[0, "size"].tolist() == [6, 12, 3, 6]
        assert (counts["max"] == counts["size"] - 1).all()
        assert trials.dtypes.astype(str).to_dict() == TRIALS
        assert (trials["choice"] >= 0).all()
        assert trials.index.tolist() == list(range(5 * 27))
        assert truth["participant"].max() == 3

    def test_a_missing_trial_before_the_end_has_its_row(self, tmp_path):
        cell = dataclasses.replace(CELL, completed=(0.5,), missing=0.5)
        trials, _ = write(tmp_path, cell)
        assert len(trials) == 5 * 4 * 6
        assert trials["reward"].isna().sum() == (trials["choice"] < 0).sum() > 30


class TestFullFeedbackTables:
    GENERATOR = with_task(arms=[0.0, 1.0, 3.0], feedback="full", rewards="gaussian", sd=1.0)

    def test_a_column_for_every_arm(self, tmp_path):
        trials, _ = write(tmp_path, dataclasses.replace(CELL, missing=0.3), self.GENERATOR)
        outcomes = [f"reward_{k}" for k in range(3)]
        assert list(trials.columns) == [*TRIALS, *outcomes]
        assert (trials[outcomes].dtypes == "float64").all()
        responded = trials["choice"] >= 0
        assert trials.loc[~responded, [*outcomes, "reward"]].isna().all(axis=None)
        picked = trials.loc[responded, outcomes].to_numpy()[
            np.arange(responded.sum()), trials.loc[responded, "choice"]
        ]
        np.testing.assert_array_equal(trials.loc[responded, "reward"], picked)

    def test_partial_feedback_has_none(self, tmp_path):
        trials, _ = write(tmp_path)
        assert list(trials.columns) == list(TRIALS)


#: Features of models, tasks and cells, one at a time and together.
DIFFERENT = {
    "plain": ({}, {}, {}),
    "full": ({}, {"feedback": "full"}, {}),
    "carried over": ({}, {"reset": False}, {}),
    "reversals": ({}, {"reversals": {"every": 3, "correct": 3, "within": 4}}, {}),
    "drift": ({}, {"drift": {"sd": 0.2, "lower": 0, "upper": 1}}, {}),
    "ragged": ({}, {}, {"missing": 0.2, "completed": [0.5, 1.0]}),
    "lapse": ({"lapse": True}, {}, {}),
    "start": ({"start_value": "free"}, {}, {}),
    "fixed": ({"fixed": {"beta": 3.0}}, {}, {}),
    "all": (
        {"lapse": True, "start_value": "free", "fixed": {"beta": 3.0}},
        {"reset": False, "feedback": "full", "missing_trials": [[1, 5], []]},
        {"missing": 0.1, "completed": [0.75, 1.0, 0.5]},
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_written_has_the_probabilities_of_the_simulator(tmp_path, name):
    """From the file to the reference's likelihood, as an estimator reads it."""
    change, task_change, cell_change = DIFFERENT[name]
    spec = {"name": name, "model": "rescorla_wagner", **change}
    model = ModelSpec.of(spec).model()
    truth = {"alpha": 0.4, "beta": 4.0, "lapse": 0.2, "start_value": 0.1}
    own_truth = {"truth": {n: truth[n] for n in model.names}}
    cell = Cell.of(CELL.values() | own_truth | cell_change)
    made_by = generator(
        model=spec,
        task=PLAIN["task"] | task_change,
        population={n: {"spread": 0.4} for n in model.names},
    )
    trials, truths = write(tmp_path, cell, made_by, (2, 3))
    _, behaviour = simulate_replicate(cell, made_by, 2)
    own = truths[truths["level"] == "participant"].pivot_table(
        index="participant", columns="parameter", values="truth"
    )
    data = observations_from_table(trials, made_by.task.reset)
    block = data.starts.cumsum(axis=1)
    for i, values in own.iterrows():
        parameters = dict(values) | dict(model.fixed)
        n = int((trials["participant"] == i).sum())
        walk = walk_of("rescorla_wagner")(
            [parameters["alpha"], parameters["beta"]],
            data.choices[i, :n],
            data.rewards[i, :n],
            block[i, :n],
            2,
            parameters.get("start_value", 0.5),
            parameters.get("lapse"),
        )
        responded = data.choices[i, :n] >= 0
        assert responded.sum() > 2
        simulated = behaviour.probabilities[i, :n]
        np.testing.assert_allclose(walk.probabilities[responded], simulated[responded], rtol=1e-10)
        assert (behaviour.choices[i, :n] == data.choices[i, :n]).all()


#: Runs the script of the rule on the arguments in standard input, and prints what it imported.
JOB = """
import json, runpy, sys
from types import SimpleNamespace
from rlrecovery.storage.fingerprint import source_fingerprint
given = json.load(sys.stdin)
given["params"]["source"] = source_fingerprint("door.simulate")
job = SimpleNamespace(**{name: SimpleNamespace(**given[name]) for name in ("params", "output")})
job.log = given["log"]
runpy.run_path(sys.argv[1], init_globals={"snakemake": job})
print(*sys.modules)
"""

#: Modules that are slow to import.
SLOW = ("pandas", "yaml", "scipy.stats", "scipy.integrate", "scipy.optimize", "pytensor", "numba")


@pytest.mark.parametrize(
    ("population", "needed"),
    [({}, set()), ({"beta": BETA22}, {"scipy.integrate", "scipy.optimize"})],
    ids=["spread", "distribution"],
)
def test_a_job_imports_only_what_it_needs(tmp_path, population, needed):
    """Only the moments of a distribution are integrals."""
    given = {
        "params": {
            "cell": CELL.values(),
            "generator": PLAIN | {"population": PLAIN["population"] | population},
            "replicates": [0, 2],
            "versions": {},
        },
        "output": {name: str(tmp_path / f"{name}.parquet") for name in ("trials", "truth")},
        "log": [str(tmp_path / "log")],
    }
    process = subprocess.run(
        [sys.executable, "-c", JOB, str(ROOT / "scripts" / "simulate.py")],
        input=json.dumps(given),
        text=True,
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "scripts")},
    )
    assert (tmp_path / "trials.parquet").is_file()
    assert set(SLOW) & set(process.stdout.split()) == needed


#: Three draws of a population.
DRAWS = {
    "alpha": {"locations": [-1.0, 0.0, 1.0], "spreads": [0.3, 0.5, 0.7]},
    "beta": {"locations": [0.5, 1.0, 1.5], "spreads": [0.1, 0.2, 0.4]},
}


class TestPopulationDraws:
    """Each replicate takes one draw of the population, chosen by its seed."""

    CELL = Cell((), participants=3, trials=8)

    def truth(self, folder, replicates=(0, 30), seed=11):
        made_of = generator(population=DRAWS, seed=seed)
        return write(folder, self.CELL, made_of, replicates)[1]

    def test_location_and_sd_are_those_of_one_draw_per_replicate(self, tmp_path):
        truth = self.truth(tmp_path)
        whole = truth[truth["participant"] == -1]
        rows = whole.set_index(["replicate", "level", "parameter"])["truth"]
        draw = rows[:, "spread", "alpha"].map({0.3: 0, 0.5: 1, 0.7: 2}).to_numpy()
        alpha, beta = (np.array(DRAWS[n]["locations"])[draw] for n in ("alpha", "beta"))
        np.testing.assert_allclose(rows[:, "group", "alpha"], expit(alpha), rtol=1e-15)
        np.testing.assert_allclose(rows[:, "group", "beta"], np.exp(beta), rtol=1e-15)
        assert rows[:, "spread", "beta"].tolist() == [(0.1, 0.2, 0.4)[k] for k in draw]
        assert set(draw) == {0, 1, 2}

    def test_the_draw_depends_neither_on_batches_nor_on_other_replicates(self, tmp_path):
        whole = self.truth(tmp_path)
        parts = [self.truth(tmp_path, part) for part in ((0, 7), (7, 30))]
        pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True))
        assert (self.truth(tmp_path, seed=12)["truth"] != whole["truth"]).any()

    def test_seeds_depend_on_the_content_of_the_draws(self):
        one = generator(population=DRAWS)
        other = {**DRAWS, "beta": {"locations": [0.5, 1.0, 1.6], "spreads": [0.1, 0.2, 0.4]}}
        assert one.identity(CELL) == generator(population=dict(DRAWS)).identity(CELL)
        assert one.identity(CELL) != generator(population=other).identity(CELL)
        assert len(json.dumps(one.identity(CELL)["population"])) < 300
        assert type(one).of(json.loads(json.dumps(one.plain()))) == one
