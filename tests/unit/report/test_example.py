import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fits import MLE, PEOPLE, bayes_method, compiled

from rlrecovery.fit import bayes as bayes_module
from rlrecovery.fit.batch import fit_batch
from rlrecovery.report.example import write_example
from rlrecovery.simulate.batch import simulate_batch

GENERATOR = {
    "seed": 11,
    "model": "rescorla_wagner",
    "task": {"arms": [0.3, 0.7], "blocks": 2, "start_value": 0.5},
    "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
}
CELL = {"truth": {"alpha": 0.5, "beta": 4.0}, "participants": PEOPLE, "trials": 30}
SHORT = {"tune": 100, "draws": 100}


def written(folder, methods):
    names = {"participant": "p.csv", "posterior": "q.csv", "example": "e.json"}
    outputs = {kind: str(Path(folder) / name) for kind, name in names.items()}
    write_example(CELL, GENERATOR, methods, outputs)
    example = json.loads(Path(outputs["example"]).read_text())
    return pd.read_csv(outputs["participant"]), pd.read_csv(outputs["posterior"]), example


def simulated(folder):
    trials, truth = str(Path(folder) / "trials.parquet"), str(Path(folder) / "truth.parquet")
    simulate_batch(CELL, GENERATOR, (0, 1), trials, truth)
    return trials, truth


def test_a_sampler_that_raises_leaves_a_figure_that_says_so(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("all initialisation points failed")

    monkeypatch.setattr(bayes_module, "compile_model", lambda _: compiled("none"))
    monkeypatch.setattr(bayes_module, "sample", broken)
    table, posterior, example = written(tmp_path, {"bayes": bayes_method(**SHORT)})
    assert len(table) == CELL["trials"]
    assert posterior.empty
    assert example["method"] == "bayes"


def test_participant_is_the_first_of_the_first_data_set(tmp_path):
    table, _, example = written(tmp_path, {"mle": MLE})
    assert list(table.columns) == [
        "block", "trial", "choice", "reward",
        "value_0", "value_1", "probability_0", "probability_1", "mean_0", "mean_1",
    ]  # fmt: skip
    trials, truth = (pd.read_parquet(path) for path in simulated(tmp_path))
    mine = trials[(trials["replicate"] == 0) & (trials["participant"] == 0)]
    for name in ("block", "trial", "choice", "reward"):
        np.testing.assert_array_equal(table[name], mine[name])
    true = truth[(truth["participant"] == 0) & (truth["level"] == "participant")]
    assert example == {
        "cell": "alpha-0.5_beta-4.0_n-5_t-30",
        "replicate": 0,
        "participant": 0,
        "truth": dict(zip(true["parameter"], true["truth"], strict=True)),
        "method": None,
        "participants": PEOPLE,
        "trials": 30,
        "arms": [0.3, 0.7],
        "sd": None,
    }


def test_hidden_values_are_those_before_each_trial(tmp_path):
    table, _, example = written(tmp_path, {"mle": MLE})
    alpha, beta = example["truth"]["alpha"], example["truth"]["beta"]
    values = np.full(2, 0.5)
    for t, row in table.iterrows():
        if t in (0, 15):  # both blocks start afresh
            values = np.full(2, 0.5)
        np.testing.assert_allclose(row[["value_0", "value_1"]].astype(float), values)
        odds = np.exp(beta * values)
        np.testing.assert_allclose(
            row[["probability_0", "probability_1"]].astype(float), odds / odds.sum()
        )
        chosen = int(row["choice"])
        values[chosen] += alpha * (row["reward"] - values[chosen])


def test_without_a_bayesian_method_the_posterior_is_empty(tmp_path):
    _, posterior, example = written(tmp_path, {"mle": MLE, "try": {"estimator": "mock"}})
    assert len(posterior) == 0
    assert list(posterior.columns) == ["chain", "draw"]
    assert example["method"] is None


@pytest.mark.parametrize("pooling", ["none", "partial", "complete"])
def test_draws_are_those_that_the_fit_job_summarises(tmp_path, monkeypatch, pooling):
    method, ready = bayes_method(pooling, **SHORT), compiled(pooling)
    monkeypatch.setattr(bayes_module, "compile_model", lambda model: ready)
    _, posterior, example = written(tmp_path, {"mle": MLE, "some name": method})
    assert example["method"] == "some name"
    assert list(posterior.columns) == ["chain", "draw", "alpha", "beta"]
    chain, draw = np.divmod(np.arange(400), 100)
    np.testing.assert_array_equal(posterior[["chain", "draw"]], np.stack([chain, draw], axis=1))
    trials, _ = simulated(tmp_path)
    estimates = str(tmp_path / "estimates.parquet")
    fit_batch(method, GENERATOR, CELL, [0.9], trials, estimates)
    rows = pd.read_parquet(estimates)
    who, level = (-1, "group") if pooling == "complete" else (0, "participant")
    for name in ("alpha", "beta"):
        fitted = rows[
            (rows["participant"] == who) & (rows["level"] == level) & (rows["parameter"] == name)
        ].iloc[0]
        assert posterior[name].mean() == pytest.approx(fitted["estimate"], rel=1e-12)
        assert posterior[name].quantile(0.05) == pytest.approx(fitted["lower_90"], rel=1e-12)


def test_the_posterior_is_of_the_model_that_generated_the_data(tmp_path, monkeypatch):
    monkeypatch.setattr(bayes_module, "compile_model", lambda _: compiled("none"))
    wrong = bayes_method(**SHORT) | {"model": "kalman_filter", "fitted": "kalman_filter"}
    right = bayes_method(**SHORT) | {"fitted": "rescorla_wagner"}
    example = written(tmp_path, {"wrong": wrong, "right": right})[2]
    assert example["method"] == "right"
