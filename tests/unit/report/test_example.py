"""The example participant and posterior are those of the first data set."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fits import PARTICIPANTS, bayes_method, compiled

from rlrecovery.design.cells import Cell
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.fitting.bayes import fitter
from rlrecovery.fitting.registry import Method
from rlrecovery.report.example import write_example
from rlrecovery.simulation.batch import simulate_batch
from rlrecovery.simulation.generator import Generator

GENERATOR = Generator.of(
    {
        "seed": 11,
        "model": "rescorla_wagner",
        "task": {"arms": [0.3, 0.7], "blocks": 2, "start_value": 0.5},
        "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
    }
)
CELL = Cell.of({"truth": {"alpha": 0.5, "beta": 4.0}, "participants": PARTICIPANTS, "trials": 30})
SHORT = {"tune": 100, "draws": 100}


def written(folder, plain=None):
    """Return the participant, posterior and description written for a method or None."""
    names = {"participant": "p.csv", "posterior": "q.csv", "example": "e.json"}
    outputs = {kind: str(Path(folder) / name) for kind, name in names.items()}
    method = None if plain is None else Method.of(plain, "nuts")
    write_example(CELL, GENERATOR, method, outputs)
    example = json.loads(Path(outputs["example"]).read_text())
    return pd.read_csv(outputs["participant"]), pd.read_csv(outputs["posterior"]), example


def simulated(folder):
    """Paths of trials and truth of the first data set."""
    trials, truth = str(Path(folder) / "trials.parquet"), str(Path(folder) / "truth.parquet")
    simulate_batch(CELL, GENERATOR, (0, 1), trials, truth)
    return trials, truth


def test_a_sampler_that_fails_leaves_no_draws(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("all initialisation points failed")

    monkeypatch.setattr(fitter.Bayes, "of", classmethod(lambda cls, *own: cls(*own, None)))
    monkeypatch.setattr(fitter.Bayes, "sample", broken)
    table, posterior, example = written(tmp_path, bayes_method(**SHORT))
    assert len(table) == CELL.trials
    assert posterior.empty
    assert example["method"] == "nuts"


def test_the_participant_is_the_first_of_the_first_data_set(tmp_path):
    table, _, example = written(tmp_path)
    shown = ["block", "trial", "choice", "reward"]
    by_arm = [f"{name}_{arm}" for name in ("value", "probability", "mean") for arm in (0, 1)]
    assert list(table.columns) == [*shown, *by_arm]
    trials, truth = (pd.read_parquet(path) for path in simulated(tmp_path))
    first = trials[(trials["replicate"] == 0) & (trials["participant"] == 0)]
    for name in shown:
        np.testing.assert_array_equal(table[name], first[name])
    true = truth[(truth["participant"] == 0) & (truth["level"] == "participant")]
    assert example == {
        "cell": "alpha-0.5_beta-4.0_n-5_t-30",
        "replicate": 0,
        "participant": 0,
        "truth": dict(zip(true["parameter"], true["truth"], strict=True)),
        "method": None,
        "participants": PARTICIPANTS,
        "trials": 30,
        "arms": [0.3, 0.7],
        "sd": None,
    }


def test_hidden_values_are_those_before_each_trial(tmp_path):
    table, _, example = written(tmp_path)
    alpha, beta = example["truth"]["alpha"], example["truth"]["beta"]
    values = np.full(2, 0.5)
    for t, row in table.iterrows():
        if t in (0, 15):  # learning starts again in each block
            values = np.full(2, 0.5)
        np.testing.assert_allclose(row[["value_0", "value_1"]].astype(float), values)
        odds = np.exp(beta * values)
        np.testing.assert_allclose(
            row[["probability_0", "probability_1"]].astype(float), odds / odds.sum()
        )
        chosen = int(row["choice"])
        values[chosen] += alpha * (row["reward"] - values[chosen])


def test_without_a_method_that_samples_the_posterior_is_empty(tmp_path):
    _, posterior, example = written(tmp_path)
    assert len(posterior) == 0
    assert list(posterior.columns) == ["chain", "draw"]
    assert example["method"] is None


@pytest.mark.parametrize(
    "pooling",
    [
        "none",
        pytest.param("partial", marks=pytest.mark.slow),
        pytest.param("complete", marks=pytest.mark.slow),
    ],
)
def test_draws_are_those_that_the_fit_job_summarises(tmp_path, monkeypatch, pooling):
    plain, model = bayes_method(pooling, **SHORT), compiled(pooling)
    monkeypatch.setattr(fitter, "compile_model", lambda _: model)
    _, posterior, example = written(tmp_path, plain)
    assert example["method"] == "nuts"
    assert list(posterior.columns) == ["chain", "draw", "alpha", "beta"]
    chain, draw = np.divmod(np.arange(400), 100)
    np.testing.assert_array_equal(posterior[["chain", "draw"]], np.stack([chain, draw], axis=1))
    trials, _ = simulated(tmp_path)
    estimates = str(tmp_path / "estimates.parquet")
    fit_batch(Method.of(plain, "nuts"), GENERATOR, CELL, [0.9], trials, estimates)
    rows = pd.read_parquet(estimates)
    who, level = (-1, "group") if pooling == "complete" else (0, "participant")
    rows = rows[(rows["participant"] == who) & (rows["level"] == level)].set_index("parameter")
    for name in ("alpha", "beta"):
        row = rows.loc[name]
        assert posterior[name].mean() == pytest.approx(row["estimate"], rel=1e-12)
        assert posterior[name].quantile(0.05) == pytest.approx(row["lower_90"], rel=1e-12)
