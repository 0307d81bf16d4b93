"""Parts of a design that are shown."""

import numpy as np

from rlrecovery.figures import subsets
from unit.figures.pages import WIDTHS


def test_combinations_span_the_design(runs):
    assert subsets.combinations(runs["large"], 3) == [(4, 50), (8, 50)]
    assert subsets.combinations(runs["three parameters"], 3) == [(3, 30), (3, 60), (3, 240)]
    assert subsets.combinations(runs["three parameters"], 2) == [(3, 30), (3, 240)]
    assert subsets.combinations(runs["one of everything"], 3) == [(1, 50)]


def test_one_journal_column_shows_the_finest_level_and_the_most_trials(runs):
    two, one = WIDTHS
    summary = runs["three parameters"]
    assert subsets.shown_trials(summary, two) == (30, 240)
    assert subsets.shown_trials(summary, one) == (240,)
    assert subsets.levels_for(runs["small"], two) == ("participant", "group")
    assert subsets.levels_for(runs["small"], one) == ("participant",)


def test_methods_and_trials_are_side_by_side_while_they_fit():
    panels = subsets.method_panels(["alpha", "beta"], ["mle", "bayes"], [50, 100])
    assert panels[1, 2] == ("beta", "bayes", 50)
    assert max(panels) == (1, 3)
    panels = subsets.method_panels(["alpha", "beta"], ["mle", "bayes", "exact"], [50, 100])
    assert panels[1, 2] == ("alpha", "exact", 100)
    assert max(panels) == (3, 2)


def test_things_with_the_highest_priority_keep_their_order():
    numbers = {"a": 1.0, "b": np.nan, "c": 3.0, "d": 2.0}
    assert subsets.highest(list(numbers), 2, lambda name: numbers[name]) == ["c", "d"]
    assert subsets.highest(list(numbers), 3, lambda name: numbers[name]) == ["a", "c", "d"]
