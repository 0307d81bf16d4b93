import math
from dataclasses import replace

import numpy as np
import pytest

from rlrecovery.design.cells import Cell
from rlrecovery.models.variants import ModelSpec
from rlrecovery.predictive import predictions
from rlrecovery.predictive.dataset import Dataset, simulated_dataset
from rlrecovery.predictive.predictions import (
    choice_probabilities,
    forward_statistics,
    one_step_statistics,
)
from rlrecovery.predictive.statistics import statistics
from rlrecovery.simulation.replicates import simulate_replicate
from unit.predictive.examples import CELL, TASKS, constant, faced, generator, learner, random_data


def simulated_by_loop(rng, arms, observed):
    """Rescorla-Wagner with softmax on the trials and blocks of a data set, number by number."""
    alpha, beta = dict(CELL.truth).values()
    choices = np.full(observed.choices.shape, -1)
    rewards = np.full(observed.choices.shape, np.nan)
    for i in range(len(choices)):
        for t in range(choices.shape[1]):
            if t == 0 or observed.blocks[i, t] != observed.blocks[i, t - 1]:
                q = [0.5] * len(arms)
            if observed.choices[i, t] < 0:
                continue
            odds = [math.exp(beta * value) for value in q]
            point, arm = rng.random() * sum(odds), 0
            while arm < len(arms) - 1 and point >= sum(odds[: arm + 1]):
                arm += 1
            choices[i, t], rewards[i, t] = arm, float(rng.random() < arms[arm])
            q[arm] += alpha * (rewards[i, t] - q[arm])
    return Dataset(choices, rewards, observed.blocks, observed.means)


def assert_same_on_average(predicted, replicates):
    """Means per statistic differ by less than 4.5 standard errors."""
    assert list(predicted) == list(replicates[0])
    for key, values in predicted.items():
        a = values[np.isfinite(values)]
        b = np.array([replicate[key] for replicate in replicates])
        b = b[np.isfinite(b)]
        assert bool(len(a)) == bool(len(b)), key
        if len(a):
            error = math.sqrt(a.var() / len(a) + b.var() / len(b))
            assert abs(a.mean() - b.mean()) <= 4.5 * error + 1e-12, (key, a.mean(), b.mean())


def test_forward_statistics_agree_with_an_independent_simulation():
    rng, arms = np.random.default_rng(3), (0.2, 0.5, 0.8)
    arrays = random_data(rng, 3, 24, 3)
    observed = Dataset(*arrays, np.broadcast_to(np.array(arms), (3, 24, 3)))
    task, values = {"arms": arms, "blocks": 5, "start_value": 0.5}, constant(3000, 3)
    predicted = forward_statistics(
        learner(task), faced(task), values, observed, np.random.default_rng(4)
    )
    replicates = [statistics(simulated_by_loop(rng, arms, observed), 0.5, 3) for _ in range(1000)]
    assert_same_on_average(predicted, replicates)


@pytest.mark.parametrize("name", list(TASKS))
def test_forward_statistics_agree_with_the_simulator_on_every_kind_of_task(name):
    task, cell = TASKS[name], replace(CELL, trials=24, participants=3)
    with_gaps = replace(cell, missing=0.1, completed=(1.0, 0.7))
    observed = simulated_dataset(with_gaps, generator(task, spread=0))
    predicted = forward_statistics(
        learner(task), faced(task), constant(400, 3), observed, np.random.default_rng(5)
    )
    # The same trials must be missing in every replicate.
    missing = [(np.flatnonzero(row) + 1).tolist() for row in ~observed.responded]
    same_gaps = generator(task | {"missing_trials": missing}, spread=0)
    replicates = []
    for replicate in range(1, 400):
        _, b = simulate_replicate(cell, same_gaps, replicate)
        data = Dataset(b.choices, b.rewards, observed.blocks, b.means)
        replicates.append(statistics(data, 0.5, 2))
    assert_same_on_average(predicted, replicates)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("blocks", "rescorla_wagner"),
        ("no reset", "rescorla_wagner"),
        ("full feedback", "rescorla_wagner"),
        ("random walk", "rescorla_wagner"),
        ("blocks", "choice_kernel"),
    ],
)
def test_one_step_probabilities_are_those_of_the_simulator(name, model):
    names = ModelSpec.of(model).model().names
    truth = dict.fromkeys(names, 0.4) | {"beta": 4.0, "beta_choice": 2.0}
    cell = Cell(tuple((key, truth[key]) for key in names), participants=3, trials=24, missing=0.1)
    made, task = generator(TASKS[name], model), faced(TASKS[name])
    values, behaviour = simulate_replicate(cell, made, 0)
    observed = simulated_dataset(cell, made)
    data = observed.observations(task)
    theta = np.stack([values[key] for key in names], axis=-1)
    for i in range(3):
        alone = data.rows(slice(i, i + 1))
        p = choice_probabilities(learner(TASKS[name], model), alone, theta[i : i + 1])[0]
        responded = observed.responded[i]
        expected = behaviour.probabilities[i][responded]
        np.testing.assert_allclose(p[responded], expected, rtol=1e-9)


def test_choices_one_step_ahead_have_these_probabilities():
    cell = replace(CELL, missing=0.1)
    values, behaviour = simulate_replicate(cell, generator(), 0)
    observed = simulated_dataset(cell, generator())
    draws = {name: np.tile(value, (4000, 1)) for name, value in values.items()}
    predicted = one_step_statistics(learner(), faced(), draws, observed, np.random.default_rng(6))
    expected = {name: [] for name in ("win_stay", "lose_shift", "side_0", "side_1")}
    for i, t in zip(*np.nonzero(observed.responded), strict=True):
        p = behaviour.probabilities[i, t]
        expected["side_0"].append(p[0])
        expected["side_1"].append(p[1])
        block = range(15 * (t // 15), t)
        before = [s for s in block if observed.choices[i, s] >= 0]
        if before:
            last = observed.choices[i, before[-1]]
            won = observed.rewards[i, before[-1]] > 0.5
            expected["win_stay" if won else "lose_shift"].append(p[last] if won else 1 - p[last])
    for name, terms in expected.items():
        drawn, p = predicted[name, None], np.array(terms)
        assert drawn.shape == (4000,)
        assert drawn.mean() == pytest.approx(p.mean(), abs=4.5 * drawn.std() / 4000**0.5)
        assert drawn.std() == pytest.approx(np.sqrt((p * (1 - p)).sum()) / len(p), rel=0.1)


@pytest.mark.parametrize("predict", [forward_statistics, one_step_statistics])
def test_draws_are_simulated_in_parts_to_bound_memory(monkeypatch, predict):
    observed, draws, sizes = simulated_dataset(CELL, generator()), constant(50, 4), []

    def watched(data, *arguments, **keywords):
        sizes.append(data.choices.size)
        return statistics(data, *arguments, **keywords)

    monkeypatch.setattr(predictions, "statistics", watched)
    monkeypatch.setattr(predictions, "MAX_TRIALS", 1000)
    predicted = predict(learner(), faced(), draws, observed, np.random.default_rng(0))
    assert {values.shape for values in predicted.values()} == {(50,)}
    assert max(sizes) <= 1000
    assert sum(sizes) == 50 * 4 * 30
