"""The registry of estimators: an estimator that is added needs one entry and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pandas as pd
import pytest
from fits import MLE, QUADRATURE, bayes_method, setting
from pydantic import Field, ValidationError
from settings import MOCK, study
from workflow.inprocess import run_here

from rlrecovery.config.settings import Experiment
from rlrecovery.fitting import registry
from rlrecovery.fitting.base import Cost, MethodSettings, Setting
from rlrecovery.fitting.estimates import row
from rlrecovery.fitting.registry import (
    ESTIMATORS,
    Method,
    fitter_module,
    make_fitter,
    settings_class,
)


class ShareSettings(MethodSettings):
    """A small estimator: each parameter is estimated by the share of choices of the last arm."""

    fitter: ClassVar[str] = f"{__name__}:Share"
    cost: ClassVar[Cost] = Cost(200, 1.0, 1e-3, 1e-6)

    estimator: Literal["share"] = Field(description="Estimator: the share of the last arm.")
    half_width: float = Field(gt=0, description="Half the width of every interval.")

    def describe(self):
        return "The share of choices of the last arm, which estimates nothing."


@dataclass(frozen=True)
class Share:
    settings: ShareSettings
    setting: Setting

    @classmethod
    def of(cls, settings, setting):
        return cls(settings, setting)

    @property
    def targets(self):
        return self.setting.each_participant()

    def fit(self, data, seed):
        last, reach = self.setting.learner.n_arms - 1, self.settings.half_width
        shares = (data.choices == last).mean(axis=1)
        rows = []
        for target in self.targets:
            share = float(shares[target.participant])
            ends = dict.fromkeys(self.setting.nominal_levels, (share - reach, share + reach))
            rows.append(row(target, share, reach / 2, ends, seconds=1e-3))
        return rows


@pytest.fixture
def share(monkeypatch):
    """A method entry of the estimator above, which is registered for one test."""
    monkeypatch.setitem(ESTIMATORS, "share", f"{__name__}:ShareSettings")
    # This module is outside the package, so that its source cannot be among the fingerprints.
    monkeypatch.setattr(registry, "fitter_module", lambda settings: "fitting.base")
    Experiment.model_rebuild(force=True)
    yield {"estimator": "share", "model": "rescorla_wagner", "half_width": 0.25}
    monkeypatch.undo()
    Experiment.model_rebuild(force=True)


def test_a_new_estimator_goes_from_the_config_to_the_report(share, tmp_path):
    run_here(tmp_path, study(methods={"share": share, "guess": MOCK}), figures=False)
    results = tmp_path / "results/small"
    summary = pd.read_csv(results / "summary/recovery.csv")
    own = summary[summary["method"] == "share"]
    assert set(own["level"]) == {"participant"}
    assert np.isfinite(own.loc[own["measure"] == "bias", "value"]).all()
    width = own[(own["measure"] == "width") & (own["interval"] == 0.5)]
    assert len(width) >= 4
    assert width["value"].tolist() == pytest.approx([0.5] * len(width))
    page = (results / "report.html").read_text()
    assert "The share of choices of the last arm, which estimates nothing." in page
    assert "half_width: 0.25" in page


def test_without_its_entry_it_is_unknown():
    with pytest.raises(ValidationError):
        Experiment.of(study(methods={"share": {"estimator": "share", "model": "rescorla_wagner"}}))
    with pytest.raises(KeyError):
        settings_class("share")


@pytest.mark.parametrize("plain", [MLE, QUADRATURE, MOCK, bayes_method("partial")])
def test_plain_values_of_a_method_and_back(plain):
    method = Method.of(plain, "name")
    assert method.name == "name"
    assert method.estimator == plain["estimator"]
    assert method.pooling == plain.get("pooling", "none")
    assert method.fitted_model().name == plain["model"]
    assert isinstance(method.settings, settings_class(plain["estimator"]))
    assert Method.of(method.plain(), "name") == method


@pytest.mark.parametrize("plain", [MLE, QUADRATURE, MOCK], ids=lambda plain: plain["estimator"])
def test_a_fitter_is_found_by_the_settings(plain):
    settings = Method.of(plain).settings
    fitter = make_fitter(settings, setting(2))
    assert type(fitter).__module__ == f"rlrecovery.{fitter_module(settings)}"
    assert fitter.targets[:4] == setting(2).each_participant()
    assert {target.level for target in fitter.targets} == set(settings.levels())
    assert hasattr(fitter, "participant_draws") == (settings.posterior is not None)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_estimator_has_a_description_and_a_cost(name):
    methods = {"mle": MLE, "bayes": bayes_method(), "quadrature": QUADRATURE, "mock": MOCK}
    settings = Method.of(methods[name]).settings
    assert settings.describe().endswith(".")
    assert settings.cost.memory_mib > 0
    assert settings.relative_work(3) >= settings.relative_work(2) > 0
