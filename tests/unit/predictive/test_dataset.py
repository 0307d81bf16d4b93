from dataclasses import replace

import numpy as np

from rlrecovery.predictive.dataset import Dataset, simulated_dataset
from rlrecovery.simulation.replicates import simulate_replicate
from unit.predictive.examples import BANDIT, CELL, TASKS, faced, generator


def test_the_example_is_the_first_data_set_of_its_cell():
    cell, made = replace(CELL, missing=0.2), generator(TASKS["full feedback"])
    dataset = simulated_dataset(cell, made)
    _, behaviour = simulate_replicate(cell, made, 0)
    for name in ("choices", "rewards", "means", "outcomes"):
        np.testing.assert_array_equal(getattr(dataset, name), getattr(behaviour, name))
    np.testing.assert_array_equal(dataset.blocks, np.repeat([[0, 1]] * 4, 15, axis=1))
    np.testing.assert_array_equal(dataset.responded, behaviour.choices >= 0)


def test_observations_have_the_outcomes_shown_and_the_starts_of_the_task():
    choices, blocks = np.array([[0, 1, -1, 1]]), np.array([[0, 0, 1, 1]])
    rewards, outcomes = np.array([[1.0, 0, np.nan, 1]]), np.full((1, 4, 2), 0.25)
    partial = Dataset(choices, rewards, blocks).observations(faced())
    np.testing.assert_array_equal(partial.rewards, [[1, 0, 0, 1]])
    np.testing.assert_array_equal(partial.starts, [[1, 0, 1, 0]])
    carried_over = Dataset(choices, rewards, blocks).observations(faced(BANDIT | {"reset": False}))
    np.testing.assert_array_equal(carried_over.starts, [[1, 0, 0, 0]])
    full = Dataset(choices, rewards, blocks, outcomes=outcomes).observations(faced())
    assert full.rewards.shape == (1, 4, 2)
