import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from settings import FLAT

from rlrecovery.design.cells import Cell
from rlrecovery.models.variants import ModelSpec
from rlrecovery.predictive import check as module
from rlrecovery.predictive.check import N_DRAWS, OF, WAYS, check, comparison, write_check
from rlrecovery.predictive.dataset import Dataset, simulated_dataset
from rlrecovery.predictive.draws import prior_draws
from rlrecovery.predictive.predictions import forward_statistics
from rlrecovery.predictive.statistics import statistics
from rlrecovery.simulation.replicates import simulate_replicate
from rlrecovery.storage.files import BrokenFile
from rlrecovery.storage.schemas import PREDICTIVE
from unit.predictive.examples import (
    BANDIT,
    CELL,
    TASKS,
    faced,
    generator,
    learner,
    quadrature,
    sampler,
    seed,
    setting,
)


def test_prior_predictive_p_values_are_uniform_for_data_from_the_prior():
    participants, trials, n_sets = 3, 20, 400
    made = generator(population=FLAT)
    cell = Cell((), participants, trials)
    rng, p = np.random.default_rng(7), {}
    data_sets = []
    for replicate in range(n_sets):
        _, b = simulate_replicate(cell, made, replicate)
        blocks = np.repeat([[0, 1]] * participants, trials // 2, axis=1)
        data_sets.append(Dataset(b.choices, b.rewards, blocks, b.means))
    values = prior_draws(quadrature(), setting(participants, trials), 20_000, rng)
    predicted = forward_statistics(learner(), faced(), values, data_sets[0], rng)
    for data in data_sets:
        actual = statistics(data, 0.5, 2)
        for key, drawn in predicted.items():
            drawn = drawn[np.isfinite(drawn)]
            if np.isfinite(actual[key]):  # ties are broken at random
                ties = rng.random() * np.mean(drawn == actual[key])
                p.setdefault(key, []).append(np.mean(drawn > actual[key]) + ties)
    assert min(map(len, p.values())) >= 0.95 * n_sets
    assert min(stats.kstest(values, "uniform").pvalue for values in p.values()) > 1e-3


def checked(model, count=N_DRAWS, participants=10, trials=80, task=BANDIT, method=None):
    """Check data of a model with Rescorla-Wagner; the table and the data."""
    truth = {"alpha": 0.4, "beta": 4.0, "alpha_choice": 0.4, "beta_choice": 5.0}
    true_values = tuple((name, truth[name]) for name in ModelSpec.of(model).model().names)
    cell = Cell(true_values, participants, trials)
    observed = simulated_dataset(cell, generator(task, model))
    known = setting(participants, trials, task)
    method = quadrature() if method is None else method
    return check(method, known, faced(task), observed, seed(), count), observed


def p_values(table, of, way):
    rows = table[(table["of"] == of) & (table["way"] == way)]
    return rows.set_index("statistic")["p"]


@pytest.mark.parametrize("way", WAYS)
def test_the_right_model_agrees_with_its_data_and_a_wrong_one_does_not(way):
    right, _ = checked("rescorla_wagner")
    p = p_values(right, "posterior", way)
    assert p[["win_stay", "lose_shift", "side_0"]].between(0.01, 0.99).all()
    wrong, _ = checked("choice_kernel")
    p = p_values(wrong, "posterior", way)
    assert p["win_stay"] < 0.005
    assert p["lose_shift"] > 0.995


def test_the_table_has_a_row_for_each_statistic_kind_of_draws_and_way():
    table, observed = checked("rescorla_wagner", count=30, trials=60)
    assert table.columns.tolist() == list(PREDICTIVE)
    actual = statistics(observed, 0.5, 2)
    assert len(actual) == 15 + 4
    for of, way in itertools.product(OF, WAYS):
        rows = table[(table["of"] == of) & (table["way"] == way)]
        pairs = zip(rows["statistic"], rows["trial"], strict=True)
        assert [(name, None if math.isnan(t) else t) for name, t in pairs] == list(actual)
        np.testing.assert_array_equal(rows["observed"], list(actual.values()))
    order = ["lower_95", "lower_50", "upper_50", "upper_95"]
    assert (np.diff(table[order].to_numpy(), axis=1) >= 0).all()
    assert table["mean"].between(table["lower_95"], table["upper_95"]).all()
    assert table["p"].between(0, 1).all()


def test_a_comparison_counts_ties_half_and_ignores_draws_without_the_statistic():
    draws = np.array([0.2, 0.5, 0.5, 0.9])
    row = comparison(("win_stay", None), 0.5, np.append(draws, np.nan))
    assert row["p"] == pytest.approx(0.5)
    assert row["mean"] == pytest.approx(0.525)
    assert row["lower_50"] == pytest.approx(np.quantile(draws, 0.25))
    assert row["upper_95"] == pytest.approx(np.quantile(draws, 0.975))
    assert comparison(("learning", 3.0), 0.5, np.array([0.6, 0.7]))["p"] == 1
    assert math.isnan(comparison(("win_stay", None), np.nan, np.array([0.5]))["p"])
    no_draws = comparison(("win_stay", None), 0.5, np.array([np.nan]))
    assert all(math.isnan(no_draws[name]) for name in ("mean", "lower_50", "upper_95", "p"))


@pytest.mark.parametrize("name", ["full feedback", "random walk"])
def test_other_tasks_are_checked_too(name):
    table, _ = checked("rescorla_wagner", count=60, participants=6, trials=40, task=TASKS[name])
    p = p_values(table, "posterior", "forward")
    assert p[["win_stay", "lose_shift"]].between(0.01, 0.99).all()


def test_a_hierarchical_posterior_predicts_more_narrowly_than_its_prior():
    method = sampler("partial")
    table, _ = checked("rescorla_wagner", count=60, participants=5, trials=40, method=method)
    width = (table["upper_95"] - table["lower_95"]).groupby([table["of"], table["way"]]).mean()
    for way in WAYS:
        assert width["posterior", way] < width["prior", way]
    assert p_values(table, "posterior", "forward")["win_stay"] == pytest.approx(0.5, abs=0.49)


def test_a_variant_is_checked_with_its_own_parameters():
    lapse = {"name": "lapsing", "model": "rescorla_wagner", "fixed": {"alpha": 0.4}, "lapse": True}
    method = quadrature(lapse, {"beta": FLAT["beta"], "lapse": FLAT["alpha"]})
    observed = simulated_dataset(CELL, generator())
    table = check(method, setting(4, 30, model=lapse), faced(), observed, seed(), count=20)
    assert np.isfinite(table["p"]).all()


def written(folder, method, observed_file=None, cell=CELL, made=None):
    path = folder / "predictive.csv"
    write_check(cell, made or generator(), method, observed_file, str(path))
    return pd.read_csv(path, dtype={"statistic": str})


def as_csv(folder, dataset):
    """A data set as a file without missing responses."""
    lines = ["participant,trial,block,choice,reward"]
    for i, t in np.ndindex(dataset.choices.shape):
        values = (i, t, dataset.blocks[i, t], dataset.choices[i, t], dataset.rewards[i, t])
        lines.append(",".join(map(str, values)))
    file = folder / "own.csv"
    file.write_text("\n".join(lines))
    return str(file)


def test_without_a_file_the_example_data_set_is_checked(tmp_path):
    table = written(tmp_path, quadrature())
    assert list(table.columns) == list(PREDICTIVE)
    expected = statistics(simulated_dataset(CELL, generator()), 0.5, 2)
    assert len(table) == 4 * len(expected)
    np.testing.assert_allclose(table["observed"].iloc[: len(expected)], list(expected.values()))
    pd.testing.assert_frame_equal(table, written(tmp_path, replace(quadrature(), name="other")))


def test_observed_data_are_checked_whatever_else_the_study_simulates(tmp_path):
    observed = simulated_dataset(replace(CELL, participants=3, trials=20), generator(seed=5))
    file = as_csv(tmp_path, observed)
    table = written(tmp_path, quadrature(), file)
    expected = list(statistics(observed, 0.5, 2).values())
    np.testing.assert_allclose(table["observed"].iloc[: len(expected)], expected)
    other = replace(CELL, trials=50, truth=(("alpha", 0.9), ("beta", 1.0)))
    again = written(tmp_path, quadrature(), file, other)
    pd.testing.assert_frame_equal(table, again)


def test_observed_data_of_a_random_walk_show_the_first_arm(tmp_path):
    made = generator(TASKS["random walk"])
    file = as_csv(tmp_path, simulated_dataset(replace(CELL, participants=2, trials=20), made))
    table = written(tmp_path, quadrature(), file, made=made)
    curve = table[table["trial"].notna()]
    assert set(curve["statistic"]) == {"first_arm"}
    assert curve["mean"].notna().all()


def test_the_table_has_no_rows_without_a_method(tmp_path):
    table = written(tmp_path, None)
    assert list(table.columns) == list(PREDICTIVE)
    assert table.empty


def test_the_table_has_no_rows_if_the_method_fails(tmp_path, monkeypatch, caplog):
    def fail(*_, **__):
        raise RuntimeError("no finite starting point")

    monkeypatch.setattr(module, "posterior_draws", fail)
    assert written(tmp_path, quadrature()).empty
    assert "RuntimeError: no finite starting point" in caplog.text


def test_mistakes_in_observed_data_are_reported_even_without_a_method(tmp_path):
    with pytest.raises(BrokenFile, match=r"missing\.csv"):
        written(tmp_path, None, str(tmp_path / "missing.csv"))
