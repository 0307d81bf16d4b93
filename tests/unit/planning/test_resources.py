"""Memory and time that jobs ask for."""

import dataclasses
import pickle
import subprocess
import sys

import pytest
from fits import MLE, PARTICIPANTS, QUADRATURE, bayes_method
from settings import MOCK, ROOT, study

from rlrecovery.config.reader import parse
from rlrecovery.config.study import cells_of, generator_of, methods_of
from rlrecovery.design.load import Load
from rlrecovery.fitting.batch import fit_batch
from rlrecovery.fitting.registry import ESTIMATORS, Method
from rlrecovery.planning.resources import (
    LAUNCHER_MIB,
    for_attempt,
    memory_to_fit,
    memory_to_score,
    memory_to_simulate,
    memory_to_summarise,
    minutes_to_fit,
    minutes_to_score,
    minutes_to_simulate,
    rows_of,
)
from rlrecovery.score.batches import Batches
from rlrecovery.score.design import score
from rlrecovery.simulation.batch import simulate_batch

PARTIAL = bayes_method("partial")
METHODS = {
    "mock": MOCK,
    "mle": MLE,
    "quadrature": QUADRATURE,
    "none": bayes_method("none"),
    "partial": PARTIAL,
    "scan": PARTIAL | {"engine": "scan"},
    "categorical": PARTIAL | {"likelihood": "categorical"},
    "loo": PARTIAL | {"loo": True},
}

#: Calls a function in a new process and prints its peak memory in KiB.
CALL = """
import pickle, re, sys
run, *given = pickle.load(sys.stdin.buffer)
run(*given)
print(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
"""


def method(name, **changes):
    return Method.of(METHODS[name] | changes, name)


def peak_mib(function, *arguments):
    process = subprocess.run(
        [sys.executable, "-c", CALL],
        input=pickle.dumps((function, *arguments)),
        capture_output=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "scripts")},
    )
    return int(process.stdout) / 1024


@pytest.mark.slow
def test_real_jobs_need_less_memory_than_they_ask_for(tmp_path):
    """And ask for at most four times as much."""
    methods = {name: METHODS[name] for name in ("mock", "mle", "quadrature", "none", "partial")}
    experiment = parse(study(methods=methods, participants=[PARTICIPANTS], trials=[100]))
    cell = next(iter(cells_of(experiment).values()))
    load, generator = Load(PARTICIPANTS, 100, 2), generator_of(experiment, cell)
    trials, truth, estimates = (str(tmp_path / f"{i}.parquet") for i in range(3))
    peaks = {"simulate": peak_mib(simulate_batch, cell, generator, (0, 2), trials, truth)}
    asked = {"simulate": memory_to_simulate(load)}
    for name, fitted in methods_of(experiment).items():
        levels = experiment.interval_levels
        peaks[name] = peak_mib(fit_batch, fitted, generator, cell, levels, trials, estimates)
        asked[name] = memory_to_fit(fitted, load)
    for name, peak in peaks.items():
        assert peak + LAUNCHER_MIB < asked[name] < 4 * (peak + LAUNCHER_MIB), (name, peaks, asked)


@pytest.mark.parametrize("name", METHODS)
def test_more_data_never_asks_for_less(name):
    asked = [
        (memory_to_fit(method(name), load), minutes_to_fit(method(name), load))
        for load in (Load(5, 50, 2), Load(50, 50, 2), Load(50, 500, 2), Load(50, 500, 200))
    ]
    assert asked == sorted(asked)
    assert asked[0][0] < asked[-1][0]
    assert asked[0][1] < asked[-1][1]


@pytest.mark.parametrize("name", ["mle", "quadrature"])
def test_many_short_data_sets_ask_for_the_memory_of_their_rows(name):
    """Measured with 120 replicates of 5 trials: 159 MiB more than with 4, of which 25 are data."""
    few, many = (memory_to_fit(method(name), Load(300, 5, n)) for n in (4, 484))
    assert many - few > 4 * 159


def test_more_data_to_simulate_never_asks_for_less():
    small, large = Load(5, 50, 2), Load(500, 500, 2000)
    assert memory_to_simulate(small) < memory_to_simulate(large)
    assert minutes_to_simulate(small) < minutes_to_simulate(large)


@pytest.mark.parametrize("name", ["scan", "categorical", "loo"])
def test_expensive_settings_ask_for_more(name):
    load = Load(100, 400, 20)
    assert memory_to_fit(method(name), load) > memory_to_fit(method("partial"), load)
    assert minutes_to_fit(method(name), load) > minutes_to_fit(method("partial"), load)


@pytest.mark.parametrize("name", ["mle", "quadrature", "none"])
def test_a_model_with_more_parameters_asks_for_more_time(name):
    load = Load(100, 400, 2000)
    larger = method(name, model="rescorla_wagner_two_rates")
    assert minutes_to_fit(larger, load) > minutes_to_fit(method(name), load)


def test_each_attempt_asks_for_twice_as_much():
    assert [for_attempt(1500, attempt) for attempt in (1, 2, 3)] == [1500, 3000, 6000]


def test_every_estimator_is_asked_for():
    assert {settings["estimator"] for settings in METHODS.values()} == set(ESTIMATORS)


def test_scoring_asks_for_what_the_rows_of_a_design_take():
    """Two parameters; a cell takes more than its part of what is kept of all cells."""
    load, small = Load(100, 400, 200), Load(2, 10, 4)
    none, both = method("none"), method("partial")
    whole = Method.of(bayes_method("complete"), "complete")
    assert [rows_of(m, load) for m in (none, whole, both)] == [40_000, 400, 40_800]
    assert memory_to_score([none], [small]) < memory_to_score([none, both], [load])
    few = dataclasses.replace(both, replicates=2)
    assert memory_to_score([none, few], [load]) < memory_to_score([none, both], [load])
    one, ten = (memory_to_score([none, both], [load] * n) for n in (1, 10))
    base = memory_to_score([], [small])
    assert one < ten < base + 10 * (one - base)
    assert minutes_to_score([none, both], [load] * 10) > minutes_to_score([none], [load])
    assert minutes_to_score([few], [load]) < minutes_to_score([both], [load] * 10)


def test_summarising_asks_for_what_the_methods_and_cells_take():
    assert memory_to_summarise([method("none")], 10) < memory_to_summarise([method("none")], 1000)


@pytest.mark.slow
def test_scoring_needs_less_memory_than_it_asks_for(tmp_path):
    """Estimates by the mock estimator; most of the memory is that of many rows."""
    plain = {"guess": MOCK, "mock": MOCK}
    truth = {"alpha": [0.2, 0.4, 0.6, 0.8], "beta": [3]}
    changes = {"participants": [60], "trials": [10], "replicates": 60, "truth": truth}
    experiment = parse(study(methods=plain, **changes))
    cells, methods = cells_of(experiment), methods_of(experiment)
    folders = {kind: str(tmp_path / kind) for kind in ("estimates", "truth")}
    levels, fitted = experiment.interval_levels, {name: {"all": (0, 60)} for name in methods}
    for key, cell in cells.items():
        generator = generator_of(experiment, cell)
        trials, truths = str(tmp_path / "trials.parquet"), f"{folders['truth']}/{key}/all.parquet"
        simulate_batch(cell, generator, (0, 60), trials, truths)
        for name, fitter in methods.items():
            path = f"{folders['estimates']}/{name}/{key}/all.parquet"
            fit_batch(fitter, generator, cell, levels, trials, path)
    batches = Batches(levels, folders, {key: ["all"] for key in cells}, fitted)
    hashes = dict.fromkeys(("simulate", *methods), dict.fromkeys(cells, ""))
    peak = peak_mib(score, cells, {}, [], batches, hashes, str(tmp_path / "scores"))
    asked = memory_to_score(methods.values(), [Load(60, 10, 60)] * len(cells))
    assert peak + LAUNCHER_MIB < asked < 4 * (peak + LAUNCHER_MIB)
