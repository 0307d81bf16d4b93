"""The rule `simulate`: tables of trials and truth, which depend on values alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from rlrecovery.design.cells import Cell, batches, by_key, grid
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.likelihood.data import observations_from_table
from rlrecovery.models.library import MODELS
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulate.batch import lengths, simulate_batch, simulate_replicate
from rlrecovery.simulate.behaviour import behave
from rlrecovery.simulate.generator import Generator
from rlrecovery.simulate.task import Task
from rlrecovery.storage.schemas import TRIALS, TRUTH
from unit.forms import walk_of
from unit.simulate.test_generator import CELL, PLAIN
from unit.simulate.test_population import BETA22
from unit.simulate.test_settings import DEFAULTS

GENERATOR = Generator.of(PLAIN)


def generator(**changes):
    return Generator.of(PLAIN | changes)


def with_task(**changes):
    return generator(task=PLAIN["task"] | changes)


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

    def test_the_population_has_a_stream_of_its_own(self):
        identity = GENERATOR.identity(CELL)
        rng = np.random.default_rng(seed_sequence(11, identity, 2, "population"))
        expected = expit(logit(0.3) + 0.5 * stats.norm.ppf(rng.random(4)))
        values, behaviour = simulate_replicate(CELL, GENERATOR, 2)
        np.testing.assert_allclose(values["alpha"], expected, rtol=1e-12)
        uniform = np.random.default_rng(seed_sequence(11, identity, 2, "trials")).random((4, 12, 2))
        again = behave(GENERATOR.learner(), values, Task((0.4, 0.6), 2), uniform)
        assert (behaviour.choices == again.choices).all()
        assert (
            uniform[0, 0, 0]
            != np.random.default_rng(seed_sequence(11, identity, 2, "population")).random()
        )

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


#: Data sets as they were drawn before tasks could do more: choices, rewards, true values.
KNOWN = {
    "two arms": (
        "rescorla_wagner",
        {"alpha": 0.3, "beta": 4.0},
        {"arms": [0.4, 0.6], "blocks": 1, "start_value": 0.5},
        {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
        ["000110101010111111110100010111", "111100011011111011111110110101"],
        ["111110101100111110000010000101", "101100011011011110111111010110"],
        {
            "alpha": [0.29810255314605083, 0.1699540765998615],
            "beta": [3.8137354880400323, 2.8563310067142145],
        },
    ),
    "three arms in blocks": (
        "rescorla_wagner_choice_kernel",
        {"beta": 2.0, "alpha_choice": 0.2, "beta_choice": 1.5},
        {"arms": [0.1, 0.5, 0.9], "blocks": 3, "start_value": 0.0},
        {
            "alpha": BETA22,
            "beta": {"spread": 0.0},
            "alpha_choice": {"spread": 1.0},
            "beta_choice": {"spread": 0.0},
        },
        ["121111121022202022221000011110", "012111111202222212221100012120"],
        ["111110010111100011110101010000", "011111110111111011110000001110"],
        {
            "alpha": [0.537664379780276, 0.4073745651639442],
            "beta": [2.0, 2.0],
            "alpha_choice": [0.16960122052879686, 0.21323305287545258],
            "beta_choice": [1.5, 1.5],
        },
    ),
    "no values": (
        "win_stay_lose_shift",
        {"epsilon": 0.2},
        {"arms": [0.2, 0.8], "blocks": 2, "start_value": 0.5},
        {"epsilon": {"spread": 0.0}},
        ["0110111010111011110100111101110111011110"],
        ["0100111000110011110110111001110111011100"],
        {"epsilon": [0.2]},
    ),
}


class TestAsBefore:
    """A plain study draws what it drew before tasks had more features."""

    @pytest.mark.parametrize("name", KNOWN)
    @pytest.mark.parametrize("resolved", [False, True])
    def test_known_data_sets(self, name, resolved):
        model, truth, task, population, choices, rewards, expected = KNOWN[name]
        cell = Cell(tuple(truth.items()), len(choices), len(choices[0]))
        task = DEFAULTS | task if resolved else task
        study_generator = generator(seed=20, model=model, task=task, population=population)
        values, behaviour = simulate_replicate(cell, study_generator, 3)
        assert ["".join(map(str, row)) for row in behaviour.choices.tolist()] == choices
        assert ["".join(f"{r:.0f}" for r in row) for row in behaviour.rewards.tolist()] == rewards
        for parameter, drawn in expected.items():
            np.testing.assert_allclose(values[parameter], drawn, rtol=1e-13)


class TestMissing:
    CELL = dataclasses.replace(CELL, participants=60, trials=100)

    def no_response(self, share=0.0, made_by=GENERATOR, replicate=0):
        cell = dataclasses.replace(self.CELL, missing=share)
        _, behaviour = simulate_replicate(cell, made_by, replicate)
        return behaviour.choices < 0

    @pytest.mark.parametrize("share", [0.05, 0.3])
    def test_a_share_is_a_probability_of_every_trial(self, share):
        missing = self.no_response(share)
        assert stats.binomtest(int(missing.sum()), missing.size, share).pvalue > 1e-3
        counts = missing.sum(axis=1)
        # The variance of binomial numbers is known, and so is its scatter over 60 participants.
        ratio = counts.var(ddof=1) / (100 * share * (1 - share))
        assert 5e-4 < stats.chi2(59).cdf(59 * ratio) < 1 - 5e-4
        assert stats.chisquare(missing.sum(axis=0)).pvalue > 1e-3

    def test_none_are_missing_unless_it_is_said(self):
        assert not self.no_response().any()

    def test_they_differ_from_replicate_to_replicate(self):
        assert (self.no_response(0.3) != self.no_response(0.3, replicate=1)).any()

    def test_those_that_the_task_says_are_missing_too(self):
        missing = self.no_response(0.05, with_task(missing_trials=[[1, 7], [3]]))
        assert missing[::2, [0, 6]].all()
        assert missing[1::2, 2].all()
        others = np.delete(missing, [0, 2, 6], axis=1)
        assert stats.binomtest(int(others.sum()), others.size, 0.05).pvalue > 1e-3


class TestCompleted:
    @pytest.mark.parametrize(
        ("shares", "expected"),
        [
            (None, [10] * 5),
            ((1.0,), [10] * 5),
            ((0.5, 1.0), [5, 10, 5, 10, 5]),
            ((0.6, 0.8, 1.0), [6, 8, 10, 6, 8]),
            ((0.001, 0.04), [1] * 5),  # everyone completes one trial
            ((0.33,), [3] * 5),
        ],
    )
    def test_lengths(self, shares, expected):
        cell = Cell((), 5, 10) if shares is None else Cell((), 5, 10, completed=shares)
        assert lengths(cell).tolist() == expected

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


def test_the_means_of_a_drifting_task_have_a_stream_of_their_own():
    drifting = with_task(drift={"sd": 0.1, "lower": 0, "upper": 1})
    _, behaviour = simulate_replicate(CELL, drifting, 2)
    rng = np.random.default_rng(seed_sequence(11, drifting.identity(CELL), 2, "means"))
    assert (behaviour.means == drifting.faced_task().means(4, 12, rng)).all()
    _, other = simulate_replicate(CELL, drifting, 3)
    assert (behaviour.means[:, 1] != other.means[:, 1]).all()
