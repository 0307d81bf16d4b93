"""Cells: keys, the grid, labels, batches and the table of the design."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rlrecovery.design.cells import (
    Cell,
    batches,
    by_design,
    by_key,
    cell_labels,
    design_table,
    first_replicates,
    grid,
    varying,
)
from rlrecovery.design.seeds import seed_sequence

KEY = re.compile(r"[A-Za-z0-9_.-]+")
TRUTH = {"alpha": [0.2, 0.5, 0.8], "beta": [2.0, 5.0]}
numbers = st.floats(min_value=0, max_value=1e6, allow_nan=False).map(abs)


def cell(alpha: float = 0.2, beta: float = 5, participants: int = 10, trials: int = 150) -> Cell:
    return Cell((("alpha", alpha), ("beta", beta)), participants, trials)


def crossed(
    missing=(0.0,), completed=((1.0,),), tasks=("",), sources=(("", TRUTH),), trials=(50, 150)
):
    """Cells that cross models with their truths, tasks and shares."""
    return by_key(
        c
        for (model, truth), task, m, shares in itertools.product(sources, tasks, missing, completed)
        for c in grid(truth, [10], trials, missing=m, completed=shares, task=task, model=model)
    )


#: Cells in which everything varies.
CROSSED = crossed(
    missing=(0.0, 0.1),
    completed=((1.0,), (0.6, 0.8, 1.0)),
    tasks=("plain", "reversing", "restless", "scheduled"),
    sources=(("rescorla_wagner", {"alpha": [0.2, 0.5], "beta": [2.0, 5.0]}), ("decided", {})),
    trials=(20, 40),
)


class TestKeys:
    def test_format(self):
        assert cell().key == "alpha-0.2_beta-5.0_n-10_t-150"
        assert cell().size_key == "n-10_t-150"
        assert Cell((), 3, 40).key == "n-3_t-40"

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (1e-8, "0.00000001"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.30, "0.3"),
            (1e3, "1000.0"),
            (0, "0.0"),
            (1, "1.0"),
            (1e17, "100000000000000000.0"),
        ],
    )
    def test_numbers_have_no_exponent(self, value, text):
        assert cell(alpha=value).key == f"alpha-{text}_beta-5.0_n-10_t-150"

    @given(numbers, numbers)
    def test_different_values_have_different_keys(self, one, other):
        assert (cell(alpha=one).key == cell(alpha=other).key) == (one == other)
        assert KEY.fullmatch(cell(alpha=one).key)
        assert "e" not in cell(alpha=one).key.removeprefix("alpha").replace("beta", "")

    def test_every_field_is_in_the_key(self):
        others = [
            cell(alpha=0.3),
            cell(beta=4),
            cell(participants=11),
            cell(trials=151),
            Cell((("rate", 0.2), ("beta", 5)), 10, 150),
        ]
        assert len({c.key for c in [cell(), *others]}) == 6

    def test_defaults_are_not_in_it(self):
        """Literal keys: those of studies that are older than missing trials, tasks and models."""
        usual = Cell((("alpha", 0.2), ("beta", 5)), 10, 150, 0.0, (1.0,), "", "")
        assert usual == cell()
        assert usual.key == "alpha-0.2_beta-5.0_n-10_t-150"

    def test_everything_that_can_be_in_it(self):
        full = dataclasses.replace(
            cell(), missing=0.1, completed=(0.6, 1.0), task="easy", model="rescorla_wagner"
        )
        assert full.key == (
            "model-rescorla_wagner_task-easy_alpha-0.2_beta-5.0_n-10_t-150_missing-0.1_"
            "completed-0.6-1.0"
        )
        assert full.size_key == (
            "model-rescorla_wagner_task-easy_n-10_t-150_missing-0.1_completed-0.6-1.0"
        )

    def test_each_of_the_new_fields_is_in_the_key(self):
        changes = [
            {"missing": 0.1},
            {"missing": 0.2},
            {"completed": (0.5,)},
            {"completed": (0.5, 1.0)},
            {"completed": (1.0, 0.5)},
            {"task": "easy"},
            {"model": "easy"},
        ]
        cells = [cell(), *(dataclasses.replace(cell(), **change) for change in changes)]
        assert len({c.key for c in cells}) == len({c.size_key for c in cells}) == len(cells)

    def test_names_do_not_run_together(self):
        """A name may hold an underscore."""
        one = dataclasses.replace(cell(), model="a_b", task="c")
        other = dataclasses.replace(cell(), model="a", task="b_c")
        assert one.key != other.key
        assert one.size_key != other.size_key

    def test_many_shares_are_a_number_and_a_hash(self):
        shares = tuple(round(0.5 + i / 100, 2) for i in range(30))
        key = Cell((), 30, 100, completed=shares).key
        assert key == "n-30_t-100_completed-30-shares-f3ae44d4920f"
        assert key != Cell((), 30, 100, completed=shares[::-1]).key
        assert KEY.fullmatch(key)


class TestGrid:
    def test_order_and_number(self):
        cells = grid(TRUTH, [5, 10], [50])
        assert [c.key for c in cells[:3]] == [
            "alpha-0.2_beta-2.0_n-5_t-50",
            "alpha-0.2_beta-2.0_n-10_t-50",
            "alpha-0.2_beta-5.0_n-5_t-50",
        ]
        assert len(cells) == 3 * 2 * 2 * 1
        assert len(set(cells)) == len(by_key(cells)) == len(cells)

    def test_nothing_on_the_grid_but_sizes(self):
        assert [c.key for c in grid({}, [1, 2], [7])] == ["n-1_t-7", "n-2_t-7"]

    def test_a_new_value_keeps_the_old_cells(self):
        before = by_key(grid(TRUTH, [10], [50, 150]))
        after = by_key(grid(TRUTH | {"alpha": [0.1, *TRUTH["alpha"]]}, [10], [50, 150]))
        assert before.items() <= after.items()
        assert len(after) == len(before) + 4

    def test_one_number_written_in_two_ways_is_one_cell(self):
        short = yaml.safe_load("{alpha: [0.5], beta: [5]}")
        long = yaml.safe_load("{alpha: [0.50], beta: [5.0]}")
        assert grid(short, [10], [50]) == grid(long, [10], [50])
        (one,), (other,) = (grid(t, [10], [50]) for t in (short, long))
        entropies = [seed_sequence(1, c.values(), 0, "trials").entropy for c in (one, other)]
        assert entropies[0] == entropies[1]

    def test_values_round_trip(self):
        for c in grid(TRUTH, [5, 10], [50]):
            assert Cell.of(c.values()) == c
            assert Cell.of(c.values()).key == c.key
        assert cell().values() == {
            "truth": {"alpha": 0.2, "beta": 5},
            "participants": 10,
            "trials": 150,
        }


class TestValues:
    @pytest.mark.parametrize(
        ("changes", "more"),
        [
            ({}, {}),
            ({"missing": 0.1}, {"missing": 0.1}),
            ({"completed": (0.6, 1.0)}, {"completed": [0.6, 1.0]}),
            ({"task": "easy"}, {"task": "easy"}),
            ({"model": "mine"}, {"model": "mine"}),
        ],
    )
    def test_they_leave_out_what_is_as_usual(self, changes, more):
        usual = {"truth": {"alpha": 0.2, "beta": 5}, "participants": 10, "trials": 150}
        assert dataclasses.replace(cell(), **changes).values() == usual | more

    def test_they_are_plain_and_go_there_and_back(self):
        for c in CROSSED.values():
            values = json.loads(json.dumps(c.values()))
            assert values == c.values()
            assert Cell.of(values) == c
            assert Cell.of(values).key == c.key

    def test_whole_numbers_come_back_as_the_same_cell(self):
        values = {"truth": {}, "participants": 3, "trials": 40, "missing": 0, "completed": [1]}
        assert Cell.of(values) == Cell((), 3, 40)
        assert Cell.of(values).key == "n-3_t-40"


def test_a_design_has_the_cells_of_all_models_and_truths():
    cells = crossed(missing=(0.0, 0.1), sources=(("easy", TRUTH), ("hard", {"beta": [2.0]})))
    designs = by_design(cells)
    assert list(designs) == ["n-10_t-50", "n-10_t-150", "n-10_t-50_missing-0.1",
                             "n-10_t-150_missing-0.1"]  # fmt: skip
    assert sorted(key for keys in designs.values() for key in keys) == sorted(cells)
    for design, keys in designs.items():
        assert len(keys) == 6 + 1
        assert {cells[key].model for key in keys} == {"easy", "hard"}
        assert all(cells[key].design_key == design for key in keys)


class TestLabels:
    def test_a_study_of_one_task_has_nothing_to_say(self):
        assert set(cell_labels(crossed()).values()) == {""}
        assert varying(crossed()) == []
        alone = crossed(missing=[0.25], completed=[(0.5,)])
        assert set(cell_labels(alone).values()) == {""}

    def test_all_that_varies_is_labels(self):
        labels = cell_labels(CROSSED)
        keys = list(CROSSED)
        assert varying(CROSSED) == ["model", "task", "missing", "completed"]
        assert labels[keys[0]] == "from rescorla_wagner, plain, none missing, all completed"
        assert labels[keys[-1]] == "from decided, scheduled, 10 % missing, 60/80/100 % completed"

    def test_only_what_varies_is_labels(self):
        labels = cell_labels(crossed(missing=[0.0, 0.07]))
        assert list(dict.fromkeys(labels.values())) == ["none missing", "7 % missing"]

    def test_designs_have_the_same_words_only_if_they_are_the_same(self):
        by_words = {}
        for key, words in cell_labels(CROSSED).items():
            c = CROSSED[key]
            by_words.setdefault(words, set()).add((c.model, c.task, c.missing, c.completed))
        assert all(len(designs) == 1 for designs in by_words.values())

    def test_many_shares_are_a_range_where_that_tells_them_apart(self):
        many = [(1.0,), (0.5, 0.6, 0.7, 0.8, 0.9)]
        labels = cell_labels(crossed(completed=many))
        assert set(labels.values()) == {"all completed", "50 to 90 % completed"}
        labels = cell_labels(crossed(completed=[*many, (0.9, 0.8, 0.7, 0.6, 0.5)]))
        assert set(labels.values()) == {
            "all completed",
            "50/60/70/80/90 % completed",
            "90/80/70/60/50 % completed",
        }


class TestBatches:
    @pytest.mark.parametrize(("replicates", "size"), [(1, 1), (20, 20), (20, 7), (3, 50), (200, 1)])
    def test_they_cover_every_replicate_once(self, replicates, size):
        ranges = list(batches(replicates, size).values())
        covered = [r for start, stop in ranges for r in range(start, stop)]
        assert covered == list(range(replicates))
        assert all(stop - start == size for start, stop in ranges[:-1])

    def test_keys(self):
        assert batches(5, 2) == {
            "00000-00001": (0, 2),
            "00002-00003": (2, 4),
            "00004-00004": (4, 5),
        }

    def test_more_replicates_keep_full_batches(self):
        assert batches(40, 20).items() <= batches(100, 20).items()

    @pytest.mark.parametrize(
        ("replicates", "expected"),
        [
            (2, {"00000-00003": (0, 2)}),
            (4, {"00000-00003": (0, 4)}),
            (5, {"00000-00003": (0, 4), "00004-00007": (4, 5)}),
            (10, {"00000-00003": (0, 4), "00004-00007": (4, 8), "00008-00009": (8, 10)}),
        ],
    )
    def test_the_first_replicates_keep_their_batches(self, replicates, expected):
        assert first_replicates(batches(10, 4), replicates) == expected

    def test_keys_sort_as_numbers(self):
        keys = list(batches(30_000, 100))
        assert keys == sorted(keys)


def table_of(cells, replicates):
    return design_table(cells, dict.fromkeys(cells, replicates))


def test_design_table():
    table = table_of(by_key(grid(TRUTH, [10], [50, 150])), 20)
    assert list(table.columns) == ["cell", "alpha", "beta", "participants", "trials", "replicates"]
    assert len(table) == 12
    assert table["cell"].is_unique
    row = table.iloc[-1].to_dict()
    assert row == {
        "cell": "alpha-0.8_beta-5.0_n-10_t-150",
        "alpha": 0.8,
        "beta": 5.0,
        "participants": 10,
        "trials": 150,
        "replicates": 20,
    }


def test_the_design_table_has_a_column_for_what_varies():
    table = table_of(CROSSED, 20)
    assert list(table.columns) == [
        *("cell", "alpha", "beta", "participants", "trials"),
        *("model", "task", "missing", "completed", "replicates"),
    ]
    assert table["cell"].is_unique
    assert len(table) == len(CROSSED)
    first, last = table.iloc[0].to_dict(), table.iloc[-1].to_dict()
    assert (first["alpha"], first["model"], first["completed"]) == (0.2, "rescorla_wagner", "1")
    assert np.isnan(last["alpha"])
    assert (last["task"], last["missing"], last["completed"]) == ("scheduled", 0.1, "0.6, 0.8, 1")
    gaps = table_of(crossed(missing=[0.0, 0.1]), 20)
    assert list(gaps.columns)[-3:] == ["trials", "missing", "replicates"]
