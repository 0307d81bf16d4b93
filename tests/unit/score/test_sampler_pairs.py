"""Pairs of methods whose posteriors are compared."""

from settings import FLAT

from rlrecovery.score.sampler_pairs import comparable_pairs
from unit.score.examples import EXACT, MLE, bayes_method


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
