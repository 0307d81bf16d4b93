"""Data sets with effects: the populations they are drawn from, and their random numbers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from rlrecovery.effects.datasets import draw_participants, simulated
from unit.effects.examples import CONDITION, CORRELATION, GROUP, cell, generator


def real(values):
    """Unconstrained values, shape (conditions, participants)."""
    return {"alpha": logit(values["alpha"]), "beta": np.log(values["beta"])}


def many(sizes, made=None, participants=40_000):
    """A data set with many participants, unconstrained, and its covariate."""
    made = generator() if made is None else made
    values, covariate = draw_participants(made, cell(*sizes, participants=participants), 0)
    return real(values), covariate, made.design.group_of(participants)


def test_populations_have_the_requested_moments():
    values, covariate, group = many((-0.8, 0.3, 0.4))
    alpha, beta = values["alpha"], values["beta"]
    se = 0.5 / np.sqrt(20_000)
    for index, shift in enumerate((0.0, -0.8)):
        own = alpha[0, group == index]
        assert own.mean() == pytest.approx(logit(0.4) + shift, abs=4 * se)
        assert own.std() == pytest.approx(0.5, rel=0.02)
        r = np.corrcoef(own, covariate[group == index])[0, 1]
        assert r == pytest.approx(0.4, abs=4 / np.sqrt(20_000))
    assert covariate.mean() == pytest.approx(0, abs=4 / np.sqrt(40_000))
    assert covariate.std() == pytest.approx(1, rel=0.02)
    assert np.abs(np.corrcoef(beta[0], covariate)[0, 1]) < 4 / np.sqrt(40_000)
    assert beta[0].mean() == pytest.approx(np.log(4), abs=4 * 0.3 / np.sqrt(40_000))
    # All participants have the same difference between conditions, and alpha has none.
    assert beta[1] - beta[0] == pytest.approx(np.full(40_000, 0.3))
    assert np.array_equal(alpha[0], alpha[1])


def test_participants_differ_in_how_they_respond():
    made = generator(spreads=[(1, "beta", 0.2), (1, "alpha", 0.1)])
    values, _, _ = many((0.0, 0.3, 0.0), made)
    for name, shift, spread in (("beta", 0.3, 0.2), ("alpha", 0.0, 0.1)):
        response = values[name][1] - values[name][0]
        assert response.mean() == pytest.approx(shift, abs=4 * spread / np.sqrt(40_000))
        assert response.std() == pytest.approx(spread, rel=0.02)
        assert np.abs(np.corrcoef(response, values[name][0])[0, 1]) < 4 / np.sqrt(40_000)


def test_a_correlation_with_a_population_that_is_a_distribution():
    """The marginal distribution stays as it is, and normal scores are correlated."""
    population = {"alpha": {"distribution": "Beta", "alpha": 2, "beta": 3}, "beta": {"spread": 0.3}}
    made = generator((CORRELATION,), (1.0,), population=population)
    values, covariate = draw_participants(made, cell(0.6, participants=40_000), 0)
    alpha = values["alpha"][0]
    assert alpha.mean() == pytest.approx(0.4, abs=4 * 0.2 / np.sqrt(40_000))
    assert alpha.std() == pytest.approx(0.2, rel=0.02)
    ranks = [np.argsort(np.argsort(x)) for x in (alpha, covariate)]
    expected = 6 / np.pi * np.arcsin(0.6 / 2)  # Spearman's correlation of two normal variables
    assert np.corrcoef(*ranks)[0, 1] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("shares", [(1.0,) * 5 + (0.5,) * 5, (1.0, 0.5)])
def test_no_group_completes_more_trials_than_another(shares):
    """Participants are ordered by group, and shares may be sorted."""
    own = cell(0.0, 0.0, 0.0, participants=10)
    own = replace(own, cell=replace(own.cell, completed=shares))
    made = generator()
    group = made.design.group_of(10)
    means = []
    for data_set in simulated(made, own, range(200), retest=True):
        done = (data_set.data.choices >= 0).sum(axis=1).reshape(2, 10)
        assert np.array_equal(done[0], done[1])  # in both conditions, and in the second session
        assert np.array_equal(done[0], (data_set.retest.choices >= 0).sum(axis=1))
        assert sorted(done[0]) == [10] * 5 + [20] * 5
        means.append([done[0, group == index].mean() for index in (0, 1)])
    difference = np.subtract(*np.transpose(means))
    assert difference.mean() == pytest.approx(0, abs=4 * difference.std() / np.sqrt(200))


def test_names_do_not_change_the_values():
    one, other = generator(), generator(groups=("healthy", "treated"))
    renamed = replace(
        other, design=replace(other.design, effects=(replace(GROUP, name="treated"),
                                                      *other.design.effects[1:]))
    )  # fmt: skip
    own = cell(-0.8, 0.3, 0.4)
    for a, b in zip(
        simulated(one, own, (0, 3), retest=True),
        simulated(renamed, own, (0, 3), retest=True),
        strict=True,
    ):
        assert np.array_equal(a.data.choices, b.data.choices)
        assert np.array_equal(a.truth["alpha"], b.truth["alpha"])
        assert np.array_equal(a.retest.choices, b.retest.choices)


def test_a_second_session_does_not_change_the_first_one():
    own = cell(0.0, 0.0, 0.0)
    (alone,) = simulated(generator(), own, [2], retest=False)
    (both,) = simulated(generator(), own, [2], retest=True)
    assert alone.retest is None
    assert np.array_equal(alone.data.choices, both.data.choices)
    assert np.array_equal(alone.data.rewards, both.data.rewards)
    assert both.retest.choices.shape == (6, 20)
    first = both.data.choices[:6]
    assert not np.array_equal(first, both.retest.choices)


def test_data_sets_do_not_depend_on_each_other():
    own = cell(-0.8, 0.3, 0.4)
    three = list(simulated(generator(), own, (4, 5, 6), retest=False))
    (second,) = simulated(generator(), own, [5], retest=False)
    assert np.array_equal(three[1].data.choices, second.data.choices)
    assert three[1].covariate.tolist() == second.covariate.tolist()
    assert not np.array_equal(three[0].data.choices, second.data.choices)


def test_rows_are_ordered_by_condition():
    """Participants with a huge difference in beta choose at random in one condition only."""
    made = generator(
        (CONDITION,), (1.0,), population={"alpha": {"spread": 0}, "beta": {"spread": 0}}
    )
    (data_set,) = simulated(made, cell(-20.0, participants=30, trials=400), [0], retest=False)
    better = (data_set.data.choices == 1).mean(axis=1).reshape(2, 30)
    assert better[0].mean() > 0.7
    assert better[1].mean() == pytest.approx(0.5, abs=0.02)
