"""Sizes of groups, keys of cells, and the model of a joint analysis."""

import numpy as np
import pytest

from rlrecovery.effects.design import EffectCell, EffectDesign
from rlrecovery.models.distributions import Distribution
from unit.effects.examples import EVERY, cell, generator


@pytest.mark.parametrize(
    ("shares", "participants", "sizes"),
    [
        ((0.5, 0.5), 40, [20, 20]),
        ((0.5, 0.5), 41, [21, 20]),
        ((0.3, 0.7), 10, [3, 7]),
        ((0.1, 0.2, 0.7), 30, [3, 6, 21]),
        ((1 / 3, 1 / 3, 1 / 3), 11, [4, 4, 3]),
        ((0.25, 0.75), 5, [1, 4]),
        ((1.0,), 7, [7]),
    ],
)
def test_groups_have_whole_numbers_of_participants(shares, participants, sizes):
    design = generator(shares=shares).design
    assert design.group_sizes(participants) == sizes
    group = design.group_of(participants)
    assert np.bincount(group).tolist() == sizes
    assert (np.diff(group) >= 0).all()


def test_sizes_differ_from_the_shares_by_less_than_one_participant():
    rng = np.random.default_rng(1)
    for _ in range(50):
        shares = rng.dirichlet(np.ones(rng.integers(2, 5)))
        n = int(rng.integers(4, 200))
        sizes = np.array(generator(shares=tuple(shares)).design.group_sizes(n))
        assert sizes.sum() == n
        assert (np.abs(sizes - n * shares) < 1).all()


def test_plain_values_and_back():
    design = generator(spreads=[(1, "beta", 0.2)]).design
    assert EffectDesign.of(design.plain()) == design
    one = cell(-0.4, 0.3, 0.5)
    assert EffectCell.of(one.values()) == one


def test_the_key_names_all_effects():
    assert cell(-0.4, 0.0, 0.5).key(EVERY) == (
        "alpha-0.4_beta-4.0_n-6_t-20_patient-alpha--0.4_drug-beta-0.0_covariate-alpha-0.5"
    )
    assert cell(0.0, 0.0, 0.0).is_null
    assert not cell(0.0, 0.0, 0.5).is_null


def test_rows_of_the_joint_model_are_ordered_by_condition():
    prior = Distribution.of("Normal", {"mu": 0.0, "sigma": 1.0})
    model = generator().design.model(4, prior, own_spreads=True)
    assert model.group.tolist() == [0, 0, 1, 1]
    assert model.participant.tolist() == [0, 1, 2, 3] * 2
    assert model.condition.tolist() == [0] * 4 + [1] * 4
    assert model.kinds == {"group", "condition", "covariate"}
    assert model.own_spreads
