"""Coverage at every nominal level."""

import numpy as np
import pandas as pd
import pytest

from rlrecovery.figures import coverage
from unit.figures.pages import WIDTHS, panel_keys


def test_the_band_is_binomial_but_not_below_the_reported_error():
    rows = pd.DataFrame({"n_rows": [100, 100], "mcse": [0.0, 0.0]})
    assert coverage.band(0.95, rows) == pytest.approx(np.sqrt(0.95 * 0.05 / 100))
    assert coverage.band(0.95, rows.assign(mcse=0.1)) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("coverage", ("mle", "bayes")), ("zip", ("mle", "bayes")), ("contraction", ("bayes",)),
    ],
)  # fmt: skip
def test_panels_are_those_of_what_a_method_estimates_each_with_all_labels(
    runs, drawn, name, methods
):
    keys = list(panel_keys(drawn["models", name, WIDTHS[0]]))
    assert all(all(key) for key in keys)
    shown = {title.split(" ")[0] for title, *_ in keys}
    assert shown == {m for m in runs["models"].methods if m.split("_")[0] in methods}
