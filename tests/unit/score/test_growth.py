"""The rule by which cells get more replicates."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from settings import MOCK, study

from rlrecovery.config.reader import parse
from rlrecovery.score.growth import Excess, counted_mcse, excesses, grown
from rlrecovery.score.measures import binomial_se


def experiment(batch_size=10, at_most=200, **changes):
    replicates = {"until": {"bias": 0.1, "coverage": 0.05}, "at_most": at_most}
    return parse(study(replicates=replicates, batch_size=batch_size, **changes))


def excess(cell="a", mcse=0.2, limit=0.1, can_grow=True):
    return Excess(cell, "guess", "alpha", "bias", mcse, limit, 20, can_grow)


@pytest.mark.parametrize(
    ("mcse", "expected"),
    [
        (0.11, 30),  # 20 (0.11 / 0.1)^2 = 24.2, in whole batches
        (0.1001, 30),  # one batch at least
        (0.13, 40),  # 33.8
        (0.2, 40),  # a factor of 4, of which 2 is allowed
        (math.inf, 40),
    ],
)
def test_an_mcse_falls_with_the_square_root_of_replicates(mcse, expected):
    assert grown([excess(mcse=mcse)], experiment(), {"a": 20}) == {"a": expected}


def test_the_largest_need_of_a_cell_counts_and_other_cells_stay():
    found = [excess(mcse=0.13), excess(mcse=0.11), excess("b", can_grow=False)]
    assert grown(found, experiment(), {"a": 20, "b": 20, "c": 20}) == {"a": 40}


def test_no_cell_grows_beyond_the_largest_number():
    assert grown([excess()], experiment(at_most=25), {"a": 20}) == {"a": 25}


def summary_of(rows):
    """A summary of one method with these rows."""
    defaults = {"method": "guess", "level": "participant", "parameter": "alpha", "n": 20}
    defaults |= {"interval": np.nan, "scope": "cell", "rows": "all", "cell": "a", "value": 0.1}
    table = pd.DataFrame([defaults | row for row in rows])

    def measure(name, **where):
        selected = table["measure"] == name
        for column, value in where.items():
            selected &= table[column] == value
        return table[selected]

    return SimpleNamespace(
        recovery=table, methods=("guess",), method_of={"guess": "guess"}, measure=measure
    )


def found(rows, numbers=None, **changes):
    config = experiment(**changes)
    return list(excesses(summary_of(rows), config, numbers or {"a": 20, "b": 20}))


@pytest.fixture(autouse=True)
def finest(monkeypatch):
    monkeypatch.setattr("rlrecovery.score.growth.finest_level", lambda *_: "participant")


def test_measures_above_their_limits_are_listed_with_their_cell():
    rows = [
        {"measure": "bias", "mcse": 0.11},
        {"measure": "bias", "mcse": 0.1, "cell": "b"},
        {"measure": "bias", "mcse": 0.9, "level": "group"},
        {"measure": "rmse", "mcse": 0.9},
        {"measure": "coverage", "mcse": 0.06, "interval": 0.5},
        {"measure": "coverage", "mcse": 0.06, "interval": 0.95, "cell": "b"},
    ]
    assert [(e.cell, e.measure, e.limit) for e in found(rows)] == [
        ("a", "bias", 0.1),
        ("b", "coverage", 0.05),
    ]


def test_an_unknown_mcse_is_not_met_and_a_measure_without_value_asks_for_nothing():
    rows = [{"measure": "bias", "mcse": np.nan}]
    assert [e.mcse for e in found(rows)] == [math.inf]
    assert found([row | {"value": np.nan} for row in rows]) == []


def test_a_method_that_fits_the_first_replicates_cannot_have_more():
    rows = [{"measure": "bias", "mcse": 1.0}]
    methods = {"guess": MOCK | {"replicates": 20}}
    assert [e.can_grow for e in found(rows, methods=methods)] == [False]
    assert [e.can_grow for e in found(rows, {"a": 10}, methods=methods)] == [True]
    assert [e.can_grow for e in found(rows, at_most=20)] == [False]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_coverage_of_all_or_none_is_not_certain(value):
    row = {"measure": "coverage", "mcse": 0.0, "value": value, "n": 20}
    # 22 of 24 data sets, or 2 of 24.
    assert counted_mcse(row) == pytest.approx(math.sqrt(22 * 2 / 24**3))
    assert counted_mcse(row | {"measure": "bias"}) == 0
    assert counted_mcse(row | {"value": 0.95, "mcse": 0.049}) == 0.049


def stopped_at(draw, measure, limit, most, rng):
    """Simulate cells until they stop; their last values and numbers of replicates."""
    config, ends = experiment(batch_size=20, at_most=most), []
    for _ in range(400):
        values, number = draw(rng, most), 20
        while True:
            row = measure(values[:number])
            here = Excess("a", "guess", "alpha", "", row["mcse"], limit, number, number < most)
            new = grown([here] if row["mcse"] > limit else [], config, {"a": number})
            if not new:
                break
            number = new["a"]
        ends.append((row["value"], number))
    return np.array(ends).T


def coverage_of(hits):
    row = {"measure": "coverage", "value": hits.mean(), "n": hits.size}
    row["mcse"] = binomial_se(row["value"], row["n"])
    return row | {"mcse": counted_mcse(row)}


def bias_of(errors):
    return {"value": errors.mean(), "mcse": errors.std(ddof=1) / math.sqrt(errors.size)}


@pytest.mark.parametrize(
    ("draw", "measure", "truth", "limit", "needed"),
    [
        (lambda rng, n: rng.random(n) < 0.95, coverage_of, 0.95, 0.02, 0.95 * 0.05 / 0.02**2),
        (lambda rng, n: rng.normal(0, 1, n), bias_of, 0, 0.1, 100),
    ],
)
def test_measures_of_cells_that_stopped_vary_as_was_required(draw, measure, truth, limit, needed):
    rng = np.random.default_rng(20)
    values, numbers = stopped_at(draw, measure, limit, 1000, rng)
    assert np.std(values) == pytest.approx(limit, rel=0.2)
    assert abs(values.mean() - truth) < limit / 2
    # At most one batch more than a fixed number would be, and what the last step adds.
    assert needed * 0.8 < numbers.mean() < needed * 1.25 + 20


def test_a_plain_number_has_no_limits():
    config = parse(study())
    assert list(excesses(summary_of([{"measure": "bias", "mcse": 9.0}]), config, {"a": 4})) == []
