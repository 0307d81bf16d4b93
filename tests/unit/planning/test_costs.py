"""The cost of jobs, fitted to jobs with known costs, and the size of files that were written."""

import numpy as np
import pytest
from fits import MLE, QUADRATURE, bayes_method
from settings import study

from rlrecovery.config.reader import parse
from rlrecovery.config.study import cells_of, generator_of, methods_of
from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.fitting.registry import Method
from rlrecovery.planning.costs import (
    SIMULATE_FILES,
    Job,
    estimates_bytes,
    fit_cost,
    job_seconds,
    kind_of,
    simulated_bytes,
)
from rlrecovery.planning.resources import seconds_per_data_set
from rlrecovery.simulation.batch import simulate_batch

TRUE = Cost(300, 3.0, 2e-3, 2e-5)
SIZES = [Load(p, t, r) for p in (5, 20, 100) for t in (30, 120, 400) for r in (1, 5, 20, 50)]


def job(load, factor=1.0, work=1.0):
    return Job("any", work, load, factor * job_seconds(TRUE, work, load))


def method(settings):
    return Method.of(settings, "name")


def test_a_job_costs_its_start_and_its_data_sets():
    seconds = job_seconds(TRUE, 2.0, Load(10, 50, 3))
    assert seconds == pytest.approx(3 + 2 * 3 * 10 * (2e-3 + 2e-5 * 50))


@pytest.mark.parametrize("wrong", [(1, 1, 1), (0.2, 5, 0.3), (4, 0.2, 6)])
def test_true_coefficients_are_recovered_from_wrong_expectations(wrong):
    expected = Cost(300, *(c * w for c, w in zip((3.0, 2e-3, 2e-5), wrong, strict=True)))
    rng = np.random.default_rng(1)
    cost, scatter = fit_cost(expected, [job(s, np.exp(rng.normal(0, 0.05))) for s in SIZES * 2])
    for name in ("start_seconds", "participant_seconds", "trial_seconds"):
        assert getattr(cost, name) == pytest.approx(getattr(TRUE, name), rel=0.15)
    assert 1.02 < scatter < 1.06


def test_a_few_jobs_with_unusual_times_hardly_matter():
    unusual = [job(size, 30 if i % 8 == 0 else 1) for i, size in enumerate(SIZES)]
    cost, _ = fit_cost(Cost(300, 1, 1e-4, 1e-5), unusual)
    for load in (Load(5, 30, 1), Load(100, 400, 100)):
        assert job_seconds(cost, 1, load) == pytest.approx(job_seconds(TRUE, 1, load), rel=0.2)


@pytest.mark.parametrize("factor", [0.2, 1, 10])
def test_one_job_is_enough_to_predict_a_job_of_its_size(factor):
    measured = job(Load(20, 150, 20), factor)
    cost, _ = fit_cost(TRUE, [measured])
    assert job_seconds(cost, 1, measured.load) == pytest.approx(measured.seconds, rel=0.15)


def test_work_multiplies_the_time_of_a_data_set():
    cost, _ = fit_cost(Cost(300, 1, 1e-3, 1e-5), [job(size, work=50.0) for size in SIZES])
    load = Load(20, 150, 1)
    expected = seconds_per_data_set(TRUE, 50, load)
    assert seconds_per_data_set(cost, 50, load) == pytest.approx(expected, rel=0.1)


def test_engine_and_pooling_make_another_kind_but_not_draws_or_bounds():
    sampled = bayes_method("none")
    fewer = sampled | {"draws": 9, "tune": 1, "chains": 2}
    assert kind_of(method(sampled)) == kind_of(method(fewer))
    assert kind_of(method(MLE)) == kind_of(method(MLE | {"bounds": {}}))
    others = [sampled, sampled | {"engine": "scan"}, bayes_method("partial"), MLE, QUADRATURE]
    assert len({kind_of(method(settings)) for settings in others}) == len(others)


@pytest.mark.parametrize("rewards", [{}, {"rewards": "gaussian", "sd": 4}])
def test_files_take_the_disk_that_was_predicted(tmp_path, rewards):
    task = {"arms": [0.3, 0.7], "blocks": 1, "start_value": 0.5} | rewards
    experiment = parse(study(task=task, participants=[60], trials=[200]))
    cell = next(iter(cells_of(experiment).values()))
    load, generator = Load(60, 200, 3), generator_of(experiment, cell)
    levels, guess = experiment.interval_levels, methods_of(experiment)["guess"]
    paths = [tmp_path / f"{i}.parquet" for i in range(3)]
    trials, truth, estimates = map(str, paths)
    simulate_batch(cell, generator, (0, 3), trials, truth)
    fit_batch(guess, generator, cell, levels, trials, estimates)
    sizes = [path.stat().st_size for path in paths]
    simulated = simulated_bytes(generator, load) - SIMULATE_FILES
    assert sum(sizes[:2]) / 2 < simulated < 2 * sum(sizes[:2])
    # Many numbers of this estimator are constant.
    assert sizes[2] / 2 < estimates_bytes(guess, len(levels), load) < 4 * sizes[2]


def test_complete_pooling_writes_no_participants():
    load = Load(500, 50, 50)
    none, complete = (
        estimates_bytes(method(bayes_method(pooling)), 2, load) for pooling in ("none", "complete")
    )
    assert complete < none / 10
