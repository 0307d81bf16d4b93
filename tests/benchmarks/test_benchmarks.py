"""The benchmark's arithmetic; its measurements are never asserted on."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from fits import simulated
from quadrature import log_likelihood
from unit.forms import interpreted

from benchmarks import baselines
from benchmarks.__main__ import TARGETS, targets
from benchmarks.clock import measure
from benchmarks.study import jobs_of_study, share_of_starts
from rlrecovery.config.reader import load


def test_a_call_is_timed_in_both_clocks():
    timing = measure(lambda: time.sleep(0.02), repeats=3)
    assert timing.wall >= 0.02
    assert timing.cpu < timing.wall
    assert timing.repeats == 3


def table():
    rows = [
        (what, form, size, 1.0)
        for _, _, (what, size), ours, other in TARGETS
        for form in (ours, other)
    ]
    rows += [("one posterior", "rlrecovery, quadrature", "exact", 0.1)]
    frame = pd.DataFrame(rows, columns=["what", "form", "size", "cpu_seconds"]).drop_duplicates()
    frame["ess"] = np.nan
    frame.loc[frame["form"] == "compiled", "cpu_seconds"] = 0.01
    return frame


def test_targets_are_ratios_of_cpu_time():
    goals = targets(table()).set_index("target")
    assert goals.loc["gradient, 100 participants, against the scan", "measured"] == "100x"
    assert goals.loc["gradient, 100 participants, against the scan", "met"]
    assert goals.loc["maximum likelihood, against the NumPy loop", "measured"] == "1x"
    assert not goals.loc["maximum likelihood, against the NumPy loop", "met"]
    assert goals.loc["quadrature of one posterior, against sampling it", "measured"] == "10x"


def test_effective_draws_per_second_and_seconds_of_jobs_have_targets():
    more = pd.DataFrame(
        [
            ("hierarchical", "rlrecovery", "N = 20", 10.0, 1000.0),
            ("hierarchical", "NumPyro", "N = 20", 100.0, 2000.0),
            ("fixed cost of a job", "bayes, pooling none", "warm cache", 5.0, np.nan),
            ("fixed cost of a job", "bayes, pooling partial", "warm cache", 7.0, np.nan),
        ],
        columns=["what", "form", "size", "cpu_seconds", "ess"],
    )
    goals = targets(pd.concat([table(), more], ignore_index=True)).set_index("target")
    rates = goals.loc["hierarchical, N = 20, ESS per CPU second, against NumPyro"]
    assert (rates["measured"], rates["met"]) == ("5x", True)
    jobs = goals[goals["wanted"] == "< 6 s"]
    assert jobs["met"].tolist() == [True, False]


def test_what_was_not_measured_is_not_met():
    goals = targets(table()).set_index("target")
    name = "hierarchical, N = 20, ESS per CPU second, against NumPyro"
    assert goals.loc[name, "measured"] == "not measured"
    assert not goals.loc[name, "met"]


def test_the_share_of_starts_counts_drawing_whole_and_the_start_of_other_jobs():
    kinds = ["mle"] * 4 + ["simulate", "figure", "report"]
    jobs = pd.DataFrame({"kind": kinds, "cpu_seconds": [3.0, 3.0, 3.0, 3.0, 0.4, 5.0, 2.6]})
    share = share_of_starts(jobs, {"mle": 1.0, "simulate": 0.5})
    assert share == pytest.approx((4 * 1.0 + 0.4 + 5.0 + 2.6) / 20)


def test_jobs_of_a_study_are_named_by_estimator_and_pooling(tmp_path):
    resolved = load(Path(__file__).parents[1] / "config" / "smoke.yaml").resolved()
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(resolved), encoding="utf-8")
    for place in ("fit/mle/cell", "fit/hierarchical/cell", "figure"):
        folder = tmp_path / "benchmarks" / place
        folder.mkdir(parents=True)
        (folder / "0.tsv").write_text("s\tcpu_time\n2.0\t1.5\n", encoding="utf-8")
    jobs = jobs_of_study(tmp_path).set_index("kind")
    assert set(jobs.index) == {"mle", "bayes, pooling partial", "figure"}
    assert (jobs["cpu_seconds"] == 1.5).all()


def test_the_baseline_is_the_same_likelihood():
    data = simulated(0.4, 3, 50, 1)
    choices, rewards = data.choices[0], data.rewards[0]
    alpha, beta = 0.3, 2.5
    theta = [np.log(alpha / (1 - alpha)), np.log(beta)]
    loop = -baselines.numpy_negative_log_likelihood(theta, choices, rewards)
    value, *_ = baselines.subtensor_gradient(interpreted)(alpha, beta, choices, rewards)
    expected = log_likelihood(choices, rewards, alpha, beta)
    np.testing.assert_allclose([loop, value], expected, rtol=1e-10)
