"""Data sets of a calibration: seeds, and the model and task that they come from."""

import numpy as np
import pytest
from settings import BAYES, FLAT

from rlrecovery.calibration.datasets import simulated
from unit.calibration.examples import generator


def same(one, other):
    return all(
        np.array_equal(getattr(one.data, name), getattr(other.data, name))
        for name in ("choices", "rewards", "starts")
    ) and all(np.array_equal(one.truths.real[n], other.truths.real[n]) for n in one.truths.real)


@pytest.mark.parametrize(
    "task",
    [{}, {"blocks": 2, "feedback": "full"}, {"drift": {"sd": 0.1, "lower": 0.1, "upper": 0.9}}],
    ids=["plain", "full", "drift"],
)
def test_a_data_set_is_the_same_alone_and_together(task):
    made = generator("partial", participants=3, task=task)
    together = simulated(made, range(4))
    (alone,) = simulated(made, [2])
    assert alone.replicate == 2
    assert same(alone, together[2])
    assert not same(together[1], together[2])
    assert together[0].data.choices.shape == (3, 10)
    assert together[0].data.starts[0].sum() == task.get("blocks", 1)


def test_methods_with_the_same_priors_get_the_same_data_and_others_do_not():
    exact = generator()
    nuts = generator(**{k: v for k, v in BAYES.items() if k not in ("pooling", "priors")})
    other = generator(priors=FLAT | {"beta": {"distribution": "HalfNormal", "sigma": 5}})
    (first,), (second,), (third,) = (simulated(made, [0]) for made in (exact, nuts, other))
    assert same(first, second)
    assert not same(first, third)
    assert exact.hash() != nuts.hash()


def test_choices_follow_the_model():
    """With the largest inverse temperatures, the better arm is chosen most of the time."""
    made = generator(trials=100)
    sets = simulated(made, range(200))
    beta = np.array([s.truths.natural["beta"][0] for s in sets])
    better = np.array([(s.data.choices == 1).mean() for s in sets])
    assert better[beta > 10].mean() > better[beta < 1].mean() + 0.1
    assert better[beta < 1].mean() == pytest.approx(0.5, abs=0.08)
