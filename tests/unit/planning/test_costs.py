"""The cost of jobs: known coefficients come back, strange jobs do not matter, files are joined."""

import math

import numpy as np
import pytest
import yaml
from fits import MLE, QUADRATURE, bayes_method
from settings import MOCK, study

from rlrecovery.config.reader import parse
from rlrecovery.fit import FITTERS
from rlrecovery.planning.costs import (
    EXPECTED,
    Cost,
    Seen,
    benchmarks,
    expected_of,
    fitted,
    kind_of,
    of_kind,
    seconds_of,
)
from rlrecovery.planning.resources import Load, relative_work

TRUE = Cost(3.0, 2e-3, 2e-5)
SIZES = [Load(p, t, r) for p in (5, 20, 100) for t in (30, 120, 400) for r in (1, 5, 20, 50)]
SAMPLERS = ("bayes-none", "bayes-partial", "bayes-complete")
HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def job(load, seconds=None, work=1.0):
    return Seen("any", work, load, TRUE.seconds(work, load) if seconds is None else seconds)


def benchmark(path, wall, load=100.0, cpu=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    cpu = wall if cpu is None else cpu
    path.write_text(f"{HEAD}{wall}\t0:00:00\t1\t1\t1\t1\t0\t0\t{load}\t{cpu}\n")
    return path


def test_a_job_costs_its_start_and_its_data_sets():
    seconds = TRUE.seconds(2.0, Load(10, 50, 3))
    assert seconds == pytest.approx(3 + 2 * 3 * 10 * (2e-3 + 2e-5 * 50))


@pytest.mark.parametrize("wrong", [(1, 1, 1), (0.2, 5, 0.3), (4, 0.2, 6)])
def test_known_coefficients_come_back_though_others_were_expected(wrong):
    expected = Cost(*(c * w for c, w in zip((3.0, 2e-3, 2e-5), wrong, strict=True)))
    rng = np.random.default_rng(1)
    noisy = [job(s, TRUE.seconds(1, s) * np.exp(rng.normal(0, 0.05))) for s in SIZES * 2]
    found, scatter = fitted(expected, noisy)
    for name in ("start", "each", "trial"):
        assert getattr(found, name) == pytest.approx(getattr(TRUE, name), rel=0.15)
    assert 1.02 < scatter < 1.06


def test_a_few_strange_jobs_do_not_matter():
    strange = [job(s, (30 if i % 8 == 0 else 1) * TRUE.seconds(1, s)) for i, s in enumerate(SIZES)]
    found, _ = fitted(Cost(1, 1e-4, 1e-5), strange)
    for load in (Load(5, 30, 1), Load(100, 400, 100)):
        assert found.seconds(1, load) == pytest.approx(TRUE.seconds(1, load), rel=0.2)


def test_one_job_moves_what_is_expected_to_it():
    load = Load(20, 150, 20)
    for times in (0.2, 1, 10):
        found, _ = fitted(TRUE, [job(load, times * TRUE.seconds(1, load))])
        assert found.seconds(1, load) == pytest.approx(times * TRUE.seconds(1, load), rel=0.15)


def test_work_and_data_sets_are_exchanged_one_for_one():
    heavy, _ = fitted(Cost(1, 1e-3, 1e-5), [job(s, work=50.0) for s in SIZES])
    assert heavy.per_replicate(50, Load(20, 150, 1)) == pytest.approx(
        TRUE.per_replicate(50, Load(20, 150, 1)), rel=0.1
    )


def test_without_jobs_what_is_expected_stays():
    found, scatter = fitted(TRUE, [])
    assert found == TRUE
    assert math.isnan(scatter)


def test_draws_and_bounds_do_not_make_another_kind_but_engine_and_pooling_do():
    sampled = bayes_method("none")
    assert kind_of(sampled) == kind_of(sampled | {"draws": 9, "tune": 1, "chains": 2})
    assert kind_of(MLE) == kind_of(MLE | {"bounds": {}})
    others = [sampled, sampled | {"engine": "scan"}, bayes_method("partial"), MLE, QUADRATURE]
    assert len({kind_of(method) for method in others}) == len(others)


def test_every_estimator_is_expected_to_cost_something():
    poolings = ("none", "partial", "complete")
    methods = [MLE, QUADRATURE, MOCK, *(bayes_method(pooling) for pooling in poolings)]
    assert {method["estimator"] for method in methods} == set(FITTERS)
    found = [expected_of(kind_of(method)) for method in methods]
    assert found == [EXPECTED[name] for name in ("mle", "quadrature", "mock", *SAMPLERS)]
    assert {"simulate", "score", "mle", "quadrature", "mock", *SAMPLERS} == set(EXPECTED)


@pytest.mark.parametrize(
    ("name", "size", "seconds"),
    [
        ("none", (20, 150, 1), 6),
        ("partial", (20, 150, 1), 10),
        ("partial", (100, 400, 1), 133),
        ("mle", (100, 400, 20), 5),
        ("quadrature", (100, 400, 20), 32),
        ("mock", (100, 400, 20), 8),
    ],
)
def test_what_is_expected_is_near_what_was_measured_once(name, size, seconds):
    sampler = {"chains": 4, "tune": 500, "draws": 1000}
    known = {"mle": MLE, "quadrature": QUADRATURE, "mock": MOCK}
    method = known.get(name) or bayes_method(name, **sampler)
    expected = expected_of(kind_of(method)).seconds(relative_work(method), Load(*size))
    assert seconds / 2 < expected < 2 * seconds


def test_seconds_of_a_benchmark(tmp_path):
    path = tmp_path / "a.tsv"
    assert seconds_of(benchmark(path, 10, load=50, cpu=4)) == pytest.approx(5)
    assert seconds_of(benchmark(path, 1.0, load=0, cpu=0.45)) == pytest.approx(0.7)
    assert seconds_of(benchmark(path, 100, load=100, cpu=70)) == pytest.approx(100)
    assert seconds_of(benchmark(path, 2, load=900, cpu=9)) == pytest.approx(2)


@pytest.mark.parametrize("text", ["", HEAD, "s\tcpu_time\n1\t1\n", HEAD + "-\t" * 9 + "-\n"])
def test_a_benchmark_that_tells_nothing(tmp_path, text):
    path = tmp_path / "a.tsv"
    assert seconds_of(path) is None
    path.write_text(text)
    assert seconds_of(path) is None


def test_finished_jobs_of_all_studies_are_joined_by_what_they_did(tmp_path):
    here = parse(study(methods={"guess": MOCK})).resolved()
    other = parse(study(run="other", methods={"mine": MOCK}, participants=[9])).resolved()
    cell = "alpha-0.3_beta-3.0_n-2_t-20"
    benchmark(tmp_path / f"small/benchmarks/fit/guess/{cell}/00000-00001.tsv", 5)
    benchmark(tmp_path / f"small/benchmarks/fit/guess/{cell}/00000-00002.tsv", 99)  # other batches
    benchmark(tmp_path / f"small/benchmarks/simulate/{cell}/00002-00003.tsv", 2)
    benchmark(tmp_path / f"small/benchmarks/score/{cell}.tsv", 3)
    away = cell.replace("n-2", "n-9")
    benchmark(tmp_path / f"other/benchmarks/fit/mine/{away}/00000-00001.tsv", 7)
    assert len(benchmarks(tmp_path, "small", here)) == 3  # the other has not said what it is
    (tmp_path / "other/config.yaml").write_text(yaml.safe_dump(other))
    (tmp_path / "broken/benchmarks").mkdir(parents=True)
    (tmp_path / "broken/config.yaml").write_text("{}")
    found = benchmarks(tmp_path, "small", here)
    fits = of_kind(found, kind_of(MOCK))
    assert [(s.load, s.seconds) for s in fits] == [(Load(2, 20, 2), 5), (Load(9, 20, 2), 7)]
    assert [s.seconds for s in of_kind(found, "simulate")] == [2]
    assert [s.seconds for s in of_kind(found, "score")] == [3]
    assert benchmarks(tmp_path / "nowhere", "small", here) == []
