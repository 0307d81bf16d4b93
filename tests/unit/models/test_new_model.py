"""A model that is added as the documentation says goes from the config to the report."""

import numpy as np
import pandas as pd
import pytest
from settings import MLE, QUADRATURE, documented_model, study
from workflow.inprocess import run_here

from rlrecovery.models import library
from rlrecovery.models.library import MODELS

#: A true value, and bounds around it, by the transform of a parameter.
TRUTHS = {"logit": 0.3, "log": 4.0, "identity": 0.5}
BOUNDS = {"logit": [0.001, 0.999], "log": [0.01, 50], "identity": [-5, 5]}


@pytest.fixture
def added(monkeypatch):
    """The model of the documentation, which is in MODELS for a test."""
    names = vars(library) | {"MODELS": dict(MODELS)}
    exec(documented_model(), names)
    (name,) = set(names["MODELS"]) - set(MODELS)
    monkeypatch.setitem(MODELS, name, names["MODELS"][name])
    return MODELS[name]


def test_it_goes_from_the_config_to_the_report(added, tmp_path):
    parameters = added.parameters
    bounds = {p.name: BOUNDS[p.transform] for p in parameters}
    experiment = study(
        model=added.name,
        truth={p.name: [TRUTHS[p.transform]] for p in parameters},
        population={p.name: {"spread": 0.2} for p in parameters},
        trials=[60],
        replicates=2,
        methods={
            "mle": MLE | {"model": added.name, "bounds": bounds},
            "exact": {k: v for k, v in QUADRATURE.items() if k != "priors"} | {"model": added.name},
        },
    )
    run_here(tmp_path, experiment, figures=False)
    summary = pd.read_csv(tmp_path / "results/small/summary/recovery.csv")
    for method in ("mle", "exact"):
        bias = summary[(summary["method"] == method) & (summary["measure"] == "bias")]
        bias = bias[bias["level"] == "participant"]
        assert set(bias["parameter"]) == set(added.names)
        assert np.isfinite(bias["value"]).all()
        assert (bias["n"] == 2).all()
    assert added.title in (tmp_path / "results/small/report.html").read_text()
