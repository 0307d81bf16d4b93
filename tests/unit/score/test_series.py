"""Names of series: a method in each part of the design."""

import pandas as pd

from rlrecovery.score.series import name_series, series_by_cell


def tables(variants, comparison=("", "")):
    """Tables of a method in two cells, by the entries of their column ``variant``."""
    cells = pd.DataFrame({"method": "mle", "cell": ["a", "b"], "variant": variants})
    pair = pd.DataFrame({"method": "mle", "reference": "bayes", "cell": ["a", "b"]})
    return {
        "recovery": cells.assign(scope="cell"),
        "verdicts": cells[:1],
        "points": cells,
        "failures": cells[:1],
        "comparison": pair.assign(variant=comparison),
        "priors": pd.DataFrame({"method": ["mle", "bayes"], "sd": [1.0, 2.0]}),
    }


def test_methods_are_series_where_the_design_varies():
    changed = name_series(tables(["still", "reversals"], ["still", "reversals"]))
    assert changed["recovery"]["method"].tolist() == ["mle, still", "mle, reversals"]
    assert changed["points"]["method"].tolist() == ["mle, still", "mle, reversals"]
    assert changed["failures"]["method"].tolist() == ["mle, still"]
    assert changed["comparison"]["method"].tolist() == ["mle, still", "mle, reversals"]
    assert changed["comparison"]["reference"].tolist() == ["bayes, still", "bayes, reversals"]


def test_a_prior_belongs_to_every_series_of_its_method():
    changed = name_series(tables(["still", "reversals"]))
    rows = changed["priors"][["method", "sd"]].to_numpy().tolist()
    assert rows == [["mle, still", 1.0], ["mle, reversals", 1.0], ["bayes", 2.0]]


def test_a_comparison_names_the_series_that_the_cell_has():
    """If models compete, only the comparison's own entry names the generating model."""
    changed = name_series(tables(["", "reversals"], ["from x", "from x, reversals"]))
    assert changed["comparison"]["method"].tolist() == ["mle", "mle, reversals"]
    assert changed["comparison"]["reference"].tolist() == [
        "bayes, from x",
        "bayes, from x, reversals",
    ]


def test_a_study_of_one_task_keeps_its_methods():
    assert name_series(tables([None, ""])) == {}


def test_series_by_method_and_cell():
    recovery = tables(["still", ""])["recovery"]
    assert series_by_cell(recovery) == {("mle", "a"): "mle, still", ("mle", "b"): "mle"}
    assert series_by_cell(pd.DataFrame()) == {}
