"""Methods compared by their RMSE over all true values."""

import numpy as np
import pandas as pd

from rlrecovery.score.standing import standings

DESIGN = {"participants": 5, "trials": 50, "variant": "", "model": "", "level": "participant"}


def recovery(fits=None, **rmse):
    """Measures of methods in two cells and over both, from their RMSE and MCSE."""
    rows = []
    for method, (value, mcse) in rmse.items():
        base = DESIGN | {"method": method, "parameter": "alpha", "rows": "all", "value": value}
        base |= {"mcse": mcse, "n": (fits or {}).get(method, 40), "interval": np.nan}
        places = [("cell", "a"), ("cell", "b"), ("grid", "size")]
        for (scope, cell), measure in [(p, m) for p in places for m in ("rmse", "share_failed")]:
            rows.append(base | {"scope": scope, "cell": cell, "measure": measure})
    return pd.DataFrame(rows)


def paired(method, reference, *differences):
    """Differences of mean squared errors in the cells: value and MCSE."""
    rows = [
        {"cell": cell, "method": method, "reference": reference, "level": "participant",
         "parameter": "alpha", "measure": "mse_difference", "value": value, "mcse": mcse}
        for cell, (value, mcse) in zip("ab", differences, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def places(table, comparison=None):
    found = standings(table, pd.DataFrame() if comparison is None else comparison)
    assert (found["scope"] == "grid").all()
    return dict(zip(found["method"], found["standing"], strict=True))


def test_without_pairs_rmses_are_compared_as_independent():
    table = recovery(mle=(0.2, 0.01), bayes=(0.1, 0.01), exact=(0.12, 0.01))
    assert places(table) == {"mle": "worse", "bayes": "best", "exact": "similar"}


def test_on_the_same_data_small_differences_are_clear():
    table = recovery(bayes=(0.1, 0.01), exact=(0.12, 0.01))
    clear = paired("exact", "bayes", (0.004, 0.001), (0.006, 0.001))
    assert places(table, clear) == {"bayes": "best", "exact": "worse"}
    # The comparison may be stored the other way round.
    clear = paired("bayes", "exact", (-0.004, 0.001), (-0.006, 0.001))
    assert places(table, clear) == {"bayes": "best", "exact": "worse"}
    unclear = paired("exact", "bayes", (0.004, 0.005), (0.006, 0.005))
    assert places(table, unclear) == {"bayes": "best", "exact": "similar"}


def test_the_pairs_of_other_cells_do_not_count():
    table = recovery(bayes=(0.1, 0.01), exact=(0.12, 0.01))
    other = paired("exact", "bayes", (9.0, 0.001), (9.0, 0.001)).assign(cell="elsewhere")
    assert places(table, other)["exact"] == "similar"


def test_a_method_of_fewer_data_sets_is_not_ranked():
    table = recovery({"nuts": 4}, mle=(0.2, 0.01), nuts=(0.05, 0.01))
    assert places(table) == {"mle": "best", "nuts": "fewer"}


def test_a_method_without_an_estimate_has_no_place():
    table = recovery(mle=(0.2, 0.01), bayes=(np.nan, np.nan))
    assert places(table) == {"mle": "best"}
    assert places(recovery(bayes=(np.nan, np.nan))) == {}


def test_methods_are_compared_whatever_their_labels():
    # The labels of methods that do not compete name the generating model, those of others do not.
    table = recovery(mle_rw=(0.2, 0.01), alone=(0.1, 0.01))
    table["variant"] = table["method"].map({"mle_rw": "", "alone": "from rw"})
    assert places(table) == {"mle_rw": "worse", "alone": "best"}
