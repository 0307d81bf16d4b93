"""Pairs of methods whose posteriors are compared."""

import copy

import pytest
from settings import FLAT, POPULATION

from rlrecovery.score.sampler_pairs import comparable_pairs
from unit.score.examples import EXACT, MLE, bayes_method, exact_method

POOLINGS = ("none", "partial", "complete")


def test_only_methods_with_the_same_posterior_mean_are_pairs():
    methods = {
        "mle": MLE,
        "sampled": bayes_method(),
        "pooled": bayes_method("complete"),
        "median": bayes_method(point="median"),
        "other prior": bayes_method(priors=FLAT | {"alpha": FLAT["alpha"] | {"beta": 2}}),
        "exact": EXACT,
    }
    assert comparable_pairs(methods) == [("sampled", "exact")]
    del methods["exact"]
    assert comparable_pairs(methods) == []


def test_methods_of_the_same_pooling_are_pairs():
    methods = {f"nuts_{pooling}": bayes_method(pooling) for pooling in POOLINGS}
    methods |= {f"exact_{pooling}": exact_method(pooling) for pooling in POOLINGS}
    pairs = [(f"nuts_{pooling}", f"exact_{pooling}") for pooling in POOLINGS]
    assert comparable_pairs(methods) == pairs


@pytest.mark.parametrize("part", ["location", "scale"])
@pytest.mark.parametrize("parameter", ["alpha", "beta"])
def test_a_hierarchical_pair_has_all_priors_in_common(part, parameter):
    other = copy.deepcopy(POPULATION)
    other[parameter][part]["sigma"] *= 2
    sampled = bayes_method("partial")
    assert comparable_pairs({"a": sampled, "b": exact_method("partial")}) == [("a", "b")]
    assert comparable_pairs({"a": sampled, "b": exact_method("partial", priors=other)}) == []


def test_the_median_of_a_hierarchical_model_is_not_compared():
    methods = {"a": bayes_method("partial"), "b": exact_method("partial", point="median")}
    assert comparable_pairs(methods) == []
