"""What generates data: plain values and back, and the identity that seeds depend on."""

from __future__ import annotations

import dataclasses
import json

import pytest

from rlrecovery.design.cells import Cell
from rlrecovery.design.seeds import seed_sequence
from rlrecovery.fitting.batch import sampling_seed
from rlrecovery.simulation.generator import Generator
from unit.simulation.test_settings import DEFAULTS

CELL = Cell((("alpha", 0.3), ("beta", 4.0)), participants=4, trials=12)
PLAIN = {
    "seed": 11,
    "model": "rescorla_wagner",
    "task": {"arms": [0.4, 0.6], "blocks": 2, "start_value": 0.5},
    "population": {"alpha": {"spread": 0.5}, "beta": {"spread": 0.3}},
}


def identity_of(cell=CELL, **changes):
    return Generator.of(PLAIN | changes).identity(cell)


def test_plain_values_and_back():
    beta = {"distribution": "Beta", "alpha": 2.0, "beta": 2.0}
    changes = {
        "model": {"name": "x", "model": "rescorla_wagner", "lapse": True},
        "task": PLAIN["task"] | {"feedback": "full", "reversals": {"every": 3}},
        "population": {"alpha": beta, "beta": {"spread": 0.0}, "lapse": {"spread": 0.1}},
    }
    for plain in (PLAIN, PLAIN | changes):
        generator = Generator.of(plain)
        assert Generator.of(json.loads(json.dumps(generator.plain()))) == generator


def test_the_learner_knows_the_task():
    task = {"arms": [0, 1, 2], "rewards": "gaussian", "sd": 1, "feedback": "full", "blocks": 1}
    learner = Generator.of(PLAIN | {"task": task | {"start_value": 0.25}}).learner()
    assert (learner.n_arms, learner.start_value, learner.neutral) == (3, 0.25, 0.25)
    assert learner.full_feedback


def test_the_identity_is_the_same_bit_for_bit():
    plain = {"cell": CELL.values(), **{k: PLAIN[k] for k in ("model", "task", "population")}}
    assert identity_of() == plain
    resolved = Generator.of(PLAIN | {"task": DEFAULTS | PLAIN["task"]})
    assert resolved.identity(CELL) == plain
    expected = seed_sequence(11, plain, 4, "sampling").generate_state(4)
    assert (sampling_seed(resolved, CELL, 4).generate_state(4) == expected).all()


VARIANT = {"model": "rescorla_wagner", "fixed": {"beta": 4.0}, "lapse": True, "start_value": "task"}


class TestIdentity:
    def test_names_of_task_model_and_variant_are_no_part_of_it(self):
        """They are chosen by the user and change no number."""

        def identity(cell_model, cell_task, name):
            cell = dataclasses.replace(CELL, model=cell_model, task=cell_task)
            return identity_of(cell, model={"name": name, **VARIANT})

        assert identity("careless", "easy", "careless") == identity("b", "c", "d")
        assert identity("b", "c", "d")["cell"] == CELL.values()

    @pytest.mark.parametrize(
        "change",
        [
            {"fixed": {"beta": 4.5}},
            {"fixed": {"alpha": 4.0}},
            {"lapse": False},
            {"start_value": "free"},
            {"model": "rescorla_wagner_sticky"},
        ],
    )
    def test_a_variants_values_are(self, change):
        one, other = (
            identity_of(model={"name": "same", **spec}) for spec in (VARIANT, VARIANT | change)
        )
        assert one != other

    @pytest.mark.parametrize(
        "change", [{"feedback": "full"}, {"reversals": {"every": 3}}, {"missing_trials": [[1]]}]
    )
    def test_a_tasks_values_are(self, change):
        assert identity_of() != identity_of(task=PLAIN["task"] | change)

    @pytest.mark.parametrize("change", [{"missing": 0.1}, {"completed": [0.5, 1.0]}])
    def test_a_cells_values_are(self, change):
        assert identity_of() != identity_of(Cell.of(CELL.values() | change))
