"""Seeds and hashes of data sets with effects."""

from dataclasses import replace

import numpy as np
import pytest

from rlrecovery.effects.generator import EffectGenerator
from unit.effects.examples import CONDITION, EVERY, GROUP, cell, generator

NULL = cell(0.0, 0.0, 0.0)


def state(made, own=NULL, replicate=0, purpose="population"):
    return made.seed_sequence(own, replicate, purpose).generate_state(4).tolist()


def test_plain_values_and_back():
    made = generator(spreads=[(1, "beta", 0.2)])
    again = EffectGenerator.of(made.plain())
    assert again == made


def test_seeds_do_not_depend_on_names():
    made = generator()
    design = replace(
        made.design,
        groups=("healthy", "treated"),
        conditions=("before", "after"),
        effects=(replace(GROUP, name="treated"), replace(CONDITION, name="after"), EVERY[2]),
    )
    assert state(replace(made, design=design)) == state(made)


def test_seeds_do_not_depend_on_the_order_of_effects():
    made = generator(EVERY, spreads=[(1, "beta", 0.2), (1, "alpha", 0.1)])
    design = replace(made.design, effects=EVERY[::-1], spreads=made.design.spreads[::-1])
    other = replace(made, design=design)
    assert state(other, cell(0.3, 0.2, 0.1)) == state(made, cell(0.1, 0.2, 0.3))


@pytest.mark.parametrize(
    "other",
    [
        generator(shares=(0.4, 0.6)),
        generator(spreads=[(1, "beta", 0.1)]),
        generator((GROUP, CONDITION)),
        generator(seed=2),
    ],
    ids=["shares", "spreads", "effects", "seed"],
)
def test_seeds_depend_on_what_generates_the_data(other):
    own = NULL if len(other.design.effects) == 3 else cell(0.0, 0.0)
    assert state(other, own) != state(generator())


def test_every_cell_replicate_and_purpose_has_its_own_seed():
    states = [
        state(generator(), own, replicate, purpose)
        for own in (NULL, cell(0.1, 0.0, 0.0), cell(0.0, 0.0, 0.1))
        for replicate in (0, 1)
        for purpose in ("population", "response")
    ]
    assert len(np.unique(states, axis=0)) == 12
