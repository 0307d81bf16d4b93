"""PIT values against brute force, methods that are wrong on purpose, and failed fits."""

import dataclasses
from functools import cache

import numpy as np
import pytest
import quadrature
from settings import FLAT

from rlrecovery.calibration.batch import calibrate, calibrate_batch
from rlrecovery.calibration.datasets import simulated
from rlrecovery.fitting.estimates import Target
from rlrecovery.fitting.registry import make_fitter
from rlrecovery.likelihood.evaluate import values_only
from rlrecovery.storage.files import read_origin, read_table
from rlrecovery.storage.schemas import CALIBRATION_BATCH
from unit.calibration.examples import generator, uniformity_of

MADE = generator()


@cache
def parts():
    """Fitter, log-likelihood and 500 data sets of ten trials."""
    setting = MADE.setting()
    fitter = make_fitter(MADE.method.settings, setting)
    return fitter, values_only(setting.learner, "compiled"), simulated(MADE, range(500))


def uniformity_with(fitter):
    """Tests of the PIT values of a fitter, by parameter."""
    _, values, data_sets = parts()
    rows = [row for data in data_sets for row in calibrate(MADE, fitter, values, data)]
    return uniformity_of(rows)


def test_the_right_method_is_not_rejected():
    table = uniformity_with(parts()[0])
    assert (table["n"] == 500).all()
    assert (table["p_holm"] > 0.05).all()
    assert table["inside"].all()


def test_a_prior_of_another_width_is_found():
    wider = generator(priors=FLAT | {"beta": {"distribution": "HalfNormal", "sigma": 13}})
    table = uniformity_with(make_fitter(wider.method.settings, MADE.setting()))
    assert table.loc["beta", "p_holm"] < 1e-4
    assert not table.loc["beta", "inside"]


def test_a_likelihood_without_the_first_trial_is_found():
    fitter, values, _ = parts()

    def without_first(data, points):
        choices = data.choices.copy()
        choices[:, 0] = -1
        return values(dataclasses.replace(data, choices=choices), points)

    table = uniformity_with(dataclasses.replace(fitter, values=without_first))
    assert table.loc["log_likelihood", "p_holm"] < 1e-4
    assert table.loc["alpha", "p_holm"] < 0.05


def test_pit_values_are_those_of_brute_force():
    fitter, values, data_sets = parts()
    for data_set in data_sets[:12]:
        rows = {row["parameter"]: row for row in calibrate(MADE, fitter, values, data_set)}
        choices, rewards = data_set.data.choices, data_set.data.rewards
        exact = quadrature.posterior(choices, rewards, size=400)
        for name, marginal in exact.items():
            real = data_set.truths.real[name][0]
            inner = marginal.weights * (marginal.real < real)
            at = np.interp(real, marginal.real, np.arange(len(marginal.real)))
            step = marginal.weights[int(at) : int(at) + 2]
            # The sum of the nodes below, with the last cell divided linearly.
            below = inner.sum() - step[0] / 2 + (at - int(at)) * step.mean()
            assert rows[name]["pit"] == pytest.approx(below, abs=4e-4)
            mean = marginal.weights @ marginal.real
            sd = np.sqrt(marginal.weights @ (marginal.real - mean) ** 2)
            assert rows[name]["sd"] == pytest.approx(sd, rel=2e-3)
            assert rows[name]["z"] == pytest.approx((mean - real) / sd, abs=4e-3)
            assert rows[name]["truth"] == pytest.approx(data_set.truths.natural[name][0])


def test_the_log_likelihood_at_the_truth_is_that_of_plain_python():
    fitter, values, data_sets = parts()
    data_set = data_sets[3]
    (row,) = (r for r in calibrate(MADE, fitter, values, data_set) if r["level"] == "data set")
    natural = [data_set.truths.natural[name][0] for name in ("alpha", "beta")]
    expected = quadrature.log_likelihood(
        data_set.data.choices[0], data_set.data.rewards[0], *natural
    )
    assert row["truth"] == pytest.approx(float(expected))


class Failing:
    """A fitter whose fits fail."""

    targets = (Target("participant", 0, "alpha"), Target("participant", 0, "beta"))

    def fit_posterior(self, data, seed):
        raise FloatingPointError("no finite density")


def test_a_fit_that_fails_is_kept_as_rows():
    _, values, data_sets = parts()
    rows = calibrate(MADE, Failing(), values, data_sets[0])
    assert [row["status"] for row in rows] == ["failed"] * 3
    assert rows[0]["reason"] == "FloatingPointError: no finite density"
    assert np.isnan([row["pit"] for row in rows]).all()
    assert np.isfinite([row["truth"] for row in rows]).all()


def test_a_fit_without_memory_stops_the_job():
    class Full(Failing):
        def fit_posterior(self, data, seed):
            raise MemoryError

    _, values, data_sets = parts()
    with pytest.raises(MemoryError):
        calibrate(MADE, Full(), values, data_sets[0])


def test_of_a_population_one_participant_is_compared(tmp_path):
    """Rows of two data sets, which do not depend on the batch."""
    made = generator("partial", participants=2)
    for name, ends in (("both", (0, 2)), ("second", (1, 2))):
        calibrate_batch(made, ends, f"{tmp_path}/{name}.parquet", {"source": "x"})
    both = read_table(tmp_path / "both.parquet", CALIBRATION_BATCH).drop(columns="seconds")
    second = read_table(tmp_path / "second.parquet").drop(columns="seconds")
    assert both[both["replicate"] == 1].reset_index(drop=True).equals(second)
    levels = both[both["replicate"] == 0]["level"].tolist()
    assert levels == ["participant"] * 2 + ["group"] * 2 + ["spread"] * 2 + ["data set"]
    assert both["pit"].between(0, 1).all()
    origin = read_origin(tmp_path / "second.parquet")
    assert origin["settings"] == made.hash()
    assert origin["replicates"] == [1, 2]
