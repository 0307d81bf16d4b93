"""Seeds depend on values alone, and never change."""

from __future__ import annotations

import numpy as np
import pytest

from rlrecovery.design.cells import Cell
from rlrecovery.design.seeds import seed_sequence


def cell(alpha: float = 0.2, beta: float = 5, participants: int = 10, trials: int = 150) -> Cell:
    return Cell((("alpha", alpha), ("beta", beta)), participants, trials)


def seeds(root=1, cell=None, replicate=0, purpose="trials", **more) -> tuple[int, ...]:
    identity = {"cell": Cell((("alpha", 0.2),), 3, 4).values() if cell is None else cell, **more}
    return tuple(seed_sequence(root, identity, replicate, purpose).generate_state(4).tolist())


def test_they_are_reproducible_for_ever():
    """Literal numbers: a change of these would change every study that was ever run."""
    identity = {"cell": cell().values(), "model": "rescorla_wagner"}
    identity["cell"]["truth"]["beta"] = 5.0
    assert seed_sequence(20220417, identity, 3, "trials").entropy == [
        20220417,
        *(1757289021, 1707060359, 3185075625, 3314607694),
        *(2296734247, 682490811, 1877610743, 2882634300),
    ]


def test_each_ingredient_matters():
    different = [
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
    assert len(set(different)) == len(different)


def test_order_of_keys_does_not_matter():
    backwards = dict(reversed(cell().values().items()))
    backwards["truth"] = dict(reversed(backwards["truth"].items()))
    assert seeds(cell=backwards) == seeds(cell=cell().values())


def test_streams_do_not_overlap():
    """No first number twice in many replicates of two purposes."""
    draws = [
        np.random.default_rng(seed_sequence(0, {}, replicate, purpose)).random()
        for replicate in range(500)
        for purpose in ("trials", "population")
    ]
    assert len(set(draws)) == 1000


def test_what_json_cannot_say_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        seed_sequence(0, {"beta": float("inf")}, 0, "trials")
