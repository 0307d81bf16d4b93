"""Grid to cells, cells to keys, replicates to batches, and everything to seeds."""

from __future__ import annotations

import re

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rlrecovery.design import Cell, batches, design_table, grid, seed_sequence

KEY = re.compile(r"[A-Za-z0-9_.-]+")
TRUTH = {"alpha": [0.2, 0.5, 0.8], "beta": [2.0, 5.0]}
numbers = st.floats(min_value=0, max_value=1e6, allow_nan=False).map(abs)


def cell(alpha: float = 0.2, beta: float = 5, participants: int = 10, trials: int = 150) -> Cell:
    return Cell((("alpha", alpha), ("beta", beta)), participants, trials)


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


class TestGrid:
    def test_order_and_number(self):
        cells = grid(TRUTH, [5, 10], [50])
        assert list(cells)[:3] == [
            "alpha-0.2_beta-2.0_n-5_t-50",
            "alpha-0.2_beta-2.0_n-10_t-50",
            "alpha-0.2_beta-5.0_n-5_t-50",
        ]
        assert len(cells) == 3 * 2 * 2 * 1
        assert all(key == c.key for key, c in cells.items())
        assert len(set(cells.values())) == len(cells)

    def test_nothing_on_the_grid_but_sizes(self):
        assert list(grid({}, [1, 2], [7])) == ["n-1_t-7", "n-2_t-7"]

    def test_a_new_value_keeps_the_old_cells(self):
        before = grid(TRUTH, [10], [50, 150])
        after = grid(TRUTH | {"alpha": [0.1, *TRUTH["alpha"]]}, [10], [50, 150])
        assert before.items() <= after.items()
        assert len(after) == len(before) + 4

    def test_one_number_written_in_two_ways_is_one_cell(self):
        short = yaml.safe_load("{alpha: [0.5], beta: [5]}")
        long = yaml.safe_load("{alpha: [0.50], beta: [5.0]}")
        assert grid(short, [10], [50]) == grid(long, [10], [50])
        one, other = (next(iter(grid(t, [10], [50]).values())).values() for t in (short, long))
        assert seeds(cell=one) == seeds(cell=other)

    def test_values_round_trip(self):
        for c in grid(TRUTH, [5, 10], [50]).values():
            assert Cell.of(c.values()) == c
            assert Cell.of(c.values()).key == c.key
        assert cell().values() == {
            "truth": {"alpha": 0.2, "beta": 5},
            "participants": 10,
            "trials": 150,
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

    def test_keys_sort_as_numbers(self):
        keys = list(batches(30_000, 100))
        assert keys == sorted(keys)


def seeds(root=1, cell=None, replicate=0, purpose="trials", **more) -> tuple[int, ...]:
    identity = {"cell": Cell((("alpha", 0.2),), 3, 4).values() if cell is None else cell, **more}
    return tuple(seed_sequence(root, identity, replicate, purpose).generate_state(4).tolist())


class TestSeeds:
    def test_they_are_reproducible_for_ever(self):
        """Literal numbers: a change of these would change every study that was ever run."""
        identity = {"cell": cell().values(), "model": "rescorla_wagner"}
        identity["cell"]["truth"]["beta"] = 5.0
        assert seed_sequence(20220417, identity, 3, "trials").entropy == [
            20220417,
            *(1757289021, 1707060359, 3185075625, 3314607694),
            *(2296734247, 682490811, 1877610743, 2882634300),
        ]

    def test_each_ingredient_matters(self):
        variants = [
            seeds(),
            seeds(root=2),
            seeds(replicate=1),
            seeds(purpose="population"),
            seeds(cell=cell().values()),
            seeds(cell=cell(participants=11).values()),
            seeds(cell=cell(trials=151).values()),
            seeds(cell=cell(beta=4).values()),
            seeds(model="another"),
        ]
        assert len(set(variants)) == len(variants)

    def test_order_of_keys_does_not_matter(self):
        backwards = dict(reversed(cell().values().items()))
        backwards["truth"] = dict(reversed(backwards["truth"].items()))
        assert seeds(cell=backwards) == seeds(cell=cell().values())

    def test_streams_do_not_overlap(self):
        """No first number twice in many replicates of two purposes."""
        draws = [
            np.random.default_rng(seed_sequence(0, {}, replicate, purpose)).random()
            for replicate in range(500)
            for purpose in ("trials", "population")
        ]
        assert len(set(draws)) == 1000

    def test_what_json_cannot_say_is_refused(self):
        with pytest.raises(ValueError, match="JSON"):
            seed_sequence(0, {"beta": float("inf")}, 0, "trials")


def test_design_table():
    table = design_table(grid(TRUTH, [10], [50, 150]), 20)
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
