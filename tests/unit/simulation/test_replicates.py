"""Data sets depend on values alone, and are the same alone and together with others."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from rlrecovery.design.cells import Cell
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.models.library import MODELS
from rlrecovery.models.variants import ModelSpec
from rlrecovery.simulation import replicates as replicates_module
from rlrecovery.simulation.behaviour import behave
from rlrecovery.simulation.generator import Generator
from rlrecovery.simulation.replicates import lengths, simulate_replicate, simulate_replicates
from rlrecovery.simulation.task import Task
from unit.simulation.test_generator import CELL, PLAIN
from unit.simulation.test_population import BETA22
from unit.simulation.test_settings import DEFAULTS

GENERATOR = Generator.of(PLAIN)


def generator(**changes):
    return Generator.of(PLAIN | changes)


def with_task(**changes):
    return generator(task=PLAIN["task"] | changes)


def test_the_population_has_a_stream_of_its_own():
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
def test_lengths(shares, expected):
    cell = Cell((), 5, 10) if shares is None else Cell((), 5, 10, completed=shares)
    assert lengths(cell).tolist() == expected


def test_the_means_of_a_drifting_task_have_a_stream_of_their_own():
    drifting = with_task(drift={"sd": 0.1, "lower": 0, "upper": 1})
    _, behaviour = simulate_replicate(CELL, drifting, 2)
    rng = np.random.default_rng(seed_sequence(11, drifting.identity(CELL), 2, "means"))
    assert (behaviour.means == drifting.faced_task().means(4, 12, rng)).all()
    _, other = simulate_replicate(CELL, drifting, 3)
    assert (behaviour.means[:, 1] != other.means[:, 1]).all()


#: Changes of a task with two arms.
TASKS = {
    "plain": {},
    "nine arms": {"arms": [k / 10 for k in range(1, 10)]},
    "full": {"feedback": "full"},
    "gaussian": {"rewards": "gaussian", "sd": 2.0},
    "carried over": {"reset": False},
    "missing": {"missing_trials": [[1, 7], [3]]},
    "drift": {"drift": {"sd": 0.2, "lower": 0, "upper": 1}},
    "reversals": {"reversals": {"after": [4], "every": 3}},
    "reversals after learning": {"reversals": {"correct": 2, "within": 3}},
    "drift and reversals": {
        "drift": {"sd": 0.2, "lower": 0, "upper": 1},
        "reversals": {"every": 4, "correct": 2, "within": 2},
    },
    "schedule": {
        "arms": None,
        "schedule": {"file": "", "holds": "means", "values": [[0.2, 0.7], [0.6, 0.4]] * 6},
    },
}


class TestTogether:
    """Data sets that are simulated together are those that are simulated alone."""

    CELL = dataclasses.replace(CELL, participants=3, trials=12)

    def assert_as_alone(self, cell, made_by):
        numbers = range(3, 10)
        values, responses = simulate_replicates(cell, made_by, numbers)
        alone = [simulate_replicate(cell, made_by, replicate) for replicate in numbers]
        for name, together in values.items():
            np.testing.assert_array_equal(together, np.concatenate([v[name] for v, _ in alone]))
        for name, together in vars(responses).items():
            parts = [getattr(behaviour, name) for _, behaviour in alone]
            expected = None if parts[0] is None else np.concatenate(parts)
            np.testing.assert_array_equal(together, expected)
        assert np.unique(responses.choices.reshape(len(numbers), -1), axis=0).shape[0] > 1

    @pytest.mark.parametrize("task", TASKS)
    @pytest.mark.parametrize("max_trials", [1, 3 * 12 * 2, 10**6], ids=["one", "pairs", "all"])
    def test_of_tasks(self, monkeypatch, task, max_trials):
        monkeypatch.setattr(replicates_module, "MAX_TRIALS", max_trials)
        settings = {k: v for k, v in (PLAIN["task"] | TASKS[task]).items() if v is not None}
        self.assert_as_alone(self.CELL, generator(task=settings))

    @pytest.mark.parametrize("name", MODELS)
    def test_of_models(self, name):
        spec = {"name": "lapsing", "model": name, "lapse": True}
        parameters = ModelSpec.of(spec).model().parameters
        population = {p.name: {"spread": 0.4} for p in parameters}
        truth = tuple((p.name, 0.4) for p in parameters)
        cell = dataclasses.replace(self.CELL, truth=truth)
        self.assert_as_alone(cell, generator(model=spec, population=population))

    @pytest.mark.parametrize(
        "change", [{"missing": 0.3}, {"completed": (0.5, 1.0)}, {"participants": 1}]
    )
    def test_of_cells(self, change):
        self.assert_as_alone(dataclasses.replace(self.CELL, **change), GENERATOR)

    def test_of_distributions(self):
        self.assert_as_alone(self.CELL, generator(population={"alpha": BETA22, "beta": BETA22}))
