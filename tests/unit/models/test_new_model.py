"""A model added as the README says goes from simulation to scores; nothing else changes."""

import re
from pathlib import Path

import numpy as np
import pytest
from fits import QUADRATURE

from rlrecovery.fit.batch import fit_batch
from rlrecovery.models import library as models
from rlrecovery.models.library import MODELS
from rlrecovery.score.cell import score
from rlrecovery.simulate.batch import simulate_batch
from rlrecovery.storage.files import read_table

README = Path(__file__).parents[2] / "README.md"
LEVELS = [0.5, 0.95]
CELL = {"truth": {}, "participants": 4, "trials": 300}


@pytest.fixture
def added(monkeypatch):
    """The name of the model of the README's section, which is in MODELS for a test."""
    section = README.read_text().split("## Add a model", 1)[1]
    names = vars(models) | {"MODELS": dict(MODELS)}
    exec(re.search(r"```python\n(.*?)```", section, re.DOTALL)[1], names)
    (name,) = set(names["MODELS"]) - set(MODELS)
    monkeypatch.setitem(MODELS, name, names["MODELS"][name])
    return name


def test_it_is_simulated_fitted_and_scored(added, tmp_path):
    spread = {p.name: p for p in MODELS[added].parameters}
    middle = {"logit": 0.3, "log": 4.0, "identity": 0.5}
    cell = CELL | {"truth": {name: middle[p.transform] for name, p in spread.items()}}
    generator = {
        "seed": 5,
        "model": added,
        "task": {"arms": [0.2, 0.8], "blocks": 1, "start_value": 0.5},
        "population": {name: {"spread": 0.2} for name in spread},
    }
    trials, truth = str(tmp_path / "trials.parquet"), str(tmp_path / "truth.parquet")
    simulate_batch(cell, generator, [0, 3], trials, truth)
    ends = {"logit": [0.001, 0.999], "log": [0.01, 50], "identity": [-5, 5]}
    methods = {
        "mle": {
            "estimator": "mle", "model": added, "engine": "compiled", "grid": 6, "starts": 2,
            "group_scale": "unconstrained",
            "bounds": {name: ends[p.transform] for name, p in spread.items()},
        },
        "exact": QUADRATURE | {"model": added, "priors": {
            name: {"distribution": p.prior.name, **p.prior.as_dict()} for name, p in spread.items()
        }},
    }  # fmt: skip
    files = []
    for name, method in methods.items():
        files.append(str(tmp_path / f"{name}.parquet"))
        fit_batch(method, generator, cell, LEVELS, trials, files[-1])
    scores = {name: str(tmp_path / f"scores_{name}.parquet") for name in methods}
    score(files, [truth], LEVELS, scores, str(tmp_path / "paired.parquet"))
    for name in methods:
        table = read_table(scores[name])
        bias = table[(table["measure"] == "bias") & (table["level"] == "participant")]
        assert set(bias["parameter"]) == set(spread)
        assert np.isfinite(bias["value"]).all()
        assert (bias["n"] == 3).all()
