"""What jobs ask a cluster for: enough for what was measured, and not absurdly much."""

import pytest
from fits import MLE, QUADRATURE, bayes_method

from rlrecovery.fit import FITTERS
from rlrecovery.planning.resources import (
    AROUND,
    EMPTY,
    MICROSECONDS,
    PER_ROW,
    Load,
    grown,
    memory_to_fit,
    memory_to_score,
    memory_to_simulate,
    memory_to_summarise,
    minutes_to_fit,
    minutes_to_simulate,
    relative_work,
    rows_of,
)

MOCK = {"estimator": "mock", "model": "rescorla_wagner"}
NONE, PARTIAL = (bayes_method(p, chains=4, tune=500, draws=1000) for p in ("none", "partial"))
METHODS = {
    "mock": MOCK,
    "mle": MLE,
    "quadrature": QUADRATURE,
    "none": NONE,
    "partial": PARTIAL,
    "scan": PARTIAL | {"engine": "scan"},
    "categorical": PARTIAL | {"likelihood": "categorical"},
    "loo": PARTIAL | {"loo": True},
}

#: Method, participants, trials, replicates; MiB at the peak and seconds of a processor, as seen.
SEEN = [
    ("mock", (100, 400, 20), 326, 8),
    ("mle", (20, 150, 1), 294, 2),
    ("mle", (100, 400, 20), 419, 5),
    ("quadrature", (100, 400, 20), 416, 32),
    ("none", (5, 50, 2), 373, 5),
    ("none", (20, 150, 1), 376, 6),
    ("partial", (20, 150, 1), 385, 10),
    ("partial", (100, 400, 1), 414, 133),
    ("loo", (100, 400, 1), 441, 172),
    ("categorical", (20, 150, 1), 494, 31),
    ("scan", (5, 50, 2), 573, 49),
]


@pytest.mark.parametrize(("name", "load", "mebibytes", "seconds"), SEEN)
def test_a_fit_that_was_measured_fits_into_what_it_asks_for(name, load, mebibytes, seconds):
    memory = memory_to_fit(METHODS[name], Load(*load))
    assert 1.3 * (mebibytes + AROUND) <= memory <= 4 * (mebibytes + AROUND)
    minutes = minutes_to_fit(METHODS[name], Load(*load))
    assert 4 * seconds / 60 <= minutes <= 60 + 20 * seconds / 60


@pytest.mark.parametrize(("replicates", "mebibytes"), [(2, 157), (20, 228), (200, 912)])
def test_so_does_a_simulation(replicates, mebibytes):
    load = Load(100, 400, replicates)
    memory = memory_to_simulate(load)
    assert 1.3 * (mebibytes + AROUND) <= memory <= 4 * (mebibytes + AROUND)
    assert 4 * 9 / 60 <= minutes_to_simulate(load) <= 60


@pytest.mark.parametrize("name", METHODS)
def test_more_work_never_asks_for_less(name):
    asked = [
        (memory_to_fit(METHODS[name], load), minutes_to_fit(METHODS[name], load))
        for load in (Load(5, 50, 2), Load(50, 50, 2), Load(50, 500, 2), Load(50, 500, 200))
    ]
    assert asked == sorted(asked)
    assert all(isinstance(amount, int) for pair in asked for amount in pair)
    assert asked[0][0] < asked[-1][0]
    assert asked[0][1] < asked[-1][1]


@pytest.mark.parametrize("name", ["scan", "categorical", "loo"])
def test_what_is_known_to_be_dear_asks_for_more(name):
    load = Load(100, 400, 20)
    assert memory_to_fit(METHODS[name], load) > memory_to_fit(PARTIAL, load)
    assert minutes_to_fit(METHODS[name], load) > minutes_to_fit(PARTIAL, load)


def test_a_model_with_more_parameters_asks_for_more_time():
    load = Load(100, 400, 2000)
    for method in (MLE, QUADRATURE, NONE):
        larger = method | {"model": "rescorla_wagner_two_rates"}
        assert minutes_to_fit(larger, load) > minutes_to_fit(method, load)


def test_each_attempt_asks_for_twice_as_much():
    assert [grown(1500, attempt) for attempt in (1, 2, 3)] == [1500, 3000, 6000]


def test_every_estimator_is_known():
    assert set(EMPTY) == set(MICROSECONDS) == {*FITTERS, "simulate"}


def test_work_is_relative_to_a_compiled_model_of_two_parameters():
    assert relative_work(MLE) == relative_work(QUADRATURE) == relative_work(MOCK) == 1
    assert relative_work(NONE) == relative_work(PARTIAL) == 4 * 1500
    assert relative_work(NONE | {"draws": 2500}) == 2 * relative_work(NONE)
    assert relative_work(PARTIAL | {"loo": True}) > relative_work(PARTIAL)


def test_jobs_that_gather_ask_for_what_their_rows_take():
    """2 parameters: everyone alone, the group alone, or both; summaries hold a size at a time."""
    alone, whole, both = (
        {"model": "rescorla_wagner", "estimator": "bayes", "pooling": pooling}
        for pooling in ("none", "complete", "partial")
    )
    load = Load(100, 400, 200)
    assert [rows_of(method, load) for method in (alone, whole, both)] == [40_000, 800, 40_800]
    small = Load(2, 10, 4)
    assert memory_to_score([alone], small) < memory_to_score([alone, both], load)
    one = memory_to_summarise([alone, both], [("a", load)])
    assert one == memory_to_summarise([alone, both], [("a", load), ("b", small)])
    ten = memory_to_summarise([alone, both], [("a", load)] * 10)
    expected = 1.5 * (10 * 40_800 * PER_ROW / 2**20)
    assert ten - memory_to_summarise([both], [("a", small)]) == pytest.approx(expected, rel=0.2)
