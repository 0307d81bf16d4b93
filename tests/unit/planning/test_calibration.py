"""Measured times: benchmarks of finished jobs, and real jobs of a small study."""

import os

import pytest
import yaml
from settings import MOCK, study

from rlrecovery.config.reader import parse
from rlrecovery.config.study import cells_of, methods_of
from rlrecovery.design.load import Load
from rlrecovery.fitting.base import Cost
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.planning import calibration
from rlrecovery.planning.calibration import (
    benchmark_seconds,
    calibrate,
    finished_jobs,
    larger_job,
    read_calibration,
)
from rlrecovery.planning.costs import kind_of
from rlrecovery.simulation.batch import simulate_batch

EXPERIMENT = parse(study(participants=[2, 30], trials=[20]))
GUESS = methods_of(EXPERIMENT)["guess"]
HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write_benchmark(path, wall, load=100.0, cpu=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    cpu = wall if cpu is None else cpu
    path.write_text(f"{HEAD}{wall}\t0:00:00\t1\t1\t1\t1\t0\t0\t{load}\t{cpu}\n")
    return path


def measured_loads(jobs):
    """Loads of the jobs that fit, which those that simulate have too."""
    fits = [job.load for job in jobs if job.kind == kind_of(GUESS)]
    assert [job.load for job in jobs if job.kind == "simulate"] == fits
    return fits


def test_a_method_is_measured_by_a_small_and_a_larger_job(monkeypatch, capsys):
    """After a first job that is not counted."""
    calls = []

    def cpu_seconds(function, *arguments):
        """Pretends to run a job."""
        calls.append(function)
        return 2.0

    monkeypatch.setattr(calibration, "cpu_seconds", cpu_seconds)
    small, large = measured_loads(calibrate(EXPERIMENT, [GUESS], 0.2))
    assert calls == [simulate_batch, fit_batch] * 3
    assert small == Load(2, 20, 1)
    assert large.participants == 30
    assert capsys.readouterr().out.count("\n") == 2


@pytest.mark.slow
def test_real_jobs_are_measured():
    jobs = calibrate(EXPERIMENT, [GUESS], target_seconds=0.2)
    assert len(measured_loads(jobs)) == 2
    assert all(0.1 < job.seconds < 60 for job in jobs)


@pytest.mark.parametrize("fails", [True, False])
def test_a_method_whose_job_fails_or_takes_too_long_is_not_measured(monkeypatch, capsys, fails):
    if fails:
        monkeypatch.setattr(calibration, "fit_batch", os.abort)
    else:
        monkeypatch.setattr(calibration, "MAX_SECONDS", 0.01)
    assert calibrate(EXPERIMENT, [GUESS]) == []
    assert "failed or took too long" in capsys.readouterr().out


def test_the_larger_job_takes_about_the_target_time():
    by_size = sorted(cells_of(EXPERIMENT).values(), key=lambda cell: cell.participants)
    slow = Cost(1, 1, 0.5, 1e-9)  # a data set of 30 takes 15 s, one of 2 a second
    assert larger_job(slow, 1, by_size, 3.1, 100) == (by_size[1], 3)
    fast = Cost(1, 1, 0.01, 1e-9)
    assert larger_job(fast, 1, by_size, 3.1, 100) == (by_size[-1], 10)
    assert larger_job(fast, 1, by_size, 3.1, 4) == (by_size[-1], 4)
    assert larger_job(slow, 1, by_size[-1:], 3.1, 100) == (by_size[-1], 1)


@pytest.mark.parametrize("text", [None, "[{}]", "[", '{"a": 1}'])
def test_a_calibration_that_cannot_be_read_is_ignored(tmp_path, text):
    path = tmp_path / "calibration.json"
    if text is not None:
        path.write_text(text)
    assert read_calibration(path) == []


def test_seconds_of_a_benchmark(tmp_path):
    path = tmp_path / "a.tsv"
    assert benchmark_seconds(write_benchmark(path, 10, load=50, cpu=4)) == pytest.approx(5)
    assert benchmark_seconds(write_benchmark(path, 1, load=0, cpu=0.45)) == pytest.approx(0.7)
    assert benchmark_seconds(write_benchmark(path, 100, cpu=70)) == pytest.approx(100)
    assert benchmark_seconds(write_benchmark(path, 2, load=900, cpu=9)) == pytest.approx(2)


@pytest.mark.parametrize("text", ["", HEAD, "s\tcpu_time\n1\t1\n", HEAD + "-\t" * 9 + "-\n"])
def test_an_incomplete_benchmark_is_ignored(tmp_path, text):
    path = tmp_path / "a.tsv"
    assert benchmark_seconds(path) is None
    path.write_text(text)
    assert benchmark_seconds(path) is None


def test_finished_jobs_of_all_studies_are_joined_by_kind(tmp_path):
    planned = parse(study(methods={"guess": MOCK}))
    other = parse(study(run="other", methods={"random": MOCK}, participants=[9]))
    cell = "alpha-0.3_beta-3.0_n-2_t-20"
    other_cell = cell.replace("n-2", "n-9")
    small = tmp_path / "small/benchmarks"
    write_benchmark(small / f"fit/guess/{cell}/00000-00001.tsv", 5)
    write_benchmark(small / f"fit/guess/{cell}/00000-00002.tsv", 99)  # of another batch size
    write_benchmark(small / f"simulate/{cell}/00002-00003.tsv", 2)
    write_benchmark(small / "score/n-2_t-20.tsv", 3)
    write_benchmark(tmp_path / f"other/benchmarks/fit/random/{other_cell}/00000-00001.tsv", 7)
    assert len(finished_jobs(tmp_path, planned)) == 3  # the other has no config yet
    (tmp_path / "other/config.yaml").write_text(yaml.safe_dump(other.resolved()))
    (tmp_path / "broken/benchmarks").mkdir(parents=True)
    (tmp_path / "broken/config.yaml").write_text("{}")
    jobs = finished_jobs(tmp_path, planned)
    fits = {job.load: job.seconds for job in jobs if job.kind == kind_of(GUESS)}
    assert fits == {Load(2, 20, 2): 5, Load(9, 20, 2): 7}
    assert [job.seconds for job in jobs if job.kind == "simulate"] == [2]
    assert [job.seconds for job in jobs if job.kind == "score"] == [3]
    assert finished_jobs(tmp_path / "nowhere", planned) == []
